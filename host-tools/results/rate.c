/* SPDX-License-Identifier: GPL-2.0-only */
/* Rates, and how far two medians are apart. */
#include "results/rate.h"

#include <math.h>

bool rate_of(uint64_t ns, uint64_t count, struct rate *rate)
{
	*rate = (struct rate){ 0 };
	if (!ns || !count)
		return false;
	rate->ns_each = (double)ns / (double)count;
	rate->per_second = (double)count * (double)RATE_NS_A_SECOND / (double)ns;
	return true;
}

double rate_apart(uint64_t a, uint64_t b)
{
	if (a == b)
		return 0;
	return a ? ((double)b - (double)a) / (double)a : INFINITY;
}
