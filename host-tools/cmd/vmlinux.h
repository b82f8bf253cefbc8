/* SPDX-License-Identifier: GPL-2.0-only */
/* The ELF file of a kernel, told by the build ID that its linker gave it. */
#ifndef VTDLAB_CMD_VMLINUX_H
#define VTDLAB_CMD_VMLINUX_H

#include <glib.h>
#include <stdbool.h>

#include "prepare/build-id.h"

/*
 * vmlinux_find - the file of the kernel with this build ID: the one that has symbols, if there is one.
 *
 * @spec: what the run was told to boot; NULL: not known. Looked through are it, where kernels are built (the cache's
 * lab/), /usr/lib/debug, and what the images in the cache carry, in this order.
 * NULL: none. The caller frees the path.
 */
char *vmlinux_find(const char *build_id, const char *spec, bool *symbols);

#endif
