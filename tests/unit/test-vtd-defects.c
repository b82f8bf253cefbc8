/* SPDX-License-Identifier: GPL-2.0-only */
/* Every kind of defect fires once, at the right place, and nothing else with it. */
#include <stdio.h>
#include <string.h>

#include "vtd-test.h"

#define SID 0x0008

/* A legacy tree of four levels with one good leaf, to be spoilt. */
struct fixture {
	struct tables t;
	uint64_t root, context, pt, leaf;
};

static void setup_legacy(struct fixture *f)
{
	tables_init(&f->t, 64);
	f->root = tables_alloc(&f->t, 1);
	f->pt = tables_alloc(&f->t, 1);
	f->context = tables_legacy(&f->t, f->root, SID, 0, 2, 1, f->pt);
	f->leaf = tables_map(&f->t, f->pt, 4, 1, 0, 0x7000, SL_RW);
}

/* Walk, expect exactly one defect of @kind at entry @index of @table, and @runs runs. */
static void expect(struct fixture *f, unsigned ttm, uint64_t irta, const struct vtd_walk_options *o,
		   enum vtd_defect_kind kind, uint64_t table, uint32_t index, size_t runs)
{
	struct vtd_walk_result *r = walk(&f->t, f->root, ttm, irta, o);
	char line[256];

	assert_int_equal(r->base.n_defects, 1);
	assert_int_equal(r->defect_counts[kind], 1);
	assert_int_equal(r->n_samples, 1);
	assert_int_equal(r->defects[0].kind, kind);
	assert_int_equal(r->defects[0].table, table);
	assert_int_equal(r->defects[0].index, index);
	assert_int_equal(r->base.n_runs, runs);
	vtd_defect_text(&r->defects[0], line, sizeof(line));
	assert_non_null(strstr(line, vtd_defect_kind_name(kind)));
	vtd_walk_free(r);
	tables_free(&f->t);
}

static void modes_that_cannot_be_walked(void **state)
{
	struct fixture f;

	(void)state;
	for (unsigned ttm = 2; ttm <= 3; ttm++) {
		setup_legacy(&f);
		expect(&f, ttm, 0, NULL, VTD_DEFECT_MODE, f.root, 0, 0);
	}
}

static void tables_outside_ram(void **state)
{
	static const uint64_t bad[] = { 64 * 4096, 0xb0000000, 0xfed90000, UINT64_C(0xfffffffffffff),
					UINT64_C(0xfffffffffffff000) };
	struct fixture f;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint64_t pa = bad[i] & ~UINT64_C(0xfff);

		setup_legacy(&f);
		f.root = pa;
		expect(&f, 0, 0, NULL, VTD_DEFECT_OUTSIDE_RAM, pa, 0, 0);
		setup_legacy(&f);
		*tables_word(&f.t, f.root, 2) = pa | 1;
		expect(&f, 0, 0, NULL, VTD_DEFECT_OUTSIDE_RAM, f.root, 2, 1);
		setup_legacy(&f);
		*tables_word(&f.t, f.context, 2 * SID) = pa | 1;
		expect(&f, 0, 0, NULL, VTD_DEFECT_OUTSIDE_RAM, pa, 0, 0);
		setup_legacy(&f);
		expect(&f, 0, pa | 3, NULL, VTD_DEFECT_OUTSIDE_RAM, pa, 0, 1);
		if (pa >> 52)
			continue; /* does not fit a paging entry */
		setup_legacy(&f);
		*tables_word(&f.t, f.pt, 3) = pa | 3;
		expect(&f, 0, 0, NULL, VTD_DEFECT_OUTSIDE_RAM, f.pt, 3, 1);
	}
}

static void reserved_bits_in_root_and_context(void **state)
{
	struct fixture f;

	(void)state;
	setup_legacy(&f);
	*tables_word(&f.t, f.root, 0) |= 0x800;
	expect(&f, 0, 0, NULL, VTD_DEFECT_ROOT_RESERVED, f.root, 0, 1);
	setup_legacy(&f);
	*tables_word(&f.t, f.root, 1) = 0x5001; /* an upper half in legacy mode */
	expect(&f, 0, 0, NULL, VTD_DEFECT_ROOT_RESERVED, f.root, 1, 1);
	setup_legacy(&f);
	*tables_word(&f.t, f.context, 2 * SID) |= 0x10;
	expect(&f, 0, 0, NULL, VTD_DEFECT_CONTEXT_RESERVED, f.context, SID, 1);
	setup_legacy(&f);
	*tables_word(&f.t, f.context, 2 * SID + 1) |= UINT64_C(1) << 24;
	expect(&f, 0, 0, NULL, VTD_DEFECT_CONTEXT_RESERVED, f.context, SID, 1);
}

static void context_type_and_width(void **state)
{
	static const unsigned bad_aw[] = { 0, 4, 5, 6, 7 };
	struct vtd_walk_options o = { .sagaw = 2 };
	struct fixture f;

	(void)state;
	setup_legacy(&f);
	tables_legacy(&f.t, f.root, SID, VTD_TT_RESERVED, 2, 1, f.pt);
	expect(&f, 0, 0, NULL, VTD_DEFECT_CONTEXT_TYPE, f.context, SID, 0);
	for (size_t i = 0; i < sizeof(bad_aw) / sizeof(bad_aw[0]); i++) {
		setup_legacy(&f);
		tables_legacy(&f.t, f.root, SID, 0, bad_aw[i], 1, f.pt);
		expect(&f, 0, 0, NULL, VTD_DEFECT_ADDRESS_WIDTH, f.context, SID, 0);
	}
	/* 48 bits where the hardware only has 39 */
	setup_legacy(&f);
	expect(&f, 0, 0, &o, VTD_DEFECT_ADDRESS_WIDTH, f.context, SID, 0);
}

/* Scalable: a PASID entry with @pgtt, @aw, @flpm and raw bits @extra in its first word. */
static void expect_pasid(unsigned pgtt, unsigned aw, unsigned flpm, uint64_t extra, enum vtd_defect_kind kind,
			 size_t runs)
{
	struct fixture f;
	uint64_t dir, table;

	tables_init(&f.t, 64);
	f.root = tables_alloc(&f.t, 1);
	f.pt = tables_alloc(&f.t, 1);
	tables_map(&f.t, f.pt, 4, 1, 0, 0x7000, SL_RW);
	dir = tables_scalable(&f.t, f.root, SID, 0, 0, 0);
	table = tables_pasid(&f.t, dir, 9, pgtt, aw, 1, f.pt, flpm, f.pt);
	*tables_word(&f.t, table, 9 * 8) |= extra;
	expect(&f, 1, 0, NULL, kind, table, 9, runs);
}

static void pasid_entries(void **state)
{
	static const unsigned bad_pgtt[] = { 0, 5, 6, 7 };
	struct fixture f;
	uint64_t dir;

	(void)state;
	for (size_t i = 0; i < sizeof(bad_pgtt) / sizeof(bad_pgtt[0]); i++)
		expect_pasid(bad_pgtt[i], 2, 0, 0, VTD_DEFECT_PASID_TYPE, 0);
	expect_pasid(VTD_PGTT_SECOND_LEVEL, 0, 0, 0, VTD_DEFECT_ADDRESS_WIDTH, 0);
	expect_pasid(VTD_PGTT_SECOND_LEVEL, 4, 0, 0, VTD_DEFECT_ADDRESS_WIDTH, 0);
	expect_pasid(VTD_PGTT_FIRST_LEVEL, 0, 2, 0, VTD_DEFECT_ADDRESS_WIDTH, 0);
	expect_pasid(VTD_PGTT_NESTED, 2, 3, 0, VTD_DEFECT_ADDRESS_WIDTH, 0);
	expect_pasid(VTD_PGTT_SECOND_LEVEL, 2, 0, 0x400, VTD_DEFECT_PASID_RESERVED, 1);

	tables_init(&f.t, 64);
	f.root = tables_alloc(&f.t, 1);
	dir = tables_scalable(&f.t, f.root, SID, 0, 0, 0);
	tables_pasid(&f.t, dir, 64, VTD_PGTT_PASS_THROUGH, 0, 1, 0, 0, 0);
	*tables_word(&f.t, dir, 1) |= 4;
	expect(&f, 1, 0, NULL, VTD_DEFECT_PASID_RESERVED, dir, 1, 1);

	tables_init(&f.t, 64);
	f.root = tables_alloc(&f.t, 1);
	dir = tables_scalable(&f.t, f.root, SID, 0, 0, 0);
	*tables_word(&f.t, dir, 5) = UINT64_C(0xfed90000) | 1;
	expect(&f, 1, 0, NULL, VTD_DEFECT_OUTSIDE_RAM, dir, 5, 0);

	tables_init(&f.t, 64);
	f.root = tables_alloc(&f.t, 1);
	tables_scalable(&f.t, f.root, SID, 0xfed90000, 0, 0);
	expect(&f, 1, 0, NULL, VTD_DEFECT_OUTSIDE_RAM, 0xfed90000, 0, 0);

	/* reserved bits of a scalable context */
	tables_init(&f.t, 64);
	f.root = tables_alloc(&f.t, 1);
	dir = tables_scalable(&f.t, f.root, SID, 0, 0, 0);
	f.context = *tables_word(&f.t, f.root, 0) & ~UINT64_C(1);
	*tables_word(&f.t, f.context, 4 * SID + 1) |= UINT64_C(1) << 40;
	expect(&f, 1, 0, NULL, VTD_DEFECT_CONTEXT_RESERVED, f.context, SID, 0);
}

static void paging_entries(void **state)
{
	struct vtd_walk_options o = { .haw = 39 };
	struct fixture f;

	(void)state;
	setup_legacy(&f); /* SNP in an entry that points to a table */
	*tables_word(&f.t, f.pt, 0) |= VTD_SL_SNP;
	expect(&f, 0, 0, NULL, VTD_DEFECT_PTE_RESERVED, f.pt, 0, 0);
	setup_legacy(&f); /* a leaf beyond 39 bits */
	*tables_word(&f.t, f.leaf, 1) = UINT64_C(1) << 39 | 3;
	expect(&f, 0, 0, &o, VTD_DEFECT_PTE_WIDTH, f.leaf, 1, 1);
	setup_legacy(&f); /* the last frame below 39 bits, then the first beyond */
	*tables_word(&f.t, f.leaf, 1) = (UINT64_C(1) << 39) - 0x1000 + 3;
	*tables_word(&f.t, f.leaf, 2) = (UINT64_C(1) << 39) | 3;
	expect(&f, 0, 0, &o, VTD_DEFECT_PTE_WIDTH, f.leaf, 2, 2);
	setup_legacy(&f);
	*tables_word(&f.t, f.pt, 1) = UINT64_C(1) << 40 | 3;
	expect(&f, 0, 0, &o, VTD_DEFECT_PTE_WIDTH, f.pt, 1, 1);
	setup_legacy(&f); /* PS at level 4 */
	*tables_word(&f.t, f.pt, 1) = VTD_PTE_PS | 3;
	expect(&f, 0, 0, NULL, VTD_DEFECT_SUPERPAGE_LEVEL, f.pt, 1, 1);
	setup_legacy(&f); /* 1 GiB that begins at 2 MiB */
	tables_map(&f.t, f.pt, 4, 3, GIB, 2 * MIB, SL_RW);
	expect(&f, 0, 0, NULL, VTD_DEFECT_SUPERPAGE_ALIGN, *tables_word(&f.t, f.pt, 0) & ~0xfffu, 1, 1);
	setup_legacy(&f); /* 2 MiB that begins at 4 KiB: bit 12 is reserved in the second level */
	tables_map(&f.t, f.pt, 4, 2, 2 * MIB, 0x1000, SL_RW);
	expect(&f, 0, 0, NULL, VTD_DEFECT_SUPERPAGE_ALIGN,
	       *tables_word(&f.t, *tables_word(&f.t, f.pt, 0) & ~0xfffu, 0) & ~0xfffu, 1, 1);
}

static void a_table_that_refers_to_itself(void **state)
{
	struct vtd_walk_result *r;
	struct fixture f;

	(void)state;
	setup_legacy(&f);
	*tables_word(&f.t, f.pt, 5) = f.pt | 3;
	r = walk(&f.t, f.root, 0, 0, NULL);
	assert_true(r->defect_counts[VTD_DEFECT_LOOP] >= 1);
	assert_int_equal(r->defects[0].kind, VTD_DEFECT_LOOP);
	assert_int_equal(r->defects[0].table, f.pt);
	assert_int_equal(r->defects[0].index, 5);
	vtd_walk_free(r);
	tables_free(&f.t);
}

static void interrupt_remapping(void **state)
{
	struct fixture f;
	uint64_t irt;

	(void)state;
	setup_legacy(&f);
	irt = tables_alloc(&f.t, 1);
	*tables_word(&f.t, irt, 2 * 7) = 1;
	*tables_word(&f.t, irt, 2 * 7 + 1) = UINT64_C(1) << 63;
	expect(&f, 0, irt | 5, NULL, VTD_DEFECT_IRTE_RESERVED, irt, 7, 1);
}

static void entries_not_present_are_no_defects(void **state)
{
	struct vtd_walk_result *r;
	struct fixture f;

	(void)state;
	setup_legacy(&f);
	*tables_word(&f.t, f.context, 2 * 0x20) = ~UINT64_C(1);
	*tables_word(&f.t, f.context, 2 * 0x21 + 1) = 1;
	*tables_word(&f.t, f.leaf, 9) = ~UINT64_C(3);
	*tables_word(&f.t, f.pt, 9) = ~UINT64_C(3);
	r = walk(&f.t, f.root, 0, 0, NULL);
	assert_int_equal(r->base.n_defects, 0);
	assert_int_equal(r->base.n_requesters, 1);
	assert_int_equal(r->odd_contexts, 2);
	assert_int_equal(r->base.n_runs, 1);
	vtd_walk_free(r);
	tables_free(&f.t);
}

static void samples_are_capped_counts_are_not(void **state)
{
	struct vtd_walk_options o = { .max_samples = 3 };
	struct vtd_walk_result *r;
	struct fixture f;

	(void)state;
	setup_legacy(&f);
	for (unsigned i = 1; i < 512; i++)
		*tables_word(&f.t, f.pt, i) = UINT64_C(0xfed90000) + i * 4096 + 3;
	r = walk(&f.t, f.root, 0, 0, &o);
	assert_int_equal(r->base.n_defects, 511);
	assert_int_equal(r->n_samples, 3);
	vtd_walk_free(r);
	tables_free(&f.t);
}

static void every_name_is_told(void **state)
{
	(void)state;
	for (unsigned i = 0; i < VTD_DEFECT_KINDS; i++)
		assert_string_not_equal(vtd_defect_kind_name(i), "unknown");
	assert_string_equal(vtd_defect_kind_name(VTD_DEFECT_KINDS), "unknown");
	for (unsigned i = 0; i <= VTD_TABLE_IRT; i++)
		assert_string_not_equal(vtd_table_kind_name(i), "unknown");
	for (unsigned i = 0; i <= IOMMU_SPACE_INVALID; i++)
		assert_string_not_equal(iommu_space_type_name(i), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(modes_that_cannot_be_walked),
		cmocka_unit_test(tables_outside_ram),
		cmocka_unit_test(reserved_bits_in_root_and_context),
		cmocka_unit_test(context_type_and_width),
		cmocka_unit_test(pasid_entries),
		cmocka_unit_test(paging_entries),
		cmocka_unit_test(a_table_that_refers_to_itself),
		cmocka_unit_test(interrupt_remapping),
		cmocka_unit_test(entries_not_present_are_no_defects),
		cmocka_unit_test(samples_are_capped_counts_are_not),
		cmocka_unit_test(every_name_is_told),
	};

	return cmocka_run_group_tests_name("vtd-defects", tests, NULL, NULL);
}
