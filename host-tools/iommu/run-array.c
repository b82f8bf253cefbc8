/* SPDX-License-Identifier: GPL-2.0-only */
#include "iommu/run-array.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "iommu/model.h"

#define HUGE_PAGE ((size_t)2 << 20)

/* The array that is kept, and its room in runs. */
static struct iommu_run *kept;
static size_t kept_n;

struct iommu_run *iommu_run_array(size_t n)
{
	struct iommu_run *runs = kept;
	size_t bytes;

	if (runs && kept_n >= n) {
		kept = NULL;
		return runs;
	}
	if (n > SIZE_MAX / 2 / sizeof(*runs))
		return NULL;
	bytes = (n * sizeof(*runs) + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);
	runs = aligned_alloc(HUGE_PAGE, bytes);
	if (runs)
		madvise(runs, bytes, MADV_HUGEPAGE);
	return runs;
}

void iommu_run_array_done(struct iommu_run *runs, size_t n)
{
	if (kept && kept_n >= n) {
		free(runs);
		return;
	}
	free(kept);
	kept = runs;
	kept_n = n;
}
