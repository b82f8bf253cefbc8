/* SPDX-License-Identifier: GPL-2.0-only */
/* Starting, freezing and ending a child that dies with us. */
#define _GNU_SOURCE
#include "machine/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "machine/guest-time.h"

#define FD_LOW 64 /* inherited descriptors are parked from here up while they are renumbered */
#define FDS_MAX 29

/* ---- in the child: async-signal-safe calls only ---- */

static void child_fail(int report, int err)
{
	(void)!TEMP_FAILURE_RETRY(write(report, &err, sizeof(err)));
	_exit(127);
}

static void close_above(int last)
{
	/* the report pipe closes itself on exec: mark, do not close */
	if (syscall(SYS_close_range, last + 1, ~0U, 4 /* CLOSE_RANGE_CLOEXEC */) == 0)
		return;
	for (int fd = last + 1; fd < 1024; fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static int child_fds(const struct child_request *req, int null_fd, int err_fd, int *report)
{
	int parked[FDS_MAX], last = 2, moved = fcntl(*report, F_DUPFD_CLOEXEC, FD_LOW);

	/* the pipe stays where it is, so that this can be told through it */
	if (moved < 0)
		return -1;
	*report = moved;
	null_fd = fcntl(null_fd, F_DUPFD_CLOEXEC, FD_LOW);
	err_fd = fcntl(err_fd, F_DUPFD_CLOEXEC, FD_LOW);
	if (null_fd < 0 || err_fd < 0)
		return -1;
	for (unsigned i = 0; i < req->n_fds; i++) {
		parked[i] = fcntl(req->fds[i].fd, F_DUPFD_CLOEXEC, FD_LOW);
		if (parked[i] < 0)
			return -1;
	}
	if (dup2(null_fd, 0) < 0 || dup2(err_fd, 1) < 0 || dup2(err_fd, 2) < 0)
		return -1;
	/* numbers that are not asked for in between stay marked close-on-exec */
	close_above(2);
	for (unsigned i = 0; i < req->n_fds; i++) {
		if (dup2(parked[i], req->fds[i].number) < 0)
			return -1;
		if (req->fds[i].number > last)
			last = req->fds[i].number;
	}
	return 0;
}

static void child_signals(void)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		sigaction(sig, &dfl, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void child_run(const struct child_request *req, pid_t parent, int null_fd, int err_fd, int report)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		child_fail(report, errno);
	/* the parent may have died before the line above */
	if (getppid() != parent)
		_exit(127);
	setpgid(0, 0);
	child_signals();
	if (req->file_limit)
		setrlimit(RLIMIT_FSIZE, &(struct rlimit){ req->file_limit, req->file_limit });
	if (child_fds(req, null_fd, err_fd, &report) < 0)
		child_fail(report, errno == EINVAL ? EMFILE : errno); /* EINVAL: the limit is below FD_LOW */
	execve(req->argv[0], req->argv, req->env ? req->env : environ);
	child_fail(report, errno);
}

/* ---- in the parent ---- */

/* 0 once the child has executed the program, else its errno. */
static int exec_result(int report)
{
	int err = 0;
	ssize_t n;

	n = TEMP_FAILURE_RETRY(read(report, &err, sizeof(err)));
	return n == (ssize_t)sizeof(err) ? err : 0;
}

static bool fail(GError **error, int code, const char *what, const char *on, int err)
{
	g_set_error(error, VTDLAB_ERROR, code, "cannot %s %s: %s", what, on, g_strerror(err));
	return false;
}

static void close_if(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* The host's bad moment, and not the program that was named. */
static bool short_of(int err)
{
	return err == EMFILE || err == ENFILE || err == ENOMEM || err == EAGAIN;
}

bool child_start(struct child *c, const struct child_request *req, GError **error)
{
	int null_fd = -1, err_fd = -1, report[2] = { -1, -1 }, err;
	const char *log = req->stderr_path ? req->stderr_path : "/dev/null";
	pid_t parent = getpid(), pid;
	bool good = false;

	*c = (struct child){ 0 };
	g_return_val_if_fail(req->n_fds <= FDS_MAX, false);
	/* the death signal comes when the forking thread ends, not the process */
	g_return_val_if_fail(gettid() == getpid(), false);
	null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	err_fd = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
	if (null_fd < 0 || err_fd < 0) {
		fail(error, VTDLAB_ERROR_FAILED, "open", err_fd < 0 ? log : "/dev/null", errno);
		goto out;
	}
	if (pipe2(report, O_CLOEXEC) < 0 || (pid = fork()) < 0) {
		fail(error, VTDLAB_ERROR_FAILED, "start", req->argv[0], errno);
		goto out;
	}
	if (pid == 0)
		child_run(req, parent, null_fd, err_fd, report[1]);
	close(report[1]);
	report[1] = -1;
	err = exec_result(report[0]);
	if (err) {
		waitpid(pid, NULL, 0);
		fail(error, short_of(err) ? VTDLAB_ERROR_FAILED : VTDLAB_ERROR_USAGE, "run", req->argv[0], err);
		goto out;
	}
	c->pid = pid;
	good = true;
out:
	close_if(null_fd);
	close_if(err_fd);
	close_if(report[0]);
	close_if(report[1]);
	return good;
}

bool child_reap(struct child *c)
{
	pid_t got;

	if (!c->pid || c->dead)
		return true;
	got = TEMP_FAILURE_RETRY(waitpid(c->pid, &c->status, WNOHANG));
	/* ECHILD: somebody else reaped it (SIGCHLD ignored): dead, status unknown */
	if (got < 0)
		c->status = 0;
	c->dead = got != 0;
	return c->dead;
}

static bool wait_dead(struct child *c, unsigned ms)
{
	int64_t until = g_get_monotonic_time() + (int64_t)ms * 1000;

	while (!child_reap(c)) {
		if (g_get_monotonic_time() >= until)
			return false;
		g_usleep(1000);
	}
	return true;
}

/* The pid is ours until we reap it: it cannot have been given to another process. */
void child_kill(struct child *c, unsigned grace_ms)
{
	if (!c->pid || child_reap(c))
		return;
	if (grace_ms) {
		kill(c->pid, SIGTERM);
		if (wait_dead(c, grace_ms))
			return;
	}
	kill(c->pid, SIGKILL);
	while (!wait_dead(c, 1000))
		;
}

bool child_freeze(struct child *c)
{
	siginfo_t si = { 0 };

	if (!c->pid || c->dead || kill(c->pid, SIGSTOP) < 0)
		return false;
	/* nothing is consumed here: an exit is left for child_reap() */
	while (waitid(P_PID, (id_t)c->pid, &si, WSTOPPED | WEXITED | WNOWAIT) < 0)
		if (errno != EINTR)
			return false;
	return si.si_code == CLD_STOPPED;
}

void child_thaw(struct child *c)
{
	if (c->pid && !c->dead)
		kill(c->pid, SIGCONT);
}

/* "PID (name) STATE ...": the name may hold anything. 0: it is no such line. */
static char state_of(const char *stat)
{
	const char *end = strrchr(stat, ')');

	return end && end[1] ? end[2] : 0;
}

static bool is_stopped(const char *stat)
{
	return state_of(stat) == 'T' || state_of(stat) == 't';
}

bool child_stopped(const struct child *c)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/task", (int)c->pid);
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	bool all = dir != NULL;
	const char *name;

	while (all && (name = g_dir_read_name(dir))) {
		g_autofree char *file = g_build_filename(path, name, "stat", NULL), *stat = NULL;

		/* a thread that has just ended stands, too */
		all = !g_file_get_contents(file, &stat, NULL, NULL) || is_stopped(stat);
	}
	return all;
}

bool child_times(const struct child *c, struct vm_times *times)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/task", (int)c->pid), *stat = NULL;
	g_autofree char *stat_path = g_strdup_printf("/proc/%d/stat", (int)c->pid);
	g_autoptr(GDir) dir = c->pid && !c->dead ? g_dir_open(path, 0, NULL) : NULL;
	const char *name;

	if (!dir || !g_file_get_contents(stat_path, &stat, NULL, NULL))
		return false;
	*times = (struct vm_times){ .stopped = is_stopped(stat), .disk = state_of(stat) == 'D' };
	while ((name = g_dir_read_name(dir))) {
		g_autofree char *file = g_build_filename(path, name, "schedstat", NULL), *text = NULL;
		long long ran, waited;

		if (g_file_get_contents(file, &text, NULL, NULL) && sscanf(text, "%lld %lld", &ran, &waited) == 2) {
			times->ran_ns += ran;
			times->waited_ns += waited;
		}
	}
	return true;
}

char *child_status_text(int status)
{
	if (WIFSIGNALED(status))
		return g_strdup_printf("killed by SIG%s",
				       sigabbrev_np(WTERMSIG(status)) ? sigabbrev_np(WTERMSIG(status)) : "?");
	return g_strdup_printf("exit status %d", WEXITSTATUS(status));
}
