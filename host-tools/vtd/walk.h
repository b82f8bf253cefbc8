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

/* One distinct table page that was read (a page used at two levels is listed twice). */
struct vtd_table {
	uint64_t pa;
	uint8_t kind;  /* enum vtd_table_kind */
	uint8_t level; /* page tables: 1..5, else 0 */
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
	uint64_t root; /* as given, low 12 bits clear */
	unsigned ttm;
	uint64_t irta;

	struct vtd_context *contexts; /* ascending (bus, devfn) */
	size_t n_contexts;
	size_t odd_contexts;	  /* entries that are not present, yet not all zero */
	struct vtd_pasid *pasids; /* ascending (sid, pasid) */
	size_t n_pasids;
	struct iommu_space *spaces;
	size_t n_spaces;
	struct iommu_tree *trees;
	size_t n_trees;
	struct iommu_run *runs;
	size_t n_runs;
	struct vtd_irte *irtes; /* ascending index */
	size_t n_irtes;
	struct vtd_table *tables; /* distinct, in order of discovery */
	size_t n_tables;

	uint64_t leaves;       /* leaf entries, summed over spaces (shared trees count again) */
	uint64_t tree_leaves;  /* leaf entries, each tree once, saturating */
	uint64_t leaves_at[6]; /* per tree once, by level of the entry: [1] 4 KiB, [2] 2 MiB, [3] 1
				  GiB */
	uint64_t visits;       /* table pages processed */

	uint64_t defect_counts[VTD_DEFECT_KINDS];
	uint64_t n_defects;	    /* their sum */
	struct vtd_defect *defects; /* the first few */
	size_t n_samples;

	bool truncated;		  /* a limit was met: the result is incomplete, no verdict may rest on it */
	const char *truncated_by; /* which: "runs", "visits", "pasids"; NULL otherwise */
};

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

/* The context entry of @sid, or NULL. */
const struct vtd_context *vtd_walk_context(const struct vtd_walk_result *r, uint16_t sid);

/*
 * The space of requests of (@sid, @pasid), or NULL. IOMMU_NO_PASID finds, in scalable mode, the space
 * of the context's RID_PASID.
 */
const struct iommu_space *iommu_walk_space(const struct vtd_walk_result *r, uint16_t sid, uint32_t pasid);

/* The runs of a space: returns the first, sets *@n (0 and NULL if none). */
const struct iommu_run *iommu_space_runs(const struct vtd_walk_result *r, const struct iommu_space *s, size_t *n);

/* The run of @s that holds @iova, or NULL. Binary search. */
const struct iommu_run *iommu_space_lookup(const struct vtd_walk_result *r, const struct iommu_space *s, uint64_t iova);

/* Add all IOVAs mapped in @s to @set. 0 or -ENOMEM. */
int iommu_space_ranges(const struct vtd_walk_result *r, const struct iommu_space *s, struct iommu_ranges *set);

#endif
