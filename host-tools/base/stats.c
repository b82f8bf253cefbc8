/* SPDX-License-Identifier: GPL-2.0-only */
/* Medians, rates, and how far two medians are apart. */
#include "base/stats.h"

#include <math.h>
#include <stdlib.h>

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double stats_median(double *values, unsigned n)
{
	if (!n)
		return 0;
	qsort(values, n, sizeof(*values), by_value);
	return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

static int by_value_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

uint64_t stats_median_u64(uint64_t *values, unsigned n)
{
	if (!n)
		return 0;
	qsort(values, n, sizeof(*values), by_value_u64);
	if (n % 2)
		return values[n / 2];
	/* without the sum, which may not fit */
	return values[n / 2 - 1] + (values[n / 2] - values[n / 2 - 1]) / 2;
}

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
