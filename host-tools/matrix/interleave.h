/* SPDX-License-Identifier: GPL-2.0-only */
/* Two sides run in turn, A B A B: what changes on the machine meanwhile meets both of them. */
#ifndef VTDLAB_MATRIX_INTERLEAVE_H
#define VTDLAB_MATRIX_INTERLEAVE_H

#include <glib.h>
#include <stdbool.h>

#include "results/progress.h"

struct interleave_options {
	char *const *words[2]; /* of each side, behind the program's name, without where results go; NULL-ended */
	const char *name;      /* of what is compared: a part of the directory's name */
	const char *results;   /* or NULL: the tree's own; it goes below its compares/ */
	unsigned rounds;
	enum progress_style style;
};

struct interleave_outcome {
	char *dir;	    /* where all of it is: a/ and b/ */
	GPtrArray *runs[2]; /* char *: the run directories of each side that have a verdict */
	int exit;	    /* the worst one of the runs, but for bad ones, which are what is compared */
};

/*
 * interleave - runs it. @out is to be cleared, whatever comes of it.
 * Errors: no place for the results; VTDLAB_ERROR_INTERRUPTED; a side that cannot be run at all, in its own words.
 */
bool interleave(const struct interleave_options *options, struct interleave_outcome *out, GError **error);
void interleave_clear(struct interleave_outcome *out);

#endif
