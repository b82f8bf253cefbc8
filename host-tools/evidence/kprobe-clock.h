/* SPDX-License-Identifier: GPL-2.0-only */
/* Guest time and host time of one kernel. */
#ifndef VTDLAB_EVIDENCE_KPROBE_CLOCK_H
#define VTDLAB_EVIDENCE_KPROBE_CLOCK_H

#include <glib.h>
#include <stdint.h>

struct clock_pair {
	int64_t guest_ns, host_ns;
};

/*
 * clock_host_ns - host time of a guest time by known pairs (struct clock_pair, sorted by
 * clock_sort()): between two pairs in proportion, outside of them at the same pace; -1 without pairs.
 */
int64_t clock_host_ns(const GArray *pairs, int64_t guest_ns);
/* Sorts by guest time and drops pairs that would let host time run backwards. */
void clock_sort(GArray *pairs);

#endif
