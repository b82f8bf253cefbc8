/* SPDX-License-Identifier: GPL-2.0-only */
/* report.html of a matrix: a table to look at, each cell of it a way to its run. */
#ifndef VTDLAB_HTML_MATRIX_PAGE_H
#define VTDLAB_HTML_MATRIX_PAGE_H

#include "results/matrix-doc.h"

/*
 * html_matrix_page - the page; the caller frees it. Links lead to report.html of the runs, relative to the matrix' directory.
 * @dir: that directory now, for what its cells measured; NULL: without it
 */
char *html_matrix_page(const struct matrix_doc *doc, const char *dir);

#endif
