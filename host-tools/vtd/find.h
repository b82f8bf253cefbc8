/* SPDX-License-Identifier: GPL-2.0-only */
/* Finding root tables in memory of which nothing else is known, as in a dump. */
#ifndef VTD_FIND_H
#define VTD_FIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "iommu/mem.h"
#include "iommu/ranges.h"

/*
 * What speaks for a page. All its root, context and PASID entries are valid ones, at least one device has one, and
 * every table that they name can be read; more than that:
 */
enum vtd_root_proof {
	VTD_ROOT_DOUBTFUL,     /* nothing; its page tables have defects, map nothing, or lead out of RAM */
	VTD_ROOT_PASS_THROUGH, /* every device is passed through: there is no page table to hold it to */
	VTD_ROOT_MAPPED,       /* page tables without a defect, and most of what they map is RAM */
};

struct vtd_root {
	uint64_t root;
	unsigned ttm; /* enum vtd_ttm */
	enum vtd_root_proof proof;
	size_t devices;	    /* with a context entry */
	uint64_t defects;   /* of the page tables */
	uint64_t pages;	    /* 4-KiB pages mapped, each run of each tree once, saturating */
	uint64_t ram_pages; /* those that lie in RAM */
};

/* The best of a scan, the best proof first, then the most pages of RAM, then the most devices. */
struct vtd_roots {
	struct vtd_root v[64];
	size_t n;
	bool truncated; /* there was more of them than room, or the scan's limit on table pages was met */
};

/*
 * vtd_find_roots - look at every page of @pages for a root table, of either mode.
 *
 * @pages: which pages to look at; @ram: what is RAM, for what page tables lead to
 * @max_visits: table pages read in all, 0: 4194304. It bounds what a hostile memory can cost.
 * Returns 0 or -ENOMEM.
 */
int vtd_find_roots(const struct iommu_mem *mem, const struct iommu_ranges *pages, const struct iommu_ranges *ram,
		   uint64_t max_visits, struct vtd_roots *out);

#endif
