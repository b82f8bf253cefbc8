/* SPDX-License-Identifier: GPL-2.0-only */
/* The figures of a bench run as a page, and those of several side by side. */
#ifndef VTDLAB_RESULTS_BENCH_TABLE_H
#define VTDLAB_RESULTS_BENCH_TABLE_H

#include <glib.h>
#include <stdbool.h>

#include "results/bench-doc.h"

/*
 * bench_page - what the terminal shows of a benchmark, at most 72 columns wide but for what is to be copied: outcome, what
 * failed, the figures, what was run. @all: with percentiles and KVM's counters, as in summary.txt. The caller frees it.
 */
char *bench_page(const struct bench_doc *doc, bool all);

/* bench_times_are - a sentence on what the times of such a machine are not, "" where they are those of hardware. Static. */
const char *bench_times_are(bool virtual, bool hardware);

/* bench_counts - how many tests passed, failed and were skipped. */
void bench_counts(const struct bench_doc *doc, unsigned count[3]);

/* bench_one_clock - were all of @docs made with one clock and accelerator? Errors: VTDLAB_ERROR_USAGE, which were not. */
bool bench_one_clock(const GPtrArray *docs, GError **error);

/*
 * bench_compare - the medians of @docs (two or more) side by side; the caller frees the text.
 * Errors: VTDLAB_ERROR_USAGE: not of one clock and accelerator, or nothing in common.
 */
char *bench_compare(const GPtrArray *docs, GError **error);

/*
 * bench_gate - are the runs after the first one of @docs as good as that? The caller frees the text, which names what is
 * not.
 *
 * @within: how much longer a median may be than the first run's, as a part of it (0.01 is a hundredth)
 * @good:   something was compared, no median is further above, no test failed in any run, and whatever passed in the first
 *          one was measured in all
 */
char *bench_gate(const GPtrArray *docs, double within, bool *good);

/*
 * bench_moved - what @new does otherwise than @base, beyond noise, by samples_judge(): a sample is a step of a test, a value the
 * median of a boot in which it passed. With fewer than BENCH_BOOTS_ENOUGH boots of a side a value is a round, as rounds there are
 * enough of. Where the virtual clock makes boots repeat, medians within BENCH_VIRTUAL_NOISE of each other are taken for equal.
 * Tests that no longer pass come first, and are worse. The caller frees the text, which says what a value was.
 * Errors: VTDLAB_ERROR_USAGE: not of one clock and accelerator; exit status 125: no test passed on both sides.
 */
char *bench_moved(const GPtrArray *base, const GPtrArray *new, double threshold, bool *worse, GError **error);

#endif
