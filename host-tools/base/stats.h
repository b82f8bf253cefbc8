/* SPDX-License-Identifier: GPL-2.0-only */
/* Medians, rates, and how far two medians are apart. */
#ifndef VTDLAB_BASE_STATS_H
#define VTDLAB_BASE_STATS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * stats_median, stats_median_u64 - of @n values, which are sorted by this; of an even number the mean of the two in the
 * middle (that of integers is cut); 0 of none.
 */
double stats_median(double *values, unsigned n);
uint64_t stats_median_u64(uint64_t *values, unsigned n);

#define RATE_NS_A_SECOND UINT64_C(1000000000)

/* A time and a count as a rate: the one place where they become one. Everything else keeps integer nanoseconds. */
struct rate {
	double ns_each;	   /* nanoseconds for one */
	double per_second; /* how many in a second */
};

/* rate_of - @count things in @ns; false, and zeroes, where there is no rate: none done, or no time. */
bool rate_of(uint64_t ns, uint64_t count, struct rate *rate);

/* rate_apart - how far @b is from @a, as a part of @a (0.01 is a hundredth more); 0 where both are 0. */
double rate_apart(uint64_t a, uint64_t b);

#endif
