/* SPDX-License-Identifier: GPL-2.0-only */
/* Reproducing a bug: both sides run, and each held against what the bug's file states. */
#ifndef VTDLAB_BUGS_REPRODUCE_H
#define VTDLAB_BUGS_REPRODUCE_H

#include <glib.h>
#include <stdbool.h>

#include "bugs/side.h"
#include "results/progress.h"

enum reproduce_sides { REPRODUCE_BOTH, REPRODUCE_BAD, REPRODUCE_GOOD };
extern const struct word reproduce_sides_words[];

struct reproduce_options {
	enum reproduce_sides sides;
	int recipe;	     /* 0 or 1; -1: the first that can be run */
	unsigned repeat;     /* runs of each side; 0: as the bug's file says */
	const char *results; /* results directory, or NULL for the tree's own: the evidence goes below its bugs/ */
	enum progress_style style;
	/*
	 * A directory for all bugs of a series, or NULL: the run of a good side that another bug has had made in it is taken
	 * again, where what is run is the same to the letter.
	 */
	const char *share;
	bool snapshot;		   /* with machine.snapshot=on, whatever the scenario says */
	const char *const *checks; /* names of checks, as scenario_validate() takes them */
};

struct reproduction {
	int exit;   /* enum vtdlab_exit: 0 reproduced, 1 not reproduced, 125 cannot be told */
	char *page; /* the evidence: what bug.txt has */
	char *dir;  /* where it is */
};

/*
 * bug_reproduce - run the sides of @bug and judge each.
 *
 * The bug is reproduced if the bad side is bad in the stated way and the good side is good. A side without a verdict
 * speaks for nothing: 125.
 * True: @out is filled, to be cleared with reproduction_clear(), and <results>/bugs/<time>-<bug>-<hex>/ has bug.txt,
 * bug.json and the run directories of each side. False: @error; nothing could be run, or it was interrupted.
 */
bool bug_reproduce(const struct bug *bug, const struct reproduce_options *options, struct reproduction *out,
		   GError **error);

void reproduction_clear(struct reproduction *out);

/* bug_page - what `vtdlab bugs show` prints: one page; the caller frees it. */
char *bug_page(const struct bug *bug);

#endif
