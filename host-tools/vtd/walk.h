/* SPDX-License-Identifier: GPL-2.0-only */
/* Walking VT-d tables from a root address: contexts, PASIDs, runs, IRTEs, defects. */
#ifndef VTD_WALK_H
#define VTD_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "iommu/mem.h"
#include "iommu/model.h"
#include "vtd/regs.h"

/* What a table page is. */
enum vtd_table_kind {
	VTD_TABLE_ROOT,
	VTD_TABLE_CONTEXT,
	VTD_TABLE_PASID_DIR,
	VTD_TABLE_PASID,
	VTD_TABLE_SECOND_LEVEL,
	VTD_TABLE_FIRST_LEVEL,
	VTD_TABLE_IRT,
};

/* One present context entry. Absent ones are not listed (see result->odd_contexts). */
struct vtd_context {
	uint8_t bus, devfn;
	bool scalable;
	bool upper;	 /* reached through the high half of its root entry (UCTP) */
	uint16_t slot;	 /* index in that page: devfn, or devfn & 0x7f if scalable */
	uint64_t table;	 /* physical address of its context-table page */
	uint64_t raw[4]; /* legacy: 2 words, the others 0 */
	bool fpd;	 /* fault processing disabled */

	/* legacy */
	uint8_t tt; /* translation type 0..3 */
	uint8_t aw; /* raw AW field; levels = aw + 2 */
	uint16_t did;
	uint64_t pt_root;

	/* scalable */
	uint64_t pasid_dir;	    /* physical address */
	uint32_t pasid_dir_entries; /* 2^(PDTS+7) */
	uint32_t rid_pasid;	    /* PASID that requests without PASID use */
	bool dte, paside, pre;
	size_t first_pasid, n_pasids; /* in result->pasids */
};

/* One present PASID-table entry, of the context (sid). */
struct vtd_pasid {
	uint16_t sid;
	uint32_t pasid;
	uint64_t table; /* page of the PASID table */
	uint64_t raw[8];
	bool fpd;
	uint8_t pgtt; /* 1 first level, 2 second, 3 nested, 4 pass-through */
	uint8_t aw;   /* second-level AW field; levels = aw + 2 */
	uint16_t did;
	uint8_t flpm; /* first-level paging mode: 0 4 levels, 1 5 levels */
	uint64_t sl_root, fl_root;
};

/* One present interrupt-remapping entry. */
struct vtd_irte {
	uint32_t index;
	uint64_t lo, hi;
};

/*
 * What can be wrong with tables. Each distinct table page is judged once, however often it is used.
 */
enum vtd_defect_kind {
	VTD_DEFECT_MODE,	     /* TTM 10b or 11b: nothing to walk */
	VTD_DEFECT_OUTSIDE_RAM,	     /* a table pointer leads outside RAM */
	VTD_DEFECT_ROOT_RESERVED,    /* reserved bits set in a root entry */
	VTD_DEFECT_CONTEXT_RESERVED, /* reserved bits set in a context entry */
	VTD_DEFECT_CONTEXT_TYPE,     /* legacy TT 11b */
	VTD_DEFECT_ADDRESS_WIDTH,    /* reserved AW, or one that SAGAW does not offer */
	VTD_DEFECT_PASID_RESERVED,   /* reserved bits set in a PASID directory or table entry */
	VTD_DEFECT_PASID_TYPE,	     /* reserved PGTT */
	VTD_DEFECT_PTE_RESERVED,     /* reserved bits set in a paging entry */
	VTD_DEFECT_PTE_WIDTH,	     /* address in a paging entry beyond the host address width */
	VTD_DEFECT_SUPERPAGE_LEVEL,  /* page-size bit at a level where there is none */
	VTD_DEFECT_SUPERPAGE_ALIGN,  /* superpage whose address is not a multiple of its size */
	VTD_DEFECT_LOOP,	     /* a table that refers to itself or to one above it */
	VTD_DEFECT_IRTE_RESERVED,    /* reserved bits in an entry of the remapped format */
	VTD_DEFECT_KINDS
};

/* A sample of a defect: where it was seen. */
struct vtd_defect {
	uint8_t kind;	    /* enum vtd_defect_kind */
	uint8_t table_kind; /* enum vtd_table_kind of @table */
	uint8_t level;	    /* page tables: level of @table, else 0 */
	uint16_t sid;	    /* the first requester for which it was seen; 0 for root table and IRT */
	uint32_t pasid;
	uint64_t table; /* page that holds the entry (or that could not be read) */
	uint32_t index; /* entry number in it */
	uint64_t value; /* the entry (its first word in question), or the pointer */
};

/*
 * Limits and hardware properties. All zero is good: 0 means the default in brackets.
 */
struct vtd_walk_options {
	uint8_t haw;	       /* host address width in bits, for reserved address bits [52] */
	uint8_t sagaw;	       /* as CAP.SAGAW; widths it lacks are defects [any of 39, 48, 57] */
	size_t max_runs;       /* [4194304] */
	size_t max_visits;     /* table pages processed, re-use of known ones not counted [262144] */
	size_t max_pasids;     /* present PASID entries kept [262144] */
	size_t max_samples;    /* defect samples kept [64] */
	bool skip_page_tables; /* contexts and PASIDs only: no trees, no runs */
	/*
	 * Called for every table page successfully read, with its content as the walk saw it; a
	 * page used in several places may be reported several times. May be NULL.
	 */
	void (*on_page)(void *ctx, uint64_t pa, enum vtd_table_kind kind, unsigned level, const void *page);
	void *on_page_ctx;
};

/* Options with SAGAW from the registers; the rest default. */
struct vtd_walk_options vtd_walk_options_from_regs(const struct vtd_regs *regs);

/* What a walk found. Read-only for callers; free with vtd_walk_free(). */
struct vtd_walk_result {
	struct iommu_walk base;
	unsigned ttm;
	uint64_t irta;

	struct vtd_context *contexts; /* base.n_requesters of them, ascending (bus, devfn) */
	size_t odd_contexts;	      /* entries that are not present, yet not all zero */
	struct vtd_pasid *pasids;     /* ascending (sid, pasid) */
	size_t n_pasids;
	struct vtd_irte *irtes; /* ascending index */
	size_t n_irtes;

	uint64_t defect_counts[VTD_DEFECT_KINDS];
	struct vtd_defect *defects; /* the first few */
	size_t n_samples;
};

/* The whole of a walk of VT-d tables; NULL of NULL. */
static inline const struct vtd_walk_result *vtd_walk_of(const struct iommu_walk *w)
{
	return (const struct vtd_walk_result *)w;
}

/*
 * Walk all tables that hang off @root.
 *
 * @root: physical address of the root table *in force* (the one latched at SRTP), low 12 bits
 * ignored and not taken as a mode; @ttm: its translation table mode, enum vtd_ttm.
 * @irta: IRTA_REG value (address, EIME, size) of the interrupt-remapping table in force, 0 = none.
 * @opt:  may be NULL.
 * Returns 0 and a result in *@out, or -ENOMEM. Whatever the memory holds, it ends, within the
 * limits.
 */
int vtd_walk(const struct iommu_mem *mem, uint64_t root, unsigned ttm, uint64_t irta,
	     const struct vtd_walk_options *opt, struct vtd_walk_result **out);

/* Free a result; NULL is fine. */
void vtd_walk_free(struct vtd_walk_result *result);

#endif
