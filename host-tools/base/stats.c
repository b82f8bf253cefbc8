/* SPDX-License-Identifier: GPL-2.0-only */
/* Medians. */
#include "base/stats.h"

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
