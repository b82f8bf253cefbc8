/* SPDX-License-Identifier: GPL-2.0-only */
/* What the cells of a matrix measured, beside each other: benchmarks as a trend, the copies of kdump runs as their cost. */
#ifndef VTDLAB_HTML_MATRIX_PLOTS_H
#define VTDLAB_HTML_MATRIX_PLOTS_H

#include "results/matrix-doc.h"

/*
 * html_matrix_plots - appends a section for each kind of figures that at least two cells have.
 * @dir: of the matrix: the figures are in the files of its cells; what is not there is left out. NULL: none are
 */
void html_matrix_plots(GString *out, const struct matrix_doc *doc, const char *dir);

#endif
