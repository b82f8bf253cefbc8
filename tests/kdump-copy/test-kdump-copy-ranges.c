// SPDX-License-Identifier: GPL-2.0-only
/* The ranges of a tree: merged, inclusive, and joined where there are too many. */
#include "kdump-test.h"

/* Page sizes, permissions and attributes change, the IOVA goes on: one range. */
static void only_gaps_split(void **state)
{
	struct kdc_tree *t;
	struct one o;

	(void)state;
	one_init(&o, 64, KDC_SECOND_STAGE, 3);
	one_map(&o, 1, 2 * MIB - 0x3000, 0x100000, 3);
	one_map(&o, 2, 2 * MIB, 0x40000000, 3);
	one_map(&o, 1, 8 * MIB, 0x700000, 2);
	*one_entry(&o, 1, 2 * MIB - 0x2000) = 0x9000 | VTD_SL_R | VTD_SL_SNP | 0x700;
	*one_entry(&o, 1, 8 * MIB + 0x1000) = 0x8000 | VTD_SL_W;
	t = one_copied(&o);
	assert_int_equal(t->nr_ranges, 1);
	check_range(t, 0, 0x200 - 3, 0x801);
	assert_int_equal(t->leaves_4k, 5);
	assert_int_equal(t->leaves_2m, 3);
	assert_int_equal(t->leaves_1g, 0);
	assert_int_equal(t->over_pages, 0);
	one_free(&o);
}

static void edges(void **state)
{
	static const struct {
		enum kdc_format format;
		unsigned levels;
	} kinds[] = { { KDC_SECOND_STAGE, 2 }, { KDC_SECOND_STAGE, 3 }, { KDC_SECOND_STAGE, 4 },
		      { KDC_SECOND_STAGE, 5 }, { KDC_FIRST_STAGE, 4 },	{ KDC_FIRST_STAGE, 5 } };

	(void)state;
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		unsigned levels = kinds[k].levels, width = 9 * levels;
		uint64_t top = (UINT64_C(1) << width) - 1, half = UINT64_C(1) << (width - 1);
		bool first = kinds[k].format == KDC_FIRST_STAGE;
		uint64_t sign = first ? ((UINT64_C(1) << 52) - 1) & ~top : 0;
		struct kdc_tree *t;
		struct one o;

		one_init(&o, 64, kinds[k].format, levels);
		one_map(&o, 1, 0, 0x5000, 1);
		one_map(&o, 1, (half - 1) << 12, 0x6000, 1);
		one_map(&o, 1, half << 12, 0x7000, 1);
		one_map(&o, 1, top << 12, 0x8000, 1);
		t = one_copied(&o);
		check_range(t, 0, 0, 0);
		if (first) { /* not adjacent: between them is what is not canonical */
			check_range(t, 1, half - 1, half - 1);
			check_range(t, 2, half | sign, half | sign);
		} else {
			check_range(t, 1, half - 1, half);
		}
		check_range(t, t->nr_ranges - 1, top | sign, top | sign);
		assert_int_equal(t->nr_ranges, first ? 4 : 3);
		one_free(&o);
	}
}

static void an_empty_tree_is_copied_too(void **state)
{
	struct kdc_tree *t;
	struct one o;

	(void)state;
	one_init(&o, 8, KDC_SECOND_STAGE, 4);
	t = one_copied(&o);
	assert_int_equal(t->nr_ranges, 0);
	assert_null(t->ranges);
	assert_int_equal(t->tables, 1);
	one_free(&o);
}

/* Whatever the pattern within a leaf table, and whatever came before it. */
static void patterns_of_leaf_tables(void **state)
{
	uint64_t seed = 3;

	(void)state;
	for (unsigned round = 0; round < 60; round++) {
		struct one o;

		one_init(&o, 24, KDC_SECOND_STAGE, 3);
		for (unsigned table = 0; table < 8; table++) {
			unsigned kind = (unsigned)(tables_random(&seed) % 6);

			for (unsigned i = 0; i < 512; i++) {
				uint64_t x = tables_random(&seed);
				bool map = kind == 0 || (kind == 1 && i % 2) || (kind == 2 && !(i % 2)) ||
					   (kind == 3 && x % 2) || (kind == 4 && i > 500) || (kind == 5 && i < 9);

				if (map)
					one_map(&o, 1, table * 2 * MIB + i * 0x1000, x & 0x3ffffff000, 1);
			}
		}
		one_copied(&o);
		one_free(&o);
	}
}

/* Enough for the array to grow by each of its steps. */
static void very_many_ranges(void **state)
{
	struct kdc_tree *t;
	struct one o;

	(void)state;
	one_init(&o, 600, KDC_SECOND_STAGE, 3);
	for (size_t i = 0; i < 140000; i++)
		one_map(&o, 1, i * 0x2000, 0x5000, 1);
	t = one_copied(&o);
	assert_int_equal(t->nr_ranges, 140000);
	assert_int_equal(t->over_pages, 0);
	one_free(&o);
}

/* 3 * 256 ranges in three tables, gaps of 1, 3 and 7 pages. */
static void make_gaps(struct one *o)
{
	one_init(o, 64, KDC_SECOND_STAGE, 3);
	for (unsigned i = 0; i < 256; i++)
		one_map(o, 1, i * UINT64_C(0x2000), 0x100000, 1);
	for (unsigned i = 0; i < 256; i++)
		one_map(o, 1, GIB + i * UINT64_C(0x4000), 0x200000, 1);
	for (unsigned i = 0; i < 256; i++)
		one_map(o, 1, 2 * GIB + i * UINT64_C(0x8000), 0x300000, 1);
}

static void too_many_are_joined_and_counted(void **state)
{
	const char *why;

	(void)state;
	for (uint32_t max = 1; max < 800; max += 1 + max / 7) {
		struct kdc_tree *t;
		struct one o;

		make_gaps(&o);
		o.f.kdc.limits.max_ranges = max;
		t = one_get(&o, true);
		assert_int_equal(t->error, 0);
		assert_true(t->nr_ranges <= max && t->nr_ranges >= max / 2);
		assert_int_equal(fake_compare_ranges(&o.f, t, o.root, &why), 0);
		assert_null(why);
		assert_int_equal(t->over_pages == 0, max >= 768);
		one_free(&o);
	}
}

/* A second look, because the copy failed or comes later, begins from nothing. */
static void joined_pages_are_counted_once(void **state)
{
	struct kdc_tree *t;
	const char *why;
	uint64_t over;
	struct one o;

	(void)state;
	make_gaps(&o);
	o.f.kdc.limits.max_ranges = 100;
	t = one_get(&o, false);
	over = t->over_pages;
	assert_true(over > 0);
	assert_ptr_equal(one_get(&o, true), t);
	assert_int_equal(t->error, 0);
	assert_int_equal(t->over_pages, over);
	fake_again(&o.f);
	*one_entry(&o, 1, 2 * GIB + 0x1000) = FAKE_PA_END | 3;
	t = one_get(&o, true);
	assert_int_equal(t->error, -EUCLEAN);
	assert_int_equal(fake_compare_ranges(&o.f, t, o.root, &why), 0);
	one_free(&o);
}

/* The small gaps go first: none of the large ones while there are small ones to close. */
static void small_gaps_are_closed_first(void **state)
{
	struct kdc_tree *t;
	struct one o;

	(void)state;
	make_gaps(&o);
	o.f.kdc.limits.max_ranges = 700;
	t = one_get(&o, false);
	/* One round of 700/4 + 1 joins, all of them in the first table, where a gap is one page. */
	assert_int_equal(t->nr_ranges, 768 - 176);
	assert_int_equal(t->over_pages, 176);
	check_range(t, 0, 0, 352);
	check_range(t, 1, 354, 354);
	one_free(&o);
}

/* An array that cannot grow costs exactness, not safety. */
static void no_memory_to_grow_joins_too(void **state)
{
	const char *why;

	(void)state;
	for (size_t at = 1; at <= 4; at++) {
		struct kdc_tree *t;
		struct one o;

		make_gaps(&o);
		o.f.fail_resize_only = true;
		o.f.fail_all_after = true;
		o.f.fail_at = at;
		t = one_get(&o, false);
		if (at == 1) {
			assert_null(t);
		} else if (at == 2) {
			assert_int_equal(t->error, -ENOMEM);
			assert_string_equal(t->why, "no memory for ranges");
			assert_int_equal(t->nr_ranges, 0);
		} else {
			assert_int_equal(t->error, 0);
			assert_int_equal(fake_compare_ranges(&o.f, t, o.root, &why), 0);
			assert_int_equal(t->over_pages == 0, at > 3);
			/* It is not asked for again and again: once, and for the trimming. */
			assert_true(o.f.allocations <= 4);
		}
		one_free(&o);
	}
}

/* Nor can one that the budget does not allow; the ranges are a part of it. */
static void arrays_are_in_the_budget(void **state)
{
	struct kdc_tree *t;
	const char *why;
	struct one o;

	(void)state;
	make_gaps(&o);
	o.f.kdc.limits.max_pages = 2; /* room for 512 */
	t = one_get(&o, false);
	assert_int_equal(t->error, 0);
	assert_true(t->over_pages > 0);
	assert_true(t->nr_ranges <= 512);
	assert_true(o.f.kdc.used_pages <= 2);
	assert_int_equal(fake_compare_ranges(&o.f, t, o.root, &why), 0);
	fake_again(&o.f);
	o.f.kdc.limits.max_pages = 1;
	t = one_get(&o, false);
	assert_int_equal(t->error, -ENOSPC);
	assert_string_equal(t->why, "memory budget");
	one_free(&o);
}

/* The array does not stay larger than it must. */
static void arrays_are_trimmed(void **state)
{
	struct kdc_tree *t;
	struct one o;

	(void)state;
	one_init(&o, 16, KDC_SECOND_STAGE, 3);
	one_map(&o, 1, 0, 0x5000, 1);
	one_map(&o, 1, 0x5000, 0x5000, 1);
	t = one_get(&o, false);
	assert_int_equal(t->nr_ranges, 2);
	assert_int_equal(t->ranges_size, 2);
	assert_int_equal(o.f.kdc.used_pages, 1);
	assert_int_equal(o.f.live_bytes, sizeof(*t) + 2 * sizeof(struct kdc_range));
	one_free(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_gaps_split),
		cmocka_unit_test(edges),
		cmocka_unit_test(an_empty_tree_is_copied_too),
		cmocka_unit_test(patterns_of_leaf_tables),
		cmocka_unit_test(very_many_ranges),
		cmocka_unit_test(too_many_are_joined_and_counted),
		cmocka_unit_test(joined_pages_are_counted_once),
		cmocka_unit_test(small_gaps_are_closed_first),
		cmocka_unit_test(no_memory_to_grow_joins_too),
		cmocka_unit_test(arrays_are_in_the_budget),
		cmocka_unit_test(arrays_are_trimmed),
	};

	return cmocka_run_group_tests_name("kdump-copy-ranges", tests, NULL, NULL);
}
