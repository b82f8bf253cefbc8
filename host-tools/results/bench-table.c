/* SPDX-License-Identifier: GPL-2.0-only */
/* The table that `vtdlab bench` prints. */
#include "results/bench-table.h"

#include <string.h>

#include "base/stats.h"

static void add_label(GString *out, const struct bench_doc *doc, const struct bench_test *t, int width)
{
	g_autofree char *label = bench_label(doc, t, false);

	g_string_append_printf(out, "%-*s %5" G_GUINT64_FORMAT "  ", width, label, t->vcpus);
}

/* Three to four digits that count: 1234, 12.3k, 1.23M. */
static char *short_rate(double v)
{
	static const char units[] = " kMG";
	unsigned u = 0;

	while (v >= 10000 && units[u + 1]) {
		v /= 1000;
		u++;
	}
	return g_strchomp(g_strdup_printf("%.*f%c", v < 10 ? 2 : v < 100 ? 1 : 0, v, units[u]));
}

static void add_step(GString *out, const struct bench_test *t, const struct bench_series *s)
{
	uint64_t items = bench_items(t, s);
	double spread = s->median ? (double)(s->max - s->min) * 100 / (double)s->median : 0;
	struct rate rate;

	g_string_append_printf(out, "%-12s ", s->name);
	if (items)
		g_string_append_printf(out, "%8" G_GUINT64_FORMAT, items);
	else
		g_string_append_printf(out, "%8s", "-");
	g_string_append_printf(out, " %13" G_GUINT64_FORMAT " %7.3f%%", s->median, spread);
	if (rate_of(s->median, items, &rate)) {
		g_autofree char *per_second = short_rate(rate.per_second);

		g_string_append_printf(out, " %11.1f %9s", rate.ns_each, per_second);
	}
	g_string_append_c(out, '\n');
}

char *bench_table(struct bench_doc *doc)
{
	GString *out = g_string_new(NULL);
	int width = bench_label_width(&doc, 1, false);

	g_string_append_printf(out, "%-*s %5s  %-12s %8s %13s %8s %11s %9s\n", width, "test and options", "vcpus",
			       "step", "items", "median ns", "spread", "ns each", "a second");
	for (guint i = 0; i < doc->tests->len; i++) {
		const struct bench_test *t = doc->tests->pdata[i];

		if (t->result != BENCH_PASS) {
			add_label(out, doc, t, width);
			g_string_append_printf(out, "%s: %s\n", bench_result_name(t->result), t->reason);
		}
		for (guint k = 0; k < t->steps->len; k++) {
			if (k)
				g_string_append_printf(out, "%-*s %5s  ", width, "", "");
			else
				add_label(out, doc, t, width);
			add_step(out, t, t->steps->pdata[k]);
		}
	}
	return g_string_free(out, FALSE);
}

void bench_counts(const struct bench_doc *doc, unsigned count[3])
{
	memset(count, 0, 3 * sizeof(*count));
	for (guint i = 0; i < doc->tests->len; i++)
		count[((const struct bench_test *)doc->tests->pdata[i])->result]++;
}
