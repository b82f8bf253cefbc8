/* SPDX-License-Identifier: GPL-2.0-only */
/* vtdlab compare: the numbers of several runs side by side, or of two sides that are run in turn. */
#include "cmd/cmd.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/run-file.h"
#include "matrix/cells.h"
#include "matrix/interleave.h"
#include "results/bench-table.h"
#include "results/compare.h"

/* With fewer of each side no difference is rarer than chance (results/samples.c); more are more than it takes. */
#define ROUNDS_MIN 4
#define ROUNDS_MAX 50

static struct {
	gboolean markdown, tsv, quiet, verbose;
	char *run, *bench, *kernel, *vs, *base, *new, *results, *threshold, *within;
	int rounds;
} opt;

static const GOptionEntry entries[] = {
	{ "markdown", 0, 0, G_OPTION_ARG_NONE, &opt.markdown, "print a table in Markdown", NULL },
	{ "tsv", 0, 0, G_OPTION_ARG_NONE, &opt.tsv,
	  "print row, column, unit, median, least, most and number of runs, for plots", NULL },
	{ "threshold", 0, 0, G_OPTION_ARG_STRING, &opt.threshold,
	  "exit status 1 where what differs beyond noise costs this much more (2)", "PERCENT" },
	{ "within", 0, 0, G_OPTION_ARG_STRING, &opt.within,
	  "of benchmarks: exit status 1 where one has a median this much above the first one's, or lacks or fails a test",
	  "PERCENT" },
	{ "run", 0, 0, G_OPTION_ARG_STRING, &opt.run, "run this scenario on two sides in turn, A B A B", "SCENARIO" },
	{ "bench", 0, 0, G_OPTION_ARG_STRING, &opt.bench, "the same with benchmarks: quick, full, or tests", "TESTS" },
	{ "kernel", 'k', 0, G_OPTION_ARG_STRING, &opt.kernel, "of A, and of B unless --vs names another", "K" },
	{ "vs", 0, 0, G_OPTION_ARG_STRING, &opt.vs, "the kernel of B", "K" },
	{ "base", 0, 0, G_OPTION_ARG_STRING, &opt.base, "more options of A, as for run or bench", "OPTIONS" },
	{ "new", 0, 0, G_OPTION_ARG_STRING, &opt.new, "more options of B", "OPTIONS" },
	{ "rounds", 'n', 0, G_OPTION_ARG_INT, &opt.rounds, "runs of each side (10)", "N" },
	{ "results", 0, 0, G_OPTION_ARG_FILENAME, &opt.results, "where they go, below its compares/", "DIR" },
	{ "quiet", 'q', 0, G_OPTION_ARG_NONE, &opt.quiet, "no lines while it runs", NULL },
	{ "verbose", 'v', 0, G_OPTION_ARG_NONE, &opt.verbose, "plain lines even on a terminal", NULL },
	{ 0 },
};

/* A limit that is none must not be one that everything is within. */
static bool percentage(const char *text, double otherwise, double *part)
{
	char *end = NULL;
	double percent = text ? g_ascii_strtod(text, &end) : otherwise;

	*part = percent / 100;
	return !text || (end != text && !*end && percent >= 0 && isfinite(percent));
}

static int finish(struct compare *c, double part)
{
	g_autofree char *text = compare_text(c, opt.tsv ? COMPARE_TSV : opt.markdown ? COMPARE_MARKDOWN : COMPARE_TEXT);
	int status = VTDLAB_EXIT_OK;
	g_autofree char *judged = compare_judge(c, part, &status);
	bool shown = judged && !opt.tsv;

	printf("%s%s%s", shown ? judged : "", shown ? "\n" : "", text);
	/* two sides of one's own were asked about; of run directories the table is an answer, too */
	if (!judged && opt.run)
		return VTDLAB_EXIT_CANNOT_JUDGE;
	return status;
}

static bool same_side(const struct bench_doc *a, const struct bench_doc *b)
{
	return g_strcmp0(a->kernel, b->kernel) == 0 && g_strcmp0(a->params, b->params) == 0 &&
	       g_strcmp0(a->qemu, b->qemu) == 0 && g_strcmp0(a->iommu, b->iommu) == 0;
}

/* The first and what is like it, and what is like the first that is not; of two, one each. False: they are not two sides. */
static bool two_sides(const GPtrArray *docs, GPtrArray *base, GPtrArray *new)
{
	for (guint i = 0; i < docs->len; i++) {
		bool old = docs->len == 2 ? i == 0 : same_side(docs->pdata[0], docs->pdata[i]);

		if (!old && new->len && !same_side(new->pdata[0], docs->pdata[i]))
			return false;
		g_ptr_array_add(old ? base : new, docs->pdata[i]);
	}
	return new->len > 0;
}

/* Recorded benchmarks: their medians side by side, and of two sides what moved beyond noise first. */
static int recorded_benches(char *const *dirs, guint n, double part, double within)
{
	g_autoptr(GPtrArray) base = g_ptr_array_new(), new = g_ptr_array_new(), docs = NULL;
	g_autofree char *text = NULL, *moved = NULL, *gate = NULL;
	GError *error = NULL;
	bool worse = false, good = true;

	if (opt.markdown || opt.tsv)
		return cmd_usage_error("compare", "--markdown and --tsv are of runs, not of benchmarks");
	docs = bench_docs_read(dirs, n, &error);
	text = docs ? bench_compare(docs, &error) : NULL;
	if (text && two_sides(docs, base, new))
		moved = bench_moved(base, new, part, &worse, &error);
	if (error)
		return cmd_fail("compare", error);
	if (opt.within)
		gate = bench_gate(docs, within, &good);
	printf("%s%s%s%s", moved ? moved : "", moved ? "\n" : "", text, gate ? gate : "");
	return (gate ? !good : worse) ? VTDLAB_EXIT_BAD : VTDLAB_EXIT_OK;
}

/* ---- two sides in turn ---- */

/* The words of a side; NULL: said. */
static char **side_words(const char *kernel, const char *options)
{
	g_autoptr(GStrvBuilder) words = g_strv_builder_new();
	g_auto(GStrv) more = NULL;
	GError *error = NULL;

	if (options && *options && !g_shell_parse_argv(options, NULL, &more, &error)) {
		cmd_usage_error("compare", "%s: %s", options, error->message);
		g_error_free(error);
		return NULL;
	}
	if (opt.run)
		g_strv_builder_add_many(words, "run", opt.run, "--boot", NULL);
	else
		g_strv_builder_add_many(words, "bench", cell_bench_option(opt.bench), opt.bench, NULL);
	if (kernel)
		g_strv_builder_add_many(words, "--kernel", kernel, NULL);
	if (more)
		g_strv_builder_addv(words, (const char **)more);
	return g_strv_builder_end(words);
}

static int judge_runs(const struct interleave_outcome *out, double part)
{
	struct compare *c = compare_new();
	GError *error = NULL;
	int status = VTDLAB_EXIT_OK;

	for (guint i = 0; i < MAX(out->runs[0]->len, out->runs[1]->len) && !error; i++)
		for (int side = 0; side < 2 && !error; side++)
			if (i < out->runs[side]->len)
				compare_add(c, side ? "B" : "A", out->runs[side]->pdata[i], &error);
	status = error ? cmd_fail("compare", error) : finish(c, part);
	compare_free(c);
	return status;
}

static int judge_benches(const struct interleave_outcome *out, double part)
{
	g_autoptr(GPtrArray) base = NULL, new = NULL;
	GError *error = NULL;
	bool worse = false;

	base = bench_docs_read((char *const *)out->runs[0]->pdata, out->runs[0]->len, &error);
	new = base ? bench_docs_read((char *const *)out->runs[1]->pdata, out->runs[1]->len, &error) : NULL;
	g_autofree char *text = new ? bench_moved(base, new, part, &worse, &error) : NULL;

	if (!text)
		return cmd_fail("compare", error);
	fputs(text, stdout);
	return worse ? VTDLAB_EXIT_BAD : VTDLAB_EXIT_OK;
}

static int in_turn(double part)
{
	g_auto(GStrv) a = side_words(opt.kernel, opt.base);
	g_auto(GStrv) b = a ? side_words(opt.vs ? opt.vs : opt.kernel, opt.new) : NULL;
	const struct interleave_options options = { .words = { a, b },
						    .name = opt.run ? opt.run : "bench",
						    .results = opt.results,
						    .rounds = (unsigned)opt.rounds,
						    .style = cmd_progress(opt.quiet, opt.verbose) };
	struct interleave_outcome out;
	GError *error = NULL;
	int status;

	if (!a || !b)
		return VTDLAB_EXIT_USAGE;
	cmd_catch_signals();
	if (!interleave(&options, &out, &error)) {
		interleave_clear(&out);
		return cmd_fail("compare", error);
	}
	status = opt.run ? judge_runs(&out, part) : judge_benches(&out, part);
	printf("in %s\n", out.dir);
	/* runs without a verdict leave the comparison with fewer, and that is told */
	if (status == VTDLAB_EXIT_OK)
		status = out.exit;
	interleave_clear(&out);
	return status;
}

/* A run that is named again (results/2* and results/latest) is no second run. Returns how many are left of the @n @names. */
static guint once_each(char **names, guint n)
{
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, free, NULL);
	guint left = 0;

	for (guint i = 0; i < n; i++) {
		char *path = realpath(names[i], NULL);

		/* what is not there is told when it is read */
		if (path && !g_hash_table_add(seen, path))
			fprintf(stderr, "vtdlab compare: %s is named again: it counts once\n", names[i]);
		else
			names[left++] = names[i];
	}
	names[left] = NULL;
	return left;
}

int cmd_compare(int argc, char **argv)
{
	struct compare *c;
	GError *error = NULL;
	double part, within;
	int status;

	opt.rounds = 10;
	status = cmd_parse("compare", entries, &argc, &argv);
	if (status >= 0)
		return status;
	if (opt.markdown && opt.tsv)
		return cmd_usage_error("compare", "--markdown or --tsv, not both");
	if (!percentage(opt.threshold, 2, &part))
		return cmd_usage_error("compare", "--threshold %s: a number of percent, such as 2", opt.threshold);
	if (!percentage(opt.within, 0, &within))
		return cmd_usage_error("compare", "--within %s: a number of percent, such as 0.5", opt.within);
	if (opt.run && opt.bench)
		return cmd_usage_error("compare", "--run or --bench, not both");
	if (opt.run || opt.bench) {
		if (opt.within)
			return cmd_usage_error("compare", "--within is of recorded benchmarks");
		if (argc > 1)
			return cmd_usage_error("compare", "'%s': with --run and --bench there are no run directories",
					       argv[1]);
		if (opt.rounds < ROUNDS_MIN || opt.rounds > ROUNDS_MAX)
			return cmd_usage_error("compare", "--rounds is %d to %d: fewer tell nothing from noise",
					       ROUNDS_MIN, ROUNDS_MAX);
		return in_turn(part);
	}
	if (opt.kernel || opt.vs || opt.base || opt.new)
		return cmd_usage_error("compare", "--kernel, --vs, --base and --new go with --run or --bench");
	if (argc < 3)
		return cmd_usage_error("compare", "give two or more run directories");
	cmd_run_paths(argv + 1);
	argc = 1 + (int)once_each(argv + 1, (guint)argc - 1);
	if (argc < 3)
		return cmd_usage_error("compare", "these are one run: give two or more");
	if (run_file_there(argv[1], "bench.json"))
		return recorded_benches(argv + 1, (guint)argc - 1, part, within);
	if (opt.within)
		return cmd_usage_error("compare", "--within is of benchmarks, not of runs");
	c = compare_new();
	for (int i = 1; i < argc && !error; i++)
		compare_add(c, NULL, argv[i], &error);
	compare_sides(c);
	status = error ? cmd_fail("compare", error) : finish(c, part);
	compare_free(c);
	return status;
}
