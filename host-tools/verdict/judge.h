/* SPDX-License-Identifier: GPL-2.0-only */
/* From evidence to a judged report: needs no VM, so recorded runs are judged by the same code. */
#ifndef VTDLAB_VERDICT_JUDGE_H
#define VTDLAB_VERDICT_JUDGE_H

struct evidence;
struct run_report;

/*
 * evidence_judge - run every check of the table over @ev, in its order, add the results to @report, and
 * judge it (report_judge()). The counts of run.json's "iova" are filled in too.
 * @crash_release: uname -r of the crash kernel, for expect-fail-<series>; may be NULL
 */
void evidence_judge(const struct evidence *ev, const char *crash_release, struct run_report *report);

#endif
