/* SPDX-License-Identifier: GPL-2.0-only */
/* Pages of 72 columns and tables of more on a terminal that has fewer. */
#ifndef VTDLAB_BASE_FOLD_H
#define VTDLAB_BASE_FOLD_H

#include <stdio.h>

/* Narrower terminals get pages that are laid out again; wider ones as they are. */
#define FOLD_BELOW 72

/* fold_columns - of the terminal that @out is, or @otherwise: it is none, or one that does not tell. */
int fold_columns(FILE *out, int otherwise);

/*
 * fold_text - @text laid out again for a terminal of @columns: what was wrapped for a wider one is one line again, gaps
 * between the cells of a table are closed where the line would be too long, and what still is goes on below, set in by some
 * blanks. A word that is longer than a line stays whole, and so do JSON and commands to be copied ("repeat ...").
 * Escape sequences take no column. The caller frees it.
 */
char *fold_text(const char *text, int columns);

/*
 * fold_rows - lists whose last cell is text, on a terminal of FOLD_BELOW columns or more: what of it does not fit goes on below
 * its beginning. All else stays as it is. The caller frees it.
 */
char *fold_rows(const char *text, int columns);

#endif
