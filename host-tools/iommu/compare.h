/* SPDX-License-Identifier: GPL-2.0-only */
/* Comparing the mappings of two address spaces. "A" is the earlier or reference side, "B" the other. */
#ifndef IOMMU_COMPARE_H
#define IOMMU_COMPARE_H

#include "iommu/model.h"

/* What two walks are not compared in. All zero: in everything. */
struct iommu_compare_options {
	bool roots_may_differ; /* deep copy: addresses of page and PASID tables may differ */
	bool skip_contexts;    /* do not compare contexts and PASID entries */
	bool skip_mappings;
	bool skip_irtes;
	bool extra_irtes_ok; /* IRTEs only in B are counted, but no difference */
	bool one_sid;	     /* compare only requester @sid */
	uint16_t sid;
	size_t max_diffs; /* how many differences to keep with text [0 = 256] */
};

/* What every comparison of two walks says; the head of what the IOMMU's own code knows. Read-only for callers. */
struct iommu_comparison {
	const struct iommu *iommu;
	uint64_t differences; /* in all */
	bool same;	      /* no difference of any kind; false as well if truncated */
	bool truncated;	      /* a side was, or the comparison took too long */
};

enum iommu_diff_kind {
	IOMMU_DIFF_NONE,
	IOMMU_DIFF_UNMAPPED,   /* IOVAs mapped in A, not in B */
	IOMMU_DIFF_NEW,	       /* IOVAs mapped in B, not in A */
	IOMMU_DIFF_RETARGETED, /* IOVAs mapped in both, to another PA */
	IOMMU_DIFF_PERMISSION, /* IOVAs mapped in both to the same PA with other permissions */
};

/* A stretch of IOVAs on which both sides are constant, or differ in one way. */
struct iommu_stretch {
	uint64_t start, last;
	enum iommu_diff_kind kind;
	uint64_t pa_a, pa_b; /* of @start */
	uint32_t perm_a, perm_b;
};

/* Mappings of one (sid, pasid) in 4-KiB pages. */
struct iommu_space_diff {
	uint16_t sid;
	uint32_t pasid;
	bool in_a, in_b;					    /* the space exists there */
	uint64_t same, unmapped, new_pages, retargeted, permission; /* pages, saturating */
};

/*
 * Add the pages of two spaces to the counts of @out. Either space may be NULL (nothing mapped).
 * @note:  called for each difference, neighbours that differ in the same way being one; may be NULL.
 * @steps: if not NULL, how many stretches may still be looked at, counted down.
 * Returns false if the steps did not suffice.
 */
bool iommu_compare_runs(const struct iommu_walk *ra, const struct iommu_space *a, const struct iommu_walk *rb,
			const struct iommu_space *b, struct iommu_space_diff *out, uint64_t *steps,
			void (*note)(void *ctx, const struct iommu_space_diff *of, const struct iommu_stretch *s),
			void *ctx);

/* Just the counts, of spaces that may be of different requesters: fills @out. Either may be NULL. */
void iommu_compare_space(const struct iommu_walk *ra, const struct iommu_space *a, const struct iommu_walk *rb,
			 const struct iommu_space *b, struct iommu_space_diff *out);

#endif
