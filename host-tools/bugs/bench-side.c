/* SPDX-License-Identifier: GPL-2.0-only */
/* A benchmark as a side of a bug. */
#include "bugs/bench-side.h"

#include <string.h>

#include "base/error.h"
#include "base/stats.h"
#include "bench/bench.h"
#include "results/bench-doc.h"

bool bench_side_run(const struct bug *bug, const struct bug_side *side, const char *kernel, const char *results,
		    enum progress_style style, char **dir, GError **error)
{
	struct bench_options o = { .suite = "quick",
				   .tests = bench_tests(bug->bench, error),
				   .clock_virtual = true,
				   .iommu = BENCH_IOMMU_LAZY,
				   .kernel = kernel ? kernel : side->kernel,
				   .qemu = *side->qemu ? side->qemu : NULL,
				   .results = results,
				   .cpus = 1 };
	struct bench_outcome out;
	bool ok;

	o.params = o.tests ? bench_params(side->l1_params, error) : NULL;
	if (!o.params) {
		g_strfreev(o.tests);
		return false;
	}
	o.progress = progress_new(NULL, style);
	ok = bench_run(&o, &out, error);
	progress_free(o.progress);
	g_strfreev(o.params);
	g_strfreev(o.tests);
	if (!ok)
		return false;
	*dir = g_strdup(out.dir);
	bench_outcome_clear(&out);
	return true;
}

/* ---- passed or failed ---- */

static const enum check_result results[] = {
	[BENCH_PASS] = CHECK_PASS, [BENCH_FAIL] = CHECK_FAIL, [BENCH_SKIP] = CHECK_SKIP
};

static struct run_json *from_doc(const struct bench_doc *doc)
{
	struct run_json *run = g_new0(struct run_json, 1);
	unsigned failed = 0, skipped = 0;

	run->texts = g_string_chunk_new(1024);
	run->o = json_object_new();
	run->checks = g_array_new(FALSE, FALSE, sizeof(struct run_json_check));
	run->scenario = "";
	run->outcome = OUTCOMES;
	for (guint i = 0; i < doc->tests->len; i++) {
		const struct bench_test *test = doc->tests->pdata[i];
		struct run_json_check check = {
			.name = g_string_chunk_insert(run->texts, test->name),
			.result = results[test->result],
			.detail = g_string_chunk_insert(run->texts, test->reason),
		};

		failed += test->result == BENCH_FAIL;
		skipped += test->result == BENCH_SKIP;
		g_array_append_val(run->checks, check);
	}
	/* what was skipped might have failed */
	run->exit = skipped ? VTDLAB_EXIT_CANNOT_JUDGE : failed ? VTDLAB_EXIT_BAD : VTDLAB_EXIT_OK;
	run->bench = true;
	return run;
}

struct run_json *bug_run_load(const struct bug *bug, const char *dir, GError **error)
{
	struct bench_doc *doc;
	struct run_json *run;

	if (!*bug->bench)
		return run_json_load(dir, error);
	doc = bench_doc_read(dir, error);
	run = doc ? from_doc(doc) : NULL;
	bench_doc_free(doc);
	return run;
}

/* ---- figures ---- */

/* The first test of that name is the one that is meant. */
static const struct bench_series *find_step(const struct bench_doc *doc, const char *name, const char *step)
{
	for (guint i = 0; i < doc->tests->len; i++) {
		const struct bench_test *test = doc->tests->pdata[i];
		const struct bench_series *series = bench_series_find(test->steps, step);

		if (strcmp(test->name, name) == 0 && series)
			return series;
	}
	return NULL;
}

/*
 * What the figure was on one side, ns. Of few boots a value is a round; of more the median of a boot, whose rounds have its
 * memory and its kernel's shuffling in common.
 */
static bool read_values(const struct bug *bug, const GPtrArray *dirs, bool rounds, GArray *values, GError **error)
{
	const char *step = strchr(bug->figure, '/') + 1;
	g_autofree char *name = g_strndup(bug->figure, (gsize)(step - 1 - bug->figure));

	for (guint i = 0; i < dirs->len; i++) {
		struct bench_doc *doc = bench_doc_read(dirs->pdata[i], error);
		const struct bench_series *series = doc ? find_step(doc, name, step) : NULL;

		if (!doc)
			return false;
		for (guint k = 0; series && k < (rounds ? series->runs->len : 1); k++) {
			double ns = (double)(rounds ? g_array_index(series->runs, uint64_t, k) : series->median);

			g_array_append_val(values, ns);
		}
		bench_doc_free(doc);
	}
	return true;
}

/* Not less than stated, whatever noise explains: as stated. Less, whatever noise explains: otherwise. Between them: neither. */
static enum side_result judge_ratio(const struct bug *bug, const struct stats_ratio *r)
{
	double wanted = 1 + bug->figure_worse / 100;

	if (!r->bounded || (r->low < wanted && r->high >= wanted))
		return SIDE_UNJUDGED;
	return r->low >= wanted ? SIDE_AS_STATED : SIDE_OTHERWISE;
}

bool bench_figure_judge(const struct bug *bug, const GPtrArray *bad, const GPtrArray *good, enum side_result *result,
			GString *why, GError **error)
{
	g_autoptr(GArray) b = g_array_new(FALSE, FALSE, sizeof(double)), g = g_array_new(FALSE, FALSE, sizeof(double));
	bool rounds = MIN(bad->len, good->len) < BENCH_BOOTS_ENOUGH;
	const char *are = rounds ? "rounds" : "boots";
	double *of_bad, *of_good;
	struct stats_ratio r;

	if (!read_values(bug, bad, rounds, b, error) || !read_values(bug, good, rounds, g, error))
		return false;
	of_bad = (double *)(void *)b->data;
	of_good = (double *)(void *)g->data;
	if (!stats_ratio(of_good, g->len, of_bad, b->len, &r) || !r.bounded) {
		*result = SIDE_UNJUDGED;
		g_string_append_printf(why, "%s: %u %s on the bad side, %u on the good one: too %s to compare",
				       bug->figure, b->len, are, g->len, b->len + g->len > STATS_MOST ? "many" : "few");
		return true;
	}
	*result = judge_ratio(bug, &r);
	g_string_append_printf(why,
			       "%s: bad %.0f ns, good %.0f ns, %u and %u %s: %+.2f %% (%+.2f to %+.2f), wanted %g %%%s",
			       bug->figure, stats_median(of_bad, b->len), stats_median(of_good, g->len), b->len, g->len,
			       are, 100 * (r.median - 1), 100 * (r.low - 1), 100 * (r.high - 1), bug->figure_worse,
			       *result == SIDE_UNJUDGED ? "; --repeat tells more" : "");
	return true;
}
