// SPDX-License-Identifier: GPL-2.0-only
/*
 * Deep copy of VT-d translation tables: the PASID directory of a requester.
 *
 * VT-d spec 9.5 and 9.6: entries of 8 bytes that refer to pages of 64 PASID
 * entries of 64 bytes.
 */
#include "kdump_copy_priv.h"

#define DIR_PRESENT	BIT_ULL(0)
#define ENTRIES		64u
#define ENTRY_WORDS	8u

struct pasids {
	struct kdc *c;
	const struct kdc_entry *dir;
	kdc_visit_pasid visit;
	void *arg;
	u64 *copy;		/* the new directory; NULL: none is made */
	u64 tables;		/* counted, and not yet copied */
	u64 visits;
	int error;		/* to return in the end, when visiting goes on */
	const char *why;
};

static int fail(struct pasids *p, int error, const char *why)
{
	if (!p->error) {
		p->error = error;
		p->why = why;
	}
	return error;
}

static u32 dir_entries(const struct kdc_entry *dir)
{
	return 1u << dir->pasid_dir_bits;
}

/* Page of the old directory that holds entry i; NULL: not in old memory. */
static const u64 *dir_page(const struct pasids *p, u32 i)
{
	u64 pa = p->dir->root + i / KDC_PTES * KDC_PAGE_SIZE;

	if (pa & kdc_above(&p->c->limits))
		return NULL;
	return p->c->ops->old_page(p->c->ctx, pa);
}

/*
 * What the copy costs is known before anything is allocated, and set aside:
 * trees that are copied on the way must not use it.
 */
static int count(struct pasids *p)
{
	u64 pages = 1ull << p->dir->pasid_dir_order;
	const u64 *page = NULL;
	u32 i;

	for (i = 0; i < dir_entries(p->dir); i++) {
		if (!(i % KDC_PTES)) {
			page = dir_page(p, i);
			if (!page)
				return fail(p, -EUCLEAN, "PASID directory outside old memory");
		}
		if (kdc_read(&page[i % KDC_PTES]) & DIR_PRESENT)
			p->tables++;
	}
	if (!kdc_may_copy(p->c, pages + p->tables))
		return fail(p, -ENOSPC, "memory budget");
	p->c->used_pages += pages + p->tables;
	return 0;
}

static int new_dir_pages(struct pasids *p, u64 *pa)
{
	u8 order = p->dir->pasid_dir_order;
	int ret = count(p);

	if (ret)
		return ret;
	p->copy = p->c->ops->alloc(p->c->ctx, order, pa);
	if (!p->copy) {
		p->c->used_pages -= (1ull << order) + p->tables;
		return fail(p, -ENOMEM, "no memory for a PASID directory");
	}
	memset(p->copy, 0, (size_t)KDC_PAGE_SIZE << order);
	return 0;
}

/* One PASID table: all that is judged, shown and kept is what was read once. */
static int table(struct pasids *p, u32 first, const u64 *from, u64 *to)
{
	struct kdc_entry entry;
	u64 pe[ENTRY_WORDS];
	unsigned int i, k;
	int ret;

	for (i = 0; i < ENTRIES; i++) {
		for (k = 0; k < ENTRY_WORDS; k++)
			pe[k] = kdc_read(&from[i * ENTRY_WORDS + k]);
		kdc_decode_pasid(&p->c->limits, pe, &entry);
		if (entry.kind == KDC_NOT_PRESENT)
			continue;
		if (!kdc_visit(p->c, &p->visits))
			return fail(p, -ENOSPC, "too many PASIDs");
		ret = p->visit(p->arg, first + i, &entry, pe);
		if (ret)
			return fail(p, ret, "ended by the visitor");
		if (to)
			memcpy(&to[i * ENTRY_WORDS], pe, sizeof(pe));
	}
	return 0;
}

/* The table of directory entry i. An error ends it all. */
static int dir_entry(struct pasids *p, u32 i, u64 pde)
{
	struct kdc *c = p->c;
	const u64 *old = NULL;
	u64 *new = NULL, pa;
	int ret;

	if (!kdc_visit(c, &p->visits))
		return fail(p, -ENOSPC, "too many tables");
	if (!(pde & KDC_ROOT & kdc_above(&c->limits)))
		old = c->ops->old_page(c->ctx, pde & KDC_ROOT);
	if (!old) {
		ret = fail(p, -EUCLEAN, "PASID table outside old memory");
		return p->copy ? ret : 0;
	}
	if (p->copy) {
		if (!p->tables)
			return fail(p, -ENOSPC, "more PASID tables than were counted");
		new = c->ops->alloc(c->ctx, 0, &pa);
		if (!new)
			return fail(p, -ENOMEM, "no memory for a PASID table");
		memset(new, 0, KDC_PAGE_SIZE);
		p->tables--;
		p->copy[i] = pa | DIR_PRESENT;
	}
	ret = table(p, i * ENTRIES, old, new);
	if (new && c->ops->flush)
		c->ops->flush(c->ctx, new, 0);
	return ret;
}

static int all(struct pasids *p)
{
	const u64 *page = NULL;
	u32 i;
	u64 pde;
	int ret;

	for (i = 0; i < dir_entries(p->dir); i++) {
		if (!(i % KDC_PTES)) {
			if (!kdc_visit(p->c, &p->visits))
				return fail(p, -ENOSPC, "too many tables");
			page = dir_page(p, i);
			if (!page) {
				ret = fail(p, -EUCLEAN, "PASID directory outside old memory");
				if (p->copy)
					return ret;
			}
		}
		pde = page ? kdc_read(&page[i % KDC_PTES]) : 0;
		if (!(pde & DIR_PRESENT))
			continue;
		ret = dir_entry(p, i, pde);
		if (ret)
			return ret;
	}
	return p->error;
}

int kdc_pasids(struct kdc *c, const struct kdc_entry *dir, bool deep, kdc_visit_pasid visit,
	       void *arg, u64 *new_dir, const char **why)
{
	struct pasids p = { .c = c, .dir = dir, .visit = visit, .arg = arg };
	u8 order = dir->pasid_dir_order;
	u64 pa = 0;
	int ret = 0;

	*new_dir = 0;
	*why = NULL;
	if (dir->kind != KDC_PASID_DIR || dir->pasid_dir_bits > 14 || order > 5)
		return -EINVAL;
	if (deep)
		ret = new_dir_pages(&p, &pa);
	if (!ret)
		ret = all(&p);
	*why = p.why;
	if (!p.copy)
		return ret;
	c->used_pages -= p.tables;
	if (ret) {
		kdc_free_pasids(c, pa, order);
		return ret;
	}
	if (c->ops->flush)
		c->ops->flush(c->ctx, p.copy, order);
	*new_dir = pa;
	return 0;
}

void kdc_free_pasids(struct kdc *c, u64 new_dir, u8 order)
{
	u64 *dir = c->ops->own_page(c->ctx, new_dir);
	u32 i;

	for (i = 0; i < KDC_PTES << order; i++) {
		if (!(dir[i] & DIR_PRESENT))
			continue;
		c->ops->free(c->ctx, c->ops->own_page(c->ctx, dir[i] & KDC_ROOT), 0);
		c->used_pages--;
	}
	c->ops->free(c->ctx, dir, order);
	c->used_pages -= 1ull << order;
}
