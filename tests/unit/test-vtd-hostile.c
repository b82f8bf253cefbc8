/* SPDX-License-Identifier: GPL-2.0-only */
/* Tables meant to hurt: loops, explosions, shared pages, limits, garbage. All must end soon. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd/walk-json.h"
#include "vtd-test.h"

#define SID 0x0008

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* One page whose 512 entries all point to it: 512^4 leaves. */
static void four_levels_of_self_reference(void **state)
{
	struct vtd_walk_options o = { .max_runs = 100000 };
	struct vtd_walk_result *r;
	struct tables t;
	uint64_t root, pt;
	double start = seconds();

	(void)state;
	root = tables_begin(&t, &pt);
	tables_legacy(&t, root, SID, 0, 2, 1, pt);
	for (unsigned i = 0; i < 512; i++)
		*tables_word(&t, pt, i) = pt | 3;
	r = walk(&t, root, 0, 0, &o);
	assert_true(r->base.truncated);
	assert_string_equal(r->base.truncated_by, "runs");
	assert_int_equal(r->base.n_runs, 100000);
	assert_int_equal(r->base.leaves, UINT64_C(1) << 36);
	assert_int_equal(r->base.trees[0].pages, UINT64_C(1) << 36);
	assert_true(r->base.visits < 10);
	assert_true(r->defect_counts[VTD_DEFECT_LOOP] > 0);
	assert_true(seconds() - start < 5);
	tables_end(&t, r);
}

/* Five levels that share one page each, down to a leaf table of consecutive frames. */
static void a_shared_tree_is_cheap_and_right(void **state)
{
	struct vtd_walk_options o = { .max_runs = 1000 };
	struct vtd_walk_result *r;
	struct tables t;
	uint64_t root, page[6];

	(void)state;
	tables_init(&t, 16);
	root = tables_alloc(&t, 1);
	for (unsigned level = 1; level <= 5; level++)
		page[level] = tables_alloc(&t, 1);
	tables_legacy(&t, root, SID, 0, 3, 1, page[5]);
	for (unsigned level = 2; level <= 5; level++)
		for (unsigned i = 0; i < 512; i++)
			*tables_word(&t, page[level], i) = page[level - 1] | 3;
	for (unsigned i = 0; i < 512; i++)
		*tables_word(&t, page[1], i) = (UINT64_C(0x40000000) + i * 4096) | 3;
	r = walk(&t, root, 0, 0, &o);
	assert_true(r->base.truncated);
	assert_int_equal(r->base.n_defects, 0);
	assert_int_equal(r->base.visits, 7);
	assert_int_equal(r->base.leaves, UINT64_C(1) << 45);
	check_run(r, SID, IOMMU_NO_PASID, 999, 999 * 2 * MIB, 1000 * 2 * MIB - 1, GIB, 3);
	tables_end(&t, r);
}

/*
 * The memo against a plain reading: random trees over very few pages, so that pages are shared
 * within and across levels, looked up address by address with vtd_translate().
 */
static void runs_agree_with_single_lookups(void **state)
{
	uint64_t seed = 42, hits = 0;

	(void)state;
	for (unsigned round = 0; round < 60; round++) {
		struct vtd_walk_result *r;
		struct iommu_mem mem;
		struct tables t;
		uint64_t root, pt;
		bool fl = round & 1;
		unsigned ttm = fl ? VTD_TTM_SCALABLE : VTD_TTM_LEGACY;

		tables_init(&t, 12);
		root = tables_alloc(&t, 1);
		pt = tables_alloc(&t, 1);
		if (fl)
			tables_pasid(&t, tables_scalable(&t, root, SID, 0, 0, 0), 0, VTD_PGTT_FIRST_LEVEL, 0, 1, 0, 0,
				     pt);
		else
			tables_legacy(&t, root, SID, 0, 1 + round % 3, 1, pt);
		/* six pages; the few entries of each lead to any of them, or are superpages */
		for (unsigned p = 0; p < 6; p++) {
			uint64_t at = p ? tables_alloc(&t, 1) : pt;

			for (unsigned i = 0; i < 6; i++) {
				uint64_t x = tables_random(&seed), to = pt + (x % 6) * 4096;
				unsigned index = i < 3 ? i : 509 + i - 3;

				if ((x >> 8) % 8 == 0)
					to = (x & UINT64_C(0xfffc0000000)) | VTD_PTE_PS;
				*tables_word(&t, at, index) = to | ((x >> 16) & 7);
			}
		}
		mem = tables_mem(&t);
		r = walk(&t, root, ttm, 0, NULL);
		assert_false(r->base.truncated);
		for (unsigned i = 0; i < 20000; i++) {
			static const uint64_t index[] = { 0, 1, 2, 509, 510, 511, 77 };
			const struct iommu_space *s = iommu_walk_space(&r->base, SID, IOMMU_NO_PASID);
			const struct iommu_run *run;
			struct iommu_translation out;
			enum vtd_fault rd, wr;
			uint64_t iova = 0;

			for (unsigned level = 1; level <= s->levels; level++)
				iova |= index[tables_random(&seed) % 7] << (3 + 9 * level);
			if (fl && iova >> 47)
				iova |= ~UINT64_C(0) << 48;
			iova |= tables_random(&seed) & 0xfff;
			run = iommu_space_lookup(&r->base, s, iova);
			wr = vtd_translate(&mem, root, ttm, SID, IOMMU_NO_PASID, iova, true, &out);
			assert_int_equal(wr == VTD_FAULT_NONE, run && run->perm & IOMMU_PERM_WRITE);
			rd = vtd_translate(&mem, root, ttm, SID, IOMMU_NO_PASID, iova, false, &out);
			assert_int_equal(rd == VTD_FAULT_NONE, run && run->perm & IOMMU_PERM_READ);
			if (rd == VTD_FAULT_NONE) {
				hits++;
				assert_int_equal(out.pa, run->pa_start + (iova - run->iova_start));
				assert_int_equal(out.perm, run->perm);
			}
		}
		tables_end(&t, r);
	}
	assert_true(hits > 10000);
}

static void the_limit_on_visits(void **state)
{
	struct vtd_walk_options o = { .max_visits = 5 };
	struct vtd_walk_result *r;
	struct tables t;
	uint64_t root, pt;

	(void)state;
	root = tables_begin(&t, &pt);
	tables_legacy(&t, root, SID, 0, 1, 1, pt);
	for (unsigned i = 0; i < 8; i++)
		tables_map(&t, pt, 3, 1, i * GIB, 0x7000, SL_RW);
	r = walk(&t, root, 0, 0, &o);
	assert_true(r->base.truncated);
	assert_string_equal(r->base.truncated_by, "visits");
	assert_int_equal(r->base.visits, 5);
	tables_end(&t, r);
}

/* Every bus points to one context table, every context to one directory of one full PASID table. */
static void a_million_pasids(void **state)
{
	struct vtd_walk_options o = { .max_pasids = 5000 };
	struct vtd_walk_result *r;
	struct tables t;
	uint64_t root, ctx, dir, table;
	double start = seconds();

	(void)state;
	tables_init(&t, 64);
	root = tables_alloc(&t, 1);
	ctx = tables_alloc(&t, 1);
	dir = tables_alloc(&t, 32);
	table = tables_alloc(&t, 1);
	for (unsigned i = 0; i < 512; i++)
		*tables_word(&t, root, i) = ctx | 1;
	for (unsigned i = 0; i < 128; i++)
		*tables_word(&t, ctx, 4 * i) = dir | 7 << 9 | 1;
	for (unsigned i = 0; i < 16384; i++)
		*tables_word(&t, dir, i) = table | 1;
	for (unsigned i = 0; i < 64; i++)
		*tables_word(&t, table, 8 * i) = VTD_PGTT_PASS_THROUGH << 6 | 1;
	r = walk(&t, root, VTD_TTM_SCALABLE, 0, &o);
	assert_true(r->base.truncated);
	assert_int_equal(r->n_pasids, 5000);
	assert_true(r->base.visits <= 262144);
	assert_true(seconds() - start < 20);
	tables_end(&t, r);
}

static void all_contexts_of_all_buses_in_one_page(void **state)
{
	struct vtd_walk_result *r;
	struct tables t;
	uint64_t root, ctx, pt;

	(void)state;
	tables_init(&t, 64);
	root = tables_alloc(&t, 1);
	ctx = tables_alloc(&t, 1);
	pt = tables_alloc(&t, 1);
	tables_map(&t, pt, 4, 1, 0, 0x7000, SL_RW);
	for (unsigned i = 0; i < 256; i++) {
		*tables_word(&t, root, 2 * i) = ctx | 1;
		*tables_word(&t, ctx, 2 * i) = pt | 1;
		*tables_word(&t, ctx, 2 * i + 1) = 2;
	}
	r = walk(&t, root, 0, 0, NULL);
	assert_false(r->base.truncated);
	assert_int_equal(r->base.n_requesters, 65536);
	assert_int_equal(r->base.n_spaces, 65536);
	assert_int_equal(r->base.n_trees, 1);
	assert_int_equal(r->base.leaves, 65536);
	assert_int_equal(r->base.tree_leaves, 1);
	tables_end(&t, r);
}

/* What a random page of RAM may hold, with enough valid pointers in it to lead somewhere. */
static void garbage(struct tables *t, uint64_t *seed, unsigned bias)
{
	for (size_t i = 0; i < t->n_pages * 512; i++) {
		uint64_t x = tables_random(seed);

		if (x % 16 < bias)
			x = (tables_random(seed) % t->n_pages) << 12 | (x >> 32 & 0x8ff);
		*tables_word(t, 0, i) = x;
	}
}

static uint64_t space_key(const struct iommu_space *s)
{
	return (uint64_t)s->sid << 32 | s->pasid;
}

static void garbage_everywhere(void **state)
{
	uint64_t seed = 2024;

	(void)state;
	for (unsigned round = 0; round < 120; round++) {
		struct vtd_walk_options o = { .max_runs = 20000,
					      .max_visits = 3000,
					      .max_pasids = 1000,
					      .sagaw = round & 15,
					      .haw = (uint8_t)(round % 60) };
		struct vtd_walk_result *r;
		struct tables t;

		tables_init(&t, 4 + round % 60);
		garbage(&t, &seed, round % 17);
		r = walk(&t, tables_random(&seed) % (t.n_pages + 1) << 12, round % 4, tables_random(&seed) % t.ram.len,
			 &o);
		assert_true(r->base.n_runs <= 20000);
		assert_true(r->base.visits <= 3000);
		assert_true(r->n_pasids <= 1000);
		for (size_t s = 0; s < r->base.n_spaces; s++) {
			size_t n;
			const struct iommu_run *run = iommu_space_runs(&r->base, &r->base.spaces[s], &n);

			if (s)
				assert_true(space_key(&r->base.spaces[s - 1]) < space_key(&r->base.spaces[s]));
			for (size_t i = 0; i < n && i < 50; i++) {
				assert_true(run[i].iova_start <= run[i].iova_last);
				assert_true(run[i].perm & 3);
				if (i)
					assert_true(run[i].iova_start > run[i - 1].iova_last);
			}
		}
		tables_end(&t, r);
	}
}

/* A memory that answers differently each time it is asked: a guest that runs during the walk. */
static int moving_page(void *ctx, uint64_t pa, void *buf)
{
	uint64_t *seed = ctx, *q = buf;

	if (pa >= 64 * 4096)
		return 1;
	for (unsigned i = 0; i < 512; i++) {
		uint64_t x = tables_random(seed);

		q[i] = x & 8 ? (x >> 20) % 64 << 12 | (x & 0x87) | 1 : 0;
	}
	return 0;
}

static void memory_that_changes_under_the_walk(void **state)
{
	uint64_t seed = 5;
	struct iommu_mem mem = { .read_page = moving_page, .ctx = &seed };
	struct vtd_walk_options o = { .max_runs = 10000, .max_visits = 2000, .max_pasids = 500 };

	(void)state;
	for (unsigned round = 0; round < 40; round++) {
		struct vtd_walk_result *r;
		struct iommu_translation out;

		assert_int_equal(vtd_walk(&mem, 0, round & 1, 0x1000, &o, &r), 0);
		vtd_walk_free(r);
		for (unsigned i = 0; i < 100; i++)
			vtd_translate(&mem, 0, round & 1, (uint16_t)tables_random(&seed),
				      i & 2 ? IOMMU_NO_PASID : (uint32_t)tables_random(&seed),
				      tables_random(&seed) >> 16, i & 1, &out);
	}
}

/* What is built of a walk has an end too: spaces that share a tree would multiply it. */
static void json_of_a_shared_tree(void **state)
{
	struct vtd_walk_result *r;
	uint64_t root, ctx, pt;
	guint items = 0, left_out = 0;
	JsonArray *contexts;
	struct tables t;
	JsonNode *json;

	(void)state;
	tables_init(&t, 64);
	root = tables_alloc(&t, 1);
	ctx = tables_alloc(&t, 1);
	pt = tables_alloc(&t, 1);
	for (unsigned i = 0; i < 8; i++)
		tables_map(&t, pt, 4, 1, 0x2000 * i, 0x7000, SL_RW);
	for (unsigned i = 0; i < 256; i++) {
		*tables_word(&t, root, 2 * i) = ctx | 1;
		*tables_word(&t, ctx, 2 * i) = pt | 1;
		*tables_word(&t, ctx, 2 * i + 1) = 2;
	}
	r = walk(&t, root, 0, 0, NULL);
	json = walk_to_json(&r->base, NULL, true);
	contexts = json_object_get_array_member(json_node_get_object(json), "contexts");
	for (guint i = 0; i < json_array_get_length(contexts); i++) {
		JsonObject *context = json_array_get_object_element(contexts, i);
		JsonArray *spaces = json_object_get_array_member(context, "spaces");

		items += json_array_get_length(spaces);
		left_out += json_object_has_member(context, "spaces_left_out");
		for (guint k = 0; k < json_array_get_length(spaces); k++)
			items += json_array_get_length(
				json_object_get_array_member(json_array_get_object_element(spaces, k), "runs"));
	}
	assert_int_equal(json_array_get_length(contexts), 65536);
	assert_int_equal(items, 150000);
	assert_int_equal(left_out, 65536 - (150000 + 8) / 9);
	json_node_unref(json);
	tables_end(&t, r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(four_levels_of_self_reference),
		cmocka_unit_test(a_shared_tree_is_cheap_and_right),
		cmocka_unit_test(runs_agree_with_single_lookups),
		cmocka_unit_test(the_limit_on_visits),
		cmocka_unit_test(a_million_pasids),
		cmocka_unit_test(all_contexts_of_all_buses_in_one_page),
		cmocka_unit_test(json_of_a_shared_tree),
		cmocka_unit_test(garbage_everywhere),
		cmocka_unit_test(memory_that_changes_under_the_walk),
	};

	return cmocka_run_group_tests_name("vtd-hostile", tests, NULL, NULL);
}
