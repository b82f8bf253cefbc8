/* SPDX-License-Identifier: GPL-2.0-only */
/* kexec-load: has kexec-tools load the crash kernel; crash-range: where it lies. */
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define KEXEC "/sbin/kexec"
#define CRASH_KERNEL CRASH_FILES "/bzImage"
#define CRASH_FLAT CRASH_FILES "/flat"
#define CRASH_INITRD "--initrd=" CRASH_FILES "/initrd"
#define CRASH_LOADED "/sys/kernel/kexec_crash_loaded"

static bool crash_loaded(void)
{
	char text[8];

	return read_file(CRASH_LOADED, text, sizeof(text)) > 0 && text[0] == '1';
}

/* Run @argv, its output into @text (cut at @cap). Returns the wait status, or -1 (errno). */
static int run_captured(char *const argv[], char *text, size_t cap)
{
	char rest[512];
	size_t len = 0;
	int fds[2], status;
	ssize_t n;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return -1;
	pid = fork_child();
	if (pid < 0) {
		close(fds[0]);
		close(fds[1]);
		return -1;
	}
	if (!pid) {
		dup2(fds[1], 1);
		dup2(fds[1], 2);
		execv(argv[0], argv);
		dprintf(2, "%s: %s\n", argv[0], strerror(errno));
		_exit(127);
	}
	close(fds[1]);
	while ((n = read(fds[0], rest, sizeof(rest))) > 0) {
		size_t keep = (size_t)n < cap - 1 - len ? (size_t)n : cap - 1 - len;

		memcpy(text + len, rest, keep);
		len += keep;
	}
	close(fds[0]);
	text[len] = '\0';
	if (waitpid(pid, &status, 0) != pid)
		return -1;
	return status;
}

static int exit_code(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int cmd_kexec_load(const struct json_object *request, struct answer *answer)
{
	const char *mode = json_string(request, "mode", "kexec");
	const char *cmdline = json_string(request, "cmdline", NULL);
	char append[4096], text[4096];
	char *argv[9] = { KEXEC, "-p" };
	int64_t start = now_ns();
	int n = 2, status;

	if (!cmdline)
		return fail(answer, "kexec-load needs \"cmdline\", a string");
	/* Always said: kexec-tools from 2.0.27 on try kexec_file_load first if they are not told. */
	if (strcmp(mode, "kexec") && strcmp(mode, "kexec-file"))
		return fail(answer, "mode '%s' is neither kexec nor kexec-file", mode);
	argv[n++] = strcmp(mode, "kexec") ? "-s" : "-c";
	if (!strcmp(mode, "kexec") && !json_bool(request, "checksum", true))
		argv[n++] = "--no-checks";
	if ((size_t)snprintf(append, sizeof(append), "--append=%s", cmdline) >= sizeof(append))
		return fail(answer, "a command line of more than %zu bytes", sizeof(append) - 10);
	argv[n++] = json_bool(request, "flat", false) ? CRASH_FLAT : CRASH_KERNEL;
	argv[n++] = CRASH_INITRD;
	argv[n++] = append;
	argv[n] = NULL;
	status = run_captured(argv, text, sizeof(text));
	if (status < 0)
		return fail(answer, "%s: %s", KEXEC, strerror(errno));
	if (status || !crash_loaded())
		return fail(answer, "kexec loaded no crash kernel (status %d): %s", exit_code(status),
			    text[0] ? text : "it said nothing");
	json_put_int(&answer->out, "status", exit_code(status));
	json_put_string(&answer->out, "stderr", text);
	json_put_bool(&answer->out, "loaded", true);
	json_put_int(&answer->out, "took_ns", now_ns() - start);
	return 0;
}

int cmd_crash_range(const struct json_object *request, struct answer *answer)
{
	unsigned long long start, end, best_start = 0, best_end = 0;
	char line[256];
	FILE *file = fopen("/proc/iomem", "re");

	(void)request;
	if (!file)
		return fail(answer, "/proc/iomem: %s", strerror(errno));
	json_begin(&answer->out, "ranges", '[');
	while (fgets(line, sizeof(line), file)) {
		if (!strstr(line, " : Crash kernel") || sscanf(line, " %llx-%llx", &start, &end) != 2)
			continue;
		json_begin(&answer->out, NULL, '{');
		json_put_hex(&answer->out, "start", start);
		json_put_hex(&answer->out, "end", end);
		json_end(&answer->out, '}');
		if (end - start >= best_end - best_start) {
			best_start = start;
			best_end = end;
		}
	}
	fclose(file);
	json_end(&answer->out, ']');
	if (!best_end)
		return fail(answer, "no \"Crash kernel\" in /proc/iomem: crashkernel= is missing or "
				    "could not be met");
	json_put_hex(&answer->out, "start", best_start);
	json_put_hex(&answer->out, "end", best_end);
	return 0;
}
