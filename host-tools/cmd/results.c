/* SPDX-License-Identifier: GPL-2.0-only */
/* vtdlab results: the runs that there are, and pruning them. */
#include "cmd/cmd.h"

#include <stdio.h>

#include "base/error.h"
#include "base/paths.h"
#include "results/runs.h"

static struct {
	char *scenario, *outcome, *kernel;
	gboolean json, csv, prune, dry_run;
	int keep_last;
} opt;

static const GOptionEntry entries[] = {
	{ "json", 0, 0, G_OPTION_ARG_NONE, &opt.json, "JSON Lines: run.json or bench.json of each, with its place",
	  NULL },
	{ "csv", 0, 0, G_OPTION_ARG_NONE, &opt.csv, "comma-separated values", NULL },
	{ "scenario", 0, 0, G_OPTION_ARG_STRING, &opt.scenario, "only of scenarios like this (kdump*)", "S" },
	{ "outcome", 0, 0, G_OPTION_ARG_STRING, &opt.outcome, "only with an outcome like this", "O" },
	{ "kernel", 'k', 0, G_OPTION_ARG_STRING, &opt.kernel, "only of kernels like this, by release or name", "K" },
	{ "prune", 0, 0, G_OPTION_ARG_NONE, &opt.prune,
	  "remove all but the newest runs, bugs, hunts, matrices, comparisons and runs of soak; never what is running",
	  NULL },
	{ "keep-last", 0, 0, G_OPTION_ARG_INT, &opt.keep_last, "how many of each of these --prune leaves", "N" },
	{ "dry-run", 0, 0, G_OPTION_ARG_NONE, &opt.dry_run, "with --prune: only tell what would go", NULL },
	{ 0 },
};

static int prune(const char *root)
{
	g_autoptr(GString) told = g_string_new(NULL);
	GError *error = NULL;
	int n = runs_prune(root, (unsigned)opt.keep_last, opt.dry_run, told, &error);

	fputs(told->str, stdout);
	if (error)
		return cmd_fail("results", error);
	printf("%d %s\n", n, opt.dry_run ? "would be removed" : "removed");
	return VTDLAB_EXIT_OK;
}

static int list(const char *root)
{
	const struct runs_filter filter = { opt.scenario, opt.outcome, opt.kernel };
	g_autoptr(GString) bad = g_string_new(NULL);
	GError *error = NULL;
	struct runs *runs = runs_find(root, &filter, bad, &error);

	if (!runs)
		return cmd_fail("results", error);
	g_autofree char *text = runs_text(runs, opt.json ? RUNS_JSON : opt.csv ? RUNS_CSV : RUNS_TABLE);

	fputs(text, stdout);
	if (!opt.json && !opt.csv)
		printf("%u run%s\n", runs_count(runs), runs_count(runs) == 1 ? "" : "s");
	fflush(stdout);
	g_printerr("%s", bad->str);
	runs_free(runs);
	return bad->len ? VTDLAB_EXIT_USAGE : VTDLAB_EXIT_OK;
}

int cmd_results(int argc, char **argv)
{
	g_autofree char *standard = lab_results(NULL);
	int status;

	opt.keep_last = -1;
	status = cmd_parse("results", entries, &argc, &argv);
	if (status >= 0)
		return status;
	if (argc > 2)
		return cmd_usage_error("results", "one directory at a time");
	if (opt.json && opt.csv)
		return cmd_usage_error("results", "--json or --csv, not both");
	if (opt.prune ? opt.keep_last < 0 : opt.keep_last >= 0 || opt.dry_run)
		return cmd_usage_error("results", "--prune and --keep-last N go together");
	if (opt.prune && (opt.scenario || opt.outcome || opt.kernel || opt.json || opt.csv))
		return cmd_usage_error(
			"results",
			"--prune keeps the last N runs, bugs, hunts, ..., whatever they are of: it takes no filter or format");
	return opt.prune ? prune(argc > 1 ? argv[1] : standard) : list(argc > 1 ? argv[1] : standard);
}
