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
	u64 *copy;		/* the new directory; NULL: there is none */
	bool copying;		/* and nothing has gone wrong yet */
	u64 tables;		/* counted, and not yet copied */
	u64 visits;
	struct kdc_fault f;	/* to return in the end: visiting goes on */
	bool partial;
};

/* What goes wrong ends the copy, not the visits. */
static int fail(struct pasids *p, int error, const char *why)
{
	p->copying = false;
	return kdc_fail(&p->f, error, why, p->dir->root);
}

/* All that is still to come is not visited. */
static int stop(struct pasids *p, int error, const char *why)
{
	p->partial = true;
	return fail(p, error, why);
}

static u32 dir_entries(const struct kdc_entry *dir)
{
	return 1u << dir->pasid_dir_bits;
}

/* A page of old memory, NULL: it is none. What cannot be seen may hold anything. */
static const u64 *old_page(struct pasids *p, u64 pa, const char *outside)
{
	const u64 *page = NULL;

	if (!(pa & kdc_above(&p->c->limits)))
		page = p->c->ops->old_page(p->c->ctx, pa);
	if (!page)
		fail(p, -EUCLEAN, outside);
	if (page != KDC_UNREAD)
		return page;
	stop(p, -EIO, "old memory that cannot be seen");
	return NULL;
}

/* Page of the old directory that holds entry i; NULL: not in old memory. */
static const u64 *dir_page(struct pasids *p, u32 i)
{
	return old_page(p, p->dir->root + i / KDC_PTES * KDC_PAGE_SIZE,
			"PASID directory outside old memory");
}

/*
 * What the copy costs is known before anything is allocated, and set aside:
 * trees that are copied on the way must not use it.
 */
static bool count(struct pasids *p)
{
	u64 pages = 1ull << p->dir->pasid_dir_order;
	const u64 *page = NULL;
	u32 i;

	for (i = 0; i < dir_entries(p->dir); i++) {
		if (!(i % KDC_PTES)) {
			page = dir_page(p, i);
			if (!page)
				return false;
		}
		if (kdc_read(&page[i % KDC_PTES]) & DIR_PRESENT)
			p->tables++;
	}
	if (!kdc_may_copy(p->c, pages + p->tables)) {
		fail(p, -ENOSPC, "memory budget");
		return false;
	}
	p->c->used_pages += pages + p->tables;
	return true;
}

static void new_dir_pages(struct pasids *p, u64 *pa)
{
	u8 order = p->dir->pasid_dir_order;

	if (!count(p))
		return;
	p->copy = p->c->ops->alloc(p->c->ctx, order, pa);
	if (!p->copy) {
		p->c->used_pages -= (1ull << order) + p->tables;
		fail(p, -ENOMEM, "no memory for a PASID directory");
		return;
	}
	memset(p->copy, 0, (size_t)KDC_PAGE_SIZE << order);
	p->copying = true;
}

/* A page for the copy of the table of directory entry i; NULL: it is not copied. */
static u64 *new_table(struct pasids *p, u32 i)
{
	struct kdc *c = p->c;
	u64 *new, pa;

	if (!p->copying)
		return NULL;
	if (!p->tables) {
		fail(p, -ENOSPC, "more PASID tables than were counted");
		return NULL;
	}
	new = c->ops->alloc(c->ctx, 0, &pa);
	if (!new) {
		fail(p, -ENOMEM, "no memory for a PASID table");
		return NULL;
	}
	memset(new, 0, KDC_PAGE_SIZE);
	p->tables--;
	p->copy[i] = pa | DIR_PRESENT;
	return new;
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
			return stop(p, -ENOSPC, "too many PASIDs");
		ret = p->visit(p->arg, first + i, &entry, pe);
		if (ret)
			return stop(p, ret, "ended by the visitor");
		if (to)
			memcpy(&to[i * ENTRY_WORDS], pe, sizeof(pe));
	}
	return 0;
}

/* The table of directory entry i. An error ends it all. */
static int dir_entry(struct pasids *p, u32 i, u64 pde)
{
	struct kdc *c = p->c;
	const u64 *old;
	u64 *new;
	int ret;

	if (!kdc_visit(c, &p->visits))
		return stop(p, -ENOSPC, "too many tables");
	old = old_page(p, pde & KDC_ROOT, "PASID table outside old memory");
	if (!old)
		return 0;
	new = new_table(p, i);
	ret = table(p, i * ENTRIES, old, new);
	if (new && c->ops->flush)
		c->ops->flush(c->ctx, new, 0);
	return ret;
}

static void all(struct pasids *p)
{
	const u64 *page = NULL;
	u64 pde;
	u32 i;

	for (i = 0; i < dir_entries(p->dir); i++) {
		if (!(i % KDC_PTES)) {
			if (!kdc_visit(p->c, &p->visits)) {
				stop(p, -ENOSPC, "too many tables");
				return;
			}
			page = dir_page(p, i);
		}
		pde = page ? kdc_read(&page[i % KDC_PTES]) : 0;
		if ((pde & DIR_PRESENT) && dir_entry(p, i, pde))
			return;
	}
}

int kdc_pasids(struct kdc *c, const struct kdc_entry *dir, bool deep, kdc_visit_pasid visit,
	       void *arg, struct kdc_dir *out)
{
	struct pasids p = { .c = c, .dir = dir, .visit = visit, .arg = arg };
	u8 order = dir->pasid_dir_order;
	u64 pa = 0;

	*out = (struct kdc_dir){ 0 };
	if (dir->kind != KDC_PASID_DIR || dir->pasid_dir_bits > 14 || order > 5)
		return -EINVAL;
	if (deep)
		new_dir_pages(&p, &pa);
	all(&p);
	out->why = p.f.why;
	out->partial = p.partial;
	if (!p.copy)
		return p.f.error;
	c->used_pages -= p.tables;
	if (p.f.error) {
		kdc_free_pasids(c, pa, order);
		return p.f.error;
	}
	if (c->ops->flush)
		c->ops->flush(c->ctx, p.copy, order);
	out->root = pa;
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
