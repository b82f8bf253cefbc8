/* SPDX-License-Identifier: GPL-2.0-only */
/* Boots of one side against boots of another: a step of a test is a figure, the median of a boot a value. */
#include "results/bench-table.h"

#include <string.h>

#include "base/error.h"
#include "results/samples.h"

/* How many of @docs have what test @at of @of measures, and it passed. */
static unsigned passing(const GPtrArray *docs, const struct bench_doc *of, guint at)
{
	unsigned n = 0;

	for (guint i = 0; i < docs->len; i++) {
		const struct bench_test *t = bench_test_like(docs->pdata[i], of, at);

		n += t && t->result == BENCH_PASS;
	}
	return n;
}

static void add_medians(GArray *values, const GPtrArray *docs, const struct bench_doc *of, guint at, const char *step)
{
	for (guint i = 0; i < docs->len; i++) {
		const struct bench_test *t = bench_test_like(docs->pdata[i], of, at);
		const struct bench_series *s = t && t->result == BENCH_PASS ? bench_series_find(t->steps, step) : NULL;
		double value = s ? (double)s->median : 0;

		if (s)
			g_array_append_val(values, value);
	}
}

static void add_test(GPtrArray *samples, const GPtrArray *base, const GPtrArray *new, guint at)
{
	const struct bench_doc *of = base->pdata[0];
	const struct bench_test *t = of->tests->pdata[at];
	g_autofree char *label = bench_label(of, t, true);

	for (guint i = 0; i < t->steps->len; i++) {
		const struct bench_series *step = t->steps->pdata[i];
		g_autofree char *name = g_strdup_printf("%s, %s", label, step->name);
		struct sample *s = samples_add(samples, name, SAMPLE_NS);

		add_medians(s->base, base, of, at, step->name);
		add_medians(s->new, new, of, at, step->name);
	}
}

char *bench_judge(const GPtrArray *base, const GPtrArray *new, double threshold, bool *worse, GError **error)
{
	const struct bench_doc *of = base->pdata[0];
	g_autoptr(GPtrArray) samples = samples_new(), all = g_ptr_array_new();
	g_autofree char *figures = NULL;
	bool lost = false, passed = false;
	GString *out;

	for (guint i = 0; i < base->len + new->len; i++)
		g_ptr_array_add(all, i < base->len ? base->pdata[i] : new->pdata[i - base->len]);
	if (!bench_one_clock(all, error))
		return NULL;
	out = g_string_new(NULL);
	for (guint at = 0; at < of->tests->len; at++) {
		g_autofree char *label = bench_label(of, of->tests->pdata[at], true);
		unsigned before = passing(base, of, at), now = passing(new, of, at);

		if (before * new->len != now * base->len)
			g_string_append_printf(out, "%s: passed %u of %u, now %u of %u\n", label, before, base->len,
					       now, new->len);
		lost |= before * new->len > now * base->len;
		passed |= before && now;
		add_test(samples, base, new, at);
	}
	if (!passed && !lost) {
		vtdlab_unjudged(error, "no test passed on both sides: there is nothing to compare");
		g_string_free(out, TRUE);
		return NULL;
	}
	figures = samples_judge(samples, threshold, worse);
	*worse |= lost;
	g_string_append(out, figures);
	return g_string_free(out, FALSE);
}
