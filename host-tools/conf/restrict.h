/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * --restricted: a scenario or bug file of somebody else gives this host no program, no build and no file to read but
 * those of the tree and of the cache. What a user types beside it (--kernel, --qemu) is the user's own word.
 */
#ifndef VTDLAB_CONF_RESTRICT_H
#define VTDLAB_CONF_RESTRICT_H

#include "conf/bug.h"
#include "conf/scenario.h"

/*
 * scenario_restricted - does @s ask for nothing of this host that its own text could not be?
 *
 * @own_first, @own_crash: the kernels that the user named, or NULL: not judged where @s has just these
 * Errors (VTDLAB_ERROR_USAGE, one line that names the key): machine.qemu-args, a kernel that is built here, a path that
 * leads out of the tree and of the cache.
 */
bool scenario_restricted(const struct scenario *s, const char *own_first, const char *own_crash, GError **error);

/* bug_restricted - the same of a bug's two sides; a qemu= must be a name of images/qemus. @checks: as bug_load(). */
bool bug_restricted(const struct bug *bug, const char *const *checks, GError **error);

#endif
