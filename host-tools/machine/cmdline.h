/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The QEMU command line of a machine_config: pure, starts nothing.
 */
#ifndef VTDLAB_MACHINE_CMDLINE_H
#define VTDLAB_MACHINE_CMDLINE_H

#include <glib.h>
#include <json-glib/json-glib.h>

#include "machine/config.h"

struct qemu_caps;

/* File descriptors that a QEMU started by vtdlab finds open, by number. */
enum machine_fd {
	MACHINE_FD_RAM = 3, /* memfd with the guest's RAM */
	MACHINE_FD_QMP,	    /* stream socket */
	MACHINE_FD_CONSOLE, /* write end of a pipe: COM1 */
	MACHINE_FD_AGENT,   /* stream socket: COM2 */
	MACHINE_FD_NET,	    /* datagram socket */
	MACHINE_FD_END,
};

enum machine_line {
	/* What vtdlab executes: RAM, QMP, serial lines and network are inherited descriptors. */
	MACHINE_LINE_RUN,
	/*
	 * The same machine for a shell: RAM is QEMU's own memfd, COM1 is the terminal, COM2, QMP
	 * and network are unix sockets vtdlab-{agent,qmp,net}.sock in the current directory, trace
	 * goes to vtdlab-qemu.log there.
	 */
	MACHINE_LINE_STANDALONE,
	/*
	 * What libvirt's own arguments leave out (machine/libvirt-xml.c): channels and devices, no program, platform,
	 * IOMMU device, kernel. All channels are sockets, and a FIFO, in a directory.
	 */
	MACHINE_LINE_LIBVIRT,
};

/* The channels of MACHINE_LINE_LIBVIRT (`gdb`: of MACHINE_LINE_RUN too) in their directory. */
#define MACHINE_SOCK_QMP "qmp"
#define MACHINE_SOCK_CONSOLE "console" /* a FIFO, or a file to be made */
#define MACHINE_SOCK_AGENT "agent"
#define MACHINE_SOCK_NET "net"	     /* QEMU's end of the cable */
#define MACHINE_SOCK_NET_HOST "host" /* ours */
#define MACHINE_SOCK_GDB "gdb"

/*
 * The arguments, argv[0] first, as a NULL-terminated GPtrArray of char * (free: g_ptr_array_unref).
 * `caps` (machine/qemu-probe.h) drops trace events that this QEMU lacks; NULL keeps all.
 * `socks`: directory of the sockets; unused for RUN without cfg->gdb, and for STANDALONE, which has its own.
 * NULL and VTDLAB_ERROR_USAGE for a description that cannot be built: a NIC that does not fit the
 * topology, more than one CPU with the virtual clock, sizes out of range, missing kernel, disk without an image...
 */
GPtrArray *machine_command_line(const struct machine_config *cfg, enum machine_line form, const struct qemu_caps *caps,
				const char *socks, GError **error);

/*
 * machine_late_devices - the devices that QEMU cannot save (nvme, edu), or whose other end is not in the state (the disk), as
 * arguments of device_add: with cfg->incoming they are not on the command line. Each has a member "addr", its slot on the
 * root bus, where cfg->outgoing has another device. json_array_unref().
 */
JsonArray *machine_late_devices(const struct machine_config *cfg);

/* machine_tcg - the value of -accel under TCG: one thread for all CPUs or a thread each. */
const char *machine_tcg(const struct machine_config *cfg);

/* machine_one_line - arguments quoted for a shell, in one line that stays a comment behind "# ". Free with g_free(). */
char *machine_one_line(const GPtrArray *argv);

/*
 * For --dry-run and the file `command`: the standalone form quoted for a POSIX shell, an option a line, under a comment
 * that says what differs from what vtdlab runs. Free with g_free(); NULL and error as above.
 */
char *machine_command_pasteable(const struct machine_config *cfg, const struct qemu_caps *caps, GError **error);

#endif
