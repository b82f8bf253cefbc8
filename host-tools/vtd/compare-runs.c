/* SPDX-License-Identifier: GPL-2.0-only */
/* Comparing mappings: the spaces of both sides, and the words for what differs in their runs. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/sid.h"
#include "vtd/compare-internal.h"

/* Report what differs on @s. */
static void note_stretch(void *x, const struct iommu_space_diff *of, const struct iommu_stretch *s)
{
	enum vtd_diff_kind kind = VTD_DIFF_UNMAPPED + (s->kind - IOMMU_DIFF_UNMAPPED);
	struct vtd_diff *d = compare_note(x, kind, of->sid, of->pasid);
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
	if (s->kind == IOMMU_DIFF_UNMAPPED)
		snprintf(d->text, sizeof(d->text), "%s%s: iova %s mapped only before -> 0x%" PRIx64 " %s", sid, pasid,
			 where, s->pa_a, pa);
	else if (s->kind == IOMMU_DIFF_NEW)
		snprintf(d->text, sizeof(d->text), "%s%s: iova %s mapped only after -> 0x%" PRIx64 " %s", sid, pasid,
			 where, s->pa_b, pb);
	else if (s->kind == IOMMU_DIFF_RETARGETED)
		snprintf(d->text, sizeof(d->text), "%s%s: iova %s went to 0x%" PRIx64 " %s, now to 0x%" PRIx64 " %s",
			 sid, pasid, where, s->pa_a, pa, s->pa_b, pb);
	else
		snprintf(d->text, sizeof(d->text), "%s%s: iova %s -> 0x%" PRIx64 " was %s, is %s", sid, pasid, where,
			 s->pa_a, pa, pb);
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
	bool trees = a && b && a->tree < x->a->base.n_trees && b->tree < x->b->base.n_trees;
	uint64_t key = trees ? (uint64_t)a->tree << 32 | b->tree : 0;
	uint32_t known = trees ? u64map_get(&x->equal_trees, key) : U64MAP_NONE;

	if (known != U64MAP_NONE) {
		out->same = c->spaces[known].same;
		return 0;
	}
	if (!iommu_compare_runs(&x->a->base, a, &x->b->base, b, out, &x->steps_left, note_stretch, x))
		c->truncated = true;
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
	size_t i = 0, j = 0, n = a->base.n_spaces + b->base.n_spaces;
	int ret = 0;

	x->c->spaces = calloc(n + 1, sizeof(*x->c->spaces));
	if (!x->c->spaces)
		return -ENOMEM;
	while (!ret && (i < a->base.n_spaces || j < b->base.n_spaces)) {
		uint64_t p = i < a->base.n_spaces ? space_key(&a->base.spaces[i]) : UINT64_MAX;
		uint64_t q = j < b->base.n_spaces ? space_key(&b->base.spaces[j]) : UINT64_MAX;

		ret = compare_one_space(x, p < q ? p : q, p <= q ? &a->base.spaces[i] : NULL,
					q <= p ? &b->base.spaces[j] : NULL);
		i += p <= q;
		j += q <= p;
	}
	return ret;
}
