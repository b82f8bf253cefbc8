/* SPDX-License-Identifier: GPL-2.0-only */
/* Running a scenario: from its description to a run directory with a verdict. */
#ifndef VTDLAB_RUN_RUN_H
#define VTDLAB_RUN_RUN_H

#include <glib.h>
#include <stdbool.h>

#include "conf/scenario.h"
#include "prepare/plan.h"
#include "verdict/outcome.h"

/* What became of a run. */
struct run_outcome {
	int exit; /* enum vtdlab_exit */
	enum outcome outcome;
	char *dir;	 /* the run directory; owned */
	char *page;	 /* report_page(), as options->page asks for; owned */
	char *line;	 /* report_line(); owned */
	int64_t copy_ns; /* the crash kernel's copy in guest ns; -1: not seen */
};

/*
 * scenario_run - run @scenario once; a crash kernel that hangs or panics, and a first kernel that never
 * speaks, are tried a second time before they count (the first attempt's files go to attempt-1/),
 * unless options->no_retry.
 *
 * True when a run directory with a verdict was written (also an inconclusive one): @out is filled and
 * to be cleared with run_outcome_clear(). False: @error; an interrupted run is kept, marked. A verdict that could
 * not be written is in @out->page and @out->line nevertheless, beside the error.
 */
bool scenario_run(const struct scenario *scenario, const struct run_options *options, struct run_outcome *out,
		  GError **error);

void run_outcome_clear(struct run_outcome *out);

/*
 * scenario_dry_run - the QEMU command line that scenario_run() would use, in a form that can be pasted
 * into a shell; prepares kernels and images, starts nothing. The caller frees it.
 */
char *scenario_dry_run(const struct scenario *scenario, const struct run_options *options, GError **error);

#endif
