/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Short-lived private directories (sockets, files of a trial) that do not pile up: the pid of their
 * maker is in their name, and whoever makes one removes those whose maker is gone.
 */
#ifndef VTDLAB_MACHINE_PRIVATE_DIR_H
#define VTDLAB_MACHINE_PRIVATE_DIR_H

#include <glib.h>

/*
 * Makes vtdlab-PID-XXXXXX, mode 0700, in $XDG_RUNTIME_DIR or /tmp: short enough for a socket's path
 * (108 bytes). NULL and VTDLAB_ERROR_FAILED. Free with private_dir_remove().
 */
char *private_dir_make(GError **error);

/* Removes the directory and all that is in it, frees the string. NULL is ignored. */
void private_dir_remove(char *dir);

#endif
