/* SPDX-License-Identifier: GPL-2.0-only */
/* A kernel dump (ELF vmcore, kdump-compressed, ...) as a struct iommu_mem, through libkdumpfile. */
#ifndef VTDLAB_CMD_VMCORE_MEM_H
#define VTDLAB_CMD_VMCORE_MEM_H

#include <glib.h>

#include "iommu/mem.h"

struct vmcore;

/*
 * vmcore_open - open a dump for reading by machine-physical address.
 * Returns NULL with @error (VTDLAB_ERROR_USAGE) if @path cannot be opened or is no dump.
 */
struct vmcore *vmcore_open(const char *path, GError **error);

/*
 * vmcore_mem - the dump as memory; pages that it lacks read as outside RAM. @v must outlive the
 * use.
 */
struct iommu_mem vmcore_mem(struct vmcore *v);

/* vmcore_close - close and free; NULL is fine. */
void vmcore_close(struct vmcore *v);

#endif
