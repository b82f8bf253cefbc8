/* SPDX-License-Identifier: GPL-2.0-only */
/* The first line of /proc/stat, as a guest gives it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench/bench-priv.h"

static void good(const char *text, uint64_t want_busy, uint64_t want_total)
{
	uint64_t busy, total;

	if (!bench_ticks(text, &busy, &total))
		fail_msg("refused: %s", text);
	assert_int_equal(busy, want_busy);
	assert_int_equal(total, want_total);
}

static void bad(const char *text)
{
	uint64_t busy, total;

	if (bench_ticks(text, &busy, &total))
		fail_msg("taken: %s", text);
}

static void test_ticks(void **state)
{
	(void)state;
	good("cpu  1 2 4 100 1000 8 16 32 64 128\ncpu0 9 9 9 9 9 9 9 9 9 9\n", 63, 1163);
	good("cpu  0 0 0 0 0 0 0 0", 0, 0);
	/* idle and waiting is not busy */
	good("cpu  0 0 0 7 8 0 0 0 0 0\n", 0, 15);
}

static void test_bad(void **state)
{
	(void)state;
	bad("");
	bad("\n");
	bad("cpu0 1 2 3 4 5 6 7 8\n");
	bad("cpu  1 2 3 4 5 6 7\n8\n");
	bad("cpu  1 2 3 4 5 6 7 -8\n");
	bad("cpu  1 2 3 x 5 6 7 8\n");
	bad("cpu  1 2 3 99999999999999999999 5 6 7 8\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ticks),
		cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
