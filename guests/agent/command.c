/* SPDX-License-Identifier: GPL-2.0-only */
/* The command table: a request line in, an answer line out. Commands that may block or crash run
 * in a child with a deadline, so that the agent itself always answers. */
#include "agent.h"
#include "channel.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEADLINE_MS 120000
/* room for the head of an answer and its end */
#define HEAD_MAX 256

static int cmd_ping(const struct json_object *request, struct answer *answer)
{
	(void)request;
	(void)answer;
	return 0;
}

static const struct command commands[] = {
	{ "ping", cmd_ping, false },
	{ "hello", cmd_hello, false },
	{ "modprobe", cmd_modprobe, true },
	{ "devices", cmd_devices, true },
	{ "pci-remove", cmd_pci_remove, true },
	{ "pci-rescan", cmd_pci_rescan, true },
	{ "pci-bind", cmd_pci_bind, true },
	{ "memory-zero", cmd_memory_zero, true },
	{ "net-up", cmd_net_up, true },
	{ "net-exchange", cmd_net_exchange, true },
	{ "mmio-write", cmd_mmio_write, true },
	{ "disk-load", cmd_disk_load, false },
	{ "disk-verify", cmd_disk_verify, true },
	{ "spawn", cmd_spawn, false },
	{ "run", cmd_run_program, true },
	{ "canary", cmd_canary, false },
	{ "vmcore-read", cmd_vmcore_read, true },
	{ "kexec-load", cmd_kexec_load, true },
	{ "crash-range", cmd_crash_range, true },
	{ "symbol", cmd_symbol, true },
	{ "trace", cmd_trace, true },
	{ "read-file", cmd_read_file, true },
	{ "leaks", cmd_leaks, true },
	{ "panic", cmd_panic, false },
	{ "poweroff", cmd_poweroff, false },
	{ "reboot", cmd_reboot, false },
};

int fail(struct answer *answer, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(answer->error, sizeof(answer->error), format, args);
	va_end(args);
	for (char *p = answer->error; *p; p++)
		if (*p == '\n' || *p == '\r')
			*p = ' ';
	return -1;
}

int take_u64(const struct json_object *request, struct answer *answer, const char *key, uint64_t otherwise,
	     uint64_t min, uint64_t max, uint64_t *value)
{
	if (json_u64(request, key, otherwise, value))
		return fail(answer, "%s is not a number", key);
	if (*value < min || *value > max)
		return fail(answer, "%s=%llu is not in %llu..%llu", key, (unsigned long long)*value,
			    (unsigned long long)min, (unsigned long long)max);
	return 0;
}

int take_name(const struct json_object *request, struct answer *answer, const char *key, char *name, size_t cap)
{
	const struct json_member *m = json_find(request, key);

	name[0] = '\0';
	if (!m || m->type == JSON_NULL)
		return 0;
	if (m->type != JSON_STRING)
		return fail(answer, "%s is not a string", key);
	if (!m->string[0] || m->string[0] == '.' || strchr(m->string, '/') || strlen(m->string) >= cap)
		return fail(answer, "%s is not a name", key);
	snprintf(name, cap, "%s", m->string);
	return 0;
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

static int write_all(int fd, const void *bytes, size_t len)
{
	const char *p = bytes;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

/* What a child sends first; then @len bytes: the members, or the error. */
struct child_head {
	int result;
	bool full;
	size_t len;
};

static void __attribute__((noreturn))
run_as_child(const struct command *command, const struct json_object *request, struct answer *answer, int fd)
{
	struct child_head head = { .result = command->run(request, answer) };
	const char *body = head.result ? answer->error : answer->out.buf;

	head.full = answer->out.full;
	head.len = head.result ? strlen(answer->error) : answer->out.len;
	if (!write_all(fd, &head, sizeof(head)))
		write_all(fd, body, head.len);
	_exit(0);
}

/* Read @len bytes while @wait goes on. Returns 1 when read, 0 at the end of the pipe, -1 late. */
static int read_before(int fd, void *bytes, size_t len, struct wait *wait)
{
	char *p = bytes;

	while (len) {
		struct pollfd pfd = { .fd = fd, .events = POLLIN };
		ssize_t n;

		if (!wait_goes_on(wait))
			return -1;
		if (poll(&pfd, 1, WAIT_LOOK_MS) <= 0)
			continue;
		n = read(fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return 0;
		p += n;
		len -= (size_t)n;
	}
	return 1;
}

static int child_is_late(struct answer *answer, pid_t pid, uint64_t deadline_ms)
{
	char path[64], where[128];

	snprintf(path, sizeof(path), "/proc/%d/wchan", (int)pid);
	if (read_file(path, where, sizeof(where)) <= 0 || !strcmp(where, "0"))
		snprintf(where, sizeof(where), "its own code");
	kill(pid, SIGKILL);
	return fail(answer, "no result after %llu ms (it was in %s)", (unsigned long long)deadline_ms, where);
}

static int read_child(struct answer *answer, int fd, pid_t pid, uint64_t deadline_ms)
{
	struct wait wait = wait_for_ms(deadline_ms);
	struct child_head head;
	int state = read_before(fd, &head, sizeof(head), &wait), status = 0;
	char *body = answer->out.buf;

	if (state == 1 && head.len <= (head.result ? sizeof(answer->error) - 1 : answer->out.cap)) {
		if (head.result)
			body = answer->error;
		state = read_before(fd, body, head.len, &wait);
	}
	if (state < 0)
		return child_is_late(answer, pid, deadline_ms);
	waitpid(pid, &status, 0);
	if (state == 0)
		return fail(answer, "ended without an answer (wait status 0x%x)", (unsigned int)status);
	if (head.result) {
		answer->error[head.len] = '\0';
		return -1;
	}
	answer->out.len = head.len;
	answer->out.full = head.full;
	return 0;
}

static int run_in_child(const struct command *command, const struct json_object *request, struct answer *answer)
{
	uint64_t deadline_ms;
	int fds[2], result;
	pid_t pid;

	if (take_u64(request, answer, "deadline_ms", DEADLINE_MS, 1, 3600000, &deadline_ms))
		return -1;
	if (pipe(fds))
		return fail(answer, "pipe: %s", strerror(errno));
	pid = fork_child();
	if (pid < 0) {
		result = fail(answer, "fork: %s", strerror(errno));
		close(fds[0]);
		close(fds[1]);
		return result;
	}
	if (!pid) {
		close(fds[0]);
		run_as_child(command, request, answer, fds[1]);
	}
	close(fds[1]);
	result = read_child(answer, fds[0], pid, deadline_ms);
	close(fds[0]);
	return result;
}

static int run_request(const struct json_object *request, struct answer *answer)
{
	const char *name = json_string(request, "cmd", NULL);
	const struct command *command;

	if (!name)
		return fail(answer, "a command needs \"cmd\", a string");
	command = find_command(name);
	if (!command)
		return fail(answer, "unknown command '%s'", name);
	if (command->in_child)
		return run_in_child(command, request, answer);
	return command->run(request, answer);
}

size_t command_answer(int result, char *text, size_t cap, struct answer *answer)
{
	struct json_out out;

	if (!result && answer->out.full)
		result = fail(answer, "an answer of more than %d bytes: ask for less", CHANNEL_GUEST_LINE_MAX - 1);
	json_out_init(&out, text, cap);
	json_begin(&out, NULL, '{');
	if (answer->has_id)
		json_put_int(&out, "id", answer->id);
	else
		json_put_null(&out, "id");
	json_put_bool(&out, "ok", !result);
	json_put_int(&out, "t_ns", now_ns());
	json_put_int(&out, "tsc", read_tsc());
	if (result) {
		json_put_string(&out, "error", answer->error);
		answer->after = NULL;
	} else {
		json_put_raw(&out, answer->out.buf, answer->out.len);
	}
	json_end(&out, '}');
	return out.len;
}

size_t command_run(char *line, char *text, size_t cap, struct answer *answer)
{
	static char members[CHANNEL_GUEST_LINE_MAX - HEAD_MAX];
	static struct json_object request;
	const struct json_member *id;
	int result;

	memset(answer, 0, sizeof(*answer));
	json_out_init(&answer->out, members, sizeof(members));
	if (!line) {
		fail(answer, "a line of more than %d bytes", CHANNEL_HOST_LINE_MAX - 1);
		return command_answer(-1, text, cap, answer);
	}
	result = json_parse(line, &request);
	id = json_find(&request, "id");
	answer->has_id = id && id->type == JSON_INT;
	if (answer->has_id)
		answer->id = id->integer;
	if (result)
		fail(answer, "bad request: %s, at byte %zu", request.error, request.error_at);
	else
		result = run_request(&request, answer);
	return command_answer(result, text, cap, answer);
}
