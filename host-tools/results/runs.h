/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The runs and benchmarks of a results directory, those of bugs, hunts and matrices in it included. What lies there may come
 * from another machine: nothing outside of it is read, no link is followed.
 */
#ifndef VTDLAB_RESULTS_RUNS_H
#define VTDLAB_RESULTS_RUNS_H

#include <glib.h>
#include <stdbool.h>

struct runs;

/* Which of them: NULL is any; * and ? in a pattern stand for anything. */
struct runs_filter {
	const char *scenario; /* or the name of the benchmark */
	const char *outcome;
	const char *kernel; /* release or spec of either kernel */
};

enum runs_format {
	RUNS_TABLE, /* a line each, the oldest first */
	RUNS_JSON,  /* JSON Lines: run.json or bench.json with its place as "run" */
	RUNS_CSV,
};

/*
 * runs_find - all complete runs below @root. Those whose document cannot be read are left out, and told of in @bad, a line
 * each. Free with runs_free(). Errors: VTDLAB_ERROR_USAGE: @root is no directory.
 */
struct runs *runs_find(const char *root, const struct runs_filter *filter, GString *bad, GError **error);
void runs_free(struct runs *runs);

unsigned runs_count(const struct runs *runs);

/* runs_text - all of them; the caller frees it. */
char *runs_text(const struct runs *runs, enum runs_format format);

/*
 * runs_prune - removes the results directories (of runs, bugs, hunts, matrices, compares, soak: of each kind by itself) but
 * the newest @keep, interrupted ones included; never one that a process holds, nor that of `latest`.
 *
 * @dry_run: only tell
 * @told: gets a line for each that was, or would be, removed
 * Returns their number. Errors: as runs_find(); VTDLAB_ERROR_FAILED: one could not be removed (the others are).
 */
int runs_prune(const char *root, unsigned keep, bool dry_run, GString *told, GError **error);

#endif
