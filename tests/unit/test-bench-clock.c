/* SPDX-License-Identifier: GPL-2.0-only */
/* kvmperf's clock in L1, held against QEMU's count of instructions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench/bench-priv.h"

#define MEG UINT64_C(1000000)

/* What the tests took by L1's clock and by QEMU's count, in millions; a test that was not seen has a count of 0. */
static struct bench_clock compare(const uint64_t *ns, const uint64_t *instructions, unsigned n)
{
	struct bench_test tests[8] = { 0 };
	g_autoptr(GPtrArray) list = g_ptr_array_new();
	g_autoptr(GArray) spans = g_array_new(FALSE, TRUE, sizeof(struct bench_span));
	struct bench_doc doc = { .tests = list };

	for (unsigned i = 0; i < n; i++) {
		struct bench_span s = { .begin = 7, .end = instructions[i] ? 7 + instructions[i] * MEG : 0 };

		tests[i].elapsed_ns = ns[i] * MEG;
		g_ptr_array_add(list, &tests[i]);
		g_array_append_val(spans, s);
	}
	return bench_clock_compare(&doc, spans);
}

#define COMPARE(ns, instructions) \
	compare((const uint64_t[])ns, (const uint64_t[])instructions, G_N_ELEMENTS(((const uint64_t[])ns)))
#define LIST(...)           \
	{                   \
		__VA_ARGS__ \
	}

static void test_right(void **state)
{
	/* idle for 190 ms each */
	struct bench_clock c = COMPARE(LIST(290, 390, 590, 400), LIST(100, 200, 400, 210));

	(void)state;
	assert_int_equal(c.state, BENCH_CLOCK_RIGHT);
	assert_int_equal(c.pairs, 5);
	assert_true(c.ratio > 0.99 && c.ratio < 1.01);
	/* the host was late for one of them, much too late: at its end, or at its begin; or one sleeps for long */
	assert_int_equal(COMPARE(LIST(100, 200, 300, 400, 500), LIST(100, 200, 9000, 400, 500)).state,
			 BENCH_CLOCK_RIGHT);
	assert_int_equal(COMPARE(LIST(100, 200, 9000, 400, 500), LIST(100, 200, 300, 400, 500)).state,
			 BENCH_CLOCK_RIGHT);
}

static void test_wrong(void **state)
{
	struct bench_clock c = COMPARE(LIST(145, 195, 295), LIST(100, 200, 400));

	(void)state;
	assert_int_equal(c.state, BENCH_CLOCK_WRONG);
	assert_true(c.ratio > 0.49 && c.ratio < 0.51);
	assert_int_equal(COMPARE(LIST(1900, 2900, 4900), LIST(100, 200, 400)).state, BENCH_CLOCK_WRONG);
	assert_int_equal(COMPARE(LIST(19, 29, 49), LIST(100, 200, 400)).state, BENCH_CLOCK_WRONG);
	/* stands still */
	assert_int_equal(COMPARE(LIST(100, 100, 100), LIST(100, 200, 400)).state, BENCH_CLOCK_WRONG);
}

static void test_untold(void **state)
{
	(void)state;
	/* one pair is no median, and these are wrong: nothing is said */
	assert_int_equal(COMPARE(LIST(10, 20), LIST(100, 200)).state, BENCH_CLOCK_UNTOLD);
	/* too close to each other, not seen, without a time of the guest's */
	assert_int_equal(COMPARE(LIST(10, 20, 30), LIST(100, 120, 149)).state, BENCH_CLOCK_UNTOLD);
	assert_int_equal(COMPARE(LIST(10, 20, 30), LIST(100, 200, 0)).state, BENCH_CLOCK_UNTOLD);
	assert_int_equal(COMPARE(LIST(10, 20, 0), LIST(100, 200, 300)).state, BENCH_CLOCK_UNTOLD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_right),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_untold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
