/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What kprobes in a guest kernel recorded, from the text of its trace: events, the phases of
 * intel_iommu_init(), the IOVA ranges that were reserved. Pure functions over untrusted text.
 */
#ifndef VTDLAB_EVIDENCE_KPROBE_TRACE_H
#define VTDLAB_EVIDENCE_KPROBE_TRACE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "evidence/evidence.h"
#include "iommu/ranges.h"

enum probe_kind {
	PROBE_INIT,	/* intel_iommu_init() begins */
	PROBE_INIT_END, /* ... has returned */
	PROBE_MEMREMAP, /* memremap(): a = physical address, b = bytes */
	PROBE_ROOT,	/* iommu_set_root_entry() begins */
	PROBE_DOMAIN,	/* iommu_setup_dma_ops() begins: dev */
	PROBE_RESERVE,	/* reserve_iova(): a = allocator, b..c = page frames, inclusive */
	PROBE_ATTACH,	/* intel_iommu_attach_device() begins: dev */
	PROBE_RANGE,	/* iova_exact_reserve() of a lab kernel: as PROBE_RESERVE */
	PROBE_KINDS,
};

struct probe_event {
	enum probe_kind kind;
	int64_t t_ns; /* the trace's clock */
	int pid;
	uint64_t a, b, c;
	char dev[32]; /* kernel's name of the device: "0000:00:01.0"; "" if not known */
};

/* The most events that are kept of one trace; more are counted as lost. */
#define PROBE_EVENTS_MAX 262144u

struct probe_trace {
	GArray *events;	    /* struct probe_event, oldest first */
	GArray *records;    /* gint: index of the event of each record of the trace, -1: no event of ours */
	unsigned raw;	    /* records whose time was made exact so far */
	unsigned inexact;   /* records whose exact time did not fit: they keep their microseconds */
	uint64_t malformed; /* lines that looked like ours and were not understood */
	uint64_t lost;	    /* records that the kernel (or PROBE_EVENTS_MAX) dropped */
	bool has_clock;	    /* the agent's clock was found in the trace */
	int64_t clock_ns;   /* agent's clock minus the trace's */
	GArray *windows;    /* struct iommu_range: memory windows of the host bridges, bytes */
};

struct probe_trace *probe_trace_new(void);
void probe_trace_free(struct probe_trace *t);

/*
 * probe_parameters - the words for a kernel's command line that set the probes. The caller frees them.
 * @reserves: the kernel is one of the lab's own, which has a function of its own that reserves
 * @ranges:   so many it may be called for beside those of a machine's own devices: its buffer has room for them
 */
char *probe_parameters(bool reserves, uint64_t ranges);

/* probe_name - the event's name in the trace ("vtdlab/init" is "init"), static. */
const char *probe_name(enum probe_kind kind);

/* One line of the file `trace`, without its line end: a record, a comment, or noise. */
void probe_trace_line(struct probe_trace *t, const char *line);

/* The same record with the option `raw` on, "pid cpu nanoseconds ...": in the same order. */
void probe_trace_raw_line(struct probe_trace *t, const char *line);

/* A line of /proc/iomem; "PCI Bus" is remembered as a window of a host bridge. */
void probe_trace_iomem_line(struct probe_trace *t, const char *line);

/* Guest time (CLOCK_BOOTTIME, as the agent's t_ns) of a time of the trace. */
int64_t probe_guest_ns(const struct probe_trace *t, int64_t t_ns);

/* What intel_iommu_init() did when; guest ns, -1: not seen. */
struct probe_times {
	int64_t init, init_end;
	int64_t copy;	   /* first memremap() of the old root table inside it */
	int64_t root;	   /* iommu_set_root_entry() inside it; after the copy if there was one */
	unsigned remapped; /* calls of memremap() from the copy's begin to the root switch */
};

/*
 * probe_times - find them. @old_root: the root table that the dead kernel left, 0 if it is not known
 * (then the first memremap() of one page counts), UINT64_MAX for a kernel that has nothing to copy.
 */
struct probe_times probe_times(const struct probe_trace *t, uint64_t old_root);

/*
 * probe_hit_ns - the shortest time between two hits of one task, what runs in between included: about what
 * one hit costs, and no less. -1: no two hits.
 */
int64_t probe_hit_ns(const struct probe_trace *t);

/*
 * probe_reservations - append a struct evidence_reservation for each reserve_iova(), and each range that a
 * lab kernel reserves by itself, to @out.
 * A range belongs to the device whose iommu_setup_dma_ops() the same task is in,
 * or to whom the same allocator was given before.
 */
void probe_reservations(const struct probe_trace *t, enum evidence_kernel kernel, GArray *out);

/* probe_standing - is [first, last] (page frames) one that every kernel reserves? */
bool probe_standing(const struct probe_trace *t, uint64_t first, uint64_t last);

#endif
