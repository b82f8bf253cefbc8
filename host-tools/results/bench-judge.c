/* SPDX-License-Identifier: GPL-2.0-only */
/* Boots of one side against boots of another: a step of a test is a figure, the median of a boot a value. */
#include "results/bench-table.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/stats.h"
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

static void add_rounds(GArray *values, const GPtrArray *docs, const struct bench_doc *of, guint at, const char *step)
{
	for (guint i = 0; i < docs->len; i++) {
		const struct bench_test *t = bench_test_like(docs->pdata[i], of, at);
		const struct bench_series *s = t && t->result == BENCH_PASS ? bench_series_find(t->steps, step) : NULL;

		for (guint k = 0; s && k < s->runs->len; k++) {
			double value = (double)g_array_index(s->runs, uint64_t, k);

			g_array_append_val(values, value);
		}
	}
}

/* One boot may take so much more or less than another with nothing changed: such samples are made the same. */
static void make_equal(struct sample *s, double noise)
{
	g_autoptr(GArray) base = g_array_copy(s->base), new = g_array_copy(s->new);
	double a = stats_median((double *)(void *)base->data, base->len),
	       b = stats_median((double *)(void *)new->data, new->len);

	if (!base->len || !new->len || fabs(b - a) > noise * a)
		return;
	g_array_set_size(s->new, 0);
	g_array_append_vals(s->new, s->base->data, s->base->len);
}

static void add_test(GPtrArray *samples, const GPtrArray *base, const GPtrArray *new, guint at, bool rounds)
{
	void (*add)(GArray *, const GPtrArray *, const struct bench_doc *, guint, const char *) =
		rounds ? add_rounds : add_medians;
	const struct bench_doc *of = base->pdata[0];
	const struct bench_test *t = of->tests->pdata[at];
	g_autofree char *label = bench_label(of, t, true);

	for (guint i = 0; i < t->steps->len; i++) {
		const struct bench_series *step = t->steps->pdata[i];
		g_autofree char *name = g_strdup_printf("%s, %s", label, step->name);
		struct sample *s = samples_add(samples, name, SAMPLE_NS);

		add(s->base, base, of, at, step->name);
		add(s->new, new, of, at, step->name);
		if (strcmp(of->clock, "virtual") == 0)
			make_equal(s, BENCH_VIRTUAL_NOISE);
	}
}

static char *judge(const GPtrArray *base, const GPtrArray *new, bool rounds, double threshold, bool *worse,
		   GError **error)
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
		add_test(samples, base, new, at, rounds);
	}
	if (!passed && !lost) {
		vtdlab_unjudged(error, "no test passed on both sides: there is nothing to compare");
		g_string_free(out, TRUE);
		return NULL;
	}
	figures = samples_judge(samples, rounds ? "rounds" : "runs", threshold, worse);
	*worse |= lost;
	g_string_append(out, figures);
	return g_string_free(out, FALSE);
}

char *bench_moved(const GPtrArray *base, const GPtrArray *new, double threshold, bool *worse, GError **error)
{
	const struct bench_doc *first = base->pdata[0];
	bool rounds = base->len < BENCH_BOOTS_ENOUGH || new->len < BENCH_BOOTS_ENOUGH;
	g_autofree char *text = judge(base, new, rounds, threshold, worse, error);

	if (!text || !rounds)
		return g_steal_pointer(&text);
	if (strcmp(first->clock, "virtual") == 0)
		return g_strdup_printf("%sa value is a round; within %g %%, as two boots are, is equal\n", text,
				       100 * BENCH_VIRTUAL_NOISE);
	return g_strdup_printf("%sa value is a round of few boots, and one boot may differ from another:\n"
			       "-n %d, and as many baselines, tell that apart\n",
			       text, BENCH_BOOTS_ENOUGH);
}
