/* SPDX-License-Identifier: GPL-2.0-only */
/* What a walk of any IOMMU's tables finds: requesters' address spaces, and the runs they are mapped by. */
#ifndef IOMMU_MODEL_H
#define IOMMU_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "iommu/ranges.h"

/* Stands for "a request without PASID"; the pasid of every legacy-mode space. */
#define IOMMU_NO_PASID UINT32_MAX

/* How requests of one (source id, PASID) are translated. */
enum iommu_space_type {
	IOMMU_SPACE_SECOND_LEVEL, /* legacy TT 00/01, scalable PGTT 010 */
	IOMMU_SPACE_FIRST_LEVEL,  /* PGTT 001 */
	IOMMU_SPACE_NESTED,	  /* PGTT 011; the runs are those of the second stage */
	IOMMU_SPACE_PASS_THROUGH, /* legacy TT 10, PGTT 100: one identity run */
	IOMMU_SPACE_INVALID,	  /* reserved type or width: every request faults, no runs */
};

/*
 * Permissions of a run: what remains after all levels. SNOOP is an attribute but compared with
 * them.
 */
enum iommu_perm {
	IOMMU_PERM_READ = 1,
	IOMMU_PERM_WRITE = 2,
	IOMMU_PERM_USER = 4,  /* first level only */
	IOMMU_PERM_SNOOP = 8, /* second level only: SNP of the leaf */
};

/*
 * A maximal piece of an address space that is contiguous in IOVA and in PA with the same
 * permissions, whatever sizes of leaves it is made of. Two trees that translate alike have equal
 * arrays of runs.
 */
struct iommu_run {
	uint64_t iova_start, iova_last; /* inclusive; page aligned start, last byte of a page */
	uint64_t pa_start;
	uint32_t perm; /* enum iommu_perm bits; always R or W at least */
};

/*
 * One set of runs: a page-table tree that one or more spaces share (found once, by root, format and
 * number of levels). Tree index UINT32_MAX in a space means none.
 */
struct iommu_tree {
	uint64_t root;
	uint8_t levels; /* 3..5; 0 for the identity tree of pass-through */
	bool first_level;
	size_t first_run, n_runs; /* in result->runs, ascending IOVA */
	uint64_t leaves;	  /* leaf entries reached, saturating; 0 for identity */
	uint64_t pages;		  /* 4-KiB pages mapped with some permission, saturating */
};

/* An address space: what requests of (sid, pasid) see. Sorted by sid, then pasid; unique. */
struct iommu_space {
	uint16_t sid;	/* bus << 8 | devfn */
	uint32_t pasid; /* IOMMU_NO_PASID in legacy mode */
	enum iommu_space_type type;
	uint16_t did;
	uint8_t levels;	    /* of the tree walked; 0 for pass-through and invalid */
	uint64_t root;	    /* of the tree walked; 0 for pass-through and invalid */
	uint32_t tree;	    /* index in result->trees, UINT32_MAX: none */
	size_t context;	    /* index in result->contexts */
	size_t pasid_index; /* index in result->pasids; SIZE_MAX in legacy mode */
};

/* Words for people; any value is accepted. */
const char *iommu_space_type_name(unsigned type);
/* "rwus" style, always 4 characters, into @buf (at least 5 bytes); returns @buf. */
const char *iommu_perm_text(uint32_t perm, char *buf);

#endif
