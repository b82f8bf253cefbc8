/* SPDX-License-Identifier: GPL-2.0-only */
/* What a bug needs before it can be run here: fetched, to be fetched, to be built, gone. */
#ifndef VTDLAB_BUGS_READY_H
#define VTDLAB_BUGS_READY_H

#include <glib.h>
#include <stdbool.h>

#include "conf/bug.h"

/*
 * bug_ready - in words, what running @recipe of @bug needs besides what is in the cache: "" for nothing, or "fetches
 * debian:6.12.107+deb12-amd64, builds lab-6.12-bugs". Looks at the cache only.
 *
 * @available: the text of kernel_available(), or NULL: what the archive has is not known
 * @gone: set when a kernel is neither in the cache nor in the archive; the recipe cannot be run
 * The caller frees the text.
 */
char *bug_ready(const struct bug *bug, unsigned recipe, const char *available, bool *gone);

/*
 * bug_fetch - gets the kernels and QEMUs of both sides of @recipe into the cache (with progress on stderr).
 * Errors: as kernel_get() and qemu_get(), of the first that cannot be had.
 */
bool bug_fetch(const struct bug *bug, unsigned recipe, GError **error);

#endif
