/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The edges of the deep copy that a machine of QEMU's never has: IOVAs above the unit's width, leaves into the memory
 * that the crash kernel runs in, a scan that may not go on, a budget that is for ranges only, tables that are identity.
 */
#include "kdump-test.h"

#include <stdlib.h>

#define OWN_FIRST (16 * MIB) /* 32 MiB of this kernel's own */
#define OWN_LAST (48 * MIB - 1)

static const struct kdc_range own[] = { { 1, 159 }, { OWN_FIRST >> 12, OWN_LAST >> 12 } };

static void own_memory(struct one *o)
{
	o->f.kdc.limits.own = own;
	o->f.kdc.limits.nr_own = ARRAY_SIZE(own);
}

/* A.3: one stray entry of the top table, on a unit with 39 bits, was grafted, and no device could attach then. */
static void an_iova_above_the_units_width_is_bad(void **state)
{
	struct kdc_tree *t;
	struct one o;

	(void)state;
	one_init(&o, 32, KDC_SECOND_STAGE, 4);
	one_map(&o, 1, 0x1000, 0x5000, 3);
	one_map(&o, 1, GIB << 9, 0x9000, 1);
	one_copied(&o);
	fake_again(&o.f);
	o.f.kdc.limits.mgaw = 39;
	t = one_refused(&o, -EUCLEAN, "IOVA above the width of the unit");
	assert_int_equal(t->nr_ranges, 1);
	check_range(t, 0, 1, 3);
	/* Memory that changes after the count: the copy sees it too. */
	fake_again(&o.f);
	o.f.kdc.limits.mgaw = 39;
	*one_entry(&o, 4, GIB << 9) = 0;
	one_copied(&o);
	one_free(&o);
}

/* The width is that of requests that the second stage translates. */
static void a_first_stage_has_no_such_width(void **state)
{
	struct one o;

	(void)state;
	one_init(&o, 32, KDC_FIRST_STAGE, 4);
	o.f.kdc.limits.mgaw = 39;
	one_map(&o, 1, GIB << 9, 0x9000, 1);
	one_copied(&o);
	one_free(&o);
}

static int sum_runs(void *arg, const struct kdc_run *run)
{
	*(u64 *)arg += run->size;
	assert_false(run->pa <= OWN_LAST && run->pa + run->size > OWN_FIRST);
	return 0;
}

/* A.6: what leads into this kernel's memory is in no copy, so that nothing of it stays mapped; its IOVA is taken. */
static void leaves_into_own_memory_are_left_out(void **state)
{
	u64 bytes = 0;
	struct kdc_tree *t;
	struct one o;

	(void)state;
	one_init(&o, 32, KDC_SECOND_STAGE, 4);
	one_map(&o, 1, 0x1000, OWN_FIRST - 0x1000, 3);
	one_map(&o, 1, 0x10000, 0x1000, 1);
	one_map(&o, 2, 4 * MIB, OWN_FIRST, 1);
	one_map(&o, 2, 8 * MIB, 64 * MIB, 1);
	own_memory(&o);
	t = one_get(&o, true);
	assert_int_equal(t->error, 0);
	assert_int_equal(t->own_leaves, 4);
	assert_int_equal(t->nr_ranges, 4);
	check_range(t, 0, 1, 3);
	assert_int_equal(kdc_walk_runs(&o.f.kdc, t, sum_runs, &bytes), 0);
	assert_int_equal(bytes, 0x1000 + 2 * MIB);
	one_free(&o);
}

/* Of a superpage of 1 GiB only what has to go is lost, and the table for that is counted and freed. */
static void a_large_superpage_is_split(void **state)
{
	static const enum kdc_format formats[] = { KDC_SECOND_STAGE, KDC_FIRST_STAGE };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(formats); i++) {
		u64 bytes = 0;
		struct kdc_tree *t;
		struct one o;

		one_init(&o, 32, formats[i], 4);
		one_map(&o, 3, 4 * GIB, 0, 1);
		own_memory(&o);
		t = one_get(&o, true);
		assert_int_equal(t->error, 0);
		assert_int_equal(t->own_leaves, 1 + 16);
		assert_int_equal(t->new_tables, t->tables + 1);
		assert_int_equal(kdc_walk_runs(&o.f.kdc, t, sum_runs, &bytes), 0);
		assert_int_equal(bytes, GIB - 34 * MIB);
		u32 tables = t->tables;
		/* Without a page for it, all of it goes. */
		fake_again(&o.f);
		own_memory(&o);
		o.f.kdc.limits.copy_pages = tables;
		t = one_get(&o, true);
		assert_int_equal(t->error, 0);
		assert_int_equal(t->own_leaves, 1);
		one_free(&o);
	}
}

/* Without a copy there is nothing to take out of: what mainline does. */
static void without_a_copy_own_leaves_only_show_in_the_ranges(void **state)
{
	struct kdc_tree *t;
	struct one o;

	(void)state;
	one_init(&o, 32, KDC_SECOND_STAGE, 3);
	one_map(&o, 1, 0x1000, OWN_FIRST, 1);
	own_memory(&o);
	t = one_get(&o, false);
	assert_int_equal(t->own_leaves, 0);
	check_range(t, 0, 1, 1);
	one_free(&o);
}

/* A.4: one huge tree took the visits of all the others, which were then taken for empty. */
static void one_tree_cannot_use_up_the_visits_of_another(void **state)
{
	uint64_t small;
	struct kdc_tree *t;
	struct one o;

	(void)state;
	one_init(&o, 64, KDC_SECOND_STAGE, 3);
	for (unsigned i = 0; i < 40; i++)
		one_map(&o, 1, i * 2 * MIB, 0x5000, 1);
	small = tables_alloc(&o.f.ram, 1);
	o.f.kdc.limits.max_visits = 20;
	t = one_get(&o, false);
	assert_int_equal(t->error, -ENOSPC);
	/* 18 of 40 tables were read: the others count as a whole. */
	assert_int_equal(t->nr_ranges, 18 + 1);
	check_range(t, 18, 18 * 512, 40 * 512 - 1);
	assert_int_equal(t->unread_pages, 22 * 512);
	o.root = small;
	one_map(&o, 1, 0x7000, 0x5000, 1);
	/* However many were looked at before. */
	o.f.kdc.visits = 1000000;
	t = one_get(&o, false);
	assert_int_equal(t->error, 0);
	check_range(t, 0, 7, 7);
	one_free(&o);
}

static void unread(struct fake *f, uint64_t pa)
{
	f->unread = pa == f->meddle_pa;
}

/* A table that is there and cannot be seen is no bad entry: all that it may map is kept free, and the scan goes on. */
static void what_cannot_be_seen_is_unread(void **state)
{
	(void)state;
	for (int deep = 0; deep < 2; deep++) {
		struct kdc_tree *t;
		struct one o;

		one_init(&o, 32, KDC_SECOND_STAGE, 3);
		one_map(&o, 1, 2 * MIB, 0x5000, 1);
		one_map(&o, 1, 8 * MIB, 0x6000, 1);
		o.f.meddle = unread;
		o.f.meddle_pa = *one_entry(&o, 2, 2 * MIB) & VTD_PTE_ADDR;
		t = one_get(&o, deep);
		assert_int_equal(t->error, -EIO);
		assert_string_equal(t->why, "old memory that cannot be seen");
		assert_int_equal(t->new_root, 0);
		assert_int_equal(t->bad_entries, 0);
		assert_int_equal(t->unread_pages, 512);
		assert_int_equal(t->nr_ranges, 2);
		check_range(t, 0, 512, 1023);
		check_range(t, 1, 2048, 2048);
		/* The root: what it may map is all, which nobody could keep free. */
		fake_again(&o.f);
		o.f.meddle = unread;
		o.f.meddle_pa = o.root;
		t = one_get(&o, deep);
		assert_int_equal(t->error, -EIO);
		assert_int_equal(t->nr_ranges, 0);
		assert_int_equal(t->unread_pages, 512 * GIB >> 12);
		one_free(&o);
	}
}

/* Where the scan stops in an upper table, what hangs there counts as well, on every level. */
static void what_was_not_read_counts_on_every_level(void **state)
{
	struct kdc_tree *t;
	struct one o;

	(void)state;
	one_init(&o, 64, KDC_SECOND_STAGE, 4);
	one_map(&o, 1, 0x1000, 0x5000, 1);
	one_map(&o, 1, 6 * MIB, 0x6000, 1);
	one_map(&o, 1, 3 * GIB, 0x7000, 1);
	one_map(&o, 3, 5 * GIB, GIB, 1);
	one_map(&o, 1, GIB << 9, 0x8000, 1);
	o.f.kdc.limits.max_visits = 4;
	t = one_get(&o, false);
	assert_int_equal(t->error, -ENOSPC);
	check_range(t, 0, 1, 1);
	check_range(t, 1, 6 * MIB >> 12, (8 * MIB >> 12) - 1);
	check_range(t, 2, 3 * GIB >> 12, (4 * GIB >> 12) - 1);
	check_range(t, 3, 5 * GIB >> 12, (6 * GIB >> 12) - 1);
	check_range(t, 4, GIB << 9 >> 12, (GIB << 10 >> 12) - 1);
	one_free(&o);
}

/* A.2: what copies may use ends before what ranges may. */
static void a_share_of_the_budget_is_for_ranges(void **state)
{
	struct kdc_tree *t;
	struct one o;

	(void)state;
	one_init(&o, 64, KDC_SECOND_STAGE, 3);
	for (unsigned i = 0; i < 20; i++)
		one_map(&o, 1, i * 2 * MIB, 0x5000, 1);
	o.f.kdc.limits.max_pages = 30;
	o.f.kdc.limits.copy_pages = 10;
	t = one_refused(&o, -ENOSPC, "memory budget");
	assert_int_equal(t->nr_ranges, 20);
	one_free(&o);
}

/* Too many ranges are joined at the smallest gaps, and where 32-bit devices live last. */
static void low_iovas_are_joined_last(void **state)
{
	struct kdc_tree *t;
	u64 low = 0;
	struct one o;

	(void)state;
	one_init(&o, 64, KDC_SECOND_STAGE, 3);
	/* Gaps of one page below 4 GiB, of four pages above. */
	for (unsigned i = 0; i < 50; i++)
		one_map(&o, 1, GIB + i * 0x2000, 0x5000, 1);
	for (unsigned i = 0; i < 150; i++)
		one_map(&o, 1, 5 * GIB + i * 0x5000, 0x5000, 1);
	o.f.kdc.limits.max_ranges = 120;
	t = one_get(&o, false);
	assert_int_equal(t->error, 0);
	assert_in_range(t->nr_ranges, 60, 120);
	for (u32 i = 0; i < t->nr_ranges; i++)
		low += t->ranges[i].first < (4 * GIB >> 12);
	assert_int_equal(low, 50);
	one_free(&o);
}

/* However wide: a gap above 4 GiB goes before the narrowest below. */
static void a_wide_gap_goes_before_a_low_one(void **state)
{
	static const struct kdc_range ranges[] = {
		{ 0x100, 0x100 },
		{ 0x102, 0x102 },
		{ 0x200000, 0x200000 },
		{ UINT64_C(1) << 40, UINT64_C(1) << 40 },
	};
	struct kdc_joining j;
	bool joined[3];

	(void)state;
	kdc_join_plan(ranges, 4, 1, &j);
	for (unsigned i = 0; i < 3; i++)
		joined[i] = kdc_joins(&j, ranges[i].last, ranges[i + 1].first);
	assert_false(joined[0]);
	assert_false(joined[1]);
	assert_true(joined[2]);
}

/* A.7: RAM that is mapped to itself is pass-through by other means; a reserved region of firmware is not. */
static void identity_is_recognised(void **state)
{
	struct one o;

	(void)state;
	one_init(&o, 32, KDC_SECOND_STAGE, 4);
	o.f.kdc.limits.ram_pages = 2 * GIB >> 12;
	one_map(&o, 1, 0x1000, 0x1000, 16);
	assert_false(one_get(&o, false)->identity);
	fake_again(&o.f);
	one_map(&o, 3, GIB, GIB, 1);
	assert_true(one_get(&o, false)->identity);
	fake_again(&o.f);
	assert_true(one_get(&o, true)->identity);
	/* One page that leads elsewhere, or may not be written. */
	fake_again(&o.f);
	*one_entry(&o, 1, 0x3000) = 0x8000 | 3;
	assert_false(one_get(&o, false)->identity);
	fake_again(&o.f);
	*one_entry(&o, 1, 0x3000) = 0x3000 | 1;
	assert_false(one_get(&o, true)->identity);
	fake_again(&o.f);
	*one_entry(&o, 1, 0x3000) = 0x3000 | 3;
	*one_entry(&o, 3, GIB) += GIB;
	assert_false(one_get(&o, false)->identity);
	one_free(&o);
}

/* A.14: that devices were made to snoop is told, of leaves of every size. */
static void snooping_is_told(void **state)
{
	struct one o;

	(void)state;
	one_init(&o, 32, KDC_SECOND_STAGE, 4);
	one_map(&o, 1, 0x1000, 0x5000, 2);
	one_map(&o, 2, 2 * MIB, 2 * MIB, 1);
	assert_false(one_get(&o, true)->snoop);
	fake_again(&o.f);
	*one_entry(&o, 1, 0x2000) |= BIT_ULL(11);
	assert_true(one_get(&o, true)->snoop);
	fake_again(&o.f);
	*one_entry(&o, 1, 0x2000) &= ~BIT_ULL(11);
	*one_entry(&o, 2, 2 * MIB) |= BIT_ULL(11);
	assert_true(one_get(&o, false)->snoop);
	one_free(&o);
}

static unsigned relaxed;

static void relax(void *ctx)
{
	(void)ctx;
	relaxed++;
}

/* A.18: others get to run while many tables are read. */
static void others_get_to_run(void **state)
{
	struct one o;

	(void)state;
	one_init(&o, 16, KDC_SECOND_STAGE, 4);
	o.f.ops.relax = relax;
	uint64_t table = tables_alloc(&o.f.ram, 1);
	for (unsigned i = 0; i < 512; i++)
		*tables_word(&o.f.ram, o.root, i) = table | 3;
	one_get(&o, false);
	assert_in_range(relaxed, 2, 3);
	one_free(&o);
}

/* Two devices on one tree: the copy stays until neither goes by it, and what was found stays longer. */
static void a_copy_goes_with_its_last_device(void **state)
{
	struct kdc_tree *t;
	struct one o;
	size_t pages;

	(void)state;
	one_init(&o, 16, KDC_SECOND_STAGE, 3);
	one_map(&o, 1, 0x5000, 0x8000, 4);
	t = one_copied(&o);
	assert_ptr_equal(one_get(&o, true), t);
	pages = o.f.live_pages;
	kdc_tree_unused(&o.f.kdc, t);
	assert_int_equal(o.f.live_pages, pages);
	assert_true(t->new_root);
	kdc_tree_unused(&o.f.kdc, t);
	assert_int_equal(o.f.live_pages, 0);
	assert_int_equal(t->new_root, 0);
	assert_int_equal(t->nr_ranges, 1);
	one_free(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_iova_above_the_units_width_is_bad),
		cmocka_unit_test(a_first_stage_has_no_such_width),
		cmocka_unit_test(leaves_into_own_memory_are_left_out),
		cmocka_unit_test(a_large_superpage_is_split),
		cmocka_unit_test(without_a_copy_own_leaves_only_show_in_the_ranges),
		cmocka_unit_test(one_tree_cannot_use_up_the_visits_of_another),
		cmocka_unit_test(what_cannot_be_seen_is_unread),
		cmocka_unit_test(what_was_not_read_counts_on_every_level),
		cmocka_unit_test(a_share_of_the_budget_is_for_ranges),
		cmocka_unit_test(low_iovas_are_joined_last),
		cmocka_unit_test(a_wide_gap_goes_before_a_low_one),
		cmocka_unit_test(identity_is_recognised),
		cmocka_unit_test(snooping_is_told),
		cmocka_unit_test(others_get_to_run),
		cmocka_unit_test(a_copy_goes_with_its_last_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
