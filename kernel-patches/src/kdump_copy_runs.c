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

int kdc_walk_runs(struct kdc *c, const struct kdc_tree *tree, kdc_visit_run visit, void *arg)
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
