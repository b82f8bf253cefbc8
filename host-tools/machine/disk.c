/* SPDX-License-Identifier: GPL-2.0-only */
/* Writing and checking the pattern image behind the guest's disk. */
#include "machine/disk.h"

#include "base/error.h"
#include "base/files.h"
#include "channel.h"

/* Every sector of it: one that reads wrong would be taken for the guest's fault. */
static bool usable(const char *path, uint64_t size)
{
	g_autoptr(GMappedFile) image = g_mapped_file_new(path, FALSE, NULL);
	bool good = image && g_mapped_file_get_length(image) == size;
	const uint8_t *all = good ? (const uint8_t *)g_mapped_file_get_contents(image) : NULL;

	for (uint64_t at = 0; good && at < size; at += CHANNEL_SECTOR)
		good = channel_disk_check(all + at, at / CHANNEL_SECTOR);
	return good;
}

bool disk_pattern_ensure(const char *path, uint64_t size, GError **error)
{
	g_autofree char *dir = g_path_get_dirname(path);
	g_autofree uint8_t *image = NULL;

	g_return_val_if_fail(size && size % CHANNEL_SECTOR == 0, false);
	if (usable(path, size))
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
