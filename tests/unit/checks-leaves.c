/* SPDX-License-Identifier: GPL-2.0-only */
/* The check `leaves-equal`. */
#include "evidence-fixture.h"

#include <stdlib.h>

#define LEAVES "leaves-equal"

static void named(void **state)
{
	want(*state, LEAVES, CHECK_PASS, "30 of 30 leaves", NULL);
	want_not(*state, "identity");
}

/* Pass-through counts as one identity run a requester, so that it is never vacuous. */
static void pass_through(void **state)
{
	want(*state, LEAVES, CHECK_PASS, "0 of 0 leaves", "3 identity runs", NULL);
}

static void pass_through_lost(void **state)
{
	struct good_run *f = *state;

	good_entry(f, COPIED, SATA)[0] = 0;
	good_walk(f, COPIED, NULL);
	want(f, LEAVES, CHECK_FAIL, "1 difference", "00:1f.2", "only before", NULL);
}

static void pass_through_ended(void **state)
{
	struct good_run *f = *state;
	uint64_t pt = tables_alloc(&f->ram[COPIED], 1);

	tables_legacy(&f->ram[COPIED], f->new_root, DISK, VTD_TT_UNTRANSLATED, 1, 1, pt);
	good_walk(f, COPIED, NULL);
	want(f, LEAVES, CHECK_FAIL, "00:02.0", "was pass-through", NULL);
}

static void no_iommu(void **state)
{
	struct good_run *f = *state;

	f->sc->iommu.mode = MACHINE_IOMMU_OFF;
	want(f, LEAVES, CHECK_SKIP, "no IOMMU", NULL);
}

static void no_tables(void **state)
{
	struct good_run *f = *state;

	good_no_walk(f, COPIED);
	want(f, LEAVES, CHECK_NO_EVIDENCE, "after the copy", NULL);
	good_no_walk(f, AT_PANIC);
	want(f, LEAVES, CHECK_NO_EVIDENCE, "at the panic", NULL);
}

/* Both walks end early at the same place: equal, but no evidence. */
static void truncated(void **state)
{
	struct good_run *f = *state;
	const struct vtd_walk_options limits = { .max_runs = 3 };

	good_walk(f, AT_PANIC, &limits);
	good_walk(f, COPIED, &limits);
	want(f, LEAVES, CHECK_NO_EVIDENCE, "limit", "runs", NULL);
	good_walk(f, AT_PANIC, NULL);
	want(f, LEAVES, CHECK_NO_EVIDENCE, "limit", "runs", NULL);
}

/* Entries are there, but lead to empty page tables. */
static void nothing_mapped(void **state)
{
	static const uint16_t sids[] = { DISK, NIC, SATA };
	struct good_run *f = *state;

	for (unsigned i = 0; i < G_N_ELEMENTS(sids); i++)
		for (enum good_stage stage = AT_PANIC; stage <= COPIED; stage++)
			memset(tables_word(&f->ram[stage], good_pt_root(f, stage, sids[i]), 0), 0, 4096);
	good_walk(f, AT_PANIC, NULL);
	good_walk(f, COPIED, NULL);
	want(f, LEAVES, CHECK_NO_EVIDENCE, "nothing was mapped", NULL);
}

static void dropped(void **state)
{
	struct good_run *f = *state;

	*good_pte(f, COPIED, DISK, DISK_IOVA + 0x5000) = 0;
	good_walk(f, COPIED, NULL);
	want(f, LEAVES, CHECK_FAIL, "1 difference", "00:02.0", "0xffff5000-0xffff5fff", "only before", "0x2305000",
	     NULL);
	want(f, "context-same-fields", CHECK_PASS, NULL);
	want_outcome(f, "copy-wrong", 1);
}

static void shifted(void **state)
{
	struct good_run *f = *state;

	*good_pte(f, COPIED, NIC, NIC_IOVA + 0x3000) += 0x1000;
	good_walk(f, COPIED, NULL);
	want(f, LEAVES, CHECK_FAIL, "1 difference", "00:01.0", "0xfffd3000", "0x300f000", "0x3010000", NULL);
}

/* All leaves are there, in the wrong order: the sum of them would be right. */
static void swapped(void **state)
{
	struct good_run *f = *state;
	uint64_t *a = good_pte(f, COPIED, NIC, NIC_IOVA), b = a[1];

	a[1] = a[0];
	a[0] = b;
	good_walk(f, COPIED, NULL);
	want(f, LEAVES, CHECK_FAIL, "00:01.0", "0xfffd0000", NULL);
}

static void write_lost(void **state)
{
	struct good_run *f = *state;

	*good_pte(f, COPIED, NIC, NIC_IOVA) &= ~VTD_SL_W;
	good_walk(f, COPIED, NULL);
	want(f, LEAVES, CHECK_FAIL, "1 difference", "00:01.0", "0xfffd0000-0xfffd0fff", "was rw", NULL);
}

static void write_gained(void **state)
{
	struct good_run *f = *state;

	*good_pte(f, COPIED, DISK, DISK_READ_IOVA) |= VTD_SL_W;
	good_walk(f, COPIED, NULL);
	want(f, LEAVES, CHECK_FAIL, "00:02.0", "0xfffe0000", "is rw", NULL);
}

/* The leaf is as it was, a table above it is no longer writable. */
static void write_lost_above(void **state)
{
	struct good_run *f = *state;
	uint64_t *top = tables_word(&f->ram[COPIED], good_pt_root(f, COPIED, NIC), NIC_IOVA >> 30);

	*top &= ~VTD_SL_W;
	good_walk(f, COPIED, NULL);
	want(f, LEAVES, CHECK_FAIL, "1 difference", "00:01.0", "0xfffd0000-0xfffd7fff", NULL);
}

static void extra(void **state)
{
	struct good_run *f = *state;

	good_map(f, COPIED, SATA, FREE_IOVA, 0x6000000, 2);
	good_walk(f, COPIED, NULL);
	want(f, LEAVES, CHECK_FAIL, "1 difference", "00:1f.2", "0xfff00000-0xfff01fff", "only after", NULL);
}

/* 2 MiB became 511 pages of 4 KiB. */
static void superpage_shortened(void **state)
{
	struct good_run *f = *state;

	*good_pte(f, COPIED, DISK, DISK_BIG_IOVA) = 0;
	good_map(f, COPIED, DISK, DISK_BIG_IOVA, DISK_BIG_PA, 511);
	good_walk(f, COPIED, NULL);
	want(f, LEAVES, CHECK_FAIL, "1 difference", "00:02.0", "0x401ff000-0x401fffff", "only before", NULL);
}

/* 512 pages of 4 KiB translate as the 2 MiB did. */
static void superpage_split(void **state)
{
	struct good_run *f = *state;

	*good_pte(f, COPIED, DISK, DISK_BIG_IOVA) = 0;
	good_map(f, COPIED, DISK, DISK_BIG_IOVA, DISK_BIG_PA, 512);
	good_walk(f, COPIED, NULL);
	want(f, LEAVES, CHECK_PASS, NULL);
}

static void superpage_moved(void **state)
{
	struct good_run *f = *state;

	*good_pte(f, COPIED, DISK, DISK_BIG_IOVA) += 0x200000;
	good_walk(f, COPIED, NULL);
	want(f, LEAVES, CHECK_FAIL, "1 difference", "0x40000000-0x401fffff", "0x4200000", NULL);
}

/* The device reads another device's tables: same kind of entry, other memory. */
static void tables_of_another(void **state)
{
	struct good_run *f = *state;
	uint64_t *entry = good_entry(f, COPIED, SATA);

	entry[0] = (entry[0] & 0xfff) | good_pt_root(f, COPIED, NIC);
	good_walk(f, COPIED, NULL);
	want(f, LEAVES, CHECK_FAIL, "00:1f.2", NULL);
}

/* A page table that lies outside RAM leads nowhere. */
static void table_outside(void **state)
{
	struct good_run *f = *state;
	uint64_t *top = tables_word(&f->ram[COPIED], good_pt_root(f, COPIED, NIC), NIC_IOVA >> 30);

	*top = UINT64_C(0x7fff0000) | 3;
	good_walk(f, COPIED, NULL);
	want(f, LEAVES, CHECK_FAIL, "00:01.0", "only before", NULL);
}

/* The whole requester is gone. */
static void requester_missing(void **state)
{
	struct good_run *f = *state;

	good_entry(f, COPIED, DISK)[0] = 0;
	good_walk(f, COPIED, NULL);
	want(f, LEAVES, CHECK_FAIL, "00:02.0", "only before", NULL);
}

/* An address width that the tables do not have makes every request fault. */
static void invalid_width(void **state)
{
	struct good_run *f = *state;

	good_entry(f, COPIED, DISK)[1] = 1 << 8;
	good_walk(f, COPIED, NULL);
	want(f, LEAVES, CHECK_FAIL, "00:02.0", NULL);
}

/* Gives each space a tree of its own with the same runs: no two are known to be equal. */
static void unshare_trees(struct vtd_walk_result *walk)
{
	struct iommu_tree tree = walk->base.trees[0], *trees = calloc(walk->base.n_spaces, sizeof(*trees));

	assert_non_null(trees);
	for (size_t i = 0; i < walk->base.n_spaces; i++) {
		trees[i] = tree;
		walk->base.spaces[i].tree = (uint32_t)i;
	}
	free(walk->base.trees);
	walk->base.trees = trees;
	walk->base.n_trees = walk->base.n_spaces;
}

/*
 * So many equal mappings that the comparison is given up half way: no difference was found,
 * and that proves nothing.
 */
static void too_many_to_compare(void **state)
{
	struct good_run *f = *state;
	struct iommu_mem mem;
	struct tables t;
	uint64_t root, pt;

	tables_init(&t, 300);
	root = tables_alloc(&t, 1);
	pt = tables_alloc(&t, 1);
	for (uint64_t i = 0; i < 5 * 512; i++)
		tables_map(&t, pt, 3, 1, i << 12, i << 13, 3);
	for (unsigned sid = 0; sid < 65536; sid++)
		tables_legacy(&t, root, (uint16_t)sid, VTD_TT_UNTRANSLATED, 1, 1, pt);
	mem = tables_mem(&t);
	for (enum good_stage stage = AT_PANIC; stage <= COPIED; stage++) {
		struct evidence_state *at = good_state(f, stage);
		struct vtd_walk_result *walk;

		good_no_walk(f, stage);
		good_regs(f, stage);
		assert_int_equal(vtd_walk(&mem, root, VTD_TTM_LEGACY, 0, NULL, &walk), 0);
		assert_false(walk->base.truncated);
		unshare_trees(walk);
		at->walk = &walk->base;
	}
	tables_free(&t);
	want(f, LEAVES, CHECK_NO_EVIDENCE, "compar", NULL);
}

int checks_leaves_tests(void)
{
	const struct CMUnitTest tests[] = {
		LEGACY(named),
		PASS_THROUGH(pass_through),
		PASS_THROUGH(pass_through_lost),
		PASS_THROUGH(pass_through_ended),
		LEGACY(no_iommu),
		LEGACY(no_tables),
		LEGACY(truncated),
		LEGACY(nothing_mapped),
		LEGACY(dropped),
		LEGACY(shifted),
		LEGACY(swapped),
		LEGACY(write_lost),
		LEGACY(write_gained),
		LEGACY(write_lost_above),
		LEGACY(extra),
		LEGACY(superpage_shortened),
		LEGACY(superpage_split),
		LEGACY(superpage_moved),
		LEGACY(tables_of_another),
		LEGACY(table_outside),
		LEGACY(requester_missing),
		LEGACY(invalid_width),
		LEGACY(too_many_to_compare),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
