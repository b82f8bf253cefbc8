/* SPDX-License-Identifier: GPL-2.0-only */
/* vtdlab judge: judge a recorded run again, with the checks of this version and without a VM. */
#include "cmd/cmd.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "results/recorded.h"

/* Says on stderr what is judged otherwise than in @run, checks and outcome; how much it is. */
static unsigned say_differences(const struct verdict *verdict, const struct run_json *run)
{
	unsigned n = 0;

	for (guint i = 0; i < verdict->rows->len; i++) {
		const struct verdict_row *row = verdict->rows->pdata[i];
		const struct run_json_check *was = run_json_check(run, row->name);

		if (was && was->result == row->result)
			continue;
		fprintf(stderr, "vtdlab judge: %s: %s now, %s when it was run\n", row->name,
			check_result_name(row->result), was ? check_result_name(was->result) : "not there");
		n++;
	}
	if (run->outcome != verdict->outcome || run->exit != (int)verdict->exit) {
		fprintf(stderr, "vtdlab judge: %s, exit status %d now, %s, %" G_GINT64_FORMAT " when it was run\n",
			outcome_name(verdict->outcome), (int)verdict->exit, outcome_name(run->outcome),
			(gint64)run->exit);
		n++;
	}
	return n;
}

int cmd_judge(int argc, char **argv)
{
	gboolean json = FALSE, same = FALSE, all = FALSE;
	g_autofree char *when = NULL;
	bool colour;
	const GOptionEntry entries[] = {
		{ "json", 0, 0, G_OPTION_ARG_NONE, &json, "print JSON, as run.json has it", NULL },
		{ "same", 0, 0, G_OPTION_ARG_NONE, &same,
		  "exit 1 when a check or the outcome is otherwise than in run.json, else 0", NULL },
		{ "verbose", 'v', 0, G_OPTION_ARG_NONE, &all, "a line for every check", NULL },
		CMD_COLOUR_ENTRY(&when),
		G_OPTION_ENTRY_NULL,
	};
	g_autofree char *text = NULL;
	GError *error = NULL;
	struct recorded *r;
	int status;

	status = cmd_parse("judge", entries, &argc, &argv);
	if (status >= 0)
		return status;
	if (argc != 2)
		return cmd_usage_error("judge", "give one run directory (results/latest?)");
	if (!cmd_colour("judge", when, &colour))
		return VTDLAB_EXIT_USAGE;
	cmd_run_paths(argv + 1);
	r = recorded_load(argv[1], same, &error);
	if (!r)
		return cmd_fail("judge", error);
	text = json ? report_json(r->report) :
		      report_page(r->report, (all ? REPORT_ALL : 0) | (colour ? REPORT_COLOUR : 0));
	fputs(text, stdout);
	status = r->report->verdict->exit;
	if (r->run && say_differences(r->report->verdict, r->run) && same)
		status = VTDLAB_EXIT_BAD;
	else if (same)
		status = VTDLAB_EXIT_OK;
	recorded_free(r);
	return status;
}
