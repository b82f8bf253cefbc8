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
/* The domain's lowest table for iova; NULL: none, or a larger page is mapped there. */
static u64 *lowest_table(struct dmar_domain *domain, u64 iova)
{
	struct dma_pte *pte, *table = domain->pgd;
	unsigned int level;

	for (level = domain->agaw + 2; level > 1; level--) {
		pte = &table[iova >> (3 + 9 * level) & 511];
		if (!dma_pte_present(pte) || dma_pte_superpage(pte))
			return NULL;
		table = phys_to_virt(pte->val & PTE_ADDR);
	}
	return &table->val;
}

static bool map_first(struct iommu_domain *domain, const struct kdc_run *at)
{
	int prot = IOMMU_CACHE | (at->read ? IOMMU_READ : 0) | (at->write ? IOMMU_WRITE : 0);

	return !kdump_iommu_map(domain, at->iova, at->pa, PAGE_SIZE, prot);
}

bool intel_kdump_link(struct iommu_domain *domain, const struct kdc_table *table,
		      struct kdump_device *stat, bool *touched)
{
	struct dmar_domain *dmar = to_dmar_domain(domain);
	u64 bits[4] = {}, *to = NULL;
	struct kdc_run at;
	unsigned int perm;

	for (perm = 1; perm < ARRAY_SIZE(bits); perm++) {
		if (!kdc_table_find(table, perm, &at))
			continue;
		if (!map_first(domain, &at))
			return false;
		*touched = true;
		to = lowest_table(dmar, at.iova);
		if (!to)
			return false;
		bits[perm] = to[at.iova >> PAGE_SHIFT & 511] & ~PTE_ADDR;
	}
	if (!to)
		return true;
	stat->mapped += kdc_table_write(table, to, bits, &stat->runs);
	if (!dmar->iommu_coherency)
		clflush_cache_range(to, PAGE_SIZE);
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
