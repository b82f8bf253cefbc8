/* SPDX-License-Identifier: GPL-2.0-only */
/* `vtdlab walk` without --root: which tables to walk. */
#ifndef VTDLAB_CMD_WALK_FIND_H
#define VTDLAB_CMD_WALK_FIND_H

#include <glib.h>

#include "vtd/find.h"

/*
 * walk_find - the root tables that are proven to be some, the best first.
 *
 * @ttm: the only mode wanted, or -1
 * Returns false with @error: out of memory (VTDLAB_ERROR_FAILED), or none is proven (VTDLAB_ERROR_CANNOT_JUDGE), which
 * names the best of the doubtful ones.
 */
bool walk_find(const struct iommu_mem *mem, const struct iommu_ranges *pages, const struct iommu_ranges *ram, int ttm,
	       struct vtd_roots *roots, GError **error);

/* walk_find_print - one line on stdout: what proves @root. */
void walk_find_print(const struct vtd_root *root);

#endif
