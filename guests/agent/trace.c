/* SPDX-License-Identifier: GPL-2.0-only */
/* trace: what the kprobes of the command line recorded, read from tracefs line by line. */
#include "agent.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define TRACEFS "/sys/kernel/tracing"
#define LINES_MAX 400
#define BYTES_MAX 50000
#define PROFILE_MAX 64

static int mount_tracefs(struct answer *answer)
{
	struct stat st;

	if (!stat(TRACEFS "/trace", &st))
		return 0;
	if (mount("tracefs", TRACEFS, "tracefs", 0, NULL))
		return fail(answer, "mount tracefs: %s", strerror(errno));
	return 0;
}

/*
 * The trace's clock beside the agent's, as a line of the trace itself; then nothing is recorded any
 * more, so that later reads see the same lines.
 */
static int close_trace(struct answer *answer)
{
	char text[64];

	snprintf(text, sizeof(text), "vtdlab-clock %lld\n", (long long)now_ns());
	if (write_file(TRACEFS "/trace_marker", text))
		return fail(answer, "trace_marker: %s", strerror(errno));
	if (write_file(TRACEFS "/tracing_on", "0"))
		return fail(answer, "tracing_on: %s", strerror(errno));
	return 0;
}

/* Without its line end, and with what is not printable made so. */
static void clean(char *line)
{
	line[strcspn(line, "\n")] = '\0';
	for (char *p = line; *p; p++)
		if ((unsigned char)*p < ' ' || (unsigned char)*p > '~')
			*p = ' ';
}

/* Lines from number @from on, as many as fit; comment lines count too, so that numbers hold. */
static int put_lines(struct answer *answer, uint64_t from)
{
	FILE *file = fopen(TRACEFS "/trace", "re");
	uint64_t n = 0, put = 0, bytes = 0;
	char line[1024];

	if (!file)
		return fail(answer, TRACEFS "/trace: %s", strerror(errno));
	json_begin(&answer->out, "lines", '[');
	while (fgets(line, sizeof(line), file)) {
		if (n++ < from)
			continue;
		clean(line);
		bytes += strlen(line) + 16;
		if (put == LINES_MAX || bytes > BYTES_MAX) {
			n--;
			break;
		}
		json_put_string(&answer->out, NULL, line);
		put++;
	}
	json_end(&answer->out, ']');
	json_put_int(&answer->out, "next", put ? (int64_t)n : -1);
	fclose(file);
	return 0;
}

/* Which probes there are, and how often each was hit and missed. */
static void put_profile(struct answer *answer)
{
	FILE *file = fopen(TRACEFS "/kprobe_profile", "re");
	char line[256];

	json_begin(&answer->out, "profile", '[');
	for (int n = 0; file && n < PROFILE_MAX && fgets(line, sizeof(line), file); n++) {
		clean(line);
		json_put_string(&answer->out, NULL, line);
	}
	json_end(&answer->out, ']');
	if (file)
		fclose(file);
}

/* The memory windows of the host bridges: every IOVA allocator leaves them out. */
static void put_windows(struct answer *answer)
{
	FILE *file = fopen("/proc/iomem", "re");
	char line[256];

	json_begin(&answer->out, "windows", '[');
	for (int n = 0; file && n < PROFILE_MAX && fgets(line, sizeof(line), file);) {
		if (!strstr(line, ": PCI Bus "))
			continue;
		clean(line);
		json_put_string(&answer->out, NULL, line);
		n++;
	}
	json_end(&answer->out, ']');
	if (file)
		fclose(file);
}

/* {from, raw}: raw gives "pid cpu nanoseconds type" of the same lines in the same order. */
int cmd_trace(const struct json_object *request, struct answer *answer)
{
	bool raw = json_bool(request, "raw", false);
	uint64_t from;
	int result;

	if (take_u64(request, answer, "from", 0, 0, 10000000, &from) || mount_tracefs(answer))
		return -1;
	if (!from && !raw && close_trace(answer))
		return -1;
	if (raw && write_file(TRACEFS "/trace_options", "raw"))
		return fail(answer, "trace_options: %s", strerror(errno));
	if (!from && !raw) {
		put_profile(answer);
		put_windows(answer);
	}
	result = put_lines(answer, from);
	if (raw)
		write_file(TRACEFS "/trace_options", "noraw");
	return result;
}
