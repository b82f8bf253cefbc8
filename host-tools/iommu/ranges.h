/* SPDX-License-Identifier: GPL-2.0-only */
/* Sorted sets of inclusive 64-bit address ranges (IOVAs): add, subtract, intersect, count pages. */
#ifndef IOMMU_RANGES_H
#define IOMMU_RANGES_H

#include <stddef.h>
#include <stdint.h>

/* Both ends included; start <= last. The whole space is { 0, UINT64_MAX }. */
struct iommu_range {
	uint64_t start, last;
};

/*
 * A set. Members v[0..n) are sorted, disjoint and never adjacent (adjacent ranges are merged), so
 * that equal sets have equal arrays. Start with `struct iommu_ranges r = {0};`, end with _clear().
 * Functions that can fail return 0 or -ENOMEM (then the set is unchanged) or -EINVAL (start >
 * last).
 */
struct iommu_ranges {
	struct iommu_range *v;
	size_t n, cap;
};

/* Free the members; the set is empty afterwards and may be used again. */
void iommu_ranges_clear(struct iommu_ranges *set);

/* Add [start, last]. Amortised constant time when ranges come in ascending order. */
int iommu_ranges_add(struct iommu_ranges *set, uint64_t start, uint64_t last);

/*
 * out = a & b, a - b. @out must be another set than @a and @b; its old members are dropped.
 */
int iommu_ranges_intersect(const struct iommu_ranges *a, const struct iommu_ranges *b, struct iommu_ranges *out);
int iommu_ranges_subtract(const struct iommu_ranges *a, const struct iommu_ranges *b, struct iommu_ranges *out);

/*
 * 4-KiB pages touched by the set (a page that is touched partly, or by two members, counts once).
 */
uint64_t iommu_ranges_pages(const struct iommu_ranges *set);

/* Those of them that lie in [start, last], both of which are ends of pages; 0 if start > last. */
uint64_t iommu_ranges_pages_between(const struct iommu_ranges *set, uint64_t start, uint64_t last);

#endif
