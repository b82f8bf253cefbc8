/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The same work by several kernels or modes, side by side: numbers out of the run.json of each run. Runs of one
 * kind are one column, with the spread of what they say.
 */
#ifndef VTDLAB_RESULTS_COMPARE_H
#define VTDLAB_RESULTS_COMPARE_H

#include <glib.h>
#include <stdbool.h>

struct compare;

enum compare_format {
	COMPARE_TEXT, /* for a terminal */
	COMPARE_MARKDOWN,
	COMPARE_TSV, /* row, column, unit, median, min, max, runs: for plots */
};

struct compare *compare_new(void);
void compare_free(struct compare *c);

/*
 * compare_add - one more run.
 * @side: a static word before the name of its column, which keeps two sides of one kind apart; NULL: none
 * @path: a run directory, or its run.json
 * Errors: VTDLAB_ERROR_USAGE: cannot be read, is no run.json, or of another scenario, clock or accelerator than
 * the runs before it: their figures say nothing about each other.
 */
bool compare_add(struct compare *c, const char *side, const char *path, GError **error);

/*
 * compare_sides - where all runs are of one kind, and are two or lie in two directories: the first and those beside it are
 * side A, the others B. Else nothing changes.
 */
void compare_sides(struct compare *c);

/* compare_text - the table; the caller frees it. */
char *compare_text(const struct compare *c, enum compare_format format);

/*
 * compare_judge - of two columns: verdicts that changed, then the figures that differ beyond noise (samples_judge()), for
 * which it takes two runs of each at least.
 * *@status: VTDLAB_EXIT_BAD: a larger part of the second one was judged bad, or it costs more; else
 * VTDLAB_EXIT_CANNOT_JUDGE: a larger part of it has no verdict; else VTDLAB_EXIT_OK.
 * NULL: there are not two columns, or nothing can be said of them. The caller frees the text.
 */
char *compare_judge(const struct compare *c, double threshold, int *status);

#endif
