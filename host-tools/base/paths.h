/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where things are: the lab's root, that scripts and scenarios are read from, and the user's cache.
 *
 * The root is the source tree, or PREFIX/lib/vtdlab where the program is installed: $VTDLAB_ROOT if set; else the first
 * directory above the running program that holds scenarios/ and scripts/, or has a lib/vtdlab that does; else the current
 * directory.
 */
#ifndef VTDLAB_BASE_PATHS_H
#define VTDLAB_BASE_PATHS_H

#include <glib.h>
#include <stdbool.h>

/* lab_complete - are there scenarios and scripts in the root? If not, the program was copied without its data. */
bool lab_complete(void);

/* lab_is_source - is the root a source tree, which keeps what is built and what runs leave? */
bool lab_is_source(void);

/*
 * lab_results - where runs go unless --results says otherwise: results/ of a source tree, else vtdlab/results in
 * $XDG_DATA_HOME (~/.local/share). @below: a name in there, or NULL. Not created here. The caller frees it.
 */
char *lab_results(const char *below);

/* lab_doc - a page of docs/, as a user finds it: below the source tree, or where it is installed. Free with g_free(). */
char *lab_doc(const char *page);

/* lab_path - a path below the root (absolute), joined from its parts (NULL-ended). The caller frees it. */
char *lab_path(const char *first, ...) G_GNUC_NULL_TERMINATED;

/* lab_named - is @name, which is no path, that of a file @name@suffix in the folder @folder of the tree? */
bool lab_named(const char *folder, const char *name, const char *suffix);

/*
 * lab_program - the path of the running program, to be run again; also when it was replaced there meanwhile, by a build or
 * an upgrade. NULL without /proc. The caller frees it.
 */
char *lab_program(void);

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
