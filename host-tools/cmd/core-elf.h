/* SPDX-License-Identifier: GPL-2.0-only */
/* The memory of a panicked kernel as an ELF core, out of a file of the machine's RAM. */
#ifndef VTDLAB_CMD_CORE_ELF_H
#define VTDLAB_CMD_CORE_ELF_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "iommu/mem.h"
#include "iommu/ranges.h"

/* What came of it. */
struct core_elf {
	uint64_t header;   /* physical address of the dump header that kexec had left for the crash kernel */
	uint64_t memory;   /* bytes of the dead kernel's memory */
	unsigned segments; /* PT_LOADs */
};

/*
 * core_elf_write - finds the dump header (what elfcorehdr= names) in @crash, the memory of the crash kernel, and writes
 * what it describes as an ELF core to @out, an empty file: its notes as one PT_NOTE, its PT_LOADs sparse.
 *
 * The header is looked for, and not taken from the command line, so that a crash kernel that never spoke has a core as
 * well. @ram: a file of @layout, untrusted. false: VTDLAB_ERROR_CANNOT_JUDGE (no such header, or what it describes is not
 * RAM), VTDLAB_ERROR_FAILED (the file cannot be read or written).
 */
bool core_elf_write(int ram, const struct iommu_ram_layout *layout, const struct iommu_ranges *crash, int out,
		    struct core_elf *core, GError **error);

#endif
