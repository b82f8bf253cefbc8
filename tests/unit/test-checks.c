/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every check of the verifier, on evidence made by hand: a test in which it fails, one in which it
 * passes, one without evidence, and one in which it is skipped, where it can be. The last group of
 * tests sees to that.
 */
#include "evidence-fixture.h"

/* A good run passes every check that applies, in every mode. */
static void all_pass(void **state)
{
	struct good_run *f = *state;
	struct verdict *verdict = good_verdict(f);

	for (guint i = 0; i < verdict->rows->len; i++) {
		const struct verdict_row *c = verdict->rows->pdata[i];
		/* what passes through can reach all memory */
		bool skip = g_strv_contains(legacy_skips, c->name) ||
			    (f->mode == GOOD_PASS_THROUGH && strcmp(c->name, "dma-outside-crash-memory") == 0);

		if (c->result != (skip ? CHECK_SKIP : CHECK_PASS))
			fail_msg("%s: %s: %s", c->name, check_result_name(c->result), c->detail);
	}
	verdict_free(verdict);
	want_outcome(f, "preserved", 0);
}

static void not_seen(const char *check, const char *result)
{
	fail_msg("no test in which the check %s gives '%s'", check, result);
}

static void every_check_fails_and_passes(void **state)
{
	(void)state;
	for (const struct check *const *list = vtdlab_checks; *list; list++) {
		const struct check *c = *list;

		if (!good_seen(c->name, CHECK_FAIL))
			not_seen(c->name, "fail");
		if (!good_seen(c->name, CHECK_PASS))
			not_seen(c->name, "pass");
	}
}

/* The rig's failure is inconclusive, too: it has no evidence where the first kernel itself gave no sign. */
static void every_check_lacks_evidence(void **state)
{
	(void)state;
	for (const struct check *const *list = vtdlab_checks; *list; list++) {
		const struct check *c = *list;

		bool rig = strcmp(c->name, "rig") == 0;

		if (rig)
			assert_int_equal(c->outcome, OUTCOME_INCONCLUSIVE);
		if (!good_seen(c->name, CHECK_NO_EVIDENCE))
			not_seen(c->name, "no evidence");
	}
}

/* What always applies is never skipped; all the others are skipped in some test. */
static void every_check_is_skipped(void **state)
{
	static const char *const always[] = { "rig", "first-kernel-up", "panic-seen", "crash-kernel-booted", NULL };

	(void)state;
	for (const struct check *const *list = vtdlab_checks; *list; list++) {
		const struct check *c = *list;

		bool never = g_strv_contains(always, c->name);

		if (!never && !good_seen(c->name, CHECK_SKIP))
			not_seen(c->name, "skip");
		if (never)
			assert_int_equal(good_seen(c->name, CHECK_SKIP), 0);
	}
}

static int meta_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_check_fails_and_passes),
		cmocka_unit_test(every_check_lacks_evidence),
		cmocka_unit_test(every_check_is_skipped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

int checks_good_tests(void)
{
	const struct CMUnitTest tests[] = {
		LEGACY(all_pass),
		SCALABLE(all_pass),
		FIRST_LEVEL(all_pass),
		PASS_THROUGH(all_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	int failed = checks_good_tests();
	failed += checks_rig_tests();
	failed += checks_first_tests();
	failed += checks_crash_tests();
	failed += checks_copy_tests();
	failed += checks_scalable_tests();
	failed += checks_leaves_tests();
	failed += checks_faults_tests();
	failed += checks_dma_tests();
	failed += checks_attach_tests();
	failed += checks_retarget_tests();
	failed += checks_work_tests();
	failed += checks_flush_tests();
	failed += checks_flush_attach_tests();
	failed += checks_did_tests();
	failed += checks_ir_tests();
	failed += checks_untaken_tests();
	failed += checks_tables_tests();
	failed += checks_crash_memory_tests();
	failed += checks_reserve_tests();
	failed += checks_oracles_tests();
	failed += checks_alias_tests();
	failed += checks_reboot_tests();
	failed += checks_splat_tests();
	failed += checks_foreign_tests();
	failed += checks_workload_tests();
	failed += checks_report_tests();
	failed += meta_tests();
	return failed ? 1 : 0;
}
