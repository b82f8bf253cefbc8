/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KVMPERF_SLICES_H
#define KVMPERF_SLICES_H

#include "base.h"

/* What a test wants of the guest's memory, before anything is created. */
struct geometry {
	unsigned int vcpus, slots;
	uint64_t memory;     /* of all vCPUs together */
	uint64_t unit;	     /* size of a page of the backing */
	uint64_t guest_page; /* size of a page in the guest's own tables */
	bool overlap;	     /* every vCPU has the whole memory */
};

/* What the machine allows. */
struct limits {
	unsigned int vcpus, slots;
	uint64_t memory;
};

struct slice {
	uint64_t first, pages; /* 4K pages of the memory under test */
};

/* 0, or -1 and one line that says what does not fit and what would. */
int geometry_check(const struct geometry *g, const struct limits *l, char *why, size_t size);
struct slice slice_of(const struct geometry *g, unsigned int vcpu);
/* Slots are always disjoint; the memory is cut into equal ones. */
struct slice slot_of(const struct geometry *g, unsigned int slot);

/* How payload_touch picks the pages it writes. */
static inline bool page_is_written(uint64_t index, unsigned int percent)
{
	return index * percent % 100 < percent;
}

uint64_t pages_written(uint64_t pages, unsigned int percent);

#endif
