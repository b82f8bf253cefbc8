/* SPDX-License-Identifier: GPL-2.0-only */
/* What the phases of one kdump run share. Private to run/ and observe/. */
#ifndef VTDLAB_RUN_RUN_PRIV_H
#define VTDLAB_RUN_RUN_PRIV_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "machine/machine.h"
#include "results/report.h"
#include "results/rundir.h"
#include "evidence/evidence.h"
#include "base/sid.h"
#include "prepare/devices.h"
#include "prepare/kernel.h"
#include "prepare/plan.h"
#include "run/run.h"
#include "vtd/mem.h"
#include "vtd/walk.h"

struct watch;
struct disk_dma;
struct probes;

/* One attempt: one VM. */
struct run {
	const struct plan *plan;
	const struct scenario *sc; /* = plan->scenario */
	struct rundir *rd;
	struct run_report *report;
	struct evidence *ev;
	struct machine *m;
	struct watch *watch;
	struct disk_dma *disk;
	struct probes *probes;

	int64_t start_ns;	    /* of the attempt, CLOCK_REALTIME */
	struct report_phase *phase; /* the open one, owned by the report */
	int64_t phase_edge_ns;	    /* where the last one ended and the next begins, since start_ns */
	GArray *timeline;	    /* struct moment */

	bool elfcorehdr_seen; /* the crash kernel has printed its command line */
	char *last_words;     /* the last panic or oops line of the console, or NULL */

	/* root table in force, by the trace (latched at SRTP) */
	bool root_known;
	uint64_t root;
	bool root_scalable;

	unsigned invalidations; /* kept in the evidence */

	int64_t nic_looked_us;	  /* RAM was searched for frames, monotonic */
	uint16_t nic_sid;	  /* as the first kernel numbered it; 0: not known yet */
	uint32_t first_canary;	  /* seq of the first frame sent after the jump */
	uint64_t rx_full_at_jump; /* times the NIC had said that its ring was full */
	bool canaries_closed;	  /* the frames have been accounted for */
};

/* A moment of timeline.csv. */
struct moment {
	char *phase;
	int64_t host_ns;
	const char *kernel; /* "first" or "crash", static */
	int64_t guest_ns;   /* -1: not known */
	const char *source; /* "host", "trace", "agent", "kprobe", static */
};

/* observe/guest.c */
/*
 * Requester ids, after load_drivers(): of the disk, of the NIC itself, and the one that the NIC's requests
 * carry on the bus, which behind a conventional bridge is the bridge's.
 */
uint16_t run_disk_sid(const struct run *run);
uint16_t run_nic_sid(const struct run *run);
uint16_t run_nic_dma_sid(const struct run *run);

/* observe/clock.c: phases and their bookkeeping */
void run_phase(struct run *run, const char *name);
void run_phase_end(struct run *run, const char *format, ...) G_GNUC_PRINTF(2, 3);
void run_moment(struct run *run, const char *what, int64_t host_ns, const char *kernel, int64_t guest_ns,
		const char *source);
/* A deadline in seconds of an idle host with KVM; endless enough for a person when gdb is asked for. */
double run_deadline(const struct run *run, double seconds);
/*
 * What the guest could not do is a finding, the end of QEMU or an interrupt is not: true if the run
 * can go on, with the first line of *@err in *@problem; else *@err becomes @error.
 */
bool run_goes_on(struct run *run, GError **err, char **problem, GError **error);
/* One attempt from start to verdict material; false: @error (the evidence says how far it came). */
bool run_attempt(struct run *run, GError **error);

/* first.c: up to the panic */
bool phase_boot(struct run *run, GError **error);
bool phase_load(struct run *run, GError **error);
bool phase_workload(struct run *run, GError **error);
/* A module into the first kernel. */
bool run_modprobe(struct run *run, const char *name, GError **error);
/* workload-run.c: the program of first.workload, if any; returns once all its pages are mapped */
bool workload_run(struct run *run, GError **error);
/* workload-look.c: waits until guest and device were seen to go on, by what they leave in RAM */
bool workload_alive(struct run *run, GError **error);
/* ... looks at all of the guest's pages, by the tables at the panic */
void workload_at_panic(struct run *run);
/* ... numbers for run.json, once all states have been read */
void workload_account(struct run *run);
/* crash.c: from the panic to the crash kernel's agent */
bool phase_panic(struct run *run, GError **error);
bool phase_crash_boot(struct run *run, GError **error);
/* attach.c: devices and dump in the crash kernel */
bool phase_attach_disk(struct run *run, GError **error);
bool phase_attach_nic(struct run *run, GError **error);
bool phase_dump(struct run *run, GError **error);
/* nic-use.c: @dev works, or not, with the reason; false with @error if it could not be tried */
bool nic_use(struct run *run, struct evidence_device *dev, GError **error);
/* Is the crash initramfs not ours? */
bool run_foreign(const struct run *run);
/* foreign.c: a crash initramfs that is not ours */
void foreign_follow(struct run *run); /* listens to its console from now on */
bool phase_foreign(struct run *run, GError **error);
/* oracles.c: what the crash kernel says of its own tables, if it was asked to (intel_iommu_kdump=) */
bool oracles_read(struct run *run, GError **error);
/* ending.c */
bool phase_poweroff(struct run *run, GError **error);

/* listen.c: listens to trace and console from now on */
void run_follow(struct run *run);
/* One event of the trace into the evidence of @data, a struct run. */
void run_trace_event(const struct trace_event *e, void *data);

/* state.c */
/* Registers and tables now (the guest may run), kept in @state and in tables/<phase>.vtd. */
bool run_capture(struct run *run, const char *phase, struct evidence_state *state, GError **error);
struct vtd_mem run_mem(struct run *run);

/* watch.c: sees the entries of the lab's devices change while the guest runs */
struct watch *watch_new(struct run *run);
void watch_free(struct watch *w);

/* crash.c: sets both rates, at the machine's pace */
double run_pace(const struct run *run);
bool dma_rates(struct run *run, uint64_t disk_bps, double frames, GError **error);
/* dma-nic.c */
void nic_dma_begin(struct run *run);		     /* at the jump */
bool nic_dma_close(struct run *run, GError **error); /* just before the driver's probe */
/* Have frames reached the guest's memory? By the trace, or by a look into RAM where there is none. */
bool nic_dma_seen(struct run *run);
/* May the driver take the NIC now, as far as DMA through the copied tables is to be seen before? */
bool nic_dma_after_copy(struct run *run);
/* dma-search.c: the same for a NIC without a receive trace */
bool nic_search_seen(struct run *run);
void nic_search_judge(struct run *run, struct evidence_dma *dma);
/* dma-disk.c */
struct disk_dma *disk_dma_new(struct run *run); /* before the workload */
void disk_dma_free(struct disk_dma *d);
void disk_dma_begin(struct run *run); /* at the jump */
void disk_dma_close(struct run *run); /* just before the driver's probe */
unsigned disk_dma_inflight(const struct disk_dma *d);
/* Completions since the root switch. */
unsigned disk_dma_after_copy(const struct run *run);

/* verdict.c */
void run_judge(struct run *run);
/* tables.c: timeline.csv, iova.csv */
bool run_write_tables(struct run *run, GError **error);

#endif
