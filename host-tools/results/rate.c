/* SPDX-License-Identifier: GPL-2.0-only */
/* Rates, medians and how far two medians are apart. */
#include "results/rate.h"

#include <math.h>
#include <stdlib.h>

bool rate_of(uint64_t ns, uint64_t count, struct rate *rate)
{
	*rate = (struct rate){ 0 };
	if (!ns || !count)
		return false;
	rate->ns_each = (double)ns / (double)count;
	rate->per_second = (double)count * (double)RATE_NS_A_SECOND / (double)ns;
	return true;
}

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

uint64_t rate_median(uint64_t *values, unsigned n)
{
	if (!n)
		return 0;
	qsort(values, n, sizeof(*values), by_size);
	if (n % 2)
		return values[n / 2];
	/* without the sum, which may not fit */
	return values[n / 2 - 1] + (values[n / 2] - values[n / 2 - 1]) / 2;
}

double rate_apart(uint64_t a, uint64_t b)
{
	if (a == b)
		return 0;
	return a ? ((double)b - (double)a) / (double)a : INFINITY;
}
