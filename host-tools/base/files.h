/* SPDX-License-Identifier: GPL-2.0-only */
/* Whole files, and directories with all that is in them. */
#ifndef VTDLAB_BASE_FILES_H
#define VTDLAB_BASE_FILES_H

#include <fcntl.h>
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * file_replace - write a whole file: under a temporary name, synced, then renamed.
 * @len: bytes of @data, or -1 when @data is a string
 * Errors: VTDLAB_ERROR_FAILED (disk full): the former file, or none, is there then.
 */
bool file_replace(const char *path, const void *data, gssize len, GError **error);

/*
 * file_read_small - all of a file that somebody wrote by hand: at most 1 MiB, whatever kind of file it is.
 * @len: bytes of what is returned, a NUL behind them not counted
 * NULL: VTDLAB_ERROR_USAGE, "cannot read WHAT PATH: why". Free with g_free().
 */
char *file_read_small(const char *what, const char *path, gsize *len, GError **error);

/* dir_names - what lies in the directory @name of @dir (as openat(), no link followed); empty when it is none. */
GPtrArray *dir_names(int dir, const char *name);

/* all_zero - has @p nothing but zeros in it? */
bool all_zero(const void *p, size_t len);

/*
 * copy_sparse - copy @len bytes from offset @at of the file @from to @to_at of @to; a page of zeros is skipped, so that it stays
 * a hole of a new file, whose size is the caller's business (ftruncate).
 * 0, -ENODATA if @from ends before, or -errno.
 */
int copy_sparse(int from, uint64_t at, int to, uint64_t to_at, uint64_t len);

/*
 * remove_tree - remove what lies at @name in the directory @dir (AT_FDCWD: @name is a path):
 * symbolic links themselves and not what they point to. What is not there is removed already.
 * false (errno) if something is left; the rest is gone.
 */
bool remove_tree(int dir, const char *name);

/*
 * bytes_sum, file_sum - length and CRC-32, as text: it notices damage, which is not to say somebody who means harm. The caller
 * frees it. A file that cannot be read: NULL, VTDLAB_ERROR_FAILED.
 */
char *bytes_sum(const void *bytes, size_t len);
char *file_sum(const char *path, GError **error);

#endif
