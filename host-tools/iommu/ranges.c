/* SPDX-License-Identifier: GPL-2.0-only */
/* Sorted sets of inclusive address ranges. Sums are guarded: 2^64 - 1 may be a member. */
#include "iommu/ranges.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void iommu_ranges_clear(struct iommu_ranges *set)
{
	free(set->v);
	memset(set, 0, sizeof(*set));
}

static int reserve(struct iommu_ranges *set, size_t n)
{
	size_t cap = set->cap ? set->cap : 8;
	struct iommu_range *v;

	if (n <= set->cap)
		return 0;
	while (cap < n)
		cap *= 2;
	v = realloc(set->v, cap * sizeof(*v));
	if (!v)
		return -ENOMEM;
	set->v = v;
	set->cap = cap;
	return 0;
}

/* Index of the first member whose last address is >= @addr (n if none). */
static size_t first_reaching(const struct iommu_ranges *set, uint64_t addr)
{
	size_t lo = 0, hi = set->n;

	if (hi && set->v[hi - 1].last < addr)
		return hi;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (set->v[mid].last >= addr)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

int iommu_ranges_add(struct iommu_ranges *set, uint64_t start, uint64_t last)
{
	struct iommu_range merged = { start, last };
	size_t from, to;
	int ret;

	if (start > last)
		return -EINVAL;
	ret = reserve(set, set->n + 1);
	if (ret)
		return ret;
	/* Everything that overlaps or touches [start, last] becomes one member. */
	from = first_reaching(set, start ? start - 1 : 0);
	for (to = from; to < set->n; to++) {
		if (last != UINT64_MAX && set->v[to].start > last + 1)
			break;
		if (set->v[to].start < merged.start)
			merged.start = set->v[to].start;
		if (set->v[to].last > merged.last)
			merged.last = set->v[to].last;
	}
	if (set->n > to && to != from + 1)
		memmove(set->v + from + 1, set->v + to, (set->n - to) * sizeof(*set->v));
	set->v[from] = merged;
	set->n -= to - from;
	set->n++;
	return 0;
}

static int copy(const struct iommu_ranges *from, struct iommu_ranges *out)
{
	out->n = 0;
	if (!from->n)
		return 0;
	if (reserve(out, from->n))
		return -ENOMEM;
	memcpy(out->v, from->v, from->n * sizeof(*from->v));
	out->n = from->n;
	return 0;
}

int iommu_ranges_intersect(const struct iommu_ranges *a, const struct iommu_ranges *b, struct iommu_ranges *out)
{
	size_t i = 0, j = 0;

	out->n = 0;
	while (i < a->n && j < b->n) {
		const struct iommu_range *x = &a->v[i], *y = &b->v[j];
		uint64_t start = x->start > y->start ? x->start : y->start;
		uint64_t last = x->last < y->last ? x->last : y->last;

		if (start <= last && iommu_ranges_add(out, start, last))
			return -ENOMEM;
		if (x->last < y->last)
			i++;
		else
			j++;
	}
	return 0;
}

int iommu_ranges_subtract(const struct iommu_ranges *a, const struct iommu_ranges *b, struct iommu_ranges *out)
{
	size_t j = 0;

	if (!b->n)
		return copy(a, out);
	out->n = 0;
	for (size_t i = 0; i < a->n; i++) {
		uint64_t start = a->v[i].start;
		bool used_up = false;

		while (j < b->n && b->v[j].last < start)
			j++;
		for (size_t k = j; k < b->n && b->v[k].start <= a->v[i].last; k++) {
			if (b->v[k].start > start && iommu_ranges_add(out, start, b->v[k].start - 1))
				return -ENOMEM;
			if (b->v[k].last >= a->v[i].last) {
				used_up = true;
				break;
			}
			start = b->v[k].last + 1;
		}
		if (!used_up && iommu_ranges_add(out, start, a->v[i].last))
			return -ENOMEM;
	}
	return 0;
}

uint64_t iommu_ranges_pages(const struct iommu_ranges *set)
{
	uint64_t pages = 0, next = 0;

	for (size_t i = 0; i < set->n; i++) {
		uint64_t first = set->v[i].start >> 12, last = set->v[i].last >> 12;

		if (first < next)
			first = next;
		if (first > last)
			continue;
		pages += last - first + 1;
		next = last + 1;
	}
	return pages;
}

uint64_t iommu_ranges_pages_between(const struct iommu_ranges *set, uint64_t start, uint64_t last)
{
	uint64_t pages = 0;

	for (size_t i = first_reaching(set, start); i < set->n && set->v[i].start <= last; i++) {
		struct iommu_range r = set->v[i];

		if (r.start < start)
			r.start = start;
		if (r.last > last)
			r.last = last;
		if (r.start <= r.last)
			pages += (r.last >> 12) - (r.start >> 12) + 1;
	}
	return pages;
}
