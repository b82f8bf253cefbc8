/* SPDX-License-Identifier: GPL-2.0-only */
/* The checks `iova-not-retargeted` and `old-mappings-kept`: where old IOVAs lead after the attach. */
#include "evidence-fixture.h"

#define RETARGET "iova-not-retargeted"
#define KEPT "old-mappings-kept"

static void named(void **state)
{
	/* The disk's 16 + 1 + 512 pages and the NIC's 8. */
	want(*state, RETARGET, CHECK_PASS, "0 of 537 old IOVA pages", NULL);
}

/* Mainline's shallow copy: the crash kernel's allocator starts where the dead kernel's did. */
static void reused(void **state)
{
	struct good_run *f = *state;

	good_map(f, AFTER_NIC, NIC, NIC_IOVA, CRASH_START + 0x90000, 3);
	good_walk(f, AFTER_NIC, NULL);
	want(f, RETARGET, CHECK_FAIL, "3 of 537 old IOVA pages", NULL);
	want_outcome(f, "iova-reused", 1);
}

/* The scenario expects it: the run is preserved all the same. */
static void reused_as_expected(void **state)
{
	struct good_run *f = *state;

	assert_true(scenario_set(f->sc, "scenario.expect-fail=iova-not-retargeted", NULL));
	good_map(f, AFTER_NIC, NIC, NIC_IOVA, CRASH_START + 0x90000, 3);
	good_walk(f, AFTER_NIC, NULL);
	want(f, RETARGET, CHECK_FAIL, NULL);
	want_outcome(f, "preserved", 0);
}

static void reused_scalable(void **state)
{
	struct good_run *f = *state;

	good_map(f, AFTER_DISK, DISK, DISK_IOVA + 0x2000, CRASH_START + 0x90000, 1);
	good_walk(f, AFTER_DISK, NULL);
	want(f, RETARGET, CHECK_FAIL, "1 of 537", NULL);
}

/* One page in the middle of what was a superpage. */
static void reused_in_superpage(void **state)
{
	struct good_run *f = *state;

	good_map(f, AFTER_DISK, DISK, DISK_BIG_IOVA + 0x7000, CRASH_START + 0x90000, 1);
	good_walk(f, AFTER_DISK, NULL);
	want(f, RETARGET, CHECK_FAIL, "1 of 537", NULL);
}

/* The same IOVA to the same PA is no other target, whatever the permissions. */
static void same_target(void **state)
{
	struct good_run *f = *state;

	good_map(f, AFTER_DISK, DISK, DISK_IOVA, DISK_PA, 4);
	good_map(f, AFTER_DISK, DISK, DISK_READ_IOVA, 0x1234000, 1);
	good_walk(f, AFTER_DISK, NULL);
	want(f, RETARGET, CHECK_PASS, "0 of 537", NULL);
}

/* What another device had mapped is of no account: each has its own addresses. */
static void other_requester(void **state)
{
	struct good_run *f = *state;

	good_map(f, AFTER_DISK, DISK, NIC_IOVA, CRASH_START + 0x90000, 4);
	good_walk(f, AFTER_DISK, NULL);
	want(f, RETARGET, CHECK_PASS, "0 of 537", NULL);
}

/* From tables to pass-through: every old IOVA leads to the page of that number. */
static void to_pass_through(void **state)
{
	struct good_run *f = *state;

	tables_legacy(&f->ram[AFTER_NIC], f->new_root, NIC, VTD_TT_PASS_THROUGH, 1, 5, 0);
	good_walk(f, AFTER_NIC, NULL);
	want(f, RETARGET, CHECK_FAIL, "8 of 537", NULL);
}

static void pass_through(void **state)
{
	want(*state, RETARGET, CHECK_PASS, "0 pages of identity", NULL);
}

static void no_iommu(void **state)
{
	struct good_run *f = *state;

	f->sc->iommu.mode = MACHINE_IOMMU_OFF;
	want(f, RETARGET, CHECK_SKIP, "no IOMMU", NULL);
}

static void no_crash_kernel(void **state)
{
	struct good_run *f = *state;

	f->ev->crash_hello_ns = 0;
	want(f, RETARGET, CHECK_NO_EVIDENCE, "did not come up", NULL);
}

static void no_tables(void **state)
{
	struct good_run *f = *state;

	good_no_walk(f, AFTER_DISK);
	good_no_walk(f, AFTER_NIC);
	want(f, RETARGET, CHECK_NO_EVIDENCE, NULL);
}

/* Each requester id of which there are none is named, an alias too. */
static void no_tables_of_alias(void **state)
{
	struct good_run *f = *state;

	good_device(f, NIC)->has_alias = true;
	good_device(f, NIC)->alias_sid = SATA;
	good_no_walk(f, AFTER_NIC);
	want(f, RETARGET, CHECK_NO_EVIDENCE, "; no complete tables in force of 0000:00:01.0, 0000:00:1f.2", NULL);
}

static void no_tables_at_panic(void **state)
{
	struct good_run *f = *state;

	good_no_walk(f, AT_PANIC);
	want(f, RETARGET, CHECK_NO_EVIDENCE, NULL);
}

static void no_device_used(void **state)
{
	struct good_run *f = *state;

	good_device(f, DISK)->wanted = good_device(f, NIC)->wanted = false;
	want(f, RETARGET, CHECK_NO_EVIDENCE, NULL);
}

static void truncated_at_panic(void **state)
{
	struct good_run *f = *state;
	const struct vtd_walk_options limits = { .max_runs = 11 };

	good_walk(f, AT_PANIC, &limits);
	assert_true(f->ev->at_panic.walk->truncated);
	want(f, RETARGET, CHECK_NO_EVIDENCE, NULL);
}

/* One device is fine, of the other nothing is known: that is not a pass. */
static void one_unknown(void **state)
{
	struct good_run *f = *state;

	good_no_walk(f, AFTER_NIC);
	want(f, RETARGET, CHECK_NO_EVIDENCE, "0000:00:01.0", NULL);
}

static void one_truncated(void **state)
{
	struct good_run *f = *state;
	const struct vtd_walk_options limits = { .max_runs = 1 };

	good_walk(f, AFTER_DISK, &limits);
	assert_true(good_state(f, AFTER_DISK)->walk->truncated);
	want(f, RETARGET, CHECK_NO_EVIDENCE, "0000:00:02.0", NULL);
}

/* But what was found on the one is a finding. */
static void one_unknown_one_reused(void **state)
{
	struct good_run *f = *state;

	good_no_walk(f, AFTER_DISK);
	good_map(f, AFTER_NIC, NIC, NIC_IOVA, CRASH_START + 0x90000, 1);
	good_walk(f, AFTER_NIC, NULL);
	want(f, RETARGET, CHECK_FAIL, "1 of 8 old IOVA pages", NULL);
}

/* The dead kernel had mapped nothing: there is nothing that could be reused. */
static void nothing_mapped(void **state)
{
	struct good_run *f = *state;

	memset(tables_word(&f->ram[AT_PANIC], good_pt_root(f, AT_PANIC, DISK), 0), 0, 4096);
	memset(tables_word(&f->ram[AT_PANIC], good_pt_root(f, AT_PANIC, NIC), 0), 0, 4096);
	good_walk(f, AT_PANIC, NULL);
	want(f, RETARGET, CHECK_NO_EVIDENCE, NULL);
}

/* ---- old-mappings-kept: a deep copy has all this in the new domain too ---- */

static void graft(struct good_run *f, enum good_stage stage, uint16_t sid)
{
	size_t n;
	const struct iommu_walk *before = f->ev->at_panic.walk;
	const struct iommu_run *runs = iommu_space_runs(before, iommu_walk_space(before, sid, IOMMU_NO_PASID), &n);

	for (size_t i = 0; i < n; i++) {
		uint64_t pages = (runs[i].iova_last - runs[i].iova_start + 1) >> 12;

		good_map(f, stage, sid, runs[i].iova_start, runs[i].pa_start, pages);
		for (uint64_t k = 0; k < pages && !(runs[i].perm & IOMMU_PERM_WRITE); k++)
			*good_pte(f, stage, sid, runs[i].iova_start + (k << 12)) &= ~UINT64_C(2);
	}
	good_walk(f, stage, NULL);
}

static void graft_all(struct good_run *f)
{
	good_crash_cmdline(f, "intel_iommu=kdump_deep");
	graft(f, AFTER_DISK, DISK);
	graft(f, AFTER_NIC, NIC);
}

static void kept(void **state)
{
	struct good_run *f = *state;

	want(f, KEPT, CHECK_SKIP, "not asked for a deep copy", NULL);
	good_crash_cmdline(f, "intel_iommu=kdump_reserve");
	want(f, KEPT, CHECK_SKIP, "not asked for a deep copy", NULL);
	graft_all(f);
	want(f, KEPT, CHECK_PASS, "0000:00:02.0 529 pages", "0000:00:01.0 8 pages", NULL);
	want(f, RETARGET, CHECK_PASS, NULL);
	*good_pte(f, AFTER_NIC, NIC, NIC_IOVA + 0x3000) &= ~UINT64_C(2);
	good_walk(f, AFTER_NIC, NULL);
	want(f, KEPT, CHECK_FAIL, "0000:00:01.0: 1 of 8 old IOVA pages no longer lead where they did",
	     "the first at 0xfffd3000", NULL);
}

/* A device that could only read may write now. */
static void more_than_before(void **state)
{
	struct good_run *f = *state;

	graft_all(f);
	*good_pte(f, AFTER_DISK, DISK, DISK_READ_IOVA) |= UINT64_C(2);
	good_walk(f, AFTER_DISK, NULL);
	want(f, KEPT, CHECK_FAIL, "0000:00:02.0: 1 of 529 old IOVA pages may be used for more than before", NULL);
	want(f, RETARGET, CHECK_PASS, NULL);
	*good_pte(f, AFTER_DISK, DISK, DISK_IOVA) &= ~UINT64_C(2);
	good_walk(f, AFTER_DISK, NULL);
	want(f, KEPT, CHECK_FAIL, "1 of 529 old IOVA pages no longer lead where they did",
	     "; 1 of 529 old IOVA pages may", NULL);
}

/* One domain holds what two requesters had, each in tables of its own: together they may do more. */
static void more_of_a_group(void **state)
{
	struct good_run *f = *state;

	graft_all(f);
	*good_pte(f, AFTER_DISK, DISK, DISK_READ_IOVA) |= UINT64_C(2);
	memcpy(good_entry(f, AFTER_DISK, SATA), good_entry(f, AFTER_DISK, DISK), 16);
	good_walk(f, AFTER_DISK, NULL);
	want(f, KEPT, CHECK_PASS, "0000:00:02.0 529 pages", NULL);
}

static void not_grafted(void **state)
{
	struct good_run *f = *state;

	good_crash_cmdline(f, "intel_iommu=kdump_deep");
	graft(f, AFTER_DISK, DISK);
	want(f, KEPT, CHECK_FAIL, "0000:00:01.0: 8 of 8 old IOVA pages", NULL);
	want(f, RETARGET, CHECK_PASS, NULL);
	want_outcome(f, "copy-wrong", 1);
	graft(f, AFTER_NIC, NIC);
	good_map(f, AFTER_NIC, NIC, NIC_IOVA + 0x2000, CRASH_START + 0x90000, 1);
	good_walk(f, AFTER_NIC, NULL);
	want(f, KEPT, CHECK_FAIL, "0000:00:01.0: 1 of 8", "0xfffd2000", NULL);
	good_entry(f, AFTER_NIC, NIC)[0] = 0;
	good_walk(f, AFTER_NIC, NULL);
	want(f, KEPT, CHECK_FAIL, "0000:00:01.0: 8 of 8", NULL);
}

/* What an alias had mapped is to be found under that alias, and so is that of any id that had the same tables. */
static void alias_not_grafted(void **state)
{
	struct good_run *f = *state;
	struct evidence_device *dev = good_device(f, NIC);

	graft_all(f);
	want(f, KEPT, CHECK_PASS, NULL);
	want_not(f, "alias");
	dev->has_alias = true;
	dev->alias_sid = SATA;
	want(f, KEPT, CHECK_PASS, "0000:00:1f.2 (alias of 0000:00:01.0) 4 pages", NULL);
	memcpy(good_entry(f, AFTER_NIC, SATA), good_entry(f, AFTER_NIC, NIC), 16);
	good_walk(f, AFTER_NIC, NULL);
	want(f, KEPT, CHECK_FAIL, "0000:00:1f.2 (alias of 0000:00:01.0): 4 of 4", NULL);
	dev->has_alias = false;
	want(f, KEPT, CHECK_PASS, NULL);
	memcpy(good_entry(f, AT_PANIC, SATA), good_entry(f, AT_PANIC, NIC), 16);
	good_walk(f, AT_PANIC, NULL);
	want(f, KEPT, CHECK_PASS, "0000:00:1f.2 (alias of 0000:00:01.0) 8 pages", NULL);
	good_entry(f, AFTER_NIC, SATA)[0] = 0;
	good_walk(f, AFTER_NIC, NULL);
	want(f, KEPT, CHECK_FAIL, "0000:00:1f.2 (alias of 0000:00:01.0): 8 of 8", NULL);
}

static void kept_unknown(void **state)
{
	struct good_run *f = *state;

	graft_all(f);
	good_no_walk(f, AFTER_NIC);
	want(f, KEPT, CHECK_NO_EVIDENCE, "0000:00:01.0 no tables were read after its use", NULL);
	*good_pte(f, AFTER_DISK, DISK, DISK_IOVA) = 0;
	good_walk(f, AFTER_DISK, NULL);
	want(f, KEPT, CHECK_FAIL, "0000:00:02.0: 1 of 529", NULL);
	good_no_walk(f, AT_PANIC);
	want(f, KEPT, CHECK_NO_EVIDENCE, "at the panic", NULL);
}

static void nothing_to_keep(void **state)
{
	struct good_run *f = *state;

	good_crash_cmdline(f, "intel_iommu=kdump_deep");
	memset(tables_word(&f->ram[AT_PANIC], good_pt_root(f, AT_PANIC, DISK), 0), 0, 4096);
	memset(tables_word(&f->ram[AT_PANIC], good_pt_root(f, AT_PANIC, NIC), 0), 0, 4096);
	good_walk(f, AT_PANIC, NULL);
	want(f, KEPT, CHECK_NO_EVIDENCE, "had mapped nothing", NULL);
}

static void nothing_to_keep_pass_through(void **state)
{
	good_crash_cmdline(*state, "intel_iommu=kdump_deep");
	want(*state, KEPT, CHECK_SKIP, "passed through", NULL);
}

int checks_retarget_tests(void)
{
	const struct CMUnitTest tests[] = {
		LEGACY(named),
		SCALABLE(named),
		FIRST_LEVEL(named),
		LEGACY(reused),
		LEGACY(reused_as_expected),
		SCALABLE(reused_scalable),
		FIRST_LEVEL(reused_scalable),
		LEGACY(reused_in_superpage),
		LEGACY(same_target),
		LEGACY(other_requester),
		LEGACY(to_pass_through),
		PASS_THROUGH(pass_through),
		LEGACY(no_iommu),
		LEGACY(no_crash_kernel),
		LEGACY(no_tables),
		LEGACY(no_tables_of_alias),
		LEGACY(no_tables_at_panic),
		LEGACY(no_device_used),
		LEGACY(truncated_at_panic),
		LEGACY(one_unknown),
		LEGACY(one_truncated),
		LEGACY(one_unknown_one_reused),
		LEGACY(nothing_mapped),
		LEGACY(kept),
		SCALABLE(kept),
		FIRST_LEVEL(kept),
		LEGACY(more_than_before),
		SCALABLE(more_than_before),
		FIRST_LEVEL(more_than_before),
		LEGACY(more_of_a_group),
		LEGACY(not_grafted),
		LEGACY(alias_not_grafted),
		LEGACY(kept_unknown),
		LEGACY(nothing_to_keep),
		PASS_THROUGH(nothing_to_keep_pass_through),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
