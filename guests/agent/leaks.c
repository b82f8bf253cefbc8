/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * leaks: has the kernel's own detector of leaks (CONFIG_DEBUG_KMEMLEAK) look, which it does by itself every ten minutes only,
 * or never. A second scan, since the first one only notes an object that it did not see before, and only of what is older
 * than a few seconds. What it found is put on the console too, where the run keeps it.
 */
#include "agent.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#define DEBUGFS "/sys/kernel/debug"
#define SCANS 2
#define AGE_MS 5100 /* mm/kmemleak.c: MSECS_MIN_AGE, 5000 */
#define SHOWN_MAX 40
#define REPORT_MAX 65536

/* Objects in @report, which is changed: its first lines go to the console. */
static unsigned int count(char *report)
{
	unsigned int objects = 0, shown = 0;
	char *next;

	for (char *line = report; *line; line = next) {
		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = '\0';
		objects += !strncmp(line, "unreferenced object", strlen("unreferenced object"));
		if (shown < SHOWN_MAX)
			console_line("kmemleak: %s", line);
		else if (shown == SHOWN_MAX)
			console_line("kmemleak: ... and more");
		shown++;
	}
	return objects;
}

/* {file, age_ms}: another file than the kernel's, how long an object is young. "scans": 0 where there is no detector. */
int cmd_leaks(const struct json_object *request, struct answer *answer)
{
	static char report[REPORT_MAX];
	const char *path = json_string(request, "file", DEBUGFS "/kmemleak");
	uint64_t age;

	if (take_u64(request, answer, "age_ms", AGE_MS, 0, 60000, &age))
		return -1;
	if (!json_find(request, "file") && access(path, F_OK))
		mount("debugfs", DEBUGFS, "debugfs", 0, NULL);
	if (access(path, F_OK)) {
		json_put_int(&answer->out, "scans", 0);
		return 0;
	}
	for (int i = 0; i < SCANS; i++) {
		if (i)
			sleep_ms((unsigned int)age);
		/* EPERM: it has switched itself off, for want of memory */
		if (write_file(path, "scan"))
			return fail(answer, "%s: %s", path, strerror(errno));
	}
	if (read_file(path, report, sizeof(report)) < 0)
		return fail(answer, "%s: %s", path, strerror(errno));
	json_put_int(&answer->out, "scans", SCANS);
	json_put_int(&answer->out, "leaks", count(report));
	return 0;
}
