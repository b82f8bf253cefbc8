/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * As much of GDB's remote protocol as a breakpoint takes. QEMU stops its guest whenever this speaks to it, which
 * completes what its disks have queued; what the peer says is untrusted.
 */
#ifndef VTDLAB_MACHINE_GDB_H
#define VTDLAB_MACHINE_GDB_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct gdb;

/* gdb_connect - to the unix socket of machine_gdb_path(). NULL: VTDLAB_ERROR_FAILED. */
struct gdb *gdb_connect(const char *path, GError **error);
/* gdb_new - over a connected stream socket, which is owned from now on. @answer_s: seconds of silence that are borne. */
struct gdb *gdb_new(int fd, double answer_s);
/* gdb_free - closes. NULL is fine. */
void gdb_free(struct gdb *g);

/*
 * Each returns false with VTDLAB_ERROR_FAILED if the peer is silent, gone, does not follow the protocol, or refuses.
 *
 * gdb_arm - a hardware breakpoint at the linear address @pc; the guest runs on.
 * gdb_release - takes it away, and lets go of the guest, which runs on. @stopped: it stands, as gdb_stopped() has said.
 */
bool gdb_arm(struct gdb *g, uint64_t pc, GError **error);
bool gdb_release(struct gdb *g, bool stopped, GError **error);

/* gdb_fd - becomes readable when there is something for gdb_stopped(). */
int gdb_fd(const struct gdb *g);
/* gdb_stopped - has the guest come to stand? Never waits. 1: yes; 0: not yet; -1 and @error: as above. */
int gdb_stopped(struct gdb *g, GError **error);

#endif
