/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The seam between a machine and what runs it: only what differs between one VMM and another. All that is shared
 * (channels, waiting, QMP, traces, registers, RAM) never asks which it is.
 *
 * Every VMM runs a QEMU, and hands over its monitor: that is how a machine is stopped, throttled and read.
 */
#ifndef VTDLAB_MACHINE_VMM_H
#define VTDLAB_MACHINE_VMM_H

#include <glib.h>
#include <stdbool.h>

struct machine_config;
struct qemu_caps;
struct vm_times;

/* A running VM; each VMM begins a struct of its own with it. */
struct vm {
	const struct vmm *vmm;
};

/*
 * Our ends of what connects us with a VM: descriptors (-1: there is none) and paths (NULL: none), however they came
 * about (inherited, connected, opened). Owned by whoever holds the struct.
 */
struct vmm_channels {
	int console;  /* to read: what the guest writes to COM1; must not make the guest wait */
	int agent;    /* stream socket: COM2 */
	int qmp;      /* stream socket: a monitor nobody has spoken to yet */
	int net;      /* datagram socket, a frame each: the NIC's cable; -1 without a NIC */
	int net_peer; /* a duplicate of QEMU's end of it, to take frames back; -1: they cannot be */
	int ram;      /* the guest's RAM: a file of cfg->memory bytes that never shrinks, in the order of ram.h */
	char *trace;  /* the file QEMU traces to, empty or not there yet; NULL with cfg->no_trace */
	char *gdb;    /* unix socket of the gdb stub; NULL without cfg->gdb */
};

#define VMM_NO_CHANNELS                                                                     \
	{                                                                                   \
		.console = -1, .agent = -1, .qmp = -1, .net = -1, .net_peer = -1, .ram = -1 \
	}

struct vmm {
	const char *name; /* the word of the command line */
	/* What start() would run, for a reader, without asking the host: @caps may be NULL. Free with g_free().
	 * NULL: VTDLAB_ERROR_USAGE for a description that cannot be built. */
	char *(*describe)(const struct machine_config *cfg, const struct qemu_caps *caps, GError **error);
	/*
	 * Starts a VM, running, that ends with this process. *@ch is filled on success only. What it ran goes to the
	 * file `command` in cfg->run_dir, an absolute path. NULL: VTDLAB_ERROR_USAGE (bad description, a program that
	 * cannot be executed) or _FAILED.
	 */
	struct vm *(*start)(const struct machine_config *cfg, const struct qemu_caps *caps, struct vmm_channels *ch,
			    GError **error);
	/* Halts QEMU itself, all of its threads, in well under 1 ms: nothing is completed, drained or answered (what
	 * a monitor's `stop` does is no freeze). false: it is dead. */
	bool (*freeze)(struct vm *vm);
	void (*thaw)(struct vm *vm);
	/* What QEMU's threads have done so far. false: not known. A VMM that cannot tell has NULL here. */
	bool (*times)(struct vm *vm, struct vm_times *times);
	/* NULL while QEMU lives, else why it ended and what it said last: "exit status 1: ...". Waits for no QEMU, and some
	 * moments at most for whoever knows why it ended. Free with g_free(). */
	char *(*ended)(struct vm *vm);
	/* Readable once QEMU has ended, borrowed; -1: there is no such descriptor, and ended() has to be asked. A VMM that has
	 * none has NULL here. */
	int (*exit_fd)(struct vm *vm);
	/* Ends QEMU, by force if it does not go within @grace_ms (0: at once); ended() says so on return. */
	void (*kill)(struct vm *vm, unsigned grace_ms);
	/* Where a user finds it: "QEMU is process 123, ...". Free with g_free(). */
	char *(*where)(const struct vm *vm);
	/* Kills if need be, frees. */
	void (*free)(struct vm *vm);
};

/* QEMU as our own child, with inherited descriptors. */
extern const struct vmm vmm_qemu;
/* QEMU as a domain of libvirt's, at cfg->vmm_uri. */
extern const struct vmm vmm_libvirt;

/*
 * vmm_parse - "qemu", "libvirt" or "libvirt:URI", of a command line.
 * @uri: set to the part of @text behind the colon, "" where there is none
 * NULL: VTDLAB_ERROR_USAGE.
 */
const struct vmm *vmm_parse(const char *text, const char **uri, GError **error);

/* vmm_channels_clear - closes and frees what is still there. */
void vmm_channels_clear(struct vmm_channels *ch);

/* What fits into a channel before QEMU, which writes byte by byte, waits for us. */
#define VMM_CONSOLE_PIPE (1 << 20)
#define VMM_SOCKET_BUFFER (1 << 20)
/* A fault storm fills qemu.log: QEMU ends by SIGXFSZ before the disk is full. RAM is no such file. */
#define VMM_FILE_LIMIT (UINT64_C(4) << 30)

/* vmm_trace_file - the path that QEMU will trace to, none of an earlier run left there; NULL with cfg->no_trace. g_free(). */
char *vmm_trace_file(const struct machine_config *cfg);

/* vmm_tmpdir - where QEMU can keep what the guest writes to the disk (snapshot=on), in an unlinked file. Not to be freed. */
const char *vmm_tmpdir(const struct machine_config *cfg);

/* vmm_connect - a stream socket, connected to the unix socket @path. -1: VTDLAB_ERROR_FAILED. */
int vmm_connect(const char *path, GError **error);

/* vmm_last_words - the last lines that QEMU printed into the file @path, harmless, joined by " | ". Free with g_free(). */
char *vmm_last_words(const char *path);

#endif
