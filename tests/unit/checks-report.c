/* SPDX-License-Identifier: GPL-2.0-only */
/* The table of checks, and how what the checks say becomes the outcome of a run. */
#include "evidence-fixture.h"
#include "oracles-fill.h"
#include "vtd/snapshot.h"

static void table_is_sound(void **state)
{
	(void)state;
	for (const struct check *const *list = vtdlab_checks; *list; list++) {
		const struct check *c = *list;

		assert_true(*c->name && *c->proves);
		assert_null(strchr(c->proves, '\n'));
		assert_ptr_equal(check_find(c->name), c);
		for (const struct check *const *other = list + 1; *other; other++) {
			assert_string_not_equal(c->name, (*other)->name);
			assert_true(c->run != (*other)->run);
		}
	}
}

/* The design's order: it is the precedence of outcomes. */
static void table_order(void **state)
{
	static const struct {
		const char *name, *outcome;
	} rows[] = {
		{ "rig", "inconclusive" },
		{ "first-kernel-up", "first-kernel-dead" },
		{ "first-devices-work", "first-device-dead" },
		{ "mode-in-effect", "inconclusive" },
		{ "workload-alive", "inconclusive" },
		{ "panic-seen", "no-panic" },
		{ "crash-kernel-booted", "crash-kernel-hang" },
		{ "translation-stayed-on", "not-copied" },
		{ "context-same-slot", "copy-wrong" },
		{ "context-same-fields", "copy-wrong" },
		{ "leaves-equal", "copy-wrong" },
		{ "tables-in-crash-memory", "copy-wrong" },
		{ "irte-equal", "copy-wrong" },
		{ "untaken-kept", "copy-wrong" },
		{ "old-tables-unchanged", "copy-wrong" },
		{ "old-mappings-kept", "copy-wrong" },
		{ "oracles-agree", "copy-wrong" },
		{ "flushed", "stale-cache" },
		{ "new-entry-flushed", "stale-cache" },
		{ "did-consistent", "did-clash" },
		{ "dma-outside-crash-memory", "dma-in-crash-memory" },
		{ "no-faults", "dma-fault" },
		{ "dma-landed", "dma-lost" },
		{ "requesters-repointed", "stale-attach" },
		{ "iova-not-retargeted", "iova-reused" },
		{ "reserved-equals-mapped", "iova-reused" },
		{ "devices-work", "device-dead" },
		{ "dump-readable", "dump-failed" },
		{ "reset-comes-up", "reset-failed" },
		{ "no-splat", "kernel-splat" },
	};
	size_t n = 0;

	(void)state;
	for (const struct check *const *list = vtdlab_checks; *list; list++, n++) {
		const struct check *c = *list;

		assert_true(n < G_N_ELEMENTS(rows));
		assert_string_equal(c->name, rows[n].name);
		assert_string_equal(outcome_name(c->outcome), rows[n].outcome);
	}
	assert_int_equal(n, G_N_ELEMENTS(rows));
}

static void find(void **state)
{
	(void)state;
	assert_null(check_find("leaves"));
	assert_null(check_find("leaves-equal "));
	assert_null(check_find(""));
	assert_int_equal(check_find("leaves-equal")->outcome, OUTCOME_COPY_WRONG);
}

/* No check alters the evidence: the order they are asked in does not matter. */
static void asked_twice(void **state)
{
	struct good_run *f = *state;
	struct verdict *a = good_verdict(f), *b = good_verdict(f);

	assert_int_equal(a->rows->len, b->rows->len);
	for (guint i = 0; i < a->rows->len; i++) {
		const struct verdict_row *p = a->rows->pdata[i], *q = b->rows->pdata[i];

		assert_int_equal(p->result, q->result);
		assert_string_equal(p->detail, q->detail);
	}
	verdict_free(a);
	verdict_free(b);
}

/* Evidence of nothing at all: no check may call that a pass. */
static void empty_evidence(void **state)
{
	struct good_run *f = *state;
	struct verdict *verdict;

	evidence_free(f->ev);
	f->ev = evidence_new(f->sc);
	verdict = good_verdict(f);
	for (guint i = 0; i < verdict->rows->len; i++) {
		const struct verdict_row *c = verdict->rows->pdata[i];

		if (c->result == CHECK_PASS)
			fail_msg("%s passes without evidence: %s", c->name, c->detail);
		/* Only the rig may be blamed then: it is what should have brought evidence. */
		if (strcmp(c->name, "rig") != 0 && !g_strv_contains(legacy_skips, c->name))
			assert_int_equal(c->result, CHECK_NO_EVIDENCE);
	}
	assert_int_equal(verdict->outcome, OUTCOME_INCONCLUSIVE);
	assert_int_equal(verdict->exit, 125);
	verdict_free(verdict);
}

/* The same for the checks of caches, ids, old pages and the lab's own kernels; false: none of them. */
static bool spoil_more(struct good_run *f, const char *check)
{
	if (strcmp(check, "no-splat") == 0) {
		struct evidence_splat splat = { .kernel = EVIDENCE_CRASH, .line = g_strdup("BUG: a word") };

		g_free(f->ev->crash_release);
		f->ev->crash_release = g_strdup("6.1.0-lab");
		g_array_append_val(f->ev->splats, splat);
	} else if (strcmp(check, "reset-comes-up") == 0) {
		f->sc->crash.end = CONF_END_REBOOT;
		f->ev->again_failure = g_strdup("no word");
	} else if (strcmp(check, "reserved-equals-mapped") == 0) {
		good_crash_cmdline(f, "intel_iommu=kdump_reserve");
		good_reserve(f, EVIDENCE_CRASH, NIC, 1, 2, false);
	} else if (strcmp(check, "oracles-agree") == 0) {
		good_crash_cmdline(f, "intel_iommu=kdump_log");
		oracles_fill(f->ev, "log");
		g_array_index(f->ev->oracle_ranges, struct evidence_oracle_range, 0).last += 0x1000;
	} else if (strcmp(check, "workload-alive") == 0) {
		struct evidence_workload w = { .sid = SATA, .pages = 5, .page_bytes = 4096 };

		assert_true(scenario_set(f->sc, "first.workload=vfio-map pages=5", NULL));
		g_array_append_val(f->ev->workloads, w);
	} else if (strcmp(check, "dma-outside-crash-memory") == 0) {
		const struct evidence_range range = { NIC_PA, NIC_PA };

		g_array_append_val(f->ev->crash_ranges, range);
	} else if (strcmp(check, "did-consistent") == 0) {
		good_entry(f, AT_END, NIC)[1] &= 0xff;
		good_walk(f, AT_END, NULL);
	} else if (strcmp(check, "untaken-kept") == 0) {
		good_entry(f, AT_END, SATA)[0] = 0;
		good_walk(f, AT_END, NULL);
	} else if (strcmp(check, "flushed") == 0) {
		good_drop(f, EVENT_IOTLB_GLOBAL, T_ROOT, T_HELLO);
	} else if (strcmp(check, "new-entry-flushed") == 0) {
		f->sc->iommu.caching_mode = true;
		vtd_regs_set32(f->raw[AT_PANIC], VTD_REG_CAP, vtd_regs_get32(f->raw[AT_PANIC], VTD_REG_CAP) | 1u << 7);
		good_regs(f, AT_PANIC);
	} else if (strcmp(check, "old-tables-unchanged") == 0) {
		*tables_word(&f->ram[AT_END], f->old_root, 3) = 1;
		good_old_tables(f);
	} else if (strcmp(check, "irte-equal") == 0) {
		good_intremap(f);
		good_irte(f, COPIED, 6)[0] ^= 0x100;
		good_walk(f, COPIED, NULL);
	} else if (strcmp(check, "tables-in-crash-memory") == 0 || strcmp(check, "old-mappings-kept") == 0) {
		good_crash_cmdline(f, "intel_iommu=kdump_deep");
	} else {
		return false;
	}
	return true;
}

/* Change the evidence so that  fails. */
static void spoil(struct good_run *f, const char *check)
{
	struct evidence *ev = f->ev;

	if (strcmp(check, "dump-readable") == 0) {
		ev->canary_read[0] = 'x';
	} else if (strcmp(check, "devices-work") == 0) {
		good_device(f, NIC)->works = false;
	} else if (strcmp(check, "iova-not-retargeted") == 0) {
		good_map(f, AFTER_DISK, DISK, DISK_IOVA, CRASH_START, 1);
		good_walk(f, AFTER_DISK, NULL);
	} else if (strcmp(check, "requesters-repointed") == 0) {
		good_entry(f, AFTER_NIC, NIC)[0] = 0;
		good_walk(f, AFTER_NIC, NULL);
	} else if (strcmp(check, "dma-landed") == 0) {
		good_dma(f, NIC)->lost = 1;
	} else if (strcmp(check, "no-faults") == 0) {
		good_fault(f, AT(1000), NIC, NIC_IOVA);
	} else if (strcmp(check, "leaves-equal") == 0) {
		*good_pte(f, COPIED, NIC, NIC_IOVA) = 0;
		good_walk(f, COPIED, NULL);
	} else if (strcmp(check, "context-same-fields") == 0) {
		good_entry(f, COPIED, DISK)[1] ^= 0x700;
		good_walk(f, COPIED, NULL);
	} else if (strcmp(check, "context-same-slot") == 0) {
		good_entry(f, COPIED, SATA)[0] = 0;
		good_walk(f, COPIED, NULL);
	} else if (strcmp(check, "translation-stayed-on") == 0) {
		good_translation(f, AT(800), false);
	} else if (strcmp(check, "crash-kernel-booted") == 0) {
		ev->crash_hello_ns = 0;
		ev->crash_failure = g_strdup("no progress");
	} else if (strcmp(check, "panic-seen") == 0) {
		ev->jump_ns = ev->crash_hello_ns = 0;
	} else if (strcmp(check, "mode-in-effect") == 0) {
		good_flip(&ev->at_panic, VTD_REG_GSTS, 1u << 31);
	} else if (strcmp(check, "first-devices-work") == 0 || strcmp(check, "first-kernel-up") == 0) {
		g_free(ev->first_failure);
		g_free(ev->reference);
		ev->first_failure = g_strdup("waited in vain");
		ev->first_failure_device = check[6] == 'd';
		ev->reference = g_strdup("6.12.9");
	} else if (strcmp(check, "rig") == 0) {
		ev->rig_error = g_strdup("QEMU died");
	} else if (!spoil_more(f, check)) {
		fail_msg("do not know how to spoil %s", check);
	}
}

/* Spoil one thing after the other, from the last row to the first: each becomes the outcome. */
static void precedence(void **state)
{
	struct good_run *f = *state;
	const struct check *const *list = vtdlab_checks;

	want_outcome(f, "preserved", 0);
	while (*list)
		list++;
	while (list-- > vtdlab_checks) {
		const struct check *c = *list;

		spoil(f, c->name);
		want(f, c->name, CHECK_FAIL, NULL);
		want_outcome(f, outcome_name(c->outcome), vtdlab_outcomes[c->outcome].exit);
	}
}

/* Each alone gives its own outcome. */
static void alone(void **state)
{
	(void)state;
	for (const struct check *const *list = vtdlab_checks; *list; list++) {
		const struct check *c = *list;

		struct good_run *f;
		struct verdict *verdict;

		f = good_run_new(GOOD_LEGACY);
		spoil(f, c->name);
		verdict = good_verdict(f);
		if (verdict->outcome != c->outcome)
			fail_msg("%s: %s", c->name, outcome_name(verdict->outcome));
		verdict_free(verdict);
		good_run_free(f);
	}
}

/* No evidence for one check alone keeps the run from being preserved. */
static void one_without_evidence(void **state)
{
	struct good_run *f = *state;

	g_clear_pointer(&f->ev->canary_read, g_free);
	want(f, "dump-readable", CHECK_NO_EVIDENCE, NULL);
	want_outcome(f, "inconclusive", 125);
}

/* But a failure that is proven is not hidden by it. */
static void failure_beats_no_evidence(void **state)
{
	struct good_run *f = *state;

	g_clear_pointer(&f->ev->canary_read, g_free);
	spoil(f, "no-faults");
	want_outcome(f, "dma-fault", 1);
}

/* A negative control: the failure is expected, and names the outcome. */
static void negative_control(void **state)
{
	struct good_run *f = *state;

	assert_true(scenario_set(f->sc, "scenario.expect-fail=translation-stayed-on", NULL));
	spoil(f, "translation-stayed-on");
	want_outcome(f, "not-copied", 0);
}

/* A check that should fail and passes is good news, but where the scenario is strict; and so is a second attempt. */
static void expected_but_passes(void **state)
{
	struct good_run *f = *state;

	assert_true(scenario_set(f->sc, "scenario.expect-fail=iova-not-retargeted", NULL));
	want_outcome(f, "preserved", 0);
	f->ev->first_attempt = g_strdup("no progress");
	want_outcome(f, "preserved", 125);
	assert_true(scenario_set(f->sc, "scenario.strict-expect=on", NULL));
	want_outcome(f, "preserved", 1);
}

/* A run in which every need is met. */
static void meet_all(struct good_run *f)
{
	f->sc->iommu.intremap = true;
	f->sc->iommu.caching_mode = true;
	f->sc->crash.end = CONF_END_REBOOT;
	assert_true(scenario_set(f->sc, "first.workload=vfio-map pages=5", NULL));
	g_free(f->ev->crash_release);
	f->ev->crash_release = g_strdup("6.12.117-lab");
	good_crash_cmdline(f, "intel_iommu=kdump_deep");
	good_old_tables(f);
}

static void lose_of_the_scenario(struct good_run *f, enum need need)
{
	switch (need) {
	case NEED_DMA:
		f->sc->devices.dma = CONF_DMA_NONE;
		break;
	case NEED_IOMMU:
		f->sc->iommu.mode = MACHINE_IOMMU_OFF;
		break;
	case NEED_INTREMAP:
		f->sc->iommu.intremap = false;
		break;
	case NEED_CACHING_MODE:
		f->sc->iommu.caching_mode = false;
		break;
	case NEED_WORKLOAD:
		assert_true(scenario_set(f->sc, "first.workload=", NULL));
		break;
	case NEED_DUMP:
		f->sc->crash.dump = CONF_DUMP_NONE;
		break;
	case NEED_AGENT:
		assert_true(scenario_set(f->sc, "crash.initrd=/boot/initrd.img", NULL));
		break;
	case NEED_REBOOT:
		f->sc->crash.end = CONF_END_POWEROFF;
		break;
	case NEED_LAB_KERNEL:
		g_clear_pointer(&f->ev->crash_release, g_free);
		break;
	default:
		good_crash_cmdline(f, need == NEED_DEEP	   ? "intel_iommu=kdump_reserve" :
				      need == NEED_RESERVE ? "intel_iommu=kdump_log" :
							     "quiet");
	}
}

static void lose_evidence(struct good_run *f, enum need need)
{
	struct evidence *ev = f->ev;

	switch (need) {
	case NEED_JUMP:
		ev->jump_ns = 0;
		break;
	case NEED_CRASH_KERNEL:
		ev->crash_hello_ns = 0;
		break;
	case NEED_DEVICES:
		g_array_set_size(ev->devices, 1);
		break;
	case NEED_CRASH_MEMORY:
		ev->crash_start = ev->crash_end = 0;
		break;
	case NEED_ROOT_SWITCH:
		ev->root_switch_ns = 0;
		break;
	case NEED_PANIC_REGS:
		ev->at_panic.has_regs = false;
		break;
	case NEED_PANIC_WALK:
		good_no_walk(f, AT_PANIC);
		break;
	case NEED_PANIC:
		good_walk(f, AT_PANIC, &(struct vtd_walk_options){ .max_runs = 1 });
		break;
	case NEED_ENTRIES:
		ev->at_panic.walk->n_requesters = 0;
		break;
	case NEED_COPIED_REGS:
		ev->copied.has_regs = false;
		break;
	case NEED_COPIED:
		good_no_walk(f, COPIED);
		break;
	case NEED_END:
		good_no_walk(f, AT_END);
		break;
	default:
		assert_int_equal(need, NEED_OLD_TABLES);
		g_clear_pointer(&ev->old_tables, vtd_snapshot_free);
	}
}

/* Each need that is not met is answered before a check is asked: skipped, or without evidence, and it says why. */
static void every_need(void **state)
{
	g_autoptr(GString) detail = g_string_new(NULL);

	(void)state;
	for (int n = 0; n < NEEDS; n++) {
		bool applies = n >= NEED_JUMP;
		struct good_run *f = good_run_new(GOOD_LEGACY);

		meet_all(f);
		assert_int_equal(need_unmet((1u << NEEDS) - 1, 0, f->ev, detail), CHECK_PASS);
		assert_int_equal(detail->len, 0);
		(applies ? lose_evidence : lose_of_the_scenario)(f, (enum need)n);
		assert_int_equal(need_unmet(1u << n, 0, f->ev, detail), applies ? CHECK_NO_EVIDENCE : CHECK_SKIP);
		assert_true(detail->len);
		g_string_truncate(detail, 0);
		/* what else is there makes up for nothing */
		assert_int_not_equal(need_unmet((1u << NEEDS) - 1, 0, f->ev, detail), CHECK_PASS);
		g_string_truncate(detail, 0);
		good_run_free(f);
	}
}

/* The row of @check, which must be @expected to fail or not, and say @part. */
static void want_expected(struct good_run *f, const char *check, enum check_result result, bool expected,
			  const char *part)
{
	struct verdict *v = good_verdict(f);
	const struct verdict_row *row = verdict_find(v, check);

	if (row->result != result || row->expect_fail != expected || !strstr(row->detail, part))
		fail_msg("%s: %s, %sexpected: %s", check, check_result_name(row->result), row->expect_fail ? "" : "un",
			 row->detail);
	verdict_free(v);
}

/* An expectation that names a device does not swallow another one's failure. */
static void expected_of_a_device(void **state)
{
	struct good_run *f = *state;

	assert_true(scenario_set(f->sc, "scenario.expect-fail=devices-work@nvme;dma-landed@0000:00:02.0", NULL));
	want_expected(f, "devices-work", CHECK_PASS, true, "nvme");
	good_device(f, DISK)->works = false;
	good_dma(f, DISK)->lost++;
	want_expected(f, "devices-work", CHECK_FAIL, true, "nvme");
	want_expected(f, "dma-landed", CHECK_FAIL, true, "LOST");
	want_outcome(f, "dma-lost", 0);
	good_device(f, NIC)->works = false;
	want_expected(f, "devices-work", CHECK_FAIL, false, "; expected of nvme only");
	want_expected(f, "dma-landed", CHECK_FAIL, true, "LOST");
	want_outcome(f, "device-dead", 1);
	good_dma(f, NIC)->lost++;
	want_expected(f, "dma-landed", CHECK_FAIL, false, "; expected of nvme only");
	/* one that is not there is not expected to do anything */
	assert_true(scenario_set(f->sc, "scenario.expect-fail=devices-work@virtio_net", NULL));
	want_expected(f, "devices-work", CHECK_FAIL, false, "");
	assert_true(scenario_set(f->sc, "scenario.expect-fail=devices-work@*;dma-landed@*", NULL));
	want_outcome(f, "dma-lost", 0);
}

/* What a check says of no device stays a verdict, whichever devices are expected to fail it. */
static void expected_of_every_device(void **state)
{
	struct good_run *f = *state;

	assert_true(scenario_set(f->sc, "scenario.expect-fail=flushed@*", NULL));
	good_drop(f, EVENT_IOTLB_DOMAIN, T_JUMP, T_POWEROFF);
	want_expected(f, "flushed", CHECK_FAIL, true, "at its attach");
	good_drop(f, EVENT_IOTLB_GLOBAL, T_ROOT, T_HELLO);
	want_expected(f, "flushed", CHECK_FAIL, false, "; expected of ");
	/* that of an attach is none of the root switch, whatever becomes of its device */
	good_invalidate(f, T_NIC_ATTACH, EVENT_CC_GLOBAL, 0, 0);
	good_invalidate(f, T_NIC_ATTACH, EVENT_IOTLB_GLOBAL, 0, 0);
	want_expected(f, "flushed", CHECK_FAIL, false, "; expected of ");
}

/* The bugs of a mode are expected where the crash kernel took tables of that mode over. */
static void expected_in_its_mode(void **state)
{
	struct good_run *f = *state;

	assert_true(scenario_set(f->sc, "scenario.expect-fail-scalable=did-consistent", NULL));
	assert_true(scenario_set(f->sc, "scenario.expect-fail-6.1-scalable=flushed@*", NULL));
	want_expected(f, "did-consistent", CHECK_PASS, true, "");
	want_expected(f, "flushed", CHECK_PASS, true, ""); /* it is a 6.1 */
	f->ev->copied.ttm = VTD_TTM_LEGACY;
	want_expected(f, "flushed", CHECK_PASS, false, "");
	f->ev->copied.host_ns = 0;
	want_expected(f, "did-consistent", CHECK_PASS, true, "");
}

int checks_report_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_is_sound),
		cmocka_unit_test(table_order),
		cmocka_unit_test(find),
		cmocka_unit_test(every_need),
		LEGACY(asked_twice),
		SCALABLE(asked_twice),
		LEGACY(empty_evidence),
		LEGACY(precedence),
		cmocka_unit_test(alone),
		LEGACY(one_without_evidence),
		LEGACY(failure_beats_no_evidence),
		LEGACY(negative_control),
		LEGACY(expected_but_passes),
		LEGACY(expected_of_a_device),
		LEGACY(expected_of_every_device),
		SCALABLE(expected_in_its_mode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
