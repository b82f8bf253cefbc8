/* SPDX-License-Identifier: GPL-2.0-only */
#include "hist.h"

#include <stdlib.h>
#include <string.h>

void hist_init(struct hist *h)
{
	memset(h, 0, sizeof(*h));
	h->min = UINT64_MAX;
}

unsigned int hist_bucket(uint64_t value)
{
	unsigned int e;

	if (value < HIST_LINEAR)
		return (unsigned int)value;
	e = 63 - (unsigned int)__builtin_clzll(value);
	return HIST_LINEAR + (e - 6) * HIST_SUB + ((value >> (e - 5)) & (HIST_SUB - 1));
}

uint64_t hist_low(unsigned int bucket)
{
	unsigned int e, sub;

	if (bucket < HIST_LINEAR)
		return bucket;
	e = (bucket - HIST_LINEAR) / HIST_SUB + 6;
	sub = (bucket - HIST_LINEAR) % HIST_SUB;
	return (uint64_t)(HIST_SUB + sub) << (e - 5);
}

uint64_t hist_high(unsigned int bucket)
{
	return bucket + 1 < HIST_BUCKETS ? hist_low(bucket + 1) - 1 : UINT64_MAX;
}

void hist_add(struct hist *h, uint64_t value)
{
	h->bucket[hist_bucket(value)]++;
	h->count++;
	h->sum += value;
	if (value < h->min)
		h->min = value;
	if (value > h->max)
		h->max = value;
}

void hist_merge(struct hist *into, const struct hist *from)
{
	for (unsigned int i = 0; i < HIST_BUCKETS; i++)
		into->bucket[i] += from->bucket[i];
	into->count += from->count;
	into->sum += from->sum;
	if (from->min < into->min)
		into->min = from->min;
	if (from->max > into->max)
		into->max = from->max;
}

uint64_t hist_quantile(const struct hist *h, unsigned int permille)
{
	uint64_t rank, seen = 0, value;
	unsigned int i;

	if (!h->count)
		return 0;
	/* The smallest value with at least that many at or below it; counts fit 54 bits by far. */
	rank = (h->count * permille + 999) / 1000;
	if (!rank)
		rank = 1;
	for (i = 0; i + 1 < HIST_BUCKETS; i++) {
		seen += h->bucket[i];
		if (seen >= rank)
			break;
	}
	value = hist_low(i) + (hist_high(i) - hist_low(i)) / 2;
	if (value < h->min)
		return h->min;
	return value > h->max ? h->max : value;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

uint64_t median_of(uint64_t *values, size_t n)
{
	if (!n)
		return 0;
	qsort(values, n, sizeof(*values), by_value);
	return n % 2 ? values[n / 2] : values[n / 2 - 1] + (values[n / 2] - values[n / 2 - 1]) / 2;
}
