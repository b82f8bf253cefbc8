/* SPDX-License-Identifier: GPL-2.0-only */
/* iova.csv read back, and two sets of its rows compared as ranges of IOVAs. */
#ifndef VTDLAB_RESULTS_IOVA_TABLE_H
#define VTDLAB_RESULTS_IOVA_TABLE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "iommu/ranges.h"
#include "iommu/model.h"

/*
 * One row of iova.csv: @count ranges as long as the first, which is @start to @last, their starts
 * @stride bytes apart.
 */
struct iova_row {
	bool crash;	    /* of the crash kernel, else of the first */
	bool reserved;	    /* else mapped */
	char requester[16]; /* "0000:00:01.0"; "" unknown */
	char pasid[12];	    /* "" in legacy mode */
	char phase[32];
	uint64_t start, last; /* bytes, inclusive */
	uint64_t count, stride;
	char perm[3];
};

/* iova_table_load - the rows of @path (struct iova_row); NULL and @error for any line that is not one. */
GArray *iova_table_load(const char *path, GError **error);

/* iova_table_parse - the same from text; @name is for messages. */
GArray *iova_table_parse(const char *text, const char *name, GError **error);

/*
 * iova_series - how many of @runs, from the first on, one row can stand for: as long, with the same
 * permission and equally far apart. What is too short to be worth it is 1.
 */
size_t iova_series(const struct iommu_run *runs, size_t n);

/* Which rows one side of a comparison consists of. */
struct iova_pick {
	int crash;	   /* 0 first, 1 crash, -1 both */
	const char *phase; /* snapshot of mapped rows, NULL: all of them; reserved rows are all taken */
};

/* What differs for one requester, mapped or reserved. */
struct iova_change {
	char *key; /* "0000:00:01.0 mapped rw"; owned */
	struct iommu_ranges removed, added, same;
};

struct iova_diff {
	GPtrArray *changes;	       /* struct iova_change *, by key */
	uint64_t removed, added, same; /* ranges */
	uint64_t removed_pages, added_pages, same_pages;
};

/*
 * iova_diff - compare the rows @pa of @a with the rows @pb of @b: per requester, PASID, kind and
 * permission (and per kernel and phase where a pick takes several), as sets of addresses.
 */
struct iova_diff *iova_diff(const GArray *a, const struct iova_pick *pa, const GArray *b, const struct iova_pick *pb);
void iova_diff_free(struct iova_diff *d);
/* At most @max ranges of each kind and requester are listed; what is left out is counted. */
void iova_diff_print(const struct iova_diff *d, unsigned max, FILE *out);

#endif
