/* SPDX-License-Identifier: GPL-2.0-only */
/* The build ID that its linker gave the ELF file of a kernel. */
#ifndef VTDLAB_PREPARE_BUILD_ID_H
#define VTDLAB_PREPARE_BUILD_ID_H

#include <glib.h>
#include <stdbool.h>

/*
 * vmlinux_build_id - the GNU build ID of the ELF file @path in hexadecimal; NULL: it is no such file, or has none.
 * @symbols: set to whether it has a symbol table. The file is untrusted. The caller frees the text.
 */
char *vmlinux_build_id(const char *path, bool *symbols);

#endif
