/* SPDX-License-Identifier: GPL-2.0-only */
/* A matrix for what reads test results: JUnit XML, and KTAP. */
#include <string.h>

#include "base/text.h"
#include "results/matrix-doc.h"

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

char *matrix_doc_ktap(const struct matrix_doc *doc)
{
	GString *out = g_string_new(NULL);

	g_string_printf(out, "KTAP version 1\n1..%u\n", doc->cells->len);
	for (guint i = 0; i < doc->cells->len; i++) {
		const struct matrix_cell *cell = doc->cells->pdata[i];
		bool skip = cell->result == MATRIX_CELL_SKIPPED || cell->result == MATRIX_CELL_WAITING;
		g_autofree char *name = text_one_line(cell->name), *reason = text_one_line(cell->reason);

		/* what is behind a # is a directive */
		g_strdelimit(name, "#", ' ');
		if (*reason && !skip)
			g_string_append_printf(out, "# %s\n", reason);
		g_string_append_printf(out, "%s %u %s", skip || cell->result == MATRIX_CELL_EXPECTED ? "ok" : "not ok",
				       i + 1, name);
		if (skip)
			g_string_append_printf(out, " # SKIP %s", *reason ? reason : "not run");
		g_string_append_c(out, '\n');
	}
	return g_string_free(out, FALSE);
}
