/* SPDX-License-Identifier: GPL-2.0-only */
/* Two ascending arrays of runs swept side by side, in 4-KiB pages. */
#include "iommu/compare.h"

#include "iommu/mem.h"

/* Position in one array of runs. */
struct cursor {
	const struct iommu_run *run;
	size_t left;
};

/* PA that @run gives @iova. */
static uint64_t pa_at(const struct iommu_run *run, uint64_t iova)
{
	return run->pa_start + (iova - run->iova_start);
}

/* The next stretch at or after @from; false when both sides are used up. */
static bool next_stretch(struct cursor *a, struct cursor *b, uint64_t from, struct iommu_stretch *s)
{
	bool in_a, in_b;

	while (a->left && a->run->iova_last < from)
		a->run++, a->left--;
	while (b->left && b->run->iova_last < from)
		b->run++, b->left--;
	if (!a->left && !b->left)
		return false;
	/* Skip a hole that both sides have. */
	in_a = a->left && a->run->iova_start <= from;
	in_b = b->left && b->run->iova_start <= from;
	if (!in_a && !in_b) {
		from = a->left ? a->run->iova_start : b->run->iova_start;
		if (b->left && b->run->iova_start < from)
			from = b->run->iova_start;
		in_a = a->left && a->run->iova_start == from;
		in_b = b->left && b->run->iova_start == from;
	}
	*s = (struct iommu_stretch){ .start = from, .last = UINT64_MAX };
	if (a->left)
		s->last = in_a ? a->run->iova_last : a->run->iova_start - 1;
	if (b->left && (in_b ? b->run->iova_last : b->run->iova_start - 1) < s->last)
		s->last = in_b ? b->run->iova_last : b->run->iova_start - 1;
	if (in_a)
		s->pa_a = pa_at(a->run, from), s->perm_a = a->run->perm;
	if (in_b)
		s->pa_b = pa_at(b->run, from), s->perm_b = b->run->perm;
	if (!in_b)
		s->kind = IOMMU_DIFF_UNMAPPED;
	else if (!in_a)
		s->kind = IOMMU_DIFF_NEW;
	else if (s->pa_a != s->pa_b)
		s->kind = IOMMU_DIFF_RETARGETED;
	else if (s->perm_a != s->perm_b)
		s->kind = IOMMU_DIFF_PERMISSION;
	else
		s->kind = IOMMU_DIFF_NONE;
	return true;
}

static void add_pages(struct iommu_space_diff *out, const struct iommu_stretch *s)
{
	uint64_t pages = ((s->last - s->start) >> IOMMU_PAGE_SHIFT) + 1;
	uint64_t *to = &out->same;

	if (s->kind == IOMMU_DIFF_UNMAPPED)
		to = &out->unmapped;
	else if (s->kind == IOMMU_DIFF_NEW)
		to = &out->new_pages;
	else if (s->kind == IOMMU_DIFF_RETARGETED)
		to = &out->retargeted;
	else if (s->kind == IOMMU_DIFF_PERMISSION)
		to = &out->permission;
	*to = *to + pages < *to ? UINT64_MAX : *to + pages;
}

bool iommu_compare_runs(const struct iommu_walk *ra, const struct iommu_space *a, const struct iommu_walk *rb,
			const struct iommu_space *b, struct iommu_space_diff *out, uint64_t *steps,
			void (*note)(void *ctx, const struct iommu_space_diff *of, const struct iommu_stretch *s),
			void *ctx)
{
	struct cursor ca = { 0 }, cb = { 0 };
	struct iommu_stretch s, held = { 0 };
	bool enough = true;
	uint64_t from = 0;

	if (a)
		ca.run = iommu_space_runs(ra, a, &ca.left);
	if (b)
		cb.run = iommu_space_runs(rb, b, &cb.left);
	while (next_stretch(&ca, &cb, from, &s)) {
		if (steps && !*steps) {
			enough = false;
			break;
		}
		if (steps)
			--*steps;
		add_pages(out, &s);
		/* Neighbours that differ in the same way make one difference. */
		if (held.kind == s.kind && held.last + 1 == s.start) {
			held.last = s.last;
		} else {
			if (note && held.kind)
				note(ctx, out, &held);
			held = s;
		}
		if (s.last == UINT64_MAX)
			break;
		from = s.last + 1;
	}
	if (note && held.kind)
		note(ctx, out, &held);
	return enough;
}

void iommu_compare_space(const struct iommu_walk *ra, const struct iommu_space *a, const struct iommu_walk *rb,
			 const struct iommu_space *b, struct iommu_space_diff *out)
{
	const struct iommu_space *any = a ? a : b;

	*out = (struct iommu_space_diff){ .in_a = a != NULL, .in_b = b != NULL };
	if (any) {
		out->sid = any->sid;
		out->pasid = any->pasid;
	}
	iommu_compare_runs(ra, a, rb, b, out, NULL, NULL, NULL);
}
