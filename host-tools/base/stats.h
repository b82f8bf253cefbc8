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

#define STATS_MOST 100 /* values of two samples together, for those below */

/*
 * stats_differ - how likely samples are that are as far apart as these, or further, if both came from one source: the exact
 * two-sided p of the rank-sum test of Wilcoxon, Mann and Whitney, which asks nothing of the shape of the noise, and takes ties
 * as they are. 1 where a sample is empty or there are too many.
 */
double stats_differ(const double *a, unsigned n, const double *b, unsigned m);

/* How many times as large the second sample is: the median of all ratios, and between what it lies with 95 % of confidence. */
struct stats_ratio {
	double median, low, high;
	bool bounded; /* false: with so few values nothing can be said of low and high */
};

/* stats_ratio - of @b to @a; false: a value of @a is not above 0, or there is none. The interval is that of the same test. */
bool stats_ratio(const double *a, unsigned n, const double *b, unsigned m, struct stats_ratio *ratio);

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
