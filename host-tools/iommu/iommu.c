/* SPDX-License-Identifier: GPL-2.0-only */
#include "iommu/iommu.h"

#include <string.h>

static int snapshot_read_page(void *ctx, uint64_t pa, void *buf)
{
	const struct iommu_snapshot *s = ctx;
	size_t lo = 0, hi = s->n_pages;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (s->pages[mid].pa < pa) {
			lo = mid + 1;
		} else if (s->pages[mid].pa > pa) {
			hi = mid;
		} else {
			if (s->pages[mid].data)
				memcpy(buf, s->pages[mid].data, IOMMU_PAGE_SIZE);
			else
				memset(buf, 0, IOMMU_PAGE_SIZE);
			return 0;
		}
	}
	return -1;
}

struct iommu_mem iommu_snapshot_mem(const struct iommu_snapshot *s)
{
	return (struct iommu_mem){ .read_page = snapshot_read_page, .ctx = (void *)(uintptr_t)s };
}

void iommu_walk_free(struct iommu_walk *w)
{
	if (w)
		w->iommu->free_walk(w);
}

void iommu_snapshot_free(struct iommu_snapshot *s)
{
	if (s)
		s->iommu->free_snapshot(s);
}

void iommu_comparison_free(struct iommu_comparison *c)
{
	if (c)
		c->iommu->free_comparison(c);
}
