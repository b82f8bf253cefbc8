/* SPDX-License-Identifier: GPL-2.0-only */
/* A busy host on purpose. */
#define _GNU_SOURCE
#include "run/pressure.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/host.h"

#define MIB (1u << 20)
#define MEMORY_MAX (1024ul * MIB)
#define DISK_MIB 64

struct pressure {
	GArray *pids; /* pid_t */
	bool lost;
};

static void cpu(size_t unused)
{
	volatile unsigned n = 0;

	(void)unused;
	for (;;)
		n++;
}

static void memory(size_t bytes)
{
	char *all = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const struct timespec pause = { .tv_nsec = 1000000 };

	for (size_t at = 0; all != MAP_FAILED; at = (at + MIB) % bytes) {
		memset(all + at, (int)(at >> 20), MIN(MIB, bytes - at));
		clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
	}
}

static void disk(size_t fd)
{
	static char block[MIB];

	for (unsigned n = 0;; n++) {
		memset(block, (int)n, sizeof(block));
		/* a full disk is no reason to end, and the file is none of the results */
		if (pwrite((int)fd, block, sizeof(block), (off_t)(n % DISK_MIB) * MIB) < 0 || n % 8 == 0)
			fdatasync((int)fd);
	}
}

static bool add(struct pressure *p, void (*work)(size_t), size_t arg, GError **error)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		return vtdlab_failed(error, "cannot start what presses on the host: %s", g_strerror(errno));
	if (pid > 0) {
		g_array_append_val(p->pids, pid);
		return true;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* Ctrl-C is for the run; the pressure ends last */
	signal(SIGINT, SIG_IGN);
	if (getppid() == parent)
		work(arg);
	_exit(1);
}

static bool add_disk(struct pressure *p, const char *dir, GError **error)
{
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	bool ok;

	if (fd < 0)
		return vtdlab_failed(error, "cannot write in %s: %s", dir, g_strerror(errno));
	ok = add(p, disk, (size_t)fd, error);
	close(fd);
	return ok;
}

struct pressure *pressure_start(unsigned kinds, unsigned loops, const char *dir, GError **error)
{
	struct pressure *p = g_new0(struct pressure, 1);
	size_t bytes = MIN(host_memory_available() / 4, MEMORY_MAX) / MIB * MIB;
	bool ok = true;

	p->pids = g_array_new(FALSE, FALSE, sizeof(pid_t));
	for (unsigned n = !(kinds & PRESSURE_CPU) ? 0 : loops ? loops : g_get_num_processors(); ok && n; n--)
		ok = add(p, cpu, 0, error);
	if (ok && kinds & PRESSURE_MEMORY)
		ok = bytes ? add(p, memory, bytes, error) :
			     vtdlab_failed(error,
					   "there is no memory to press with, or it is not known how much is free: "
					   "leave memory out of --pressure");
	if (ok && kinds & PRESSURE_DISK)
		ok = add_disk(p, dir, error);
	if (!ok)
		pressure_end(p);
	return ok ? p : NULL;
}

bool pressure_lost(struct pressure *p)
{
	for (guint i = 0; i < p->pids->len; i++) {
		pid_t *pid = &g_array_index(p->pids, pid_t, i);

		/* whoever counts our processes may have reaped it */
		p->lost |= kill(*pid, 0) != 0 || waitpid(*pid, NULL, WNOHANG) == *pid;
	}
	return p->lost;
}

void pressure_end(struct pressure *p)
{
	if (!p)
		return;
	for (guint i = 0; i < p->pids->len; i++)
		if (waitpid(g_array_index(p->pids, pid_t, i), NULL, WNOHANG) == 0)
			kill(g_array_index(p->pids, pid_t, i), SIGKILL);
	for (guint i = 0; i < p->pids->len; i++)
		waitpid(g_array_index(p->pids, pid_t, i), NULL, 0);
	g_array_unref(p->pids);
	g_free(p);
}
