/* SPDX-License-Identifier: GPL-2.0-only */
/* The cells of a matrix: which there are, what each runs, and what is expected of it. */
#ifndef VTDLAB_MATRIX_CELLS_H
#define VTDLAB_MATRIX_CELLS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "conf/bug.h"
#include "conf/matrix.h"
#include "results/matrix-doc.h"

enum cell_kind { CELL_RUN, CELL_BUG, CELL_BENCH };

/* What a bug or a benchmark comes to: what is hoped for, and what is not. None of a run: it has outcomes. */
extern const char *const cell_words[][2];

/* cell_bench_option - the option of `vtdlab bench` that takes @tests: "--suite" for quick and full, else "--tests". */
const char *cell_bench_option(const char *tests);

/* How a cell is run, beside what the document says of it. */
struct cell_plan {
	enum cell_kind kind;
	char **words;	 /* behind the program's name, without where the results go; NULL-ended */
	unsigned cpus;	 /* that it keeps busy */
	uint64_t memory; /* that it takes, bytes */
	bool alone;	 /* it counts time: nothing runs beside it */
	bool stated;	 /* a rule says what must come of it: of expect outcome and fails */
	bool expect_bad; /* where it is stated of a bug or a benchmark: the second of its cell_words */
	struct bug_side expect;
};

/*
 * cells_expand - kernel=@cached and @available of the axes become the kernels of the cache, and those of the archive (whose
 * lists are fetched). Errors: as kernel_available(); there is none.
 */
bool cells_expand(struct matrix *m, GError **error);

/*
 * cells_make - all cells of @m, waiting, into @doc, with its axes: the last axis changes first. Returns a struct cell_plan *
 * for each, by its number.
 * Errors (VTDLAB_ERROR_USAGE): a cell that its scenario refuses, axes that do not go together, two cells that run the
 * same, no cell at all.
 */
GPtrArray *cells_make(const struct matrix *m, struct matrix_doc *doc, GError **error);

#endif
