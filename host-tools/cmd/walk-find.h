/* SPDX-License-Identifier: GPL-2.0-only */
/* `vtdlab walk` without --root: which tables to walk. */
#ifndef VTDLAB_CMD_WALK_FIND_H
#define VTDLAB_CMD_WALK_FIND_H

#include <glib.h>

#include "iommu/iommu.h"

/*
 * walk_find - the root tables that are proven to be some, the best first.
 *
 * @mode: the only one wanted, or -1
 * Returns false with @error: out of memory (VTDLAB_ERROR_FAILED), or none is proven (VTDLAB_ERROR_CANNOT_JUDGE), which
 * names the best of the doubtful ones.
 */
bool walk_find(const struct iommu *iommu, const struct iommu_mem *mem, const struct iommu_ranges *pages,
	       const struct iommu_ranges *ram, int mode, struct iommu_roots *roots, GError **error);

/* walk_find_print - one line on stdout: what proves @root. */
void walk_find_print(const struct iommu *iommu, const struct iommu_root *root);

#endif
