// SPDX-License-Identifier: GPL-2.0-only
/*
 * Deep copy of VT-d translation tables: trees, found once and copied once.
 *
 * A deep copy is made in three steps. The tables are counted first, so that
 * nothing is allocated that the budget does not allow; then they are copied,
 * each entry read once and judged by what was read; then the ranges are read
 * from the copy, which nobody else writes, and its leaves judged. So memory
 * that changes meanwhile can make the copy fail, but what is copied is always
 * what is reserved. Last, leaves that lead into this kernel's own memory are
 * taken out of the copy; their IOVAs stay in the ranges.
 */
#include "kdump_copy_priv.h"

struct copy {
	struct kdc *c;
	struct kdc_tree *t;
	struct kdc_fault *f;
	struct kdc_rules rules;
	u64 tables;		/* counted: no more than these */
	unsigned int depth;
	struct kdc_frame frames[KDC_LEVELS_MAX];
};

static u64 now(const struct kdc *c)
{
	return c->ops->now ? c->ops->now(c->ctx) : 0;
}

static void flush(const struct kdc *c, const void *page)
{
	if (c->ops->flush)
		c->ops->flush(c->ctx, page, 0);
}

/* A page for the copy of the old table that the entry at where refers to. */
static u64 *new_table(struct copy *y, u64 where, u64 *pa)
{
	struct kdc *c = y->c;
	u64 *page;

	if (y->t->new_tables == y->tables) {
		kdc_fail(y->f, -ENOSPC, "more tables than were counted", where);
		return NULL;
	}
	page = c->ops->alloc(c->ctx, 0, pa);
	if (!page) {
		kdc_fail(y->f, -ENOMEM, "no memory for a table", where);
		return NULL;
	}
	y->t->new_tables++;
	return page;
}

/* A leaf table, judged when the ranges are read from the copy. No memcpy(): memory may change. */
static noinline void copy_leaves(u64 *to, const u64 *from)
{
	const u64 *end = from + KDC_PTES;

	for (; from != end; from += 8, to += 8) {
		to[0] = kdc_read(from);
		to[1] = kdc_read(from + 1);
		to[2] = kdc_read(from + 2);
		to[3] = kdc_read(from + 3);
		to[4] = kdc_read(from + 4);
		to[5] = kdc_read(from + 5);
		to[6] = kdc_read(from + 6);
		to[7] = kdc_read(from + 7);
	}
}

static int copy_table(struct copy *y, struct kdc_frame *f, unsigned int level, u64 pte,
		      u64 pfn, unsigned int index)
{
	u64 where = f->pa + index * sizeof(u64), old_pa = pte & KDC_ADDR, pa;
	struct kdc *c = y->c;
	const u64 *old;
	u64 *new;
	int ret;

	ret = kdc_old_page(c, old_pa, &old, where, y->f);
	if (ret)
		return ret;
	new = new_table(y, where, &pa);
	if (!new)
		return y->f->error;
	f->copy[index] = (pte & ~KDC_ADDR) | pa;
	if (level == 2) {
		copy_leaves(new, old);
		flush(c, new);
		return 0;
	}
	memset(new, 0, KDC_PAGE_SIZE);
	y->frames[y->depth++] = (struct kdc_frame){
		.entries = old, .copy = new, .pa = old_pa, .pfn = pfn,
		.perm = f->perm & pte,
	};
	return 0;
}

static int copy_upper(struct copy *y, struct kdc_frame *f, unsigned int level)
{
	unsigned int index = f->index++;
	u64 pfn = kdc_entry_pfn(&y->rules, f, level, y->depth == 1, index);
	u64 pte = kdc_read(&f->entries[index]);
	const char *why = NULL;

	switch (kdc_classify(&y->rules, pte, pfn, level, f->perm, &why)) {
	case KDC_TABLE:
		return copy_table(y, f, level, pte, pfn, index);
	case KDC_LEAF:
		f->copy[index] = pte;
		return 0;
	case KDC_BAD:
		return kdc_fail(y->f, -EUCLEAN, why, f->pa + index * sizeof(u64));
	default:
		return 0;
	}
}

static int copy_tables(struct copy *y)
{
	struct kdc_tree *t = y->t;
	struct kdc_frame *top = y->frames;
	int ret;

	ret = kdc_old_page(y->c, t->old_root, &top->entries, t->old_root, y->f);
	if (ret)
		return ret;
	top->copy = new_table(y, t->old_root, &t->new_root);
	if (!top->copy)
		return y->f->error;
	memset(top->copy, 0, KDC_PAGE_SIZE);
	top->pa = t->old_root;
	top->perm = KDC_R | KDC_W;
	y->depth = 1;
	while (y->depth && !ret) {
		top = &y->frames[y->depth - 1];
		if (kdc_next_present(&y->rules, top)) {
			ret = copy_upper(y, top, t->levels + 1 - y->depth);
		} else {
			flush(y->c, top->copy);
			y->depth--;
		}
	}
	return ret;
}

/* The pages of a copy, also of one that is not complete: only ours are linked in it. */
static void free_tables(struct kdc *c, struct kdc_tree *t)
{
	struct kdc_frame frames[KDC_LEVELS_MAX], *f = frames;
	struct kdc_rules rules;
	unsigned int depth = 1, level;
	const char *why;
	u64 pte, *page;

	if (!t->new_tables)
		return;
	kdc_rules_own(&rules, t->format);
	page = c->ops->own_page(c->ctx, t->new_root);
	frames[0] = (struct kdc_frame){ .entries = page, .copy = page };
	while (depth) {
		f = &frames[depth - 1];
		level = t->levels + 1 - depth;
		if (!kdc_next_present(&rules, f)) {
			c->ops->free(c->ctx, f->copy, 0);
			depth--;
			continue;
		}
		pte = f->copy[f->index++];
		if (kdc_classify(&rules, pte, 0, level, KDC_R | KDC_W, &why) != KDC_TABLE)
			continue;
		page = c->ops->own_page(c->ctx, pte & KDC_ADDR);
		if (level == 2) {
			c->ops->free(c->ctx, page, 0);
			continue;
		}
		frames[depth] = (struct kdc_frame){ .entries = page, .copy = page };
		depth++;
	}
	c->used_pages -= t->new_tables;
	t->new_tables = 0;
	t->new_root = 0;
}

/*
 * A superpage of 1 GiB becomes a table of smaller ones, so that no more is lost
 * of it than has to be. False: there is no page for that.
 */
static bool split(struct kdc *c, struct kdc_tree *t, u64 *pte)
{
	u64 pa, *page = kdc_may_copy(c, 1) ? c->ops->alloc(c->ctx, 0, &pa) : NULL;
	unsigned int i;

	if (!page)
		return false;
	c->used_pages++;
	t->new_tables++;
	for (i = 0; i < KDC_PTES; i++)
		page[i] = *pte + ((u64)i << 21);
	/* R, W and what is X or U/S; the first stage has A as well. */
	*pte = (*pte & (t->format == KDC_FIRST_STAGE ? 0x27 : 7)) | pa;
	return true;
}

/* Takes the leaves of a table out that lead into this kernel's memory; true if there were any. */
static bool strip_leaves(struct kdc *c, struct kdc_tree *t, u64 *entries, struct kdc_range all)
{
	u64 had = t->own_leaves, pfn;
	unsigned int i;

	for (i = 0; i < KDC_PTES; i++) {
		pfn = (entries[i] & KDC_ADDR) / KDC_PAGE_SIZE;
		/* Hardly any is near it: one comparison for most. */
		if (pfn - all.first > all.last - all.first)
			continue;
		if (!(entries[i] & (KDC_R | KDC_W)) || !kdc_is_own(&c->limits, pfn, 1))
			continue;
		entries[i] = 0;
		t->own_leaves++;
	}
	return t->own_leaves != had;
}

/* The same for an entry that maps a superpage. */
static void strip_superpage(struct kdc *c, struct kdc_tree *t, u64 *pte, unsigned int level)
{
	u64 pages = 1ull << (9 * (level - 1)), pfn = (*pte & KDC_ADDR) / KDC_PAGE_SIZE;

	if (!kdc_is_own(&c->limits, pfn & ~(pages - 1), pages))
		return;
	if (level == 3 && split(c, t, pte))
		return;
	*pte = 0;
	t->own_leaves++;
}

/* From the first of this kernel's pages to the last one; there are some. */
static struct kdc_range own_span(const struct kdc_limits *limits)
{
	struct kdc_range all = limits->own[0];
	u32 i;

	for (i = 1; i < limits->nr_own; i++) {
		if (limits->own[i].first < all.first)
			all.first = limits->own[i].first;
		if (limits->own[i].last > all.last)
			all.last = limits->own[i].last;
	}
	return all;
}

static void strip_own(struct kdc *c, struct kdc_tree *t)
{
	struct kdc_frame frames[KDC_LEVELS_MAX], *f;
	unsigned int depth = 1, level;
	struct kdc_range all;
	struct kdc_rules rules;
	const char *why;
	u64 *pte;

	if (!c->limits.nr_own)
		return;
	all = own_span(&c->limits);
	kdc_rules_own(&rules, t->format);
	*frames = (struct kdc_frame){ .copy = c->ops->own_page(c->ctx, t->new_root) };
	frames->entries = frames->copy;
	while (depth) {
		f = &frames[depth - 1];
		level = t->levels + 1 - depth;
		if (level == 1 || !kdc_next_present(&rules, f)) {
			if (level > 1 || strip_leaves(c, t, f->copy, all))
				flush(c, f->copy);
			depth--;
			continue;
		}
		pte = &f->copy[f->index];
		if (kdc_classify(&rules, *pte, 0, level, KDC_R | KDC_W, &why) == KDC_LEAF)
			strip_superpage(c, t, pte, level);
		f->index++;
		if (kdc_classify(&rules, *pte, 0, level, KDC_R | KDC_W, &why) != KDC_TABLE)
			continue;
		f = &frames[depth++];
		*f = (struct kdc_frame){ .copy = c->ops->own_page(c->ctx, *pte & KDC_ADDR) };
		f->entries = f->copy;
	}
}

/* The copy and the ranges of t; if that fails, there is no copy. */
static int copy_tree(struct kdc *c, struct kdc_tree *t, struct kdc_fault *f)
{
	struct copy y = { .c = c, .t = t, .f = f };
	u64 t0 = now(c), t1;
	int ret;

	kdc_rules_init(&y.rules, &c->limits, t->format);
	ret = kdc_count(c, t, &y.tables, f);
	if (!ret && !kdc_may_copy(c, y.tables))
		ret = kdc_fail(f, -ENOSPC, "memory budget", t->old_root);
	t1 = now(c);
	c->ns_scan += t1 - t0;
	if (ret)
		return ret;
	c->used_pages += y.tables;
	ret = copy_tables(&y);
	c->used_pages -= y.tables - t->new_tables;
	t0 = now(c);
	c->ns_copy += t0 - t1;
	if (!ret)
		ret = kdc_scan(c, t, f);
	if (!ret)
		strip_own(c, t);
	c->ns_scan += now(c) - t0;
	if (ret)
		free_tables(c, t);
	return ret;
}

static struct kdc_tree **bucket(struct kdc *c, u64 root)
{
	u64 page = root / KDC_PAGE_SIZE;

	return &c->hash[(page ^ (page >> 6) ^ (page >> 12)) % ARRAY_SIZE(c->hash)];
}

static struct kdc_tree *find(struct kdc *c, const struct kdc_entry *e)
{
	struct kdc_tree *t = *bucket(c, e->root);

	while (t && (t->old_root != e->root || t->format != e->format || t->levels != e->levels))
		t = t->hash_next;
	return t;
}

static struct kdc_tree *new_tree(struct kdc *c, const struct kdc_entry *e)
{
	struct kdc_tree *t = c->ops->resize(c->ctx, NULL, 0, sizeof(*t)), **head;

	if (!t)
		return NULL;
	memset(t, 0, sizeof(*t));
	t->old_root = e->root;
	t->format = e->format;
	t->levels = e->levels;
	head = bucket(c, e->root);
	t->hash_next = *head;
	*head = t;
	t->next = c->trees;
	if (t->next)
		t->next->prev = t;
	c->trees = t;
	return t;
}

static void destroy_tree(struct kdc *c, struct kdc_tree *t)
{
	struct kdc_tree **at = bucket(c, t->old_root);

	while (*at != t)
		at = &(*at)->hash_next;
	*at = t->hash_next;
	if (t->prev)
		t->prev->next = t->next;
	else
		c->trees = t->next;
	if (t->next)
		t->next->prev = t->prev;
	free_tables(c, t);
	if (t->ranges) {
		u64 bytes = t->ranges_size * sizeof(*t->ranges);

		c->used_pages -= kdc_pages(bytes);
		c->ops->resize(c->ctx, t->ranges, bytes, 0);
	}
	c->ops->resize(c->ctx, t, sizeof(*t), 0);
}

struct kdc_tree *kdc_tree_get(struct kdc *c, const struct kdc_entry *entry, bool deep)
{
	struct kdc_fault f = { 0 }, copying = { 0 };
	struct kdc_tree *t;
	bool scan = false;
	u64 t0;

	/* Only what was decoded from an entry, but the levels are what bounds the stack. */
	if (entry->kind != KDC_TREE || entry->levels < 2 || entry->levels > KDC_LEVELS_MAX)
		return NULL;
	t = find(c, entry);
	if (!t) {
		t = new_tree(c, entry);
		if (!t)
			return NULL;
		scan = true;
	}
	t->users++;
	if (deep && !t->new_root && !t->error)
		scan = copy_tree(c, t, &copying);
	if (scan) {
		t0 = now(c);
		kdc_scan(c, t, &f);
		c->ns_scan += now(c) - t0;
		/* What the old memory holds says more than how far the copy came. */
		if (!f.error)
			f = copying;
		t->error = f.error;
		t->why = f.why;
		t->where = f.where;
	}
	return t;
}

void kdc_tree_unused(struct kdc *c, struct kdc_tree *tree)
{
	if (++tree->unused == tree->users)
		free_tables(c, tree);
}

void kdc_tree_put(struct kdc *c, struct kdc_tree *tree)
{
	if (!--tree->users)
		destroy_tree(c, tree);
}

void kdc_destroy(struct kdc *c)
{
	while (c->trees)
		destroy_tree(c, c->trees);
}
