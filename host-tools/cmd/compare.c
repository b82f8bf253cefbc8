/* SPDX-License-Identifier: GPL-2.0-only */
/* vtdlab compare: the numbers of several runs side by side. */
#include "cmd/cmd.h"

#include <stdio.h>

#include "base/error.h"
#include "results/compare.h"

int cmd_compare(int argc, char **argv)
{
	gboolean markdown = FALSE, tsv = FALSE;
	const GOptionEntry entries[] = {
		{ "markdown", 0, 0, G_OPTION_ARG_NONE, &markdown, "print a table in Markdown", NULL },
		{ "tsv", 0, 0, G_OPTION_ARG_NONE, &tsv,
		  "print row, column, unit, median, least, most and number of runs, for plots", NULL },
		G_OPTION_ENTRY_NULL,
	};
	struct compare *c;
	GError *error = NULL;
	int status = cmd_parse("compare", entries, &argc, &argv);

	if (status >= 0)
		return status;
	if (argc < 3)
		return cmd_usage_error("compare", "give two or more run directories");
	if (markdown && tsv)
		return cmd_usage_error("compare", "--markdown or --tsv, not both");
	c = compare_new();
	for (int i = 1; i < argc && !error; i++)
		compare_add(c, argv[i], &error);
	if (!error) {
		g_autofree char *text = compare_text(c, tsv ? COMPARE_TSV : markdown ? COMPARE_MARKDOWN : COMPARE_TEXT);

		fputs(text, stdout);
	}
	compare_free(c);
	return error ? cmd_fail("compare", error) : VTDLAB_EXIT_OK;
}
