/* SPDX-License-Identifier: GPL-2.0-only */
/* A matrix: its cells run, each judged, gathered in one directory that can be gone on with after any end. */
#ifndef VTDLAB_MATRIX_MATRIX_H
#define VTDLAB_MATRIX_MATRIX_H

#include <glib.h>
#include <stdbool.h>

#include "results/progress.h"

enum matrix_engine { MATRIX_ENGINE_LOCAL, MATRIX_ENGINE_SLURM };

struct matrix_options {
	const char *what;    /* a name, the path of a file, or (resume) of a directory */
	char *const *only;   /* of which axes which values: as matrix_only() takes them, NULL-ended; NULL: all */
	const char *results; /* or NULL: the tree's own; it goes below its matrices/ */
	unsigned jobs;	     /* cells at a time */
	bool resume;	     /* go on with the newest one of that file that was not finished */
	enum matrix_engine engine;
	enum progress_style style;
	const char *junit, *ktap; /* files to write at the end, or NULL */
};

struct matrix_outcome {
	int exit; /* enum vtdlab_exit: 0 every cell as expected or skipped, 1 one is not, 125 one without a verdict, or
		     * all skipped */
	char *line; /* what came of all cells */
	char *dir;
};

/*
 * matrix_run - runs all cells that have no result yet. One that fails stops none of the others; when interrupted it keeps
 * what there is, for resume, and *@out has exit 130.
 * Errors: as matrix_load(), cells_expand(), matrix_only(), cells_make(); resume: nothing to go on with, a file that has changed
 * since; the disk is full (what there is is kept).
 */
bool matrix_run(const struct matrix_options *options, struct matrix_outcome *out, GError **error);
void matrix_outcome_clear(struct matrix_outcome *out);

/*
 * matrix_list - the cells of @what and their commands, one a line; nothing is run. @only as in the options. The caller frees
 * it. Errors: as matrix_run().
 */
char *matrix_list(const char *what, char *const *only, GError **error);

/*
 * matrix_cell_run - cell @n of the matrix in @dir alone, as an engine starts it on any machine; leaves its cell.json in
 * @results (NULL: where it belongs, in @dir). Returns an exit status.
 * Errors: there is no such cell; cell.json cannot be written.
 */
int matrix_cell_run(const char *dir, unsigned n, const char *results, GError **error);

#endif
