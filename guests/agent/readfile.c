/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * read-file: a text file of the kernel (debugfs, sysfs, procfs) or of a program (/tmp), in as many answers as it
 * takes. The first of them copies the file, so that all the parts are of one moment, and the kernel makes the text once.
 */
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEBUGFS "/sys/kernel/debug"
#define COPY "/read-file.copy"
#define COPY_MAX (64 << 20)
/* each byte may become two in JSON */
#define PART_MAX 30000

static int copy_file(struct answer *answer, const char *path)
{
	static char buf[65536];
	int in = open(path, O_RDONLY | O_CLOEXEC), out, result = 0;
	size_t done = 0;
	ssize_t n;

	if (in < 0)
		return fail(answer, "%s: %s", path, strerror(errno));
	out = open(COPY, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (out < 0) {
		result = fail(answer, COPY ": %s", strerror(errno));
		close(in);
		return result;
	}
	while ((n = read(in, buf, sizeof(buf))) > 0 && done <= COPY_MAX) {
		if (write(out, buf, (size_t)n) != n) {
			n = -1;
			break;
		}
		done += (size_t)n;
	}
	if (n < 0)
		result = fail(answer, "%s: %s", path, strerror(errno));
	else if (done > COPY_MAX)
		result = fail(answer, "%s: more than %d MiB", path, COPY_MAX >> 20);
	close(in);
	close(out);
	return result;
}

static int put_part(struct answer *answer, uint64_t from)
{
	char buf[PART_MAX + 1];
	int fd = open(COPY, O_RDONLY | O_CLOEXEC);
	struct stat st;
	ssize_t n;

	if (fd < 0)
		return fail(answer, COPY ": %s", strerror(errno));
	n = pread(fd, buf, PART_MAX, (off_t)from);
	if (n < 0 || fstat(fd, &st)) {
		close(fd);
		return fail(answer, COPY ": %s", strerror(errno));
	}
	close(fd);
	buf[n] = '\0';
	for (ssize_t i = 0; i < n; i++)
		if (((unsigned char)buf[i] < ' ' && buf[i] != '\n' && buf[i] != '\t') || (unsigned char)buf[i] > '~')
			buf[i] = '?';
	json_put_string(&answer->out, "text", buf);
	json_put_int(&answer->out, "size", (int64_t)st.st_size);
	json_put_int(&answer->out, "next", n && (int64_t)from + n < (int64_t)st.st_size ? (int64_t)from + n : -1);
	return 0;
}

/* {path, from}: the text from byte @from on, "next" where to go on, -1 at its end. */
int cmd_read_file(const struct json_object *request, struct answer *answer)
{
	const char *path = json_string(request, "path", "");
	uint64_t from;
	struct stat st;

	if ((strncmp(path, "/sys/", 5) && strncmp(path, "/proc/", 6) && strncmp(path, "/tmp/", 5)) ||
	    strstr(path, "/../"))
		return fail(answer, "path is not below /sys, /proc or /tmp");
	if (take_u64(request, answer, "from", 0, 0, COPY_MAX, &from))
		return -1;
	if (!from && !strncmp(path, DEBUGFS "/", strlen(DEBUGFS) + 1) && stat(path, &st) &&
	    mount("debugfs", DEBUGFS, "debugfs", 0, NULL) && errno != EBUSY)
		return fail(answer, "mount debugfs: %s", strerror(errno));
	if (!from && copy_file(answer, path))
		return -1;
	return put_part(answer, from);
}
