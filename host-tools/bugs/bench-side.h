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
 * Errors: as bench_tests(), bench_params() and bench_run().
 */
bool bench_side_run(const struct bug *bug, const struct bug_side *side, const char *kernel, const char *results,
		    enum progress_style style, char **dir, GError **error);

/*
 * bug_run_load - what a run of @bug has to say, as side_judge() takes it: run.json; or bench.json, each test as a check of
 * its name whose line is the reason, a skip being no verdict. Free with run_json_free(). Errors: VTDLAB_ERROR_USAGE.
 */
struct run_json *bug_run_load(const struct bug *bug, const char *dir, GError **error);

/*
 * bench_figure_judge - is the figure of @bug as much worse in the runs @bad as it states, than in the runs @good (char *,
 * directories)? By what `bench --baseline` goes by: of fewer than BENCH_BOOTS_ENOUGH boots a side a value is a round, else the
 * median of a boot, and the ratio has an interval of 95 % (stats_ratio()), which a few dear rounds do not move. As stated where
 * all of it is at or above what is stated, otherwise where all of it is below; no verdict where it is both, or too few tell.
 * @why gets one line. Errors: as bench_doc_read().
 */
bool bench_figure_judge(const struct bug *bug, const GPtrArray *bad, const GPtrArray *good, enum side_result *result,
			GString *why, GError **error);

#endif
