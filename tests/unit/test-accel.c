/* SPDX-License-Identifier: GPL-2.0-only */
/* What is kept of a trial of KVM, and for which kernels. */
#include <glib/gstdio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "machine/accel.h"

#define QEMU "/usr/bin/env" /* a file that there is */

static char *cache;

static int make_cache(void **state)
{
	(void)state;
	cache = g_dir_make_tmp("vtdlab-accel-XXXXXX", NULL);
	return cache ? 0 : -1;
}

static int remove_cache(void **state)
{
	g_autofree char *folder = g_build_filename(cache, "accel", NULL);
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *name;

	(void)state;
	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(folder, name, NULL);

		g_unlink(path);
	}
	g_rmdir(folder);
	g_rmdir(cache);
	g_free(cache);
	return 0;
}

static void keep(const struct machine_config *cfg, enum accel_proof proof)
{
	struct accel_result r = { .proof = proof, .reason = g_strdup("because"), .took_s = 2.5 };

	accel_remember(cfg, QEMU, cache, &r);
	accel_result_clear(&r);
}

/* -1: nothing is known. */
static int known(const struct machine_config *cfg, const char *qemu)
{
	struct accel_result r = { 0 };
	int proof = accel_recall(cfg, qemu, cache, &r) ? (int)r.proof : -1;

	if (proof >= 0) {
		assert_true(r.cached);
		assert_string_equal(r.reason, "because");
		assert_true(r.took_s == 2.5);
	}
	accel_result_clear(&r);
	return proof;
}

static const struct machine_config own = { .kernel = "/bin/sh" }, other = { .kernel = "/bin/ls" }, none = { 0 },
				   packaged = { .kernel = "/bin/cat", .kernel_vouched = true };

static void test_proved(void **state)
{
	(void)state;
	assert_int_equal(known(&own, QEMU), -1);
	keep(&own, ACCEL_PROVED);
	assert_int_equal(known(&own, QEMU), ACCEL_PROVED);
	assert_int_equal(known(&other, QEMU), ACCEL_PROVED);
	assert_int_equal(known(&packaged, QEMU), ACCEL_PROVED);
	assert_int_equal(known(&none, QEMU), ACCEL_PROVED);
	/* another QEMU is another question */
	assert_int_equal(known(&own, "/bin/sh"), -1);
}

static void test_refuted(void **state)
{
	(void)state;
	/* it may be this kernel that hangs, wherever it runs */
	keep(&own, ACCEL_REFUTED);
	assert_int_equal(known(&own, QEMU), ACCEL_REFUTED);
	assert_int_equal(known(&other, QEMU), -1);
	assert_int_equal(known(&none, QEMU), -1);
	keep(&packaged, ACCEL_REFUTED);
	assert_int_equal(known(&other, QEMU), ACCEL_REFUTED);
	assert_int_equal(known(&none, QEMU), ACCEL_REFUTED);
}

/* What is proved holds for the kernel, too, that seemed to show otherwise. */
static void test_proved_later(void **state)
{
	(void)state;
	keep(&own, ACCEL_REFUTED);
	keep(&other, ACCEL_PROVED);
	assert_int_equal(known(&own, QEMU), ACCEL_PROVED);
}

static void test_unknown(void **state)
{
	(void)state;
	keep(&packaged, ACCEL_UNKNOWN);
	assert_int_equal(known(&packaged, QEMU), -1);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, make_cache, remove_cache)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_proved),
		TEST(test_refuted),
		TEST(test_proved_later),
		TEST(test_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
