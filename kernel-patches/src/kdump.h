/* SPDX-License-Identifier: GPL-2.0-only */
/* Translation tables of a dead kernel: what the VT-d driver calls. */
#ifndef INTEL_KDUMP_H
#define INTEL_KDUMP_H

#include <linux/types.h>

struct context_entry;
struct device;
struct intel_iommu;
struct iommu_domain;
struct iova_domain;
struct list_head;

#ifdef CONFIG_INTEL_IOMMU_KDUMP

/* A context entry was copied to ce; with deep, ce is made to lead to a copy of what it led to. */
void intel_kdump_context(struct intel_iommu *iommu, int bus, int devfn, struct context_entry *ce,
			 bool scalable);
/* All context entries of a unit were copied, or, if err, none is going to be used. */
void intel_kdump_copied(struct intel_iommu *iommu, int err);
/* Did the dead kernel let the device, or an alias of it, pass through? */
bool intel_kdump_identity(struct device *dev);
/*
 * The old context entry of a requester was replaced, and the caches flushed.
 * Called with the lock of the unit.
 */
void intel_kdump_context_gone(struct intel_iommu *iommu, u8 bus, u8 devfn);
/* Adds the old ranges of the device, if that was asked for, for user space and for VFIO. */
void intel_kdump_resv_regions(struct device *dev, struct list_head *head);
/* Operations of each domain that the DMA API may have; iovad is ready to hand out IOVAs to dev, */
/* which is not yet attached. */
void intel_kdump_dma_ready(struct iommu_domain *domain, struct device *dev,
			   struct iova_domain *iovad);
/* It goes, with all its IOVAs. */
void intel_kdump_dma_gone(struct iommu_domain *domain, struct iova_domain *iovad);

#else

static inline void intel_kdump_context(struct intel_iommu *iommu, int bus, int devfn,
				       struct context_entry *ce, bool scalable)
{
}

static inline void intel_kdump_copied(struct intel_iommu *iommu, int err)
{
}

static inline bool intel_kdump_identity(struct device *dev)
{
	return false;
}

static inline void intel_kdump_context_gone(struct intel_iommu *iommu, u8 bus, u8 devfn)
{
}

static inline void intel_kdump_resv_regions(struct device *dev, struct list_head *head)
{
}

#define intel_kdump_dma_ready NULL
#define intel_kdump_dma_gone NULL

#endif
#endif
