/* SPDX-License-Identifier: GPL-2.0-only */
/* State shared by the parts of the comparison; private to host-tools/vtd/compare*.c. */
#ifndef VTD_COMPARE_INTERNAL_H
#define VTD_COMPARE_INTERNAL_H

#include "vtd/compare.h"
#include "iommu/u64map.h"
#include "vtd/print.h"

struct comparison {
	const struct vtd_walk_result *a, *b;
	struct vtd_compare_options o;
	struct vtd_compare *c;
	uint64_t steps_left;	   /* stretches still to be looked at; trees that many share could cost
				hours */
	struct u64map equal_trees; /* (tree in A, tree in B) found equal -> index in c->spaces */
};

/*
 * Count a difference; if it is to be kept, returns it with an empty text to be filled, else NULL.
 */
struct vtd_diff *compare_note(struct comparison *x, enum vtd_diff_kind kind, uint16_t sid, uint32_t pasid);

/* Is requester @sid left out by the options? */
static inline bool compare_skips(const struct comparison *x, uint16_t sid)
{
	return x->o.one_sid && x->o.sid != sid;
}

/* Contexts and PASID entries; mappings of all spaces; interrupt remapping. 0 or -ENOMEM. */
void compare_contexts(struct comparison *x);
void compare_pasids(struct comparison *x);
int compare_spaces(struct comparison *x);
void compare_irtes(struct comparison *x);

#endif
