/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rates: the one place where a time and a count become a number per second. Everything else keeps integer
 * nanoseconds.
 */
#ifndef VTDLAB_RESULTS_RATE_H
#define VTDLAB_RESULTS_RATE_H

#include <stdbool.h>
#include <stdint.h>

#define RATE_NS_A_SECOND UINT64_C(1000000000)

struct rate {
	double ns_each;	   /* nanoseconds for one */
	double per_second; /* how many in a second */
};

/* rate_of - @count things in @ns; false, and zeroes, where there is no rate: none done, or no time. */
bool rate_of(uint64_t ns, uint64_t count, struct rate *rate);

/* rate_apart - how far @b is from @a, as a part of @a (0.01 is a hundredth more); 0 where both are 0. */
double rate_apart(uint64_t a, uint64_t b);

#endif
