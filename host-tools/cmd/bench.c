/* SPDX-License-Identifier: GPL-2.0-only */
/* vtdlab bench: what the memory of nested KVM guests costs. */
#include "cmd/cmd.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "bench/bench.h"
#include "machine/machine.h"
#include "machine/vmm.h"
#include "results/bench-table.h"

#define THRESHOLD 0.02 /* what compare takes for worse, too, unless --threshold says otherwise */

static struct {
	char **show, **baseline;
	char *suite, *tests, *selftests, *clock, *accel, *iommu, *kernel, *modules, *qemu, *vmm, *results, *params;
	int cpus, rounds, repeat;
	gboolean dry_run, quiet, verbose;
} opt;

static const GOptionEntry entries[] = {
	{ "suite", 0, 0, G_OPTION_ARG_STRING, &opt.suite, "quick (one of everything) or full", "S" },
	{ "tests", 0, 0, G_OPTION_ARG_STRING, &opt.tests,
	  "instead of a suite: tests of `kvmperf list`, with their options, such as 'exits, demand-paging --vcpus 2'",
	  "NAME,..." },
	{ "selftests", 0, 0, G_OPTION_ARG_FILENAME, &opt.selftests,
	  "instead of a suite: the kernel's own tests of DIR (scripts/selftests-build) beside ours", "DIR" },
	{ "clock", 0, 0, G_OPTION_ARG_STRING, &opt.clock, "virtual (instructions, which repeat; the default) or wall",
	  "C" },
	{ "iommu", 0, 0, G_OPTION_ARG_STRING, &opt.iommu, "off, pt, lazy (the default), strict or caching", "M" },
	{ "kernel", 'k', 0, G_OPTION_ARG_STRING, &opt.kernel,
	  "of the VM (L1): debian-6.1, debian:RELEASE, a bzImage, a vmlinux or a build tree", "K" },
	{ "modules", 0, 0, G_OPTION_ARG_FILENAME, &opt.modules, "modules directory of a kernel given by path", "DIR" },
	{ "l1-params", 0, 0, G_OPTION_ARG_STRING, &opt.params,
	  "module parameters of L1, such as 'kvm.tdp_mmu=N kvm-amd.npt=0'; vtdlab_bug=WORD of lab-6.12-bugs", "WORDS" },
	{ "qemu", 0, 0, G_OPTION_ARG_FILENAME, &opt.qemu,
	  "the QEMU to use: a name of images/qemus, such as qemu-10.0, or a program", "Q" },
	{ "vmm", 0, 0, G_OPTION_ARG_STRING, &opt.vmm, CMD_VMM_HELP, "V" },
	{ "accel", 0, 0, G_OPTION_ARG_STRING, &opt.accel, "auto, kvm or tcg", "A" },
	{ "cpus", 0, 0, G_OPTION_ARG_INT, &opt.cpus, "of L1 (virtual clock: 1; wall clock: 2)", "N" },
	{ "rounds", 0, 0, G_OPTION_ARG_INT, &opt.rounds, "that count, of each test (5)", "N" },
	{ "repeat", 'n', 0, G_OPTION_ARG_INT, &opt.repeat, "boot and measure N times, and compare the medians", "N" },
	{ "results", 0, 0, G_OPTION_ARG_FILENAME, &opt.results, "where run directories go", "DIR" },
	{ "show", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &opt.show,
	  "measure nothing: the page of a recorded benchmark again; may be given often", "RUN" },
	{ "baseline", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &opt.baseline,
	  "instead of the figures: what moved beyond noise since RUN, exit status 1 where it costs 2 % more; may be "
	  "given often, for more boots",
	  "RUN" },
	{ "dry-run", 0, 0, G_OPTION_ARG_NONE, &opt.dry_run, "print the QEMU command line, run nothing", NULL },
	{ "quiet", 'q', 0, G_OPTION_ARG_NONE, &opt.quiet, "no lines while it runs", NULL },
	{ "verbose", 'v', 0, G_OPTION_ARG_NONE, &opt.verbose,
	  "percentiles and KVM's counters; plain lines even on a terminal", NULL },
	{ 0 },
};

/* The value of -- in ; : the words as a sentence has them. */
static bool read_word(const char *option, const char *text, const struct word *list, const char *must, int *value,
		      GError **error)
{
	return word_value(list, text, value) || vtdlab_refuse(error, "--%s %s: must be %s", option, text, must);
}

/* All that is a word. */
static bool read_words(struct bench_options *o, GError **error)
{
	int clock, accel, iommu;

	if (!read_word("clock", opt.clock ? opt.clock : "virtual", machine_clock_words, "wall or virtual", &clock,
		       error) ||
	    !read_word("accel", opt.accel ? opt.accel : "auto", machine_accel_words, "auto, kvm or tcg", &accel,
		       error) ||
	    !read_word("iommu", opt.iommu ? opt.iommu : "lazy", bench_iommu_words, "off, pt, lazy, strict or caching",
		       &iommu, error))
		return false;
	o->clock_virtual = clock == MACHINE_CLOCK_VIRTUAL;
	o->accel = (enum machine_accel)accel;
	o->iommu = (enum bench_iommu)iommu;
	return true;
}

static bool read_numbers(struct bench_options *o, GError **error)
{
	if (opt.cpus < 0 || opt.rounds < 0)
		return vtdlab_refuse(error, "--cpus and --rounds: at least 1");
	o->cpus = opt.cpus ? (unsigned)opt.cpus : o->clock_virtual ? 1 : 2;
	o->rounds = (unsigned)opt.rounds;
	return true;
}

/* Everything but the tests, which need kvmperf to be asked. */
static bool read_options(struct bench_options *o, GError **error)
{
	*o = (struct bench_options){ .suite = opt.suite ? opt.suite : "quick",
				     .kernel = opt.kernel ? opt.kernel : "debian-6.1",
				     .modules = opt.modules,
				     .qemu = opt.qemu,
				     .results = opt.results,
				     .selftests = opt.selftests,
				     .vmm_word = opt.vmm,
				     .all = opt.verbose };
	if (!!opt.suite + !!opt.tests + !!opt.selftests > 1)
		return vtdlab_refuse(error, "one of --suite, --tests and --selftests");
	if (opt.vmm && !(o->vmm = vmm_parse(opt.vmm, &o->vmm_uri, error)))
		return false;
	if (!read_words(o, error) || !read_numbers(o, error))
		return false;
	o->params = bench_params(opt.params ? opt.params : "", error);
	if (!o->params)
		return false;
	o->tests = opt.tests ? bench_tests(opt.tests, error) : NULL;
	return !opt.tests || o->tests;
}

static int run_once(struct bench_options *o, char **dir)
{
	struct bench_outcome out;
	GError *error = NULL;
	int status;

	o->progress = progress_new(NULL, cmd_progress(opt.quiet, opt.verbose));
	if (!bench_run(o, &out, &error)) {
		progress_free(o->progress);
		return cmd_fail("bench", error);
	}
	progress_free(o->progress);
	if (!opt.baseline)
		printf("%s%-14s%s\n", out.summary, "run", out.dir);
	else
		printf("%-14s%s\n", "run", out.dir);
	fflush(stdout);
	*dir = g_strdup(out.dir);
	status = out.exit;
	bench_outcome_clear(&out);
	return status;
}

/* What moved since the baseline in the benchmarks of @dirs. */
static int print_moved(const GPtrArray *baseline, const GPtrArray *docs)
{
	GError *error = NULL;
	bool worse = false;
	g_autofree char *text = bench_moved(baseline, docs, THRESHOLD, &worse, &error);

	if (!text)
		return cmd_fail("bench", error);
	fputs(text, stdout);
	return worse ? VTDLAB_EXIT_BAD : VTDLAB_EXIT_OK;
}

/* The medians of all boots beside each other, or what moved. */
static int print_repeats(const GPtrArray *dirs, const GPtrArray *baseline)
{
	GError *error = NULL;
	g_autoptr(GPtrArray) docs = bench_docs_read((char **)dirs->pdata, dirs->len, &error);
	g_autofree char *text = NULL;

	if (!docs)
		return cmd_fail("bench", error);
	if (baseline)
		return print_moved(baseline, docs);
	text = bench_compare(docs, &error);
	/* without a figure there is nothing beside each other, which each run has said */
	if (!text)
		g_error_free(error);
	else
		printf("\n%s", text);
	return VTDLAB_EXIT_OK;
}

static int run_all(struct bench_options *o, const GPtrArray *baseline)
{
	g_autoptr(GPtrArray) dirs = g_ptr_array_new_with_free_func(g_free);
	int status = VTDLAB_EXIT_OK;

	for (int i = 0; i < opt.repeat; i++) {
		char *dir = NULL;
		int one = run_once(o, &dir);

		if (dir)
			g_ptr_array_add(dirs, dir);
		status = vtdlab_exit_worse(status, one);
		/* a test that failed fails again: only what never got so far ends the series */
		if (!dir)
			break;
	}
	if (dirs->len > 1 || (baseline && dirs->len))
		status = vtdlab_exit_worse(status, print_repeats(dirs, baseline));
	return status;
}

/* --show */
static int show(const GPtrArray *baseline)
{
	GError *error = NULL;
	g_autoptr(GPtrArray) docs = NULL;
	int status = VTDLAB_EXIT_OK;

	cmd_run_paths(opt.show);
	docs = bench_docs_read(opt.show, g_strv_length(opt.show), &error);
	if (!docs)
		return cmd_fail("bench", error);
	for (guint i = 0; !baseline && i < docs->len; i++) {
		g_autofree char *page = bench_page(docs->pdata[i], opt.verbose);
		unsigned count[3];

		printf("%s%s%-14s%s\n", i ? "\n" : "", page, "run", opt.show[i]);
		bench_counts(docs->pdata[i], count);
		status = vtdlab_exit_worse(status, count[BENCH_FAIL] ? VTDLAB_EXIT_BAD : VTDLAB_EXIT_OK);
	}
	return baseline ? print_moved(baseline, docs) : status;
}

/* Is there anything that the benchmark to come cannot be held against? Minutes before it would be told. */
static bool baseline_ok(const GPtrArray *baseline, const struct bench_options *o, GError **error)
{
	const char *clock = word_of(machine_clock_words, o->clock_virtual ? MACHINE_CLOCK_VIRTUAL : MACHINE_CLOCK_WALL);

	for (guint i = 0; baseline && i < baseline->len; i++) {
		const struct bench_doc *doc = baseline->pdata[i];

		if (strcmp(doc->clock, clock) != 0)
			return vtdlab_refuse(error,
					     "--baseline %s ran with clock %s, this one would with clock %s: times of "
					     "these cannot be compared",
					     doc->path, doc->clock, clock);
	}
	return !baseline || bench_one_clock(baseline, error);
}

static int measure(const GPtrArray *baseline)
{
	struct bench_options options;
	GError *error = NULL;
	int status;

	cmd_catch_signals();
	if (!read_options(&options, &error) || !baseline_ok(baseline, &options, &error)) {
		status = cmd_fail("bench", error);
	} else if (opt.dry_run) {
		g_autofree char *text = bench_dry_run(&options, &error);

		status = text ? VTDLAB_EXIT_OK : cmd_fail("bench", error);
		if (text)
			puts(text);
	} else {
		status = run_all(&options, baseline);
	}
	g_strfreev(options.params);
	g_strfreev(options.tests);
	return status;
}

int cmd_bench(int argc, char **argv)
{
	g_autoptr(GPtrArray) baseline = NULL;
	GError *error = NULL;
	int status;

	memset(&opt, 0, sizeof(opt));
	opt.repeat = 1;
	status = cmd_parse("bench", entries, &argc, &argv);
	if (status >= 0)
		return status;
	if (argc > 1)
		return cmd_usage_error("bench", "'%s': it takes options only", argv[1]);
	if (opt.repeat < 1)
		return cmd_usage_error("bench", "--repeat %d: at least 1", opt.repeat);
	if (opt.repeat > 1 && opt.selftests)
		return cmd_usage_error("bench", "--selftests compares in one boot: give --rounds, not --repeat");
	if (opt.baseline && opt.selftests)
		return cmd_usage_error("bench", "--baseline is of kvmperf's figures, not of --selftests");
	if (opt.baseline) {
		cmd_run_paths(opt.baseline);
		baseline = bench_docs_read(opt.baseline, g_strv_length(opt.baseline), &error);
	}
	if (error)
		status = cmd_fail("bench", error);
	else
		status = opt.show ? show(baseline) : measure(baseline);
	g_strfreev(opt.show);
	g_strfreev(opt.baseline);
	return status;
}
