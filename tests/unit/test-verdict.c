/* SPDX-License-Identifier: GPL-2.0-only */
/* What a run adds to its evidence before it is judged: a trace that cannot be read is no evidence. */
#include "run-fixture.h"
#include "verdict/check.h"

static const struct verdict *judged(struct fake_run *f, const char *trace)
{
	test_write(f->log, trace);
	trace_poll(f->m.trace);
	run_judge(&f->run);
	return f->run.report->verdict;
}

static void a_known_trace_is_trusted(void **state)
{
	const struct verdict *v = judged(*state, "1@5.000001:vtd_dmar_enable enable 1\n"
						 "1@5.000002:an_event_that_is_not_ours x\n"
						 "qemu: some warning\n");

	assert_int_equal(v->outcome, OUTCOME_PRESERVED);
}

/* Exactly the checks that rest on @group have no evidence, and say @why; the others are as they were. */
static void only_of_group(struct fake_run *f, const struct verdict *v, enum trace_group group, const char *why)
{
	unsigned spoilt = 0;

	for (guint i = 0; i < v->rows->len; i++) {
		const struct verdict_row *row = v->rows->pdata[i];
		const struct check *check = check_find(row->name);
		g_autoptr(GString) detail = g_string_new(NULL);
		bool rests =
			check->traces & 1u << group && need_unmet(check->needs, 0, f->run.at.ev, detail) != CHECK_SKIP;

		if (rests != (row->result == CHECK_NO_EVIDENCE) || (rests && !strstr(row->detail, why)))
			fail_msg("%s: %s: %s", row->name, check_result_name(row->result), row->detail);
		spoilt += rests;
	}
	assert_int_equal(v->outcome, spoilt ? OUTCOME_INCONCLUSIVE : OUTCOME_PRESERVED);
}

static void a_form_not_known_spoils_its_group(void **state)
{
	const struct verdict *v = judged(*state, "1@5.000001:vtd_dmar_enable enable 1\n"
						 "1@5.000002:vtd_dmar_fault somebody did something\n"
						 "1@5.000003:vtd_dmar_fault again\n");

	only_of_group(*state, v, TRACE_GROUP_FAULTS, "2 trace events of faults in a form that is not known");
	assert_int_equal(verdict_find(v, "no-faults")->result, CHECK_NO_EVIDENCE);
	assert_int_equal(verdict_find(v, "leaves-equal")->result, CHECK_PASS);
}

/* Interrupt remapping is for the timeline: no check rests on its events. */
static void an_event_nobody_needs(void **state)
{
	const struct verdict *v = judged(*state, "1@5.000002:vtd_ir_enable on\n"
						 "1@5.000003:vtd_inv_desc_wait_sw wait ... fence 0\n");

	only_of_group(*state, v, TRACE_GROUP_INTREMAP, "");
	assert_int_equal(v->outcome, OUTCOME_PRESERVED);
}

static void a_missing_event(void **state)
{
	static char *missing[] = { "vtd_inv_desc_iotlb_global", "vtd_inv_desc_iotlb_pasid", NULL };
	struct fake_run *f = *state;
	char **had = f->m.trace_missing;
	const struct verdict *v;

	f->m.trace_missing = missing;
	v = judged(f, "1@5.000001:vtd_dmar_enable enable 1\n");
	f->m.trace_missing = had;
	only_of_group(f, v, TRACE_GROUP_INVALIDATIONS,
		      "does not trace invalidations: it lacks vtd_inv_desc_iotlb_global, vtd_inv_desc_iotlb_pasid");
}

/* Without a machine there is no trace to distrust, and nothing to crash on. */
static void without_a_machine(void **state)
{
	struct fake_run *f = *state;

	f->run.at.m = NULL;
	run_judge(&f->run);
	assert_int_equal(f->run.report->verdict->outcome, OUTCOME_PRESERVED);
}

/* The name of a scenario says what its file does: what was set beside it is told. */
static void other_settings_are_told(void **state)
{
	struct fake_run *f = *state;
	const struct scenario *had = f->run.at.plan->scenario;
	struct scenario *s = scenario_load("kdump-scalable", NULL);
	JsonObject *settings;

	assert_non_null(s);
	/* what is set to what the file says anyway is no other setting */
	assert_true(scenario_set(s, "iommu.mode=scalable", NULL));
	assert_true(scenario_set(s, "machine.cpus=2", NULL));
	((struct plan *)f->run.at.plan)->scenario = s;
	run_judge(&f->run);
	settings = json_object_get_object_member(f->run.report->extra, "settings");
	assert_int_equal(json_object_get_size(settings), 1);
	assert_string_equal(json_object_get_string_member(settings, "machine.cpus"), "2");
	((struct plan *)f->run.at.plan)->scenario = had;
	scenario_free(s);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, fake_run_setup, fake_run_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_known_trace_is_trusted), TEST(a_form_not_known_spoils_its_group),
		TEST(an_event_nobody_needs),	TEST(a_missing_event),
		TEST(without_a_machine),	TEST(other_settings_are_told),
	};

	return cmocka_run_group_tests_name("verdict", tests, NULL, NULL);
}
