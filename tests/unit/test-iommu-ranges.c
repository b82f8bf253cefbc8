/* SPDX-License-Identifier: GPL-2.0-only */
/* Range sets against small cases and against a bitmap model with random operations. */
#include <errno.h>
#include <string.h>

#include "vtd-test.h"
#include "iommu/ranges.h"

static void check(const struct iommu_ranges *r, size_t n, const struct iommu_range *want)
{
	assert_int_equal(r->n, n);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(r->v[i].start, want[i].start);
		assert_int_equal(r->v[i].last, want[i].last);
	}
}

static void cut(struct iommu_ranges *set, uint64_t start, uint64_t last)
{
	struct iommu_range range = { start, last };
	struct iommu_ranges gone = { &range, 1, 1 }, rest = { 0 };

	assert_int_equal(iommu_ranges_subtract(set, &gone, &rest), 0);
	iommu_ranges_clear(set);
	*set = rest;
}

static void adding_merges_neighbours(void **state)
{
	struct iommu_ranges r = { 0 };

	(void)state;
	assert_int_equal(iommu_ranges_add(&r, 10, 19), 0);
	assert_int_equal(iommu_ranges_add(&r, 30, 39), 0);
	check(&r, 2, (struct iommu_range[]){ { 10, 19 }, { 30, 39 } });
	assert_int_equal(iommu_ranges_add(&r, 20, 29), 0);
	check(&r, 1, (struct iommu_range[]){ { 10, 39 } });
	assert_int_equal(iommu_ranges_add(&r, 0, 8), 0);
	check(&r, 2, (struct iommu_range[]){ { 0, 8 }, { 10, 39 } });
	assert_int_equal(iommu_ranges_add(&r, 9, 9), 0);
	check(&r, 1, (struct iommu_range[]){ { 0, 39 } });
	assert_int_equal(iommu_ranges_add(&r, 5, 4), -EINVAL);
	iommu_ranges_clear(&r);
}

static void the_ends_of_the_space(void **state)
{
	struct iommu_ranges r = { 0 };

	(void)state;
	assert_int_equal(iommu_ranges_add(&r, UINT64_MAX, UINT64_MAX), 0);
	assert_int_equal(iommu_ranges_add(&r, 0, 0), 0);
	check(&r, 2, (struct iommu_range[]){ { 0, 0 }, { UINT64_MAX, UINT64_MAX } });
	assert_int_equal(iommu_ranges_add(&r, 1, UINT64_MAX - 1), 0);
	check(&r, 1, (struct iommu_range[]){ { 0, UINT64_MAX } });
	assert_int_equal(iommu_ranges_pages(&r), UINT64_C(1) << 52);
	cut(&r, 0, 0);
	cut(&r, UINT64_MAX, UINT64_MAX);
	check(&r, 1, (struct iommu_range[]){ { 1, UINT64_MAX - 1 } });
	cut(&r, 0, UINT64_MAX);
	check(&r, 0, NULL);
	iommu_ranges_clear(&r);
}

static void removing_splits(void **state)
{
	struct iommu_ranges r = { 0 };

	(void)state;
	iommu_ranges_add(&r, 0x1000, 0x8fff);
	cut(&r, 0x3000, 0x3fff);
	check(&r, 2, (struct iommu_range[]){ { 0x1000, 0x2fff }, { 0x4000, 0x8fff } });
	assert_int_equal(iommu_ranges_pages(&r), 7);
	iommu_ranges_clear(&r);
}

static void pages_touched_count_once(void **state)
{
	struct iommu_ranges r = { 0 };

	(void)state;
	iommu_ranges_add(&r, 0x1000, 0x10ff);
	iommu_ranges_add(&r, 0x1200, 0x2000);
	assert_int_equal(iommu_ranges_pages(&r), 2);
	iommu_ranges_clear(&r);
}

static void pages_between_two_ends(void **state)
{
	struct iommu_ranges r = { 0 };

	(void)state;
	iommu_ranges_add(&r, 0x1000, 0x3fff);
	iommu_ranges_add(&r, 0x8000, 0x8fff);
	iommu_ranges_add(&r, UINT64_MAX - 0xfff, UINT64_MAX);
	assert_int_equal(iommu_ranges_pages_between(&r, 0, UINT64_MAX), 5);
	assert_int_equal(iommu_ranges_pages_between(&r, 0x2000, 0x2fff), 1);
	assert_int_equal(iommu_ranges_pages_between(&r, 0x2000, 0x8fff), 3);
	assert_int_equal(iommu_ranges_pages_between(&r, 0x4000, 0x7fff), 0);
	assert_int_equal(iommu_ranges_pages_between(&r, 0x3000, 0x2fff), 0);
	iommu_ranges_clear(&r);
	assert_int_equal(iommu_ranges_pages_between(&r, 0, UINT64_MAX), 0);
}

/* 64 addresses as bits of a word: what every operation must agree with. */
static uint64_t model_of(const struct iommu_ranges *r)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < r->n; i++)
		bits |= VTD_MASK(r->v[i].last, r->v[i].start);
	return bits;
}

static void check_canonical(const struct iommu_ranges *r)
{
	for (size_t i = 0; i < r->n; i++) {
		assert_true(r->v[i].start <= r->v[i].last);
		if (i)
			assert_true(r->v[i].start > r->v[i - 1].last + 1);
	}
}

static void random_operations_agree_with_a_bitmap(void **state)
{
	struct iommu_ranges a = { 0 }, b = { 0 }, out = { 0 };
	uint64_t seed = 1, ma = 0, mb = 0;

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		uint64_t x = tables_random(&seed), lo = x & 63, hi = (x >> 8) & 63, mask;

		if (lo > hi) {
			uint64_t swap = lo;

			lo = hi;
			hi = swap;
		}
		mask = VTD_MASK(hi, lo);
		if (x & (1 << 16)) {
			iommu_ranges_add(&a, lo, hi);
			ma |= mask;
		} else {
			cut(&a, lo, hi);
			ma &= ~mask;
		}
		if (x & (1 << 17)) {
			iommu_ranges_add(&b, hi / 2, hi);
			mb |= VTD_MASK(hi, hi / 2);
		} else {
			cut(&b, lo, hi);
			mb &= ~mask;
		}
		check_canonical(&a);
		assert_int_equal(model_of(&a), ma);
		assert_int_equal(iommu_ranges_intersect(&a, &b, &out), 0);
		check_canonical(&out);
		assert_int_equal(model_of(&out), ma & mb);
		assert_int_equal(iommu_ranges_subtract(&a, &b, &out), 0);
		check_canonical(&out);
		assert_int_equal(model_of(&out), ma & ~mb);
	}
	iommu_ranges_clear(&a);
	iommu_ranges_clear(&b);
	iommu_ranges_clear(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adding_merges_neighbours), cmocka_unit_test(the_ends_of_the_space),
		cmocka_unit_test(removing_splits),	    cmocka_unit_test(pages_touched_count_once),
		cmocka_unit_test(pages_between_two_ends),   cmocka_unit_test(random_operations_agree_with_a_bitmap),
	};

	return cmocka_run_group_tests_name("vtd-ranges", tests, NULL, NULL);
}
