/* SPDX-License-Identifier: GPL-2.0-only */
#include "html/iova-axis.h"

#include <math.h>
#include <string.h>

#include "iommu/mem.h"

/* How many pieces there are where gaps of at most @near bytes are no gaps; sets them if there are not too many. */
static size_t cut(struct iova_axis *axis, const struct iommu_ranges *all, uint64_t near)
{
	size_t n = 0;

	for (size_t i = 0; i < all->n; i++) {
		const struct iommu_range *r = &all->v[i];

		if (n && r->start - axis->piece[n - 1].last - 1 <= near) {
			axis->piece[n - 1].last = r->last;
			continue;
		}
		if (n == IOVA_PIECES)
			return n + 1;
		axis->piece[n++] = *r;
	}
	return n;
}

static double weight(const struct iommu_range *piece)
{
	return 4 + log2(1 + (double)((piece->last - piece->start) >> IOMMU_PAGE_SHIFT));
}

void iova_axis_make(struct iova_axis *axis, const struct iommu_ranges *all, int left, int right, int gap)
{
	uint64_t near = 64 * IOMMU_PAGE_SIZE;
	double sum = 0, room;
	int x = left;

	memset(axis, 0, sizeof(*axis));
	while ((axis->n = cut(axis, all, near)) > IOVA_PIECES)
		near = near > UINT64_MAX / 2 ? UINT64_MAX : near * 2;
	for (size_t i = 0; i < axis->n; i++)
		sum += weight(&axis->piece[i]);
	room = right - left - (axis->n ? (int)(axis->n - 1) * gap : 0);
	for (size_t i = 0; i < axis->n; i++) {
		axis->x[i] = x;
		axis->width[i] = (int)(room * weight(&axis->piece[i]) / sum);
		x += axis->width[i] + gap;
	}
}

int iova_axis_x(const struct iova_axis *axis, size_t i, uint64_t iova)
{
	const struct iommu_range *piece = &axis->piece[i];
	double span = (double)(piece->last - piece->start) + 1;

	return axis->x[i] + (int)((double)(iova - piece->start) / span * axis->width[i]);
}
