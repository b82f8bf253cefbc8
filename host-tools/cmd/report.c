/* SPDX-License-Identifier: GPL-2.0-only */
/* vtdlab report: a recorded run, matrix or benchmark as a page for a browser. */
#include "cmd/cmd.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "base/run-file.h"
#include "html/bench-page.h"
#include "html/bug-page.h"
#include "html/matrix-page.h"
#include "html/run-page.h"
#include "results/recorded.h"
#include "results/rundir.h"

/* The page of the matrix in @dir, or what to quote of it; NULL and @error. */
static char *matrix_page_of(const char *dir, bool mail, GError **error)
{
	struct matrix_doc *doc = matrix_doc_read(dir, error);
	char *page = !doc ? NULL : mail ? matrix_doc_mail(doc) : html_matrix_page(doc, dir);

	matrix_doc_free(doc);
	return page;
}

/* The page of the run in @dir, or what to quote of it; NULL and @error. */
static char *run_page_of(const char *dir, bool mail, GError **error)
{
	struct recorded *r = recorded_load(dir, false, error);
	char *page;

	if (!r)
		return NULL;
	if (r->run && r->run->outcome != r->report->verdict->outcome)
		report_note(r->report, "judged again by vtdlab " VTDLAB_VERSION "; when it was run the outcome was %s",
			    outcome_name(r->run->outcome));
	page = mail ? report_mail(r->report) : html_run_page(r->report, r->file->ev, dir);
	recorded_free(r);
	return page;
}

static char *bench_page_of(const char *dir, GError **error)
{
	struct bench_doc *doc = bench_doc_read(dir, error);
	char *page = doc ? html_bench_page(doc) : NULL;

	bench_doc_free(doc);
	return page;
}

static char *bug_page_of(const char *dir, GError **error)
{
	g_autoptr(JsonObject) bug = run_file_json(dir, "bug.json", error);
	g_autofree char *text = NULL;
	gsize len;

	if (!bug || !run_file_schema(dir, bug, BUG_JSON_SCHEMA, error) ||
	    !run_file_read(dir, "bug.txt", &text, &len, error))
		return NULL;
	return html_bug_page(bug, text);
}

static char *page_of(const char *dir, bool mail, GError **error)
{
	return run_file_there(dir, "matrix.json")	  ? matrix_page_of(dir, mail, error) :
	       !mail && run_file_there(dir, "bug.json")	  ? bug_page_of(dir, error) :
	       !mail && run_file_there(dir, "bench.json") ? bench_page_of(dir, error) :
							    run_page_of(dir, mail, error);
}

/* @to: where it goes, "-": stdout; NULL: beside the run, and what is to be quoted to stdout. */
static int report_of(const char *name, bool mail, const char *to)
{
	g_autofree char *dir = run_path(name), *beside = NULL, *page = NULL;
	GError *error = NULL;

	page = page_of(dir, mail, &error);
	if (!page)
		return cmd_fail("report", error);
	if ((mail && !to) || (to && strcmp(to, "-") == 0)) {
		fputs(page, stdout);
		return VTDLAB_EXIT_OK;
	}
	if (!to)
		to = beside = g_build_filename(dir, REPORT_HTML, NULL);
	if (!file_replace(to, page, -1, &error))
		return cmd_fail("report", error);
	printf("%s\n", to);
	return VTDLAB_EXIT_OK;
}

int cmd_report(int argc, char **argv)
{
	gboolean mail = FALSE;
	g_autofree char *to = NULL;
	const GOptionEntry entries[] = {
		{ "output", 'o', 0, G_OPTION_ARG_FILENAME, &to,
		  "where it goes, - for stdout (report.html beside the run's files)", "FILE" },
		{ "mail", 0, 0, G_OPTION_ARG_NONE, &mail,
		  "print what a reply on a list quotes: command, versions, verdict, evidence", NULL },
		G_OPTION_ENTRY_NULL,
	};
	int status = cmd_parse("report", entries, &argc, &argv);

	if (status >= 0)
		return status;
	if (argc > 2 && to)
		return cmd_usage_error("report",
				       "--output is for one directory: of several each has its page beside it");
	if (argc < 2)
		return report_of(RUNDIR_LATEST, mail, to);
	/* one that cannot be read keeps no other from its page */
	for (int i = 1; i < argc; i++) {
		if (mail && i > 1)
			putchar('\n');
		status = vtdlab_exit_worse(MAX(status, VTDLAB_EXIT_OK), report_of(argv[i], mail, to));
	}
	return status;
}
