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

static struct {
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
	  "module parameters of L1, such as 'kvm.tdp_mmu=N kvm-amd.npt=0'", "WORDS" },
	{ "qemu", 0, 0, G_OPTION_ARG_FILENAME, &opt.qemu,
	  "the QEMU to use: a name of images/qemus, such as qemu-10.0, or a program", "Q" },
	{ "vmm", 0, 0, G_OPTION_ARG_STRING, &opt.vmm, CMD_VMM_HELP, "V" },
	{ "accel", 0, 0, G_OPTION_ARG_STRING, &opt.accel, "auto, kvm or tcg", "A" },
	{ "cpus", 0, 0, G_OPTION_ARG_INT, &opt.cpus, "of L1 (virtual clock: 1; wall clock: 2)", "N" },
	{ "rounds", 0, 0, G_OPTION_ARG_INT, &opt.rounds, "that count, of each test (5)", "N" },
	{ "repeat", 'n', 0, G_OPTION_ARG_INT, &opt.repeat, "boot and measure N times, and compare the medians", "N" },
	{ "results", 0, 0, G_OPTION_ARG_FILENAME, &opt.results, "where run directories go", "DIR" },
	{ "dry-run", 0, 0, G_OPTION_ARG_NONE, &opt.dry_run, "print the QEMU command line, run nothing", NULL },
	{ "quiet", 'q', 0, G_OPTION_ARG_NONE, &opt.quiet, "no lines while it runs", NULL },
	{ "verbose", 'v', 0, G_OPTION_ARG_NONE, &opt.verbose, "plain lines even on a terminal", NULL },
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
				     .selftests = opt.selftests };
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
	printf("%srun       %s\n", out.summary, out.dir);
	fflush(stdout);
	*dir = g_strdup(out.dir);
	status = out.exit;
	bench_outcome_clear(&out);
	return status;
}

/* The medians of all boots beside each other. */
static int print_repeats(const GPtrArray *dirs)
{
	GError *error = NULL;
	g_autoptr(GPtrArray) docs = bench_docs_read((char **)dirs->pdata, dirs->len, &error);
	g_autofree char *text = NULL;

	if (!docs)
		return cmd_fail("bench", error);
	text = bench_compare(docs, &error);
	/* without a figure there is nothing beside each other, which each run has said */
	if (!text)
		g_error_free(error);
	else
		printf("\n%s", text);
	return VTDLAB_EXIT_OK;
}

static int run_all(struct bench_options *o)
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
	if (dirs->len > 1)
		status = vtdlab_exit_worse(status, print_repeats(dirs));
	return status;
}

int cmd_bench(int argc, char **argv)
{
	struct bench_options options;
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
	cmd_catch_signals();
	if (!read_options(&options, &error)) {
		status = cmd_fail("bench", error);
	} else if (opt.dry_run) {
		g_autofree char *text = bench_dry_run(&options, &error);

		status = text ? VTDLAB_EXIT_OK : cmd_fail("bench", error);
		if (text)
			puts(text);
	} else {
		status = run_all(&options);
	}
	g_strfreev(options.params);
	g_strfreev(options.tests);
	return status;
}
