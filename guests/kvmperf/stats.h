/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KVMPERF_STATS_H
#define KVMPERF_STATS_H

#include "base.h"

#define STATS_MAX 96
#define STATS_NAME 48

/* KVM's own counters of one VM or vCPU (KVM_GET_STATS_FD): the single values, not the histograms.
 */
struct stats {
	int fd; /* -1: this kernel has none */
	unsigned int n;
	struct stats_value {
		char name[STATS_NAME];
		uint32_t offset; /* in the file */
		bool instant;	 /* a level, which a difference makes no sense of */
		uint64_t value;
	} v[STATS_MAX];
};

/* Asks a VM's or vCPU's descriptor for its counters. */
void stats_open(struct stats *s, int kvm_fd);
void stats_close(struct stats *s);
void stats_read(struct stats *s);
/* NULL when this kernel does not count that. */
const uint64_t *stats_find(const struct stats *s, const char *name);
/* after - before of what only grows, the level after of what does not. */
void stats_delta(const struct stats *before, const struct stats *after, struct stats *out);
/* Adds b, counters of the same kind, to a; an empty a becomes b. */
void stats_add(struct stats *a, const struct stats *b);

#endif
