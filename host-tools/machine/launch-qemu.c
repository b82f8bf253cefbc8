/* SPDX-License-Identifier: GPL-2.0-only */
/* The plain launcher: QEMU as our own child that cannot outlive us. */
#define _GNU_SOURCE
#include "machine/launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"

#define FD_LOW 64 /* inherited descriptors are parked from here up while they are renumbered */
#define FDS_MAX 29

static int pidfd_of(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

/* ---- in the child: async-signal-safe calls only ---- */

static void child_fail(int report, int err)
{
	while (write(report, &err, sizeof(err)) < 0 && errno == EINTR)
		;
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

static int child_fds(const struct launch_request *req, int null_fd, int err_fd, int *report)
{
	int parked[FDS_MAX], last = 2;

	*report = fcntl(*report, F_DUPFD_CLOEXEC, FD_LOW);
	if (*report < 0)
		return -1;
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
		if (dup2(parked[i], req->fds[i].child_fd) < 0)
			return -1;
		if (req->fds[i].child_fd > last)
			last = req->fds[i].child_fd;
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

static void child_run(const struct launch_request *req, pid_t parent, int null_fd, int err_fd, int report)
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
		child_fail(report, errno);
	execv(req->argv[0], req->argv);
	child_fail(report, errno);
}

/* ---- in the parent ---- */

/* 0 once the child has executed the program, else its errno. */
static int exec_result(int report)
{
	int err = 0;
	ssize_t n;

	do
		n = read(report, &err, sizeof(err));
	while (n < 0 && errno == EINTR);
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

static bool qemu_start(struct launch *l, const struct launch_request *req, GError **error)
{
	int null_fd = -1, err_fd = -1, report[2] = { -1, -1 }, err;
	const char *log = req->stderr_path ? req->stderr_path : "/dev/null";
	pid_t parent = getpid(), pid;
	bool good = false;

	*l = (struct launch){ .pidfd = -1 };
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
		fail(error, VTDLAB_ERROR_USAGE, "run", req->argv[0], err);
		goto out;
	}
	l->pid = pid;
	l->pidfd = pidfd_of(pid);
	good = true;
out:
	close_if(null_fd);
	close_if(err_fd);
	close_if(report[0]);
	close_if(report[1]);
	return good;
}

static bool qemu_reap(struct launch *l)
{
	pid_t got;

	if (!l->pid || l->dead)
		return true;
	do
		got = waitpid(l->pid, &l->status, WNOHANG);
	while (got < 0 && errno == EINTR);
	/* ECHILD: somebody else reaped it (SIGCHLD ignored): dead, status unknown */
	if (got < 0)
		l->status = 0;
	l->dead = got != 0;
	return l->dead;
}

static bool wait_dead(struct launch *l, unsigned ms)
{
	int64_t until = g_get_monotonic_time() + (int64_t)ms * 1000, left;

	while (!qemu_reap(l)) {
		struct pollfd p = { .fd = l->pidfd, .events = POLLIN };

		left = (until - g_get_monotonic_time()) / 1000;
		if (left <= 0)
			return false;
		if (l->pidfd >= 0)
			poll(&p, 1, (int)MIN(left, 1000));
		else
			g_usleep(2000);
	}
	return true;
}

/* The pid is ours until we reap it: it cannot have been given to another process. */
static void qemu_kill(struct launch *l, unsigned grace_ms)
{
	if (!l->pid || qemu_reap(l))
		return;
	if (grace_ms) {
		kill(l->pid, SIGTERM);
		if (wait_dead(l, grace_ms))
			return;
	}
	kill(l->pid, SIGKILL);
	while (!wait_dead(l, 1000))
		;
}

static bool qemu_freeze(struct launch *l, bool freeze)
{
	siginfo_t si = { 0 };

	if (!l->pid || l->dead || kill(l->pid, freeze ? SIGSTOP : SIGCONT) < 0)
		return false;
	if (!freeze)
		return true;
	/* nothing is consumed here: an exit is left for qemu_reap() */
	while (waitid(P_PID, (id_t)l->pid, &si, WSTOPPED | WEXITED | WNOWAIT) < 0)
		if (errno != EINTR)
			return false;
	return si.si_code == CLD_STOPPED;
}

static void qemu_release(struct launch *l)
{
	if (l->pid && !l->dead)
		qemu_kill(l, 0);
	if (l->pid)
		close_if(l->pidfd);
	*l = (struct launch){ .pidfd = -1 };
}

const struct launcher_ops launcher_qemu = {
	.name = "qemu",
	.start = qemu_start,
	.reap = qemu_reap,
	.kill = qemu_kill,
	.freeze = qemu_freeze,
	.release = qemu_release,
};

char *launch_status_text(int status)
{
	if (WIFSIGNALED(status))
		return g_strdup_printf("killed by SIG%s",
				       sigabbrev_np(WTERMSIG(status)) ? sigabbrev_np(WTERMSIG(status)) : "?");
	return g_strdup_printf("exit status %d", WEXITSTATUS(status));
}
