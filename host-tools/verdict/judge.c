/* SPDX-License-Identifier: GPL-2.0-only */
/* From evidence to a verdict: every check of the table is asked, in its order. */
#include "verdict/judge.h"

#include "evidence/evidence.h"
#include "verdict/check.h"

enum check_result check_judge(const struct check *check, const struct evidence *ev, GString *detail)
{
	enum check_result unmet = need_unmet(check->needs, check->traces, ev, detail);

	return unmet == CHECK_PASS ? check->run(ev, detail) : unmet;
}

unsigned check_traces(void)
{
	unsigned traces = 0;

	for (const struct check *const *c = vtdlab_checks; *c; c++)
		traces |= (*c)->traces;
	return traces;
}

/* What must fail is a check that applies: none of an IOMMU's where --set has taken it away. */
static bool expected_to_fail(const struct check *check, const struct evidence *ev, const char *crash_release)
{
	return !(check->needs & NEED(IOMMU) && ev->scenario->iommu.mode == MACHINE_IOMMU_OFF) &&
	       scenario_expects_fail(ev->scenario, crash_release, check->name);
}

struct verdict *evidence_judge(const struct evidence *ev, const char *crash_release)
{
	g_autoptr(GString) detail = g_string_new(NULL);
	struct verdict *verdict = verdict_new();

	for (const struct check *const *list = vtdlab_checks; *list; list++) {
		const struct check *c = *list;
		enum check_result result;

		g_string_truncate(detail, 0);
		result = check_judge(c, ev, detail);
		verdict_add(verdict, c->name, result, c->outcome_of ? c->outcome_of(ev) : c->outcome, detail->str)
			->expect_fail = expected_to_fail(c, ev, crash_release);
	}
	verdict->no_iommu = ev->scenario->iommu.mode == MACHINE_IOMMU_OFF;
	verdict->strict = ev->scenario->strict_expect;
	verdict->before = g_strdup(ev->first_attempt);
	verdict_conclude(verdict, false);
	return verdict;
}
