// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many ranges into an IOVA domain, exactly, in O(log n) each.
 *
 * reserve_iova() visits all nodes for each range; with 100,000 ranges that is
 * minutes. Here the place is found from the root of the tree, and only the
 * gaps between what is already reserved get a node.
 *
 * A node inserted this way need not update the cached nodes of the domain:
 * they say where a search downwards may begin, and a search visits whatever
 * lies below. The anchor above the address space is always there, so that
 * each range has a node after it.
 */
#include <linux/sched.h>

#include "iova-exact.h"

static struct iova *node_iova(struct rb_node *node)
{
	return rb_entry(node, struct iova, node);
}

/* The first node that ends at or above pfn. */
static struct rb_node *first_above(struct iova_domain *iovad, unsigned long pfn)
{
	struct rb_node *node = iovad->rbroot.rb_node, *found = NULL;

	while (node) {
		if (node_iova(node)->pfn_hi >= pfn) {
			found = node;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return found;
}

/* Pfns from lo to hi that lie below 4 GiB. */
static u64 low_pfns(const struct iova_domain *iovad, unsigned long lo, unsigned long hi)
{
	unsigned long end = iovad->dma_32bit_pfn;

	return lo < end ? min(hi, end - 1) - lo + 1 : 0;
}

static int insert_before(struct iova_domain *iovad, struct rb_node *next, unsigned long lo,
			 unsigned long hi, struct iova_exact *x)
{
	struct rb_node **link = &next->rb_left, *parent = next;
	struct iova *new = alloc_iova_mem();

	if (!new && x->use_spares && x->spares)
		new = x->spare[--x->spares];
	if (!new)
		return -ENOMEM;
	while (*link) {
		parent = *link;
		link = &parent->rb_right;
	}
	new->pfn_lo = lo;
	new->pfn_hi = hi;
	rb_link_node(&new->node, parent, link);
	rb_insert_color(&new->node, &iovad->rbroot);
	x->nodes++;
	x->low += low_pfns(iovad, lo, hi);
	return 0;
}

void iova_exact_keep(struct iova_exact *x)
{
	for (; x->spares < IOVA_EXACT_SPARES; x->spares++) {
		x->spare[x->spares] = alloc_iova_mem();
		if (!x->spare[x->spares])
			break;
	}
}

int iova_exact_reserve(struct iova_domain *iovad, unsigned long pfn_lo, unsigned long pfn_hi,
		       struct iova_exact *x)
{
	struct rb_node *next;
	struct iova *taken;
	unsigned long flags;
	int ret = 0;

	spin_lock_irqsave(&iovad->iova_rbtree_lock, flags);
	next = first_above(iovad, pfn_lo);
	for (;;) {
		taken = node_iova(next);
		if (taken->pfn_lo > pfn_lo) {
			ret = insert_before(iovad, next, pfn_lo,
					    min(pfn_hi, taken->pfn_lo - 1), x);
			if (ret || taken->pfn_lo > pfn_hi)
				break;
			pfn_lo = taken->pfn_lo;
		}
		x->overlapped += min(pfn_hi, taken->pfn_hi) - pfn_lo + 1;
		if (taken->pfn_hi >= pfn_hi)
			break;
		pfn_lo = taken->pfn_hi + 1;
		next = rb_next(next);
	}
	spin_unlock_irqrestore(&iovad->iova_rbtree_lock, flags);
	return ret;
}

u64 iova_exact_count(struct iova_domain *iovad, u64 *low_free)
{
	struct rb_node *node;
	struct iova *iova;
	unsigned long flags;
	u64 n = 0;

	*low_free = iovad->dma_32bit_pfn;
	spin_lock_irqsave(&iovad->iova_rbtree_lock, flags);
	for (node = rb_first(&iovad->rbroot); node != &iovad->anchor.node; node = rb_next(node)) {
		iova = node_iova(node);
		*low_free -= low_pfns(iovad, iova->pfn_lo, iova->pfn_hi);
		n++;
	}
	spin_unlock_irqrestore(&iovad->iova_rbtree_lock, flags);
	return n;
}

u64 iova_exact_read(struct iova_domain *iovad, struct iova_span *spans, u64 size)
{
	struct iova_span span = {};
	struct rb_node *node;
	unsigned long flags;
	u64 n = 0, stop;

	do {
		stop = min(size, n + 1024);
		spin_lock_irqsave(&iovad->iova_rbtree_lock, flags);
		node = n ? first_above(iovad, span.hi + 1) : rb_first(&iovad->rbroot);
		for (; n < stop && node != &iovad->anchor.node; node = rb_next(node)) {
			span.lo = node_iova(node)->pfn_lo;
			span.hi = node_iova(node)->pfn_hi;
			spans[n++] = span;
		}
		spin_unlock_irqrestore(&iovad->iova_rbtree_lock, flags);
		cond_resched();
	} while (n == stop && n < size);
	return n;
}
