// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copies that are used no more: once a device's old context entry is replaced,
 * and no cache of the unit knows it, what it led to is memory for the dump.
 */
#include <linux/bitmap.h>
#include <linux/workqueue.h>

#include "kdump_internal.h"

/* No cache of the unit knows anything of the context entries that were replaced. */
static void flush_unit(struct intel_iommu *iommu)
{
	/* Who has told of it may be about to write the entry. */
	spin_lock(&iommu->lock);
	spin_unlock(&iommu->lock);
	iommu->flush.flush_context(iommu, 0, 0, 0, DMA_CCMD_GLOBAL_INVL);
	/* Kernels before 6.12 leave what scalable mode had cached by the old domain id. */
	if (sm_supported(iommu))
		qi_flush_pasid_cache(iommu, 0, QI_PC_GLOBAL, 0);
	iommu->flush.flush_iotlb(iommu, 0, 0, 0, DMA_TLB_GLOBAL_FLUSH);
}

/*
 * A copy that hardware no longer reads is memory that a dump can use. What is
 * told of behind the flush waits for the next time: the work is scheduled again.
 */
static void free_unused(struct kdump_unit *unit)
{
	struct kdump_entry *entry;
	bool any = false;

	list_for_each_entry(entry, &unit->entries, list) {
		entry->drop = !entry->unused && test_bit(entry->sid, unit->gone);
		any |= entry->drop;
	}
	if (!any)
		return;
	flush_unit(unit->iommu);
	list_for_each_entry(entry, &unit->entries, list) {
		if (!entry->drop)
			continue;
		entry->unused = true;
		if (entry->tree)
			kdc_tree_unused(&intel_kdump.kdc, entry->tree);
		intel_kdump_free_dir(entry);
	}
}

static void kdump_gone(struct work_struct *work)
{
	struct kdump_unit *unit;

	mutex_lock(&intel_kdump.lock);
	list_for_each_entry(unit, &intel_kdump.units, list)
		if (unit->gone)
			free_unused(unit);
	mutex_unlock(&intel_kdump.lock);
}

static DECLARE_WORK(kdump_gone_work, kdump_gone);

void intel_kdump_context_gone(struct intel_iommu *iommu, u8 bus, u8 devfn)
{
	struct kdump_unit *unit;

	if (intel_kdump.mode != KDUMP_DEEP)
		return;
	/* Units come when they are copied, before any device attaches, and stay. */
	list_for_each_entry(unit, &intel_kdump.units, list) {
		if (unit->iommu != iommu || !unit->gone)
			continue;
		set_bit(bus << 8 | devfn, unit->gone);
		schedule_work(&kdump_gone_work);
	}
}
