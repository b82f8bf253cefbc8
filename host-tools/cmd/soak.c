/* SPDX-License-Identifier: GPL-2.0-only */
/* vtdlab soak: the same few scenarios for hours, on a host that is kept busy. */
#include "cmd/cmd.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "base/interrupt.h"
#include "base/paths.h"
#include "base/words.h"
#include "conf/restrict.h"
#include "run/pressure.h"
#include "results/rundir.h"
#include "run/run.h"
#include "run/soak.h"
#include "verdict/check.h"

static struct {
	double hours;
	unsigned loops; /* that take CPUs; 0: one each */
	gboolean restricted;
	char *pressure, *kernel, *results;
	char **sets;
} opt;

static const GOptionEntry entries[] = {
	{ "hours", 0, 0, G_OPTION_ARG_DOUBLE, &opt.hours, "how long runs are started (1)", "H" },
	{ "pressure", 0, 0, G_OPTION_ARG_STRING, &opt.pressure, "cpu[:LOOPS], memory, disk or none (all three)",
	  "KIND,..." },
	{ "kernel", 'k', 0, G_OPTION_ARG_STRING, &opt.kernel, "as for run", "K" },
	{ "set", 's', 0, G_OPTION_ARG_STRING_ARRAY, &opt.sets, "as for run, of every scenario", "SECTION.KEY=VALUE" },
	CMD_RESTRICTED_ENTRY(&opt.restricted),
	{ "results", 0, 0, G_OPTION_ARG_FILENAME, &opt.results, "where run directories go, below its soak/", "DIR" },
	{ 0 },
};

static const struct word kinds[] = {
	{ "cpu", PRESSURE_CPU }, { "memory", PRESSURE_MEMORY }, { "disk", PRESSURE_DISK }, { "none", 0 }, { 0 },
};

/* More loops than that are not a busier host, but one that is out of processes. */
#define LOOPS_MAX 1024

static bool parse_pressure(unsigned *pressure)
{
	g_auto(GStrv) words = g_strsplit(opt.pressure, ",", -1);

	*pressure = 0;
	for (char **word = words; *word; word++) {
		guint64 loops;
		int kind;

		if (g_str_has_prefix(*word, "cpu:")) {
			if (!g_ascii_string_to_unsigned(*word + 4, 10, 1, LOOPS_MAX, &loops, NULL))
				return false;
			opt.loops = (unsigned)loops;
			*pressure |= PRESSURE_CPU;
			continue;
		}
		if (!word_value(kinds, *word, &kind))
			return false;
		*pressure |= (unsigned)kind;
	}
	return *words;
}

static struct scenario *load(const char *name, GError **error)
{
	struct scenario *s = scenario_load(name, error);
	g_auto(GStrv) checks = check_expectable();
	bool ok = s && (!opt.kernel || scenario_set_kernel(s, opt.kernel, error));

	for (char **set = opt.sets; ok && set && *set; set++)
		ok = scenario_set(s, *set, error);
	if (ok && opt.restricted)
		ok = scenario_restricted(s, opt.kernel, NULL, error);
	if (ok && scenario_validate(s, (const char *const *)checks, error))
		return s;
	scenario_free(s);
	return NULL;
}

/* One run, its line, and what it left. False: nothing more can be run. */
static bool run_one(struct soak *soak, const struct scenario *s, unsigned cell, const char *results, bool first)
{
	/* a flake that is retried over is not seen */
	struct run_options options = { .results = results, .no_retry = true };
	GError *error = NULL;
	struct run_outcome out;
	g_autofree char *note = NULL;
	struct leaks left;

	if (!scenario_run(s, &options, &out, &error)) {
		bool unfit = g_error_matches(error, VTDLAB_ERROR, VTDLAB_ERROR_UNFIT);
		int status = cmd_fail("soak", error);

		/* what cannot run here cannot in an hour either */
		if (unfit || status != VTDLAB_EXIT_CANNOT_JUDGE)
			return false;
		/* nor is it to be asked for as fast as it fails */
		for (unsigned i = 0; i < 50 && !interrupt_pending(); i++)
			g_usleep(100 * 1000);
		out = (struct run_outcome){ .exit = status, .outcome = OUTCOMES };
	}
	leaks_count(&left, results);
	note = soak_add(soak, cell, out.outcome, out.exit, out.dir, &left);
	printf("%s%s%s", out.line ? out.line : "no run\n", note ? "  " : "", note ? note : "");
	if (note)
		putchar('\n');
	fflush(stdout);
	if (out.dir && !note && !first)
		remove_tree(AT_FDCWD, out.dir);
	run_outcome_clear(&out);
	return true;
}

static int soak(struct scenario *const *scenarios, unsigned n, unsigned kinds_of_pressure, GError **error)
{
	g_autofree char *results = opt.results ? g_build_filename(opt.results, "soak", NULL) : lab_results("soak");
	g_autofree char *text = NULL;
	gint64 start = g_get_monotonic_time(), end = start + (gint64)(opt.hours * 3600e6);
	g_autofree const char **names = g_new0(const char *, n + 1);
	struct pressure *pressure;
	struct soak *s;
	bool lost, more = true;
	int status;

	for (unsigned i = 0; i < n; i++)
		names[i] = scenarios[i]->name;
	if (!rundir_possible(results, error))
		return -1;
	g_mkdir_with_parents(results, 0755);
	leaks_adopt();
	pressure = pressure_start(kinds_of_pressure, opt.loops, results, error);
	if (!pressure)
		return -1;
	s = soak_new(names);
	for (unsigned i = 0; more && !interrupt_pending() && g_get_monotonic_time() < end; i++)
		more = run_one(s, scenarios[i % n], i % n, results, i < n);
	lost = pressure_lost(pressure);
	pressure_end(pressure);
	text = soak_text(s);
	status = interrupt_pending() ? VTDLAB_EXIT_INTERRUPTED : more ? soak_exit(s) : VTDLAB_EXIT_CANNOT_JUDGE;
	/* without the pressure that was asked for it shows less than it says */
	if (lost)
		status = vtdlab_exit_worse(status, VTDLAB_EXIT_CANNOT_JUDGE);
	printf("%s%sin %.1f min; exit status %d; what is kept is in %s\n", text,
	       lost ? "part of the pressure ended by itself: is memory short?\n" : "",
	       (double)(g_get_monotonic_time() - start) / 60e6, status, results);
	soak_free(s);
	return status;
}

int cmd_soak(int argc, char **argv)
{
	static char *standard[] = { (char *)"soak", (char *)"kdump", (char *)"kdump-scalable",
				    (char *)"kdump-intremap" };
	unsigned pressure = PRESSURE_ALL, n;
	GError *error = NULL;
	int status;

	opt.hours = 1;
	status = cmd_parse("soak", entries, &argc, &argv);
	if (status >= 0)
		return status;
	if (!(opt.hours > 0 && opt.hours <= 1000))
		return cmd_usage_error("soak", "--hours %g: more than 0, 1000 at most", opt.hours);
	if (opt.pressure && !parse_pressure(&pressure))
		return cmd_usage_error("soak", "--pressure %s: cpu (cpu:1 to cpu:%d), memory and disk, or none",
				       opt.pressure, LOOPS_MAX);
	if (argc < 2) {
		argv = standard;
		argc = G_N_ELEMENTS(standard);
	}
	n = (unsigned)argc - 1;

	g_autoptr(GPtrArray) scenarios = g_ptr_array_new_with_free_func((GDestroyNotify)scenario_free);

	for (unsigned i = 0; i < n; i++) {
		struct scenario *s = load(argv[i + 1], &error);

		if (!s)
			return cmd_fail("soak", error);
		g_ptr_array_add(scenarios, s);
	}
	cmd_catch_signals();
	status = soak((struct scenario *const *)scenarios->pdata, n, pressure, &error);
	return status < 0 ? cmd_fail("soak", error) : status;
}
