/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The inside of struct machine, shared by machine*.c only.
 */
#ifndef VTDLAB_MACHINE_PRIV_H
#define VTDLAB_MACHINE_PRIV_H

#include "machine/guest-time.h"
#include "machine/machine.h"
#include "machine/vmm.h"

/*
 * A QEMU that ends says so at once: this is for one that lives and does not get to answer, in seconds that it could use.
 * On a host at load 20 its main loop has waited more than 20 of them for the lock that its own vCPU holds.
 */
#define MACHINE_QMP_S 60.0

struct machine {
	char *run_dir;
	enum machine_accel accel;
	bool clock_virtual;
	enum machine_disk disk;
	struct qemu_caps *caps;
	char **trace_missing;

	struct vm *vm; /* NULL before it runs */
	char *death;
	guint exit_source; /* of its end, which has not come yet; 0: it may have, or nobody tells */
	bool asked_to_end;

	char *gdb_path;

	struct ram ram;
	struct qmp *qmp;
	struct console *console;
	struct agent *agent;
	struct trace *trace;
	struct injector *injector;

	char *shutdown_reason;
	JsonArray *late; /* devices that come once the state was restored; NULL: it boots */
	char *migration; /* its last status ("active", "completed", "failed"); NULL: none yet */
	bool frozen;
	int64_t frozen_since_us; /* monotonic */

	enum machine_end ended;
	bool agent_silent; /* the last command was not answered in time */
	struct guest_time time;
	struct wall_clock wall;
	double boot_s;	       /* of the guest's time that the first kernel took to its agent's hello; 0: not yet */
	double contention;     /* wall over CPU time of a short spin, smoothed */
	int64_t contention_us; /* monotonic, when it was measured */
};

/* machine-wait.c: notes that QEMU ended, if it did. true once dead. */
bool machine_check_death(struct machine *m);

/* machine-wait.c: the main loop is told when QEMU ends, so that nobody needs to ask all the time. */
void machine_watch_exit(struct machine *m);

/* For qmp_set_clock(): what QEMU could use of the host's time, far ahead once it has stood still for a minute. */
int64_t machine_qmp_clock(void *machine);

#endif
