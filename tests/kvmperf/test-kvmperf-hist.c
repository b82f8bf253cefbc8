/* SPDX-License-Identifier: GPL-2.0-only */
/* The histogram's layout is a promise to whoever reads the documents. */
#include "kvmperf/hist.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void buckets_cover_everything_once(void **state)
{
	uint64_t next = 0;

	(void)state;
	for (unsigned int i = 0; i < HIST_BUCKETS; i++) {
		assert_int_equal(hist_low(i), next);
		assert_true(hist_high(i) >= hist_low(i));
		assert_int_equal(hist_bucket(hist_low(i)), i);
		assert_int_equal(hist_bucket(hist_high(i)), i);
		next = hist_high(i) + 1;
	}
	assert_int_equal(next, 0); /* the last one ends at 2^64 - 1 */
}

static void documented_values(void **state)
{
	(void)state;
	assert_int_equal(hist_bucket(0), 0);
	assert_int_equal(hist_bucket(63), 63);
	assert_int_equal(hist_bucket(64), 64);
	assert_int_equal(hist_bucket(65), 64);
	assert_int_equal(hist_bucket(66), 65);
	assert_int_equal(hist_bucket(127), 95);
	assert_int_equal(hist_bucket(128), 96);
	assert_int_equal(hist_bucket(UINT64_MAX), HIST_BUCKETS - 1);
}

static void no_bucket_is_wider_than_a_32nd(void **state)
{
	(void)state;
	for (unsigned int i = HIST_LINEAR; i < HIST_BUCKETS; i++)
		assert_true(hist_high(i) - hist_low(i) + 1 <= hist_low(i) / 32);
}

static void exact_where_linear(void **state)
{
	static struct hist h;

	(void)state;
	hist_init(&h);
	for (uint64_t v = 1; v <= 60; v++)
		hist_add(&h, v);
	assert_int_equal(h.count, 60);
	assert_int_equal(h.sum, 60 * 61 / 2);
	assert_int_equal(h.min, 1);
	assert_int_equal(h.max, 60);
	assert_int_equal(hist_quantile(&h, 500), 30);
	assert_int_equal(hist_quantile(&h, 900), 54);
	assert_int_equal(hist_quantile(&h, 990), 60);
	assert_int_equal(hist_quantile(&h, 1000), 60);
	assert_int_equal(hist_quantile(&h, 0), 1);
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Against sorting: never off by more than a bucket's width. */
static void close_to_the_sorted_truth(void **state)
{
	enum { N = 20000 };
	static const unsigned int permilles[] = { 1, 10, 500, 900, 990, 999, 1000 };
	static uint64_t v[N];
	static struct hist h;
	uint64_t x = 88172645463325252ULL;

	(void)state;
	hist_init(&h);
	for (size_t i = 0; i < N; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		v[i] = x >> (20 + x % 40);
		hist_add(&h, v[i]);
	}
	qsort(v, N, sizeof(*v), by_value);
	for (size_t i = 0; i < sizeof(permilles) / sizeof(permilles[0]); i++) {
		uint64_t truth = v[((uint64_t)N * permilles[i] + 999) / 1000 - 1], have;

		have = hist_quantile(&h, permilles[i]);
		assert_int_equal(hist_bucket(have), hist_bucket(truth));
	}
	assert_int_equal(h.min, v[0]);
	assert_int_equal(h.max, v[N - 1]);
}

static void one_value_is_all_quantiles(void **state)
{
	static struct hist h;

	(void)state;
	hist_init(&h);
	assert_int_equal(hist_quantile(&h, 500), 0); /* of nothing */
	hist_add(&h, 1000003);
	for (unsigned int p = 0; p <= 1000; p += 10)
		assert_int_equal(hist_quantile(&h, p), 1000003);
}

static void merged_is_added(void **state)
{
	static struct hist a, b, both;

	(void)state;
	hist_init(&a);
	hist_init(&b);
	hist_init(&both);
	for (uint64_t v = 1; v < 5000; v += 3) {
		hist_add(v % 2 ? &a : &b, v * v);
		hist_add(&both, v * v);
	}
	hist_merge(&a, &b);
	assert_memory_equal(&a, &both, sizeof(a));
	hist_init(&b);
	hist_merge(&a, &b);
	assert_memory_equal(&a, &both, sizeof(a));
}

static void exact_median(void **state)
{
	uint64_t odd[] = { 9, 1, 5 }, even[] = { UINT64_MAX, 1, 3, UINT64_MAX - 3 }, one[] = { 7 };

	(void)state;
	assert_int_equal(median_of(odd, 3), 5);
	assert_int_equal(odd[0], 1);
	assert_int_equal(median_of(even, 4), 3 + (UINT64_MAX - 6) / 2);
	assert_int_equal(median_of(one, 1), 7);
	assert_int_equal(median_of(one, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buckets_cover_everything_once),
		cmocka_unit_test(documented_values),
		cmocka_unit_test(no_bucket_is_wider_than_a_32nd),
		cmocka_unit_test(exact_where_linear),
		cmocka_unit_test(close_to_the_sorted_truth),
		cmocka_unit_test(one_value_is_all_quantiles),
		cmocka_unit_test(merged_is_added),
		cmocka_unit_test(exact_median),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
