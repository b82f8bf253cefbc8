/* SPDX-License-Identifier: GPL-2.0-only */
/* Finding root tables in memory of which nothing else is known, as in a dump. */
#ifndef VTD_FIND_H
#define VTD_FIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "iommu/find.h"
#include "iommu/mem.h"
#include "iommu/ranges.h"

/*
 * vtd_find_roots - look at every page of @pages for a root table, of either mode.
 *
 * @pages: which pages to look at; @ram: what is RAM, for what page tables lead to
 * @max_visits: table pages read in all, 0: 4194304. It bounds what a hostile memory can cost.
 * Returns 0 or -ENOMEM.
 */
int vtd_find_roots(const struct iommu_mem *mem, const struct iommu_ranges *pages, const struct iommu_ranges *ram,
		   uint64_t max_visits, struct iommu_roots *out);

#endif
