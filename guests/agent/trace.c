/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trace: ends what the kprobes of the command line record and says what is around it; the records
 * themselves are in tracefs, for read-file.
 */
#include "agent.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define TRACEFS "/sys/kernel/tracing"
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

/*
 * {raw}: from now on TRACEFS/trace gives the same records in the same order: with raw as "pid cpu
 * nanoseconds type", else as text, which comes first.
 */
int cmd_trace(const struct json_object *request, struct answer *answer)
{
	bool raw = json_bool(request, "raw", false);

	if (mount_tracefs(answer))
		return -1;
	if (raw && write_file(TRACEFS "/trace_options", "raw"))
		return fail(answer, "trace_options: %s", strerror(errno));
	if (raw)
		return 0;
	if (close_trace(answer))
		return -1;
	put_profile(answer);
	put_windows(answer);
	return 0;
}
