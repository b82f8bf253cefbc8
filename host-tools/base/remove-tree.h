/* SPDX-License-Identifier: GPL-2.0-only */
/* Removing a directory with all that is in it. */
#ifndef VTDLAB_BASE_REMOVE_TREE_H
#define VTDLAB_BASE_REMOVE_TREE_H

#include <fcntl.h>
#include <stdbool.h>

/*
 * remove_tree - remove what lies at @name in the directory @dir (AT_FDCWD: @name is a path):
 * symbolic links themselves and not what they point to. What is not there is removed already.
 * false (errno) if something is left; the rest is gone.
 */
bool remove_tree(int dir, const char *name);

#endif
