/* SPDX-License-Identifier: GPL-2.0-only */
/* ELF dumps of x86_64, /proc/vmcore's form, read by ourselves: the file may be anybody's. */
#ifndef VTDLAB_CMD_VMCORE_ELF_H
#define VTDLAB_CMD_VMCORE_ELF_H

#include <glib.h>
#include <stdint.h>

#include "iommu/ranges.h"

struct vmcore_elf;

/*
 * vmcore_elf_open - the dump in the file @fd, which is borrowed and must outlive it.
 *
 * *@ret: 0; -ENOENT if it is no ELF core of x86_64 (somebody else may know it), -EIO if its headers cannot be read, -ENOMEM.
 * NULL unless 0. Source: elf(5), fs/proc/vmcore.c.
 */
struct vmcore_elf *vmcore_elf_open(int fd, int *ret);
void vmcore_elf_free(struct vmcore_elf *e);

/*
 * vmcore_elf_read - the page at @pa: 0, or -1 if the dump does not list it, or it lies beyond the end of the file. What a
 * segment has in memory and not in the file, and what of a page is in no segment, is zero.
 */
int vmcore_elf_read(struct vmcore_elf *e, uint64_t pa, void *buf);

/* vmcore_elf_pages - what it lists; vmcore_elf_lost - what of it lies beyond the end of the file. Borrowed. */
const struct iommu_ranges *vmcore_elf_pages(const struct vmcore_elf *e);
const struct iommu_ranges *vmcore_elf_lost(const struct vmcore_elf *e);

/* vmcore_elf_info - what VMCOREINFO has in its line KEY=; NULL: nothing. Untrusted text; the caller frees it. */
char *vmcore_elf_info(const struct vmcore_elf *e, const char *key);

#endif
