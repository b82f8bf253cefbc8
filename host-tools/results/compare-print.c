/* SPDX-License-Identifier: GPL-2.0-only */
/* The table of compared runs, for people and for plots. */
#include "results/compare-priv.h"

#include <string.h>

#include "base/error.h"
#include "base/stats.h"

struct spread {
	double median, min, max;
	unsigned n;
};

/* Of the runs of a column that have the value at all. */
static void add_values(GArray *values, const struct compare_column *column, const struct compare_row *row)
{
	for (guint i = 0; i < column->runs->len; i++) {
		double value;

		if (compare_value(column->runs->pdata[i], row->path, row->minus, &value))
			g_array_append_val(values, value);
	}
}

static struct spread spread_of(const struct compare_column *column, const struct compare_row *row)
{
	g_autoptr(GArray) values = g_array_new(FALSE, FALSE, sizeof(double));
	struct spread s = { 0 };

	add_values(values, column, row);
	s.n = values->len;
	if (!s.n)
		return s;
	s.median = stats_median((double *)(void *)values->data, s.n); /* sorts them */
	s.min = g_array_index(values, double, 0);
	s.max = g_array_index(values, double, s.n - 1);
	return s;
}

/* From where to where, if it shows in the digits that are printed. */
static void put_spread(GString *out, enum sample_unit unit, const struct spread *s)
{
	g_autoptr(GString) min = g_string_new(NULL), max = g_string_new(NULL);

	sample_number(min, unit, s->min);
	sample_number(max, unit, s->max);
	if (strcmp(min->str, max->str) != 0)
		g_string_append_printf(out, " (%s to %s)", min->str, max->str);
}

static char *cell(const struct compare_column *column, const struct compare_row *row)
{
	struct spread s = spread_of(column, row);
	GString *out = g_string_new(NULL);

	if (!s.n) {
		g_string_append_c(out, '-');
		return g_string_free(out, FALSE);
	}
	sample_number(out, row->unit, s.median);
	if (row->of) {
		const struct compare_row whole = { .path = row->of };
		struct spread of = spread_of(column, &whole);

		g_string_append_printf(out, " of %.15g", of.median);
	}
	put_spread(out, row->unit, &s);
	return g_string_free(out, FALSE);
}

/* What the runs of a column say in words; each answer once. */
static char *words(const struct compare_column *column, bool failed)
{
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < column->runs->len; i++) {
		const struct compare_run *run = column->runs->pdata[i];
		const char *word = failed ? run->failed : outcome_name(run->json->outcome);
		bool known = false;

		for (guint k = 0; k < i; k++) {
			const struct compare_run *other = column->runs->pdata[k];

			known |= failed ? strcmp(other->failed, word) == 0 : other->json->outcome == run->json->outcome;
		}
		if (!known)
			g_string_append_printf(out, "%s%s", out->len ? "; " : "", *word ? word : "none");
	}
	return g_string_free(out, FALSE);
}

/* Has any of the columns a value for it? */
static bool is_known(const struct compare *c, const struct compare_row *row)
{
	for (guint k = 0; k < c->columns->len; k++)
		if (spread_of(c->columns->pdata[k], row).n)
			return true;
	return false;
}

/* All cells, row by row, the first column the names. */
static GPtrArray *cells(const struct compare *c)
{
	GPtrArray *out = g_ptr_array_new_with_free_func(g_free);

	g_ptr_array_add(out, g_strdup(""));
	for (guint k = 0; k < c->columns->len; k++)
		g_ptr_array_add(out, g_strdup(((struct compare_column *)c->columns->pdata[k])->name));
	g_ptr_array_add(out, g_strdup("runs"));
	for (guint k = 0; k < c->columns->len; k++)
		g_ptr_array_add(out, g_strdup_printf("%u", ((struct compare_column *)c->columns->pdata[k])->runs->len));
	for (unsigned failed = 0; failed < 2; failed++) {
		g_ptr_array_add(out, g_strdup(failed ? "checks that fail" : "outcome"));
		for (guint k = 0; k < c->columns->len; k++)
			g_ptr_array_add(out, words(c->columns->pdata[k], failed));
	}
	for (const struct compare_row *row = compare_rows; row->name; row++) {
		if (!is_known(c, row))
			continue;
		g_ptr_array_add(out, g_strdup(row->name));
		for (guint k = 0; k < c->columns->len; k++)
			g_ptr_array_add(out, cell(c->columns->pdata[k], row));
	}
	return out;
}

static char *table(const struct compare *c, bool markdown)
{
	g_autoptr(GPtrArray) all = cells(c);
	g_autofree size_t *width = g_new0(size_t, c->columns->len + 1);
	guint n = c->columns->len + 1;
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < all->len; i++)
		width[i % n] = MAX(width[i % n], strlen(all->pdata[i]));
	for (guint i = 0; i < all->len; i++) {
		const char *text = all->pdata[i];

		if (markdown)
			g_string_append_printf(out, "| %s %s", text, i % n == n - 1 ? "|\n" : "");
		else
			g_string_append_printf(out, "%-*s%s", i % n == n - 1 ? 0 : (int)width[i % n], text,
					       i % n == n - 1 ? "\n" : "  ");
		if (markdown && i == n - 1)
			for (guint k = 0; k < n; k++)
				g_string_append(out, k == n - 1 ? "|---|\n" : "|---");
	}
	return g_string_free(out, FALSE);
}

static char *tsv(const struct compare *c)
{
	static const char *const units[] = { "count", "ns", "bytes" };
	GString *out = g_string_new("row\tcolumn\tunit\tmedian\tmin\tmax\truns\n");

	for (const struct compare_row *row = compare_rows; row->name; row++)
		for (guint k = 0; k < c->columns->len; k++) {
			const struct compare_column *column = c->columns->pdata[k];
			struct spread s = spread_of(column, row);

			if (s.n)
				g_string_append_printf(out, "%s\t%s\t%s\t%.15g\t%.15g\t%.15g\t%u\n",
						       row->name + strspn(row->name, " "), column->name,
						       units[row->unit], s.median, s.min, s.max, s.n);
		}
	return g_string_free(out, FALSE);
}

char *compare_text(const struct compare *c, enum compare_format format)
{
	g_autofree char *body = NULL;

	if (format == COMPARE_TSV)
		return tsv(c);
	body = table(c, format == COMPARE_MARKDOWN);
	return g_strdup_printf("%s\nclock %s, accelerator %s; median (from to) of the runs of a column\n", body,
			       c->clock ? c->clock : "?", c->accel ? c->accel : "?");
}

/* ---- two columns ---- */

/* How many of its runs were judged bad, and how many not at all. */
static void count(const struct compare_column *column, guint *bad, guint *unjudged)
{
	*bad = *unjudged = 0;
	for (guint i = 0; i < column->runs->len; i++) {
		int64_t exit = ((const struct compare_run *)column->runs->pdata[i])->json->exit;

		*bad += exit == VTDLAB_EXIT_BAD;
		*unjudged += exit != VTDLAB_EXIT_BAD && exit != VTDLAB_EXIT_OK;
	}
}

/* Puts the verdicts that changed; what they say of the second column. */
static int judge_verdicts(GString *out, const struct compare_column *base, const struct compare_column *new)
{
	guint bad, unjudged, was_bad, was_unjudged, n = new->runs->len, before = base->runs->len;

	for (int failed = 0; failed < 2; failed++) {
		g_autofree char *old = words(base, failed), *now = words(new, failed);

		if (strcmp(old, now) != 0)
			g_string_append_printf(out, "%s: %s -> %s\n", failed ? "checks that fail" : "verdict", old,
					       now);
	}
	count(base, &was_bad, &was_unjudged);
	count(new, &bad, &unjudged);
	if (bad * before > was_bad * n) {
		if (!out->len)
			g_string_append_printf(out, "judged bad: %u of %u runs, now %u of %u\n", was_bad, before, bad,
					       n);
		return VTDLAB_EXIT_BAD;
	}
	if (unjudged * before <= was_unjudged * n)
		return VTDLAB_EXIT_OK;
	if (!out->len)
		g_string_append_printf(out, "without a verdict: %u of %u runs, now %u of %u\n", was_unjudged, before,
				       unjudged, n);
	return VTDLAB_EXIT_CANNOT_JUDGE;
}

char *compare_judge(const struct compare *c, double threshold, int *status)
{
	const struct compare_column *base = c->columns->len == 2 ? c->columns->pdata[0] : NULL;
	const struct compare_column *new = base ? c->columns->pdata[1] : NULL;
	g_autoptr(GPtrArray) samples = samples_new();
	g_autofree char *figures = NULL;
	bool costs = false;
	GString *out;

	if (!base)
		return NULL;
	out = g_string_new(NULL);
	*status = judge_verdicts(out, base, new);
	/* of single runs no figure is told from noise: what changed of their verdicts is all there is to say */
	if (base->runs->len < 2 || new->runs->len < 2)
		return g_string_free(out, !out->len);
	for (const struct compare_row *row = compare_rows; row->name; row++) {
		struct sample *s = samples_add(samples, row->name, row->unit);

		add_values(s->base, base, row);
		add_values(s->new, new, row);
	}
	figures = samples_judge(samples, "runs", threshold, &costs);
	if (costs)
		*status = VTDLAB_EXIT_BAD;
	g_string_append(out, figures);
	return g_string_free(out, FALSE);
}
