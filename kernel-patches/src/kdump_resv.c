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
#define NODES_A_PAGE	(PAGE_SIZE / L1_CACHE_ALIGN(sizeof(struct iova)))
#define LOW_END		(1ul << (32 - PAGE_SHIFT))

/* Under intel_kdump.lock. */
static struct {
	u64 overlapped;
	u64 nodes, low;		/* of the call: made, and pages of them below 4 GiB */
	u64 alive, paid;	/* nodes of all domains, and pages of the budget for them */
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
	if (lo < LOW_END)
		resv.low += min(hi, LOW_END - 1) - lo + 1;
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

/* Takes what was made into account; false if the budget does not hold it. */
static bool pay(struct kdump_domain *d)
{
	d->nodes += resv.nodes;
	d->low_free -= min(d->low_free, resv.low);
	resv.alive += resv.nodes;
	resv.nodes = 0;
	resv.low = 0;
	for (; resv.alive > resv.paid * NODES_A_PAGE; resv.paid++)
		if (!intel_kdump_charge(1, true))
			return false;
	return true;
}

void intel_kdump_unreserve(const struct kdump_domain *d)
{
	resv.alive -= d->nodes;
	for (; resv.paid && resv.alive <= (resv.paid - 1) * NODES_A_PAGE; resv.paid--)
		intel_kdump_refund(1);
}

/*
 * No memory for exactness: the smallest gaps are taken as well, until what is
 * left needs no more than the nodes that are kept for this.
 */
static void reserve_joined(struct kdump_domain *d, const struct kdc_range *ranges, u32 nr,
			   struct kdump_device *stat)
{
	struct kdc_range joined = ranges[0];
	u32 i, from = 0, keep = SPARES / 2;
	struct kdc_joining j;
	unsigned long lo, hi;

	kdc_join_plan(ranges, nr, nr > keep ? nr - keep : 0, &j);
	resv.use_spares = true;
	for (i = 1; i <= nr; i++) {
		stat->pages += ranges[i - 1].last - ranges[i - 1].first + 1;
		if (i < nr && kdc_joins(&j, joined.last, ranges[i].first)) {
			stat->over += ranges[i].first - joined.last - 1;
			joined.last = ranges[i].last;
			continue;
		}
		if (!range_pfns(d->iovad, &joined, &lo, &hi) ||
		    intel_kdump_reserve_range(d->iovad, lo, hi))
			stat->failed += i - from;
		if (i < nr)
			joined = ranges[i];
		from = i;
	}
	resv.use_spares = false;
}

/* Ascending ranges that do not overlap. */
void intel_kdump_reserve(struct kdump_domain *d, const struct kdc_range *ranges, u32 nr,
			 struct kdump_device *stat)
{
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
	for (i = 0; i < nr && pay(d); i++) {
		if (!(i % NODES_A_PAGE))
			cond_resched();
		if (!range_pfns(d->iovad, &ranges[i], &lo, &hi)) {
			stat->failed++;
			continue;
		}
		if (intel_kdump_reserve_range(d->iovad, lo, hi))
			break;
		stat->pages += ranges[i].last - ranges[i].first + 1;
	}
	if (i < nr)
		reserve_joined(d, ranges + i, nr - i, stat);
	pay(d);
	stat->overlapped += resv.overlapped;
}

/* The nodes of a domain, from the lowest on; some at a time, since there may be a million. */
static u64 walk_nodes(struct iova_domain *iovad, struct kdump_span *spans, u64 size)
{
	struct kdump_span span = {};
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

/* Before anything of ours is in it: few nodes, those that every domain has. */
void intel_kdump_domain_init(struct kdump_domain *d, struct iova_domain *iovad)
{
	struct rb_node *node;
	unsigned long flags;
	u64 taken = 0;

	d->iovad = iovad;
	spin_lock_irqsave(&iovad->iova_rbtree_lock, flags);
	for (node = rb_first(&iovad->rbroot); node != &iovad->anchor.node; node = rb_next(node)) {
		d->standing++;
		if (node_iova(node)->pfn_lo < LOW_END)
			taken += min(node_iova(node)->pfn_hi, LOW_END - 1) -
				 node_iova(node)->pfn_lo + 1;
	}
	spin_unlock_irqrestore(&iovad->iova_rbtree_lock, flags);
	d->low_free = LOW_END - taken;
}

/* What is in the domain now, for debugfs; only with memory to spare. */
void intel_kdump_snapshot(const struct kdump_domain *d, struct kdump_device *stat)
{
	u64 nr = d->standing + d->nodes, pages = DIV_ROUND_UP(nr * sizeof(*stat->spans), PAGE_SIZE);

	if (!IS_ENABLED(CONFIG_INTEL_IOMMU_DEBUGFS) || !nr || !intel_kdump_charge(pages, false))
		return;
	stat->spans = kvmalloc_array(nr, sizeof(*stat->spans), GFP_KERNEL | __GFP_NOWARN);
	if (stat->spans)
		stat->nr_spans = walk_nodes(d->iovad, stat->spans, nr);
	stat->span_pages = pages;
}
