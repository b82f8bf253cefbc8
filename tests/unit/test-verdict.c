/* SPDX-License-Identifier: GPL-2.0-only */
/* What a run adds to its evidence before it is judged: a trace that cannot be read is none. */
#include "run-fixture.h"

static void judged(struct fake_run *f, const char *trace, enum outcome outcome, const char *rig)
{
	const struct verdict_row *check;

	test_write(f->log, trace);
	trace_poll(f->m.trace);
	run_judge(&f->run);
	assert_int_equal(f->run.report->verdict->outcome, outcome);
	check = verdict_find(f->run.report->verdict, "rig");
	assert_non_null(check);
	assert_int_equal(check->result, outcome == OUTCOME_PRESERVED ? CHECK_PASS : CHECK_FAIL);
	if (!strstr(check->detail, rig))
		fail_msg("'%s' has no '%s'", check->detail, rig);
}

static void a_known_trace_is_trusted(void **state)
{
	judged(*state,
	       "1@5.000001:vtd_dmar_enable enable 1\n"
	       "1@5.000002:an_event_that_is_not_ours x\n"
	       "qemu: some warning\n",
	       OUTCOME_PRESERVED, "trace events");
}

static void a_form_not_known_breaks_the_rig(void **state)
{
	judged(*state,
	       "1@5.000001:vtd_dmar_enable enable 1\n"
	       "1@5.000002:vtd_dmar_fault somebody did something\n"
	       "1@5.000003:vtd_dmar_enable switched on\n",
	       OUTCOME_INCONCLUSIVE, "2 trace events in a form that is not known");
}

/* What went wrong first is what is told. */
static void an_earlier_error_stays(void **state)
{
	struct fake_run *f = *state;

	f->run.ev->rig_error = g_strdup("QEMU ended");
	judged(f, "1@5.000002:vtd_dmar_fault somebody did something\n", OUTCOME_INCONCLUSIVE, "QEMU ended");
}

/* Without a machine there is no trace to distrust, and nothing to crash on. */
static void without_a_machine(void **state)
{
	struct fake_run *f = *state;

	f->run.m = NULL;
	run_judge(&f->run);
	assert_int_equal(f->run.report->verdict->outcome, OUTCOME_PRESERVED);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, fake_run_setup, fake_run_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_known_trace_is_trusted),
		TEST(a_form_not_known_breaks_the_rig),
		TEST(an_earlier_error_stays),
		TEST(without_a_machine),
	};

	return cmocka_run_group_tests_name("verdict", tests, NULL, NULL);
}
