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

/* Midranks of all values, doubled so that they are integers; those of a[] first. */
static unsigned *midranks(const double *a, unsigned n, const double *b, unsigned m)
{
	unsigned *ranks = calloc(n + m, sizeof(*ranks));

	for (unsigned i = 0; ranks && i < n + m; i++) {
		double value = i < n ? a[i] : b[i - n];
		unsigned less = 0, same = 0;

		for (unsigned k = 0; k < n + m; k++) {
			double other = k < n ? a[k] : b[k - n];

			less += other < value;
			same += other == value;
		}
		ranks[i] = 2 * less + same + 1;
	}
	return ranks;
}

/*
 * ways[s]: in how many of all choices of @n of the @all ranks their sum is @s. The rank sum's distribution if the labels of the
 * two samples meant nothing: exact, with ties.
 */
static double *rank_sums(const unsigned *ranks, unsigned all, unsigned n, unsigned most)
{
	double *ways = calloc((size_t)(n + 1) * (most + 1), sizeof(*ways));

	if (!ways)
		return NULL;
	ways[0] = 1;
	for (unsigned i = 0; i < all; i++)
		for (unsigned k = i + 1 < n ? i + 1 : n; k > 0; k--)
			for (unsigned s = most; s + 1 > ranks[i]; s--)
				ways[k * (most + 1) + s] += ways[(k - 1) * (most + 1) + s - ranks[i]];
	return ways;
}

double stats_differ(const double *a, unsigned n, const double *b, unsigned m)
{
	unsigned *ranks = n && m && n + m <= STATS_MOST ? midranks(a, n, b, m) : NULL, most = 0, sum = 0;
	double all = 0, extreme = 0, *ways, middle;

	if (!ranks)
		return 1;
	for (unsigned i = 0; i < n + m; i++)
		most += ranks[i];
	for (unsigned i = 0; i < n; i++)
		sum += ranks[i];
	ways = rank_sums(ranks, n + m, n, most);
	middle = (double)n * (n + m + 1); /* the mean of doubled ranks */
	for (unsigned s = 0; ways && s <= most; s++) {
		double w = ways[n * (most + 1) + s];

		all += w;
		if (fabs(s - middle) >= fabs(sum - middle))
			extreme += w;
	}
	free(ways);
	free(ranks);
	return all > 0 ? extreme / all : 1;
}

/* The largest number of ratios to leave out at each end so that at least 95 % of confidence remain; -1: none will do. */
static int trimmed(unsigned n, unsigned m)
{
	unsigned most = 0;
	unsigned *ranks = calloc(n + m, sizeof(*ranks));
	double *ways, all = 0, below = 0;
	int k = -1;

	for (unsigned i = 0; ranks && i < n + m; i++) {
		ranks[i] = i + 1;
		most += i + 1;
	}
	ways = ranks ? rank_sums(ranks, n + m, n, most) : NULL;
	for (unsigned s = 0; ways && s <= most; s++)
		all += ways[n * (most + 1) + s];
	for (unsigned u = 0; ways && u < n * m; u++) {
		below += ways[n * (most + 1) + n * (n + 1) / 2 + u];
		if (below / all > 0.025)
			break;
		k = (int)u;
	}
	free(ways);
	free(ranks);
	return k;
}

bool stats_ratio(const double *a, unsigned n, const double *b, unsigned m, struct stats_ratio *ratio)
{
	double *all = n && m && n + m <= STATS_MOST ? calloc((size_t)n * m, sizeof(*all)) : NULL;
	bool positive = all;
	int k;

	*ratio = (struct stats_ratio){ 0 };
	for (unsigned i = 0; positive && i < n; i++)
		for (unsigned j = 0; positive && j < m; j++) {
			positive = a[i] > 0 && b[j] >= 0;
			all[i * m + j] = b[j] / a[i];
		}
	if (positive) {
		ratio->median = stats_median(all, n * m); /* sorts them */
		k = trimmed(n, m);
		ratio->bounded = k >= 0;
		ratio->low = k >= 0 ? all[k] : 0;
		ratio->high = k >= 0 ? all[n * m - 1 - (unsigned)k] : 0;
	}
	free(all);
	return positive;
}
