/* SPDX-License-Identifier: GPL-2.0-only */
/* The checks `old-tables-unchanged` and `tables-in-crash-memory`. */
#include "evidence-fixture.h"

#include <inttypes.h>

#include "vtd/snapshot.h"

#define OLD "old-tables-unchanged"
#define CRASH "tables-in-crash-memory"
#define DEEP "console=ttyS0 intel_iommu=kdump_deep elfcorehdr=1"

static void named(void **state)
{
	struct good_run *f = *state;
	size_t n = f->ev->at_panic.snapshot->n_pages;
	g_autofree char *all = g_strdup_printf("%zu of %zu old table pages", n, n);

	want(f, OLD, CHECK_PASS, all, NULL);
}

static void no_iommu(void **state)
{
	struct good_run *f = *state;

	f->sc->iommu.mode = MACHINE_IOMMU_OFF;
	want(f, OLD, CHECK_SKIP, "no IOMMU", NULL);
	want(f, CRASH, CHECK_SKIP, "no IOMMU", NULL);
}

static void no_snapshot(void **state)
{
	struct good_run *f = *state;

	good_no_walk(f, AT_PANIC);
	want(f, OLD, CHECK_NO_EVIDENCE, "at the panic", NULL);
}

static void not_read_again(void **state)
{
	struct good_run *f = *state;

	vtd_snapshot_free(f->ev->old_tables);
	f->ev->old_tables = NULL;
	want(f, OLD, CHECK_NO_EVIDENCE, "at the end", NULL);
}

static void truncated(void **state)
{
	struct good_run *f = *state;

	f->ev->at_panic.snapshot->meta.truncated = true;
	want(f, OLD, CHECK_NO_EVIDENCE, "limit", NULL);
	*tables_word(&f->ram[AT_END], f->old_root, 1) ^= 1;
	good_old_tables(f);
	want(f, OLD, CHECK_FAIL, "1 of", NULL);
}

static void root_written(void **state)
{
	struct good_run *f = *state;
	g_autofree char *where = g_strdup_printf("%#" PRIx64 " (root", f->old_root);

	*tables_word(&f->ram[AT_END], f->old_root, 0) ^= 1;
	good_old_tables(f);
	want(f, OLD, CHECK_FAIL, "1 of", "changed", where, NULL);
	want_outcome(f, "copy-wrong", 1);
}

static void leaf_written(void **state)
{
	struct good_run *f = *state;
	uint64_t old = good_pt_root(f, AT_PANIC, DISK);
	uint64_t *word = tables_word(&f->ram[AT_END], old, 3);

	*word ^= UINT64_C(0x1000);
	good_old_tables(f);
	want(f, OLD, CHECK_FAIL, "1 of", NULL);
}

static void several_written(void **state)
{
	struct good_run *f = *state;
	uint64_t leaf = good_pt_root(f, AT_PANIC, DISK);
	g_autofree char *root = g_strdup_printf(" %#" PRIx64 " (root", f->old_root);
	g_autofree char *table = g_strdup_printf(" %#" PRIx64 " (second-level", leaf);

	*tables_word(&f->ram[AT_END], f->old_root, 0) ^= 1;
	*tables_word(&f->ram[AT_END], leaf, 3) ^= UINT64_C(0x1000);
	good_old_tables(f);
	want(f, OLD, CHECK_FAIL, "2 of", root, table, NULL);
}

static void more_written_than_are_named(void **state)
{
	struct good_run *f = *state;
	const struct iommu_snapshot *old = f->ev->at_panic.snapshot;
	g_autofree char *rest = g_strdup_printf(" and %zu more", old->n_pages - 8);

	assert_true(old->n_pages > 8);
	for (size_t i = 0; i < old->n_pages; i++)
		*tables_word(&f->ram[AT_END], old->pages[i].pa, 0) ^= UINT64_C(1) << 40;
	good_old_tables(f);
	want(f, OLD, CHECK_FAIL, rest, NULL);
}

/* Accessed and Dirty bits are hardware's to set; permissions and addresses are not. */
static void accessed_and_dirty(void **state)
{
	struct good_run *f = *state;
	bool first = f->mode == GOOD_FIRST_LEVEL;
	uint64_t *pte = good_pte(f, AT_PANIC, NIC, NIC_IOVA);
	uint64_t *end = (uint64_t *)(void *)(f->ram[AT_END].bytes + ((uint8_t *)pte - f->ram[AT_PANIC].bytes));

	*end |= first ? VTD_FL_A | VTD_FL_D | VTD_FL_EA : VTD_SL_A | VTD_SL_D;
	good_old_tables(f);
	want(f, OLD, CHECK_PASS, NULL);
	*end ^= 2;
	good_old_tables(f);
	want(f, OLD, CHECK_FAIL, "1 of", first ? "first-level" : "second-level", NULL);
}

static void pasid_written(void **state)
{
	struct good_run *f = *state;
	uint64_t *entry = good_pasid(f, AT_PANIC, NIC);
	size_t at = (size_t)((uint8_t *)entry - f->ram[AT_PANIC].bytes);

	f->ram[AT_END].bytes[at + 8] ^= 0x10;
	good_old_tables(f);
	want(f, OLD, CHECK_FAIL, "1 of", NULL);
}

static void irt_written(void **state)
{
	struct good_run *f = *state;
	uint64_t old;

	good_intremap(f);
	old = check_regs(&f->ev->at_panic).irt;
	want(f, OLD, CHECK_PASS, NULL);
	*tables_word(&f->ram[AT_END], old, 100) = VTD_IRTE_P;
	good_old_tables(f);
	want(f, OLD, CHECK_FAIL, "1 of", NULL);
}

/* What was not read again may be as it was: that is no change, and no pass. */
static void some_gone(void **state)
{
	struct good_run *f = *state;
	struct iommu_snapshot *gone;
	struct iommu_snapshot *some = f->ev->old_tables;
	struct iommu_mem mem = iommu_snapshot_mem(some);
	size_t n = f->ev->at_panic.snapshot->n_pages;
	g_autofree char *few = g_strdup_printf("%zu of %zu old table pages were read again", n - 1, n);

	some->n_pages--;
	assert_int_equal(vtd_snapshot_reread(f->ev->at_panic.snapshot, &mem, "x", &gone, NULL), 0);
	vtd_snapshot_free(f->ev->old_tables);
	f->ev->old_tables = gone;
	want(f, OLD, CHECK_NO_EVIDENCE, few, NULL);
}

static void shallow(void **state)
{
	struct good_run *f = *state;

	want(f, CRASH, CHECK_SKIP, "deep copy", NULL);
	good_crash_cmdline(f, "intel_iommu=kdump_reserve");
	want(f, CRASH, CHECK_SKIP, "deep copy", NULL);
	good_crash_cmdline(f, "intel_iommu=kdump_deep intel_iommu=kdump_off");
	want(f, CRASH, CHECK_SKIP, "deep copy", NULL);
	good_crash_cmdline(f, "intel_iommu=kdump_deeper");
	want(f, CRASH, CHECK_SKIP, "deep copy", NULL);
}

/* The good run's copy is a shallow one: its page tables are the dead kernel's. */
static void deep_but_shallow(void **state)
{
	struct good_run *f = *state;

	good_crash_cmdline(f, DEEP);
	want(f, CRASH, CHECK_FAIL, "after the copy: the", "outside crash memory", "more", NULL);
	want_outcome(f, "copy-wrong", 1);
}

/* Without an agent to tell the command line, the scenario's own counts. */
static void asked_by_scenario(void **state)
{
	struct good_run *f = *state;

	assert_true(scenario_set(f->sc, "crash.cmdline=" DEEP, NULL));
	want(f, CRASH, CHECK_FAIL, "outside crash memory", NULL);
	good_crash_cmdline(f, "console=ttyS0");
	want(f, CRASH, CHECK_SKIP, NULL);
}

static void deep(void **state)
{
	struct good_run *f = *state;

	good_crash_cmdline(f, DEEP);
	f->ev->crash_start = 0x1000;
	want(f, CRASH, CHECK_PASS, "table pages in 0x1000-0x1fffff", NULL);
}

/* Both ends of crash memory, to the byte. */
static void edges(void **state)
{
	struct good_run *f = *state;
	uint64_t low = UINT64_MAX, high = 0;

	good_crash_cmdline(f, DEEP);
	for (int stage = COPIED; stage <= AT_END; stage += AT_END - COPIED)
		for (size_t i = 0; i < good_state(f, stage)->walk->n_tables; i++) {
			uint64_t pa = good_state(f, stage)->walk->tables[i].pa;

			low = MIN(low, pa);
			high = MAX(high, pa);
		}
	f->ev->crash_start = low;
	f->ev->crash_end = high + 0xfff;
	want(f, CRASH, CHECK_PASS, NULL);
	f->ev->crash_start = low + 0x1000;
	want(f, CRASH, CHECK_FAIL, NULL);
	f->ev->crash_start = low;
	f->ev->crash_end = high - 1;
	want(f, CRASH, CHECK_FAIL, "at the end", NULL);
}

static void deep_in_ranges(void **state)
{
	struct good_run *f = *state;
	const struct evidence_range rest = { 0x1000, CRASH_END };

	good_crash_cmdline(f, DEEP);
	g_free(f->ev->first_cmdline);
	f->ev->first_cmdline = g_strdup("crashkernel=512M,cma");
	f->ev->crash_start = CRASH_END;
	want(f, CRASH, CHECK_NO_EVIDENCE, "not known whose memory", NULL);
	g_array_append_val(f->ev->crash_ranges, rest);
	want(f, CRASH, CHECK_PASS, "and 1 more range", NULL);
}

static void deep_no_tables(void **state)
{
	struct good_run *f = *state;

	good_crash_cmdline(f, DEEP);
	f->ev->crash_start = 0x1000;
	good_no_walk(f, AT_END);
	want(f, CRASH, CHECK_NO_EVIDENCE, "at the end", NULL);
	good_no_walk(f, COPIED);
	want(f, CRASH, CHECK_NO_EVIDENCE, "after the copy", NULL);
	f->ev->crash_end = 0;
	want(f, CRASH, CHECK_NO_EVIDENCE, "not known", NULL);
}

/* The interrupt-remapping table is one of the tables. */
static void deep_irt(void **state)
{
	struct good_run *f = *state;
	uint64_t old;

	good_intremap(f);
	good_crash_cmdline(f, DEEP);
	f->ev->crash_start = 0x1000;
	want(f, CRASH, CHECK_PASS, NULL);
	old = check_regs(&f->ev->at_panic).irt;
	f->ev->crash_start = old + 0x1000;
	good_no_walk(f, AT_END);
	want(f, CRASH, CHECK_FAIL, "outside crash memory", NULL);
}

int checks_tables_tests(void)
{
	const struct CMUnitTest tests[] = {
		LEGACY(named),
		SCALABLE(named),
		FIRST_LEVEL(named),
		PASS_THROUGH(named),
		LEGACY(no_iommu),
		LEGACY(no_snapshot),
		LEGACY(not_read_again),
		LEGACY(truncated),
		LEGACY(root_written),
		LEGACY(leaf_written),
		LEGACY(several_written),
		LEGACY(more_written_than_are_named),
		LEGACY(accessed_and_dirty),
		FIRST_LEVEL(accessed_and_dirty),
		SCALABLE(pasid_written),
		LEGACY(irt_written),
		LEGACY(some_gone),
		LEGACY(shallow),
		LEGACY(deep_but_shallow),
		LEGACY(asked_by_scenario),
		LEGACY(deep),
		SCALABLE(deep),
		LEGACY(edges),
		LEGACY(deep_no_tables),
		LEGACY(deep_in_ranges),
		LEGACY(deep_irt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
