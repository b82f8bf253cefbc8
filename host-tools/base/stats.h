/* SPDX-License-Identifier: GPL-2.0-only */
/* Medians. */
#ifndef VTDLAB_BASE_STATS_H
#define VTDLAB_BASE_STATS_H

#include <stdint.h>

/*
 * stats_median, stats_median_u64 - of @n values, which are sorted by this; of an even number the mean of the two in the
 * middle (that of integers is cut); 0 of none.
 */
double stats_median(double *values, unsigned n);
uint64_t stats_median_u64(uint64_t *values, unsigned n);

#endif
