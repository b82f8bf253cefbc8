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

struct probes;
struct run;

/* probes_new - from the start of the VM on: notes guest times beside host times. */
struct probes *probes_new(struct run *run);
void probes_free(struct probes *p);

/*
 * probes_read - has the agent of @stage read the trace, keeps it in trace-<stage>.txt. A kernel that has
 * none is no error (what was missing is said in run.json); false with @error for the end of the run.
 */
bool probes_read(struct run *run, enum agent_stage stage, GError **error);

/*
 * probes_conclude - once the run has ended: reservations into the evidence, moments into the timeline,
 * "timing" into run.json. Times need the tables at the panic, so call it before the verdict.
 */
void probes_conclude(struct run *run);

/* probes_phase - the phase of the run in which a kernel's guest time lies; NULL: not known. */
const char *probes_phase(const struct run *run, bool crash, int64_t guest_ns);

/* probes_copy_ns - the crash kernel's copy in guest ns, -1 if it was not seen. */
int64_t probes_copy_ns(const struct run *run);

#endif
