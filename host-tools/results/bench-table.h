/* SPDX-License-Identifier: GPL-2.0-only */
/* The figures of a bench run as a table, and those of several side by side. */
#ifndef VTDLAB_RESULTS_BENCH_TABLE_H
#define VTDLAB_RESULTS_BENCH_TABLE_H

#include <glib.h>
#include <stdbool.h>

#include "results/bench-doc.h"

/* bench_table - test, options, vCPUs, step, items, median, spread, ns each, how many a second. The caller frees it. */
char *bench_table(struct bench_doc *doc);

/* bench_counts - how many tests passed, failed and were skipped. */
void bench_counts(const struct bench_doc *doc, unsigned count[3]);

/*
 * bench_compare - the medians of @docs (two or more) side by side; the caller frees the text.
 *
 * @worst: the largest distance of two medians of one step, as a part of the smaller one
 * Errors: VTDLAB_ERROR_USAGE: not of one clock and accelerator, or nothing in common.
 */
char *bench_compare(const GPtrArray *docs, double *worst, GError **error);

#endif
