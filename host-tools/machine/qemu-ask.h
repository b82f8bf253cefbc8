/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Running a QEMU program for a moment to read what it prints.
 */
#ifndef VTDLAB_MACHINE_QEMU_ASK_H
#define VTDLAB_MACHINE_QEMU_ASK_H

#include <glib.h>
#include <stdbool.h>

/* Of the program's own time: what it computes, or could, had it a CPU and its disk; and of the clock. */
#define QEMU_ASK_SECONDS 10.0
#define QEMU_ASK_MOST_SECONDS 300.0
#define QEMU_ASK_BYTES (4u << 20)

/*
 * Runs `program` with `args` (without argv[0]), input from /dev/null; *text gets stdout and stderr
 * (at most QEMU_ASK_BYTES; g_free), *status its wait status. Killed after @limit_s (QEMU_ASK_SECONDS) of its own time, or
 * QEMU_ASK_MOST_SECONDS. false and VTDLAB_ERROR_USAGE if it cannot be run or does not end in time.
 */
bool qemu_ask(const char *program, const char *const *args, double limit_s, char **text, int *status, GError **error);

/* Whether this QEMU really writes trace events to its log: a machine is made and thrown away. */
bool qemu_ask_trace_log(const char *program);

#endif
