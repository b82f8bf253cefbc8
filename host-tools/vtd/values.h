/* SPDX-License-Identifier: GPL-2.0-only */
/* What a walk or a comparison found, told to whoever writes it in another format. */
#ifndef VTD_VALUES_H
#define VTD_VALUES_H

#include "iommu/show.h"
#include "vtd/compare.h"
#include "vtd/regs.h"
#include "vtd/walk.h"

/*
 * vtd_tell - the members of an object: contexts with their spaces and (if @runs) runs, IRTEs, defects. @regs may be
 * NULL. Spaces and runs are told up to a limit, and how many were left out.
 */
void vtd_tell(const struct vtd_walk_result *r, const struct vtd_regs *regs, bool runs, const struct iommu_listener *to);

/* vtd_tell_comparison - the same of a comparison: counts, pages by kind and by space, the differences kept. */
void vtd_tell_comparison(const struct vtd_compare *c, const struct iommu_listener *to);

#endif
