/* SPDX-License-Identifier: GPL-2.0-only */
/* vtdlab bench-compare: the medians of several benchmarks side by side. */
#include "cmd/cmd.h"

#include <math.h>
#include <stdio.h>

#include "base/error.h"
#include "results/bench-table.h"

/* A limit that is none must not be one that everything is within. */
static bool parse_within(const char *text, double *part)
{
	char *end = NULL;
	double percent = text ? g_ascii_strtod(text, &end) : 0;

	*part = percent / 100;
	return !text || (end != text && !*end && percent >= 0 && isfinite(percent));
}

int cmd_bench_compare(int argc, char **argv)
{
	g_autofree char *within = NULL, *text = NULL, *judged = NULL;
	const GOptionEntry entries[] = {
		{ "within", 0, 0, G_OPTION_ARG_STRING, &within,
		  "exit status 1 when a run has a median this much above the first run's, or lacks or fails a test",
		  "PERCENT" },
		G_OPTION_ENTRY_NULL,
	};
	g_autoptr(GPtrArray) docs = NULL;
	GError *error = NULL;
	bool good = true;
	double part;
	int status = cmd_parse("bench-compare", entries, &argc, &argv);

	if (status >= 0)
		return status;
	if (argc < 3)
		return cmd_usage_error("bench-compare", "give two or more run directories");
	if (!parse_within(within, &part))
		return cmd_usage_error("bench-compare", "--within %s: a number of percent, such as 0.5", within);
	cmd_run_paths(argv + 1);
	docs = bench_docs_read(argv + 1, (guint)argc - 1, &error);
	text = docs ? bench_compare(docs, &error) : NULL;
	if (!text)
		return cmd_fail("bench-compare", error);
	if (within)
		judged = bench_gate(docs, part, &good);
	printf("%s%s", text, within ? judged : "");
	return good ? VTDLAB_EXIT_OK : VTDLAB_EXIT_BAD;
}
