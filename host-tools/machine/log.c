/* SPDX-License-Identifier: GPL-2.0-only */
/* Append-only log files with a cap. */
#include "machine/log.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"

bool log_open(struct log *l, const char *path, uint64_t cap, GError **error)
{
	*l = (struct log){ .fd = -1, .cap = cap };
	if (!path)
		return true;
	l->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
	return l->fd >= 0 || vtdlab_failed(error, "cannot create %s: %s", path, g_strerror(errno));
}

static void write_all(struct log *l, const char *p, size_t len)
{
	while (len) {
		ssize_t n = write(l->fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			l->failed = true;
			return;
		}
		p += n;
		len -= (size_t)n;
		l->bytes += (uint64_t)n;
	}
}

void log_line(struct log *l, const char *line, size_t len)
{
	if (l->fd < 0)
		return;
	if (l->bytes + len > l->cap) {
		l->skipped++;
		return;
	}
	write_all(l, line, len);
}

void log_close(struct log *l)
{
	if (l->fd < 0)
		return;
	if (l->skipped) {
		g_autofree char *text = g_strdup_printf(
			"\n[vtdlab: log full, %" G_GUINT64_FORMAT " more lines not kept]\n", l->skipped);

		write_all(l, text, strlen(text));
	}
	if (close(l->fd) < 0)
		l->failed = true;
	l->fd = -1;
}

int64_t log_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}
