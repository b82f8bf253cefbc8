/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Running a QEMU program for a moment to read what it prints.
 */
#ifndef VTDLAB_MACHINE_QEMU_ASK_H
#define VTDLAB_MACHINE_QEMU_ASK_H

#include <glib.h>
#include <stdbool.h>

#define QEMU_ASK_SECONDS 10
#define QEMU_ASK_BYTES (4u << 20)

/*
 * Runs `program` with `args` (without argv[0]), input from /dev/null; *text gets stdout and stderr
 * (at most QEMU_ASK_BYTES; g_free), *status its wait status. Killed after QEMU_ASK_SECONDS. false
 * and VTDLAB_ERROR_USAGE if it cannot be run or does not end in time.
 */
bool qemu_ask(const char *program, const char *const *args, char **text, int *status, GError **error);

/* Whether this QEMU really writes trace events to its log: a machine is made and thrown away. */
bool qemu_ask_trace_log(const char *program);

#endif
