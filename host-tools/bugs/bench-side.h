/* SPDX-License-Identifier: GPL-2.0-only */
/* Sides of a bug that a benchmark shows (bench= of its file): their runs, and figures held against each other. */
#ifndef VTDLAB_BUGS_BENCH_SIDE_H
#define VTDLAB_BUGS_BENCH_SIDE_H

#include <glib.h>
#include <stdbool.h>

#include "bugs/side.h"
#include "results/progress.h"

/*
 * bench_side_run - one boot of @side of @bug, with @kernel instead of its own unless NULL; in virtual time, so that it does
 * not depend on how busy the machine is. *@dir: the run directory, below @results; the caller frees it.
 * Errors: as bench_tests() and bench_run().
 */
bool bench_side_run(const struct bug *bug, const struct bug_side *side, const char *kernel, const char *results,
		    enum progress_style style, char **dir, GError **error);

/*
 * bug_run_load - what a run of @bug has to say, as side_judge() takes it: run.json; or bench.json, each test as a check of
 * its name whose line is the reason, a skip being no verdict. Free with run_json_free(). Errors: VTDLAB_ERROR_USAGE.
 */
struct run_json *bug_run_load(const struct bug *bug, const char *dir, GError **error);

/*
 * bench_figure_judge - is the figure of @bug as much worse in the runs @bad as it states, than in the runs @good? Of each
 * side all rounds of all runs count (char *, directories; at least five rounds): their median, and as its interval all from
 * the least to the most (of six rounds it holds the true median with 97 %). The intervals must not touch.
 * @why gets one line. Errors: as bench_doc_read().
 */
bool bench_figure_judge(const struct bug *bug, const GPtrArray *bad, const GPtrArray *good, enum side_result *result,
			GString *why, GError **error);

#endif
