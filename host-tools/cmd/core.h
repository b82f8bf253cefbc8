/* SPDX-License-Identifier: GPL-2.0-only */
/* The core of a run, for the verbs core and gdb. */
#ifndef VTDLAB_CMD_CORE_H
#define VTDLAB_CMD_CORE_H

#include <glib.h>
#include <stdbool.h>

#include "cmd/core-elf.h"

/*
 * core_make - write the memory of the panicked kernel of run directory @run to @path, whole or not at all.
 * Errors: VTDLAB_ERROR_USAGE (it kept no RAM, or is no run), and as core_elf_write().
 */
bool core_make(const char *run, const char *path, struct core_elf *core, GError **error);

#endif
