/* SPDX-License-Identifier: GPL-2.0-only */
/* Root tables found in memory of which nothing else is known, as in a dump. */
#ifndef IOMMU_FIND_H
#define IOMMU_FIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What speaks for a page. All entries of its devices are valid ones, at least one device has one, and every table that
 * they name can be read; more than that:
 */
enum iommu_root_proof {
	IOMMU_ROOT_DOUBTFUL,	 /* nothing; its page tables have defects, map nothing, or lead out of RAM */
	IOMMU_ROOT_PASS_THROUGH, /* every device is passed through: there is no page table to hold it to */
	IOMMU_ROOT_MAPPED,	 /* page tables without a defect, and most of what they map is RAM */
};

struct iommu_root {
	uint64_t root;
	unsigned mode; /* as the IOMMU numbers them */
	enum iommu_root_proof proof;
	size_t devices;	    /* with an entry */
	uint64_t defects;   /* of the page tables */
	uint64_t pages;	    /* 4-KiB pages mapped, each run of each tree once, saturating */
	uint64_t ram_pages; /* those that lie in RAM */
};

/* The best of a scan, the best proof first, then the most pages of RAM, then the most devices. */
struct iommu_roots {
	struct iommu_root v[64];
	size_t n;
	bool truncated; /* there was more of them than room, or the scan's limit on table pages was met */
};

#endif
