/* SPDX-License-Identifier: GPL-2.0-only */
/* SHA-256 of files that are asked for again and again. */
#ifndef VTDLAB_BASE_KEPT_SUM_H
#define VTDLAB_BASE_KEPT_SUM_H

#include <glib.h>
#include <stdbool.h>

/*
 * kept_sum - the SHA-256 of the file @path, as hex digits. It is kept in @dir (made if it is not there) with the file's
 * inode, size and times, and taken from there as long as these are the same and the host has not been booted since; a
 * directory that cannot be written costs the time of reading the file, no more. g_free(); NULL: the file cannot be read,
 * VTDLAB_ERROR_FAILED.
 */
char *kept_sum(const char *dir, const char *path, GError **error);

/*
 * For a file that is checked in another way than by a sum. kept_stamp(): what the open file @fd is now, in words that no file
 * has that was written since, nor one after the host's next boot; to be asked before it is checked. g_free(); NULL: not
 * known, and then nothing is kept. kept_good(): whether the file @path was found good as that. kept_set_good(): it was.
 */
char *kept_stamp(int fd);
bool kept_good(const char *dir, const char *path, const char *stamp);
void kept_set_good(const char *dir, const char *path, const char *stamp);

#endif
