/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kprobes in both kernels of a run, set from their command lines and read by the agent: guest times of
 * the copy, reservations of IOVAs. The kernels are not modified; without probes nothing of this is done.
 */
#ifndef VTDLAB_OBSERVE_KPROBES_H
#define VTDLAB_OBSERVE_KPROBES_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "machine/agent.h"

struct attempt;
struct kprobes;
struct run_report;

/* kprobes_new - from the start of the VM on: notes guest times beside host times. @a is borrowed. */
struct kprobes *kprobes_new(struct attempt *a);
/* kprobes_free - once the machine has gone. NULL is fine. */
void kprobes_free(struct kprobes *p);

/* kprobes_detach - what the agent says from now on is of another boot: no guest time of it is noted. */
void kprobes_detach(struct kprobes *p);

/*
 * kprobes_read - has the agent of @stage read the trace, keeps it in trace-<stage>.txt. A kernel that has
 * none is no error (what was missing is said in run.json); false with @error for the end of the run.
 */
bool kprobes_read(struct kprobes *p, enum agent_stage stage, GError **error);

/*
 * kprobes_conclude - once the run has ended: reservations into the evidence, moments into the timeline.
 * Times need the tables at the panic, so call it before the verdict.
 */
void kprobes_conclude(struct kprobes *p);

/* kprobes_report - after that: notes, numbers of reservations, and "timing" into the report. */
void kprobes_report(const struct kprobes *p, struct run_report *report);

/* kprobes_phase - the phase of the run in which a kernel's guest time lies; NULL: not known. */
const char *kprobes_phase(const struct kprobes *p, bool crash, int64_t guest_ns);

/* kprobes_copy_ns - the crash kernel's copy in guest ns, -1 if it was not seen. */
int64_t kprobes_copy_ns(const struct kprobes *p);

#endif
