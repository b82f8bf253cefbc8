/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between the kernels this is built for. Makefile.kdump looks into
 * the tree for it: a version says little of a kernel with backports.
 */
#ifndef INTEL_KDUMP_COMPAT_H
#define INTEL_KDUMP_COMPAT_H

#include <linux/iommu.h>
#include <linux/slab.h>

#include "iommu.h"
#ifdef KDUMP_IOMMU_ACCOUNT
#include "../iommu-pages.h"
#endif

#ifndef kzalloc_obj
#define kzalloc_obj(object) kzalloc(sizeof(object), GFP_KERNEL)
#endif

static inline int kdump_iommu_map(struct iommu_domain *domain, unsigned long iova, phys_addr_t pa,
				  size_t size, int prot)
{
#ifdef KDUMP_IOMMU_MAP_ATOMIC
	return iommu_map(domain, iova, pa, size, prot);
#else
	return iommu_map(domain, iova, pa, size, prot, GFP_KERNEL | __GFP_NOWARN);
#endif
}

/* Keeps a domain id from being handed out; true if nobody had it yet. */
static inline bool kdump_reserve_did(struct intel_iommu *iommu, u16 did)
{
	if (did >= cap_ndoms(iommu->cap))
		return false;
#ifdef KDUMP_DOMAIN_IDA
	return ida_alloc_range(&iommu->domain_ida, did, did, GFP_KERNEL) >= 0;
#else
	return !test_and_set_bit(did, iommu->domain_ids);
#endif
}

/* The domain's table of the highest level, which is *level. */
static inline u64 *kdump_domain_top(struct dmar_domain *domain, unsigned int *level)
{
#ifdef KDUMP_DOMAIN_PGD
	*level = domain->agaw + 2;
	return &domain->pgd->val;
#else
	struct pt_iommu_x86_64_hw_info first;
	struct pt_iommu_vtdss_hw_info second;

	if (intel_domain_is_ss_paging(domain)) {
		pt_iommu_vtdss_hw_info(&domain->sspt, &second);
		*level = second.aw + 2;
		return phys_to_virt(second.ssptptr);
	}
	pt_iommu_x86_64_hw_info(&domain->fspt, &first);
	*level = first.levels;
	return phys_to_virt(first.gcr3_pt);
#endif
}

static inline bool kdump_domain_coherent(const struct dmar_domain *domain)
{
#ifdef KDUMP_DOMAIN_PGD
	return domain->iommu_coherency;
#else
	/* Both formats begin with what they have in common. */
	return !(domain->sspt.vtdss_pt.common.features & BIT(PT_FEAT_DMA_INCOHERENT));
#endif
}

/*
 * A page for a table that the domain will free, of any content. NULL also where
 * such pages are more than a page to the kernel: there iommu_map() makes them.
 */
static inline u64 *kdump_new_table(struct dmar_domain *domain)
{
#if defined(KDUMP_DOMAIN_PGD) && !defined(KDUMP_IOMMU_DESC)
	struct page *page = alloc_pages_node(domain->nid, GFP_KERNEL | __GFP_NOWARN, 0);

	if (!page)
		return NULL;
#ifdef KDUMP_IOMMU_ACCOUNT
	__iommu_alloc_account(page, 0);
#endif
	return page_address(page);
#else
	return NULL;
#endif
}

/* One that was not linked. */
static inline void kdump_free_table(u64 *table)
{
#ifdef KDUMP_IOMMU_ACCOUNT
	__iommu_free_account(virt_to_page(table), 0);
#endif
	free_page((unsigned long)table);
}

#endif
