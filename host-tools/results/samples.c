/* SPDX-License-Identifier: GPL-2.0-only */
/* Two samples of many figures, and what chance explains of their differences. */
#include "results/samples.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/stats.h"

#define CHANCE 0.05

struct judged {
	const struct sample *s;
	double p;
	struct stats_ratio ratio;
	bool rated;
};

static void sample_free(void *p)
{
	struct sample *s = p;

	g_free(s->name);
	g_array_unref(s->base);
	g_array_unref(s->new);
	g_free(s);
}

GPtrArray *samples_new(void)
{
	return g_ptr_array_new_with_free_func(sample_free);
}

struct sample *samples_add(GPtrArray *samples, const char *name, enum sample_unit unit)
{
	struct sample *s = g_new0(struct sample, 1);

	s->name = g_strstrip(g_strdup(name));
	s->unit = unit;
	s->base = g_array_new(FALSE, FALSE, sizeof(double));
	s->new = g_array_new(FALSE, FALSE, sizeof(double));
	g_ptr_array_add(samples, s);
	return s;
}

void sample_number(GString *out, enum sample_unit unit, double value)
{
	if (unit == SAMPLE_NS && value >= 1e7)
		g_string_append_printf(out, "%.1f ms", value / 1e6);
	else if (unit == SAMPLE_NS && value >= 1e4)
		g_string_append_printf(out, "%.1f us", value / 1e3);
	else if (unit == SAMPLE_NS)
		g_string_append_printf(out, "%.0f ns", value);
	else if (unit == SAMPLE_BYTES)
		g_string_append_printf(out, "%.0f KiB", value / 1024);
	else
		g_string_append_printf(out, "%.15g", value);
}

static double *values(const GArray *a)
{
	return (double *)(void *)a->data;
}

/* How far it is from no change, upwards or downwards; what has no ratio (something came of nothing) is the furthest. */
static double size_of(const struct judged *j)
{
	return j->rated && j->ratio.median > 0 ? fabs(log(j->ratio.median)) : INFINITY;
}

/* With few runs all samples that do not overlap have one probability: of these the largest change comes first. */
static int by_chance(const void *a, const void *b)
{
	const struct judged *x = a, *y = b;
	double xs = size_of(x), ys = size_of(y);

	return x->p != y->p ? (x->p > y->p) - (x->p < y->p) : (xs < ys) - (xs > ys);
}

/* Three digits, or as many as tell it from 1. */
static void put_ratio(GString *out, const char *before, double ratio, const char *after)
{
	char text[32];

	for (int digits = 3; digits <= 9; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, ratio);
		if (ratio == 1 || strcmp(text, "1") != 0)
			break;
	}
	g_string_append_printf(out, "%s%s%s", before, text, after);
}

/* "copy, by probes: 9.9 us -> 22.1 us, x 2.23 (2.1 to 2.4), p 1e-05" */
static void put(GString *out, const struct judged *j)
{
	g_string_append_printf(out, "  %s: ", j->s->name);
	sample_number(out, j->s->unit, stats_median(values(j->s->base), j->s->base->len));
	g_string_append(out, " -> ");
	sample_number(out, j->s->unit, stats_median(values(j->s->new), j->s->new->len));
	if (j->rated) {
		put_ratio(out, ", x ", j->ratio.median, "");
		if (j->ratio.bounded) {
			put_ratio(out, " (", j->ratio.low, " to ");
			put_ratio(out, "", j->ratio.high, ")");
		}
	}
	g_string_append_printf(out, ", p %.2g\n", j->p);
}

static bool costs_more(const struct judged *j, double threshold)
{
	return j->s->unit != SAMPLE_COUNT && j->rated && j->ratio.median > 1 + threshold;
}

/* Could anything be found at all? With n and m values no p is smaller than that of two samples that do not overlap. */
static double least_chance(unsigned n, unsigned m)
{
	double a[STATS_MOST], b[STATS_MOST];

	if (n + m > STATS_MOST)
		return 0;
	for (unsigned i = 0; i < n; i++)
		a[i] = i;
	for (unsigned i = 0; i < m; i++)
		b[i] = n + i;
	return stats_differ(a, n, b, m);
}

/* What these few runs could not have shown. */
static void put_power(GString *out, const char *values_are, unsigned figures, unsigned base, unsigned new)
{
	unsigned enough = 4;

	if (base + new > STATS_MOST) {
		g_string_append_printf(out, "more than %u %s in all: none of it was judged\n", STATS_MOST, values_are);
		return;
	}
	if (!figures || least_chance(base, new) * figures <= CHANCE)
		return;
	while (2 * enough < STATS_MOST && least_chance(enough, enough) * figures > CHANCE)
		enough++;
	if (least_chance(base, new) > CHANCE)
		g_string_append_printf(out, "too few %s to tell anything from noise: 4 of each side at least,\n",
				       values_are);
	else
		g_string_append_printf(out, "with so few %s only changes of many figures at once can be told,\n",
				       values_are);
	g_string_append_printf(out, "%s %u for a single one\n", strcmp(values_are, "runs") == 0 ? "-n" : "--rounds",
			       enough);
}

char *samples_judge(const GPtrArray *samples, const char *values_are, double threshold, bool *worse)
{
	g_autofree struct judged *all = g_new0(struct judged, samples->len + 1);
	GString *out = g_string_new(NULL);
	unsigned n = 0, told = 0, base = 0, new = 0;

	*worse = false;
	for (guint i = 0; i < samples->len; i++) {
		const struct sample *s = samples->pdata[i];

		if (!s->base->len || !s->new->len)
			continue;
		base = MAX(base, s->base->len);
		new = MAX(new, s->new->len);
		all[n].s = s;
		all[n].p = stats_differ(values(s->base), s->base->len, values(s->new), s->new->len);
		all[n].rated = stats_ratio(values(s->base), s->base->len, values(s->new), s->new->len, &all[n].ratio);
		n++;
	}
	qsort(all, n, sizeof(*all), by_chance);
	/* Benjamini and Hochberg: the largest set whose weakest member chance would put there in one of twenty cases at most */
	for (unsigned k = n; k > 0 && !told; k--)
		if (all[k - 1].p * n <= CHANCE * k)
			told = k;
	if (told)
		g_string_append(out, "beyond noise:\n");
	for (unsigned i = 0; i < told; i++) {
		put(out, &all[i]);
		*worse |= costs_more(&all[i], threshold);
	}
	g_string_append_printf(out, "%s%u of %u figures differ beyond noise, %u and %u %s\n",
			       told ? "" : "no change: ", told, n, base, new, values_are);
	put_power(out, values_are, n, base, new);
	return g_string_free(out, FALSE);
}
