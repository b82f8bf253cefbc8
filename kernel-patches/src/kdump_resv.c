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
#include <linux/mm.h>
#include <linux/sched.h>

#include "kdump_internal.h"

#define SPARES		32

/* Under intel_kdump.lock. */
static struct {
	u64 overlapped;
	u64 nodes;
	/* Nodes kept for the one range that must not fail. */
	struct iova *spare[SPARES];
	unsigned int spares;
	bool use_spares;
} resv;

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

static int insert_before(struct iova_domain *iovad, struct rb_node *next, unsigned long lo,
			 unsigned long hi)
{
	struct rb_node **link = &next->rb_left, *parent = next;
	struct iova *new = alloc_iova_mem();

	if (!new && resv.use_spares && resv.spares)
		new = resv.spare[--resv.spares];
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
	resv.nodes++;
	return 0;
}

/*
 * Inclusive. What is already taken counts as overlapped: at the set-up of a
 * domain that is another reservation; later, it may be an IOVA in use.
 */
noinline int intel_kdump_reserve_range(struct iova_domain *iovad, unsigned long pfn_lo,
				       unsigned long pfn_hi)
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
					    min(pfn_hi, taken->pfn_lo - 1));
			if (ret || taken->pfn_lo > pfn_hi)
				break;
			pfn_lo = taken->pfn_lo;
		}
		resv.overlapped += min(pfn_hi, taken->pfn_hi) - pfn_lo + 1;
		if (taken->pfn_hi >= pfn_hi)
			break;
		pfn_lo = taken->pfn_hi + 1;
		next = rb_next(next);
	}
	spin_unlock_irqrestore(&iovad->iova_rbtree_lock, flags);
	return ret;
}

/* Below the anchor, in units of the domain's granule; false: nothing is left. */
static bool range_pfns(struct iova_domain *iovad, const struct kdc_range *range,
		       unsigned long *lo, unsigned long *hi)
{
	unsigned int shift = 12 - iova_shift(iovad);

	if (range->first > range->last || range->first >= ULONG_MAX >> 12)
		return false;
	*lo = range->first << shift;
	*hi = ((min_t(u64, range->last, (ULONG_MAX >> 12) - 1) + 1) << shift) - 1;
	return true;
}

/*
 * No memory for exactness: everything from the first to the last of these
 * ranges is reserved as one.
 */
static void reserve_hull(struct iova_domain *iovad, const struct kdc_range *ranges, u32 nr,
			 struct kdump_device *stat)
{
	struct kdc_range hull = { ranges[0].first, ranges[nr - 1].last };
	unsigned long lo, hi;
	u64 pages = 0;
	u32 i;

	for (i = 0; i < nr; i++)
		pages += ranges[i].last - ranges[i].first + 1;
	stat->pages += pages;
	resv.use_spares = true;
	if (!range_pfns(iovad, &hull, &lo, &hi) || intel_kdump_reserve_range(iovad, lo, hi))
		stat->failed += nr;
	else
		stat->over += hull.last - hull.first + 1 - pages;
	resv.use_spares = false;
}

/* Ascending ranges that do not overlap. */
void intel_kdump_reserve(struct iova_domain *iovad, const struct kdc_range *ranges, u32 nr,
			 struct kdump_device *stat)
{
	const u32 nodes_per_page = PAGE_SIZE / L1_CACHE_ALIGN(sizeof(struct iova));
	unsigned long lo, hi;
	u32 i;

	while (resv.spares < SPARES) {
		resv.spare[resv.spares] = alloc_iova_mem();
		if (!resv.spare[resv.spares])
			break;
		resv.spares++;
	}
	stat->ranges += nr;
	resv.overlapped = 0;
	resv.nodes = 0;
	for (i = 0; i < nr; i++) {
		if (!(i % nodes_per_page)) {
			cond_resched();
			if (!intel_kdump_charge(1))
				break;
		}
		if (!range_pfns(iovad, &ranges[i], &lo, &hi)) {
			stat->failed++;
			continue;
		}
		if (intel_kdump_reserve_range(iovad, lo, hi))
			break;
		stat->pages += ranges[i].last - ranges[i].first + 1;
	}
	if (i < nr)
		reserve_hull(iovad, ranges + i, nr - i, stat);
	stat->overlapped += resv.overlapped;
}

static u64 walk_nodes(struct iova_domain *iovad, struct kdump_span *spans, u64 size)
{
	struct rb_node *node;
	unsigned long flags;
	u64 n = 0;

	spin_lock_irqsave(&iovad->iova_rbtree_lock, flags);
	for (node = rb_first(&iovad->rbroot); node && node != &iovad->anchor.node;
	     node = rb_next(node)) {
		if (n < size) {
			spans[n].lo = node_iova(node)->pfn_lo;
			spans[n].hi = node_iova(node)->pfn_hi;
		}
		n++;
	}
	spin_unlock_irqrestore(&iovad->iova_rbtree_lock, flags);
	return n;
}

/* What is in the domain now, for debugfs; only with memory to spare. */
void intel_kdump_snapshot(struct iova_domain *iovad, struct kdump_device *stat)
{
	u64 nr = walk_nodes(iovad, NULL, 0);

	if (!IS_ENABLED(CONFIG_INTEL_IOMMU_DEBUGFS) || !nr ||
	    !intel_kdump_charge(DIV_ROUND_UP(nr * sizeof(*stat->spans), PAGE_SIZE)))
		return;
	stat->spans = kvmalloc_array(nr, sizeof(*stat->spans), GFP_KERNEL | __GFP_NOWARN);
	if (stat->spans)
		stat->nr_spans = min(nr, walk_nodes(iovad, stat->spans, nr));
}
