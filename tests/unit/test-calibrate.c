/* SPDX-License-Identifier: GPL-2.0-only */
/* The search for the least crashkernel=: exact to a step, both ends twice, nothing made of other failures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "base/error.h"
#include "run/calibrate.h"

struct needs {
	unsigned needs, fails_once_at, fails_first_at, enough_again_at, other_at, guess;
	unsigned asked[256]; /* by MiB / CALIBRATE_STEP */
};

static bool ask(unsigned mib, enum calibrate_answer *answer, void *data, GError **error)
{
	struct needs *k = data;
	unsigned before = k->asked[mib / CALIBRATE_STEP]++;

	(void)error;
	*answer = mib >= k->needs ? CALIBRATE_ENOUGH : CALIBRATE_TOO_LITTLE;
	if (mib == k->fails_once_at && before == 1)
		*answer = CALIBRATE_TOO_LITTLE;
	if (mib == k->fails_first_at && before == 0)
		*answer = CALIBRATE_TOO_LITTLE;
	if (mib == k->enough_again_at && before == 1)
		*answer = CALIBRATE_ENOUGH;
	if (mib == k->other_at)
		*answer = CALIBRATE_OTHER;
	return true;
}

static struct calibration finds(struct needs k, unsigned enough)
{
	struct calibration out;
	GError *error = NULL;

	assert_true(calibrate_search(512, k.guess, ask, &k, &out, &error));
	assert_int_equal(out.enough, enough);
	assert_int_equal(out.too_little, enough - CALIBRATE_STEP);
	assert_true(k.asked[out.enough / CALIBRATE_STEP] >= 2);
	assert_true(k.asked[out.too_little / CALIBRATE_STEP] >= 2);
	assert_true(out.runs <= 16);
	return out;
}

static unsigned up_to_a_step(unsigned mib)
{
	return (mib + CALIBRATE_STEP - 1) / CALIBRATE_STEP * CALIBRATE_STEP;
}

static void exact_to_a_step(void **state)
{
	(void)state;
	for (unsigned needs = CALIBRATE_STEP + 1; needs <= 512; needs++)
		assert_true(finds((struct needs){ .needs = needs }, up_to_a_step(needs)).runs <= 9);
}

/* A right guess costs what counts anyhow; a wrong one no more than the way from it. */
static void a_guess_saves_runs(void **state)
{
	(void)state;
	for (unsigned guess = 1; guess <= 1000; guess += 37)
		for (unsigned needs = CALIBRATE_STEP + 1; needs <= 512; needs++)
			finds((struct needs){ .needs = needs, .guess = guess }, up_to_a_step(needs));
	assert_int_equal(finds((struct needs){ .needs = 100, .guess = 104 }, 104).runs, 4);
	assert_int_equal(finds((struct needs){ .needs = 100, .guess = 96 }, 104).runs, 4);
	assert_true(finds((struct needs){ .needs = 100, .guess = 112 }, 104).runs <= 6);
}

static void what_is_enough_only_once_is_not(void **state)
{
	(void)state;
	finds((struct needs){ .needs = 100, .fails_once_at = 104 }, 112);
	/* one of two is not enough either */
	finds((struct needs){ .needs = 100, .fails_once_at = 104, .fails_first_at = 112 }, 120);
}

static void too_little_only_now_and_then(void **state)
{
	(void)state;
	assert_true(finds((struct needs){ .needs = 100, .enough_again_at = 96 }, 104).now_and_then);
	assert_false(finds((struct needs){ .needs = 100 }, 104).now_and_then);
}

static void nothing_to_find(void **state)
{
	const struct {
		struct needs k;
		const char *words;
	} cases[] = {
		{ { .needs = 600 }, "512 MiB is not enough" },
		{ { .needs = 8 }, "even 8 MiB is enough" },
		{ { .needs = 100, .other_at = 256 }, "says nothing about memory" },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct needs k = cases[i].k;
		g_autoptr(GError) error = NULL;
		struct calibration out;

		assert_false(calibrate_search(512, k.guess, ask, &k, &out, &error));
		if (!strstr(error->message, cases[i].words))
			fail_msg("%s", error->message);
	}
}

static enum calibrate_answer answer_of(const char *outcome, int exit, const char *rig)
{
	g_autofree char *dir = g_dir_make_tmp("vtdlab-calibrate-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "run.json", NULL);
	g_autofree char *text = g_strdup_printf("{\"scenario\":\"kdump\",\"outcome\":\"%s\",\"exit\":%d,\"checks\":["
						"{\"name\":\"rig\",\"result\":\"%s\",\"detail\":\"%s\"}]}",
						outcome, exit, *rig ? "fail" : "pass", rig);
	g_autoptr(GString) why = g_string_new(NULL);
	enum calibrate_answer answer;

	assert_true(g_file_set_contents(path, text, -1, NULL));
	assert_true(calibrate_answer(dir, &answer, why, NULL));
	g_unlink(path);
	g_rmdir(dir);
	return answer;
}

static void what_a_run_says(void **state)
{
	(void)state;
	assert_int_equal(answer_of("preserved", 0, ""), CALIBRATE_ENOUGH);
	assert_int_equal(answer_of("no-iommu", 0, ""), CALIBRATE_ENOUGH);
	assert_int_equal(answer_of("crash-kernel-panic", 1, ""), CALIBRATE_TOO_LITTLE);
	assert_int_equal(answer_of("device-dead", 1, ""), CALIBRATE_TOO_LITTLE);
	assert_int_equal(answer_of("inconclusive", 125, "agent: kexec-load: no room"), CALIBRATE_TOO_LITTLE);
	assert_int_equal(answer_of("inconclusive", 125, "QEMU died"), CALIBRATE_OTHER);
	assert_int_equal(answer_of("copy-wrong", 1, ""), CALIBRATE_OTHER);
	assert_int_equal(answer_of("preserved", 125, ""), CALIBRATE_OTHER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exact_to_a_step),
		cmocka_unit_test(a_guess_saves_runs),
		cmocka_unit_test(what_is_enough_only_once_is_not),
		cmocka_unit_test(too_little_only_now_and_then),
		cmocka_unit_test(nothing_to_find),
		cmocka_unit_test(what_a_run_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
