/* SPDX-License-Identifier: GPL-2.0-only */
/* Arrays for walks that find very many runs. */
#ifndef IOMMU_RUN_ARRAY_H
#define IOMMU_RUN_ARRAY_H

#include <stddef.h>

struct iommu_run;

/*
 * Room for @n runs on huge pages, if the host has them: page faults, and moving an array that grows, would cost more than
 * the walk. Memory is used only as far as runs are written. The array that the last walk gave back is taken again, as the
 * kernel's clearing of new pages is half of what a walk of a million runs costs. Contents are undefined. NULL without
 * memory. For one thread of a process. Give it back with iommu_run_array_done().
 */
struct iommu_run *iommu_run_array(size_t n);

/* @runs is of iommu_run_array(@n) and not needed any more. One array is kept for the next walk, the others are freed. */
void iommu_run_array_done(struct iommu_run *runs, size_t n);

#endif
