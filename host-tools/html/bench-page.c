/* SPDX-License-Identifier: GPL-2.0-only */
#include "html/bench-page.h"

#include <string.h>

#include "base/stats.h"
#include "base/text.h"
#include "html/markup.h"
#include "html/plot.h"
#include "results/bench-table.h"
#include "results/version.h"

#define STEPS_MAX 200 /* of a picture */

static void put_verdict(GString *out, const struct bench_doc *doc)
{
	unsigned count[3];

	bench_counts(doc, count);
	g_string_append(out, "<header><p class=\"dim\">vtdlab, a benchmark of nested KVM</p>\n<h1>");
	html_text(out, doc->suite && *doc->suite ? doc->suite : "bench");
	text_markup(
		out,
		"</h1>\n<div class=\"verdict %s\"><strong>%u passed, %u failed, %u skipped</strong></div></header>\n",
		count[BENCH_FAIL] ? "bad" :
		count[BENCH_PASS] ? "good" :
				    "warn",
		count[BENCH_PASS], count[BENCH_FAIL], count[BENCH_SKIP]);
}

/* A cell of what one thing took, with a digit where it is small; "-": the step did nothing that is counted. */
static void put_each(GString *out, const struct bench_test *t, const struct bench_series *s)
{
	struct rate rate;

	if (rate_of(s->median, bench_items(t, s), &rate))
		text_markup(out, "<td class=\"n\">%.1f</td>", rate.ns_each);
	else
		g_string_append(out, "<td class=\"n\">-</td>");
}

static void put_test(GString *out, const struct bench_doc *doc, const struct bench_test *t, struct plot *plot,
		     struct plot_series *dots)
{
	g_autofree char *label = bench_label(doc, t, true);

	if (t->result != BENCH_PASS) {
		g_string_append(out, "<tr><th scope=\"row\">");
		html_text(out, label);
		text_markup(out, "</th><td class=\"%s\" colspan=\"6\">%s ", t->result == BENCH_FAIL ? "bad" : "dim",
			    t->result == BENCH_FAIL ? "✗ FAIL" : "– skipped");
		html_text(out, t->reason);
		g_string_append(out, "</td></tr>\n");
	}
	for (guint i = 0; i < t->steps->len; i++) {
		const struct bench_series *s = t->steps->pdata[i];
		uint64_t items = bench_items(t, s);
		double each = items ? (double)items : 1;

		g_string_append(out, "<tr><th scope=\"row\">");
		html_text(out, label);
		g_string_append(out, "</th><td>");
		html_text(out, s->name);
		text_markup(out,
			    "</td><td class=\"n\">%" G_GUINT64_FORMAT "</td><td class=\"n\">%" G_GUINT64_FORMAT
			    "</td><td class=\"n\">%" G_GUINT64_FORMAT "</td><td class=\"n\">%" G_GUINT64_FORMAT "</td>",
			    items, s->median, s->min, s->max);
		put_each(out, t, s);
		g_string_append(out, "</tr>\n");
		if (!items || !s->min || plot->labels->len == STEPS_MAX)
			continue;
		plot_point(dots, plot->labels->len, (double)s->median / each, (double)s->min / each,
			   (double)s->max / each);
		g_ptr_array_add(plot->labels, g_strdup_printf("%s: %s", label, s->name));
	}
}

static void put_figures(GString *out, const struct bench_doc *doc, const char *unit)
{
	struct plot plot;
	g_autofree char *each = g_strdup_printf("%s for each item", unit);
	struct plot_series *dots;

	plot_init(&plot);
	plot.alt = "what each step of each test took for one item, with its spread; the table has the figures";
	plot.unit = each;
	plot.log = true;
	dots = plot_add(&plot, "median");
	g_string_append(out, "<section aria-labelledby=\"figures\"><h2 id=\"figures\">Figures</h2>\n"
			     "<div class=\"wide\" tabindex=\"0\"><table><thead><tr><th scope=\"col\">test</th>"
			     "<th scope=\"col\">step</th><th class=\"n\" scope=\"col\">items</th>");
	text_markup(out,
		    "<th class=\"n\" scope=\"col\">median, %s</th><th class=\"n\" scope=\"col\">least</th>"
		    "<th class=\"n\" scope=\"col\">most</th><th class=\"n\" scope=\"col\">%s each</th></tr></thead>\n",
		    unit, unit);
	for (guint i = 0; i < doc->tests->len; i++)
		put_test(out, doc, doc->tests->pdata[i], &plot, dots);
	g_string_append(out, "</table></div>\n");
	html_plot(out, &plot,
		  "What each step took for one page, exit or change: the median of the rounds, and from the least to "
		  "the most.");
	g_string_append(out, "</section>\n");
	plot_clear(&plot);
}

char *html_bench_page(const struct bench_doc *doc)
{
	bool virtual = g_strcmp0(doc->clock, "virtual") == 0;
	g_autofree char *title = g_strdup_printf("bench %s", doc->suite ? doc->suite : "");
	g_autofree char *lab = g_strdup_printf("vtdlab %s%s%s", VTDLAB_VERSION, doc->commit ? ", commit " : "",
					       doc->commit ? doc->commit : "");
	GString *out = html_begin(title);

	put_verdict(out, doc);
	put_figures(out, doc, virtual ? "instructions" : "ns");
	g_string_append(out, "<section aria-labelledby=\"run\"><h2 id=\"run\">What was run</h2>\n<table>\n");
	html_row(out, "L1's kernel", doc->guest_kernel ? doc->guest_kernel : doc->kernel);
	html_row(out, "parameters", doc->params);
	html_row(out, "accelerator", doc->accel);
	html_row(out, "clock", doc->clock);
	html_row(out, "QEMU", doc->qemu);
	html_row(out, "vIOMMU", doc->iommu);
	html_row(out, "lab", lab);
	g_string_append(out, "</table>\n");
	if (g_strcmp0(doc->accel, "kvm") != 0)
		text_markup(out, "<p>%s</p>\n",
			    virtual ? "An instruction of L1 counts as one nanosecond: these are no times of hardware." :
				      "Times of an emulated machine: good to compare runs on one host, no figures of "
				      "hardware.");
	g_string_append(out, "</section>\n");
	return html_end(out);
}
