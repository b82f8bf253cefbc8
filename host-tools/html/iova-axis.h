/* SPDX-License-Identifier: GPL-2.0-only */
/* An axis for a few pages in 2^57 bytes: the pieces of the address space that hold something, the gaps cut out. */
#ifndef VTDLAB_HTML_IOVA_AXIS_H
#define VTDLAB_HTML_IOVA_AXIS_H

#include <stddef.h>
#include <stdint.h>

#include "iommu/ranges.h"

#define IOVA_PIECES 20

struct iova_axis {
	struct iommu_range piece[IOVA_PIECES];
	int x[IOVA_PIECES], width[IOVA_PIECES]; /* where each is drawn */
	size_t n;
};

/*
 * iova_axis_make - pieces for all that is in @all, drawn from @left to @right with gaps of @gap between them; a piece is
 * as wide as the logarithm of its length asks for. Ranges that are close are one piece; how close, follows from how many
 * there are. Nothing in @all: no pieces.
 */
void iova_axis_make(struct iova_axis *axis, const struct iommu_ranges *all, int left, int right, int gap);

/* iova_axis_x - where @iova, which lies in piece @i, is drawn. */
int iova_axis_x(const struct iova_axis *axis, size_t i, uint64_t iova);

#endif
