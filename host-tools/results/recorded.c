/* SPDX-License-Identifier: GPL-2.0-only */
#include "results/recorded.h"

#include "base/run-file.h"

struct recorded *recorded_load(const char *dir, bool need_run, GError **error)
{
	struct recorded *r = g_new0(struct recorded, 1);
	struct run_report *report;

	/* one that is cut off, or newer, is none that is not there */
	need_run |= run_file_there(dir, "run.json");
	r->file = evidence_file_load(dir, error);
	r->run = r->file && need_run ? run_json_load(dir, error) : NULL;
	if (!r->file || (need_run && !r->run)) {
		recorded_free(r);
		return NULL;
	}
	report = r->report = report_new(r->file->scenario->name);
	report->title = g_strdup(r->file->scenario->title);
	report->run_dir = g_strdup(dir);
	if (r->run)
		run_json_report(r->run, report);
	report->has_logs = run_file_there(dir, "console.log") && run_file_there(dir, "qemu.log");
	report->has_page = run_file_there(dir, REPORT_HTML);
	if (!report->env.crash_kernel.release)
		report->env.crash_kernel.release = g_strdup(r->file->ev->crash_release);
	report_judge(report, r->file->ev);
	return r;
}

void recorded_free(struct recorded *r)
{
	if (!r)
		return;
	run_json_free(r->run);
	report_free(r->report);
	evidence_file_free(r->file);
	g_free(r);
}
