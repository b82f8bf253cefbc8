/* SPDX-License-Identifier: GPL-2.0-only */
#include "html/matrix-page.h"

#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "html/markup.h"
#include "html/matrix-plots.h"
#include "results/report.h"
#include "results/version.h"

/* As many columns as a page is wide enough for: the last axes are the columns, the others the rows. */
#define COLUMNS_MAX 8u

static const struct {
	const char *word, *class;
} results[MATRIX_CELL_RESULTS] = {
	[MATRIX_CELL_WAITING] = { "… not run", "dim" },		[MATRIX_CELL_EXPECTED] = { "✓ as expected", "good" },
	[MATRIX_CELL_UNEXPECTED] = { "✗ NOT expected", "bad" }, [MATRIX_CELL_SKIPPED] = { "– skipped", "dim" },
	[MATRIX_CELL_UNJUDGED] = { "? no verdict", "warn" },	[MATRIX_CELL_LOST] = { "? lost", "warn" },
};

/* The values of @cell for the axes [@from, @to), ", " between. The caller frees it. */
static char *values_of(const struct matrix_cell *cell, guint from, guint to)
{
	GString *text = g_string_new(NULL);

	for (guint i = from; i < to && i < g_strv_length(cell->values); i++) {
		const char *value = strchr(cell->values[i], '=');

		g_string_append_printf(text, "%s%s", text->len ? ", " : "", value ? value + 1 : cell->values[i]);
	}
	return g_string_free(text, FALSE);
}

/* The places that @values have among @all, in the order in which they came. */
static guint place_of(GPtrArray *all, char *values)
{
	guint at;

	if (g_ptr_array_find_with_equal_func(all, values, g_str_equal, &at)) {
		g_free(values);
		return at;
	}
	g_ptr_array_add(all, values);
	return all->len - 1;
}

/* From which axis on they are columns: as many as fit, and one at least. */
static guint first_column(const struct matrix_doc *doc, guint axes)
{
	guint from = axes, columns = 0;

	while (from > 0) {
		g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func(g_free);

		for (guint i = 0; i < doc->cells->len; i++)
			place_of(values, values_of(doc->cells->pdata[i], from - 1, axes));
		if (columns && values->len > COLUMNS_MAX)
			break;
		columns = values->len;
		from--;
	}
	/* one axis alone is a column of rows rather than a row of columns */
	return from == 0 && axes ? 1 : from;
}

/* A link to a run's page. */
static void put_link(GString *out, const struct matrix_cell *cell, const char *text)
{
	bool ok = matrix_cell_run_is_inside(cell);

	if (ok) {
		g_string_append(out, "<a href=\"");
		html_text(out, cell->run);
		text_markup(out, "/%s\">", REPORT_HTML);
	}
	html_text(out, text);
	g_string_append(out, ok ? "</a>" : "");
}

static void put_cell(GString *out, const struct matrix_cell *cell)
{
	if (!cell) {
		g_string_append(out, "<td class=\"cell dim\">not in it</td>");
		return;
	}
	text_markup(out, "<td class=\"cell %s\">%s<br>", results[cell->result].class, results[cell->result].word);
	put_link(out, cell, *cell->verdict ? cell->verdict : *cell->run ? "the run" : "");
	g_string_append(out, "</td>");
}

/* Of which axes the rows and the columns are: "off, on" alone says nothing. */
static void put_axes(GString *out, char *const *values, guint from)
{
	for (guint i = 0; values && values[i]; i++) {
		g_autofree char *axis = g_strndup(values[i], strcspn(values[i], "="));

		g_string_append(out, i == 0 ? "" : i == from ? " by " : ", ");
		html_text(out, axis);
	}
}

static void put_map(GString *out, const struct matrix_doc *doc)
{
	guint axes = doc->cells->len ? g_strv_length(((struct matrix_cell *)doc->cells->pdata[0])->values) : 0;
	guint from = first_column(doc, axes);
	g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) columns = g_ptr_array_new_with_free_func(g_free);
	g_autofree const struct matrix_cell **at = NULL;

	for (guint i = 0; i < doc->cells->len; i++) {
		place_of(rows, values_of(doc->cells->pdata[i], 0, from));
		place_of(columns, values_of(doc->cells->pdata[i], from, axes));
	}
	at = g_new0(const struct matrix_cell *, (gsize)rows->len * columns->len + 1);
	for (guint i = 0; i < doc->cells->len; i++) {
		const struct matrix_cell *cell = doc->cells->pdata[i];

		at[place_of(rows, values_of(cell, 0, from)) * columns->len +
		   place_of(columns, values_of(cell, from, axes))] = cell;
	}
	g_string_append(out, "<div class=\"wide\" tabindex=\"0\"><table class=\"map\"><thead><tr><th scope=\"col\">");
	put_axes(out, doc->cells->len ? ((struct matrix_cell *)doc->cells->pdata[0])->values : NULL, from);
	g_string_append(out, "</th>");
	for (guint c = 0; c < columns->len; c++) {
		g_string_append(out, "<th scope=\"col\">");
		html_text(out, *(char *)columns->pdata[c] ? columns->pdata[c] : "result");
		g_string_append(out, "</th>");
	}
	g_string_append(out, "</tr></thead>\n");
	for (guint r = 0; r < rows->len; r++) {
		g_string_append(out, "<tr><th scope=\"row\">");
		html_text(out, rows->pdata[r]);
		g_string_append(out, "</th>");
		for (guint c = 0; c < columns->len; c++)
			put_cell(out, at[r * columns->len + c]);
		g_string_append(out, "</tr>\n");
	}
	g_string_append(out, "</table></div>\n");
}

/* The cells that are @wanted: their numbers, what was expected, what was seen, and what to type. */
static guint put_list(GString *out, const struct matrix_doc *doc, bool wanted)
{
	guint n = 0;

	for (guint i = 0; i < doc->cells->len; i++) {
		const struct matrix_cell *cell = doc->cells->pdata[i];

		if ((cell->result != MATRIX_CELL_EXPECTED && cell->result != MATRIX_CELL_SKIPPED) != wanted)
			continue;
		if (!n++)
			g_string_append(out,
					"<table><thead><tr><th scope=\"col\">cell</th><th scope=\"col\">result</th>"
					"<th scope=\"col\">expected, seen, and the command</th></tr></thead>\n");
		g_string_append(out, "<tr><th scope=\"row\">");
		put_link(out, cell, cell->name);
		text_markup(out, "</th><td class=\"%s\">%s</td><td>", results[cell->result].class,
			    results[cell->result].word);
		html_text(out, cell->expected);
		g_string_append(out, "<br>");
		html_text(out, cell->reason);
		g_string_append(out, "<br><code>");
		html_text(out, cell->command);
		g_string_append(out, "</code></td></tr>\n");
	}
	if (n)
		g_string_append(out, "</table>\n");
	return n;
}

static void put_run(GString *out, const struct matrix_doc *doc)
{
	g_autofree char *lab =
		g_strdup_printf("vtdlab %s%s%s", VTDLAB_VERSION, doc->commit && *doc->commit ? ", commit " : "",
				doc->commit ? doc->commit : "");
	double seconds = 0;

	for (guint i = 0; i < doc->cells->len; i++)
		seconds += ((struct matrix_cell *)doc->cells->pdata[i])->seconds;
	g_autofree char *time = g_strdup_printf(
		"%.0f s, the times of all cells added up; of emulated machines, no figures of hardware", seconds);

	g_string_append(out, "<section aria-labelledby=\"run\"><h2 id=\"run\">What was run</h2>\n<table>\n");
	html_row(out, "matrix", doc->title);
	for (char **axis = doc->axes; axis && *axis; axis++)
		html_row(out, "axis", *axis);
	html_row(out, "file", doc->file);
	html_row(out, "sha256", doc->file_sha256);
	html_row(out, "started", doc->started);
	html_row(out, "engine", doc->engine);
	html_row(out, "lab", lab);
	html_row(out, "time", time);
	g_string_append(out, "</table></section>\n");
}

char *html_matrix_page(const struct matrix_doc *doc, const char *dir)
{
	g_autofree char *line = matrix_doc_line(doc), *title = g_strdup_printf("matrix %s", doc->name);
	g_autoptr(GString) quiet = g_string_new(NULL);
	GString *out = html_begin(title);
	guint n;

	g_string_append(out, "<header><p class=\"dim\">vtdlab, a matrix of runs</p>\n<h1>");
	html_text(out, doc->name);
	text_markup(out, "</h1>\n<div class=\"verdict %s\"><strong>",
		    doc->exit == VTDLAB_EXIT_OK && doc->finished ? "good" :
		    doc->exit == VTDLAB_EXIT_BAD		 ? "bad" :
								   "warn");
	html_text(out, line);
	text_markup(out, "</strong> (exit status %d)%s</div></header>\n", doc->exit,
		    doc->finished ? "" : "<br>It was interrupted: vtdlab matrix --resume goes on.");
	g_string_append(out, "<section aria-labelledby=\"map\"><h2 id=\"map\">Every cell</h2>\n");
	put_map(out, doc);
	g_string_append(out,
			"</section>\n<section aria-labelledby=\"bad\"><h2 id=\"bad\">What was not expected</h2>\n");
	if (!put_list(out, doc, true))
		g_string_append(out, "<p>Nothing: each cell that has run came out as its file expects.</p>\n");
	n = put_list(quiet, doc, false);
	text_markup(out, "<details><summary>%u cells as expected, or skipped</summary>\n", n);
	g_string_append(out, quiet->str);
	g_string_append(out, "</details></section>\n");
	html_matrix_plots(out, doc, dir);
	put_run(out, doc);
	return html_end(out);
}
