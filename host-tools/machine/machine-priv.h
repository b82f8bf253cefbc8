/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The inside of struct machine, shared by machine*.c only.
 */
#ifndef VTDLAB_MACHINE_PRIV_H
#define VTDLAB_MACHINE_PRIV_H

#include "machine/cmdline.h"
#include "machine/launcher.h"
#include "machine/machine.h"

/* Ends of the channels that QEMU gets; closed in this process once it runs. */
struct child_ends {
	int qmp, console, agent, net;
};

struct machine {
	char *run_dir;
	enum machine_accel accel;
	char *accel_reason;
	bool clock_virtual;
	enum machine_nic nic;
	enum machine_disk disk;
	struct qemu_caps *caps;
	char **trace_missing;

	const struct launcher_ops *ops;
	struct launch launch;
	guint death_source;
	bool asked_to_end;
	char *death;

	char *sock_dir; /* private; only with gdb */
	char *gdb_path;

	struct ram ram;
	struct qmp *qmp;
	struct console *console;
	struct agent *agent;
	struct trace *trace;
	struct injector *injector;

	char *shutdown_reason;
	bool frozen;
	int64_t frozen_since_us; /* monotonic */

	enum machine_end ended;
	double contention;     /* wall over CPU time of a short spin, smoothed */
	int64_t contention_us; /* monotonic, when it was measured */
};

/* machine-setup.c: the channels to QEMU and the file `command`. */
bool machine_setup_channels(struct machine *m, const struct machine_config *cfg, struct child_ends *ends,
			    GError **error);
void machine_close_ends(struct child_ends *ends);
bool machine_write_command(struct machine *m, const struct machine_config *cfg, const GPtrArray *argv, GError **error);

/* machine-wait.c: notes that QEMU ended, if it did. true once dead. */
bool machine_check_death(struct machine *m);

#endif
