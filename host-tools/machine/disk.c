/* SPDX-License-Identifier: GPL-2.0-only */
/* Writing and checking the pattern image behind the guest's disk. */
#include "machine/disk.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "base/kept-sum.h"
#include "channel.h"

/* Every sector of it: one that reads wrong would be taken for the guest's fault. */
static bool all_right(int fd, uint64_t size)
{
	g_autoptr(GMappedFile) image = g_mapped_file_new_from_fd(fd, FALSE, NULL);
	bool good = image && g_mapped_file_get_length(image) == size;
	const uint8_t *all = good ? (const uint8_t *)g_mapped_file_get_contents(image) : NULL;

	for (uint64_t at = 0; good && at < size; at += CHANNEL_SECTOR)
		good = channel_disk_check(all + at, at / CHANNEL_SECTOR);
	return good;
}

/* Looked through once, until it is written to or the host is booted. */
static bool usable(const char *path, const char *hashes, uint64_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	g_autofree char *now = fd >= 0 ? kept_stamp(fd) : NULL,
			*stamp = now ? g_strdup_printf("%s, %" G_GUINT64_FORMAT, now, size) : NULL;
	bool kept = kept_good(hashes, path, stamp), good = kept || (fd >= 0 && all_right(fd, size));

	if (good && !kept)
		kept_set_good(hashes, path, stamp);
	if (fd >= 0)
		close(fd);
	return good;
}

bool disk_pattern_ensure(const char *path, uint64_t size, GError **error)
{
	g_autofree char *dir = g_path_get_dirname(path), *hashes = g_build_filename(dir, "hashes", NULL);
	g_autofree uint8_t *image = NULL;

	g_return_val_if_fail(size && size % CHANNEL_SECTOR == 0, false);
	if (usable(path, hashes, size))
		return true;
	image = g_malloc(size);
	for (uint64_t at = 0; at < size; at += CHANNEL_SECTOR)
		channel_disk_fill(image + at, at / CHANNEL_SECTOR);
	g_mkdir_with_parents(dir, 0755);
	if (file_replace(path, image, (gssize)size, error))
		return true;
	g_prefix_error(error, "the disk image: ");
	return false;
}
