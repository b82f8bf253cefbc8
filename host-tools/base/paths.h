/* SPDX-License-Identifier: GPL-2.0-only */
/* Where things are: the source tree that scripts and scenarios are read from, and the user's cache. */
#ifndef VTDLAB_BASE_PATHS_H
#define VTDLAB_BASE_PATHS_H

#include <glib.h>
#include <stdbool.h>

/*
 * lab_root - the vtdlab source tree (absolute).
 *
 * $VTDLAB_ROOT if set; else the parent of the directory the running program lies in, when that
 * holds scenarios/ and scripts/; else the current directory. Never NULL. Owned by the library.
 */
const char *lab_root(void);

/* lab_path - a path below lab_root(), joined from its parts (NULL-ended). The caller frees it. */
char *lab_path(const char *first, ...) G_GNUC_NULL_TERMINATED;

/* lab_named - is @name, which is no path, that of a file @name@suffix in the folder @folder of the tree? */
bool lab_named(const char *folder, const char *name, const char *suffix);

/* lab_inside - does @path lead to something in the tree or in the cache, links followed? */
bool lab_inside(const char *path);

/*
 * lab_cache_dir - where downloads and prepared kernels are kept (absolute).
 *
 * $VTDLAB_CACHE, else $XDG_CACHE_HOME/vtdlab, else ~/.cache/vtdlab: the rule of
 * scripts/lib is the same. Not created here. Owned by the library.
 */
const char *lab_cache_dir(void);

/*
 * lab_conf_names - names of the files NAME.conf in @dir, sorted, NULL-ended; g_strfreev() frees. A directory that cannot
 * be read gives an empty list.
 */
char **lab_conf_names(const char *dir);

#endif
