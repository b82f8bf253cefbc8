/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A copied table that is written into the new domain as a whole, and what is mapped there: kernel-patches/src/kdump_link.c,
 * the very file that the kernel builds, over a domain whose tables are made by an iommu_map() of the test, in a format of
 * its own.
 */
#include "kdump-test.h"
#include "kernel.h"

#include "kdump_link.c"

struct kdump intel_kdump;

/* What this domain's entries have beside address, R and W: nobody but iommu_map() knows. */
#define OWN_BITS (BIT_ULL(11) | BIT_ULL(5))
#define LEVELS 3u

static u64 *pages[16];
static unsigned nr_pages, maps, map_fails_at, flushes, page_fails, freed;
static const void *flushed;

void shim_print(const char *fmt, ...)
{
	(void)fmt;
}

void clflush_cache_range(void *at, size_t size)
{
	if (size != PAGE_SIZE) {
		/* an entry that refers to a table: that was flushed before */
		assert_int_equal(size, sizeof(u64));
		assert_ptr_equal(flushed, (void *)(uintptr_t)(*(u64 *)at & PTE_ADDR));
	}
	flushed = at;
	flushes++;
}

static u64 *new_page(void)
{
	assert_true(nr_pages < ARRAY_SIZE(pages));
	pages[nr_pages] = aligned_alloc(PAGE_SIZE, PAGE_SIZE);
	memset(pages[nr_pages], 0, PAGE_SIZE);
	return pages[nr_pages++];
}

struct page *alloc_pages_node(int nid, int flags, unsigned int order)
{
	(void)nid;
	(void)flags;
	assert_int_equal(order, 0);
	if (page_fails)
		return NULL;
	return (struct page *)memset(new_page(), 0xff, PAGE_SIZE);
}

void free_page(unsigned long at)
{
	assert_ptr_equal((void *)at, pages[nr_pages - 1]);
	free(pages[--nr_pages]);
	freed++;
}

#define TABLE_BITS BIT_ULL(6)

int iommu_map(struct iommu_domain *domain, unsigned long iova, phys_addr_t pa, size_t size, int prot, int gfp)
{
	u64 *table = &to_dmar_domain(domain)->pgd->val;

	(void)gfp;
	assert_int_equal(size, PAGE_SIZE);
	assert_true(prot & IOMMU_CACHE);
	if (++maps == map_fails_at)
		return -ENOMEM;
	for (unsigned level = LEVELS; level > 1; level--) {
		u64 *pte = &table[iova >> (3 + 9 * level) & 511];

		if (!*pte)
			*pte = (u64)(uintptr_t)new_page() | TABLE_BITS | 3;
		table = (u64 *)(uintptr_t)(*pte & PTE_ADDR);
	}
	assert_int_equal(table[iova >> 12 & 511], 0);
	table[iova >> 12 & 511] = pa | OWN_BITS | (prot & (IOMMU_READ | IOMMU_WRITE));
	return 0;
}

/* ---- a domain, and a table of the copy ---- */

#define IOVA (5 * GIB + 6 * MIB)
#define R 1u
#define W 2u

struct rig {
	struct dmar_domain domain;
	struct kdump_device stat;
	u64 old[512];
	struct kdc_table table;
	struct kdump_link link;
};

static struct rig *rig_new(void)
{
	struct rig *r = calloc(1, sizeof(*r));

	nr_pages = maps = map_fails_at = flushes = page_fails = freed = 0;
	r->domain.agaw = LEVELS - 2;
	r->domain.iommu_coherency = true;
	r->domain.pgd = (struct dma_pte *)new_page();
	r->table = (struct kdc_table){ .entries = r->old, .iova = IOVA, .present = R | W, .perm = R | W };
	return r;
}

static void rig_free(struct rig *r)
{
	while (nr_pages)
		free(pages[--nr_pages]);
	free(r);
}

static bool take(struct rig *r)
{
	return intel_kdump_link(&r->domain.domain, &r->table, &r->link, &r->stat);
}

/* The entry of the domain for page @i of the table at @iova. */
static u64 entry_at(struct rig *r, u64 iova, unsigned i)
{
	u64 *table = &r->domain.pgd->val;

	for (unsigned level = LEVELS; level > 1; level--) {
		assert_int_equal(table[iova >> (3 + 9 * level) & 511] & ~PTE_ADDR, TABLE_BITS | 3);
		table = (u64 *)(uintptr_t)(table[iova >> (3 + 9 * level) & 511] & PTE_ADDR);
	}
	return table[i];
}

static u64 entry(struct rig *r, unsigned i)
{
	return entry_at(r, IOVA, i);
}

/* ---- the cases ---- */

/* Each page to its old address, with its permissions and what the format of the domain asks for; nothing besides. */
static void as_it_was(void **state)
{
	struct rig *r = rig_new();
	unsigned n = 0;

	(void)state;
	for (unsigned i = 0; i < 512; i++) {
		if (i % 7 == 3)
			continue; /* not mapped */
		r->old[i] = (0x100000ull + i * 37 % 512) << 12 | BIT_ULL(7) | BIT_ULL(62) | i % 4;
		n += i % 4 != 0;
	}
	assert_true(take(r));
	for (unsigned i = 0; i < 512; i++) {
		unsigned perm = r->old[i] & 3;

		assert_int_equal(entry(r, i), perm ? (r->old[i] & PTE_ADDR) | OWN_BITS | perm : 0);
	}
	assert_int_equal(r->stat.mapped, n);
	assert_false(r->link.touched);
	/* One call for each kind of page, whatever their number. */
	assert_int_equal(maps, 3);
	assert_int_equal(flushes, 0);
	rig_free(r);
}

static void what_upper_levels_forbid(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	r->old[0] = 0x5000 | R | W;
	r->old[1] = 0x6000 | W;
	r->table.perm = R;
	assert_true(take(r));
	assert_int_equal(entry(r, 0), 0x5000 | OWN_BITS | R);
	assert_int_equal(entry(r, 1), 0);
	assert_int_equal(r->stat.mapped, 1);
	rig_free(r);
}

/* First stage: R is the present bit, and without it an entry is nothing. */
static void first_stage(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	r->old[0] = 0x5000 | R;
	r->old[1] = 0x6000 | W;
	r->old[2] = 0x7000 | R | W;
	r->table.present = R;
	assert_true(take(r));
	assert_int_equal(entry(r, 0), 0x5000 | OWN_BITS | R);
	assert_int_equal(entry(r, 1), 0);
	assert_int_equal(entry(r, 2), 0x7000 | OWN_BITS | R | W);
	rig_free(r);
}

/* With the first table all is known: the next ones are linked, whatever their pages held, and no iommu_map() is made. */
static void further_tables_are_linked(void **state)
{
	for (int coherent = 0; coherent < 2; coherent++) {
		struct rig *r = rig_new();
		unsigned had;

		(void)state;
		r->domain.iommu_coherency = coherent;
		r->old[3] = 0x5000 | BIT_ULL(7) | R | W;
		r->old[4] = 0x5000 | BIT_ULL(7) | R;
		assert_true(take(r));
		had = maps;
		/* all alike, as most are; then mixed */
		for (unsigned n = 1; n <= 2; n++) {
			for (unsigned i = 0; i < 512; i++)
				r->old[i] = i % 3 == 2 ?
						    0 :
						    (u64)(i + 7) << 12 | BIT_ULL(7) | R | (n == 1 || i % 2 ? W : 0);
			flushes = 0;
			r->table.iova = IOVA + n * 2 * MIB;
			assert_true(take(r));
			for (unsigned i = 0; i < 512; i++)
				assert_int_equal(entry_at(r, r->table.iova, i),
						 r->old[i] ? (r->old[i] & ~BIT_ULL(7)) | OWN_BITS : 0);
			assert_int_equal(flushes, coherent ? 0 : 2);
		}
		assert_int_equal(maps, had);
		assert_int_equal(freed, 0);
		assert_int_equal(r->stat.mapped, 2 + 2 * 342);
		assert_int_equal(r->stat.runs, 3);
		rig_free(r);
	}
}

/* What a linked table needs and is not known is asked of iommu_map(), and nothing is left of the attempt. */
static void not_linked(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	r->old[0] = 0x5000 | R | W;
	assert_true(take(r));
	/* another kind of page */
	r->table.iova += 2 * MIB;
	r->old[9] = 0x9000 | R;
	assert_true(take(r));
	assert_int_equal(freed, 1);
	assert_int_equal(maps, 3);
	assert_int_equal(entry_at(r, r->table.iova, 0), 0x5000 | OWN_BITS | R | W);
	assert_int_equal(entry_at(r, r->table.iova, 9), 0x9000 | OWN_BITS | R);
	assert_int_equal(entry_at(r, r->table.iova, 10), 0);
	/* no table there to link it in */
	r->table.iova = 9 * GIB;
	assert_true(take(r));
	assert_int_equal(maps, 5);
	/* no page */
	r->table.iova += 2 * MIB;
	page_fails = 1;
	assert_true(take(r));
	assert_int_equal(maps, 7);
	page_fails = 0;
	/* nothing in it */
	r->table.iova += 2 * MIB;
	r->old[0] = r->old[9] = 0;
	assert_true(take(r));
	assert_int_equal(maps, 7);
	assert_int_equal(freed, 2);
	assert_int_equal(find_entry(&r->domain, r->table.iova, 1, &(unsigned){ 0 })[0], 0);
	assert_int_equal(r->stat.runs, 4);
	rig_free(r);
}

static void want_lookup(struct rig *r, u64 iova, u64 most, u64 pa, u64 size)
{
	u64 found = most;

	assert_int_equal(intel_kdump_lookup(&r->domain.domain, iova, &found), pa);
	assert_int_equal(found, size);
}

/* What is mapped, by the size of what is there: no page of 4 KiB for itself where it has neighbours. */
static void lookups_go_by_size(void **state)
{
	struct rig *r = rig_new();
	u64 *middle;

	(void)state;
	want_lookup(r, IOVA, 512 * GIB, U64_MAX, GIB - IOVA % GIB);
	want_lookup(r, IOVA, 0x5000, U64_MAX, 0x5000);
	for (unsigned i = 0; i < 512; i++)
		r->old[i] = (u64)(i < 100 ? 0 : i < 200 ? i : i + 3) << 12 | (i < 100 ? 0 : R);
	r->old[300] = 0;
	assert_true(take(r));
	want_lookup(r, IOVA, 4 * MIB, U64_MAX, 100 << 12);
	want_lookup(r, IOVA + (99 << 12), 4 * MIB, U64_MAX, 0x1000);
	want_lookup(r, IOVA + (100 << 12), 4 * MIB, 100 << 12, 100 << 12);
	want_lookup(r, IOVA + (150 << 12), 0x3000, 150 << 12, 0x3000);
	want_lookup(r, IOVA + (200 << 12), 4 * MIB, 203 << 12, 100 << 12);
	want_lookup(r, IOVA + (300 << 12), 4 * MIB, U64_MAX, 0x1000);
	/* not beyond its table */
	want_lookup(r, IOVA + (301 << 12), 4 * MIB, 304 << 12, 211 << 12);
	want_lookup(r, IOVA + 2 * MIB, 4 * MIB, U64_MAX, 2 * MIB);
	/* larger pages; one leads to address 0, which is one */
	middle = (u64 *)(uintptr_t)(r->domain.pgd[IOVA >> 30].val & PTE_ADDR);
	middle[IOVA / (2 * MIB) % 512 + 1] = 0 | BIT_ULL(7) | R;
	want_lookup(r, IOVA + 2 * MIB, 4 * MIB, 0, 2 * MIB);
	want_lookup(r, IOVA + 3 * MIB, 4 * MIB, MIB, MIB);
	r->domain.pgd[7].val = 3 * GIB | BIT_ULL(7) | R | W;
	want_lookup(r, 7 * GIB + 0x5000, 2 * GIB, 3 * GIB + 0x5000, GIB - 0x5000);
	/* top, middle and lowest */
	assert_int_equal(intel_kdump_tables(&r->domain.domain), 3);
	rig_free(r);
}

static void nothing_in_it(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	r->old[7] = 0x5000;
	assert_true(take(r));
	assert_int_equal(maps, 0);
	assert_int_equal(r->stat.mapped, 0);
	rig_free(r);
}

/* What is left is for others to map, who must know whether something is there. */
static void without_memory(void **state)
{
	for (unsigned fails = 1; fails <= 2; fails++) {
		struct rig *r = rig_new();

		(void)state;
		r->old[0] = 0x5000 | R | W;
		r->old[1] = 0x9000 | R;
		map_fails_at = fails;
		assert_false(take(r));
		assert_true(r->link.touched);
		assert_int_equal(r->stat.mapped, 0);
		rig_free(r);
	}
}

/* A larger page where the table should be: not written through. */
static void no_table_there(void **state)
{
	struct rig *r = rig_new();
	u64 *middle = new_page();

	(void)state;
	r->old[0] = 0x5000 | R;
	r->domain.pgd[IOVA >> 30 & 511].val = (u64)(uintptr_t)middle | 3;
	middle[IOVA >> 21 & 511] = (u64)(uintptr_t)new_page() | 3 | 1 << 7;
	assert_false(take(r));
	/* one of 1 GiB: what lies there is no table */
	r->domain.pgd[IOVA >> 30 & 511].val = (u64)(uintptr_t)new_page() | 3 | 1 << 7;
	assert_false(take(r));
	assert_false(r->link.touched);
	assert_int_equal(maps, 0);
	rig_free(r);
}

/* Something is mapped there already, if only one page: its neighbours are looked at one by one. */
static void not_empty(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	iommu_map(&r->domain.domain, IOVA + 0x8000, 0x1000, PAGE_SIZE, IOMMU_CACHE | IOMMU_READ, 0);
	r->old[0] = 0x5000 | R;
	assert_false(take(r));
	assert_false(r->link.touched);
	assert_int_equal(maps, 1);
	assert_int_equal(entry(r, 0), 0);
	rig_free(r);
}

static void flushed_where_the_unit_does_not_snoop(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	r->domain.iommu_coherency = false;
	r->old[9] = 0x5000 | R;
	assert_true(take(r));
	assert_int_equal(flushes, 1);
	assert_ptr_equal(flushed, pages[nr_pages - 1]);
	rig_free(r);
}

/* ---- the walk that offers tables ---- */

struct seen {
	u64 tables, pages, taken;
	u64 take_below;
};

static bool offered(void *arg, const struct kdc_table *table)
{
	struct seen *s = arg;
	u64 to[512] = { 0 };
	struct kdc_fill fill = { .to = to, .bits = { 0, R, W, R | W } };

	s->tables++;
	assert_int_equal(table->iova % (2 * MIB), 0);
	if (table->iova >= s->take_below)
		return false;
	assert_int_equal(kdc_table_write(table, &fill), 0);
	s->taken += fill.pages;
	return true;
}

static int run(void *arg, const struct kdc_run *run)
{
	struct seen *s = arg;

	s->pages += run->size >> 12;
	return 0;
}

/* Each page once: of a table that was taken, or of a run. */
static void taken_or_walked(void **state)
{
	struct kdc_tree *t;
	struct one o;

	(void)state;
	one_init(&o, 64, KDC_SECOND_STAGE, 4);
	one_map(&o, 1, 0, 0x700000, 1000);
	one_map(&o, 2, GIB, GIB, 3);
	one_map(&o, 1, 3 * GIB, 0x900000, 10);
	t = one_copied(&o);
	for (u64 below = 0; below <= 4 * GIB; below += 4 * GIB) {
		struct seen s = { .take_below = below };

		assert_int_equal(kdc_walk_tables(&o.f.kdc, t, offered, run, &s), 0);
		assert_int_equal(s.tables, 3);
		assert_int_equal(s.taken, below ? 1010 : 0);
		assert_int_equal(s.pages + s.taken, 1010 + 3 * 512);
	}
	one_free(&o);
}

/* ---- tables that are copied as they are, or entry by entry ---- */

/* The tree's entries are alike or not, and are written as the domain has them. */
static void check_written(struct one *o, u64 alike)
{
	struct kdc_tree *t;
	const char *why;

	fake_again(&o->f);
	t = one_get(o, true);
	assert_int_equal(t->error, 0);
	assert_int_equal(t->alike, alike);
	assert_int_equal(fake_compare_written(&o->f, t, &why), 0);
}

static void alike_or_not(void **state)
{
	struct one o;
	uint64_t *one, *upper;

	(void)state;
	one_init(&o, 64, KDC_SECOND_STAGE, 4);
	one_map(&o, 1, 0x3000, 0x700000, 700);
	one = one_entry(&o, 1, 0x9000);
	upper = one_entry(&o, 2, 0);
	check_written(&o, R | W);
	*one = 0;
	check_written(&o, R | W);
	/* What is not present may hold anything. */
	*one = 0x5000 | BIT_ULL(3);
	check_written(&o, 0);
	/* Another permission; another attribute. */
	*one = 0x5000 | R;
	check_written(&o, 0);
	*one = 0x5000 | R | W | BIT_ULL(60);
	check_written(&o, 0);
	/* One that only the level above forbids to write: written as what it is good for. */
	*one = 0x5000 | R | W;
	*upper &= ~(u64)W;
	check_written(&o, R | W);
	/* All that is left is not readable there, and so is absent. */
	*one = 0x5000 | W;
	check_written(&o, 0);
	one_free(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_it_was),
		cmocka_unit_test(what_upper_levels_forbid),
		cmocka_unit_test(first_stage),
		cmocka_unit_test(further_tables_are_linked),
		cmocka_unit_test(not_linked),
		cmocka_unit_test(lookups_go_by_size),
		cmocka_unit_test(nothing_in_it),
		cmocka_unit_test(without_memory),
		cmocka_unit_test(no_table_there),
		cmocka_unit_test(not_empty),
		cmocka_unit_test(flushed_where_the_unit_does_not_snoop),
		cmocka_unit_test(taken_or_walked),
		cmocka_unit_test(alike_or_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
