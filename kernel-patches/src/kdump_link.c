// SPDX-License-Identifier: GPL-2.0-only
/*
 * Translation tables of a dead kernel: a copied table of the lowest level is
 * written into the new domain as a whole, not by iommu_map() page after page.
 *
 * The copy's own table cannot be linked there: the domain frees what it is made
 * of, and another domain may have the same copy. So the domain gets a table in
 * its own way, by mapping the first page of each kind, and the other entries are
 * made after what it wrote for that page: whatever its format asks for beside
 * the address is in there.
 */
#include <linux/mm.h>

#include <asm/cacheflush.h>

#include "kdump_internal.h"

#define PTE_ADDR	GENMASK_ULL(51, 12)

#ifdef KDUMP_DOMAIN_PGD
/* The domain's lowest table for iova; NULL: nothing is mapped there (*empty), or a larger page. */
static u64 *lowest_table(struct dmar_domain *domain, u64 iova, bool *empty)
{
	struct dma_pte *pte, *table = domain->pgd;
	unsigned int level;

	for (level = domain->agaw + 2; level > 1; level--) {
		pte = &table[iova >> (3 + 9 * level) & 511];
		*empty = !dma_pte_present(pte);
		if (*empty || dma_pte_superpage(pte))
			return NULL;
		table = phys_to_virt(pte->val & PTE_ADDR);
	}
	return &table->val;
}

/* By iommu_map(); what it wrote beside the address, 0: it did not. */
static u64 map_one(struct iommu_domain *domain, u64 iova, u64 pte, unsigned int perm, u64 **to)
{
	int prot = IOMMU_CACHE | (perm & 1 ? IOMMU_READ : 0) | (perm & 2 ? IOMMU_WRITE : 0);
	bool empty;

	if (kdump_iommu_map(domain, iova, pte & PTE_ADDR, PAGE_SIZE, prot))
		return 0;
	*to = lowest_table(to_dmar_domain(domain), iova, &empty);
	return *to ? (*to)[iova >> PAGE_SHIFT & 511] & ~PTE_ADDR : 0;
}

bool intel_kdump_link(struct iommu_domain *domain, const struct kdc_table *table,
		      struct kdump_device *stat, bool *touched)
{
	struct dmar_domain *dmar = to_dmar_domain(domain);
	struct kdc_fill fill = {};
	unsigned int perm;
	bool empty;

	if (lowest_table(dmar, table->iova, &empty) || !empty)
		return false;
	while ((perm = kdc_table_write(table, &fill))) {
		fill.bits[perm] = map_one(domain, table->iova + fill.next * PAGE_SIZE,
					  table->entries[fill.next], perm, &fill.to);
		if (!fill.bits[perm]) {
			*touched = true;
			return false;
		}
	}
	stat->mapped += fill.pages;
	stat->runs += fill.runs;
	if (fill.to && !dmar->iommu_coherency)
		clflush_cache_range(fill.to, PAGE_SIZE);
	return true;
}
#else
/*
 * Here the tables of a domain are made by iommu/generic_pt, which keeps their
 * format to itself and has no call that takes many pages which lie apart.
 */
bool intel_kdump_link(struct iommu_domain *domain, const struct kdc_table *table,
		      struct kdump_device *stat, bool *touched)
{
	return false;
}
#endif
