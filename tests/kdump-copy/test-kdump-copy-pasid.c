// SPDX-License-Identifier: GPL-2.0-only
/* PASID directories: visited, copied, bounded, unwound. */
#include "kdump-test.h"

#define PGTT_SL 2
#define PGTT_FL 1

/* What a visitor saw, and what it is to do. */
struct seen {
	struct fake *f;
	bool deep;
	uint32_t pasids[64];
	struct kdc_entry entries[64];
	struct kdc_tree *trees[64];
	size_t n;
	size_t end_at; /* return -EINTR there; 0: never */
};

static int visit(void *arg, u32 pasid, const struct kdc_entry *entry, u64 pe[8])
{
	struct seen *s = arg;
	size_t n = s->n % 64;

	s->n++;
	s->pasids[n] = pasid;
	s->entries[n] = *entry;
	s->trees[n] = NULL;
	if (s->end_at == s->n)
		return -EINTR;
	if (entry->kind != KDC_TREE)
		return 0;
	s->trees[n] = kdc_tree_get(&s->f->kdc, entry, s->deep);
	if (s->trees[n] && s->trees[n]->new_root)
		kdc_pasid_set_root(pe, entry->format, s->trees[n]->new_root);
	return 0;
}

/* A directory of 2^(pdts+7) entries with PASIDs of every kind, in two tables of the last page. */
struct dir {
	struct fake f;
	uint64_t root, pt[2];
	struct kdc_entry e;
	struct seen s;
	uint32_t last; /* PASID of the last entry of the directory */
	bool partial;
};

static void dir_init(struct dir *d, unsigned pdts)
{
	u64 ce[4];

	memset(d, 0, sizeof(*d));
	fake_init(&d->f, 128);
	d->root = tables_alloc(&d->f.ram, pdts > 2 ? (size_t)1 << (pdts - 2) : 1);
	d->last = (1u << (pdts + 7)) * 64 - 1;
	for (int i = 0; i < 2; i++) {
		d->pt[i] = tables_alloc(&d->f.ram, 1);
		tables_map(&d->f.ram, d->pt[i], 4, 1, 0x5000 + i * MIB, 0x9000, SL_RW | FL_RW);
	}
	tables_pasid(&d->f.ram, d->root, 0, PGTT_SL, 2, 11, d->pt[0], 0, 0);
	tables_pasid(&d->f.ram, d->root, 1, PGTT_FL, 0, 12, 0, 0, d->pt[1]);
	tables_pasid(&d->f.ram, d->root, 2, 4, 0, 13, 0, 0, 0);
	tables_pasid(&d->f.ram, d->root, 63, 3, 2, 14, d->pt[0], 0, d->pt[1]);
	tables_pasid(&d->f.ram, d->root, d->last, PGTT_SL, 2, 15, d->pt[0], 0, 0);
	ce[0] = d->root | pdts << 9 | 1;
	kdc_decode_scalable_context(&d->f.kdc.limits, ce, &d->e);
	assert_int_equal(d->e.kind, KDC_PASID_DIR);
	d->s.f = &d->f;
}

static int dir_get(struct dir *d, bool deep, u64 *new_dir, const char **why)
{
	struct kdc_dir out;
	int ret;

	d->s.deep = deep;
	d->s.n = 0;
	ret = kdc_pasids(&d->f.kdc, &d->e, deep, visit, &d->s, &out);
	*new_dir = out.root;
	*why = out.why;
	d->partial = out.partial;
	return ret;
}

static void check_seen(const struct dir *d)
{
	static const enum kdc_kind kinds[5] = { KDC_TREE, KDC_TREE, KDC_PASS_THROUGH, KDC_REFUSED, KDC_TREE };
	const uint32_t pasids[5] = { 0, 1, 2, 63, d->last };

	assert_int_equal(d->s.n, 5);
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(d->s.pasids[i], pasids[i]);
		assert_int_equal(d->s.entries[i].kind, kinds[i]);
		assert_int_equal(d->s.entries[i].did, 11 + i);
	}
	assert_int_equal(d->s.entries[1].format, KDC_FIRST_STAGE);
	assert_ptr_equal(d->s.trees[0], d->s.trees[4]);
	assert_int_equal(d->s.trees[0]->users, 2);
}

static void visited(void **state)
{
	(void)state;
	for (unsigned pdts = 0; pdts < 8; pdts++) {
		const char *why;
		struct dir d;
		u64 new_dir;

		dir_init(&d, pdts);
		assert_int_equal(dir_get(&d, false, &new_dir, &why), 0);
		assert_int_equal(new_dir, 0);
		assert_null(why);
		check_seen(&d);
		assert_int_equal(d.f.live_pages, 0);
		fake_free(&d.f);
	}
}

static u64 *own_word(struct dir *d, u64 pa, size_t index)
{
	return (u64 *)fake_own_page(&d->f, pa) + index;
}

static void copied(void **state)
{
	(void)state;
	for (unsigned pdts = 0; pdts < 8; pdts++) {
		size_t pages = pdts > 2 ? (size_t)1 << (pdts - 2) : 1;
		u64 *pe, new_dir, *entry;
		const char *why;
		struct dir d;

		dir_init(&d, pdts);
		assert_int_equal(dir_get(&d, true, &new_dir, &why), 0);
		check_seen(&d);
		/* the directory, its tables, and the trees: the hardware may not look into caches */
		assert_int_equal(d.f.flushed, d.f.live_pages);
		assert_true(new_dir >= FAKE_OWN);
		assert_int_equal(new_dir % (pages * 4096), 0);
		entry = own_word(&d, new_dir, 0);
		assert_int_equal(*entry & 0xfff, 1);
		pe = own_word(&d, *entry & ~0xfffull, 0);
		assert_int_equal(pe[0], d.s.trees[0]->new_root | 2 << 6 | 2 << 2 | 1);
		assert_int_equal(pe[1], 11);
		assert_int_equal(pe[8], 1 << 6 | 1);
		assert_int_equal(pe[8 + 2], d.s.trees[1]->new_root);
		for (unsigned i = 3 * 8; i < 63 * 8; i++)
			assert_int_equal(pe[i], 0);
		/* What is not deep-copied stays as it was. */
		assert_int_equal(pe[16], 4 << 6 | 1);
		assert_int_equal(pe[63 * 8], d.pt[0] | 3 << 6 | 2 << 2 | 1);
		entry = own_word(&d, new_dir, d.last / 64);
		pe = own_word(&d, *entry & ~0xfffull, 63 * 8);
		assert_int_equal(pe[0], d.s.trees[0]->new_root | 2 << 6 | 2 << 2 | 1);
		assert_int_equal(pe[1], 15);
		assert_int_equal(d.f.live_pages, pages + 2 + 8);
		kdc_free_pasids(&d.f.kdc, new_dir, d.e.pasid_dir_order);
		assert_int_equal(d.f.live_pages, 8);
		fake_free(&d.f);
	}
}

/* A directory of 128 entries fills a quarter of its page: the rest is nobody's. */
static void beyond_a_short_directory(void **state)
{
	const char *why;
	struct dir d;
	u64 new_dir;

	(void)state;
	dir_init(&d, 0);
	for (unsigned i = 128; i < 512; i++)
		*tables_word(&d.f.ram, d.root, i) = ~0ull;
	assert_int_equal(dir_get(&d, true, &new_dir, &why), 0);
	check_seen(&d);
	for (unsigned i = 128; i < 512; i++)
		assert_int_equal(*own_word(&d, new_dir, i), 0);
	kdc_free_pasids(&d.f.kdc, new_dir, 0);
	fake_free(&d.f);
}

static void release_trees(struct dir *d)
{
	for (size_t i = 0; i < d->s.n && i < 64; i++)
		if (d->s.trees[i])
			kdc_tree_put(&d->f.kdc, d->s.trees[i]);
}

static void directories_outside_memory(void **state)
{
	static const uint64_t wrong[] = { 0x10000000, FAKE_PA_END, UINT64_C(0xfffffffffffff000) };

	(void)state;
	for (size_t k = 0; k < 6; k++) {
		uint64_t pa = wrong[k % 3];
		const char *why;
		struct dir d;
		u64 new_dir;

		/* A table of the directory: the others are visited, also where the copy comes to nothing. */
		dir_init(&d, 3);
		*tables_word(&d.f.ram, d.root, 5) = pa | 1;
		assert_int_equal(dir_get(&d, k < 3, &new_dir, &why), -EUCLEAN);
		assert_string_equal(why, "PASID table outside old memory");
		assert_int_equal(new_dir, 0);
		check_seen(&d);
		assert_false(d.partial); /* there was nothing for hardware either */
		release_trees(&d);
		assert_int_equal(d.f.live_pages, 0);
		assert_int_equal(d.f.kdc.used_pages, 0);
		/* The directory itself, or its second page. */
		d.e.root = pa < FAKE_PA_END ? pa : FAKE_PA_END - 4096;
		assert_int_equal(dir_get(&d, k < 3, &new_dir, &why), -EUCLEAN);
		assert_string_equal(why, "PASID directory outside old memory");
		assert_int_equal(d.f.live_pages, 0);
		fake_free(&d.f);
	}
}

/* The crash kernel's own area is not old memory, half a directory in it included. */
static void second_page_in_the_crash_area(void **state)
{
	const char *why;
	struct dir d;
	u64 new_dir;

	(void)state;
	dir_init(&d, 3);
	d.f.crash_first = d.root + 4096;
	d.f.crash_last = d.root + 8191;
	for (int deep = 0; deep < 2; deep++) {
		assert_int_equal(dir_get(&d, deep, &new_dir, &why), -EUCLEAN);
		assert_int_equal(d.s.n, 4); /* all but the last */
		release_trees(&d);
	}
	/* Nor is what lies above the host address width. */
	d.f.crash_last = 0;
	d.f.kdc.limits.pa_end = d.root + 4096;
	assert_int_equal(dir_get(&d, true, &new_dir, &why), -EUCLEAN);
	assert_string_equal(why, "PASID directory outside old memory");
	fake_free(&d.f);
}

static void visitors_may_end_it(void **state)
{
	(void)state;
	for (size_t at = 1; at <= 5; at++) {
		const char *why;
		struct dir d;
		u64 new_dir;

		dir_init(&d, 1);
		d.s.end_at = at;
		assert_int_equal(dir_get(&d, true, &new_dir, &why), -EINTR);
		assert_int_equal(d.s.n, at);
		assert_int_equal(new_dir, 0);
		release_trees(&d);
		assert_int_equal(d.f.live_pages, 0);
		fake_free(&d.f);
	}
}

static void budget_of_directories(void **state)
{
	const char *why;
	struct dir d;
	u64 new_dir;

	(void)state;
	dir_init(&d, 4);
	d.f.kdc.limits.max_pages = 5; /* four for the directory, two for tables */
	assert_int_equal(dir_get(&d, true, &new_dir, &why), -ENOSPC);
	assert_string_equal(why, "memory budget");
	assert_int_equal(new_dir, 0);
	check_seen(&d); /* what they map is to be kept free all the same */
	assert_false(d.partial);
	assert_int_not_equal(d.s.trees[0]->nr_ranges, 0);
	release_trees(&d);
	assert_int_equal(d.f.live_pages, 0);
	d.f.kdc.limits.max_pages = 6; /* none for trees: those stay as they are */
	assert_int_equal(dir_get(&d, true, &new_dir, &why), 0);
	assert_int_equal(d.s.trees[0]->error, -ENOSPC);
	assert_int_equal(d.f.kdc.used_pages, 6);
	kdc_free_pasids(&d.f.kdc, new_dir, d.e.pasid_dir_order);
	fake_free(&d.f);
}

/* 2^14 directory entries that all refer to one table of 64 PASIDs: a million visits, if allowed. */
static void a_million_pasids(void **state)
{
	(void)state;
	for (int deep = 0; deep < 2; deep++) {
		uint64_t table;
		const char *why;
		struct dir d;
		u64 new_dir;

		dir_init(&d, 7);
		table = *tables_word(&d.f.ram, d.root, 0);
		for (unsigned i = 0; i < 1u << 14; i++)
			*tables_word(&d.f.ram, d.root, i) = table;
		for (unsigned i = 0; i < 64; i++)
			tables_pasid(&d.f.ram, d.root, i, 4, 0, 1, 0, 0, 0);
		d.f.kdc.limits.max_pages = 20000;
		assert_int_equal(dir_get(&d, deep, &new_dir, &why), -ENOSPC);
		assert_true(d.s.n <= 20000 * KDC_VISITS_PER_PAGE);
		assert_int_equal(d.f.live_pages, 0);
		assert_int_equal(d.f.kdc.used_pages, 0);
		fake_free(&d.f);
	}
}

/* The same of tables without a PASID. */
static void many_empty_tables(void **state)
{
	const char *why;
	struct dir d;
	u64 new_dir;

	(void)state;
	dir_init(&d, 7);
	for (unsigned i = 0; i < 1u << 14; i++)
		*tables_word(&d.f.ram, d.root, i) = (4096 * UINT64_C(100)) | 1;
	d.f.kdc.limits.max_pages = 100;
	assert_int_equal(dir_get(&d, false, &new_dir, &why), -ENOSPC);
	assert_string_equal(why, "too many tables");
	assert_true(d.f.old_reads <= 100 * KDC_VISITS_PER_PAGE);
	fake_free(&d.f);
}

/* More tables in the directory than were counted a moment before. */
static void meddle(struct fake *f, uint64_t pa)
{
	(void)pa;
	if (f->old_reads == f->meddle_at)
		*tables_word(&f->ram, f->meddle_pa, 1) = f->meddle_value;
}

static void directories_that_change(void **state)
{
	unsigned refused = 0;

	(void)state;
	for (size_t at = 1; at < 6; at++) {
		const char *why;
		struct dir d;
		u64 new_dir;
		int ret;

		dir_init(&d, 2);
		d.f.meddle = meddle;
		d.f.meddle_at = at;
		d.f.meddle_pa = d.root;
		d.f.meddle_value = *tables_word(&d.f.ram, d.root, 0);
		ret = dir_get(&d, true, &new_dir, &why);
		if (ret) {
			refused++;
			assert_int_equal(ret, -ENOSPC);
			assert_string_equal(why, "more PASID tables than were counted");
			assert_true(d.s.n >= 5 && !d.partial);
			release_trees(&d);
			assert_int_equal(d.f.live_pages, 0);
		} else {
			kdc_free_pasids(&d.f.kdc, new_dir, d.e.pasid_dir_order);
		}
		fake_free(&d.f);
	}
	assert_true(refused > 0 && refused < 5);
}

static void hide(struct fake *f, uint64_t pa)
{
	(void)pa;
	if (f->old_reads >= f->meddle_at)
		f->crash_last = ~UINT64_C(0);
}

/* Memory that cannot be read any more from some point on. */
static void directories_that_vanish(void **state)
{
	(void)state;
	for (size_t at = 1; at < 7; at++) {
		const char *why;
		struct dir d;
		u64 new_dir;

		dir_init(&d, 3);
		d.f.meddle = hide;
		d.f.meddle_at = at;
		d.s.f = &d.f;
		assert_int_equal(dir_get(&d, true, &new_dir, &why), -EUCLEAN);
		release_trees(&d);
		assert_int_equal(d.f.live_pages, 0);
		fake_free(&d.f);
	}
}

static void unread(struct fake *f, uint64_t pa)
{
	f->unread = pa == f->meddle_pa;
}

/* A page that is there and cannot be seen may hold PASIDs: all others are visited, and that is said. */
static void what_cannot_be_seen(void **state)
{
	(void)state;
	for (int deep = 0; deep < 2; deep++) {
		for (unsigned page = 0; page < 3; page++) {
			const char *why;
			struct dir d;
			u64 new_dir;

			dir_init(&d, 3);
			d.f.meddle = unread;
			/* the directory's pages, and a table */
			d.f.meddle_pa =
				page < 2 ? d.root + page * 4096 : *tables_word(&d.f.ram, d.root, 0) & ~UINT64_C(0xfff);
			assert_int_equal(dir_get(&d, deep, &new_dir, &why), -EIO);
			assert_string_equal(why, "old memory that cannot be seen");
			assert_int_equal(d.s.n, page == 1 ? 4 : 1);
			assert_true(d.partial);
			assert_int_equal(new_dir, 0);
			release_trees(&d);
			assert_int_equal(d.f.live_pages, 0);
			fake_free(&d.f);
		}
	}
}

static void visits_end_anywhere(void **state)
{
	(void)state;
	for (int deep = 0; deep < 2; deep++) {
		for (u64 left = 1; left < 60; left++) {
			const char *why;
			struct dir d;
			u64 new_dir;
			int ret;

			dir_init(&d, 3);
			d.f.ops.flush = NULL;
			d.f.kdc.limits.max_pages = 100;
			d.f.kdc.limits.max_visits = left;
			ret = dir_get(&d, deep, &new_dir, &why);
			assert_true(!ret || ret == -ENOSPC);
			assert_true(left > 8 || ret);
			assert_true(left < 50 || !ret);
			assert_true(d.partial == !!ret);
			if (new_dir)
				kdc_free_pasids(&d.f.kdc, new_dir, d.e.pasid_dir_order);
			release_trees(&d);
			assert_int_equal(d.f.live_pages, 0);
			fake_free(&d.f);
		}
	}
}

static void every_allocation_fails(void **state)
{
	(void)state;
	for (size_t at = 1;; at++) {
		const char *why;
		struct dir d;
		u64 new_dir;
		bool done;
		int ret;

		dir_init(&d, 3);
		d.f.fail_at = at;
		ret = dir_get(&d, true, &new_dir, &why);
		done = d.f.allocations < at;
		if (ret) {
			assert_int_equal(ret, -ENOMEM);
			assert_non_null(why);
			assert_int_equal(new_dir, 0);
			assert_int_equal(d.s.n, 5);
			assert_false(d.partial);
			release_trees(&d);
			assert_int_equal(d.f.live_pages, 0);
		} else {
			kdc_free_pasids(&d.f.kdc, new_dir, d.e.pasid_dir_order);
		}
		fake_free(&d.f);
		if (done)
			break;
	}
}

static void only_directories_are_taken(void **state)
{
	const char *why;
	struct dir d;
	u64 new_dir;

	(void)state;
	dir_init(&d, 2);
	d.e.kind = KDC_TREE;
	assert_int_equal(dir_get(&d, false, &new_dir, &why), -EINVAL);
	d.e.kind = KDC_PASID_DIR;
	d.e.pasid_dir_bits = 15;
	assert_int_equal(dir_get(&d, false, &new_dir, &why), -EINVAL);
	fake_free(&d.f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(visited),
		cmocka_unit_test(copied),
		cmocka_unit_test(beyond_a_short_directory),
		cmocka_unit_test(directories_outside_memory),
		cmocka_unit_test(second_page_in_the_crash_area),
		cmocka_unit_test(visitors_may_end_it),
		cmocka_unit_test(budget_of_directories),
		cmocka_unit_test(a_million_pasids),
		cmocka_unit_test(many_empty_tables),
		cmocka_unit_test(directories_that_change),
		cmocka_unit_test(directories_that_vanish),
		cmocka_unit_test(what_cannot_be_seen),
		cmocka_unit_test(visits_end_anywhere),
		cmocka_unit_test(every_allocation_fails),
		cmocka_unit_test(only_directories_are_taken),
	};

	return cmocka_run_group_tests_name("kdump-copy-pasid", tests, NULL, NULL);
}
