/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * QEMU's trace log as typed events. QEMU writes `pid@sec.usec:event text` lines into qemu.log; the
 * file is followed while it grows. A line is untrusted text until it has matched a known form.
 */
#ifndef VTDLAB_MACHINE_TRACE_H
#define VTDLAB_MACHINE_TRACE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/trace-group.h"

/*
 * What a, b, c, d hold is said for each kind; fields not named are 0. sid = requester id
 * (bus << 8 | devfn). Addresses of e1000e and nvme events are IOVAs as the device issued them.
 */
enum trace_kind {
	TRACE_NONE,
	/* VT-d registers */
	TRACE_DMAR_ROOT,      /* a: root table latched by SRTP, mode bits off; b: scalable */
	TRACE_DMAR_ENABLE,    /* a: 1 translation on, 0 off */
	TRACE_DMAR_FAULT,     /* a: sid, b: reason, c: address, d: 1 write, 0 read */
	TRACE_FAULT_DISABLED, /* a fault that a context entry asked not to report (FPD) */
	TRACE_IR_ROOT,	      /* a: interrupt-remapping table address, b: size code */
	TRACE_IR_ENABLE,      /* a: 1 on, 0 off */
	TRACE_IOTLB_UPDATE,   /* a translation was cached: a: sid, b: address, c: did */
	TRACE_CC_FILL,	      /* a context entry was cached: a: bus, b: devfn, c: its high word, d: low word */
	/* VT-d invalidations (queued) */
	TRACE_INV_CC_GLOBAL,  /* context cache, all */
	TRACE_INV_CC_DOMAIN,  /* a: did */
	TRACE_INV_CC_DEVICES, /* a: sid, b: function mask */
	TRACE_INV_IOTLB_GLOBAL,
	TRACE_INV_IOTLB_DOMAIN, /* a: did */
	TRACE_INV_IOTLB_PASID,	/* a: did, b: pasid */
	/* e1000e */
	TRACE_E1000E_RX_BUFFER,	     /* a: address, b: offset in the buffer, c: length, d: buffer number */
	TRACE_E1000E_RX_WRITTEN,     /* the current frame has been written completely */
	TRACE_E1000E_RX_NOT_WRITTEN, /* the current frame was dropped */
	TRACE_E1000E_RX_FILTERED,    /* the current frame was refused by the address filter */
	TRACE_E1000E_RX_FULL,	     /* no ring has room */
	TRACE_E1000E_SW_RESET,	     /* the driver reset the device */
	TRACE_E1000E_RCTL,	     /* a: RCTL: bit 1 = receiver on */
	/* nvme */
	TRACE_NVME_READ,      /* a: cid, b: blocks, c: bytes, d: lba */
	TRACE_NVME_WRITE,     /* a: cid, b: blocks, c: bytes, d: lba */
	TRACE_NVME_MAP_ADDR,  /* a: address, b: length, of the READ/WRITE before it */
	TRACE_NVME_COMPLETE,  /* a: cid: data has been moved (pci_nvme_rw_complete_cb) */
	TRACE_NVME_CREATE_CQ, /* a: address, b: cqid, c: entries - 1 */
	TRACE_NVME_START,     /* controller enabled */
	TRACE_NVME_STOP,      /* controller disabled (CC.EN cleared): the driver's reset */
	TRACE_NVME_ERR_READ,  /* a: address that it could not read: of a command */
	TRACE_NVME_ERR_WRITE, /* a: address that it could not write: of a completion */
	TRACE_NVME_ERR_FATAL, /* controller fatal status: it does no more until its reset */
	TRACE_KINDS,
};

struct trace_event {
	int64_t host_ns; /* CLOCK_REALTIME of QEMU's stamp (microseconds) */
	enum trace_kind kind;
	uint64_t a, b, c, d;
};

struct trace_counters {
	uint64_t lines;			  /* all lines read */
	uint64_t events;		  /* lines that became events */
	uint64_t unknown;		  /* trace lines of events we have no kind for (extra_trace) */
	uint64_t seen[TRACE_GROUPS];	  /* of the events, by group */
	uint64_t malformed[TRACE_GROUPS]; /* known event, text of another form: a QEMU we do not know */
	uint64_t other;			  /* not trace lines (guest errors, warnings) */
};

enum trace_parse {
	TRACE_PARSE_EVENT,     /* *event is filled */
	TRACE_PARSE_UNKNOWN,   /* a trace line of another event */
	TRACE_PARSE_MALFORMED, /* an event of ours in a form not known: only kind is filled */
	TRACE_PARSE_OTHER,     /* no trace line */
};

struct trace;

/* Pure: one line without its newline. Events without a time stamp get host_ns 0. */
enum trace_parse trace_parse_line(const char *line, struct trace_event *event);

/* The group of an event by its QEMU name ("vtd_dmar_fault"), -1 for one that is not ours. */
int trace_group_of(const char *event);

/* The same by its kind, which must be one. */
enum trace_group trace_kind_group(enum trace_kind kind);

/* The QEMU names of all trace events that vtdlab reads, NULL-terminated. */
const char *const *trace_default_names(void);

typedef void (*trace_fn)(const struct trace_event *event, void *data);

/* Follows `path` (need not exist yet) by a timer of the default main context. */
struct trace *trace_new(const char *path);
void trace_free(struct trace *t);

/* Reads what was appended since; returns the number of new events. Callers that need to be sure
 * that nothing is outstanding poll after a QMP answer: QEMU has then written all that came before.
 */
unsigned trace_poll(struct trace *t);

/*
 * Tells the subscribers of what an earlier QEMU traced before the state was saved that this one goes on from: @text, whole
 * lines of its log. Each event is stamped @stamp_ns, as when it happened then says nothing of this run.
 */
void trace_replay(struct trace *t, const char *text, size_t len, int64_t stamp_ns);

/* Events of one kind so far. */
uint64_t trace_count(const struct trace *t, enum trace_kind kind);

/* Calls `fn` for each later event, in order. Returns an id > 0. */
unsigned trace_subscribe(struct trace *t, trace_fn fn, void *data);
void trace_unsubscribe(struct trace *t, unsigned id);

const struct trace_counters *trace_counters(const struct trace *t);

#endif
