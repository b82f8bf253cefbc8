/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What one run of a kdump scenario saw, in a form that the checks can judge without a VM: the run fills
 * it, the tests fill it by hand, and no check changes it. All times are host CLOCK_REALTIME ns.
 */
#ifndef VTDLAB_EVIDENCE_EVIDENCE_H
#define VTDLAB_EVIDENCE_EVIDENCE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "conf/scenario.h"
#include "base/sid.h"
#include "base/trace-group.h"
#include "iommu/iommu.h"

/* Tables and registers at one moment, the guest stopped. */
struct evidence_state {
	int64_t host_ns;   /* 0: this snapshot was not got */
	int64_t frozen_ns; /* how long the guest stood still for it */
	bool has_regs;
	uint64_t regs[IOMMU_REGS_WORDS]; /* the register block as it was read: evidence_state_regs() sets it */
	uint64_t root;			 /* root table in force, without mode bits */
	unsigned ttm;			 /* translation table mode in force (RTADDR bits 11:10) */
	uint64_t sum;			 /* of the file of its snapshot; 0: none, or not kept then */
	struct iommu_walk *walk;	 /* NULL: none; owned */
	struct iommu_snapshot *snapshot; /* the pages @walk read; kept of the panic only; may be NULL; owned */
};

/* What the trace said of the IOMMU, oldest first. */
enum evidence_event_kind {
	EVENT_ROOT,	      /* a root table was latched: addr */
	EVENT_TRANSLATION,    /* translation was switched: on */
	EVENT_FAULT,	      /* a DMA faulted: sid, addr, write, reason */
	EVENT_FAULT_DISABLED, /* the same, with fault processing disabled: sid, addr */
	/* queued invalidations, kept from the jump on */
	EVENT_CC_GLOBAL,    /* context cache: all */
	EVENT_CC_DOMAIN,    /* ... of one domain: did */
	EVENT_CC_DEVICE,    /* ... of one requester: sid, addr: its function bits that do not count */
	EVENT_IOTLB_GLOBAL, /* IOTLB: all */
	EVENT_IOTLB_DOMAIN, /* ... of one domain: did */
	EVENT_IOTLB_PASID,  /* ... of one PASID of a domain: did, pasid */
	EVENT_CC_FILL,	    /* a context entry was cached: sid, addr: its low word; kept as they are */
	EVENT_IR_ROOT,	    /* an interrupt-remapping table was latched: addr */
	EVENT_IR_ENABLE,    /* interrupt remapping was switched: on */
};

/* What the tables hold for an address. */
enum evidence_leaf { LEAF_UNKNOWN, LEAF_NONE, LEAF_READ, LEAF_WRITE, LEAF_READ_WRITE };

struct evidence_event {
	enum evidence_event_kind kind;
	int64_t host_ns;
	uint64_t addr;
	uint16_t sid; /* bus << 8 | devfn */
	int reason;
	bool on;      /* TRANSLATION, IR_ENABLE: on; FAULT: a write */
	uint16_t did; /* of a domain-selective or PASID-selective invalidation */
	uint32_t pasid;
	enum evidence_leaf leaf; /* FAULT of the first kernel: a moment later, when the host read of it */
};

/* So many faults of a requester are kept; of what comes after, one a millisecond. */
#define EVIDENCE_FAULTS_MAX 20000
/* At most so many invalidations are kept; what comes after is counted (evidence.events_dropped). */
#define EVIDENCE_INVALIDATIONS_MAX 65536u

/* Physical addresses, inclusive. */
struct evidence_range {
	uint64_t start, last;
};

/* A requester id that the trace showed doing DMA (an IOTLB fill or a fault). */
struct evidence_requester {
	uint16_t sid;
	int64_t first_ns, last_ns; /* first and last seen */
	uint64_t count;
};

/* A PCI function of the machine, as the first kernel listed it. */
struct evidence_function {
	uint16_t sid;
	bool bridge; /* to another bus: what is behind it may use its requester id */
};

enum evidence_kernel {
	EVIDENCE_FIRST = 'f',
	EVIDENCE_CRASH = 'c',
};

/*
 * A range of IOVAs that a kernel reserved in a domain (probe on reserve_iova). @start and @last are page
 * frame numbers of 4 KiB, inclusive.
 */
struct evidence_reservation {
	enum evidence_kernel kernel;
	uint16_t sid; /* for which device; valid if @sid_known */
	bool sid_known;
	bool standing; /* one that every kernel makes: MSI, host-bridge windows, direct regions */
	uint64_t start, last;
	int64_t guest_ns; /* -1: not known */
	char who[32];	  /* what reserved it, for people; may be "" */
};

/* ---- what a lab kernel that was asked to (kdump_MODE of intel_iommu=) says itself of the tables it found ---- */

enum evidence_kdump_type {
	KDUMP_SECOND = 1,
	KDUMP_FIRST,
	KDUMP_PASS_THROUGH,
};

/* What the kernel did with it. */
enum evidence_kdump_result {
	KDUMP_DEEP = 1,
	KDUMP_SHALLOW,
	KDUMP_LOG,
	KDUMP_RESERVE,
};

/* A context or PASID entry in the kernel's log. */
struct evidence_kdump_context {
	uint16_t sid;
	unsigned pasid;
	bool scalable;
	bool refused;			   /* nothing else is known of it */
	enum evidence_kdump_type type;	   /* 0: not known */
	enum evidence_kdump_result result; /* 0: not known */
	uint64_t old_root, new_root;
	uint64_t tables, leaves, ranges;
	uint64_t over;	/* pages in the ranges that were not mapped */
	uint64_t shown; /* of the ranges, in the log */
};

/* One unit's copy, by the kernel's log and clock. */
struct evidence_kdump_copy {
	unsigned unit;
	int err;
	uint64_t contexts, trees, tables, leaves, ranges, bytes;
	int64_t t_scan_ns, t_copy_ns, t_total_ns;
};

enum evidence_kdump_what {
	KDUMP_RESERVED = 'r', /* the ranges were reserved */
	KDUMP_GRAFTED = 'g',  /* ... grafted into the domain */
};

/* What became of a device's old ranges when it got its domain. */
struct evidence_kdump_device {
	enum evidence_kdump_what what;
	uint16_t sid;
	uint64_t ranges, pages; /* ranges: runs of the graft */
	uint64_t spared;	/* overlapped with what was reserved, or was mapped already */
	uint64_t failed, over;
	int64_t t_ns;
};

enum evidence_oracle_source {
	ORACLE_LOG = 'l',	  /* the kernel's log */
	ORACLE_RANGES = 'd',	  /* debugfs iommu/intel/kdump/ranges */
	ORACLE_RESERVED = 'n',	  /* debugfs iommu/intel/kdump/reserved */
	ORACLE_REGIONS = 'r',	  /* reserved_regions of the device's group */
	ORACLE_TRANSLATION = 't', /* debugfs domain_translation_struct */
};

/* A range of IOVAs by one of the oracles; bytes, inclusive. */
struct evidence_oracle_range {
	enum evidence_oracle_source source;
	uint16_t sid;
	unsigned pasid;
	uint64_t start, last;
	uint64_t pa; /* TRANSLATION: where it leads */
};

/* That an oracle was asked, and of whom. */
struct evidence_oracle {
	enum evidence_oracle_source source;
	uint16_t sid;	   /* REGIONS, TRANSLATION: of this device */
	uint64_t root;	   /* TRANSLATION: of the tables it has walked */
	char problem[128]; /* why it gave nothing; "": what it gave is all there is */
};

/* DMA of one requester between the jump into the crash kernel and its driver's probe. */
struct evidence_dma {
	uint16_t sid;
	const char *what;	     /* "canary frames", "completions": static text */
	uint64_t sent;		     /* DMAs that the device was given or began */
	uint64_t landed_before_copy; /* found at the right PA, DMAed before the root switch */
	uint64_t landed_after_copy;  /* ... after the root switch */
	uint64_t no_room;	     /* refused by the device for want of descriptors */
	uint64_t lost;		     /* DMAed by the trace, not in RAM where the tables say */
	uint64_t misplaced;	     /* found where no table leads */
	uint64_t unknown;	     /* the queue, ring or tables by which to look for it were not seen */
	uint64_t elsewhere;	     /* pieces of it found in memory that is not the crash kernel's */
	uint64_t in_crash;	     /* ... in the crash kernel's */
	uint64_t in_crash_pa;	     /* the first of these */
	char *problem;		     /* the first of these three in words, or NULL; owned */
};

/* The program of first.workload: what it has mapped, and signs of life of a nested guest. */
struct evidence_workload {
	uint16_t sid;		    /* of the device */
	bool nested;		    /* the pages are the memory of a guest that writes to all of them */
	bool dma;		    /* the device reaches them, and did DMA before the panic */
	uint64_t pages, page_bytes; /* as asked for: leaves of the tables, and the size of one */
	/*
	 * nested: in pass n the guest writes @mark + IOVA + n to the first word of each 4K page, one
	 * after the other; the device brings the number of every other copy to the IOVA @copies_at
	 */
	uint64_t mark, copies_at;
	/*
	 * Two looks while the first kernel ran: passes that were complete, the last copy, and when
	 * the second look was.
	 */
	uint64_t pass_then, copies_then, pass_now, copies_now;
	int64_t seen_ns;
	/* By the tables at the panic: 4K pages with the guest's word, of which passes; the last copy. */
	uint64_t marked, pass_low, pass_high, copies_last;
};

/* A device with a driver in the crash kernel. */
struct evidence_device {
	char *bdf; /* "0000:00:01.0"; owned */
	uint16_t sid;
	bool has_alias; /* its requests carry (also) another id, that of a conventional bridge */
	uint16_t alias_sid;
	char *driver;		     /* "e1000e"; owned */
	bool wanted;		     /* the run loaded its driver and asked it to work */
	bool first_translated;	     /* the first kernel used it too */
	char *group_type;	     /* of the crash kernel's iommu group: "DMA-FQ", "identity"; owned, may be NULL */
	int64_t driver_ns;	     /* its driver was asked for; 0: never */
	int64_t unchanged_ns;	     /* its entry was last seen as it was at the panic; 0: never */
	int64_t attach_ns;	     /* its entry was seen to change; 0: never */
	int64_t reset_ns;	     /* its driver reset it (trace); 0: never seen */
	int64_t first_dma_ns;	     /* its new driver let it do DMA (trace); 0: never seen */
	struct evidence_state after; /* tables once it had worked */
	bool works;
	char *works_detail; /* what was passed, or what failed; owned */
};

/* One group of QEMU's trace events (base/trace-group.h). */
struct evidence_trace {
	enum trace_group group;
	uint64_t seen;
	uint64_t malformed; /* lines in a form that is not known */
	char *missing;	    /* names of events that this QEMU cannot trace, ", "-joined; NULL: none; owned */
};

/* A line of the crash kernel's console that complains of a device. */
struct evidence_complaint {
	char *line; /* owned */
};

/* At most so many are kept. */
#define EVIDENCE_COMPLAINTS_MAX 64u

/* A line by which a kernel complains of itself (evidence/splat.h). */
struct evidence_splat {
	enum evidence_kernel kernel;
	bool starved; /* a host that is too busy makes a sound kernel say so */
	char *line;   /* owned */
};

/* So many are kept, half of them starved ones at the most. */
#define EVIDENCE_SPLATS_MAX 64u

struct evidence {
	const struct scenario *scenario; /* borrowed */

	/* rig */
	char *rig_error; /* the run ended here, in words; NULL: it went to its end; owned */
	bool first_hello, crash_loaded;
	/*
	 * The first kernel never came as far as the panic: how it ended, or what no device of its gave a sign of; and the
	 * kernel that came through the same phases on this machine, or why none speaks. All owned; NULL: not so.
	 */
	char *first_failure, *reference, *reference_failure;
	bool first_failure_device; /* it is a device of its that gave no sign, not the kernel itself */
	uint64_t trace_events;	   /* IOMMU events the trace gave in all */
	char *trace_missing;	   /* events this QEMU cannot trace; NULL: none; owned */
	GArray *traces;		   /* struct evidence_trace; a group that is not there lacks nothing */

	char *first_release, *crash_release; /* uname -r of both kernels, by their files; NULL: not known; owned */
	/*
	 * Lines of each on the console from its "Linux version" on. 0: that did not come there, so what it complains of may
	 * not have come there either ("quiet").
	 */
	uint64_t first_said, crash_said;
	uint64_t leak_scans; /* by the crash kernel's kmemleak, of all its memory; 0: it has none, or was not asked */
	uint64_t leaks;	     /* objects that they found to be lost */
	char *leaks_failure; /* why they did not come to an end; NULL: nothing failed; owned */

	/* mode */
	char *first_cmdline; /* of the running first kernel; owned */
	char *group_types;   /* distinct iommu group types of the first kernel, "DMA-FQ identity"; owned */

	/* the crash */
	uint64_t crash_start, crash_end; /* crash kernel memory: the largest reservation, inclusive; 0: not known */
	GArray *crash_ranges;		 /* struct evidence_range: more of it; ask evidence_owner() */
	bool crash_told;		 /* the crash kernel itself has said what memory it has, and it is in there */
	uint64_t jump_rip;		 /* a CPU executed here, inside that memory; 0: never seen */
	int64_t trigger_ns, jump_ns;	 /* the panic was asked for; the jump was seen. 0: never */
	bool translation_dropped;	 /* the crash kernel switched translation off: nothing was copied */
	int64_t root_switch_ns;		 /* the crash kernel latched its root table; 0: never seen */
	int64_t crash_hello_ns;		 /* 0: the crash kernel's agent never spoke */
	int64_t poweroff_ns;		 /* poweroff or reboot was asked for; 0: never */
	int64_t again_hello_ns;		 /* the first kernel's agent spoke again after a reboot; 0: never */
	char *again_failure;		 /* how it failed to; owned */
	char *crash_failure;		 /* how the crash kernel ended instead: "panic: ...", "hang: ..."; owned */
	char *first_attempt;		 /* the crash_failure of the attempt before this one; NULL: none */
	bool crash_panicked;		 /* crash_failure is a panic or a reset, not a hang */

	struct evidence_state at_panic, copied, end;
	struct evidence_state at_break; /* at the function of machine.break, the machine stopped there */
	GArray *events;			/* struct evidence_event */
	GArray *dma;			/* struct evidence_dma */
	GArray *devices;		/* struct evidence_device */
	GArray *complaints;		/* struct evidence_complaint: the first of them */
	GArray *splats;			/* struct evidence_splat: the first of them */
	uint64_t splats_more;		/* ... that were not kept */
	GArray *requesters;		/* struct evidence_requester, ids as the trace showed them */
	GArray *workloads;		/* struct evidence_workload, at most one; empty: it never began */
	GArray *functions;		/* struct evidence_function, of the first kernel; empty: not known */
	GArray *reservations;		/* struct evidence_reservation; empty: no probes */
	uint64_t reservations_lost;	/* records of the crash kernel's probes that were not kept or understood */

	/* a lab kernel's own account; empty: none was asked for */
	GArray *kdump_contexts;		   /* struct evidence_kdump_context */
	GArray *kdump_copies;		   /* struct evidence_kdump_copy */
	GArray *kdump_devices;		   /* struct evidence_kdump_device */
	GArray *oracle_ranges;		   /* struct evidence_oracle_range */
	GArray *oracles;		   /* struct evidence_oracle */
	uint64_t kdump_lines;		   /* of the kernel's log */
	uint64_t kdump_hidden;		   /* entries of PASIDs that it left out, as it says itself */
	uint64_t kdump_bad;		   /* ... that are not what they should be */
	char *kdump_bad_line;		   /* the first of these; owned */
	uint64_t events_dropped;	   /* invalidations beyond EVIDENCE_INVALIDATIONS_MAX */
	struct iommu_snapshot *old_tables; /* the pages of at_panic.snapshot, read again at the end; owned */
	uint64_t old_tables_sum;	   /* of its file; 0: not kept then */
	char *crash_cmdline;		   /* of the running crash kernel; NULL: not known; owned */

	/* dump */
	char *canary_written, *canary_read; /* hex; NULL: not done; owned */
	uint64_t canary_pa;		    /* where the canary lies in the first kernel's memory */
	char *dump_error;		    /* why reading failed; owned */
};

/*
 * for_each_evidence - @var points to each element of @array (a GArray of @type) in turn:
 *	for_each_evidence(const struct evidence_event, e, ev->events)
 * The array must not grow meanwhile.
 */
#define for_each_evidence(type, var, array)                                                                            \
	for (type *var = (type *)(void *)(array)->data, *var##_end = var ? var + (array)->len : NULL; var < var##_end; \
	     var++)

/* evidence_new - empty evidence of a run of @scenario (borrowed). Free with evidence_free(). */
struct evidence *evidence_new(const struct scenario *scenario);
void evidence_free(struct evidence *ev);

/* evidence_device_find - the device with requester id @sid, else one with that alias, or NULL. */
struct evidence_device *evidence_device_find(const struct evidence *ev, uint16_t sid);

/*
 * evidence_invalidates_context - does @e make the unit forget what it cached of @sid's context entry, whatever
 * its domain (VT-d spec 6.5.2.1: all of it, or of a device under a function mask)?
 */
bool evidence_invalidates_context(const struct evidence_event *e, uint16_t sid);

/*
 * evidence_attach_ns - until when @sid's DMA is the dead kernel's: its entry has changed and its driver
 * has reset it, whichever comes later (a kernel that copies nothing changes entries long before a driver
 * takes the device); without a reset, its driver was asked for; else poweroff; INT64_MAX when none came.
 * The host looks at entries every few ms, more rarely when it is busy: between the last look that saw the old entry
 * and the first that saw the new one, the invalidation of the entry is the change.
 */
int64_t evidence_attach_ns(const struct evidence *ev, uint16_t sid);

/*
 * evidence_attached - is @when at or after evidence_attach_ns()? Looks through all events only between those two
 * looks: a guest may make very many faults.
 */
bool evidence_attached(const struct evidence *ev, uint16_t sid, int64_t when);

/*
 * evidence_attach_undated - @when lies between those two looks, and no invalidation tells whether @sid's entry had
 * changed by then.
 */
bool evidence_attach_undated(const struct evidence *ev, uint16_t sid, int64_t when);

/*
 * evidence_copied_late - was something of the crash kernel's at work on a device before the tables after the copy were
 * read: its driver, a reset, a change of its entry? Then they are no evidence of the copy, and *@sid (of a device or a
 * context invalidation) says whose. A crash kernel that switched translation off is left out: it copied nothing.
 */
bool evidence_copied_late(const struct evidence *ev, uint16_t *sid);

/*
 * evidence_kdump_mode - "deep" or "reserve" if the crash kernel is one of the lab's own and was asked for it
 * (kdump_MODE of intel_iommu= on its command line), else NULL.
 */
const char *evidence_kdump_mode(const struct evidence *ev);

/* evidence_kdump_asked - the same, or "log" if it was only asked to tell what it finds. */
const char *evidence_kdump_asked(const struct evidence *ev);

/*
 * evidence_owner - whose memory is @pa? All that ask go by this: the crash kernel's is each of its reservations, and what
 * it was given besides (crashkernel=,cma). What is in none of them is unknown where the crash kernel may have more and has
 * not said so.
 */
enum evidence_owner { OWNER_UNKNOWN, OWNER_CRASH, OWNER_OTHER };
enum evidence_owner evidence_owner(const struct evidence *ev, uint64_t pa);

/*
 * evidence_crash_memory - adds to @out all that evidence_owner() calls the crash kernel's. True: that is all of it; false:
 * it may have more.
 */
bool evidence_crash_memory(const struct evidence *ev, struct iommu_ranges *out);

/* evidence_is_lab - is it a kernel of the lab's own (a [build] in images/kernels: "-lab" in its release)? */
bool evidence_is_lab(const struct evidence *ev, enum evidence_kernel kernel);

/* evidence_state_regs - the register block of @state is @regs. */
void evidence_state_regs(struct evidence_state *state, const uint64_t regs[IOMMU_REGS_WORDS]);

/*
 * evidence_state_tables - all tables of @state, if the unit went by them then, or until poweroff switched it off; NULL:
 * none were read, or not all of them, or translation was off, so that they were in force for nobody.
 */
const struct iommu_walk *evidence_state_tables(const struct evidence *ev, const struct evidence_state *state);

/* evidence_state_clear - frees what @state owns and zeroes it: this snapshot was not got. */
void evidence_state_clear(struct evidence_state *state);

/* evidence_first_faults - the requests of @sid (EVIDENCE_ANY: of any) that the unit refused before the panic was asked for. */
enum { EVIDENCE_ANY = -1 };
unsigned evidence_first_faults(const struct evidence *ev, int sid);

/* evidence_passthrough - is the first kernel asked for pass-through? */
bool evidence_passthrough(const struct evidence *ev);

/*
 * evidence_mode - the mode that the first kernel is asked for: that of the scenario, unless a later intel_iommu=sm_on or
 * sm_off of its command line says otherwise.
 */
enum machine_iommu_mode evidence_mode(const struct evidence *ev);

#endif
