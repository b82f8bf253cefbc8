/* SPDX-License-Identifier: GPL-2.0-only */
/* A program as our own child that cannot outlive us: for a QEMU that runs a machine, or answers a question. */
#ifndef VTDLAB_MACHINE_CHILD_H
#define VTDLAB_MACHINE_CHILD_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct vm_times;

/* A descriptor of ours that the child finds open as `number` (3 .. 31). */
struct child_fd {
	int fd;
	int number;
};

/* All of it is borrowed, for the call of child_start() only. */
struct child_request {
	char *const *argv; /* argv[0]: absolute path */
	char *const *env;  /* NULL: our environment */
	const struct child_fd *fds;
	unsigned n_fds;
	const char *stderr_path; /* stdout and stderr go there; NULL: /dev/null */
	uint64_t file_limit;	 /* bytes a file of the child may grow to (SIGXFSZ ends it); 0: none */
};

struct child {
	pid_t pid;  /* 0: none */
	bool dead;  /* reaped; `status` is valid */
	int status; /* as of waitpid() */
};

/*
 * child_start - starts the child so that it dies with this process (even after kill -9), in its own process group
 * (Ctrl-C reaches only us), with none of our other descriptors. *@c is overwritten; end it by child_kill().
 * From the main thread only: the kernel ties the death signal to the thread that forks.
 * Errors: VTDLAB_ERROR_USAGE if the program cannot be executed, else _FAILED.
 */
bool child_start(struct child *c, const struct child_request *req, GError **error);

/* child_reap - whether the child is dead (or was never there), without waiting. */
bool child_reap(struct child *c);

/* child_kill - SIGTERM, after @grace_ms (0: at once) SIGKILL; returns when reaped. A dead or no child is fine. */
void child_kill(struct child *c, unsigned grace_ms);

/* child_freeze - halts the process (SIGSTOP); returns once every thread stands. false: it is dead. */
bool child_freeze(struct child *c);

/* child_stopped - do all threads of the process stand, after a SIGSTOP? It need not be our child. */
bool child_stopped(const struct child *c);

/* child_thaw - lets a frozen process go on. */
void child_thaw(struct child *c);

/* child_times - what its threads have done so far; false: it is dead, or cannot be asked. */
bool child_times(const struct child *c, struct vm_times *times);

/* child_status_text - "exit status 1", "killed by SIGABRT". Free with g_free(). */
char *child_status_text(int status);

#endif
