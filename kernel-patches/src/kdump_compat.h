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

#endif
