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
	size_t first_run, n_runs; /* in walk->runs, ascending IOVA */
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
	uint32_t tree;	    /* index in walk->trees, UINT32_MAX: none */
	size_t context;	    /* its entry among those of the walk, as the IOMMU lists them */
	size_t pasid_index; /* the same of its PASID entry; SIZE_MAX: it has none */
	bool rid;	    /* what requests of @sid without PASID see */
};

/* One distinct table page that was read (a page used at two levels is listed twice). */
struct iommu_table {
	uint64_t pa;
	uint8_t kind;  /* the IOMMU's own; its table_kind_name() has the word */
	uint8_t level; /* page tables: 1..5, else 0 */
};

struct iommu;

/*
 * What a walk found of every IOMMU alike; the head of what that IOMMU's own code knows. Read-only for callers; freed by
 * iommu_walk_free().
 */
struct iommu_walk {
	const struct iommu *iommu; /* whose tables these are */
	uint64_t root;		   /* as given, low 12 bits clear */

	struct iommu_space *spaces;
	size_t n_spaces;
	struct iommu_tree *trees;
	size_t n_trees;
	struct iommu_run *runs;
	size_t n_runs;
	size_t array_runs;	    /* the room of @runs if it is of iommu_run_array(), else 0 */
	struct iommu_table *tables; /* distinct, in order of discovery */
	size_t n_tables;

	uint64_t leaves;       /* leaf entries, summed over spaces (shared trees count again) */
	uint64_t tree_leaves;  /* leaf entries, each tree once, saturating */
	uint64_t leaves_at[6]; /* per tree once, by level of the entry: [1] 4 KiB, [2] 2 MiB, [3] 1 GiB */
	uint64_t visits;       /* table pages processed */
	size_t n_requesters;   /* that have an entry */
	uint64_t n_defects;

	bool truncated;		  /* a limit was met: the result is incomplete, no verdict may rest on it */
	const char *truncated_by; /* which: "runs", "visits", "pasids"; NULL otherwise */
};

/* Free the lists of @w, not @w itself: for the IOMMU's own free function. */
void iommu_walk_clear(struct iommu_walk *w);

/*
 * The space of requests of (@sid, @pasid), or NULL. IOMMU_NO_PASID finds the space of requests without PASID, whatever
 * PASID the tables have for them.
 */
const struct iommu_space *iommu_walk_space(const struct iommu_walk *w, uint16_t sid, uint32_t pasid);

/* The runs of a space: returns the first, sets *@n (0 and NULL if none). */
const struct iommu_run *iommu_space_runs(const struct iommu_walk *w, const struct iommu_space *s, size_t *n);

/* The run of @s that holds @iova, or NULL. Binary search. */
const struct iommu_run *iommu_space_lookup(const struct iommu_walk *w, const struct iommu_space *s, uint64_t iova);

/* Add all IOVAs mapped in @s to @set. 0 or -ENOMEM. */
int iommu_space_ranges(const struct iommu_walk *w, const struct iommu_space *s, struct iommu_ranges *set);

/* Words for people; any value is accepted. */
const char *iommu_space_type_name(unsigned type);
/* "rwus" style, always 4 characters, into @buf (at least 5 bytes); returns @buf. */
const char *iommu_perm_text(uint32_t perm, char *buf);

#endif
