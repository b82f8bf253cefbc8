/* SPDX-License-Identifier: GPL-2.0-only */
/* Comparing mappings: two ascending arrays of runs swept side by side, in 4-KiB pages. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/sid.h"
#include "vtd/compare-internal.h"
#include "iommu/mem.h"

/* A stretch of IOVAs on which both sides are constant. */
struct stretch {
	uint64_t start, last;
	enum vtd_diff_kind kind; /* VTD_DIFF_KINDS: the same on both sides */
	uint64_t pa_a, pa_b;
	uint32_t perm_a, perm_b;
};

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
static bool next_stretch(struct cursor *a, struct cursor *b, uint64_t from, struct stretch *s)
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
	*s = (struct stretch){ .start = from, .last = UINT64_MAX };
	if (a->left)
		s->last = in_a ? a->run->iova_last : a->run->iova_start - 1;
	if (b->left && (in_b ? b->run->iova_last : b->run->iova_start - 1) < s->last)
		s->last = in_b ? b->run->iova_last : b->run->iova_start - 1;
	if (in_a)
		s->pa_a = pa_at(a->run, from), s->perm_a = a->run->perm;
	if (in_b)
		s->pa_b = pa_at(b->run, from), s->perm_b = b->run->perm;
	if (!in_b)
		s->kind = VTD_DIFF_UNMAPPED;
	else if (!in_a)
		s->kind = VTD_DIFF_NEW;
	else if (s->pa_a != s->pa_b)
		s->kind = VTD_DIFF_RETARGETED;
	else if (s->perm_a != s->perm_b)
		s->kind = VTD_DIFF_PERMISSION;
	else
		s->kind = VTD_DIFF_KINDS;
	return true;
}

static void add_pages(struct iommu_space_diff *out, const struct stretch *s)
{
	uint64_t pages = ((s->last - s->start) >> IOMMU_PAGE_SHIFT) + 1;
	uint64_t *to = &out->same;

	if (s->kind == VTD_DIFF_UNMAPPED)
		to = &out->unmapped;
	else if (s->kind == VTD_DIFF_NEW)
		to = &out->new_pages;
	else if (s->kind == VTD_DIFF_RETARGETED)
		to = &out->retargeted;
	else if (s->kind == VTD_DIFF_PERMISSION)
		to = &out->permission;
	*to = *to + pages < *to ? UINT64_MAX : *to + pages;
}

/* Report what has been gathered in @s. */
static void note_stretch(struct comparison *x, const struct iommu_space_diff *of, const struct stretch *s)
{
	struct vtd_diff *d = compare_note(x, s->kind, of->sid, of->pasid);
	char sid[8], pa[5], pb[5], pasid[24] = "", where[64];

	if (!d)
		return;
	d->start = s->start;
	d->last = s->last;
	d->pa_a = s->pa_a;
	d->pa_b = s->pa_b;
	if (of->pasid != IOMMU_NO_PASID)
		snprintf(pasid, sizeof(pasid), " pasid 0x%x", of->pasid);
	snprintf(where, sizeof(where), "0x%" PRIx64 "-0x%" PRIx64, s->start, s->last);
	iommu_perm_text(s->perm_a, pa);
	iommu_perm_text(s->perm_b, pb);
	sid_short(of->sid, sid);
	if (s->kind == VTD_DIFF_UNMAPPED)
		snprintf(d->text, sizeof(d->text), "%s%s: iova %s mapped only before -> 0x%" PRIx64 " %s", sid, pasid,
			 where, s->pa_a, pa);
	else if (s->kind == VTD_DIFF_NEW)
		snprintf(d->text, sizeof(d->text), "%s%s: iova %s mapped only after -> 0x%" PRIx64 " %s", sid, pasid,
			 where, s->pa_b, pb);
	else if (s->kind == VTD_DIFF_RETARGETED)
		snprintf(d->text, sizeof(d->text), "%s%s: iova %s went to 0x%" PRIx64 " %s, now to 0x%" PRIx64 " %s",
			 sid, pasid, where, s->pa_a, pa, s->pa_b, pb);
	else
		snprintf(d->text, sizeof(d->text), "%s%s: iova %s -> 0x%" PRIx64 " was %s, is %s", sid, pasid, where,
			 s->pa_a, pa, pb);
}

void compare_runs(struct comparison *x, const struct vtd_walk_result *ra, const struct iommu_space *a,
		  const struct vtd_walk_result *rb, const struct iommu_space *b, struct iommu_space_diff *out)
{
	struct cursor ca = { 0 }, cb = { 0 };
	struct stretch s, held = { .kind = VTD_DIFF_KINDS };
	uint64_t from = 0;

	if (a)
		ca.run = iommu_space_runs(ra, a, &ca.left);
	if (b)
		cb.run = iommu_space_runs(rb, b, &cb.left);
	while (next_stretch(&ca, &cb, from, &s)) {
		if (x && !x->steps_left--) {
			x->steps_left = 0;
			x->c->truncated = true;
			break;
		}
		add_pages(out, &s);
		/* Neighbours that differ in the same way make one difference. */
		if (held.kind == s.kind && held.last + 1 == s.start) {
			held.last = s.last;
		} else {
			if (x && held.kind != VTD_DIFF_KINDS)
				note_stretch(x, out, &held);
			held = s;
		}
		if (s.last == UINT64_MAX)
			break;
		from = s.last + 1;
	}
	if (x && held.kind != VTD_DIFF_KINDS)
		note_stretch(x, out, &held);
}

void iommu_compare_space(const struct vtd_walk_result *ra, const struct iommu_space *a,
			 const struct vtd_walk_result *rb, const struct iommu_space *b, struct iommu_space_diff *out)
{
	const struct iommu_space *any = a ? a : b;

	*out = (struct iommu_space_diff){ .in_a = a != NULL, .in_b = b != NULL };
	if (any) {
		out->sid = any->sid;
		out->pasid = any->pasid;
	}
	compare_runs(NULL, ra, a, rb, b, out);
}

static uint64_t sum(uint64_t a, uint64_t b)
{
	return a + b < a ? UINT64_MAX : a + b;
}

/*
 * The mappings of a space. Trees are shared by many requesters: a pair of trees that was found
 * equal is not swept again. (Differing ones are: each requester's differences are reported.)
 */
static int compare_mappings(struct comparison *x, const struct iommu_space *a, const struct iommu_space *b,
			    struct iommu_space_diff *out)
{
	struct vtd_compare *c = x->c;
	bool trees = a && b && a->tree < x->a->n_trees && b->tree < x->b->n_trees;
	uint64_t key = trees ? (uint64_t)a->tree << 32 | b->tree : 0;
	uint32_t known = trees ? u64map_get(&x->equal_trees, key) : U64MAP_NONE;

	if (known != U64MAP_NONE) {
		out->same = c->spaces[known].same;
		return 0;
	}
	compare_runs(x, x->a, a, x->b, b, out);
	if (!trees || out->unmapped || out->new_pages || out->retargeted || out->permission)
		return 0;
	return u64map_put(&x->equal_trees, key, (uint32_t)(out - c->spaces));
}

/* One (sid, pasid), packed in @key, that exists on at least one side: 0 or -ENOMEM. */
static int compare_one_space(struct comparison *x, uint64_t key, const struct iommu_space *a,
			     const struct iommu_space *b)
{
	struct vtd_compare *c = x->c;
	struct iommu_space_diff *out = &c->spaces[c->n_spaces];
	char sid[8];
	int ret;

	*out = (struct iommu_space_diff){
		.sid = (uint16_t)(key >> 32), .pasid = (uint32_t)key, .in_a = a != NULL, .in_b = b != NULL
	};
	if (compare_skips(x, out->sid))
		return 0;
	c->n_spaces++;
	if (a && b && a->type != b->type) {
		struct vtd_diff *d = compare_note(x, VTD_DIFF_SPACE_TYPE, out->sid, out->pasid);

		if (d)
			snprintf(d->text, sizeof(d->text), "%s: translation was %s, is %s", sid_short(out->sid, sid),
				 iommu_space_type_name(a->type), iommu_space_type_name(b->type));
	}
	ret = compare_mappings(x, a, b, out);
	c->pages_same = sum(c->pages_same, out->same);
	c->pages_unmapped = sum(c->pages_unmapped, out->unmapped);
	c->pages_new = sum(c->pages_new, out->new_pages);
	c->pages_retargeted = sum(c->pages_retargeted, out->retargeted);
	c->pages_permission = sum(c->pages_permission, out->permission);
	return ret;
}

static uint64_t space_key(const struct iommu_space *s)
{
	return (uint64_t)s->sid << 32 | s->pasid;
}

int compare_spaces(struct comparison *x)
{
	const struct vtd_walk_result *a = x->a, *b = x->b;
	size_t i = 0, j = 0, n = a->n_spaces + b->n_spaces;
	int ret = 0;

	x->c->spaces = calloc(n + 1, sizeof(*x->c->spaces));
	if (!x->c->spaces)
		return -ENOMEM;
	while (!ret && (i < a->n_spaces || j < b->n_spaces)) {
		uint64_t p = i < a->n_spaces ? space_key(&a->spaces[i]) : UINT64_MAX;
		uint64_t q = j < b->n_spaces ? space_key(&b->spaces[j]) : UINT64_MAX;

		ret = compare_one_space(x, p < q ? p : q, p <= q ? &a->spaces[i] : NULL, q <= p ? &b->spaces[j] : NULL);
		i += p <= q;
		j += q <= p;
	}
	return ret;
}
