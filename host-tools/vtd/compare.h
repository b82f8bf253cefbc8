/* SPDX-License-Identifier: GPL-2.0-only */
/* Comparing two walks: contexts, PASIDs, mappings and interrupt-remapping entries. */
#ifndef VTD_COMPARE_H
#define VTD_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "iommu/compare.h"
#include "vtd/walk.h"

/* "A" is the earlier or reference side, "B" the other. */
enum vtd_diff_kind {
	VTD_DIFF_MODE,		  /* another translation table mode */
	VTD_DIFF_CONTEXT_MISSING, /* present in A at this (bus, devfn), not in B */
	VTD_DIFF_CONTEXT_EXTRA,	  /* present in B only */
	VTD_DIFF_CONTEXT_SLOT,	  /* present in both but in another half or slot of its table */
	VTD_DIFF_CONTEXT_FIELD,	  /* TT, AW, DID, roots, PASID directory or other bits differ */
	VTD_DIFF_PASID_MISSING,
	VTD_DIFF_PASID_EXTRA,
	VTD_DIFF_PASID_FIELD,
	VTD_DIFF_SPACE_TYPE, /* (sid, pasid) translated in another way (e.g. pass-through) */
	/* from here to PERMISSION as in enum iommu_diff_kind */
	VTD_DIFF_UNMAPPED,     /* IOVAs mapped in A, not in B */
	VTD_DIFF_NEW,	       /* IOVAs mapped in B, not in A */
	VTD_DIFF_RETARGETED,   /* IOVAs mapped in both, to another PA */
	VTD_DIFF_PERMISSION,   /* IOVAs mapped in both to the same PA with other permissions */
	VTD_DIFF_IRTE_MISSING, /* IRTE present in A, not in B */
	VTD_DIFF_IRTE_EXTRA,
	VTD_DIFF_IRTE_CHANGED,
	VTD_DIFF_EIME, /* extended interrupt mode changed */
	VTD_DIFF_KINDS
};

/*
 * One difference. For mapping differences @start and @last give the IOVAs, @pa_a and @pa_b the
 * targets.
 */
struct vtd_diff {
	enum vtd_diff_kind kind;
	uint16_t sid;
	uint32_t pasid;
	uint64_t start, last;
	uint64_t pa_a, pa_b;
	char text[192]; /* one readable line */
};

/* The outcome. Read-only for callers; free with vtd_compare_free(). */
struct vtd_compare {
	struct iommu_comparison base;
	uint64_t counts[VTD_DIFF_KINDS]; /* differences (runs of IOVAs, not pages, for mappings) */
	size_t contexts_a, contexts_b, contexts_same;
	size_t pasids_a, pasids_b, pasids_same;
	uint64_t pages_same, pages_unmapped, pages_new, pages_retargeted, pages_permission;
	size_t irtes_a, irtes_b, irtes_same;
	struct iommu_space_diff *spaces; /* ascending (sid, pasid), union of both sides */
	size_t n_spaces;
	struct vtd_diff *diffs; /* the first max_diffs */
	size_t n_diffs;
	uint64_t diffs_left_out;
};

/* The whole of a comparison of VT-d walks; NULL of NULL. */
static inline const struct vtd_compare *vtd_compare_of(const struct iommu_comparison *c)
{
	return (const struct vtd_compare *)c;
}

/*
 * Compare @a and @b. FPD bits are never compared; A/D bits do not show in walks. @opt may be NULL.
 * Returns 0 or -ENOMEM.
 */
int vtd_compare(const struct vtd_walk_result *a, const struct vtd_walk_result *b,
		const struct iommu_compare_options *opt, struct vtd_compare **out);

void vtd_compare_free(struct vtd_compare *c);

const char *vtd_diff_kind_name(unsigned kind);

/* Print a comparison as text; deterministic. */
void vtd_compare_print(const struct vtd_compare *c, FILE *out);

#endif
