/* SPDX-License-Identifier: GPL-2.0-only */
/* What a walk or a comparison found, told to whoever writes it in another format. */
#ifndef VTD_VALUES_H
#define VTD_VALUES_H

#include "iommu/iommu.h"

/*
 * vtd_tell - the members of an object: contexts with their spaces and (if @runs) runs, IRTEs, defects. @s: whose
 * registers are told, may be NULL. Spaces and runs are told up to a limit, and how many were left out.
 */
void vtd_tell(const struct iommu_walk *w, const struct iommu_snapshot *s, bool runs, const struct iommu_listener *to);

/* vtd_tell_comparison - the same of a comparison: counts, pages by kind and by space, the differences kept. */
void vtd_tell_comparison(const struct iommu_comparison *comparison, const struct iommu_listener *to);

#endif
