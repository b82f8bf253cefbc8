/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A kernel's log, as people paste it: what it says of VT-d, of the devices, and of the kernels that wrote it.
 *
 * Nobody vouches for the text: any bytes are taken, what is kept is bounded and has no control characters in it.
 */
#ifndef VTDLAB_EXPLAIN_LOG_H
#define VTDLAB_EXPLAIN_LOG_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	EXPLAIN_RANGES_MAX = 16,   /* of one kind of fault */
	EXPLAIN_REPORTS_MAX = 256, /* kinds of faults of one kernel */
	EXPLAIN_DEVICES_MAX = 1024,
	EXPLAIN_KERNELS_MAX = 64,
	EXPLAIN_KEPT_MAX = 100000, /* lines that bug files are held against */
	EXPLAIN_LINE_MAX = 1024,   /* bytes of a line that are looked at */
};

enum explain_access { EXPLAIN_READ, EXPLAIN_WRITE, EXPLAIN_INTERRUPT };

/* What the kernel found when it walked the tables behind a fault (6.0 and later print it). */
enum explain_dump {
	EXPLAIN_DUMP_NONE,
	EXPLAIN_DUMP_NO_ENTRY, /* "context table is not present" */
	EXPLAIN_DUMP_NO_PASID, /* the PASID directory or table has none */
	EXPLAIN_DUMP_UNMAPPED, /* the page tables end above the leaf */
	EXPLAIN_DUMP_LEAF,     /* leaf has the last entry */
};

/* Pages by their addresses, or indices of interrupts. */
struct explain_range {
	uint64_t first, last;
};

/* The faults of one requester that are alike but for the address. */
struct explain_fault {
	uint32_t dev; /* segment << 16 | requester id */
	enum explain_access access;
	int reason; /* -1: the log does not say it */
	unsigned count;
	struct explain_range ranges[EXPLAIN_RANGES_MAX];
	unsigned nranges;
	bool more; /* ranges that there was no room for */
	unsigned first_line, last_line;
	enum explain_dump dump; /* of the last that has one */
	uint64_t leaf;
};

struct explain_device {
	uint32_t dev;
	char *driver;		 /* the first that named it in its line; NULL: none */
	unsigned driver_line;	 /* 0: none */
	int bus_first, bus_last; /* a bridge to these; -1: none */
	char *dead;		 /* the first line by which it has stopped working; NULL: none */
	bool grouped;		 /* "Adding to iommu group" */
};

/* What one kernel wrote. Flags are lines that were there. */
struct explain_kernel {
	char *version; /* NULL: its first line is not in the log */
	char *cmdline, *panic;
	bool copying, copied, copy_failed, not_kdump;
	bool ir_copied, ir_failed, ir_not_kdump;
	bool passthrough;
	bool may_scale, no_scale; /* scalable mode: allowed where the hardware has it; refused */
	unsigned ready_line;	  /* the IOMMU is set up; no driver of a PCI device ran before. 0: not in the log */
	unsigned suppressed;	  /* "dmar_fault: N callbacks suppressed" */
	unsigned handled;	  /* "handling fault status reg": times that the kernel looked at the fault records */
	unsigned unread, unread_line; /* lines of faults that cannot be read, and the first of them; 0: none */
	unsigned queue_line;	      /* of the first error of the invalidation queue; 0: none */
	bool overflow;		      /* by that register there were more faults than records */
	unsigned dropped;	      /* faults that there was no room for */
	GPtrArray *faults;	      /* struct explain_fault */
	GPtrArray *devices;	      /* struct explain_device */
};

struct explain_log {
	GPtrArray *kernels; /* struct explain_kernel; one at the least */
	GPtrArray *kept;    /* char *: lines about IOMMUs, devices that die, kernels; without what stands before */
	bool vtd;	    /* something of VT-d is in it */
	const char *other;  /* the name of another IOMMU that is in it; static, NULL: none */
};

/* explain_read - what @len bytes say. Never NULL; free with explain_log_free(). */
struct explain_log *explain_read(const char *bytes, size_t len);
void explain_log_free(struct explain_log *log);

/* explain_device_of - the device @dev as kernel @k of @log has it; NULL: no line of that kernel names it. */
struct explain_device *explain_device_of(const struct explain_kernel *k, uint32_t dev);

/*
 * explain_message - what the kernel wrote of a line without control characters: behind marks of quotation, the names of
 * syslog and journal, levels, and times of every kind. In @line.
 */
const char *explain_message(const char *line);

/* explain_dev_read - "[SSSS:]bb:dd.f", in any case, each with 0x or without; its length, 0: none. */
size_t explain_dev_read(const char *text, uint32_t *dev);

/*
 * explain_fault_read - one report: requester, access, address and reason, of every era since 4.2.
 *
 * Returns 0: @text is none; 1: it is one, and *fault is set but for its lines and dump; -1: it is the beginning of one (its
 * reason is missing), *fault is set as far as it goes.
 */
int explain_fault_read(const char *text, struct explain_fault *fault);

#endif
