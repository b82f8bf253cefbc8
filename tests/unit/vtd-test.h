/* SPDX-License-Identifier: GPL-2.0-only */
/* What the VT-d unit tests share: cmocka's includes and short forms of the usual steps. */
#ifndef VTD_TEST_H
#define VTD_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "table-builder.h"
#include "vtd/formats.h"
#include "vtd/walk.h"
#include "vtd/print.h"
#include "vtd/translate.h"

#define SL_RW (VTD_SL_R | VTD_SL_W)
#define FL_RW (VTD_FL_P | VTD_FL_RW | VTD_FL_US)
#define MIB UINT64_C(0x100000)
#define GIB UINT64_C(0x40000000)

/* Walk with default options unless given; fails the test on lack of memory. */
static inline struct vtd_walk_result *walk(struct tables *t, uint64_t root, unsigned ttm, uint64_t irta,
					   const struct vtd_walk_options *opt)
{
	struct iommu_mem mem = tables_mem(t);
	struct vtd_walk_result *r = NULL;

	assert_int_equal(vtd_walk(&mem, root, ttm, irta, opt, &r), 0);
	assert_non_null(r);
	return r;
}

/* RAM with a root table and the root of a page-table tree in it. tables_end() undoes it. */
static inline uint64_t tables_begin(struct tables *t, uint64_t *pt)
{
	uint64_t root;

	tables_init(t, 64);
	root = tables_alloc(t, 1);
	*pt = tables_alloc(t, 1);
	return root;
}

static inline void tables_end(struct tables *t, struct vtd_walk_result *r)
{
	vtd_walk_free(r);
	tables_free(t);
}

/* Run @i of the space of (@sid, @pasid) is exactly this. */
static inline void check_run(const struct vtd_walk_result *r, uint16_t sid, uint32_t pasid, size_t i, uint64_t start,
			     uint64_t last, uint64_t pa, uint32_t perm)
{
	size_t n;
	const struct iommu_run *run = iommu_space_runs(&r->base, iommu_walk_space(&r->base, sid, pasid), &n);

	assert_true(i < n);
	assert_int_equal(run[i].iova_start, start);
	assert_int_equal(run[i].iova_last, last);
	assert_int_equal(run[i].pa_start, pa);
	assert_int_equal(run[i].perm, perm);
}

static inline size_t count_runs(const struct vtd_walk_result *r, uint16_t sid, uint32_t pasid)
{
	size_t n;

	iommu_space_runs(&r->base, iommu_walk_space(&r->base, sid, pasid), &n);
	return n;
}

#endif
