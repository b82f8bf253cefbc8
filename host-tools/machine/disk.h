/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The image behind the guest's disk: every sector carries the pattern of guests/include/channel.h,
 * so that any read can be checked by anybody.
 */
#ifndef VTDLAB_MACHINE_DISK_H
#define VTDLAB_MACHINE_DISK_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define DISK_PATTERN_SIZE (UINT64_C(64) << 20)

/*
 * Makes sure that `path` is a pattern image of `size` bytes (a multiple of 512): reused if its size
 * is right and every sector carries the pattern, else written anew (temporary name, rename). That it
 * was looked through is kept in "hashes" beside it (base/kept-sum.h).
 * Parent directories are made. About 0.1 s to look through or to write 64 MiB. false with
 * VTDLAB_ERROR_FAILED (disk full, not writable).
 */
bool disk_pattern_ensure(const char *path, uint64_t size, GError **error);

#endif
