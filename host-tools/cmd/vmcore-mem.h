/* SPDX-License-Identifier: GPL-2.0-only */
/* A kernel dump as a struct iommu_mem: an ELF vmcore by ourselves, kdump-compressed and others through libkdumpfile. */
#ifndef VTDLAB_CMD_VMCORE_MEM_H
#define VTDLAB_CMD_VMCORE_MEM_H

#include <glib.h>

#include "iommu/mem.h"
#include "iommu/ranges.h"

struct vmcore;

/*
 * vmcore_open - open a dump for reading by machine-physical address.
 * Returns NULL with @error (VTDLAB_ERROR_USAGE) if @path cannot be opened, is no dump, or one
 * of another architecture.
 */
struct vmcore *vmcore_open(const char *path, GError **error);

/*
 * vmcore_mem - the dump as memory; pages outside RAM cannot be read, and those of RAM that were left out of the
 * dump are zero. @v must outlive the use.
 */
struct iommu_mem vmcore_mem(struct vmcore *v);

/*
 * vmcore_pages - add the pages that the dump holds to @pages, and those of the dumped machine that are RAM to @ram.
 * 0, -ENOENT if it does not list them, -ENOMEM.
 */
int vmcore_pages(struct vmcore *v, struct iommu_ranges *pages, struct iommu_ranges *ram);

/*
 * vmcore_info - the line KEY=... of the VMCOREINFO of the dump, one line of printable text; NULL: there is none. The
 * caller frees it.
 */
char *vmcore_info(struct vmcore *v, const char *key);

/* vmcore_lost - how many reads failed so far of pages that the dump lists: it is cut short, or spoilt. */
uint64_t vmcore_lost(const struct vmcore *v);

/* vmcore_close - close and free; NULL is fine. */
void vmcore_close(struct vmcore *v);

#endif
