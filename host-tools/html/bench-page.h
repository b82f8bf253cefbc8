/* SPDX-License-Identifier: GPL-2.0-only */
/* report.html of a benchmark: its figures as a table and as a picture. */
#ifndef VTDLAB_HTML_BENCH_PAGE_H
#define VTDLAB_HTML_BENCH_PAGE_H

#include "results/bench-doc.h"

/* html_bench_page - the page; the caller frees it. */
char *html_bench_page(const struct bench_doc *doc);

#endif
