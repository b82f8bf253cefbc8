/* SPDX-License-Identifier: GPL-2.0-only */
/* From evidence to a judged report: every check of the table is run, in its order. */
#include "verdict/judge.h"

#include <string.h>

#include "results/report.h"
#include "verdict/check.h"
#include "evidence/evidence.h"
#include "vtd/compare.h"
#include "vtd/walk.h"

static const enum report_result results[] = {
	[CHECK_PASS] = REPORT_PASS,
	[CHECK_FAIL] = REPORT_FAIL,
	[CHECK_SKIP] = REPORT_SKIP,
	[CHECK_NO_EVIDENCE] = REPORT_NO_EVIDENCE,
};

static void judge_one(const struct evidence *ev, const char *crash_release, const struct check *check,
		      struct run_report *report)
{
	g_autoptr(GString) detail = g_string_new(NULL);
	const char *outcome = check->outcome;
	enum check_result result = check->run(ev->at_panic.walk, ev->copied.walk, ev, detail);
	struct report_check *row;

	if (ev->crash_panicked && strcmp(check->name, "crash-kernel-booted") == 0)
		outcome = "crash-kernel-panic";
	row = report_add_check(report, check->name, results[result], outcome, "%s", detail->str);
	row->expect_fail = scenario_expects_fail(ev->scenario, crash_release, check->name);
}

/* The numbers of run.json's "iova": what was mapped at the panic, what leads elsewhere afterwards. */
static void count_iova(const struct evidence *ev, struct report_iova *iova)
{
	const struct vtd_walk_result *before = ev->at_panic.walk;

	if (!before)
		return;
	iova->known = true;
	iova->requesters = before->n_spaces;
	iova->leaves = before->leaves;
	for (size_t i = 0; i < before->n_spaces; i++) {
		size_t n;

		vtd_space_runs(before, &before->spaces[i], &n);
		iova->ranges += n;
	}
	for (unsigned i = 0; i < ev->devices->len; i++) {
		const struct evidence_device *dev = &g_array_index(ev->devices, struct evidence_device, i);
		const struct vtd_space *old, *new;
		struct vtd_space_diff diff;

		if (!dev->after.walk)
			continue;
		old = vtd_walk_space(before, dev->sid, VTD_NO_PASID);
		new = vtd_walk_space(dev->after.walk, dev->sid, VTD_NO_PASID);
		if (!old || !new)
			continue;
		vtd_compare_space(before, old, dev->after.walk, new, &diff);
		iova->retargeted += diff.retargeted;
	}
}

void evidence_judge(const struct evidence *ev, const char *crash_release, struct run_report *report)
{
	for (const struct check *c = vtdlab_checks; c->name; c++)
		judge_one(ev, crash_release, c, report);
	count_iova(ev, &report->iova);
	report_judge(report, false);
}
