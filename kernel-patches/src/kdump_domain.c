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

/*
 * How many of a device to show as reserved regions: one page of sysfs holds
 * that many, with room for what else is reserved. Where the kernel prints more
 * than fits (6.1 without our fix does), a larger number shows it.
 */
static unsigned int max_regions = 64;

core_param(intel_iommu_kdump_regions, max_regions, uint, 0444);

/* Entries of a device, each tree once, linked by ->picked. */
struct pick {
	struct kdump_unit *unit;
	struct kdump_entry *first;
	bool pass_through;
};

static int pick_sid(struct pci_dev *pdev, u16 sid, void *arg)
{
	struct kdump_entry *entry, *other;
	struct pick *pick = arg;

	list_for_each_entry(entry, &pick->unit->entries, list) {
		if (entry->sid != sid || !entry->no_pasid)
			continue;
		if (entry->e.kind == KDC_PASS_THROUGH)
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
	return pick->first || pick->pass_through;
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

void intel_kdump_resv_regions(struct device *dev, struct list_head *head)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(dev);
	bool soon = domain && (domain->type & __IOMMU_DOMAIN_DMA_API);
	struct iommu_resv_region *region;
	struct kdump_entry *entry;
	const struct kdc_range *r;
	unsigned int n = 0;
	struct pick pick;
	u32 i;

	if (intel_kdump.mode < KDUMP_RESERVE)
		return;
	mutex_lock(&intel_kdump.lock);
	pick_entries(dev, &pick);
	for (entry = pick.first; entry; entry = entry->picked) {
		/* The set-up of a DMA domain asks too, just before all ranges are reserved. */
		if (soon && !entry->reserved)
			continue;
		for (i = 0; i < entry->tree->nr_ranges && n < max_regions; i++, n++) {
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
	bool no_memory;
};

/*
 * Where iova leads in the domain, U64_MAX: nowhere. Asked for its second
 * byte, since the answer 0 may be an address or none.
 */
static u64 leads_to(struct iommu_domain *domain, u64 iova)
{
	return (u64)iommu_iova_to_phys(domain, iova + 1) - 1;
}

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

static int graft_run(void *arg, const struct kdc_run *run)
{
	int prot = IOMMU_CACHE | (run->read ? IOMMU_READ : 0) | (run->write ? IOMMU_WRITE : 0);
	u64 at, begin, size = run->size, pa;
	struct graft *g = arg;
	u64 end = g->domain->geometry.aperture_end;

	g->stat->runs++;
	if (run->iova > end || size - 1 > end - run->iova) {
		/* The new domain has fewer address bits than the old one. */
		at = run->iova > end ? 0 : ALIGN_DOWN(end - run->iova + 1, PAGE_SIZE);
		g->stat->graft_failed += (size - at) >> PAGE_SHIFT;
		size = at;
	}
	for (at = begin = 0; at < size; at += PAGE_SIZE) {
		pa = leads_to(g->domain, run->iova + at);
		if (pa == U64_MAX)
			continue;
		if (at > begin)
			graft_piece(g, run->iova + begin, run->pa + begin, at - begin, prot);
		begin = at + PAGE_SIZE;
		if (pa == run->pa + at)
			g->stat->skipped++;
		else
			g->stat->graft_failed++;
	}
	if (size > begin)
		graft_piece(g, run->iova + begin, run->pa + begin, size - begin, prot);
	cond_resched();
	return 0;
}

/*
 * Page tables the new domain may need for the mappings of a tree. Before 6.3
 * or so it knows no superpages as long as it is not attached.
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

static void graft_tree(struct device *dev, struct graft *g, const struct kdump_entry *entry)
{
	const struct kdc_tree *tree = entry->tree;
	char who[KDUMP_WHO_SIZE];

	if (tree->error || !tree->new_root)
		return;
	if (!intel_kdump_charge(graft_cost(g->domain, tree))) {
		pr_info("refused %s pasid=%u where=0x%llx why=\"no budget for its mappings in the domain of %s\"\n",
			intel_kdump_who(entry, who), entry->pasid, tree->old_root, dev_name(dev));
		g->stat->graft_failed += tree->leaves_4k + 512 * tree->leaves_2m +
					 512 * 512 * tree->leaves_1g;
		return;
	}
	kdc_walk_runs(&intel_kdump.kdc, tree, graft_run, g);
}

/* Identity was wanted for the device, and not to be had: its old DMA may be anywhere in RAM. */
static void reserve_ram(struct iova_domain *iovad, struct kdump_device *stat)
{
	unsigned int i, nr = intel_kdump_oldmem_ranges();
	struct kdc_range range;

	for (i = 0; i < nr; i++) {
		intel_kdump_oldmem_range(i, &range.first, &range.last);
		intel_kdump_reserve(iovad, &range, 1, stat);
	}
}

static void device_reserve(struct device *dev, struct pick *pick, struct iova_domain *iovad,
			   struct kdump_device *stat)
{
	struct kdump_entry *entry;
	u64 start = local_clock();

	for (entry = pick->first; entry; entry = entry->picked) {
		intel_kdump_reserve(iovad, entry->tree->ranges, entry->tree->nr_ranges, stat);
		stat->over += entry->tree->over_pages;
		entry->reserved = true;
	}
	if (pick->pass_through)
		reserve_ram(iovad, stat);
	stat->t_reserve = local_clock() - start;
	pr_info("reserve dev=%s ranges=%llu pages=%llu overlapped=%llu failed=%llu over=%llu t_ns=%llu\n",
		dev_name(dev), stat->ranges, stat->pages, stat->overlapped, stat->failed,
		stat->over, stat->t_reserve);
}

static void device_graft(struct device *dev, struct pick *pick, struct iommu_domain *domain,
			 struct kdump_device *stat)
{
	struct graft g = { .domain = domain, .stat = stat };
	struct kdump_entry *entry;
	u64 start = local_clock();

	for (entry = pick->first; entry; entry = entry->picked)
		graft_tree(dev, &g, entry);
	stat->t_graft = local_clock() - start;
	pr_info("graft dev=%s runs=%llu pages=%llu skipped=%llu failed=%llu t_ns=%llu\n",
		dev_name(dev), stat->runs, stat->mapped, stat->skipped, stat->graft_failed,
		stat->t_graft);
}

void intel_kdump_dma_domain(struct device *dev, struct iommu_domain *domain,
			    struct iova_domain *iovad)
{
	struct kdump_device *stat, once = {};
	struct pick pick;

	if (intel_kdump.mode < KDUMP_RESERVE)
		return;
	mutex_lock(&intel_kdump.lock);
	if (pick_entries(dev, &pick)) {
		/* Bookkeeping may fail, the reservation must not for that. */
		stat = kzalloc_obj(*stat) ?: &once;
		device_reserve(dev, &pick, iovad, stat);
		if (intel_kdump.mode == KDUMP_DEEP)
			device_graft(dev, &pick, domain, stat);
		if (stat != &once) {
			strscpy(stat->name, dev_name(dev), sizeof(stat->name));
			intel_kdump_snapshot(iovad, stat);
			list_add_tail(&stat->list, &intel_kdump.devices);
		}
	}
	mutex_unlock(&intel_kdump.lock);
}
