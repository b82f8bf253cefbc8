// SPDX-License-Identifier: GPL-2.0-only
/*
 * Translation tables of a dead kernel: the old ranges, into a DMA domain of this
 * one. Exactly, as long as memory and budget last; then joined at the smallest
 * gaps, with nodes that were kept for it.
 */
#include <linux/mm.h>
#include <linux/sched.h>

#include "kdump_internal.h"

#define NODES_A_PAGE	(PAGE_SIZE / L1_CACHE_ALIGN(sizeof(struct iova)))

/* Under intel_kdump.lock. */
static struct {
	struct iova_exact made;	/* since it was last paid for; overlapped: of the call */
	u64 alive, paid;	/* nodes of all domains, and pages of the budget for them */
} resv;

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
	d->nodes += resv.made.nodes;
	d->low_free -= min(d->low_free, resv.made.low);
	resv.alive += resv.made.nodes;
	resv.made.nodes = 0;
	resv.made.low = 0;
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
	u32 i, from = 0, keep = IOVA_EXACT_SPARES / 2;
	struct kdc_joining j;
	unsigned long lo, hi;

	kdc_join_plan(ranges, nr, nr > keep ? nr - keep : 0, &j);
	resv.made.use_spares = true;
	for (i = 1; i <= nr; i++) {
		stat->pages += ranges[i - 1].last - ranges[i - 1].first + 1;
		if (i < nr && kdc_joins(&j, joined.last, ranges[i].first)) {
			stat->over += ranges[i].first - joined.last - 1;
			joined.last = ranges[i].last;
			continue;
		}
		if (!range_pfns(d->iovad, &joined, &lo, &hi) ||
		    iova_exact_reserve(d->iovad, lo, hi, &resv.made))
			stat->failed += i - from;
		if (i < nr)
			joined = ranges[i];
		from = i;
	}
	resv.made.use_spares = false;
}

/* Ascending ranges that do not overlap. */
void intel_kdump_reserve(struct kdump_domain *d, const struct kdc_range *ranges, u32 nr,
			 struct kdump_device *stat)
{
	unsigned long lo, hi;
	u32 i;

	iova_exact_keep(&resv.made);
	stat->ranges += nr;
	resv.made.overlapped = 0;
	for (i = 0; i < nr && pay(d); i++) {
		if (!(i % NODES_A_PAGE))
			cond_resched();
		if (!range_pfns(d->iovad, &ranges[i], &lo, &hi)) {
			stat->failed++;
			continue;
		}
		if (iova_exact_reserve(d->iovad, lo, hi, &resv.made))
			break;
		stat->pages += ranges[i].last - ranges[i].first + 1;
	}
	if (i < nr)
		reserve_joined(d, ranges + i, nr - i, stat);
	pay(d);
	stat->overlapped += resv.made.overlapped;
}

/* Before anything of ours is in it: few nodes, those that every domain has. */
void intel_kdump_domain_init(struct kdump_domain *d, struct iova_domain *iovad)
{
	d->iovad = iovad;
	d->standing = iova_exact_count(iovad, &d->low_free);
}

/* What is in the domain now, for debugfs; only with memory to spare. */
void intel_kdump_snapshot(const struct kdump_domain *d, struct kdump_device *stat)
{
	u64 nr = d->standing + d->nodes, pages = DIV_ROUND_UP(nr * sizeof(*stat->spans), PAGE_SIZE);

	if (!IS_ENABLED(CONFIG_INTEL_IOMMU_DEBUGFS) || !nr || !intel_kdump_charge(pages, false))
		return;
	stat->spans = kvmalloc_array(nr, sizeof(*stat->spans), GFP_KERNEL | __GFP_NOWARN);
	if (stat->spans)
		stat->nr_spans = iova_exact_read(d->iovad, stat->spans, nr);
	stat->span_pages = pages;
}
