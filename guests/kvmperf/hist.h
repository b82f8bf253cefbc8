/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KVMPERF_HIST_H
#define KVMPERF_HIST_H

#include <stddef.h>
#include <stdint.h>

/*
 * Log-linear histogram of 64-bit values. Values below 64 have a bucket each. From there on every
 * power of two is cut into 32 buckets of equal width: a value v with its highest bit at position e
 * >= 6 is in bucket 64 + (e - 6) * 32 + ((v >> (e
 * - 5)) & 31), which is 2^(e - 5) wide. The relative error of a percentile is thus below 1/32 (3.2
 * %); count, sum, minimum and maximum are exact.
 */
#define HIST_LINEAR 64
#define HIST_SUB 32
#define HIST_BUCKETS (HIST_LINEAR + (64 - 6) * HIST_SUB)

struct hist {
	uint64_t count, sum, min, max;
	uint64_t bucket[HIST_BUCKETS];
};

void hist_init(struct hist *h);
void hist_add(struct hist *h, uint64_t value);
void hist_merge(struct hist *into, const struct hist *from);
unsigned int hist_bucket(uint64_t value);
/* The first and the last value of a bucket. */
uint64_t hist_low(unsigned int bucket);
uint64_t hist_high(unsigned int bucket);
/* The value below or at which `permille` of the values are: the middle of its bucket, never outside
 * [min, max]. */
uint64_t hist_quantile(const struct hist *h, unsigned int permille);

/* The exact median, of two in the middle their mean; sorts the values. */
uint64_t median_of(uint64_t *values, size_t n);

#endif
