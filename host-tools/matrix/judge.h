/* SPDX-License-Identifier: GPL-2.0-only */
/* What a cell that has ended came to. */
#ifndef VTDLAB_MATRIX_JUDGE_H
#define VTDLAB_MATRIX_JUDGE_H

#include "matrix/cells.h"

/*
 * cell_judge - fills what came of @cell: result, verdict, reason, run, exit.
 *
 * @dir: the directory that its results went to; @place: how that is called from the matrix' directory ("cells/0003")
 * @status: its exit status; @out: what it wrote to stdout and stderr
 * A run that was ended from outside without a word is LOST.
 */
void cell_judge(struct matrix_cell *cell, const struct cell_plan *plan, const char *dir, const char *place, int status,
		const char *out);

#endif
