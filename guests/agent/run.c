/* SPDX-License-Identifier: GPL-2.0-only */
/* run: a program of the initramfs to its end, with its output in files that read-file can give. */
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* a tmpfs */
#define DIRECTORY "/tmp/"

/* A new file below DIRECTORY; -1 with an answer. */
static int make_file(const struct json_object *request, struct answer *answer, const char *key)
{
	const char *path = json_string(request, key, "");
	int fd;

	if (strncmp(path, DIRECTORY, strlen(DIRECTORY)) || strstr(path, "/.."))
		return fail(answer, "run needs \"%s\", a file below " DIRECTORY, key);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	return fd < 0 ? fail(answer, "%s: %s", path, strerror(errno)) : fd;
}

static void __attribute__((noreturn)) child(char *const *argv, int out, int err, int report)
{
	int why;

	/* the command has a deadline: when its process is killed, the program goes too */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* the agent is niced and deaf to SIGPIPE: its programs are not */
	setpriority(PRIO_PROCESS, 0, 0);
	signal(SIGPIPE, SIG_DFL);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	execv(argv[0], argv);
	why = errno;
	while (write(report, &why, sizeof(why)) < 0 && errno == EINTR)
		;
	_exit(127);
}

static int run(struct answer *answer, char *const *argv, int out, int err)
{
	int fds[2], why = 0, status = 0;
	ssize_t n;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return fail(answer, "pipe: %s", strerror(errno));
	pid = fork_child();
	if (!pid)
		child(argv, out, err, fds[1]);
	close(fds[1]);
	if (pid < 0) {
		close(fds[0]);
		return fail(answer, "fork: %s", strerror(errno));
	}
	/* closed by the exec, or what kept it from happening */
	while ((n = read(fds[0], &why, sizeof(why))) < 0 && errno == EINTR)
		;
	close(fds[0]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (n == sizeof(why))
		return fail(answer, "%s: %s", argv[0], strerror(why));
	json_put_int(&answer->out, "status", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
	json_put_int(&answer->out, "signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	return 0;
}

/* {argv, out, err}: "status" of the program's exit, or -1 and the "signal" that ended it. */
int cmd_run_program(const struct json_object *request, struct answer *answer)
{
	const struct json_member *m = json_find(request, "argv");
	char *argv[JSON_MAX_ITEMS + 1] = { NULL };
	int out, err, result;

	if (!m || m->type != JSON_STRINGS || !m->count || request->items[m->first][0] != '/')
		return fail(answer, "run needs \"argv\", strings, the first one a path");
	for (size_t i = 0; i < m->count; i++)
		argv[i] = (char *)(uintptr_t)request->items[m->first + i];
	out = make_file(request, answer, "out");
	if (out < 0)
		return -1;
	err = make_file(request, answer, "err");
	result = err < 0 ? -1 : run(answer, argv, out, err);
	close(out);
	if (err >= 0)
		close(err);
	return result;
}
