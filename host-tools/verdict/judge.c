/* SPDX-License-Identifier: GPL-2.0-only */
/* From evidence to a verdict: every check of the table is run, in its order. */
#include "verdict/judge.h"

#include "evidence/evidence.h"
#include "verdict/check.h"

struct verdict *evidence_judge(const struct evidence *ev, const char *crash_release)
{
	g_autoptr(GString) detail = g_string_new(NULL);
	struct verdict *verdict = verdict_new();

	for (const struct check *c = vtdlab_checks; c->name; c++) {
		enum check_result result;

		g_string_truncate(detail, 0);
		result = c->run(ev->at_panic.walk, ev->copied.walk, ev, detail);
		verdict_add(verdict, c->name, result, c->outcome_of ? c->outcome_of(ev) : c->outcome, detail->str)
			->expect_fail = scenario_expects_fail(ev->scenario, crash_release, c->name);
	}
	verdict_conclude(verdict, false);
	return verdict;
}
