/* SPDX-License-Identifier: GPL-2.0-only */
/* A limit for how much slower a bench run may be than the first one. What was not measured is within no limit. */
#include "results/bench-table.h"

#include "base/stats.h"

#define LINES_MAX 50

struct gate {
	GString *lines;
	const struct bench_doc *base;
	double within;
	unsigned steps, worse, better, lost;
};

/* One line of what is told beside the counts: "worse   demand-paging, populate: B +100.000 %". */
static void tell(struct gate *g, const char *kind, const char *label, const char *format, ...) G_GNUC_PRINTF(4, 5);

static void tell(struct gate *g, const char *kind, const char *label, const char *format, ...)
{
	va_list args;

	if (g->worse + g->better + g->lost > LINES_MAX)
		return;
	g_string_append_printf(g->lines, "  %-7s %s", kind, label);
	va_start(args, format);
	g_string_append_vprintf(g->lines, format, args);
	va_end(args);
	g_string_append_c(g->lines, '\n');
}

static void judge_step(struct gate *g, const char *label, const struct bench_series *a, const struct bench_series *b,
		       char run)
{
	double apart;

	if (!b) {
		g->lost++;
		tell(g, "missing", label, ", %s: not in %c", a->name, run);
		return;
	}
	g->steps++;
	apart = rate_apart(a->median, b->median);
	if (apart > g->within) {
		g->worse++;
		tell(g, "worse", label, ", %s: %c %+.3f %%", a->name, run, 100 * apart);
	} else if (apart < -g->within) {
		g->better++;
		tell(g, "better", label, ", %s: %c %+.3f %%", a->name, run, 100 * apart);
	}
}

/* @a of the first run, @b of the run called @run; one of them may be NULL. */
static void judge_test(struct gate *g, const char *label, const struct bench_test *a, const struct bench_test *b,
		       char run)
{
	bool wanted = a && a->result == BENCH_PASS;

	if (b && b->result == BENCH_FAIL) {
		g->lost++;
		tell(g, "failed", label, ": in %c: %s", run, b->reason);
	} else if (wanted && !b) {
		g->lost++;
		tell(g, "missing", label, ": not in %c", run);
	} else if (wanted && b->result == BENCH_SKIP) {
		g->lost++;
		tell(g, "skipped", label, ": in %c: %s", run, b->reason);
	} else if (wanted) {
		for (guint i = 0; i < a->steps->len; i++) {
			const struct bench_series *step = a->steps->pdata[i];

			judge_step(g, label, step, bench_series_find(b->steps, step->name), run);
		}
	}
}

static void judge_run(struct gate *g, const struct bench_doc *doc, char run)
{
	for (guint i = 0; doc != g->base && i < g->base->tests->len; i++) {
		g_autofree char *label = bench_label(g->base, g->base->tests->pdata[i], true);

		judge_test(g, label, g->base->tests->pdata[i], bench_test_like(doc, g->base, i), run);
	}
	/* what the first run does not have, and the first run itself, can only fail */
	for (guint i = 0; i < doc->tests->len; i++) {
		g_autofree char *label = bench_label(doc, doc->tests->pdata[i], true);

		if (doc == g->base || !bench_test_like(g->base, doc, i))
			judge_test(g, label, NULL, doc->tests->pdata[i], run);
	}
}

char *bench_gate(const GPtrArray *docs, double within, bool *good)
{
	struct gate g = { .lines = g_string_new(NULL), .base = docs->pdata[0], .within = within };
	char *text;

	for (guint i = 0; i < docs->len; i++)
		judge_run(&g, docs->pdata[i], (char)('A' + i % 26));
	*good = g.steps && !g.worse && !g.lost;
	text = g_strdup_printf("\n%s: %u medians within %g %% of A's, %u worse, %u better, %u missing or failed\n%s",
			       *good ? "good" : "bad", g.steps - g.worse - g.better, 100 * within, g.worse, g.better,
			       g.lost, g.lines->str);
	g_string_free(g.lines, TRUE);
	return text;
}
