/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KVMPERF_BACKING_H
#define KVMPERF_BACKING_H

#include "base.h"

/* What the guest's memory is made of on our side. */
enum backing_kind {
	BACKING_ANON, /* private, never huge pages */
	BACKING_THP,  /* private, huge pages asked for */
	BACKING_HUGETLB_2M,
	BACKING_HUGETLB_1G,
	BACKING_SHMEM, /* shared and without a name */
	BACKING_MEMFD,
};

extern const char *const backing_names[];

struct backing {
	enum backing_kind kind;
	int fd;		      /* -1 for what has none */
	unsigned char *mem;   /* what KVM sees */
	unsigned char *alias; /* the same pages once more, when asked for */
	uint64_t size, unit;  /* unit: what one page fault of ours brings in */
};

/* Bytes of one page of this kind; THP counts as 4K, because nothing promises a huge page. */
uint64_t backing_unit(enum backing_kind kind);
bool backing_has_alias(enum backing_kind kind);
/* Nothing of the memory is populated. Ends the test when the machine cannot give it. */
void backing_new(struct backing *b, enum backing_kind kind, uint64_t size, bool alias);
void backing_free(struct backing *b);
/* How much of the mapping is on huge pages now, as /proc/self/smaps says. */
uint64_t backing_huge(const struct backing *b);

#endif
