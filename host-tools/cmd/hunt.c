/* SPDX-License-Identifier: GPL-2.0-only */
/* vtdlab hunt: cells until the budget is spent, and what failed, by kind. */
#include "cmd/cmd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "bugs/hunt.h"
#include "prepare/kernel.h"
#include "verdict/check.h"

#define JOBS_MAX 64

static struct {
	char *budget, *results;
	char **kernels;
	gint64 seed;
	int jobs;
	gboolean snapshot;
} opt;

static const GOptionEntry entries[] = {
	{ "budget", 'b', 0, G_OPTION_ARG_STRING, &opt.budget, "how long runs are started: 90s, 10m, 2h (10m)", "T" },
	{ "seed", 0, 0, G_OPTION_ARG_INT64, &opt.seed, "the same seed and kernels give the same cells (1)", "S" },
	{ "kernel", 'k', 0, G_OPTION_ARG_STRING_ARRAY, &opt.kernels,
	  "a kernel to choose among, several times (all of Debian's in the cache)", "K" },
	{ "jobs", 'j', 0, G_OPTION_ARG_INT, &opt.jobs, "runs at a time (one a CPU)", "N" },
	{ "snapshot", 0, 0, G_OPTION_ARG_NONE, &opt.snapshot, "first kernels are restored where that can be", NULL },
	{ "results", 0, 0, G_OPTION_ARG_FILENAME, &opt.results, "where it goes, below its hunts/", "DIR" },
	{ 0 },
};

/* "90s", "10m", "2h", "90" in seconds; 0: it is none. */
static double seconds_of(const char *text)
{
	char *end;
	double value = g_ascii_strtod(text, &end);
	double unit = strcmp(end, "h") == 0 ? 3600 : strcmp(end, "m") == 0 ? 60 : 1;

	if (end == text || (*end && strcmp(end, "s") != 0 && unit < 2) || !(value > 0) || value * unit > 30 * 86400)
		return 0;
	return value * unit;
}

/* Can the kernels that were named be had? Each cell with one that cannot would be begun in vain, until the budget is spent. */
static bool kernels_had(char *const *specs, GError **error)
{
	for (; *specs; specs++) {
		struct kernel *kernel = kernel_get(*specs, NULL, "", error);

		if (!kernel)
			return false;
		kernel_free(kernel);
	}
	return true;
}

int cmd_hunt(int argc, char **argv)
{
	static char *none[] = { NULL };
	struct hunt_outcome out;
	GError *error = NULL;
	int status;

	opt.seed = 1;
	opt.jobs = (int)MIN(g_get_num_processors(), JOBS_MAX);
	status = cmd_parse("hunt", entries, &argc, &argv);
	if (status >= 0)
		return status;
	if (argc != 1)
		return cmd_usage_error("hunt", "takes options only");
	if (opt.seed < 0 || opt.seed > G_MAXUINT32 || opt.jobs < 1 || opt.jobs > JOBS_MAX)
		return cmd_usage_error("hunt", "--seed is 0 to 4294967295, --jobs 1 to %d", JOBS_MAX);

	g_auto(GStrv) checks = check_expectable();
	const struct hunt_options options = {
		.budget_s = seconds_of(opt.budget ? opt.budget : "10m"),
		.seed = (uint32_t)opt.seed,
		.jobs = (unsigned)opt.jobs,
		.results = opt.results,
		.snapshot = opt.snapshot,
		.kernels = opt.kernels ? opt.kernels : none,
		.checks = (const char *const *)checks,
	};

	if (!(options.budget_s > 0))
		return cmd_usage_error("hunt", "--budget %s: want a time such as 90s, 10m or 2h", opt.budget);
	cmd_catch_signals();
	if (!kernels_had(options.kernels, &error) || !hunt(&options, &out, &error))
		return cmd_fail("hunt", error);
	printf("%s\nin %s\n", out.text, out.dir);
	status = out.exit;
	hunt_outcome_clear(&out);
	return status;
}
