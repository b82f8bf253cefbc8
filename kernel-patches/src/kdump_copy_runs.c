// SPDX-License-Identifier: GPL-2.0-only
/* Deep copy of VT-d translation tables: what a copied tree translates, as runs. */
#include "kdump_copy_priv.h"

struct runs {
	kdc_visit_run visit;
	void *arg;
	struct kdc_run run;	/* not yet visited; size 0: none */
};

static int add(struct runs *r, const struct kdc_run *leaf)
{
	struct kdc_run *run = &r->run;
	int ret = 0;

	if (run->size && run->iova + run->size == leaf->iova && run->pa + run->size == leaf->pa &&
	    run->read == leaf->read && run->write == leaf->write && run->snoop == leaf->snoop) {
		run->size += leaf->size;
		return 0;
	}
	if (run->size)
		ret = r->visit(r->arg, run);
	*run = *leaf;
	return ret;
}

/* Entries of a lowest table that only go on with the one before them, from this one on. */
static unsigned int alike(struct kdc_frame *f, u64 pte)
{
	const u64 *at = f->entries + f->index, *end = f->entries + KDC_PTES, *from = at;

	while (at != end && kdc_read(at) == (pte += KDC_PAGE_SIZE))
		at++;
	return at - from;
}

static int add_leaf(struct runs *r, enum kdc_format format, u64 iova, u64 pte, unsigned int level,
		    struct kdc_frame *f)
{
	struct kdc_run leaf = { .iova = iova, .size = 1ull << (12 + 9 * (level - 1)) };
	u8 perm = f->perm & pte;
	unsigned int more;

	leaf.pa = pte & KDC_ADDR & ~(leaf.size - 1);
	if (level == 1) {
		more = alike(f, pte);
		f->index += more;
		leaf.size += more * KDC_PAGE_SIZE;
	}
	leaf.read = perm & KDC_R;
	leaf.write = perm & KDC_W;
	leaf.snoop = format == KDC_SECOND_STAGE && (pte & KDC_SNP);
	return add(r, &leaf);
}

static bool take_table(kdc_take_table take, void *arg, const struct kdc_tree *tree,
		       const struct kdc_rules *rules, const struct kdc_frame *f)
{
	const struct kdc_table table = {
		.entries = f->entries,
		.iova = f->pfn * KDC_PAGE_SIZE,
		.present = rules->present,
		.perm = f->perm & (KDC_R | KDC_W),
		.alike = tree->alike,
	};

	return take && take(arg, &table);
}

int kdc_walk_tables(struct kdc *c, const struct kdc_tree *tree, kdc_take_table take,
		    kdc_visit_run visit, void *arg)
{
	struct runs r = { .visit = visit, .arg = arg };
	struct kdc_frame frames[KDC_LEVELS_MAX], *f = frames;
	unsigned int depth = 1, level, index;
	struct kdc_rules rules;
	const char *why;
	int ret = 0;
	u64 pte, pfn;

	if (!tree->new_root)
		return -EINVAL;
	kdc_rules_own(&rules, tree->format);
	*f = (struct kdc_frame){ .perm = KDC_R | KDC_W };
	f->entries = c->ops->own_page(c->ctx, tree->new_root);
	while (depth && !ret) {
		f = &frames[depth - 1];
		level = tree->levels + 1 - depth;
		if (!kdc_next_present(&rules, f)) {
			depth--;
			continue;
		}
		index = f->index++;
		pte = kdc_read(&f->entries[index]);
		pfn = kdc_entry_pfn(&rules, f, level, depth == 1, index);
		switch (kdc_classify(&rules, pte, pfn, level, f->perm, &why)) {
		case KDC_TABLE:
			frames[depth] = (struct kdc_frame){ .pfn = pfn, .perm = f->perm & pte };
			frames[depth].entries = c->ops->own_page(c->ctx, pte & KDC_ADDR);
			if (level > 2 || !take_table(take, arg, tree, &rules, &frames[depth]))
				depth++;
			break;
		case KDC_LEAF:
			ret = add_leaf(&r, tree->format, pfn * KDC_PAGE_SIZE, pte, level, f);
			break;
		default:
			break;
		}
	}
	if (!ret && r.run.size)
		ret = visit(arg, &r.run);
	return ret;
}

int kdc_walk_runs(struct kdc *c, const struct kdc_tree *tree, kdc_visit_run visit, void *arg)
{
	return kdc_walk_tables(c, tree, NULL, visit, arg);
}

/* What an entry grants; 0: as good as absent, see kdc_classify(). */
static unsigned int grants(const struct kdc_table *table, u64 pte)
{
	return pte & table->present ? pte & table->perm : 0;
}

static __always_inline unsigned int copy_one(const u64 *from, u64 *to)
{
	u64 pte = kdc_read(from);

	*to = pte;
	return !!pte;
}

/* All entries as they are; how many there are. No memcpy(): it does not count them. */
static noinline unsigned int copy_all(const u64 *from, u64 *to)
{
	const u64 *end = from + KDC_PTES;
	unsigned int n = 0;

	for (; from != end; from += 8, to += 8) {
		n += copy_one(from, to);
		n += copy_one(from + 1, to + 1);
		n += copy_one(from + 2, to + 2);
		n += copy_one(from + 3, to + 3);
		n += copy_one(from + 4, to + 4);
		n += copy_one(from + 5, to + 5);
		n += copy_one(from + 6, to + 6);
		n += copy_one(from + 7, to + 7);
	}
	return n;
}

/* What the loop over a table needs, so that it can stay in registers. */
struct fill_loop {
	u64 present, flip, any, all, absent;
};

static __always_inline void fill_one(struct fill_loop *l, const u64 *from, u64 *to)
{
	u64 pte = kdc_read(from);

	if (!(pte & l->present)) {
		*to = 0;
		l->absent++;
		return;
	}
	l->any |= pte;
	l->all &= pte;
	*to = pte ^ l->flip;
}

/*
 * A table whose entries are all absent or, but for the address, like this one.
 * False: there are others, and nothing is written.
 */
static noinline bool write_alike(const struct kdc_table *table, struct kdc_fill *fill, u64 like)
{
	struct fill_loop l = {
		.present = table->present,
		.all = U64_MAX,
		.flip = (like & ~KDC_ADDR) ^ fill->bits[grants(table, like)],
	};
	const u64 *from = table->entries, *end = from + KDC_PTES;
	u64 *to = fill->to;

	for (; from != end; from += 8, to += 8) {
		fill_one(&l, from, to);
		fill_one(&l, from + 1, to + 1);
		fill_one(&l, from + 2, to + 2);
		fill_one(&l, from + 3, to + 3);
		fill_one(&l, from + 4, to + 4);
		fill_one(&l, from + 5, to + 5);
		fill_one(&l, from + 6, to + 6);
		fill_one(&l, from + 7, to + 7);
	}
	if ((l.any ^ l.all) & ~KDC_ADDR) {
		memset(fill->to, 0, KDC_PAGE_SIZE);
		return false;
	}
	fill->pages = KDC_PTES - l.absent;
	fill->next = KDC_PTES;
	return true;
}

unsigned int kdc_table_write(const struct kdc_table *table, struct kdc_fill *fill)
{
	bool tried = fill->pages;
	unsigned int i, perm;
	u64 pte;

	/* As this kernel writes them itself, and so they are in most tables of most machines. */
	if (table->alike && fill->to && fill->bits[grants(table, table->alike)] == table->alike) {
		fill->pages = copy_all(table->entries, fill->to);
		fill->next = KDC_PTES;
		return 0;
	}
	for (i = fill->next; i < KDC_PTES; i++) {
		pte = kdc_read(&table->entries[i]);
		perm = grants(table, pte);
		if (perm && !fill->bits[perm]) {
			fill->next = i;
			return perm;
		}
		if (perm && !tried && write_alike(table, fill, pte))
			return 0;
		tried |= perm;
		if (fill->to)
			fill->to[i] = perm ? (pte & KDC_ADDR) | fill->bits[perm] : 0;
		fill->pages += !!perm;
	}
	fill->next = i;
	return 0;
}
