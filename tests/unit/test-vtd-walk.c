/* SPDX-License-Identifier: GPL-2.0-only */
/* Walking well-formed tables: every format, level, leaf size and translation type. */
#include <stdio.h>

#include "vtd-test.h"

#define SID 0x0008 /* 00:01.0 */

/* Canonical upper half of a first-level tree: what an IOVA sign-extends to. */
static uint64_t canonical(uint64_t iova, unsigned width)
{
	return iova >> (width - 1) & 1 ? iova | ~UINT64_C(0) << width : iova;
}

static void legacy_of_each_depth(void **state)
{
	(void)state;
	for (unsigned aw = 1; aw <= 3; aw++) {
		unsigned levels = aw + 2, width = 12 + 9 * levels;
		uint64_t top = (UINT64_C(1) << width) - 0x1000;
		struct vtd_walk_result *r;
		struct tables t;
		uint64_t root, pt;

		root = tables_begin(&t, &pt);
		tables_legacy(&t, root, SID, VTD_TT_UNTRANSLATED, aw, 7, pt);
		tables_map(&t, pt, levels, 1, 0, 0x5000, SL_RW);
		tables_map(&t, pt, levels, 1, top, 0x9000, VTD_SL_R | VTD_SL_SNP);
		r = walk(&t, root, VTD_TTM_LEGACY, 0, NULL);
		assert_int_equal(r->base.n_requesters, 1);
		assert_int_equal(r->contexts[0].did, 7);
		assert_int_equal(r->contexts[0].aw, aw);
		assert_int_equal(r->contexts[0].pt_root, pt);
		assert_int_equal(r->contexts[0].slot, 8);
		assert_false(r->contexts[0].upper);
		assert_int_equal(r->base.n_spaces, 1);
		assert_int_equal(r->base.spaces[0].levels, levels);
		assert_int_equal(r->base.leaves, 2);
		assert_int_equal(r->base.n_defects, 0);
		assert_int_equal(count_runs(r, SID, IOMMU_NO_PASID), 2);
		check_run(r, SID, IOMMU_NO_PASID, 0, 0, 0xfff, 0x5000, IOMMU_PERM_READ | IOMMU_PERM_WRITE);
		check_run(r, SID, IOMMU_NO_PASID, 1, top, top + 0xfff, 0x9000, IOMMU_PERM_READ | IOMMU_PERM_SNOOP);
		/* root, context, and two branches of page tables that share the top */
		assert_int_equal(r->base.n_tables, 2 + 1 + 2 * (levels - 1));
		tables_end(&t, r);
	}
}

/* What was never set leads nowhere, whatever lies in page 0. */
static void address_zero(void **state)
{
	struct vtd_walk_result *r;
	struct tables t;
	uint64_t root, pt;

	(void)state;
	root = tables_begin(&t, &pt);
	for (unsigned i = 0; i < 512; i++)
		tables_word(&t, 0, i)[0] = UINT64_C(0x5a5a5a5a00000001);
	r = walk(&t, 0, VTD_TTM_LEGACY, 0, NULL);
	assert_int_equal(r->base.n_requesters + r->base.n_defects + r->base.n_tables, 0);
	vtd_walk_free(r);
	tables_word(&t, root, 0)[0] = 1;
	r = walk(&t, root, VTD_TTM_LEGACY, 0, NULL);
	assert_int_equal(r->base.n_requesters, 0);
	assert_int_equal(r->base.n_defects, 1);
	tables_end(&t, r);
}

static void first_level_of_each_depth(void **state)
{
	(void)state;
	for (unsigned flpm = 0; flpm <= 1; flpm++) {
		unsigned levels = 4 + flpm, width = 12 + 9 * levels;
		uint64_t high = UINT64_C(1) << (width - 1), last = (UINT64_C(1) << width) - 0x1000;
		struct vtd_walk_result *r;
		struct tables t;
		uint64_t root, pt, dir;

		root = tables_begin(&t, &pt);
		dir = tables_scalable(&t, root, SID, 0, 0, 0);
		tables_pasid(&t, dir, 0, VTD_PGTT_FIRST_LEVEL, 0, 3, 0, flpm, pt);
		tables_map(&t, pt, levels, 1, 0x1000, 0x5000, FL_RW);
		tables_map(&t, pt, levels, 1, high, 0x6000, VTD_FL_P);
		tables_map(&t, pt, levels, 1, last, 0x7000, VTD_FL_P | VTD_FL_US);
		r = walk(&t, root, VTD_TTM_SCALABLE, 0, NULL);
		assert_int_equal(r->base.n_defects, 0);
		assert_int_equal(r->base.spaces[0].type, IOMMU_SPACE_FIRST_LEVEL);
		assert_int_equal(r->base.spaces[0].did, 3);
		assert_int_equal(count_runs(r, SID, IOMMU_NO_PASID), 3);
		check_run(r, SID, 0, 0, 0x1000, 0x1fff, 0x5000, IOMMU_PERM_READ | IOMMU_PERM_WRITE | IOMMU_PERM_USER);
		check_run(r, SID, 0, 1, canonical(high, width), canonical(high, width) + 0xfff, 0x6000,
			  IOMMU_PERM_READ);
		check_run(r, SID, 0, 2, canonical(last, width), UINT64_MAX, 0x7000, IOMMU_PERM_READ | IOMMU_PERM_USER);
		tables_end(&t, r);
	}
}

static void superpages_equal_small_pages(void **state)
{
	struct vtd_walk_result *r;
	struct tables t;
	uint64_t root, big, small, mixed;

	(void)state;
	tables_init(&t, 2048);
	root = tables_alloc(&t, 1);
	big = tables_alloc(&t, 1);
	small = tables_alloc(&t, 1);
	mixed = tables_alloc(&t, 1);
	tables_legacy(&t, root, 0x10, 0, 2, 1, big);
	tables_legacy(&t, root, 0x11, 0, 2, 2, small);
	tables_legacy(&t, root, 0x12, 0, 2, 3, mixed);
	/* 1 GiB, then 2 MiB more: as two superpages, as 2-MiB pages, and as all three sizes */
	tables_map(&t, big, 4, 3, GIB, 4 * GIB, SL_RW);
	tables_map(&t, big, 4, 2, 2 * GIB, 5 * GIB, SL_RW);
	tables_map_many(&t, small, 4, 1, GIB, 4 * GIB, SL_RW, 512 * 513);
	tables_map_many(&t, mixed, 4, 2, GIB, 4 * GIB, SL_RW, 512);
	tables_map_many(&t, mixed, 4, 1, 2 * GIB, 5 * GIB, SL_RW, 512);
	r = walk(&t, root, VTD_TTM_LEGACY, 0, NULL);
	assert_int_equal(r->base.n_defects, 0);
	for (uint16_t sid = 0x10; sid <= 0x12; sid++) {
		assert_int_equal(count_runs(r, sid, IOMMU_NO_PASID), 1);
		check_run(r, sid, IOMMU_NO_PASID, 0, GIB, 2 * GIB + 2 * MIB - 1, 4 * GIB,
			  IOMMU_PERM_READ | IOMMU_PERM_WRITE);
		assert_int_equal(r->base.trees[iommu_walk_space(&r->base, sid, IOMMU_NO_PASID)->tree].pages, 512 * 513);
	}
	assert_int_equal(r->base.trees[0].leaves, 2);
	assert_int_equal(r->base.trees[1].leaves, 512 * 513);
	assert_int_equal(r->base.trees[2].leaves, 1024);
	assert_int_equal(r->base.leaves_at[3], 1);
	assert_int_equal(r->base.leaves_at[2], 1 + 512);
	tables_end(&t, r);
}

static void first_level_superpages(void **state)
{
	struct vtd_walk_result *r;
	struct tables t;
	uint64_t root, pt, dir;

	(void)state;
	root = tables_begin(&t, &pt);
	dir = tables_scalable(&t, root, SID, 0, 0, 0);
	tables_pasid(&t, dir, 0, VTD_PGTT_FIRST_LEVEL, 0, 3, 0, 0, pt);
	/* bit 12 of a first-level superpage is PAT: neither address nor defect */
	tables_map(&t, pt, 4, 2, 2 * MIB, 64 * MIB, FL_RW | 1u << 12);
	tables_map(&t, pt, 4, 3, GIB, 2 * GIB, FL_RW);
	/* and bit 7 of a 4-KiB leaf is PAT too */
	tables_map(&t, pt, 4, 1, 0, 62 * MIB, FL_RW | VTD_PTE_PS);
	r = walk(&t, root, VTD_TTM_SCALABLE, 0, NULL);
	assert_int_equal(r->base.n_defects, 0);
	assert_int_equal(count_runs(r, SID, 0), 3);
	check_run(r, SID, 0, 0, 0, 0xfff, 62 * MIB, 7);
	check_run(r, SID, 0, 1, 2 * MIB, 4 * MIB - 1, 64 * MIB, 7);
	check_run(r, SID, 0, 2, GIB, 2 * GIB - 1, 2 * GIB, 7);
	tables_end(&t, r);
}

static void runs_break_where_they_must(void **state)
{
	const uint32_t rw = IOMMU_PERM_READ | IOMMU_PERM_WRITE;
	struct vtd_walk_result *r;
	struct tables t;
	uint64_t root, pt;

	(void)state;
	root = tables_begin(&t, &pt);
	tables_legacy(&t, root, SID, 0, 1, 1, pt);
	tables_map_many(&t, pt, 3, 1, 0x1fe000, 0x10000, SL_RW, 4); /* across two leaf tables */
	tables_map(&t, pt, 3, 1, 0x202000, 0x20000, SL_RW);	    /* another PA */
	tables_map(&t, pt, 3, 1, 0x203000, 0x21000, VTD_SL_R);	    /* fewer rights */
	tables_map(&t, pt, 3, 1, 0x205000, 0x23000, VTD_SL_R);	    /* after a hole */
	tables_map(&t, pt, 3, 1, 0x206000, 0x24000, VTD_SL_R | VTD_SL_A | UINT64_C(3) << 52);
	tables_map(&t, pt, 3, 1, 0x207000, 0x25000, VTD_SL_W);
	r = walk(&t, root, VTD_TTM_LEGACY, 0, NULL);
	assert_int_equal(count_runs(r, SID, IOMMU_NO_PASID), 5);
	check_run(r, SID, IOMMU_NO_PASID, 0, 0x1fe000, 0x201fff, 0x10000, rw);
	check_run(r, SID, IOMMU_NO_PASID, 1, 0x202000, 0x202fff, 0x20000, rw);
	check_run(r, SID, IOMMU_NO_PASID, 2, 0x203000, 0x203fff, 0x21000, IOMMU_PERM_READ);
	check_run(r, SID, IOMMU_NO_PASID, 3, 0x205000, 0x206fff, 0x23000, IOMMU_PERM_READ);
	check_run(r, SID, IOMMU_NO_PASID, 4, 0x207000, 0x207fff, 0x25000, IOMMU_PERM_WRITE);
	tables_end(&t, r);
}

static void permissions_are_anded_over_the_levels(void **state)
{
	struct vtd_walk_result *r;
	struct tables t;
	uint64_t root, pt, leaf;

	(void)state;
	root = tables_begin(&t, &pt);
	tables_legacy(&t, root, SID, 0, 1, 1, pt);
	leaf = tables_map(&t, pt, 3, 1, 0, 0x7000, SL_RW);
	tables_map(&t, pt, 3, 1, 0x1000, 0x8000, VTD_SL_W);
	*tables_word(&t, pt, 0) &= ~SL_RW;
	*tables_word(&t, pt, 0) |= VTD_SL_R;
	/* the same leaf table once more at 1 GiB with all rights: the memo must not mix them up */
	*tables_word(&t, pt, 1) = *tables_word(&t, pt, 0) | SL_RW;
	r = walk(&t, root, VTD_TTM_LEGACY, 0, NULL);
	assert_int_equal(leaf & 0xfff, 0);
	assert_int_equal(count_runs(r, SID, IOMMU_NO_PASID), 3);
	check_run(r, SID, IOMMU_NO_PASID, 0, 0, 0xfff, 0x7000, IOMMU_PERM_READ);
	check_run(r, SID, IOMMU_NO_PASID, 1, GIB, GIB + 0xfff, 0x7000, IOMMU_PERM_READ | IOMMU_PERM_WRITE);
	check_run(r, SID, IOMMU_NO_PASID, 2, GIB + 0x1000, GIB + 0x1fff, 0x8000, IOMMU_PERM_WRITE);
	tables_end(&t, r);
}

static void pass_through_is_one_identity_run(void **state)
{
	struct vtd_walk_result *r;
	struct tables t;
	uint64_t root, dir;

	(void)state;
	tables_init(&t, 64);
	root = tables_alloc(&t, 1);
	tables_legacy(&t, root, SID, VTD_TT_PASS_THROUGH, 1, 1, 0);
	tables_legacy(&t, root, 0xffff, VTD_TT_PASS_THROUGH, 2, 1, 0);
	r = walk(&t, root, VTD_TTM_LEGACY, 0, NULL);
	assert_int_equal(r->base.n_spaces, 2);
	assert_int_equal(r->base.spaces[0].type, IOMMU_SPACE_PASS_THROUGH);
	assert_int_equal(r->base.spaces[1].sid, 0xffff);
	assert_int_equal(r->base.n_trees, 1);
	check_run(r, SID, IOMMU_NO_PASID, 0, 0, (UINT64_C(1) << 52) - 1, 0, 3);
	check_run(r, 0xffff, IOMMU_NO_PASID, 0, 0, (UINT64_C(1) << 52) - 1, 0, 3);
	assert_int_equal(r->base.leaves, 0);
	vtd_walk_free(r);

	root = tables_alloc(&t, 1);
	dir = tables_scalable(&t, root, SID, 0, 0, 0);
	tables_pasid(&t, dir, 0, VTD_PGTT_PASS_THROUGH, 0, 1, 0, 0, 0);
	r = walk(&t, root, VTD_TTM_SCALABLE, 0, NULL);
	assert_int_equal(r->base.n_defects, 0);
	check_run(r, SID, IOMMU_NO_PASID, 0, 0, (UINT64_C(1) << 52) - 1, 0, 3);
	tables_end(&t, r);
}

static void nested_is_reported_as_such(void **state)
{
	struct vtd_walk_result *r;
	struct tables t;
	uint64_t root, dir, sl, fl;

	(void)state;
	tables_init(&t, 64);
	root = tables_alloc(&t, 1);
	sl = tables_alloc(&t, 1);
	fl = tables_alloc(&t, 1);
	tables_map(&t, sl, 4, 1, 0x4000, 0x8000, SL_RW);
	dir = tables_scalable(&t, root, SID, 0, 0, 0);
	tables_pasid(&t, dir, 5, VTD_PGTT_NESTED, 2, 9, sl, 0, fl);
	r = walk(&t, root, VTD_TTM_SCALABLE, 0, NULL);
	assert_int_equal(r->n_pasids, 1);
	assert_int_equal(r->pasids[0].pgtt, VTD_PGTT_NESTED);
	assert_int_equal(r->pasids[0].fl_root, fl);
	assert_int_equal(r->base.spaces[0].type, IOMMU_SPACE_NESTED);
	check_run(r, SID, 5, 0, 0x4000, 0x4fff, 0x8000, 3);
	tables_end(&t, r);
}

static void scalable_halves_and_large_directories(void **state)
{
	struct vtd_walk_result *r;
	struct tables t;
	uint64_t root, lower, upper, pt;

	(void)state;
	tables_init(&t, 256);
	root = tables_alloc(&t, 1);
	pt = tables_alloc(&t, 1);
	tables_map(&t, pt, 3, 1, 0x4000, 0x8000, SL_RW);
	/* bus 80 has devfn a0 only: nothing in the lower half of its root entry */
	upper = tables_scalable(&t, root, 0x80a0, 0, 0, 3);
	lower = tables_scalable(&t, root, 0x0108, 0, 7, 0xfffff);
	tables_pasid(&t, upper, 3, VTD_PGTT_SECOND_LEVEL, 1, 4, pt, 0, 0);
	tables_pasid(&t, lower, 0, VTD_PGTT_SECOND_LEVEL, 1, 5, pt, 0, 0);
	tables_pasid(&t, lower, 0xfffff, VTD_PGTT_SECOND_LEVEL, 1, 6, pt, 0, 0);
	r = walk(&t, root, VTD_TTM_SCALABLE, 0, NULL);
	assert_int_equal(r->base.n_defects, 0);
	assert_int_equal(r->base.n_requesters, 2);
	assert_int_equal(r->contexts[0].bus, 1);
	assert_false(r->contexts[0].upper);
	assert_int_equal(r->contexts[0].n_pasids, 2);
	assert_int_equal(r->contexts[0].pasid_dir_entries, 16384);
	assert_int_equal(r->contexts[1].bus, 0x80);
	assert_int_equal(r->contexts[1].devfn, 0xa0);
	assert_int_equal(r->contexts[1].slot, 0x20);
	assert_true(r->contexts[1].upper);
	assert_int_equal(*tables_word(&t, root, 0x100), 0);
	/* a request without PASID uses RID_PASID */
	assert_int_equal(iommu_walk_space(&r->base, 0x0108, IOMMU_NO_PASID)->did, 6);
	assert_int_equal(iommu_walk_space(&r->base, 0x0108, 0)->did, 5);
	assert_int_equal(iommu_walk_space(&r->base, 0x80a0, IOMMU_NO_PASID)->pasid, 3);
	assert_null(iommu_walk_space(&r->base, 0x80a0, 4));
	assert_null(iommu_walk_space(&r->base, 0x0080, IOMMU_NO_PASID));
	/* one tree for all three */
	assert_int_equal(r->base.n_trees, 1);
	assert_int_equal(r->base.leaves, 3);
	assert_int_equal(r->base.tree_leaves, 1);
	tables_end(&t, r);
}

static void interrupt_remapping_table(void **state)
{
	struct vtd_walk_result *r;
	struct tables t;
	uint64_t root, irt;

	(void)state;
	tables_init(&t, 64);
	root = tables_alloc(&t, 1);
	irt = tables_alloc(&t, 2);
	*tables_word(&t, irt, 0) = 0x1234000d;
	*tables_word(&t, irt, 1) = 0x00040008;
	*tables_word(&t, irt, 2) = 0x2;		     /* not present */
	*tables_word(&t, irt, 2 * 300) = 0x0000800d; /* posted: other fields */
	*tables_word(&t, irt, 2 * 300 + 1) = UINT64_C(0xffffffff00000008);
	*tables_word(&t, irt, 2 * 511) = 1;
	r = walk(&t, root, VTD_TTM_LEGACY, irt | 8 | VTD_IRTA_EIME, NULL);
	assert_int_equal(r->n_irtes, 3);
	assert_int_equal(r->irtes[0].index, 0);
	assert_int_equal(r->irtes[0].lo, 0x1234000d);
	assert_int_equal(r->irtes[0].hi, 0x00040008);
	assert_int_equal(r->irtes[1].index, 300);
	assert_int_equal(r->irtes[2].index, 511);
	assert_int_equal(r->base.n_defects, 0);
	vtd_walk_free(r);
	/* a size of two entries reads no more than these */
	r = walk(&t, root, VTD_TTM_LEGACY, irt, NULL);
	assert_int_equal(r->n_irtes, 1);
	tables_end(&t, r);
}

static void contexts_alone_can_be_had(void **state)
{
	struct vtd_walk_options o = { .skip_page_tables = true };
	struct vtd_walk_result *r;
	struct tables t;
	uint64_t root, pt;

	(void)state;
	root = tables_begin(&t, &pt);
	tables_legacy(&t, root, SID, 0, 1, 1, pt);
	tables_map(&t, pt, 3, 1, 0, 0x7000, SL_RW);
	r = walk(&t, root, VTD_TTM_LEGACY, 0, &o);
	assert_int_equal(r->base.n_requesters, 1);
	assert_int_equal(r->base.n_spaces, 1);
	assert_int_equal(r->base.n_trees, 0);
	assert_int_equal(count_runs(r, SID, IOMMU_NO_PASID), 0);
	assert_int_equal(r->base.visits, 2);
	tables_end(&t, r);
}

static void runs_can_be_searched(void **state)
{
	struct iommu_ranges set = { 0 };
	struct vtd_walk_result *r;
	const struct iommu_space *s;
	struct tables t;
	uint64_t root, pt;

	(void)state;
	root = tables_begin(&t, &pt);
	tables_legacy(&t, root, SID, 0, 1, 1, pt);
	for (unsigned i = 0; i < 100; i++)
		tables_map(&t, pt, 3, 1, i * UINT64_C(0x3000), 0x100000 + i * 0x5000, SL_RW);
	r = walk(&t, root, VTD_TTM_LEGACY, 0, NULL);
	s = iommu_walk_space(&r->base, SID, IOMMU_NO_PASID);
	for (unsigned i = 0; i < 100; i++) {
		assert_int_equal(iommu_space_lookup(&r->base, s, i * UINT64_C(0x3000) + 0xfff)->pa_start,
				 0x100000 + i * 0x5000);
		assert_null(iommu_space_lookup(&r->base, s, i * UINT64_C(0x3000) + 0x1000));
	}
	assert_int_equal(iommu_space_ranges(&r->base, s, &set), 0);
	assert_int_equal(iommu_ranges_pages(&set), 100);
	iommu_ranges_clear(&set);
	tables_end(&t, r);
}

/* Beyond 16384 runs the array is of iommu_run_array(), and that of a walk that was freed serves the next. */
static void many_runs_in_an_array_used_again(void **state)
{
	struct vtd_walk_result *first, *second, *third;
	const struct iommu_run *array;
	uint64_t root, pt;
	struct tables t;

	(void)state;
	root = tables_begin(&t, &pt);
	tables_legacy(&t, root, SID, 0, 1, 1, pt);
	for (unsigned i = 0; i < 20000; i++)
		tables_map(&t, pt, 3, 1, i * UINT64_C(0x1000), 0x100000 + i * UINT64_C(0x3000), SL_RW);
	first = walk(&t, root, VTD_TTM_LEGACY, 0, NULL);
	second = walk(&t, root, VTD_TTM_LEGACY, 0, NULL);
	array = first->base.runs;
	assert_ptr_not_equal(second->base.runs, array);
	vtd_walk_free(first);
	third = walk(&t, root, VTD_TTM_LEGACY, 0, NULL);
	assert_ptr_equal(third->base.runs, array);
	for (unsigned i = 0; i < 20000; i++) {
		check_run(second, SID, IOMMU_NO_PASID, i, i * UINT64_C(0x1000), i * UINT64_C(0x1000) + 0xfff,
			  0x100000 + i * UINT64_C(0x3000), IOMMU_PERM_READ | IOMMU_PERM_WRITE);
		check_run(third, SID, IOMMU_NO_PASID, i, i * UINT64_C(0x1000), i * UINT64_C(0x1000) + 0xfff,
			  0x100000 + i * UINT64_C(0x3000), IOMMU_PERM_READ | IOMMU_PERM_WRITE);
	}
	assert_int_equal(third->base.n_runs, 20000);
	vtd_walk_free(second);
	tables_end(&t, third);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(address_zero),
		cmocka_unit_test(legacy_of_each_depth),
		cmocka_unit_test(first_level_of_each_depth),
		cmocka_unit_test(superpages_equal_small_pages),
		cmocka_unit_test(first_level_superpages),
		cmocka_unit_test(runs_break_where_they_must),
		cmocka_unit_test(permissions_are_anded_over_the_levels),
		cmocka_unit_test(pass_through_is_one_identity_run),
		cmocka_unit_test(nested_is_reported_as_such),
		cmocka_unit_test(scalable_halves_and_large_directories),
		cmocka_unit_test(interrupt_remapping_table),
		cmocka_unit_test(contexts_alone_can_be_had),
		cmocka_unit_test(runs_can_be_searched),
		cmocka_unit_test(many_runs_in_an_array_used_again),
	};

	return cmocka_run_group_tests_name("vtd-walk", tests, NULL, NULL);
}
