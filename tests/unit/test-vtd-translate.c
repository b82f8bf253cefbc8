/* SPDX-License-Identifier: GPL-2.0-only */
/* Single look-ups: each way a request can be refused, and what is told of one that is not. */
#include <string.h>

#include "vtd-test.h"

#define SID 0x0008
#define UPPER 0x80a0

struct fixture {
	struct tables t;
	struct iommu_mem mem;
	struct iommu_translation out;
	uint64_t root, pt, dir;
};

static void setup(struct fixture *f, unsigned ttm)
{
	memset(f, 0, sizeof(*f));
	tables_init(&f->t, 128);
	f->mem = tables_mem(&f->t);
	f->root = tables_alloc(&f->t, 1);
	f->pt = tables_alloc(&f->t, 1);
	if (ttm == VTD_TTM_SCALABLE)
		f->dir = tables_scalable(&f->t, f->root, UPPER, 0, 0, 7);
	else
		tables_legacy(&f->t, f->root, SID, 0, 2, 33, f->pt);
}

static enum vtd_fault legacy(struct fixture *f, uint64_t iova, bool write)
{
	return vtd_translate(&f->mem, f->root, VTD_TTM_LEGACY, SID, IOMMU_NO_PASID, iova, write, &f->out);
}

static enum vtd_fault scalable(struct fixture *f, uint32_t pasid, uint64_t iova, bool write)
{
	return vtd_translate(&f->mem, f->root, VTD_TTM_SCALABLE, UPPER, pasid, iova, write, &f->out);
}

static void legacy_requests(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, VTD_TTM_LEGACY);
	tables_map(&f.t, f.pt, 4, 1, 0xffff1000, 0x7000, VTD_SL_R | VTD_SL_SNP);
	tables_map(&f.t, f.pt, 4, 2, 4 * MIB, 64 * MIB, SL_RW);
	tables_map(&f.t, f.pt, 4, 3, 5 * GIB, 9 * GIB, VTD_SL_W);
	assert_int_equal(legacy(&f, 0xffff1abc, false), VTD_FAULT_NONE);
	assert_int_equal(f.out.pa, 0x7abc);
	assert_int_equal(f.out.page_size, 4096);
	assert_int_equal(f.out.perm, IOMMU_PERM_READ | IOMMU_PERM_SNOOP);
	assert_int_equal(f.out.did, 33);
	assert_int_equal(f.out.root, f.pt);
	assert_int_equal(f.out.type, IOMMU_SPACE_SECOND_LEVEL);
	assert_int_equal(legacy(&f, 0xffff1abc, true), VTD_FAULT_WRITE_DENIED);
	assert_int_equal(legacy(&f, 0xffff2000, false), VTD_FAULT_NOT_MAPPED);
	assert_int_equal(f.out.level, 1);
	assert_int_equal(legacy(&f, 6 * MIB - 1, true), VTD_FAULT_NONE);
	assert_int_equal(f.out.pa, 66 * MIB - 1);
	assert_int_equal(f.out.page_size, 2 * MIB);
	assert_int_equal(legacy(&f, 5 * GIB + 0x12345678, true), VTD_FAULT_NONE);
	assert_int_equal(f.out.pa, 9 * GIB + 0x12345678);
	assert_int_equal(legacy(&f, 5 * GIB, false), VTD_FAULT_READ_DENIED);
	assert_int_equal(legacy(&f, UINT64_C(1) << 48, false), VTD_FAULT_ADDRESS_WIDTH);
	assert_int_equal(vtd_translate(&f.mem, f.root, 0, SID, 0, 0, false, &f.out), VTD_FAULT_PASID_RANGE);
	*tables_word(&f.t, f.pt, 100) = VTD_PTE_PS | 3;
	assert_int_equal(legacy(&f, UINT64_C(100) << 39, false), VTD_FAULT_RESERVED);
	*tables_word(&f.t, f.pt, 100) = UINT64_C(0xfed90000) | 3;
	assert_int_equal(legacy(&f, UINT64_C(100) << 39, false), VTD_FAULT_TABLE_READ);
	tables_free(&f.t);
}

static void legacy_contexts(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, VTD_TTM_LEGACY);
	assert_int_equal(vtd_translate(&f.mem, f.root, 0, 0x0108, IOMMU_NO_PASID, 0, false, &f.out),
			 VTD_FAULT_ROOT_ABSENT);
	assert_int_equal(vtd_translate(&f.mem, f.root, 0, 0x0010, IOMMU_NO_PASID, 0, false, &f.out),
			 VTD_FAULT_CONTEXT_ABSENT);
	assert_int_equal(vtd_translate(&f.mem, 0xfed90000, 0, SID, IOMMU_NO_PASID, 0, false, &f.out),
			 VTD_FAULT_ROOT_READ);
	assert_int_equal(vtd_translate(&f.mem, f.root, 2, SID, IOMMU_NO_PASID, 0, false, &f.out), VTD_FAULT_MODE);
	tables_legacy(&f.t, f.root, SID, VTD_TT_RESERVED, 2, 1, f.pt);
	assert_int_equal(legacy(&f, 0, false), VTD_FAULT_CONTEXT_INVALID);
	tables_legacy(&f.t, f.root, SID, 0, 6, 1, f.pt);
	assert_int_equal(legacy(&f, 0, false), VTD_FAULT_CONTEXT_INVALID);
	tables_legacy(&f.t, f.root, SID, VTD_TT_PASS_THROUGH, 2, 1, 0);
	assert_int_equal(legacy(&f, 0x123456789, true), VTD_FAULT_NONE);
	assert_int_equal(f.out.pa, 0x123456789);
	assert_int_equal(f.out.type, IOMMU_SPACE_PASS_THROUGH);
	*tables_word(&f.t, f.root, 0) = UINT64_C(0xfed90000) | 1;
	assert_int_equal(legacy(&f, 0, false), VTD_FAULT_CONTEXT_READ);
	tables_free(&f.t);
}

static void scalable_requests(void **state)
{
	uint64_t high = ~UINT64_C(0) << 47;
	struct fixture f;

	(void)state;
	setup(&f, VTD_TTM_SCALABLE);
	assert_int_equal(scalable(&f, IOMMU_NO_PASID, 0, false), VTD_FAULT_PASID_ABSENT);
	tables_pasid(&f.t, f.dir, 7, VTD_PGTT_FIRST_LEVEL, 0, 5, 0, 0, f.pt);
	tables_map(&f.t, f.pt, 4, 1, high & VTD_MASK(47, 0), 0x9000, FL_RW);
	assert_int_equal(scalable(&f, IOMMU_NO_PASID, high + 8, true), VTD_FAULT_NONE);
	assert_int_equal(f.out.pa, 0x9008);
	assert_int_equal(f.out.pasid, 7);
	assert_int_equal(f.out.did, 5);
	assert_int_equal(f.out.type, IOMMU_SPACE_FIRST_LEVEL);
	assert_int_equal(scalable(&f, 7, UINT64_C(1) << 47, true), VTD_FAULT_ADDRESS_WIDTH);
	assert_int_equal(scalable(&f, 8, 0, true), VTD_FAULT_PASID_ABSENT);
	assert_int_equal(scalable(&f, 64 * 128, 0, true), VTD_FAULT_PASID_RANGE);
	tables_pasid(&f.t, f.dir, 7, VTD_PGTT_SECOND_LEVEL, 0, 5, f.pt, 0, 0);
	assert_int_equal(scalable(&f, 7, 0, true), VTD_FAULT_PASID_INVALID);
	tables_pasid(&f.t, f.dir, 7, VTD_PGTT_FIRST_LEVEL, 0, 5, 0, 2, f.pt);
	assert_int_equal(scalable(&f, 7, 0, true), VTD_FAULT_PASID_INVALID);
	tables_pasid(&f.t, f.dir, 7, 6, 2, 5, f.pt, 0, f.pt);
	assert_int_equal(scalable(&f, 7, 0, true), VTD_FAULT_PASID_INVALID);
	tables_pasid(&f.t, f.dir, 7, VTD_PGTT_NESTED, 2, 5, f.pt, 0, f.pt);
	assert_int_equal(scalable(&f, 7, 0, true), VTD_FAULT_NESTED);
	tables_pasid(&f.t, f.dir, 7, VTD_PGTT_PASS_THROUGH, 0, 5, 0, 0, 0);
	assert_int_equal(scalable(&f, 7, 0x5555, true), VTD_FAULT_NONE);
	assert_int_equal(f.out.pa, 0x5555);
	assert_int_equal(scalable(&f, 7, UINT64_C(1) << 52, true), VTD_FAULT_ADDRESS_WIDTH);
	*tables_word(&f.t, f.dir, 0) = UINT64_C(0xfed90000) | 1;
	assert_int_equal(scalable(&f, 7, 0, true), VTD_FAULT_PASID_READ);
	/* the other half of the root entry is another table */
	assert_int_equal(vtd_translate(&f.mem, f.root, 1, UPPER & ~0x80, IOMMU_NO_PASID, 0, false, &f.out),
			 VTD_FAULT_ROOT_ABSENT);
	tables_free(&f.t);
}

static void contexts_alone(void **state)
{
	struct vtd_walk_result *r;
	struct vtd_context c;
	struct vtd_pasid p;
	struct fixture f;

	(void)state;
	setup(&f, VTD_TTM_SCALABLE);
	tables_pasid(&f.t, f.dir, 7, VTD_PGTT_SECOND_LEVEL, 2, 5, f.pt, 0, 0);
	assert_int_equal(vtd_lookup_context(&f.mem, f.root, 1, UPPER, &c), VTD_FAULT_NONE);
	assert_int_equal(vtd_lookup_pasid(&f.mem, &c, IOMMU_NO_PASID, &p), VTD_FAULT_NONE);
	r = walk(&f.t, f.root, 1, 0, NULL);
	/* the same as a walk finds, but for what only a walk knows */
	c.first_pasid = r->contexts[0].first_pasid;
	c.n_pasids = r->contexts[0].n_pasids;
	assert_memory_equal(&c, &r->contexts[0], sizeof(c));
	assert_memory_equal(&p, &r->pasids[0], sizeof(p));
	vtd_walk_free(r);
	tables_free(&f.t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(legacy_requests),
		cmocka_unit_test(legacy_contexts),
		cmocka_unit_test(scalable_requests),
		cmocka_unit_test(contexts_alone),
	};

	return cmocka_run_group_tests_name("vtd-translate", tests, NULL, NULL);
}
