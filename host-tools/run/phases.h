/* SPDX-License-Identifier: GPL-2.0-only */
/* The phases of one attempt, and the observers that they drive. Private to run/. */
#ifndef VTDLAB_RUN_PHASES_H
#define VTDLAB_RUN_PHASES_H

#include <glib.h>
#include <stdbool.h>

#include "observe/attempt.h"
#include "observe/copy-memory.h"
#include "observe/clock.h"
#include "results/report.h"

struct saved;

struct run {
	struct attempt at;
	struct run_report *report; /* notes come as things happen, the rest once the attempt has ended */

	/* each made when it has something to see; NULL before */
	struct iommu_events *iommu;
	struct console_words *words;
	struct foreign *foreign;
	struct kprobes *kprobes;
	struct disk_dma *disk;
	struct nic_dma *nic;
	struct entries *entries;
	struct breakpoint *breakpoint; /* machine.break */
	bool whole;		       /* all phases are to come, as in run_attempt() */
	bool devices_asked;	       /* what is waited for is a sign of the first kernel's devices */
	struct saved *saved;	       /* the first kernel was restored from it; NULL: booted */
	char *boots;	  /* machine.snapshot: why it was booted; NULL: it was not, or that was not asked */
	char *unrestored; /* why @saved, which was begun with, is of no use: the attempt ends */
	bool flat;	  /* the crash kernel was loaded from its flat image (prepare/flat.h) */
	struct copy_memory copy_memory[2]; /* of the deep copy, before the crash kernel's drivers and after */
	bool held_up;			   /* the agent did not come back from a device of the crash kernel */
};

/* run.c: an attempt with nothing in it yet, and its end. */
struct run *run_new(const struct plan *plan, struct rundir *rd);
void run_free(struct run *run);

/* run_attempt - one attempt from start to verdict material; false: @error (the evidence says how far it came). */
bool run_attempt(struct run *run, GError **error);

/* run_expect - tells the progress which phases there will be, and how long each took before on @accel; in "boot". */
void run_expect(struct run *run, enum machine_accel accel);

/* run_capture - a snapshot of the tables (observe/snapshot.h). */
bool run_capture(struct run *run, const char *phase, struct evidence_state *state, GError **error);

/* boot.c: up to the panic */
bool phase_boot(struct run *run, GError **error);
bool phase_load(struct run *run, GError **error);
bool phase_workload(struct run *run, GError **error);
/* workload.c: the program of first.workload, if any; returns once all its pages are mapped */
bool workload_run(struct run *run, GError **error);
/* kexec.c: the crash kernel, flat or (with a note of why it is not) as shipped: run->flat */
bool kexec_load(struct run *run, GError **error);
/* the same where a restored first kernel has it already */
bool kexec_restored(struct run *run, GError **error);
/*
 * restore.c: machine.snapshot. _find() decides whether the machine @cfg, which is not started yet, is to be restored, and
 * makes the snapshot if there is none: run->saved, or run->boots; false: interrupted. _go() restores the machine, which was
 * started with cfg->incoming, up to the agent's hello; false: run->unrestored says why, the snapshot is gone, and what the
 * attempt has seen counts for nothing. _devices() attaches what is not in a snapshot, once the hello came. _report() tells.
 */
bool restore_find(struct run *run, const struct machine_config *cfg, GError **error);
bool restore_go(struct run *run, GError **error);
bool restore_devices(struct run *run, GError **error);
void restore_report(struct run *run);
/* panic.c: from the panic to the crash kernel's agent */
bool phase_panic(struct run *run, GError **error);
bool phase_crash_boot(struct run *run, GError **error);
/* attach.c: devices and dump in the crash kernel */
bool phase_attach_disk(struct run *run, GError **error);
bool phase_attach_nic(struct run *run, GError **error);
/* the function of edu's group that has a driver, if there are several */
bool phase_attach_group(struct run *run, GError **error);
bool phase_dump(struct run *run, GError **error);
/* foreign.c: a crash initramfs that is not ours; foreign_new() listens to its console from now on */
struct foreign *foreign_new(struct run *run);
void foreign_free(struct foreign *f);
bool phase_foreign(struct run *run, GError **error);
/* poweroff.c */
bool phase_poweroff(struct run *run, GError **error);

/*
 * breakpoint.c: machine.break. _find() asks the first kernel where the function is, _arm() sets the breakpoint if it is one of
 * that kernel and moment (@now), _end() takes it away, _note() says that it was never hit. None of them fails:
 * what goes wrong is a note, the run goes on.
 */
void breakpoint_find(struct run *run);
void breakpoint_arm(struct run *run, enum conf_break now);
/* _jumped() - the first kernel is dead: what was to stop it is taken away. */
void breakpoint_jumped(struct run *run);
void breakpoint_end(struct run *run);
void breakpoint_note(struct run *run);
void breakpoint_free(struct run *run);

/* report.c: the judged report of what the attempt has seen */
void run_judge(struct run *run);
/* report.c: run.json "settings", what is set otherwise than in the scenario's file, which its name alone would not tell */
void run_list_settings(struct run *run);
/* csv.c: timeline.csv, iova.csv */
bool run_write_tables(struct run *run, GError **error);

#endif
