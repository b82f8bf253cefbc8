// SPDX-License-Identifier: GPL-2.0-only
/*
 * Deep copy of VT-d translation tables: tests of the core, as this kernel builds it.
 *
 * The old memory is an array of pages; pages of our own come from the kernel. The
 * host has more tests of the same code, and an independent walker beside it.
 */
#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "kdump_copy.h"

#define OLD_RAM		0x10000000ull	/* where the old memory is said to be */
#define OLD_PAGES	16u
#define PTES		512u
#define RW		3ull
#define SUPERPAGE	BIT_ULL(7)

struct rig {
	struct kunit *test;
	u64 (*old)[PTES];	/* the pages of the old memory */
	unsigned int used;	/* of these */
	unsigned int live;	/* pages of our own that are not freed */
	unsigned int allocs;
	unsigned int fail_at;	/* the alloc() that gives nothing, from 1; 0: none */
	unsigned int visited, runs;
	struct kdc_run run[8];
	struct kdc kdc;
};

static const void *rig_old_page(void *ctx, u64 pa)
{
	struct rig *r = ctx;

	if (pa < OLD_RAM || pa >= OLD_RAM + OLD_PAGES * KDC_PAGE_SIZE)
		return NULL;
	return r->old[(pa - OLD_RAM) / KDC_PAGE_SIZE];
}

static void *rig_alloc(void *ctx, unsigned int order, u64 *pa)
{
	struct rig *r = ctx;
	unsigned long page;

	if (++r->allocs == r->fail_at)
		return NULL;
	page = __get_free_pages(GFP_KERNEL, order);
	if (!page)
		return NULL;
	r->live += 1u << order;
	*pa = virt_to_phys((void *)page);
	return (void *)page;
}

static void rig_free(void *ctx, void *page, unsigned int order)
{
	struct rig *r = ctx;

	r->live -= 1u << order;
	free_pages((unsigned long)page, order);
}

static void *rig_own_page(void *ctx, u64 pa)
{
	return phys_to_virt(pa);
}

static void *rig_resize(void *ctx, void *old, u64 old_size, u64 size)
{
	if (size)
		return krealloc(old, size, GFP_KERNEL);
	kfree(old);
	return NULL;
}

static const struct kdc_ops rig_ops = {
	.old_page = rig_old_page,
	.alloc = rig_alloc,
	.free = rig_free,
	.own_page = rig_own_page,
	.resize = rig_resize,
};

static int rig_init(struct kunit *test)
{
	struct rig *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);

	if (!r)
		return -ENOMEM;
	r->old = kunit_kzalloc(test, OLD_PAGES * KDC_PAGE_SIZE, GFP_KERNEL);
	if (!r->old)
		return -ENOMEM;
	r->test = test;
	r->kdc.ops = &rig_ops;
	r->kdc.ctx = r;
	r->kdc.limits = (struct kdc_limits){
		.sagaw = 0x0e,
		.first_5level = true,
		.second_2m = true,
		.second_1g = true,
		.first_1g = true,
		.pa_end = 1ull << 46,
		.max_pages = 1000,
	};
	test->priv = r;
	return 0;
}

/* Whatever a test did: nothing is left, and nothing is still counted. */
static void rig_exit(struct kunit *test)
{
	struct rig *r = test->priv;

	if (!r)
		return;
	kdc_destroy(&r->kdc);
	KUNIT_EXPECT_EQ(test, r->live, 0u);
}

/* A new page of the old memory: its address. */
static u64 old_alloc(struct rig *r)
{
	KUNIT_ASSERT_LT(r->test, r->used, OLD_PAGES);
	return OLD_RAM + r->used++ * KDC_PAGE_SIZE;
}

static u64 *old_entry(struct rig *r, u64 table, unsigned int index)
{
	return &r->old[(table - OLD_RAM) / KDC_PAGE_SIZE][index];
}

/* A second-stage tree of three levels: two pages, a hole, one page read-only, a 2-MiB page. */
static struct kdc_entry small_tree(struct rig *r)
{
	u64 top = old_alloc(r), middle = old_alloc(r), low = old_alloc(r);

	*old_entry(r, top, 0) = middle | RW;
	*old_entry(r, middle, 0) = low | RW;
	*old_entry(r, low, 1) = 0x100000 | RW;
	*old_entry(r, low, 2) = 0x101000 | RW;
	*old_entry(r, low, 5) = 0x200000 | 1;
	*old_entry(r, middle, 3) = 0x40000000 | RW | SUPERPAGE;
	return (struct kdc_entry){
		.kind = KDC_TREE, .format = KDC_SECOND_STAGE, .levels = 3, .root = top,
	};
}

static void expect_range(struct kunit *test, const struct kdc_tree *t, u32 i, u64 first, u64 last)
{
	KUNIT_ASSERT_LT(test, i, t->nr_ranges);
	KUNIT_EXPECT_EQ(test, t->ranges[i].first, first);
	KUNIT_EXPECT_EQ(test, t->ranges[i].last, last);
}

static void expect_small_ranges(struct kunit *test, const struct kdc_tree *t)
{
	KUNIT_EXPECT_EQ(test, t->nr_ranges, 3u);
	expect_range(test, t, 0, 1, 2);
	expect_range(test, t, 1, 5, 5);
	expect_range(test, t, 2, 3 * PTES, 4 * PTES - 1);
}

static int note_run(void *arg, const struct kdc_run *run)
{
	struct rig *r = arg;

	if (r->runs == ARRAY_SIZE(r->run))
		return -E2BIG;
	r->run[r->runs++] = *run;
	return 0;
}

static void expect_run(struct rig *r, unsigned int i, u64 iova, u64 pa, u64 size, bool write)
{
	KUNIT_ASSERT_LT(r->test, i, r->runs);
	KUNIT_EXPECT_EQ(r->test, r->run[i].iova, iova);
	KUNIT_EXPECT_EQ(r->test, r->run[i].pa, pa);
	KUNIT_EXPECT_EQ(r->test, r->run[i].size, size);
	KUNIT_EXPECT_TRUE(r->test, r->run[i].read);
	KUNIT_EXPECT_EQ(r->test, r->run[i].write, write);
}

static void context_entries(struct kunit *test)
{
	struct rig *r = test->priv;
	const struct kdc_limits *limits = &r->kdc.limits;
	u64 ce[2] = { 0x12345000 | 1, 0x2a << 8 | 1 };
	struct kdc_entry e;

	kdc_decode_context(limits, ce, &e);
	KUNIT_EXPECT_EQ(test, (int)e.kind, (int)KDC_TREE);
	KUNIT_EXPECT_EQ(test, e.root, 0x12345000ull);
	KUNIT_EXPECT_EQ(test, (int)e.levels, 3);
	KUNIT_EXPECT_EQ(test, (int)e.did, 0x2a);
	ce[0] |= 2 << 2;
	kdc_decode_context(limits, ce, &e);
	KUNIT_EXPECT_EQ(test, (int)e.kind, (int)KDC_PASS_THROUGH);
	ce[0] |= 3 << 2;
	kdc_decode_context(limits, ce, &e);
	KUNIT_EXPECT_EQ(test, (int)e.kind, (int)KDC_REFUSED);
	ce[0] = limits->pa_end | 1;
	kdc_decode_context(limits, ce, &e);
	KUNIT_EXPECT_EQ(test, (int)e.kind, (int)KDC_REFUSED);
	ce[0] &= ~1ull;
	kdc_decode_context(limits, ce, &e);
	KUNIT_EXPECT_EQ(test, (int)e.kind, (int)KDC_NOT_PRESENT);
	/* replaced, not ORed; faults are told of again */
	ce[0] = 0xfff0f000 | 3;
	kdc_context_set_root(ce, 0xabcd000);
	KUNIT_EXPECT_EQ(test, ce[0], 0xabcd000ull | 1);
}

static void scan_alone(struct kunit *test)
{
	struct rig *r = test->priv;
	struct kdc_entry e = small_tree(r);
	struct kdc_tree *t = kdc_tree_get(&r->kdc, &e, false);

	KUNIT_ASSERT_NOT_NULL(test, t);
	KUNIT_EXPECT_EQ(test, t->error, 0);
	KUNIT_EXPECT_EQ(test, t->new_root, 0ull);
	KUNIT_EXPECT_EQ(test, t->tables, 3u);
	KUNIT_EXPECT_EQ(test, t->leaves_4k, 3ull);
	KUNIT_EXPECT_EQ(test, t->leaves_2m, 1ull);
	KUNIT_EXPECT_EQ(test, r->live, 0u);
	expect_small_ranges(test, t);
	/* found again, not read again */
	KUNIT_EXPECT_PTR_EQ(test, kdc_tree_get(&r->kdc, &e, false), t);
	KUNIT_EXPECT_EQ(test, t->users, 2u);
}

/* What the hardware gets is the copy: nothing of it is in the old memory, which may change. */
static void copy_stands_alone(struct kunit *test)
{
	struct rig *r = test->priv;
	struct kdc_entry e = small_tree(r);
	struct kdc_tree *t = kdc_tree_get(&r->kdc, &e, true);

	KUNIT_ASSERT_NOT_NULL(test, t);
	KUNIT_ASSERT_EQ(test, t->error, 0);
	KUNIT_ASSERT_NE(test, t->new_root, 0ull);
	KUNIT_EXPECT_EQ(test, t->new_tables, 3u);
	KUNIT_EXPECT_EQ(test, r->live, 3u);
	expect_small_ranges(test, t);
	memset(r->old, 0xff, OLD_PAGES * KDC_PAGE_SIZE);
	KUNIT_ASSERT_EQ(test, kdc_walk_runs(&r->kdc, t, note_run, r), 0);
	KUNIT_EXPECT_EQ(test, r->runs, 3u);
	expect_run(r, 0, 0x1000, 0x100000, 0x2000, true);
	expect_run(r, 1, 0x5000, 0x200000, 0x1000, false);
	expect_run(r, 2, 3 * SZ_2M, 0x40000000, SZ_2M, true);
	/* no hardware uses it any more: the copy goes, what is known of it stays */
	kdc_tree_unused(&r->kdc, t);
	KUNIT_EXPECT_EQ(test, r->live, 0u);
	expect_small_ranges(test, t);
}

static void bad_entry(struct kunit *test)
{
	struct rig *r = test->priv;
	struct kdc_entry e = small_tree(r);
	struct kdc_tree *t;

	*old_entry(r, e.root, 1) = r->kdc.limits.pa_end | RW;
	t = kdc_tree_get(&r->kdc, &e, true);
	KUNIT_ASSERT_NOT_NULL(test, t);
	KUNIT_EXPECT_EQ(test, t->error, -EUCLEAN);
	KUNIT_EXPECT_EQ(test, t->bad_entries, 1ull);
	KUNIT_EXPECT_EQ(test, t->where, e.root + sizeof(u64));
	KUNIT_EXPECT_EQ(test, t->new_root, 0ull);
	KUNIT_EXPECT_EQ(test, r->live, 0u);
	expect_small_ranges(test, t);
}

/* Each table is one that leads to itself: it ends, whatever comes of it. */
static void tables_in_a_circle(struct kunit *test)
{
	struct rig *r = test->priv;
	struct kdc_entry e = small_tree(r);
	struct kdc_tree *t;
	unsigned int i;

	for (i = 0; i < PTES; i++)
		*old_entry(r, e.root, i) = e.root | RW;
	t = kdc_tree_get(&r->kdc, &e, true);
	KUNIT_ASSERT_NOT_NULL(test, t);
	KUNIT_EXPECT_LE(test, (u64)r->live, r->kdc.limits.max_pages);
	KUNIT_EXPECT_LE(test, r->kdc.used_pages, r->kdc.limits.max_pages);
}

static void no_budget(struct kunit *test)
{
	struct rig *r = test->priv;
	struct kdc_entry e = small_tree(r);
	struct kdc_tree *t;

	r->kdc.limits.copy_pages = 2;
	t = kdc_tree_get(&r->kdc, &e, true);
	KUNIT_ASSERT_NOT_NULL(test, t);
	KUNIT_EXPECT_EQ(test, t->error, -ENOSPC);
	KUNIT_EXPECT_EQ(test, t->new_root, 0ull);
	KUNIT_EXPECT_EQ(test, r->allocs, 0u);
	expect_small_ranges(test, t);
}

/* Each allocation in turn fails: what was made before goes again. */
static void no_memory(struct kunit *test)
{
	struct rig *r = test->priv;
	struct kdc_entry e = small_tree(r);
	struct kdc_tree *t;

	for (r->fail_at = 1; r->fail_at <= 3; r->fail_at++) {
		r->allocs = 0;
		t = kdc_tree_get(&r->kdc, &e, true);
		KUNIT_ASSERT_NOT_NULL(test, t);
		KUNIT_EXPECT_EQ(test, t->error, -ENOMEM);
		KUNIT_EXPECT_EQ(test, t->new_root, 0ull);
		KUNIT_EXPECT_EQ(test, r->live, 0u);
		expect_small_ranges(test, t);
		kdc_tree_put(&r->kdc, t);
	}
	KUNIT_EXPECT_EQ(test, r->kdc.used_pages, 0ull);
}

static int visit_pasid(void *arg, u32 pasid, const struct kdc_entry *entry, u64 pe[8])
{
	struct rig *r = arg;

	r->visited++;
	KUNIT_EXPECT_EQ(r->test, pasid, 64u + 7);
	KUNIT_EXPECT_EQ(r->test, (int)entry->kind, (int)KDC_TREE);
	KUNIT_EXPECT_EQ(r->test, (int)entry->levels, 4);
	KUNIT_EXPECT_EQ(r->test, (int)entry->did, 9);
	kdc_pasid_set_root(pe, entry->format, 0x5000);
	return 0;
}

static void pasid_directory(struct kunit *test)
{
	struct rig *r = test->priv;
	struct kdc_entry e = {
		.kind = KDC_PASID_DIR, .root = old_alloc(r), .pasid_dir_bits = 7,
	};
	u64 table = old_alloc(r), *dir, *pe;
	struct kdc_dir new = {};

	*old_entry(r, e.root, 1) = table | 1;
	pe = old_entry(r, table, 7 * 8);
	pe[0] = 0x7000 | 2 << 6 | 2 << 2 | 1;	/* second stage, four levels */
	pe[1] = 9;
	KUNIT_ASSERT_EQ(test, kdc_pasids(&r->kdc, &e, true, visit_pasid, r, &new), 0);
	KUNIT_EXPECT_EQ(test, r->visited, 1u);
	KUNIT_EXPECT_EQ(test, r->live, 2u);
	KUNIT_ASSERT_NE(test, new.root, 0ull);
	dir = phys_to_virt(new.root);
	KUNIT_ASSERT_NE(test, dir[1] & ~0xfffull, table);
	pe = (u64 *)phys_to_virt(dir[1] & ~0xfffull) + 7 * 8;
	KUNIT_EXPECT_EQ(test, pe[0], 0x5000ull | 2 << 6 | 2 << 2 | 1);
	KUNIT_EXPECT_EQ(test, pe[1], 9ull);
	kdc_free_pasids(&r->kdc, new.root, e.pasid_dir_order);
	KUNIT_EXPECT_EQ(test, r->live, 0u);
}

/* Of four ranges two gaps go: the smallest, and none below 4 GiB. */
static void smallest_gaps(struct kunit *test)
{
	static const struct kdc_range ranges[] = {
		{ 0x10, 0x1f }, { 0x21, 0x2f },
		{ 0x200000, 0x200001 }, { 0x200003, 0x200003 }, { 0x200006, 0x200006 },
		{ 0x900000, 0x900000 },
	};
	struct kdc_joining j;
	unsigned int i, joined = 0;

	kdc_join_plan(ranges, ARRAY_SIZE(ranges), 2, &j);
	for (i = 1; i < ARRAY_SIZE(ranges); i++)
		if (kdc_joins(&j, ranges[i - 1].last, ranges[i].first))
			joined |= 1u << i;
	KUNIT_EXPECT_EQ(test, joined, 1u << 3 | 1u << 4);
}

static struct kunit_case kdump_copy_cases[] = {
	KUNIT_CASE(context_entries),
	KUNIT_CASE(scan_alone),
	KUNIT_CASE(copy_stands_alone),
	KUNIT_CASE(bad_entry),
	KUNIT_CASE(tables_in_a_circle),
	KUNIT_CASE(no_budget),
	KUNIT_CASE(no_memory),
	KUNIT_CASE(pasid_directory),
	KUNIT_CASE(smallest_gaps),
	{}
};

static struct kunit_suite kdump_copy_suite = {
	.name = "intel_iommu_kdump",
	.init = rig_init,
	.exit = rig_exit,
	.test_cases = kdump_copy_cases,
};

kunit_test_suite(kdump_copy_suite);

MODULE_DESCRIPTION("Tests of the copy of a dead kernel's VT-d tables");
MODULE_LICENSE("GPL");
