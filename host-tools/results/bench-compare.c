/* SPDX-License-Identifier: GPL-2.0-only */
/* Medians of several bench runs side by side. Times of two clocks or accelerators are never put beside each other. */
#include "results/bench-table.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "base/stats.h"

struct sums {
	int width; /* of the first column */
	unsigned steps, equal, alone;
	double worst;
	char *where; /* of the worst */
};

bool bench_one_clock(const GPtrArray *docs, GError **error)
{
	const struct bench_doc *a = docs->pdata[0];

	for (guint i = 1; i < docs->len; i++) {
		const struct bench_doc *b = docs->pdata[i];

		if (strcmp(a->clock, b->clock) == 0 && strcmp(a->accel, b->accel) == 0)
			continue;
		return vtdlab_refuse(
			error,
			"%s ran with clock %s under %s, %s with clock %s under %s: times of these cannot be "
			"compared",
			a->path, a->clock, a->accel, b->path, b->clock, b->accel);
	}
	return true;
}

static const char *or_dash(const char *text)
{
	return text && *text ? text : "-";
}

static void add_head(GString *out, const GPtrArray *docs, int width)
{
	const struct bench_doc *first = docs->pdata[0];

	g_string_append_printf(out, "medians in ns; clock %s, accelerator %s\n", first->clock, first->accel);
	for (guint i = 0; i < docs->len; i++) {
		const struct bench_doc *d = docs->pdata[i];

		g_string_append_printf(out, "%c  %s: %s, QEMU %s, vIOMMU %s, parameters %s, commit %s\n",
				       'A' + (int)(i % 26), d->path, or_dash(d->kernel), or_dash(d->qemu),
				       or_dash(d->iommu), or_dash(d->params), or_dash(d->commit));
	}
	g_string_append_printf(out, "\n%-*s %-12s", width, "test and options", "step");
	for (guint i = 0; i < docs->len; i++)
		g_string_append_printf(out, " %13c", 'A' + (int)(i % 26));
	g_string_append(out, docs->len == 2 ? "        B to A\n" : "         apart\n");
}

/* The end of a line: how far the medians of one step are from each other. @all: no run is without; only then it counts. */
static void add_distance(GString *out, const GArray *medians, bool all, struct sums *sums, const char *label,
			 const char *step)
{
	uint64_t min = UINT64_MAX, max = 0;
	double apart;

	for (guint i = 0; i < medians->len; i++) {
		min = MIN(min, g_array_index(medians, uint64_t, i));
		max = MAX(max, g_array_index(medians, uint64_t, i));
	}
	apart = rate_apart(min, max);
	if (all) {
		sums->steps++;
		sums->equal += min == max;
	}
	if (all && (apart > sums->worst || !sums->where)) {
		sums->worst = apart;
		g_free(sums->where);
		sums->where = g_strdup_printf("%s, %s", label, step);
	}
	if (all && medians->len == 2)
		g_string_append_printf(
			out, " %+12.3f%%\n",
			100 * rate_apart(g_array_index(medians, uint64_t, 0), g_array_index(medians, uint64_t, 1)));
	else
		g_string_append_printf(out, " %12.3f%%\n", 100 * apart);
}

static void add_step(GString *out, const GPtrArray *tests, const char *label, const char *step, struct sums *sums)
{
	g_autoptr(GArray) medians = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	bool all;

	g_string_append_printf(out, "%-*s %-12s", sums->width, label, step);
	for (guint i = 0; i < tests->len; i++) {
		const struct bench_test *t = tests->pdata[i];
		const struct bench_series *s = t ? bench_series_find(t->steps, step) : NULL;

		if (s) {
			g_array_append_val(medians, s->median);
			g_string_append_printf(out, " %13" PRIu64, s->median);
		} else {
			g_string_append_printf(out, " %13s", t ? bench_result_name(t->result) : "-");
		}
	}
	all = medians->len == tests->len;
	sums->alone += !all;
	if (medians->len > 1)
		add_distance(out, medians, all, sums, label, step);
	else
		g_string_append_c(out, '\n');
}

/* One test of the first run that has it, and what the others say of it. */
static void add_test(GString *out, const GPtrArray *docs, guint owner, guint at, struct sums *sums)
{
	const struct bench_doc *of = docs->pdata[owner];
	const struct bench_test *t = of->tests->pdata[at];
	g_autofree char *label = bench_label(of, t, true);
	g_autoptr(GPtrArray) tests = g_ptr_array_new();
	const struct bench_test *with = NULL;

	for (guint i = 0; i < docs->len; i++) {
		const struct bench_test *other = bench_test_like(docs->pdata[i], of, at);

		if (i < owner && other)
			return;
		g_ptr_array_add(tests, (void *)other);
		if (!with && other && other->steps->len)
			with = other;
	}
	if (!with) {
		g_string_append_printf(out, "%-*s %s\n", sums->width, label, bench_result_name(t->result));
		return;
	}
	for (guint i = 0; i < with->steps->len; i++)
		add_step(out, tests, label, ((const struct bench_series *)with->steps->pdata[i])->name, sums);
}

char *bench_compare(const GPtrArray *docs, GError **error)
{
	g_autoptr(GString) out = g_string_new(NULL);
	struct sums sums = { 0 };

	if (!bench_one_clock(docs, error))
		return NULL;
	sums.width = bench_label_width((struct bench_doc *const *)docs->pdata, docs->len, true);
	add_head(out, docs, sums.width);
	for (guint d = 0; d < docs->len; d++) {
		const struct bench_doc *doc = docs->pdata[d];

		for (guint i = 0; i < doc->tests->len; i++)
			add_test(out, docs, d, i, &sums);
	}
	if (!sums.steps) {
		vtdlab_refuse(error, "these runs have no step of the same test with the same options in common");
		return NULL;
	}
	g_string_append_printf(out, "\n%u medians, %u equal to the nanosecond, largest distance %.3f %% (%s)",
			       sums.steps, sums.equal, 100 * sums.worst, sums.where);
	if (sums.alone)
		g_string_append_printf(out, "; %u not in every run", sums.alone);
	g_string_append_c(out, '\n');
	g_free(sums.where);
	return g_strdup(out->str);
}
