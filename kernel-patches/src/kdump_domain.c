// SPDX-License-Identifier: GPL-2.0-only
/*
 * Translation tables of a dead kernel: which of them concern a device, and
 * what that means for its new DMA domain.
 *
 * A device's requests may carry the requester id of a bridge, so everything
 * here is about the device and all its DMA aliases. Only what translates
 * requests without a PASID counts: those are what the DMA API makes.
 */
#define pr_fmt(fmt) "DMAR: kdump: " fmt

#include <linux/device.h>
#include <linux/mm.h>
#include <linux/pci.h>
#include <linux/sched.h>
#include <linux/sched/clock.h>
#include <linux/slab.h>

#include "kdump_internal.h"

/* With fewer pages below 4 GiB than these a device with a 32-bit mask is at risk. */
#define LOW_MIN		4096

/* Entries of a device, each tree once, linked by ->picked. */
struct pick {
	struct kdump_unit *unit;
	struct kdump_entry *first;
	bool pass_through;
	u32 pasids;		/* trees of other PASIDs: they end when the device attaches */
	u32 unread;		/* requesters of which the entry that counts was not seen */
};

static int pick_sid(struct pci_dev *pdev, u16 sid, void *arg)
{
	struct kdump_entry *entry, *other;
	bool partial = false, seen = false;
	struct pick *pick = arg;

	list_for_each_entry(entry, &pick->unit->entries, list) {
		if (entry->sid != sid)
			continue;
		pick->pasids += !entry->no_pasid && entry->tree;
		/* A tree that there was no memory for is as good as not seen. */
		partial |= entry->partial ||
			   (entry->no_pasid && entry->e.kind == KDC_TREE && !entry->tree);
		if (!entry->no_pasid)
			continue;
		seen |= entry->tree || entry->e.kind != KDC_TREE;
		/* RAM that is mapped to itself is pass-through by other means. */
		if (entry->e.kind == KDC_PASS_THROUGH || (entry->tree && entry->tree->identity))
			pick->pass_through = true;
		if (!entry->tree)
			continue;
		for (other = pick->first; other; other = other->picked)
			if (other->tree == entry->tree)
				break;
		if (other)
			continue;
		entry->picked = pick->first;
		pick->first = entry;
	}
	pick->unread += partial && !seen;
	return 0;
}

/* False: the dead kernel had nothing for this device. */
static bool pick_entries(struct device *dev, struct pick *pick)
{
	struct device_domain_info *info;
	struct kdump_unit *unit;

	*pick = (struct pick){};
	if (!dev->iommu || !dev->iommu->iommu_dev)
		return false;
	/* Found by its handle: the device may belong to an IOMMU of another kind. */
	list_for_each_entry(unit, &intel_kdump.units, list)
		if (&unit->iommu->iommu == dev->iommu->iommu_dev)
			pick->unit = unit;
	if (!pick->unit)
		return false;
	info = dev_iommu_priv_get(dev);
	if (dev_is_pci(dev))
		pci_for_each_dma_alias(to_pci_dev(dev), pick_sid, pick);
	else if (info)
		pick_sid(NULL, info->bus << 8 | info->devfn, pick);
	return pick->first || pick->pass_through || pick->unread;
}

bool intel_kdump_identity(struct device *dev)
{
	struct pick pick;
	bool identity;

	if (intel_kdump.mode < KDUMP_RESERVE)
		return false;
	mutex_lock(&intel_kdump.lock);
	identity = pick_entries(dev, &pick) && pick.pass_through &&
		   ecap_pass_through(pick.unit->iommu->ecap);
	mutex_unlock(&intel_kdump.lock);
	return identity;
}

/*
 * None by default: a file of the ABI must be complete or silent, VFIO needs none of
 * them since its domains keep nothing mapped, and one page of sysfs does not hold
 * them all. Where a kernel prints more than fits (6.1 without our fix does), a large
 * number shows it.
 */
void intel_kdump_resv_regions(struct device *dev, struct list_head *head)
{
	struct iommu_resv_region *region;
	struct kdump_entry *entry;
	const struct kdc_range *r;
	struct pick pick;
	u64 n = 0;
	u32 i;

	if (intel_kdump.mode < KDUMP_RESERVE || !intel_kdump.max_regions)
		return;
	mutex_lock(&intel_kdump.lock);
	pick_entries(dev, &pick);
	/* The set-up of a DMA domain asks too, just before all ranges are reserved. */
	for (entry = pick.first; entry; entry = entry->picked)
		n += entry->reserved ? entry->tree->nr_ranges : 0;
	for (entry = pick.first; entry && n <= intel_kdump.max_regions; entry = entry->picked) {
		for (i = 0; entry->reserved && i < entry->tree->nr_ranges; i++) {
			r = &entry->tree->ranges[i];
			region = iommu_alloc_resv_region(r->first << 12,
							 (r->last - r->first + 1) << 12, 0,
							 IOMMU_RESV_RESERVED, GFP_KERNEL);
			if (region)
				list_add_tail(&region->list, head);
		}
	}
	mutex_unlock(&intel_kdump.lock);
}

struct graft {
	struct iommu_domain *domain;
	struct kdump_device *stat;
	u64 end;		/* first IOVA that the new domain cannot have */
	bool look;		/* something may be mapped there already */
	struct kdump_link link;
	bool ram_only;		/* what is reserved of an identity tree */
	bool no_memory;
};

static void graft_piece(struct graft *g, u64 iova, u64 pa, u64 size, int prot)
{
	int ret = -ENOMEM;

	if (!g->no_memory)
		ret = kdump_iommu_map(g->domain, iova, pa, size, prot);
	if (!ret)
		g->stat->mapped += size >> PAGE_SHIFT;
	else
		g->stat->graft_failed += size >> PAGE_SHIFT;
	if (ret == -ENOMEM)
		g->no_memory = true;
}

static void graft_part(struct graft *g, const struct kdc_run *run)
{
	int prot = IOMMU_CACHE | (run->read ? IOMMU_READ : 0) | (run->write ? IOMMU_WRITE : 0);
	u64 at, begin, size = run->size, pa, step;

	g->stat->runs++;
	if (run->iova >= g->end || size > g->end - run->iova) {
		/* The new domain has fewer address bits than the old one. */
		at = run->iova >= g->end ? 0 : g->end - run->iova;
		g->stat->graft_failed += (size - at) >> PAGE_SHIFT;
		size = at;
	}
	for (at = begin = 0; (g->look || g->link.touched) && at < size; at += step) {
		cond_resched();
		step = size - at;
		pa = intel_kdump_lookup(g->domain, run->iova + at, &step);
		if (pa == U64_MAX)
			continue;
		if (at > begin)
			graft_piece(g, run->iova + begin, run->pa + begin, at - begin, prot);
		begin = at + step;
		if (pa == run->pa + at)
			g->stat->skipped += step >> PAGE_SHIFT;
		else
			g->stat->graft_failed += step >> PAGE_SHIFT;
	}
	if (size > begin)
		graft_piece(g, run->iova + begin, run->pa + begin, size - begin, prot);
	cond_resched();
}

/*
 * Of an identity tree only what is reserved as the old RAM: beside it the allocator
 * may hand out any IOVA, and to reserve all of the tree could leave none.
 */
static int graft_run(void *arg, const struct kdc_run *run)
{
	unsigned int i, nr = intel_kdump_oldmem_ranges();
	struct kdc_run part = *run;
	struct graft *g = arg;
	u64 first, last, end;

	if (!g->ram_only) {
		graft_part(g, run);
		return 0;
	}
	for (i = 0; i < nr; i++) {
		intel_kdump_oldmem_range(i, &first, &last);
		part.iova = max(run->iova, first << PAGE_SHIFT);
		end = min(run->iova + run->size, (last + 1) << PAGE_SHIFT);
		if (end <= part.iova)
			continue;
		part.pa = run->pa + (part.iova - run->iova);
		part.size = end - part.iova;
		graft_part(g, &part);
	}
	return 0;
}

/* All pages of a table at once, where nothing has to be looked at one by one. */
static bool graft_table(void *arg, const struct kdc_table *table)
{
	struct graft *g = arg;
	bool taken;

	if (g->ram_only || g->no_memory || table->iova >= g->end ||
	    g->end - table->iova < SZ_2M)
		return false;
	taken = intel_kdump_link(g->domain, table, &g->link, g->stat);
	cond_resched();
	return taken;
}

/*
 * Page tables the new domain may need for the mappings of a tree. Where it is
 * the attach that tells it of superpages (6.1, 6.12), it maps small ones here.
 */
static u64 graft_cost(const struct iommu_domain *domain, const struct kdc_tree *tree)
{
	u64 pages = tree->tables + 4;

	if (!(domain->pgsize_bitmap & SZ_2M))
		pages += tree->leaves_2m + 512 * tree->leaves_1g;
	if (!(domain->pgsize_bitmap & SZ_1G))
		pages += tree->leaves_1g;
	return pages;
}

/* There was memory to keep what is done for it: else nothing can be given back. */
static bool is_remembered(const struct kdump_domain *d)
{
	return !list_empty(&d->list);
}

static bool is_grafted(const struct kdump_domain *d, const struct kdc_tree *tree)
{
	const struct kdump_graft *done;

	list_for_each_entry(done, &d->grafts, list)
		if (done->tree == tree)
			return true;
	return false;
}

/* Charged, and remembered as done; false: nothing is to be grafted. */
static bool graft_begin(struct device *dev, struct kdump_domain *d, struct graft *g,
			const struct kdump_entry *entry)
{
	const struct kdc_tree *tree = entry->tree;
	u64 pages = graft_cost(g->domain, tree);
	char who[KDUMP_WHO_SIZE];
	struct kdump_graft *done;

	if (is_grafted(d, tree))
		return false;
	done = is_remembered(d) ? kzalloc_obj(*done) : NULL;
	if ((is_remembered(d) && !done) || !intel_kdump_charge(pages, false)) {
		pr_info("refused %s pasid=%u where=0x%llx why=\"no budget for its mappings (%s)\"\n",
			intel_kdump_who(entry, who), entry->pasid,
			intel_kdump_shown(tree->old_root), dev_name(dev));
		g->stat->graft_failed += tree->leaves_4k + 512 * tree->leaves_2m +
					 512 * 512 * tree->leaves_1g;
		kfree(done);
		return false;
	}
	if (!done)
		return true;
	done->tree = tree;
	done->pages = pages;
	list_add_tail(&done->list, &d->grafts);
	return true;
}

/* What was charged was a guess: as many pages as the domain has more of now are what it costs. */
static void graft_settle(struct kdump_domain *d, struct iommu_domain *domain,
			 const struct kdc_tree *tree, u64 had)
{
	u64 pages = graft_cost(domain, tree), made = intel_kdump_tables(domain) - had;

	if (made < pages)
		intel_kdump_refund(pages - made);
	else if (!intel_kdump_charge(made - pages, false))
		made = pages;
	if (is_remembered(d))
		list_last_entry(&d->grafts, struct kdump_graft, list)->pages = made;
}

static void graft_tree(struct device *dev, struct kdump_domain *d, struct graft *g,
		       const struct kdump_entry *entry)
{
	const struct kdc_tree *tree = entry->tree;
	const struct intel_iommu *iommu = entry->unit->iommu;
	u64 had;

	if (tree->error || !tree->new_root || !graft_begin(dev, d, g, entry))
		return;
	/* Before anything is mapped. What did not snoop does as well then, which harms nobody. */
	if (tree->snoop && ecap_sc_support(iommu->ecap) &&
	    g->domain->ops->enforce_cache_coherency)
		g->domain->ops->enforce_cache_coherency(g->domain);
	g->ram_only = tree->identity;
	g->link = (struct kdump_link){ .touched = g->link.touched };
	had = intel_kdump_tables(g->domain);
	kdc_walk_tables(&intel_kdump.kdc, tree, graft_table, graft_run, g);
	graft_settle(d, g->domain, tree, had);
}

/* Identity was wanted for the device, and not to be had: its old DMA may be anywhere in RAM. */
static void reserve_ram(struct kdump_domain *d, struct kdump_device *stat)
{
	unsigned int i, nr = intel_kdump_oldmem_ranges();
	struct kdc_range range;

	for (i = 0; i < nr; i++) {
		intel_kdump_oldmem_range(i, &range.first, &range.last);
		intel_kdump_reserve(d, &range, 1, stat);
	}
}

/* Is there more in the old tables than the ranges say? */
static bool is_incomplete(const struct kdc_tree *tree)
{
	return tree->unread_pages ||
	       ((tree->error == -ENOSPC || tree->error == -ENOMEM) && !tree->nr_ranges);
}

static void device_reserve(struct device *dev, struct pick *pick, struct kdump_domain *d,
			   struct kdump_device *stat)
{
	struct kdump_entry *entry;
	u64 start = local_clock();

	for (entry = pick->first; entry; entry = entry->picked) {
		if (entry->tree->identity)
			continue;
		entry->reserved = true;
		intel_kdump_reserve(d, entry->tree->ranges, entry->tree->nr_ranges, stat);
		stat->over += entry->tree->over_pages;
		stat->failed += is_incomplete(entry->tree);
	}
	stat->failed += pick->unread;
	if (pick->pass_through)
		reserve_ram(d, stat);
	stat->t_reserve = local_clock() - start;
	kdump_info("reserve dev=%s ranges=%llu pages=%llu overlapped=%llu failed=%llu over=%llu t_ns=%llu\n",
		   dev_name(dev), stat->ranges, stat->pages, stat->overlapped, stat->failed,
		   stat->over, stat->t_reserve);
	/* Late DMA may hit what is mapped here, or devices with a 32-bit mask may get no IOVA. */
	if (stat->failed || d->low_free < LOW_MIN)
		pr_warn("short dev=%s failed=%llu low_free=%llu\n", dev_name(dev), stat->failed,
			d->low_free);
}

/* What an attach of the device by this unit will check. */
static u64 domain_end(const struct iommu_domain *domain, const struct intel_iommu *iommu)
{
	unsigned int width = min_t(unsigned int, 30 + 9 * iommu->agaw, cap_mgaw(iommu->cap));
	u64 end = domain->geometry.aperture_end;

	return end >= 1ULL << width ? 1ULL << width : ALIGN_DOWN(end + 1, PAGE_SIZE);
}

static void device_graft(struct device *dev, struct pick *pick, struct kdump_domain *d,
			 struct iommu_domain *domain, struct kdump_device *stat)
{
	struct graft g = { .domain = domain, .stat = stat, .look = stat->overlapped };
	struct kdump_entry *entry;
	u64 start = local_clock();

	g.end = domain_end(domain, pick->unit->iommu);
	for (entry = pick->first; entry; entry = entry->picked)
		graft_tree(dev, d, &g, entry);
	stat->t_graft = local_clock() - start;
	kdump_info("graft dev=%s runs=%llu pages=%llu skipped=%llu failed=%llu t_ns=%llu\n",
		   dev_name(dev), stat->runs, stat->mapped, stat->skipped, stat->graft_failed,
		   stat->t_graft);
}

/*
 * A device that joins a group which others of it use already: the allocator
 * may hold any IOVA for them in its caches, where no reservation reaches it. If
 * the old mapping were put there, a driver's DMA would go to the dead kernel.
 */
static bool is_live(struct iommu_domain *domain)
{
	return !list_empty(&to_dmar_domain(domain)->devices);
}

/* Does the domain lack what one of the trees maps? */
static bool is_left_out(const struct pick *pick, const struct kdump_domain *d)
{
	const struct kdump_entry *entry;

	for (entry = pick->first; entry; entry = entry->picked)
		if (!is_grafted(d, entry->tree))
			return true;
	return false;
}

static void forget_device(struct kdump_device *stat)
{
	intel_kdump_refund(stat->span_pages);
	list_del(&stat->list);
	kvfree(stat->spans);
	kfree(stat);
}

/* Bookkeeping may fail, the reservation must not for that. */
static struct kdump_domain *find_domain(struct iova_domain *iovad)
{
	static struct kdump_domain spare;
	struct kdump_domain *d;

	list_for_each_entry(d, &intel_kdump.domains, list)
		if (d->iovad == iovad)
			return d;
	d = kzalloc_obj(*d);
	if (d) {
		list_add_tail(&d->list, &intel_kdump.domains);
	} else {
		spare = (struct kdump_domain){};
		d = &spare;
		INIT_LIST_HEAD(&d->list);
	}
	INIT_LIST_HEAD(&d->grafts);
	intel_kdump_domain_init(d, iovad);
	return d;
}

static void take_device(struct device *dev, struct pick *pick, struct kdump_domain *d,
			struct iommu_domain *domain)
{
	struct kdump_device *stat, *next, once = {};

	list_for_each_entry_safe(stat, next, &intel_kdump.devices, list)
		if (stat->domain == d && !strcmp(stat->name, dev_name(dev)))
			forget_device(stat);
	stat = is_remembered(d) ? kzalloc_obj(*stat) : NULL;
	stat = stat ?: &once;
	device_reserve(dev, pick, d, stat);
	if (intel_kdump.mode == KDUMP_DEEP && !is_live(domain))
		device_graft(dev, pick, d, domain, stat);
	else if (intel_kdump.mode == KDUMP_DEEP && is_left_out(pick, d))
		pr_warn("lost dev=%s mappings=1 pasids=0\n", dev_name(dev));
	if (intel_kdump.mode == KDUMP_DEEP && pick->pasids)
		pr_warn("lost dev=%s mappings=0 pasids=%u\n", dev_name(dev), pick->pasids);
	if (stat == &once)
		return;
	strscpy(stat->name, dev_name(dev), sizeof(stat->name));
	stat->domain = d;
	intel_kdump_snapshot(d, stat);
	list_add_tail(&stat->list, &intel_kdump.devices);
}

void intel_kdump_dma_ready(struct iommu_domain *domain, struct device *dev,
			   struct iova_domain *iovad)
{
	struct kdump_domain *d;
	struct pick pick;

	if (intel_kdump.mode < KDUMP_RESERVE)
		return;
	mutex_lock(&intel_kdump.lock);
	d = find_domain(iovad);
	if (pick_entries(dev, &pick))
		take_device(dev, &pick, d, domain);
	mutex_unlock(&intel_kdump.lock);
}

void intel_kdump_dma_gone(struct iommu_domain *domain, struct iova_domain *iovad)
{
	struct kdump_device *stat, *next_stat;
	struct kdump_graft *graft, *next_graft;
	struct kdump_domain *d, *next;

	if (intel_kdump.mode < KDUMP_RESERVE)
		return;
	mutex_lock(&intel_kdump.lock);
	list_for_each_entry_safe(d, next, &intel_kdump.domains, list) {
		if (d->iovad != iovad)
			continue;
		list_for_each_entry_safe(stat, next_stat, &intel_kdump.devices, list)
			if (stat->domain == d)
				forget_device(stat);
		list_for_each_entry_safe(graft, next_graft, &d->grafts, list) {
			intel_kdump_refund(graft->pages);
			list_del(&graft->list);
			kfree(graft);
		}
		intel_kdump_unreserve(d);
		list_del(&d->list);
		kfree(d);
	}
	mutex_unlock(&intel_kdump.lock);
}
