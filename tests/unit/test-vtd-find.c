/* SPDX-License-Identifier: GPL-2.0-only */
/* Root tables found in unknown memory: by proof, and nothing that only looks like one. */
#include <stdio.h>
#include <string.h>

#include "vtd-test.h"
#include "vtd/find.h"

#define SID 0x0008

/* Look at all of the fake RAM but page 0; what is mapped may be anywhere below 64 GiB. */
static struct iommu_roots find(struct tables *t)
{
	struct iommu_mem mem = tables_mem(t);
	struct iommu_ranges pages = { 0 }, ram = { 0 };
	struct iommu_roots roots;

	assert_int_equal(iommu_ranges_add(&pages, 0x1000, t->n_pages * 4096 - 1), 0);
	assert_int_equal(iommu_ranges_add(&ram, 0, 64 * GIB - 1), 0);
	assert_int_equal(vtd_find_roots(&mem, &pages, &ram, 0, &roots), 0);
	iommu_ranges_clear(&pages);
	iommu_ranges_clear(&ram);
	return roots;
}

/* A device of legacy mode with @n pages mapped: the root of its page tables. */
static uint64_t legacy_device(struct tables *t, uint64_t root, uint16_t sid, size_t n)
{
	uint64_t pt = tables_alloc(t, 1);

	tables_legacy(t, root, sid, 0, 1, 1, pt);
	tables_map_many(t, pt, 3, 1, 0xfff00000, 0x7000, SL_RW, n);
	return pt;
}

/* A device of scalable mode with @n pages mapped by first-level tables. */
static uint64_t scalable_device(struct tables *t, uint64_t root, uint16_t sid, size_t n)
{
	uint64_t dir = tables_scalable(t, root, sid, 0, 0, 0), pt = tables_alloc(t, 1);

	tables_pasid(t, dir, 0, VTD_PGTT_FIRST_LEVEL, 0, 1, 0, 0, pt);
	tables_map_many(t, pt, 4, 1, 0xfff00000, 0x7000, FL_RW, n);
	return dir;
}

static void check_root(const struct iommu_root *r, uint64_t root, unsigned ttm, enum iommu_root_proof proof,
		       size_t devices, uint64_t pages)
{
	assert_int_equal(r->root, root);
	assert_int_equal(r->mode, ttm);
	assert_int_equal(r->proof, proof);
	assert_int_equal(r->devices, devices);
	assert_int_equal(r->ram_pages, pages);
}

/* RAM with rubbish before and after what a test puts into it. */
static void begin(struct tables *t)
{
	uint64_t seed = 1, noise;

	tables_init(t, 128);
	noise = tables_alloc(t, 8);
	for (size_t i = 0; i < 8 * 512; i++)
		*tables_word(t, noise, i) = tables_random(&seed);
}

static void finds_either_mode(void **state)
{
	struct iommu_roots roots;
	struct tables t;
	uint64_t root;

	(void)state;
	begin(&t);
	root = tables_alloc(&t, 1);
	legacy_device(&t, root, SID, 3);
	legacy_device(&t, root, 0x0310, 2);
	roots = find(&t);
	assert_int_equal(roots.n, 1);
	check_root(&roots.v[0], root, VTD_TTM_LEGACY, IOMMU_ROOT_MAPPED, 2, 5);
	assert_false(roots.truncated);
	tables_free(&t);

	/* devfn 80: in the upper table only; and its PASID directory is no root */
	begin(&t);
	root = tables_alloc(&t, 1);
	scalable_device(&t, root, 0x0080, 3);
	roots = find(&t);
	assert_int_equal(roots.n, 1);
	check_root(&roots.v[0], root, VTD_TTM_SCALABLE, IOMMU_ROOT_MAPPED, 1, 3);
	tables_free(&t);
}

static void lists_two_by_proof(void **state)
{
	uint64_t few, many, passed;
	struct iommu_roots roots;
	struct tables t;

	(void)state;
	begin(&t);
	passed = tables_alloc(&t, 1);
	tables_legacy(&t, passed, 0x0010, VTD_TT_PASS_THROUGH, 2, 1, 0);
	tables_legacy(&t, passed, 0x0018, VTD_TT_PASS_THROUGH, 2, 1, 0);
	few = tables_alloc(&t, 1);
	scalable_device(&t, few, SID, 2);
	many = tables_alloc(&t, 1);
	legacy_device(&t, many, 0x0100, 9);
	roots = find(&t);
	assert_int_equal(roots.n, 3);
	check_root(&roots.v[0], many, VTD_TTM_LEGACY, IOMMU_ROOT_MAPPED, 1, 9);
	check_root(&roots.v[1], few, VTD_TTM_SCALABLE, IOMMU_ROOT_MAPPED, 1, 2);
	check_root(&roots.v[2], passed, VTD_TTM_LEGACY, IOMMU_ROOT_PASS_THROUGH, 2, 0);
	tables_free(&t);
}

/* What spoils the tables of one device, and what is then left of the find. */
static void refuses_what_only_looks_like_one(void **state)
{
	enum { ODD_WORD, RESERVED, NO_RAM, TYPE, WIDTH, CONTEXT_BITS, NO_CONTEXT, GARBAGE, WAYS };

	(void)state;
	for (unsigned way = 0; way < WAYS; way++) {
		uint64_t root, context;
		struct iommu_roots roots;
		struct tables t;

		begin(&t);
		root = tables_alloc(&t, 1);
		legacy_device(&t, root, SID, 3);
		context = *tables_word(&t, root, 0) & ~UINT64_C(0xfff);
		if (way == ODD_WORD)
			*tables_word(&t, root, 7) = 2;
		else if (way == RESERVED)
			*tables_word(&t, root, 0) |= 0x20;
		else if (way == NO_RAM)
			*tables_word(&t, root, 4) = 64 * GIB | 1;
		else if (way == TYPE)
			*tables_word(&t, context, SID * 2) |= VTD_TT_RESERVED << 2;
		else if (way == WIDTH)
			*tables_word(&t, context, SID * 2 + 1) |= 7;
		else if (way == CONTEXT_BITS)
			*tables_word(&t, context, SID * 2 + 1) |= 1u << 24;
		else if (way == NO_CONTEXT)
			*tables_word(&t, context, SID * 2) = 0;
		else
			*tables_word(&t, context, 100) = 0x1234;
		roots = find(&t);
		if (roots.n)
			fail_msg("way %u: a root is left", way);
		tables_free(&t);
	}
}

/* Good contexts whose page tables prove nothing: kept, for somebody who knows better, never proven. */
static void doubts(void **state)
{
	enum { FOREIGN, BAD_ENTRY, EMPTY, WAYS };

	(void)state;
	for (unsigned way = 0; way < WAYS; way++) {
		struct iommu_roots roots;
		uint64_t root, pt;
		struct tables t;

		begin(&t);
		root = tables_alloc(&t, 1);
		pt = legacy_device(&t, root, SID, way == EMPTY ? 0 : 3);
		if (way == FOREIGN)
			tables_map_many(&t, pt, 3, 1, 0, 64 * GIB, SL_RW, 100);
		else if (way == BAD_ENTRY)
			*tables_word(&t, pt, 9) = VTD_SL_TM | 0x7000 | SL_RW;
		roots = find(&t);
		assert_int_equal(roots.n, 1);
		check_root(&roots.v[0], root, VTD_TTM_LEGACY, IOMMU_ROOT_DOUBTFUL, 1, way == EMPTY ? 0 : 3);
		assert_int_equal(roots.v[0].defects, way == BAD_ENTRY);
		tables_free(&t);
	}
}

static void finds_nothing_and_ends(void **state)
{
	struct iommu_ranges pages = { 0 }, ram = { 0 };
	struct iommu_roots roots;
	struct iommu_mem mem;
	struct tables t;

	(void)state;
	begin(&t);
	roots = find(&t);
	assert_int_equal(roots.n, 0);
	/* every page is a root table of every page */
	for (size_t p = 1; p < t.n_pages; p++)
		for (size_t i = 0; i < 512; i++)
			*tables_word(&t, p << 12, i) = (1 + i % 127) << 12 | 1;
	mem = tables_mem(&t);
	assert_int_equal(iommu_ranges_add(&pages, 0, 1 * MIB - 1), 0);
	assert_int_equal(vtd_find_roots(&mem, &pages, &ram, 5000, &roots), 0);
	assert_int_equal(roots.n, 0);
	assert_true(roots.truncated);
	iommu_ranges_clear(&pages);
	tables_free(&t);
}

/* More of them than there is room for: the best are kept. */
static void keeps_the_best(void **state)
{
	struct iommu_roots roots;
	struct tables t;

	(void)state;
	tables_init(&t, 1024);
	for (size_t i = 0; i < 70; i++)
		legacy_device(&t, tables_alloc(&t, 1), SID, 1 + i);
	roots = find(&t);
	assert_int_equal(roots.n, 64);
	assert_true(roots.truncated);
	for (size_t i = 0; i < roots.n; i++)
		assert_int_equal(roots.v[i].ram_pages, 70 - i);
	tables_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_either_mode),
		cmocka_unit_test(lists_two_by_proof),
		cmocka_unit_test(refuses_what_only_looks_like_one),
		cmocka_unit_test(doubts),
		cmocka_unit_test(finds_nothing_and_ends),
		cmocka_unit_test(keeps_the_best),
	};

	return cmocka_run_group_tests_name("vtd-find", tests, NULL, NULL);
}
