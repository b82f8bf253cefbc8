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

static int add_leaf(struct runs *r, enum kdc_format format, u64 iova, u64 pte, unsigned int level,
		    u8 perm)
{
	struct kdc_run leaf = { .iova = iova, .size = 1ull << (12 + 9 * (level - 1)) };

	leaf.pa = pte & KDC_ADDR & ~(leaf.size - 1);
	leaf.read = perm & KDC_R;
	leaf.write = perm & KDC_W;
	leaf.snoop = format == KDC_SECOND_STAGE && (pte & KDC_SNP);
	return add(r, &leaf);
}

static bool take_table(kdc_take_table take, void *arg, const struct kdc_rules *rules,
		       const struct kdc_frame *f)
{
	const struct kdc_table table = {
		.entries = f->entries,
		.iova = f->pfn * KDC_PAGE_SIZE,
		.present = rules->present,
		.perm = f->perm & (KDC_R | KDC_W),
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
			if (level > 2 || !take_table(take, arg, &rules, &frames[depth]))
				depth++;
			break;
		case KDC_LEAF:
			ret = add_leaf(&r, tree->format, pfn * KDC_PAGE_SIZE, pte, level,
				       f->perm & pte);
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

unsigned int kdc_table_write(const struct kdc_table *table, struct kdc_fill *fill)
{
	u64 pte, new, after = fill->after;
	unsigned int i, perm;

	for (i = fill->next; i < KDC_PTES; i++) {
		pte = kdc_read(&table->entries[i]);
		perm = grants(table, pte);
		if (!perm) {
			after = 0;
			continue;
		}
		if (!fill->bits[perm])
			break;
		new = (pte & KDC_ADDR) | fill->bits[perm];
		fill->to[i] = new;
		fill->runs += new != after;
		after = new + KDC_PAGE_SIZE;
		fill->pages++;
	}
	fill->next = i;
	fill->after = after;
	return i < KDC_PTES ? perm : 0;
}
