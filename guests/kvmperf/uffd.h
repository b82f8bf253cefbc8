/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KVMPERF_UFFD_H
#define KVMPERF_UFFD_H

#include "options.h"

/* What the second word of every page holds when userfaultfd has had a part in it. */
#define UFFD_MARK 0x766d706167652121ULL

struct uffd_server;

/* userfaultfd over the memory under test: one for the VM, or one for each slice, each with a
 * thread. */
struct uffd_set {
	struct perf_vm *vm;
	enum uffd_mode mode;
	uint64_t unit, delay_us;
	unsigned char *source; /* the page that MISSING brings */
	unsigned int n;
	struct uffd_server *server;
};

struct uffd_totals {
	uint64_t events;     /* messages read */
	uint64_t served;     /* pages brought, continued or unprotected */
	uint64_t raced;	     /* messages of pages that were there already */
	struct hist latency; /* from the message to the page, --delay included */
};

/* Prepares the memory for the mode, registers it and starts the threads. */
void uffd_start(struct uffd_set *set, struct perf_vm *vm, const struct options *o);
void uffd_stop(struct uffd_set *set, struct uffd_totals *totals);

#endif
