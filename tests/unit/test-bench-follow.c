/* SPDX-License-Identifier: GPL-2.0-only */
/* The lines by which kvmperf says how far it is, as they come over a guest's console. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench/bench-priv.h"

static void good(const char *line, unsigned want_n, unsigned want_of, const char *want_text)
{
	const char *text = NULL;
	unsigned n = 0, of = 0;

	if (!bench_progress_parse(line, &n, &of, &text))
		fail_msg("refused: %s", line);
	assert_int_equal(n, want_n);
	assert_int_equal(of, want_of);
	assert_string_equal(text, want_text);
}

static void bad(const char *line)
{
	const char *text;
	unsigned n, of;

	if (bench_progress_parse(line, &n, &of, &text))
		fail_msg("taken: %s", line);
}

static void test_good(void **state)
{
	(void)state;
	good("kvmperf: 3 of 48: demand-paging --vcpus 4", 3, 48, "demand-paging --vcpus 4");
	good("[   12.345678] kvmperf: 48 of 48: pass", 48, 48, "pass");
	good("[    8.1] kvmperf: 1 of 1: a: b of c", 1, 1, "a: b of c");
}

static void test_bad(void **state)
{
	(void)state;
	bad("");
	bad("kvmperf");
	bad("kvmperf: holding 268435456 bytes at IOVA 0 of 0000:00:05.0");
	bad("kvmperf: 3 of 48:");
	bad("kvmperf: 3 of 48: ");
	bad("kvmperf: 3 of : x");
	bad("kvmperf: 3 von 48: x");
	bad("kvmperf: -3 of 48: x");
	bad("kvmperf: 3 of -48: x");
	/* the host counts by these */
	bad("kvmperf: 0 of 48: x");
	bad("kvmperf: 49 of 48: x");
	bad("kvmperf: 1 of 10001: x");
	bad("kvmperf: 1 of 99999999999999999999999: x");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
