/* SPDX-License-Identifier: GPL-2.0-only */
/* vtdlab calibrate: how much memory the crash kernel of a scenario needs. */
#include "cmd/cmd.h"

#include <stdio.h>

#include "base/error.h"
#include "conf/restrict.h"
#include "results/progress.h"
#include "run/calibrate.h"
#include "verdict/check.h"

static struct {
	char *kernel, *modules, *qemu, *modes, *results;
	char **sets;
	gboolean quiet, verbose, restricted;
} opt;

static const GOptionEntry entries[] = {
	{ "kernel", 'k', 0, G_OPTION_ARG_STRING, &opt.kernel, "as for run", "K" },
	{ "modules", 0, 0, G_OPTION_ARG_FILENAME, &opt.modules, "modules directory of a kernel given by path", "DIR" },
	{ "qemu", 0, 0, G_OPTION_ARG_FILENAME, &opt.qemu, "as for run", "Q" },
	{ "modes", 0, 0, G_OPTION_ARG_STRING, &opt.modes,
	  "modes of the IOMMU, one search each: off,legacy,scalable (the scenario's)", "MODE,..." },
	{ "set", 's', 0, G_OPTION_ARG_STRING_ARRAY, &opt.sets, "as for run", "SECTION.KEY=VALUE" },
	CMD_RESTRICTED_ENTRY(&opt.restricted),
	{ "results", 0, 0, G_OPTION_ARG_FILENAME, &opt.results, "where run directories go", "DIR" },
	{ "quiet", 'q', 0, G_OPTION_ARG_NONE, &opt.quiet, "no lines while it runs", NULL },
	{ "verbose", 'v', 0, G_OPTION_ARG_NONE, &opt.verbose, "plain lines even on a terminal", NULL },
	{ 0 },
};

static bool set_all(struct scenario *s, const char *const *checks, GError **error)
{
	/* what is looked for is what the distribution's own image needs */
	if (!scenario_as_shipped(s, error))
		return false;
	for (char **set = opt.sets; set && *set; set++)
		if (!scenario_set(s, *set, error))
			return false;
	return (!opt.kernel || scenario_set_kernel(s, opt.kernel, error)) &&
	       (!opt.restricted || scenario_restricted(s, opt.kernel, NULL, error)) &&
	       scenario_validate(s, checks, error);
}

static bool ask(unsigned mib, enum calibrate_answer *answer, void *data, GError **error)
{
	const struct scenario *scenario = data;
	struct run_options options = { .modules = opt.modules, .qemu = opt.qemu, .results = opt.results };
	struct scenario *s = scenario_copy(scenario);
	g_autofree char *set = g_strdup_printf("first.cmdline+=crashkernel=%uM", mib);
	g_autoptr(GString) why = g_string_new(NULL);
	struct run_outcome out;
	bool ok;

	options.no_retry = true; /* each end is asked twice anyhow */
	options.boot = true;	 /* each run has a command line of its own */
	options.progress = progress_new(NULL, cmd_progress(opt.quiet, opt.verbose));
	ok = scenario_set(s, set, error) && scenario_run(s, &options, &out, error);
	progress_clear(options.progress);
	progress_free(options.progress);
	if (ok) {
		ok = calibrate_answer(out.dir, answer, why, error);
		run_outcome_clear(&out);
	}
	if (ok) {
		printf("  %4u MiB  %s (outcome %s)\n", mib,
		       *answer == CALIBRATE_ENOUGH     ? "comes up" :
		       *answer == CALIBRATE_TOO_LITTLE ? "too little" :
							 "says nothing of memory",
		       why->str);
		fflush(stdout);
	}
	scenario_free(s);
	return ok;
}

/* @guess: what was enough in the mode before, MiB, and then in this one; 0: none. */
static bool search_mode(const struct scenario *base, const char *mode, const char *const *checks, unsigned *guess,
			GError **error)
{
	struct scenario *s = scenario_copy(base);
	g_autofree char *set = mode ? g_strconcat("iommu.mode=", mode, NULL) : NULL;
	struct calibration out;
	bool ok;

	ok = (!set || scenario_set(s, set, error)) && scenario_validate(s, checks, error);
	if (ok) {
		printf("%s, %s, IOMMU %s\n", s->name, s->first.kernel,
		       word_of(machine_iommu_mode_words, (int)s->iommu.mode));
		fflush(stdout);
		/* half of the machine at most: the first kernel has to live, too */
		ok = calibrate_search((unsigned)(s->machine.memory >> 21), *guess, ask, s, &out, error);
	}
	if (ok) {
		printf("%s, %s, IOMMU %s: crashkernel=%uM (%uM is too little%s; %u runs)\n", s->name, s->first.kernel,
		       word_of(machine_iommu_mode_words, (int)s->iommu.mode), out.enough, out.too_little,
		       out.now_and_then ? " only now and then" : "", out.runs);
		fflush(stdout);
		*guess = out.enough;
	}
	scenario_free(s);
	return ok;
}

int cmd_calibrate(int argc, char **argv)
{
	int status = cmd_parse("calibrate", entries, &argc, &argv);
	GError *error = NULL;
	unsigned guess = 0;
	struct scenario *s;

	if (status >= 0)
		return status;
	if (argc != 2)
		return cmd_usage_error("calibrate", "which scenario? `vtdlab list scenarios` names them");
	g_auto(GStrv) checks = check_expectable(), modes = g_strsplit(opt.modes ? opt.modes : "", ",", -1);
	for (char **mode = modes; *mode; mode++)
		if (!**mode)
			return cmd_usage_error("calibrate", "--modes %s: a mode is missing there", opt.modes);

	cmd_catch_signals();
	s = scenario_load(argv[1], &error);
	if (!s || !set_all(s, (const char *const *)checks, &error)) {
		scenario_free(s);
		return cmd_fail("calibrate", error);
	}
	status = VTDLAB_EXIT_OK;
	for (char **mode = modes; (*mode || mode == modes) && status == VTDLAB_EXIT_OK; mode++) {
		if (!search_mode(s, *mode, (const char *const *)checks, &guess, &error))
			status = cmd_fail("calibrate", error);
		if (!*mode)
			break;
	}
	scenario_free(s);
	return status;
}
