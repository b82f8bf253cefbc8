/* SPDX-License-Identifier: GPL-2.0-only */
#include "html/matrix-plots.h"

#include <limits.h>
#include <math.h>

#include "base/text.h"
#include "html/markup.h"
#include "html/plot.h"
#include "results/bench-table.h"
#include "results/run-json-read.h"

#define CELLS_MAX 200  /* of a picture, and whose files are read for it */
#define SCALE_LEAST 10 /* cells whose tables differ less say nothing of how a cost grows */
#define LINES_MAX 8    /* more than eight lines are told apart by nobody */

static char *run_of(const char *dir, const struct matrix_cell *cell)
{
	return dir && matrix_cell_run_is_inside(cell) ? g_build_filename(dir, cell->run, NULL) : NULL;
}

/* The head of a table whose columns are cells. */
static void put_head(GString *out, const char *first, const GPtrArray *labels)
{
	text_markup(out, "<div class=\"wide\" tabindex=\"0\"><table><thead><tr><th scope=\"col\">%s</th>", first);
	for (guint i = 0; i < labels->len; i++) {
		g_string_append(out, "<th class=\"n\" scope=\"col\">");
		html_text(out, labels->pdata[i]);
		g_string_append(out, "</th>");
	}
	g_string_append(out, "</tr></thead>\n");
}

/* ---- benchmarks ---- */

struct trend {
	char *name;
	GArray *medians; /* double, a cell each; NAN: it has none */
	double moved;	 /* the largest distance from the first one, as a logarithm */
};

static void trend_free(void *p)
{
	struct trend *t = p;

	g_free(t->name);
	g_array_unref(t->medians);
	g_free(t);
}

/* NULL: fewer than two cells have it. */
static struct trend *trend_of(const GPtrArray *docs, guint at, const struct bench_series *step)
{
	const struct bench_doc *first = docs->pdata[0];
	g_autofree char *label = bench_label(first, first->tests->pdata[at], true);
	struct trend *trend = g_new0(struct trend, 1);
	unsigned n = 0;

	trend->name = g_strdup_printf("%s: %s", label, step->name);
	trend->medians = g_array_new(FALSE, FALSE, sizeof(double));
	for (guint i = 0; i < docs->len; i++) {
		const struct bench_test *t = bench_test_like(docs->pdata[i], first, at);
		const struct bench_series *s =
			t && t->result == BENCH_PASS ? bench_series_find(t->steps, step->name) : NULL;
		double median = s && s->median ? (double)s->median : NAN;

		n += !isnan(median);
		g_array_append_val(trend->medians, median);
		if (!isnan(median) && step->median)
			trend->moved = fmax(trend->moved, fabs(log(median / (double)step->median)));
	}
	if (n > 1 && !isnan(g_array_index(trend->medians, double, 0)))
		return trend;
	trend_free(trend);
	return NULL;
}

static int by_movement(const void *a, const void *b)
{
	const struct trend *x = *(struct trend *const *)a, *y = *(struct trend *const *)b;

	return x->moved < y->moved ? 1 : x->moved > y->moved ? -1 : 0;
}

static GPtrArray *trends_of(const GPtrArray *docs)
{
	const struct bench_doc *first = docs->pdata[0];
	GPtrArray *trends = g_ptr_array_new_with_free_func(trend_free);

	for (guint at = 0; at < first->tests->len; at++) {
		const struct bench_test *t = first->tests->pdata[at];

		for (guint i = 0; t->result == BENCH_PASS && i < t->steps->len; i++) {
			struct trend *trend = trend_of(docs, at, t->steps->pdata[i]);

			if (trend)
				g_ptr_array_add(trends, trend);
		}
	}
	g_ptr_array_sort(trends, by_movement);
	return trends;
}

static void put_trends(GString *out, struct plot *plot, const GPtrArray *trends)
{
	put_head(out, "ratio to the first cell", plot->labels);
	for (guint i = 0; i < trends->len; i++) {
		const struct trend *trend = trends->pdata[i];
		struct plot_series *line = i < LINES_MAX ? plot_add(plot, trend->name) : NULL;
		double first = g_array_index(trend->medians, double, 0);

		g_string_append(out, "<tr><th scope=\"row\">");
		html_text(out, trend->name);
		g_string_append(out, "</th>");
		for (guint c = 0; c < trend->medians->len; c++) {
			double median = g_array_index(trend->medians, double, c), ratio = median / first;

			if (isnan(median)) {
				g_string_append(out, "<td class=\"n dim\">-</td>");
				continue;
			}
			if (c)
				text_markup(out, "<td class=\"n\">%.3f</td>", ratio);
			else
				text_markup(out, "<td class=\"n\">%.0f ns</td>", median);
			if (line)
				plot_point(line, c, ratio, ratio, ratio);
		}
		g_string_append(out, "</tr>\n");
	}
	g_string_append(out, "</table></div>\n");
}

static void put_benches(GString *out, const struct matrix_doc *doc, const char *dir)
{
	g_autoptr(GPtrArray) docs = g_ptr_array_new_with_free_func((GDestroyNotify)bench_doc_free), trends = NULL;
	g_autoptr(GError) error = NULL;
	struct plot plot;

	plot_init(&plot);
	plot.alt = "medians of the benchmarks over the cells, as a ratio to the first cell; the table has the figures";
	plot.unit = "ratio to the first cell";
	plot.lines = true;
	for (guint i = 0; i < doc->cells->len && docs->len < CELLS_MAX; i++) {
		const struct matrix_cell *cell = doc->cells->pdata[i];
		g_autofree char *run = run_of(dir, cell);
		struct bench_doc *bench = run ? bench_doc_read(run, NULL) : NULL;

		if (!bench)
			continue;
		g_ptr_array_add(docs, bench);
		g_ptr_array_add(plot.labels, g_strdup(cell->name));
	}
	trends = docs->len > 1 ? trends_of(docs) : NULL;
	if (trends && trends->len) {
		g_string_append(out,
				"<section aria-labelledby=\"trend\"><h2 id=\"trend\">Benchmarks, cell by cell</h2>\n");
		if (bench_one_clock(docs, &error)) {
			put_trends(out, &plot, trends);
			html_plot(out, &plot,
				  "The steps that moved most, as a ratio to the first cell: below 1 is faster. All of "
				  "them stand in the table, in that order.");
		} else {
			g_string_append(out, "<p>");
			html_text(out, error->message);
			g_string_append(out, "</p>\n");
		}
		g_string_append(out, "</section>\n");
	}
	plot_clear(&plot);
}

/* ---- what the copy cost ---- */

static const struct {
	const char *name, *path;
} costs[] = {
	{ "copy, by probes", "timing/copy_ns" },
	{ "copy, by the kernel", "kdump/copies/t_total_ns" },
	{ "reservation", "kdump/reserve/t_ns" },
	{ "graft", "kdump/graft/t_ns" },
};

/* The pictures of it: cell by cell, and by the size of what is copied. */
struct cost_plots {
	struct plot cells, leaves;
	unsigned least, most; /* leaves of a cell; 0: none was told */
};

static void cost_plots_init(struct cost_plots *p)
{
	p->least = p->most = 0;
	plot_init(&p->cells);
	p->cells.alt =
		"what the copy of the tables cost in each cell, in microseconds of the guest; the table has the figures";
	p->cells.unit = "us, by the guest's clock";
	p->cells.log = true;
	plot_init(&p->leaves);
	p->leaves.alt = "what the copy of the tables cost, by the number of their leaves; the table has the figures";
	p->leaves.unit = p->cells.unit;
	p->leaves.x = "leaves of the tables";
	p->leaves.log = true;
	for (guint i = 0; i < G_N_ELEMENTS(costs); i++) {
		plot_add(&p->cells, costs[i].name);
		plot_add(&p->leaves, costs[i].name);
	}
}

static void drop_empty(struct plot *plot)
{
	for (guint i = plot->series->len; i > 0; i--)
		if (!((struct plot_series *)plot->series->pdata[i - 1])->points->len)
			g_ptr_array_remove_index(plot->series, i - 1);
}

/* One row: what is there of the figures. False: nothing. */
static bool put_costs(GString *out, const struct matrix_cell *cell, const struct run_json *run, struct cost_plots *p)
{
	g_autoptr(GString) row = g_string_new(NULL);
	double leaves;
	bool any = false, sized = run_json_number(run, "iova/leaves", &leaves) && leaves >= 1 && leaves < UINT_MAX;

	for (guint i = 0; i < G_N_ELEMENTS(costs); i++) {
		double ns;

		if (!run_json_number(run, costs[i].path, &ns) || ns <= 0) {
			g_string_append(row, "<td class=\"n dim\">-</td>");
			continue;
		}
		any = true;
		text_markup(row, "<td class=\"n\">%.0f</td>", ns / 1000);
		plot_point(p->cells.series->pdata[i], p->cells.labels->len, ns / 1000, ns / 1000, ns / 1000);
		if (sized)
			plot_point(p->leaves.series->pdata[i], (unsigned)leaves, ns / 1000, ns / 1000, ns / 1000);
	}
	if (!any)
		return false;
	g_string_append(out, "<tr><th scope=\"row\">");
	html_text(out, cell->name);
	if (sized) {
		p->most = MAX(p->most, (unsigned)leaves);
		p->least = p->least ? MIN(p->least, (unsigned)leaves) : (unsigned)leaves;
	}
	if (sized)
		text_markup(out, "</th><td class=\"n\">%.0f</td>", leaves);
	else
		g_string_append(out, "</th><td class=\"n dim\">-</td>");
	g_string_append(out, row->str);
	g_string_append(out, "</tr>\n");
	return true;
}

static void put_copies(GString *out, const struct matrix_doc *doc, const char *dir)
{
	g_autoptr(GString) rows = g_string_new(NULL);
	struct cost_plots p;

	cost_plots_init(&p);
	for (guint i = 0; i < doc->cells->len && p.cells.labels->len < CELLS_MAX; i++) {
		const struct matrix_cell *cell = doc->cells->pdata[i];
		g_autofree char *dir_of_run = run_of(dir, cell);
		struct run_json *run = dir_of_run ? run_json_load(dir_of_run, NULL) : NULL;

		if (run && put_costs(rows, cell, run, &p))
			g_ptr_array_add(p.cells.labels, g_strdup(cell->name));
		run_json_free(run);
	}
	drop_empty(&p.cells);
	drop_empty(&p.leaves);
	if (p.cells.labels->len > 1) {
		g_string_append(out,
				"<section aria-labelledby=\"copy\"><h2 id=\"copy\">What the copy cost</h2>\n"
				"<div class=\"wide\" tabindex=\"0\"><table><thead><tr><th scope=\"col\">cell, us</th>"
				"<th class=\"n\" scope=\"col\">leaves</th>");
		for (guint i = 0; i < G_N_ELEMENTS(costs); i++)
			text_markup(out, "<th class=\"n\" scope=\"col\">%s</th>", costs[i].name);
		g_string_append(out, "</tr></thead>\n");
		g_string_append(out, rows->str);
		g_string_append(out, "</table></div>\n");
		html_plot(out, &p.cells,
			  "One run a cell, by the guest's clock: under an emulator such a time may be several times "
			  "longer by chance. `vtdlab compare --run` tells what is beyond noise.");
		if (p.least && p.most / p.least >= SCALE_LEAST)
			html_plot(
				out, &p.leaves,
				"The same by the size of the tables, both axes by the logarithm: what grows as they do "
				"lies on a line that rises ten times as it goes ten times to the right.");
		g_string_append(out, "</section>\n");
	}
	plot_clear(&p.cells);
	plot_clear(&p.leaves);
}

void html_matrix_plots(GString *out, const struct matrix_doc *doc, const char *dir)
{
	put_benches(out, doc, dir);
	put_copies(out, doc, dir);
}
