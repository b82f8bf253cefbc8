/* SPDX-License-Identifier: GPL-2.0-only */
/* Single look-ups in VT-d tables: one DMA request, one context entry, one PASID entry. */
#ifndef VTD_TRANSLATE_H
#define VTD_TRANSLATE_H

#include "iommu/iommu.h"
#include "vtd/walk.h"

/* Why a request is refused; the numbers are the lab's own. */
enum vtd_fault {
	VTD_FAULT_NONE = 0,
	VTD_FAULT_MODE,	       /* TTM is neither legacy nor scalable */
	VTD_FAULT_ROOT_READ,   /* root table outside RAM */
	VTD_FAULT_ROOT_ABSENT, /* P clear in the root entry (the half that counts) */
	VTD_FAULT_CONTEXT_READ,
	VTD_FAULT_CONTEXT_ABSENT,
	VTD_FAULT_CONTEXT_INVALID, /* reserved translation type or address width */
	VTD_FAULT_PASID_RANGE,	   /* PASID beyond the directory, or given in legacy mode */
	VTD_FAULT_PASID_READ,
	VTD_FAULT_PASID_ABSENT,	 /* P clear in the directory or table entry */
	VTD_FAULT_PASID_INVALID, /* reserved PGTT or address width */
	VTD_FAULT_NESTED,	 /* nested translation: not resolved by the lab */
	VTD_FAULT_ADDRESS_WIDTH, /* IOVA beyond the width of the tables */
	VTD_FAULT_TABLE_READ,	 /* a paging structure outside RAM */
	VTD_FAULT_NOT_MAPPED,	 /* neither readable nor writable (first level: P clear) */
	VTD_FAULT_RESERVED,	 /* reserved bits in a paging entry */
	VTD_FAULT_READ_DENIED,
	VTD_FAULT_WRITE_DENIED,
};

/*
 * Translate one request, without a walk of the rest. Returns VTD_FAULT_NONE and fills @out, or the
 * reason. @pasid: IOMMU_NO_PASID for a request without PASID. @write: a DMA write, else a read.
 */
enum vtd_fault vtd_translate(const struct iommu_mem *mem, uint64_t root, unsigned ttm, uint16_t sid, uint32_t pasid,
			     uint64_t iova, bool write, struct iommu_translation *out);

/*
 * Read just the context entry of @sid (for a watcher that polls). VTD_FAULT_NONE and @out filled
 * (n_pasids is 0), or why there is none.
 */
enum vtd_fault vtd_lookup_context(const struct iommu_mem *mem, uint64_t root, unsigned ttm, uint16_t sid,
				  struct vtd_context *out);

/* The same for the PASID entry that @context selects for @pasid (IOMMU_NO_PASID: RID_PASID). */
enum vtd_fault vtd_lookup_pasid(const struct iommu_mem *mem, const struct vtd_context *context, uint32_t pasid,
				struct vtd_pasid *out);

/* Both as they are in memory, for requests without PASID: the context entry, then the PASID entry; zeroes for what is not there. */
void vtd_read_entry(const struct iommu_mem *mem, uint64_t root, unsigned ttm, uint16_t sid,
		    uint64_t words[IOMMU_ENTRY_WORDS]);

#endif
