/* SPDX-License-Identifier: GPL-2.0-only */
/* vtdlab judge: judge a recorded run again, with the checks of this version and without a VM. */
#include "cmd/cmd.h"

#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json-line.h"
#include "results/report.h"
#include "evidence/file.h"
#include "verdict/judge.h"

/* The word of run.json for a result, "none" where there was no evidence. */
static const char *recorded_result(JsonObject *run, const char *name)
{
	JsonArray *checks = json_line_array(run, "checks");

	for (guint i = 0; checks && i < json_array_get_length(checks); i++) {
		JsonNode *one = json_array_get_element(checks, i);
		JsonObject *c = JSON_NODE_HOLDS_OBJECT(one) ? json_node_get_object(one) : NULL;

		if (c && g_strcmp0(json_line_string(c, "name", NULL), name) == 0)
			return json_line_bool(c, "evidence", true) ? json_line_string(c, "result", "?") : "none";
	}
	return NULL;
}

/* Says on stderr which checks say otherwise than run.json; how many. */
static unsigned say_differences(const struct run_report *report, const char *dir)
{
	g_autofree char *path = g_build_filename(dir, "run.json", NULL);
	g_autofree char *text = NULL;
	JsonObject *run;
	unsigned n = 0;
	gsize len;

	if (!g_file_get_contents(path, &text, &len, NULL))
		return 0;
	run = json_line_parse(text, len);
	if (!run)
		return 0;
	for (guint i = 0; i < report->checks->len; i++) {
		const struct report_check *c = report->checks->pdata[i];
		const char *then = recorded_result(run, c->name);
		const char *now = report_result_name(c->result);

		if (then && strcmp(then, now) == 0)
			continue;
		fprintf(stderr, "vtdlab judge: %s: %s now, %s when it was run\n", c->name, now,
			then ? then : "not there");
		n++;
	}
	json_object_unref(run);
	return n;
}

static int print_json(const struct run_report *report)
{
	JsonNode *node = report_to_json(report);
	g_autofree char *text = json_to_string(node, TRUE);

	json_node_unref(node);
	puts(text);
	return report->exit;
}

int cmd_judge(int argc, char **argv)
{
	gboolean json = FALSE, same = FALSE;
	const GOptionEntry entries[] = {
		{ "json", 0, 0, G_OPTION_ARG_NONE, &json, "print JSON, as run.json has it", NULL },
		{ "same", 0, 0, G_OPTION_ARG_NONE, &same, "exit 1 when a check says otherwise than run.json, else 0",
		  NULL },
		G_OPTION_ENTRY_NULL,
	};
	struct evidence_file *file;
	struct run_report *report;
	GError *error = NULL;
	unsigned different;
	int status;

	status = cmd_parse("judge", entries, &argc, &argv);
	if (status >= 0)
		return status;
	if (argc != 2)
		return cmd_usage_error("judge", "give one run directory (results/latest?)");
	file = evidence_file_load(argv[1], &error);
	if (!file)
		return cmd_fail("judge", error);
	report = report_new(file->scenario->name);
	report->title = g_strdup(file->scenario->title);
	report->run_dir = g_strdup(argv[1]);
	report->env.crash_kernel.release = g_strdup(file->crash_release);
	evidence_judge(file->ev, file->crash_release, report);
	if (json)
		status = print_json(report);
	else if (report_print(report, stdout, isatty(STDOUT_FILENO)))
		status = report->exit;
	else
		status = VTDLAB_EXIT_CANNOT_JUDGE;
	different = say_differences(report, argv[1]);
	if (same)
		status = different ? VTDLAB_EXIT_BAD : VTDLAB_EXIT_OK;
	report_free(report);
	evidence_file_free(file);
	return status;
}
