/* SPDX-License-Identifier: GPL-2.0-only */
/* The check `no-splat`. */
#include "evidence-fixture.h"

#define SPLAT "no-splat"
#define LINE "WARNING: CPU: 0 PID: 1 at drivers/iommu/iommu.c:2246 iommu_get_domain_for_dev+0x46/0x60"

/* Both kernels are the lab's, and the console has all of what they say. */
static void of_lab(struct good_run *f)
{
	g_free(f->ev->first_release);
	g_free(f->ev->crash_release);
	f->ev->first_release = g_strdup("6.12.117-lab-debug");
	f->ev->crash_release = g_strdup("6.12.117-lab-debug");
	f->ev->first_said = 400;
	f->ev->crash_said = 500;
}

static void complain(struct good_run *f, enum evidence_kernel kernel, const char *line, bool starved)
{
	const struct evidence_splat splat = { .kernel = kernel, .starved = starved, .line = g_strdup(line) };

	g_array_append_val(f->ev->splats, splat);
}

/* The words of the verdict have @words, and the outcome is preserved all the same. */
static void only_told(struct good_run *f, const char *words)
{
	struct verdict *v = good_verdict(f);

	if (!strstr(v->words, words))
		fail_msg("no '%s' in: %s", words, v->words);
	assert_int_equal(v->outcome, OUTCOME_PRESERVED);
	assert_int_equal(v->exit, 0);
	verdict_free(v);
}

static void others_are_told(void **state)
{
	struct good_run *f = *state;

	want(f, SPLAT, CHECK_SKIP, "neither kernel", NULL);
	complain(f, EVIDENCE_CRASH, LINE, false);
	want(f, SPLAT, CHECK_SKIP, "neither kernel", NULL);
	only_told(f, "Told beside it, by the crash kernel: \"" LINE "\".");
}

static void nothing_said(void **state)
{
	struct good_run *f = *state;

	of_lab(f);
	want(f, SPLAT, CHECK_PASS, "400 lines of the first kernel, 500 lines of the crash kernel: no warning", NULL);
	want_outcome(f, "preserved", 0);
}

static void either_fails(void **state)
{
	struct good_run *f = *state;

	of_lab(f);
	complain(f, EVIDENCE_CRASH, LINE, false);
	want(f, SPLAT, CHECK_FAIL, "the crash kernel: \"" LINE "\"", NULL);
	want_outcome(f, "kernel-splat", 1);
	complain(f, EVIDENCE_FIRST, "UBSAN: shift-out-of-bounds in a.c:3:1", false);
	want(f, SPLAT, CHECK_FAIL, "the first kernel: \"UBSAN", "; the crash kernel: \"WARNING", NULL);
	for (int i = 0; i < 4; i++)
		complain(f, EVIDENCE_FIRST, "BUG: no use", false);
	want(f, SPLAT, CHECK_FAIL, "\"UBSAN", "\", \"BUG: no use\", \"BUG: no use\" and 2 more in console.log", NULL);
}

/* Only what was looked for is said to be absent; what was found is a failure, with a line on the console or without. */
static void leaks(void **state)
{
	struct good_run *f = *state;

	of_lab(f);
	want(f, SPLAT, CHECK_PASS, "sanitizer report", NULL);
	want_not(f, "leak");
	f->ev->leaks_failure = g_strdup("/sys/kernel/debug/kmemleak: Operation not permitted");
	want(f, SPLAT, CHECK_PASS, "leaks were not looked for: /sys/kernel/debug/kmemleak: Operation not permitted",
	     NULL);
	want_not(f, "no leak");
	f->ev->leak_scans = 2;
	want(f, SPLAT, CHECK_PASS, "and no leak in 2 scans of the crash kernel's memory", NULL);
	f->ev->leaks = 3;
	want(f, SPLAT, CHECK_FAIL, "kmemleak of the crash kernel: 3 lost objects", NULL);
	want_outcome(f, "kernel-splat", 1);
	complain(f, EVIDENCE_CRASH, "kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)", false);
	want(f, SPLAT, CHECK_FAIL, "3 new suspected memory leaks", "; kmemleak of the crash kernel: 3 lost objects",
	     NULL);
}

/* The lab's is judged, the other one's is told. */
static void one_of_lab(void **state)
{
	struct good_run *f = *state;

	of_lab(f);
	g_free(f->ev->first_release);
	f->ev->first_release = g_strdup("6.1.0-56-amd64");
	f->ev->first_said = 0;
	complain(f, EVIDENCE_FIRST, LINE, false);
	want(f, SPLAT, CHECK_PASS, "500 lines of the crash kernel", NULL);
	only_told(f, "by the first kernel: \"WARNING");
	complain(f, EVIDENCE_CRASH, "BUG: sleeping function called from invalid context at mm/a.c:1", false);
	want(f, SPLAT, CHECK_FAIL, "sleeping function", NULL);
	want_not(f, "WARNING");
}

/* A verdict must not depend on how busy the host is. */
static void starved(void **state)
{
	struct good_run *f = *state;

	of_lab(f);
	complain(f, EVIDENCE_CRASH, "watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [swapper/0:1]", true);
	want(f, SPLAT, CHECK_PASS, "500 lines", NULL);
	only_told(f, "by the crash kernel: \"watchdog: BUG: soft lockup");
}

static void not_shown(void **state)
{
	struct good_run *f = *state;

	of_lab(f);
	f->ev->crash_said = 0;
	want(f, SPLAT, CHECK_NO_EVIDENCE, "first lines of the crash kernel", "quiet", NULL);
	want_not(f, "first kernel");
	complain(f, EVIDENCE_CRASH, LINE, false);
	want(f, SPLAT, CHECK_FAIL, "WARNING", NULL);
}

static void never_began(void **state)
{
	struct good_run *f = *state;

	of_lab(f);
	f->ev->jump_ns = f->ev->crash_hello_ns = 0;
	f->ev->crash_said = 0;
	want(f, SPLAT, CHECK_PASS, "400 lines of the first kernel", NULL);
	want_not(f, "crash kernel");
	g_free(f->ev->first_release);
	f->ev->first_release = NULL;
	want(f, SPLAT, CHECK_NO_EVIDENCE, "never began", NULL);
}

int checks_splat_tests(void)
{
	const struct CMUnitTest tests[] = {
		LEGACY(others_are_told), LEGACY(nothing_said), LEGACY(either_fails), LEGACY(one_of_lab),
		LEGACY(leaks),		 LEGACY(starved),      LEGACY(not_shown),    LEGACY(never_began),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
