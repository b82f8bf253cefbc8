/* SPDX-License-Identifier: GPL-2.0-only */
/* State shared by the parts of the walker; private to host-tools/vtd. */
#ifndef VTD_WALK_INTERNAL_H
#define VTD_WALK_INTERNAL_H

#include "vtd/decode.h"
#include "iommu/u64map.h"
#include "vtd/walk.h"

#define VTD_MAX_LEVELS 5

/* What a (sub)tree adds up to. at[] counts leaf entries by level. All sums saturate. */
struct pt_counts {
	uint64_t at[4];
	uint64_t pages;
};

/*
 * A page-table page processed before, at this level and with these inherited permissions. Its runs
 * are runs[first_run..end_run), cut to the IOVAs [base, base + span of the level).
 */
struct pt_memo {
	struct pt_counts counts;
	uint64_t base;
	size_t first_run, end_run;
};

struct walker {
	struct iommu_mem mem;
	struct vtd_walk_options o; /* defaults filled in */
	struct vtd_walk_result *r;

	size_t cap_contexts, cap_pasids, cap_spaces, cap_trees, cap_runs, cap_irtes, cap_tables, cap_memos;
	struct u64map tables_seen; /* (page, kind, level) */
	struct u64map trees_seen;  /* (root, format, levels) */
	struct u64map memos_seen;  /* (page, level, format, root?, permissions) */
	size_t run_limit;	   /* room in r->runs, never above o.max_runs */
	struct pt_memo *memos;
	size_t n_memos;

	uint64_t addr_mask;   /* PTE address bits within the host address width */
	uint64_t addr_excess; /* PTE address bits beyond it */

	/* page-table walk in progress */
	bool first_level;
	bool count_only; /* the limit on runs was met: go on counting leaves */
	unsigned root_level;
	size_t tree_first_run;
	uint64_t path[VTD_MAX_LEVELS + 1]; /* the page at each level above the current one */

	/* for whom: goes into defect samples */
	uint16_t sid;
	uint32_t pasid;

	int err; /* -ENOMEM: give up */
};

static inline uint64_t sat_add(uint64_t a, uint64_t b)
{
	return a + b < a ? UINT64_MAX : a + b;
}

/* May the walk go on? */
static inline bool walk_stopped(const struct walker *w)
{
	return w->err || w->r->base.visits >= w->o.max_visits;
}

/* Make room for one more element of @size bytes; sets w->err and returns NULL if there is none. */
void *walk_room(struct walker *w, void *array, size_t n, size_t *cap, size_t size);

/* Append one zeroed element to an array of the result; false and w->err on lack of memory. */
#define WALK_PUSH(w, field, n_field, cap_field)                                                                  \
	({                                                                                                       \
		void *grown_ =                                                                                   \
			walk_room((w), (w)->r->field, (w)->r->n_field, &(w)->cap_field, sizeof(*(w)->r->field)); \
		if (grown_)                                                                                      \
			(w)->r->field = grown_;                                                                  \
		grown_ ? memset(&(w)->r->field[(w)->r->n_field++], 0, sizeof(*(w)->r->field)) : NULL;            \
	})

/* Note that limit @which was met. */
void walk_truncate(struct walker *w, const char *which);

/* Count a defect and keep a sample if there is room. */
void walk_defect(struct walker *w, enum vtd_defect_kind kind, enum vtd_table_kind table_kind, unsigned level,
		 uint64_t table, uint32_t index, uint64_t value);

/*
 * Read a table page, count the visit, list and report the page. False if it is outside RAM (counted
 * as a defect of entry @index in page @from), if the limit on visits was met or memory ran out.
 */
bool walk_read(struct walker *w, uint64_t pa, enum vtd_table_kind kind, unsigned level, void *page, uint64_t from,
	       uint32_t index);

/*
 * Walk the page-table tree at @root, or find it walked; index in r->trees, UINT32_MAX on failure.
 */
uint32_t walk_tree(struct walker *w, uint64_t root, bool first_level, unsigned levels);

/* The one tree that stands for pass-through. */
uint32_t walk_identity_tree(struct walker *w);

/* Add a space of w->sid, w->pasid. @levels is 0 for pass-through and invalid ones. */
void walk_add_space(struct walker *w, enum iommu_space_type type, uint16_t did, unsigned levels, uint64_t root,
		    size_t pasid_index);

/* Is @aw a width that the format and SAGAW allow? */
bool walk_aw_ok(const struct walker *w, unsigned aw);

/* Walk the PASID directory of the context at @index in r->contexts. */
void walk_pasid_dir(struct walker *w, size_t index);

#endif
