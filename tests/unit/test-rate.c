/* SPDX-License-Identifier: GPL-2.0-only */
/* Rates: a second has 10^9 nanoseconds, whatever is divided by what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "base/stats.h"

static void rate_is(uint64_t ns, uint64_t count, double each, double per_second)
{
	struct rate r;

	assert_true(rate_of(ns, count, &r));
	if (fabs(r.ns_each - each) > each * 1e-12)
		fail_msg("%g ns each instead of %g", r.ns_each, each);
	if (fabs(r.per_second - per_second) > per_second * 1e-12)
		fail_msg("%g a second instead of %g", r.per_second, per_second);
	/* the two are one fact */
	assert_true(fabs(r.ns_each * r.per_second - 1e9) < 1);
}

/*
 * The way to get it wrong: seconds plus nanoseconds / 10^8. It is right for whole seconds, so a test with those
 * alone sees nothing; 1.5 s would be 1 + 5 = 6 s, and the rate a quarter of what it is.
 */
static void test_parts_of_a_second(void **state)
{
	(void)state;
	rate_is(1000000000, 1000, 1e6, 1000);
	rate_is(2000000000, 1000, 2e6, 500);
	rate_is(1500000000, 3000, 5e5, 2000);
	rate_is(500000000, 1000, 5e5, 2000);
	rate_is(900000000, 9, 1e8, 10);
	rate_is(41413407, 4096, 41413407.0 / 4096, 4096 / 0.041413407);
	rate_is(1, 1, 1, 1e9);
}

static void test_large(void **state)
{
	(void)state;
	/* neither product fits in 64 bits */
	rate_is(UINT64_C(86400) * 1000000000, UINT64_C(1) << 40, 86400e9 / 1099511627776.0, 1099511627776.0 / 86400);
	rate_is(UINT64_MAX, UINT64_MAX, 1, 1e9);
}

static void test_no_rate(void **state)
{
	struct rate r = { 1, 1 };

	(void)state;
	assert_false(rate_of(0, 5, &r));
	assert_true(r.ns_each == 0 && r.per_second == 0);
	assert_false(rate_of(5, 0, &r));
	assert_false(rate_of(0, 0, &r));
}

static void test_median(void **state)
{
	uint64_t odd[] = { 9, 1, 5 }, even[] = { 8, 2, 4, 1 }, one[] = { 7 };
	uint64_t large[] = { UINT64_MAX, UINT64_MAX - 2 };

	(void)state;
	assert_int_equal(stats_median_u64(odd, 3), 5);
	assert_int_equal(odd[0], 1);
	assert_int_equal(odd[2], 9);
	assert_int_equal(stats_median_u64(even, 4), 3);
	assert_int_equal(stats_median_u64(one, 1), 7);
	assert_true(stats_median_u64(large, 2) == UINT64_MAX - 1);
	assert_int_equal(stats_median_u64(one, 0), 0);
}

static void test_apart(void **state)
{
	(void)state;
	assert_true(fabs(rate_apart(1000, 1002) - 0.002) < 1e-12);
	assert_true(fabs(rate_apart(1000, 500) + 0.5) < 1e-12);
	assert_true(rate_apart(0, 0) == 0);
	assert_true(rate_apart(7, 7) == 0);
	assert_true(isinf(rate_apart(0, 1)));
	/* unsigned: no wrap below zero */
	assert_true(fabs(rate_apart(UINT64_MAX, 0) + 1) < 1e-9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts_of_a_second),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_no_rate),
		cmocka_unit_test(test_median),
		cmocka_unit_test(test_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
