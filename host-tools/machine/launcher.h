/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How a VM process is started and ended. One implementation now: plain QEMU as our own child
 * (launch-qemu.c); a libvirt one later fills the same struct.
 */
#ifndef VTDLAB_MACHINE_LAUNCHER_H
#define VTDLAB_MACHINE_LAUNCHER_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A descriptor of ours that the child finds open as number `child_fd` (3 .. 31). */
struct launch_fd {
	int fd;
	int child_fd;
};

struct launch_request {
	char *const *argv; /* argv[0]: absolute path */
	const struct launch_fd *fds;
	unsigned n_fds;
	const char *stderr_path; /* stdout and stderr go there; NULL: /dev/null */
	uint64_t file_limit;	 /* bytes a file of the child may grow to (SIGXFSZ ends it); 0: none */
};

/* One started process. Zero-initialise before start. */
struct launch {
	pid_t pid;  /* 0: none */
	int pidfd;  /* -1: the kernel has none, death is found by polling */
	bool dead;  /* reaped; `status` is valid */
	int status; /* as of waitpid() */
};

struct launcher_ops {
	const char *name;
	/*
	 * Starts the child so that it dies with this process (even after kill -9), in its own
	 * process group (Ctrl-C reaches only us), with none of our other descriptors. Must be
	 * called from the main thread: the kernel ties the death signal to the thread that forks.
	 * false and VTDLAB_ERROR_USAGE if the program cannot be executed, _FAILED otherwise.
	 */
	bool (*start)(struct launch *l, const struct launch_request *req, GError **error);
	/* Reaps without waiting; true once dead. */
	bool (*reap)(struct launch *l);
	/* SIGTERM, up to grace_ms, then SIGKILL; returns when reaped. Only ever touches our own
	 * child. */
	void (*kill)(struct launch *l, unsigned grace_ms);
	/* Halts (SIGSTOP, returns once every thread stands) or continues the process. false if it
	 * is dead. */
	bool (*freeze)(struct launch *l, bool freeze);
	/* Closes what is left. Kills first if need be. */
	void (*release)(struct launch *l);
};

extern const struct launcher_ops launcher_qemu;

/* "exit status 1", "killed by SIGABRT". Free with g_free(). */
char *launch_status_text(int status);

#endif
