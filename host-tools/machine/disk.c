/* SPDX-License-Identifier: GPL-2.0-only */
/* Writing and checking the pattern image behind the guest's disk. */
#define _GNU_SOURCE
#include "machine/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "channel.h"

#define CHUNK (1u << 20)

static bool usable(const char *path, uint64_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	g_autofree uint8_t *buf = g_malloc(CHUNK);
	struct stat st;
	bool good;

	if (fd < 0)
		return false;
	good = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_size == size;
	for (uint64_t at = 0; good && at < size; at += CHUNK) {
		size_t len = (size_t)MIN((uint64_t)CHUNK, size - at);

		good = pread(fd, buf, len, (off_t)at) == (ssize_t)len;
		for (size_t i = 0; good && i < len; i += CHANNEL_SECTOR)
			good = channel_disk_check(buf + i, (at + i) / CHANNEL_SECTOR);
	}
	close(fd);
	return good;
}

static bool write_pattern(int fd, uint64_t size)
{
	uint8_t *buf = g_malloc(CHUNK);
	uint64_t done = 0;
	bool good = true;

	while (good && done < size) {
		size_t len = (size_t)MIN((uint64_t)CHUNK, size - done), put = 0;

		for (size_t at = 0; at < len; at += CHANNEL_SECTOR)
			channel_disk_fill(buf + at, (done + at) / CHANNEL_SECTOR);
		while (good && put < len) {
			ssize_t n = write(fd, buf + put, len - put);

			if (n > 0)
				put += (size_t)n;
			else if (n == 0 || errno != EINTR)
				good = false;
		}
		done += len;
	}
	g_free(buf);
	return good;
}

bool disk_pattern_ensure(const char *path, uint64_t size, GError **error)
{
	char *dir, *tmp;
	int fd = -1;
	bool good = false;

	g_return_val_if_fail(size && size % CHANNEL_SECTOR == 0, false);
	if (usable(path, size))
		return true;
	dir = g_path_get_dirname(path);
	tmp = g_strdup_printf("%s.XXXXXX", path);
	if (g_mkdir_with_parents(dir, 0755) == 0)
		fd = g_mkstemp_full(tmp, O_WRONLY | O_CLOEXEC, 0644);
	if (fd >= 0) {
		good = write_pattern(fd, size);
		if (close(fd) < 0)
			good = false;
		if (good && g_rename(tmp, path) < 0)
			good = false;
	}
	if (!good) {
		vtdlab_failed(error, "cannot write the disk image %s: %s", path, g_strerror(errno));
		if (fd >= 0)
			g_unlink(tmp);
	}
	g_free(tmp);
	g_free(dir);
	return good;
}
