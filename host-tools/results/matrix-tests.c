/* SPDX-License-Identifier: GPL-2.0-only */
/* A matrix, or a series of runs, for what reads test results: JUnit XML, and KTAP. */
#include <string.h>

#include "base/text.h"
#include "results/matrix-doc.h"

#define KTAP_INDENT "    " /* of a test within a test */

/* Text for an attribute or an element; what XML 1.0 cannot hold is a blank. */
static char *xml(const char *text)
{
	g_autofree char *line = text_one_line(text ? text : "");

	return g_markup_escape_text(line, -1);
}

static void junit_cell(const struct matrix_doc *doc, const struct matrix_cell *cell, GString *out)
{
	static const char *const elements[MATRIX_CELL_RESULTS] = {
		[MATRIX_CELL_WAITING] = "skipped", [MATRIX_CELL_UNEXPECTED] = "failure",
		[MATRIX_CELL_SKIPPED] = "skipped", [MATRIX_CELL_UNJUDGED] = "error",
		[MATRIX_CELL_LOST] = "error",
	};
	const char *element = elements[cell->result];
	g_autofree char *matrix = xml(doc->name), *name = xml(cell->name), *verdict = xml(cell->verdict),
			*reason = xml(cell->result == MATRIX_CELL_WAITING ? "not run" : cell->reason),
			*command = xml(cell->command), *run = xml(cell->run), *expected = xml(cell->expected);

	g_string_append_printf(out, "    <testcase classname=\"vtdlab.%s\" name=\"%s\" time=\"%.3f\">\n", matrix, name,
			       cell->seconds);
	if (element && strcmp(element, "skipped") == 0)
		g_string_append_printf(out, "      <skipped message=\"%s\"/>\n", reason);
	else if (element)
		g_string_append_printf(out, "      <%s type=\"%s\" message=\"%s\">expected: %s</%s>\n", element,
				       *verdict ? verdict : matrix_cell_word(cell->result), reason, expected, element);
	g_string_append_printf(out, "      <system-out>%s%s%s</system-out>\n    </testcase>\n", command,
			       *run ? "&#10;in " : "", run);
}

char *matrix_doc_junit(const struct matrix_doc *doc)
{
	GString *out = g_string_new("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
	g_autofree char *name = xml(doc->name), *when = xml(doc->started);
	double seconds = 0;

	for (guint i = 0; i < doc->cells->len; i++)
		seconds += ((const struct matrix_cell *)doc->cells->pdata[i])->seconds;
	/* a time zone is none of the schema's */
	when[strcspn(when, "Z+")] = '\0';
	g_string_append_printf(
		out,
		"  <testsuite name=\"vtdlab.%s\" tests=\"%u\" failures=\"%u\" errors=\"%u\" skipped=\"%u\" "
		"time=\"%.3f\" timestamp=\"%s\">\n",
		name, doc->cells->len, matrix_doc_count(doc, MATRIX_CELL_UNEXPECTED),
		matrix_doc_count(doc, MATRIX_CELL_UNJUDGED) + matrix_doc_count(doc, MATRIX_CELL_LOST),
		matrix_doc_count(doc, MATRIX_CELL_SKIPPED) + matrix_doc_count(doc, MATRIX_CELL_WAITING), seconds, when);
	for (guint i = 0; i < doc->cells->len; i++)
		junit_cell(doc, doc->cells->pdata[i], out);
	g_string_append(out, "  </testsuite>\n</testsuites>\n");
	return g_string_free(out, FALSE);
}

/* "ok 3 NAME", and what of it is told behind a #; what is in a name behind one would be a directive. */
static void ktap_line(GString *out, const char *indent, bool ok, unsigned n, const char *name, const char *directive,
		      const char *reason)
{
	g_autofree char *clean = text_one_line(name), *why = text_one_line(reason);

	g_strdelimit(clean, "#", ' ');
	if (!*directive && *why)
		g_string_append_printf(out, "%s# %s\n", indent, why);
	g_string_append_printf(out, "%s%sok %u %s", indent, ok ? "" : "not ", n, clean);
	if (*directive)
		g_string_append_printf(out, " # %s%s%s", directive, *why ? " " : "", why);
	g_string_append_c(out, '\n');
}

/* A failure that the scenario expects is no failure to whoever counts. */
static void ktap_check(GString *out, unsigned n, const struct run_json_check *check)
{
	bool fail = check->result == CHECK_FAIL, none = check->result == CHECK_NO_EVIDENCE;
	bool skip = check->result == CHECK_SKIP;
	g_autofree char *unseen = none ? g_strdup_printf("no evidence: %s", check->detail) : NULL;

	ktap_line(out, KTAP_INDENT, !none && (check->expect_fail || !fail), n, check->name,
		  skip			     ? "SKIP" :
		  fail && check->expect_fail ? "XFAIL" :
					       "",
		  unseen       ? unseen :
		  fail || skip ? check->detail :
				 "");
}

char *matrix_ktap_head(unsigned tests)
{
	return g_strdup_printf("KTAP version 1\n1..%u\n", tests);
}

void matrix_cell_ktap(GString *out, const struct matrix_cell *cell, const struct run_json *run)
{
	bool skip = cell->result == MATRIX_CELL_SKIPPED || cell->result == MATRIX_CELL_WAITING;

	if (run && run->checks->len)
		g_string_append_printf(out, KTAP_INDENT "KTAP version 1\n" KTAP_INDENT "1..%u\n", run->checks->len);
	for (guint i = 0; run && i < run->checks->len; i++)
		ktap_check(out, i + 1, &g_array_index(run->checks, struct run_json_check, i));
	ktap_line(out, "", skip || cell->result == MATRIX_CELL_EXPECTED, cell->n + 1, cell->name, skip ? "SKIP" : "",
		  skip && !*cell->reason ? "not run" : cell->reason);
}

char *matrix_doc_ktap(const struct matrix_doc *doc)
{
	g_autofree char *head = matrix_ktap_head(doc->cells->len);
	GString *out = g_string_new(head);

	for (guint i = 0; i < doc->cells->len; i++)
		matrix_cell_ktap(out, doc->cells->pdata[i], NULL);
	return g_string_free(out, FALSE);
}
