/* SPDX-License-Identifier: GPL-2.0-only */
/* One side of a bug against a run of it: is it what the bug's file states? */
#ifndef VTDLAB_BUGS_SIDE_H
#define VTDLAB_BUGS_SIDE_H

#include <glib.h>

#include "conf/bug.h"
#include "results/progress.h"
#include "results/run-json-read.h"

enum side_result {
	SIDE_AS_STATED, /* that outcome, those checks failing, what their lines have to say */
	SIDE_OTHERWISE, /* a verdict, and another one */
	SIDE_UNJUDGED,	/* no verdict: it speaks neither for nor against */
};

/*
 * side_judge - is @run what @side states? @why gets one line: what was seen, and where it is otherwise what was wanted.
 *
 * A failure that the scenario expects is neither wanted nor in the way, unless @side names it; nor is one that is by_the_way (check.h).
 */
enum side_result side_judge(const struct bug_side *side, const struct run_json *run, GString *why);

/*
 * side_signed - do the checks of @run say what the signature of @side wants? If not, @missing (unless NULL) gets what is
 * missing; the caller frees it.
 */
bool side_signed(const struct bug_side *side, const struct run_json *run, char **missing);

/* side_outcome - the word for what @run came to, as a side states it; "?": of another version. Static. */
const char *side_outcome(const struct run_json *run);

/*
 * side_run - one run of @scenario as @side has it (its QEMU, its reference). *@dir is where it is; the caller frees it.
 * Errors: as scenario_run().
 */
bool side_run(const struct bug_side *side, const struct scenario *scenario, const char *results,
	      enum progress_style style, char **dir, GError **error);

/* side_command - what to type for one run of the side, "vtdlab run ..." or "vtdlab bench ..."; the caller frees it. */
char *side_command(const struct bug *bug, const struct bug_side *side);

/* side_said - a whole side of which @seen of @judged runs were as stated, and @runs were made: what it says. */
enum side_result side_said(const struct bug_side *side, unsigned seen, unsigned judged, unsigned runs);

#endif
