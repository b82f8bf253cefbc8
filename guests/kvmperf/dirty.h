/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KVMPERF_DIRTY_H
#define KVMPERF_DIRTY_H

#include "options.h"

/* The dirty log of the memory under test, whichever way it is kept. */
struct dirty_log {
	struct perf_vm *vm;
	enum log_mode mode;
	uint64_t pages, clear_pages;
	uint64_t *seen;		   /* a bit for each page found dirty since dirty_begin() */
	uint64_t *slot_bits;	   /* one slot's bitmap as KVM fills it */
	pthread_mutex_t lock;	   /* of what follows: full rings are emptied by their vCPUs */
	uint64_t entries;	   /* taken out of rings since dirty_begin() */
	uint64_t reset;		   /* given back, as KVM says */
	uint64_t get_ns, clear_ns; /* of the last dirty_collect() */
};

void dirty_config(struct vm_config *cfg, const struct options *o);
void dirty_open(struct dirty_log *d, struct perf_vm *vm, const struct options *o);
void dirty_close(struct dirty_log *d);
void dirty_begin(struct dirty_log *d);
/* All that is left since dirty_begin(); afterwards KVM logs anew. */
void dirty_collect(struct dirty_log *d);

#endif
