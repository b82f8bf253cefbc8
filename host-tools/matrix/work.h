/* SPDX-License-Identifier: GPL-2.0-only */
/* A matrix under way, as its engines see it. Private to matrix/. */
#ifndef VTDLAB_MATRIX_WORK_H
#define VTDLAB_MATRIX_WORK_H

#include "matrix/cells.h"
#include "matrix/matrix.h"

#define CELL_TRIES 2 /* a cell whose machine or process is gone is begun once more */

struct matrix_work {
	const struct matrix_options *options;
	struct matrix *m;
	struct matrix_doc *doc;
	GPtrArray *plans; /* struct cell_plan *, by number */
	const char *dir;  /* of the results, as it is named while this lasts */
	struct progress *progress;
	GError *broken;			/* results cannot be written: nothing more is begun */
	unsigned running, most_running; /* now; at any time */
};

/* work_place - "cells/0003", below the matrix' directory; the caller frees it. */
char *work_place(const struct matrix_cell *cell);
/* work_cell_file - the path of a file of a cell; the caller frees it. */
char *work_cell_file(const struct matrix_work *w, const struct matrix_cell *cell, const char *name);

/* work_say - a line about a cell that has a result. */
void work_say(struct matrix_work *w, const struct matrix_cell *cell);
/* work_overview - the live line: done, running, failed, time left. */
void work_overview(struct matrix_work *w);
/* work_save - matrix.json; an error is kept in broken. */
void work_save(struct matrix_work *w);

/*
 * local_run - all waiting cells, in processes of this machine; @only: just this one, in @results (NULL: its place). False:
 * interrupted.
 */
bool local_run(struct matrix_work *w, const struct matrix_cell *only, const char *results);

/* slurm_run - all waiting cells as tasks of job arrays. False: interrupted. Errors: Slurm cannot be asked to. */
bool slurm_run(struct matrix_work *w, GError **error);

#endif
