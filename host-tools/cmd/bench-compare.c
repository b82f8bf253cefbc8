/* SPDX-License-Identifier: GPL-2.0-only */
/* vtdlab bench-compare: the medians of several benchmarks side by side. */
#include "cmd/cmd.h"

#include <stdio.h>

#include "base/error.h"
#include "results/bench-table.h"

int cmd_bench_compare(int argc, char **argv)
{
	double within = -1, worst = 0;
	const GOptionEntry entries[] = {
		{ "within", 0, 0, G_OPTION_ARG_DOUBLE, &within,
		  "exit status 1 when two medians of a step are further apart than this", "PERCENT" },
		G_OPTION_ENTRY_NULL,
	};
	g_autoptr(GPtrArray) docs = NULL;
	g_autofree char *text = NULL;
	GError *error = NULL;
	int status = cmd_parse("bench-compare", entries, &argc, &argv);

	if (status >= 0)
		return status;
	if (argc < 3)
		return cmd_usage_error("bench-compare", "give two or more run directories");
	docs = bench_docs_read(argv + 1, (guint)argc - 1, &error);
	text = docs ? bench_compare(docs, &worst, &error) : NULL;
	if (!text)
		return cmd_fail("bench-compare", error);
	fputs(text, stdout);
	return within >= 0 && worst * 100 > within ? VTDLAB_EXIT_BAD : VTDLAB_EXIT_OK;
}
