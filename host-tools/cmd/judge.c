/* SPDX-License-Identifier: GPL-2.0-only */
/* vtdlab judge: judge a recorded run again, with the checks of this version and without a VM. */
#include "cmd/cmd.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "results/report.h"
#include "results/run-json-read.h"
#include "evidence/file.h"

/* Says on stderr which checks say otherwise than @run; how many. */
static unsigned say_differences(const struct verdict *verdict, const struct run_json *run)
{
	unsigned n = 0;

	for (guint i = 0; i < verdict->rows->len; i++) {
		const struct verdict_row *row = verdict->rows->pdata[i];
		const struct run_json_check *was = run_json_check(run, row->name);
		const char *then = !was ? NULL : was->evidence ? was->result : "none";
		const char *now = check_result_name(row->result);

		if (then && strcmp(then, now) == 0)
			continue;
		fprintf(stderr, "vtdlab judge: %s: %s now, %s when it was run\n", row->name, now,
			then ? then : "not there");
		n++;
	}
	return n;
}

static bool has_file(const char *dir, const char *name)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);

	return g_file_test(path, G_FILE_TEST_EXISTS);
}

int cmd_judge(int argc, char **argv)
{
	gboolean json = FALSE, same = FALSE, all = FALSE;
	g_autofree char *when = NULL;
	bool colour;
	const GOptionEntry entries[] = {
		{ "json", 0, 0, G_OPTION_ARG_NONE, &json, "print JSON, as run.json has it", NULL },
		{ "same", 0, 0, G_OPTION_ARG_NONE, &same, "exit 1 when a check says otherwise than run.json, else 0",
		  NULL },
		{ "verbose", 'v', 0, G_OPTION_ARG_NONE, &all, "a line for every check", NULL },
		CMD_COLOUR_ENTRY(&when),
		G_OPTION_ENTRY_NULL,
	};
	struct evidence_file *file;
	struct run_json *run;
	g_autofree char *text = NULL;
	struct run_report *report;
	GError *error = NULL;
	int status;

	status = cmd_parse("judge", entries, &argc, &argv);
	if (status >= 0)
		return status;
	if (argc != 2)
		return cmd_usage_error("judge", "give one run directory (results/latest?)");
	if (!cmd_colour("judge", when, &colour))
		return VTDLAB_EXIT_USAGE;
	file = evidence_file_load(argv[1], &error);
	run = file ? run_json_load(argv[1], same ? &error : NULL) : NULL;
	if (!file || (same && !run)) {
		evidence_file_free(file);
		return cmd_fail("judge", error);
	}
	report = report_new(file->scenario->name);
	report->title = g_strdup(file->scenario->title);
	report->run_dir = g_strdup(argv[1]);
	if (run)
		run_json_report(run, report);
	report->has_logs = has_file(argv[1], "console.log") && has_file(argv[1], "qemu.log");
	if (!report->env.crash_kernel.release)
		report->env.crash_kernel.release = g_strdup(file->crash_release);
	report_judge(report, file->ev, file->crash_release);
	text = json ? report_json(report) : report_page(report, (all ? REPORT_ALL : 0) | (colour ? REPORT_COLOUR : 0));
	fputs(text, stdout);
	status = report->verdict->exit;
	if (run && say_differences(report->verdict, run) && same)
		status = VTDLAB_EXIT_BAD;
	else if (same)
		status = VTDLAB_EXIT_OK;
	run_json_free(run);
	report_free(report);
	evidence_file_free(file);
	return status;
}
