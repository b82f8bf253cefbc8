// SPDX-License-Identifier: GPL-2.0-only
/* Scanning and copying trees: what is refused, shared, counted, unwound; memory that changes. */
#include "kdump-test.h"

static void small_tree(struct one *o, enum kdc_format format, unsigned levels)
{
	one_init(o, 64, format, levels);
	one_map(o, 1, 0x1000, 0x100000, 3);
	one_map(o, 1, 2 * MIB - 0x1000, 0x200000, 2);
	one_map(o, 1, GIB, 0x300000, 1);
}

static void copies_of_every_format(void **state)
{
	(void)state;
	for (unsigned levels = 2; levels <= 5; levels++) {
		for (int first = 0; first <= (levels > 3); first++) {
			struct kdc_tree *t;
			struct one o;

			one_init(&o, 64, first ? KDC_FIRST_STAGE : KDC_SECOND_STAGE, levels);
			one_map(&o, 1, 0x1000, 0x100000, 3);
			one_map(&o, 1, 2 * MIB - 0x1000, 0x200000, 2);
			if (levels > 2)
				one_map(&o, 1, GIB, 0x300000, 1);
			if (levels > 3)
				one_map(&o, 3, 8 * GIB, 0x80000000, 1);
			t = one_copied(&o);
			assert_int_equal(t->levels, levels);
			assert_int_equal(o.f.live_pages, t->tables);
			assert_int_equal(o.f.flushed, t->tables);
			assert_int_equal(t->leaves_1g, levels > 3);
			assert_true(o.f.kdc.ns_copy > 0 && o.f.kdc.ns_scan > 0);
			one_free(&o);
		}
	}
}

/* A reader of runs may end it. */
static int stop_at_second(void *arg, const struct kdc_run *run)
{
	int *seen = arg;

	(void)run;
	return ++*seen == 2 ? -EINTR : 0;
}

static void runs_can_be_ended(void **state)
{
	struct kdc_tree *t;
	struct one o;
	int seen = 0;

	(void)state;
	small_tree(&o, KDC_SECOND_STAGE, 3);
	t = one_get(&o, false);
	assert_int_equal(kdc_walk_runs(&o.f.kdc, t, stop_at_second, &seen), -EINVAL);
	kdc_tree_put(&o.f.kdc, t);
	t = one_copied(&o);
	assert_int_equal(kdc_walk_runs(&o.f.kdc, t, stop_at_second, &seen), -EINTR);
	assert_int_equal(seen, 2);
	one_free(&o);
}

/* What the hardware forbids by an upper level is not mapped, whatever the leaf says. */
static void permissions_of_upper_levels(void **state)
{
	struct kdc_tree *t;
	struct one o;

	(void)state;
	small_tree(&o, KDC_SECOND_STAGE, 3);
	*one_entry(&o, 3, 0) &= ~VTD_SL_W;
	*one_entry(&o, 1, 0x2000) = 0x5000 | VTD_SL_W;
	t = one_copied(&o);
	check_range(t, 0, 1, 1);
	check_range(t, 1, 3, 3);
	*one_entry(&o, 2, 0) &= ~VTD_SL_R; /* R above and W here: nothing is left */
	fake_again(&o.f);
	t = one_copied(&o);
	check_range(t, 0, 512, 512); /* the last two pages began in that table's neighbour */
	check_range(t, 1, GIB >> 12, GIB >> 12);
	one_free(&o);
}

/* Each bad entry costs the copy; all others keep their ranges. */
static void bad_entries(void **state)
{
	static const struct {
		unsigned level;
		uint64_t iova, value;
		const char *why;
	} bad[] = {
		{ 1, 0x2000, FAKE_PA_END | 3, "address above the host address width" },
		{ 1, 0x2000, UINT64_C(0xfffffffffffff000) | 3, "address above the host address width" },
		{ 2, GIB, FAKE_PA_END | 3, "address above the host address width" },
		{ 2, GIB, (FAKE_PA_END - 4096) | 3, "table outside old memory" },
		{ 3, GIB, (FAKE_PA_END - 4096) | 3, "table outside old memory" },
		{ 3, GIB, 0x40000000 | 0x83, NULL }, /* a good 1 GiB page */
		{ 3, GIB, 0x40200000 | 0x83, "superpage not aligned" },
		{ 2, GIB, 0x40001000 | 0x83, "superpage not aligned" },
		{ 4, GIB << 9, 0x83, "page size not supported at this level" },
		{ 2, GIB, 0x5000 | 0x803, "reserved bits in an entry of a table" },
		{ 2, GIB, 0x5000 | 3 | VTD_SL_TM, "reserved bits in an entry of a table" },
	};

	(void)state;
	for (size_t k = 0; k < sizeof(bad) / sizeof(bad[0]); k++) {
		struct kdc_tree *t;
		const char *why;
		uint64_t where;
		struct one o;

		small_tree(&o, KDC_SECOND_STAGE, 4);
		one_map(&o, 1, GIB << 9, 0x400000, 1);
		where = (uint64_t)((uint8_t *)one_entry(&o, bad[k].level, bad[k].iova) - o.f.ram.bytes);
		*one_entry(&o, bad[k].level, bad[k].iova) = bad[k].value;
		if (!bad[k].why) {
			one_copied(&o);
			one_free(&o);
			continue;
		}
		t = one_refused(&o, -EUCLEAN, bad[k].why);
		assert_int_equal(t->where, where);
		assert_int_equal(t->bad_entries, 1);
		assert_true(t->nr_ranges >= 3);
		assert_int_equal(fake_compare_ranges(&o.f, t, o.root, &why), 0);
		assert_null(why);
		one_free(&o);
	}
}

static void superpages_need_the_hardware(void **state)
{
	struct one o;

	(void)state;
	for (unsigned k = 0; k < 3; k++) {
		one_init(&o, 16, k == 2 ? KDC_FIRST_STAGE : KDC_SECOND_STAGE, 4);
		o.f.kdc.limits.second_2m = false;
		o.f.kdc.limits.second_1g = false;
		o.f.kdc.limits.first_1g = false;
		one_map(&o, k ? 3 : 2, GIB, 0x40000000, 1);
		one_refused(&o, -EUCLEAN, "page size not supported at this level");
		one_free(&o);
	}
	/* First-stage pages of 2 MiB are always there; bit 12 of a superpage is PAT. */
	one_init(&o, 16, KDC_FIRST_STAGE, 4);
	one_map(&o, 2, GIB, 0x40001000, 1);
	one_map(&o, 3, 2 * GIB, 0x40001000, 1);
	one_copied(&o);
	one_free(&o);
}

static void loops_end(void **state)
{
	(void)state;
	for (unsigned level = 2; level <= 4; level++) {
		struct kdc_tree *t;
		struct one o;

		small_tree(&o, KDC_SECOND_STAGE, 4);
		*one_entry(&o, level, level == 4 ? GIB << 9 : GIB) = o.root | 3;
		t = one_refused(&o, -EUCLEAN, "table refers to one above it");
		assert_true(t->nr_ranges >= 2);
		assert_true(o.f.old_reads < 40);
		/* The scan alone sees it too. */
		fake_again(&o.f);
		t = one_get(&o, false);
		assert_int_equal(t->error, -EUCLEAN);
		assert_int_equal(t->bad_entries, 1);
		one_free(&o);
	}
}

/* Tables that refer to one set of tables 512 times a level: 2^27 visits if nobody counts. */
static void fans_end_at_the_budget(void **state)
{
	struct kdc_tree *t;
	uint64_t pages[4];
	struct one o;

	(void)state;
	one_init(&o, 16, KDC_SECOND_STAGE, 5);
	pages[0] = o.root;
	for (unsigned k = 1; k < 4; k++)
		pages[k] = tables_alloc(&o.f.ram, 1);
	for (unsigned k = 0; k < 3; k++)
		for (unsigned i = 0; i < 512; i++)
			*tables_word(&o.f.ram, pages[k], i) = pages[k + 1] | 3;
	o.f.kdc.limits.max_pages = 1000;
	t = one_refused(&o, -ENOSPC, "too many tables");
	assert_int_equal(t->where, o.root);
	assert_int_equal(o.f.kdc.visits, 1000 * KDC_VISITS_PER_PAGE);
	/* Used up, but for this tree only. */
	kdc_tree_put(&o.f.kdc, t);
	o.root = tables_alloc(&o.f.ram, 1);
	assert_int_equal(one_get(&o, true)->error, 0);
	one_free(&o);
}

/* A tree that is nothing but its root, when the budget is used up. */
static void a_root_is_counted_too(void **state)
{
	struct one o;

	(void)state;
	one_init(&o, 16, KDC_SECOND_STAGE, 3);
	one_copied(&o);
	o.f.kdc.limits.max_pages = 1;
	o.root = tables_alloc(&o.f.ram, 1);
	assert_string_equal(one_get(&o, true)->why, "memory budget");
	one_free(&o);
}

/* Wherever the last visit is granted: an error without a copy, or a whole one. */
static void visits_end_anywhere(void **state)
{
	unsigned failed = 0;
	struct one o;

	(void)state;
	small_tree(&o, KDC_SECOND_STAGE, 3);
	o.f.kdc.limits.max_pages = 100;
	for (u64 left = 1; left < 16; left++) {
		struct kdc_tree *t;

		fake_again(&o.f);
		o.f.kdc.limits.max_visits = left;
		t = one_get(&o, true);
		assert_true(!t->error == !!t->new_root);
		assert_int_equal(o.f.live_pages, t->new_tables);
		if (t->error) {
			failed++;
			assert_string_equal(t->why, "too many tables");
		}
	}
	assert_int_equal(failed, 5); /* the copy needs six, one for each table */
	one_free(&o);
}

/* That the ranges are incomplete matters more than a bad entry that was seen before. */
static void too_many_tables_after_a_bad_entry(void **state)
{
	struct kdc_tree *t;
	struct one o;

	(void)state;
	small_tree(&o, KDC_SECOND_STAGE, 3);
	*one_entry(&o, 1, 0x2000) = FAKE_PA_END | 3;
	o.f.kdc.limits.max_pages = 100;
	o.f.kdc.limits.max_visits = 4;
	t = one_get(&o, false);
	assert_int_equal(t->error, -ENOSPC);
	assert_string_equal(t->why, "too many tables");
	assert_int_equal(t->bad_entries, 1);
	one_free(&o);
}

static int count_pages(void *arg, const struct kdc_run *run)
{
	*(u64 *)arg += run->size / 4096;
	return 0;
}

/* The next unit may have other hardware: what was copied by then stays what it is. */
static void limits_may_change_after_the_copy(void **state)
{
	struct kdc_tree *t;
	struct one o;
	u64 pages = 0;

	(void)state;
	small_tree(&o, KDC_SECOND_STAGE, 4);
	one_map(&o, 2, 3 * GIB, 0x40000000, 1);
	one_map(&o, 3, 4 * GIB, 0x40000000, 1);
	t = one_copied(&o);
	o.f.kdc.limits.second_2m = false;
	o.f.kdc.limits.second_1g = false;
	o.f.kdc.limits.pa_end = UINT64_C(1) << 20;
	assert_int_equal(kdc_walk_runs(&o.f.kdc, t, count_pages, &pages), 0);
	assert_int_equal(pages, 6 + 512 + 512 * 512);
	kdc_tree_put(&o.f.kdc, t);
	assert_int_equal(o.f.live_pages, 0);
	one_free(&o);
}

static void flush_and_now_may_be_missing(void **state)
{
	struct one o;

	(void)state;
	small_tree(&o, KDC_SECOND_STAGE, 3);
	o.f.ops.flush = NULL;
	o.f.ops.now = NULL;
	one_copied(&o);
	assert_int_equal(o.f.kdc.ns_copy, 0);
	one_free(&o);
}

/* The last table that the budget has room for, and the first that it has not. */
static void the_budget_is_exact(void **state)
{
	struct kdc_tree *t;
	const char *why;
	struct one o;

	(void)state;
	small_tree(&o, KDC_SECOND_STAGE, 3);
	t = one_get(&o, false);
	assert_int_equal(t->tables, 6);
	o.f.kdc.limits.max_pages = 6 + 2; /* the array needs two before it is trimmed */
	fake_again(&o.f);
	one_copied(&o);
	assert_int_equal(o.f.max_pages, 8);
	assert_int_equal(o.f.kdc.used_pages, 7);
	for (o.f.kdc.limits.max_pages = 2; o.f.kdc.limits.max_pages < 8;) {
		fake_again(&o.f);
		t = one_refused(&o, -ENOSPC, "memory budget");
		/* Nothing is allocated for tables that do not fit, and the ranges are there. */
		if (o.f.kdc.limits.max_pages < 6)
			assert_int_equal(o.f.n_own, 0);
		assert_true(o.f.max_pages <= o.f.kdc.limits.max_pages);
		assert_int_equal(fake_compare_ranges(&o.f, t, o.root, &why), 0);
		o.f.kdc.limits.max_pages++;
	}
	one_free(&o);
}

static void a_tree_is_copied_once(void **state)
{
	struct kdc_entry other;
	struct kdc_tree *t, *u;
	size_t reads, pages;
	struct one o;

	(void)state;
	small_tree(&o, KDC_SECOND_STAGE, 4);
	t = one_copied(&o);
	reads = o.f.old_reads;
	pages = o.f.live_pages;
	assert_ptr_equal(one_get(&o, true), t);
	assert_ptr_equal(one_get(&o, false), t);
	assert_int_equal(t->users, 3);
	assert_int_equal(o.f.old_reads, reads);
	/* The same page as the root of another tree is another tree. */
	other = fake_entry(o.root, KDC_SECOND_STAGE, 3);
	u = kdc_tree_get(&o.f.kdc, &other, false);
	assert_ptr_not_equal(u, t);
	other = fake_entry(o.root, KDC_FIRST_STAGE, 4);
	assert_ptr_not_equal(kdc_tree_get(&o.f.kdc, &other, false), t);
	kdc_tree_put(&o.f.kdc, t);
	kdc_tree_put(&o.f.kdc, t);
	assert_int_equal(o.f.live_pages, pages);
	kdc_tree_put(&o.f.kdc, t);
	assert_int_equal(o.f.live_pages, 0);
	one_free(&o);
}

/* Many trees, taken and given back in any order. */
static void trees_come_and_go(void **state)
{
	struct kdc_tree *trees[200] = { NULL };
	uint64_t roots[200], seed = 9;
	struct fake f;

	(void)state;
	fake_init(&f, 1000);
	for (size_t i = 0; i < 200; i++) {
		roots[i] = tables_alloc(&f.ram, 1);
		tables_map(&f.ram, roots[i], 3, 1, i * MIB, 0x5000, SL_RW);
	}
	for (size_t k = 0; k < 4000; k++) {
		size_t i = tables_random(&seed) % 200;
		struct kdc_entry e = fake_entry(roots[i], KDC_SECOND_STAGE, 3);

		if (trees[i]) {
			assert_ptr_equal(kdc_tree_get(&f.kdc, &e, true), trees[i]);
			kdc_tree_put(&f.kdc, trees[i]);
			kdc_tree_put(&f.kdc, trees[i]);
			trees[i] = NULL;
		} else {
			trees[i] = kdc_tree_get(&f.kdc, &e, true);
			assert_int_equal(trees[i]->error, 0);
			check_range(trees[i], 0, i * MIB >> 12, i * MIB >> 12);
		}
	}
	fake_free(&f);
}

static void scanned_first_copied_later(void **state)
{
	struct kdc_tree *t;
	struct one o;

	(void)state;
	small_tree(&o, KDC_SECOND_STAGE, 3);
	t = one_get(&o, false);
	assert_int_equal(t->new_root, 0);
	assert_int_equal(o.f.live_pages, 0);
	assert_int_equal(t->nr_ranges, 3);
	assert_ptr_equal(one_copied(&o), t);
	assert_int_equal(t->nr_ranges, 3);
	one_free(&o);
}

static void only_trees_are_taken(void **state)
{
	struct kdc_entry e = fake_entry(0x1000, KDC_SECOND_STAGE, 3);
	struct fake f;

	(void)state;
	fake_init(&f, 8);
	for (int kind = KDC_NOT_PRESENT; kind <= KDC_REFUSED; kind++) {
		e.kind = (enum kdc_kind)kind;
		if (kind != KDC_TREE)
			assert_null(kdc_tree_get(&f.kdc, &e, true));
	}
	e.kind = KDC_TREE;
	for (e.levels = 0; e.levels < 9; e.levels++)
		assert_int_equal(kdc_tree_get(&f.kdc, &e, true) != NULL, e.levels >= 2 && e.levels <= 5);
	fake_free(&f);
}

/* Write one word of old memory at the n-th read of a page of it. */
static void meddle(struct fake *f, uint64_t pa)
{
	(void)pa;
	if (f->old_reads == f->meddle_at)
		*tables_word(&f->ram, f->meddle_pa, 0) = f->meddle_value;
}

/* Between the count and the copy: more tables, a table gone, another leaf. */
static void memory_that_changes(void **state)
{
	unsigned refused = 0, corrupt = 0;
	struct kdc_tree *t;
	uint64_t extra[2];
	const char *why;
	struct one o;

	(void)state;
	small_tree(&o, KDC_SECOND_STAGE, 3);
	extra[0] = tables_alloc(&o.f.ram, 1);
	extra[1] = tables_alloc(&o.f.ram, 1);
	*tables_word(&o.f.ram, extra[0], 0) = extra[1] | 3;
	*tables_word(&o.f.ram, extra[1], 0) = 0x7000 | 3;
	for (size_t at = 1; at <= 12; at++) {
		fake_again(&o.f);
		o.f.meddle = meddle;
		o.f.meddle_at = at;
		/* Two tables more, in the root. */
		o.f.meddle_pa = o.root;
		*tables_word(&o.f.ram, o.root, 7) = 0;
		o.f.meddle_pa += 7 * 8;
		o.f.meddle_value = extra[0] | 3;
		t = one_get(&o, true);
		assert_true(!t->error == !!t->new_root);
		assert_true(o.f.kdc.used_pages <= 7 + 2);
		if (t->error) {
			refused++;
			assert_int_equal(t->error, -ENOSPC);
			assert_string_equal(t->why, "more tables than were counted");
			assert_int_equal(o.f.live_pages, 0);
			assert_int_equal(fake_compare_ranges(&o.f, t, o.root, &why), 0);
		} else {
			assert_int_equal(fake_compare_ranges(&o.f, t, t->new_root, &why), 0);
		}
	}
	assert_true(refused > 0 && refused < 12);
	*tables_word(&o.f.ram, o.root, 7) = 0;
	for (size_t at = 1; at <= 24; at++) {
		uint64_t *table = one_entry(&o, 3, 0), was = *table;

		fake_again(&o.f);
		o.f.meddle = meddle;
		o.f.meddle_at = (at + 1) / 2;
		o.f.meddle_pa = o.root;
		o.f.meddle_value = (at & 1 ? FAKE_PA_END - 4096 : FAKE_PA_END) | 3;
		t = one_get(&o, true);
		assert_true(!t->error == !!t->new_root);
		corrupt += t->error != 0;
		if (t->error)
			assert_int_equal(t->error, -EUCLEAN);
		else
			assert_int_equal(fake_compare_ranges(&o.f, t, t->new_root, &why), 0);
		*table = was;
	}
	assert_true(corrupt > 2 && corrupt < 24);
	one_free(&o);
}

/* A leaf that appears late is in the copy and in the ranges, or in neither. */
static void ranges_are_those_of_the_copy(void **state)
{
	unsigned found = 0;
	const char *why;
	struct one o;

	(void)state;
	small_tree(&o, KDC_SECOND_STAGE, 3);
	for (size_t at = 1; at <= 12; at++) {
		struct kdc_tree *t;

		*one_entry(&o, 1, 0) = 0;
		fake_again(&o.f);
		o.f.meddle = meddle;
		o.f.meddle_at = at;
		o.f.meddle_pa = (uint64_t)((uint8_t *)one_entry(&o, 1, 0) - o.f.ram.bytes);
		o.f.meddle_value = 0x9000 | 3;
		t = one_get(&o, true);
		assert_int_equal(t->error, 0);
		found += t->ranges[0].first == 0;
		assert_int_equal(fake_compare_ranges(&o.f, t, t->new_root, &why), 0);
		assert_int_equal(fake_compare_runs(&o.f, t, t->new_root, &why), 0);
	}
	assert_true(found > 0 && found < 12);
	one_free(&o);
}

/* Every allocation fails once, and all from there on: a clean error, and nothing is lost. */
static void every_allocation_fails(void **state)
{
	(void)state;
	for (int after = 0; after < 2; after++) {
		for (size_t at = 1;; at++) {
			struct kdc_tree *t;
			const char *why;
			struct one o;

			small_tree(&o, KDC_SECOND_STAGE, 3);
			o.f.fail_at = at;
			o.f.fail_all_after = after;
			t = one_get(&o, true);
			if (o.f.allocations < at) {
				assert_int_equal(t->error, 0);
				one_free(&o);
				/* Bookkeeping, six tables, ranges and their trimming. */
				assert_int_equal(at, 10);
				break;
			}
			if (!t) {
				assert_int_equal(at, 1);
			} else if (t->error) {
				assert_int_equal(t->error, -ENOMEM);
				assert_non_null(t->why);
				assert_int_equal(t->new_root, 0);
				assert_int_equal(o.f.live_pages, 0);
				if (!after)
					assert_int_equal(fake_compare_ranges(&o.f, t, o.root, &why), 0);
			} else {
				assert_int_equal(fake_compare_runs(&o.f, t, o.root, &why), 0);
				assert_int_equal(fake_compare_ranges(&o.f, t, o.root, &why), 0);
			}
			one_free(&o); /* aborts if anything is left */
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies_of_every_format),
		cmocka_unit_test(runs_can_be_ended),
		cmocka_unit_test(permissions_of_upper_levels),
		cmocka_unit_test(bad_entries),
		cmocka_unit_test(superpages_need_the_hardware),
		cmocka_unit_test(loops_end),
		cmocka_unit_test(fans_end_at_the_budget),
		cmocka_unit_test(a_root_is_counted_too),
		cmocka_unit_test(visits_end_anywhere),
		cmocka_unit_test(too_many_tables_after_a_bad_entry),
		cmocka_unit_test(limits_may_change_after_the_copy),
		cmocka_unit_test(flush_and_now_may_be_missing),
		cmocka_unit_test(the_budget_is_exact),
		cmocka_unit_test(a_tree_is_copied_once),
		cmocka_unit_test(trees_come_and_go),
		cmocka_unit_test(scanned_first_copied_later),
		cmocka_unit_test(only_trees_are_taken),
		cmocka_unit_test(memory_that_changes),
		cmocka_unit_test(ranges_are_those_of_the_copy),
		cmocka_unit_test(every_allocation_fails),
	};

	return cmocka_run_group_tests_name("kdump-copy-tree", tests, NULL, NULL);
}
