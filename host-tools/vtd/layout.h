/* SPDX-License-Identifier: GPL-2.0-only */
/* Tables made up for a measurement. */
#ifndef VTD_LAYOUT_H
#define VTD_LAYOUT_H

#include "iommu/iommu.h"

/*
 * vtd_lay_out - root, context and four-level tables of one device in legacy mode, with 4-KiB leaves from IOVA 0 on.
 *
 * @ram: zeroes, of one page more than is returned, the tables begin in its second; NULL: nothing is written
 * @frame: the page number that a leaf leads to, of the leaf's own
 * @meta: its root, mode and irta are set
 * Returns the number of table pages.
 */
size_t vtd_lay_out(uint64_t *ram, size_t leaves, uint64_t (*frame)(const void *ctx, size_t leaf), const void *ctx,
		   struct iommu_snapshot_meta *meta);

#endif
