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

/**
 * intel_kdump_option() - read a member of intel_iommu= that is for a kdump kernel
 * @str: the member, and what stands behind it
 *
 * At boot, for one after the other; the last mode counts, and of each number the
 * last. What is wrong in it is said in the log: an unknown one switches the mode
 * off, a number that is none is passed over.
 *
 * Return: false if it does not begin with kdump_, and is not for us.
 */
bool intel_kdump_option(const char *str);

/**
 * intel_kdump_context() - take over what a copied context entry leads to
 * @iommu: unit that was translating
 * @bus: requester's bus
 * @devfn: requester's device and function
 * @ce: entry as it was copied; with deep, made to lead to a copy of what it led to
 * @scalable: an entry of scalable mode, of twice the size
 *
 * While the units are initialised, one after the other; may sleep. Whatever goes
 * wrong, @ce is as good as it was.
 */
void intel_kdump_context(struct intel_iommu *iommu, int bus, int devfn, struct context_entry *ce,
			 bool scalable);

/**
 * intel_kdump_copied() - all context entries of a unit were copied
 * @iommu: unit
 * @err: not 0: none of them is going to be used, so all that was taken over is freed
 *
 * Context as of intel_kdump_context().
 */
void intel_kdump_copied(struct intel_iommu *iommu, int err);

/**
 * intel_kdump_identity() - did a device pass through in the dead kernel?
 * @dev: device that was probed by its unit
 *
 * May sleep; takes intel_kdump.lock, within the group's mutex.
 *
 * Return: true if it or an alias of it did, and its unit can let it go on to.
 */
bool intel_kdump_identity(struct device *dev);

/**
 * intel_kdump_context_gone() - an old context entry is replaced
 * @iommu: unit
 * @bus: requester's bus
 * @devfn: requester's device and function
 *
 * With the unit's lock held. What the entry led to is freed later, by a work
 * that flushes the caches of the unit.
 */
void intel_kdump_context_gone(struct intel_iommu *iommu, u8 bus, u8 devfn);

/**
 * intel_kdump_resv_regions() - add the old ranges of a device to its reserved regions
 * @dev: device
 * @head: list of struct iommu_resv_region
 *
 * For user space and for VFIO, if kdump_regions= asks for it: all of
 * them or none. May sleep; takes intel_kdump.lock.
 */
void intel_kdump_resv_regions(struct device *dev, struct list_head *head);

/**
 * intel_kdump_dma_ready() - the operation dma_ready of VT-d's paging domains
 * @domain: domain of the DMA API
 * @dev: device that is going to use it, and in a kdump kernel is not attached yet
 * @iovad: where its IOVAs come from
 *
 * Reserves what the dead kernel had mapped for @dev and, with deep, maps it in
 * @domain. May sleep; takes intel_kdump.lock.
 */
void intel_kdump_dma_ready(struct iommu_domain *domain, struct device *dev,
			   struct iova_domain *iovad);

/**
 * intel_kdump_dma_gone() - the operation dma_gone of VT-d's paging domains
 * @domain: domain of the DMA API
 * @iovad: goes, with all its IOVAs
 *
 * Gives back what the reservations in it have cost. May sleep; takes
 * intel_kdump.lock.
 */
void intel_kdump_dma_gone(struct iommu_domain *domain, struct iova_domain *iovad);

#else

static inline bool intel_kdump_option(const char *str)
{
	return false;
}

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
