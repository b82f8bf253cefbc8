/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One attempt of a run: one VM, and all that its observers and phases share. Each observer keeps what it has
 * seen in a struct of its own; nothing else belongs here.
 */
#ifndef VTDLAB_OBSERVE_ATTEMPT_H
#define VTDLAB_OBSERVE_ATTEMPT_H

#include <glib.h>
#include <stdbool.h>

#include "evidence/evidence.h"
#include "machine/machine.h"
#include "prepare/plan.h"
#include "results/rundir.h"

struct clock;

struct attempt {
	const struct plan *plan; /* borrowed: the same for every attempt of a run */
	struct machine *m;	 /* NULL until it has been started */
	struct evidence *ev;
	struct rundir *rd; /* borrowed */
	struct clock *clock;
	int64_t restored_ns; /* the first kernel was restored then, and what it did before is told with that time; 0: it booted */
};

/*
 * attempt_deadline - a deadline in @seconds of an idle host with KVM, no later than the limit of the whole run
 * (scenario.timeout-s); machine_wait() scales both. Endless enough for a person where gdb is asked for.
 */
double attempt_deadline(const struct attempt *a, double seconds);

/*
 * attempt_goes_on - what the guest could not do is a finding; the end of QEMU, a QEMU that stands still, or an interrupt is
 * not: true if the attempt can go on, with the first line of *@err in *@problem (owned by the caller); else *@err becomes
 * *@error.
 */
bool attempt_goes_on(const struct attempt *a, GError **err, char **problem, GError **error);

/*
 * attempt_ask - a command that may never return: the guest ends it after @seconds of an idle host with KVM, scaled, and
 * after no less than @least_s of its own clock (0: no floor), and says so; the host is the more patient, so that a device
 * that does not answer leaves an agent that does. Adds "deadline_ms" to @request. Returns the answer, owned by the caller,
 * or NULL with the reason: attempt_was_late() tells this one from others.
 */
JsonObject *attempt_ask(const struct attempt *a, JsonObject *request, double seconds, double least_s, GError **error);

/* attempt_was_late - is @message that of a command that the guest had to end? */
bool attempt_was_late(const char *message);

#endif
