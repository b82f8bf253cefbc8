/* SPDX-License-Identifier: GPL-2.0-only */
/* A benchmark as a side of a bug. */
#include "bugs/bench-side.h"

#include <string.h>

#include "base/error.h"
#include "base/stats.h"
#include "bench/bench.h"
#include "results/bench-doc.h"

#define ROUNDS_MIN 5

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

	if (!o.tests)
		return false;
	o.progress = progress_new(NULL, style);
	ok = bench_run(&o, &out, error);
	progress_free(o.progress);
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

/* The rounds of one side, sorted. */
struct figure {
	GArray *ns; /* uint64_t */
	uint64_t median, low, high;
};

static bool add_rounds(const struct bug *bug, const char *dir, GArray *ns, GError **error)
{
	const char *step = strchr(bug->figure, '/') + 1;
	g_autofree char *name = g_strndup(bug->figure, (gsize)(step - 1 - bug->figure));
	struct bench_doc *doc = bench_doc_read(dir, error);

	if (!doc)
		return false;
	for (guint i = 0; i < doc->tests->len; i++) {
		const struct bench_test *test = doc->tests->pdata[i];
		const struct bench_series *series = bench_series_find(test->steps, step);

		if (strcmp(test->name, name) != 0 || !series)
			continue;
		g_array_append_vals(ns, series->runs->data, series->runs->len);
		break; /* the first of that name is the one that is meant */
	}
	bench_doc_free(doc);
	return true;
}

static bool read_figure(const struct bug *bug, const GPtrArray *dirs, struct figure *f, GError **error)
{
	bool ok = true;

	f->ns = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	for (guint i = 0; ok && i < dirs->len; i++)
		ok = add_rounds(bug, dirs->pdata[i], f->ns, error);
	f->median = stats_median_u64((uint64_t *)(void *)f->ns->data, f->ns->len);
	if (f->ns->len) {
		f->low = g_array_index(f->ns, uint64_t, 0);
		f->high = g_array_index(f->ns, uint64_t, f->ns->len - 1);
	}
	return ok;
}

bool bench_figure_judge(const struct bug *bug, const GPtrArray *bad, const GPtrArray *good, enum side_result *result,
			GString *why, GError **error)
{
	struct figure b = { 0 }, g = { 0 };
	bool ok = read_figure(bug, bad, &b, error) && read_figure(bug, good, &g, error);

	*result = SIDE_UNJUDGED;
	if (ok && (b.ns->len < ROUNDS_MIN || g.ns->len < ROUNDS_MIN)) {
		g_string_append_printf(why, "%s: %u rounds on the bad side, %u on the good one: each needs %u",
				       bug->figure, b.ns->len, g.ns->len, ROUNDS_MIN);
	} else if (ok) {
		double worse = 100 * rate_apart(g.median, b.median);

		*result = b.low > g.high && worse >= bug->figure_worse ? SIDE_AS_STATED : SIDE_OTHERWISE;
		g_string_append_printf(why,
				       "%s: bad %" G_GUINT64_FORMAT " ns (%" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT
				       "), good %" G_GUINT64_FORMAT " ns (%" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT
				       "): %+.2f %%, wanted %g %%%s",
				       bug->figure, b.median, b.low, b.high, g.median, g.low, g.high, worse,
				       bug->figure_worse,
				       b.low <= g.high && g.low <= b.high ? "; the intervals touch" : "");
	}
	if (b.ns)
		g_array_unref(b.ns);
	if (g.ns)
		g_array_unref(g.ns);
	return ok;
}
