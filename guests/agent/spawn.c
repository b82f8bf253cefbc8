/* SPDX-License-Identifier: GPL-2.0-only */
/* spawn: starts a program of the initramfs that says one line of JSON and then goes on running. */
#include "agent.h"
#include "channel.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEADLINE_MS 120000

static void __attribute__((noreturn)) run_program(char *const *argv, int out)
{
	int log = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);

	/* the agent is niced and deaf to SIGPIPE: its programs are not */
	setpriority(PRIO_PROCESS, 0, 0);
	signal(SIGPIPE, SIG_DFL);
	dup2(out, STDOUT_FILENO);
	if (log >= 0)
		dup2(log, STDERR_FILENO);
	execv(argv[0], argv);
	dprintf(STDOUT_FILENO, "{\"error\":\"%s\"}\n", strerror(errno));
	_exit(127);
}

enum line_state { LINE_READ, LINE_END, LINE_LATE, LINE_TOO_LONG };

/* One line, without its '\n'. */
static enum line_state read_line(int fd, char *line, size_t cap, struct wait *wait)
{
	size_t len = 0;

	while (len < cap) {
		struct pollfd pfd = { .fd = fd, .events = POLLIN };
		ssize_t n;

		if (!wait_goes_on(wait))
			return LINE_LATE;
		if (poll(&pfd, 1, WAIT_LOOK_MS) <= 0)
			continue;
		n = read(fd, line + len, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return LINE_END;
		if (line[len] == '\n') {
			line[len] = '\0';
			return LINE_READ;
		}
		len++;
	}
	return LINE_TOO_LONG;
}

/* The line of a program, a flat object, into the answer; or its "error" as the answer's. */
static int take_report(struct answer *answer, const char *name, const char *line)
{
	static char copy[CHANNEL_HOST_LINE_MAX];
	static struct json_object report;
	const char *error, *end = strrchr(line, '}');

	snprintf(copy, sizeof(copy), "%s", line);
	if (json_parse(copy, &report))
		return fail(answer, "%s: its first line is no report: %s, at byte %zu", name, report.error,
			    report.error_at);
	error = json_string(&report, "error", NULL);
	if (error)
		return fail(answer, "%s: %s", name, error);
	line = strchr(line, '{') + 1;
	json_begin(&answer->out, "report", '{');
	if (end > line)
		json_put_raw(&answer->out, line, (size_t)(end - line));
	json_end(&answer->out, '}');
	return 0;
}

static int wait_report(struct answer *answer, const char *name, pid_t pid, int fd, uint64_t deadline_ms)
{
	static char line[CHANNEL_HOST_LINE_MAX];
	struct wait wait = wait_for_ms(deadline_ms);
	enum line_state state = read_line(fd, line, sizeof(line), &wait);
	int status = 0;

	if (state == LINE_READ && !take_report(answer, name, line))
		return 0;
	if (state != LINE_END)
		kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	if (state == LINE_LATE)
		fail(answer, "%s: no report after %llu ms", name, (unsigned long long)deadline_ms);
	else if (state == LINE_TOO_LONG)
		fail(answer, "%s: its first line has more than %zu bytes", name, sizeof(line) - 1);
	else if (state == LINE_END)
		fail(answer, "%s: ended without a report (wait status 0x%x)", name, (unsigned int)status);
	return -1;
}

int cmd_spawn(const struct json_object *request, struct answer *answer)
{
	const struct json_member *m = json_find(request, "argv");
	char *argv[JSON_MAX_ITEMS + 1] = { NULL };
	uint64_t deadline_ms;
	int fds[2], result;
	pid_t pid;

	if (!m || m->type != JSON_STRINGS || !m->count || request->items[m->first][0] != '/')
		return fail(answer, "spawn needs \"argv\", strings, the first one a path");
	if (take_u64(request, answer, "deadline_ms", DEADLINE_MS, 1, 3600000, &deadline_ms))
		return -1;
	for (size_t i = 0; i < m->count; i++)
		argv[i] = (char *)(uintptr_t)request->items[m->first + i];
	if (pipe2(fds, O_CLOEXEC))
		return fail(answer, "pipe: %s", strerror(errno));
	pid = fork_child();
	if (!pid)
		run_program(argv, fds[1]);
	close(fds[1]);
	if (pid < 0)
		result = fail(answer, "fork: %s", strerror(errno));
	else
		result = wait_report(answer, argv[0], pid, fds[0], deadline_ms);
	close(fds[0]);
	if (!result)
		json_put_int(&answer->out, "pid", pid);
	return result;
}
