// SPDX-License-Identifier: GPL-2.0-only
/* Random valid trees: the core must say of them what the lab's own walker says. */
#include "kdump-test.h"

/* 1 GiB of address space: a superpage, superpages of 2 MiB, small pages, or little of anything. */
static void fill_gib(struct one *o, uint64_t *seed, uint64_t iova)
{
	uint64_t x = tables_random(seed), bits = o->format == KDC_FIRST_STAGE ? VTD_FL_P : 0;
	unsigned kind = x % 8;

	if (kind == 0 && o->levels > 2) {
		tables_map(&o->f.ram, o->root, o->levels, 3, iova, (x >> 32) << 30 & 0x7fc0000000, 3 | (x & 4));
		return;
	}
	for (unsigned n = 0; n < 6; n++) {
		uint64_t y = tables_random(seed), at = iova + ((y >> 8 & 511) << 21);
		uint64_t pa = y >> 20 & 0x7fffe00000, perm = bits ? bits | (y & 6) : 1 + y % 3;
		unsigned pages = (unsigned)(y >> 40) % 600;

		if (!bits && (y >> 50 & 3) == 0)
			perm |= VTD_SL_SNP;
		if (n == kind) {
			tables_map(&o->f.ram, o->root, o->levels, 2, at, pa, perm);
			continue;
		}
		/* Not below a superpage that is there already. */
		if (o->f.ram.n_pages - o->f.ram.next_page < 8)
			return;
		tables_map(&o->f.ram, o->root, o->levels, 2, at, tables_alloc(&o->f.ram, 1), 7);
		*one_entry(o, 2, at) &= ~UINT64_C(0x80);
		for (unsigned i = 0; i < pages && i < 512; i++) {
			uint64_t z = tables_random(seed);

			if (z % 8 == 0 || (kind & 1 && i & 1))
				continue;
			tables_map(&o->f.ram, o->root, o->levels, 1, at + i * UINT64_C(4096),
				   z % 16 ? pa + i * UINT64_C(4096) : z & 0x7ffffff000, z % 32 < 30 ? perm : bits | 1);
		}
	}
}

static void random_trees(enum kdc_format format, unsigned levels, uint64_t seed, unsigned rounds)
{
	uint64_t span = UINT64_C(1) << (12 + 9 * levels);

	for (unsigned round = 0; round < rounds; round++) {
		struct kdc_tree *t;
		uint64_t used[6];
		const char *why;
		struct one o;

		one_init(&o, 160, format, levels);
		for (unsigned n = 0; n < 6; n++) {
			uint64_t at = (n ? tables_random(&seed) % span : span - GIB) & ~(GIB - 1);
			bool again = false;

			for (unsigned k = 0; k < n; k++)
				again = again || used[k] == at;
			used[n] = at;
			if (!again)
				fill_gib(&o, &seed, at);
		}
		t = one_copied(&o);
		/* And a copy that must join ranges covers at least the same. */
		if (t->nr_ranges > 4) {
			o.f.kdc.limits.max_ranges = t->nr_ranges / 2;
			fake_again(&o.f);
			t = one_get(&o, true);
			assert_int_equal(t->error, 0);
			assert_true(t->over_pages > 0);
			assert_int_equal(fake_compare_ranges(&o.f, t, o.root, &why), 0);
		}
		one_free(&o);
	}
}

static void second_stage_3(void **state)
{
	(void)state;
	random_trees(KDC_SECOND_STAGE, 3, 1, 150);
}

static void second_stage_4(void **state)
{
	(void)state;
	random_trees(KDC_SECOND_STAGE, 4, 2, 150);
}

static void second_stage_5(void **state)
{
	(void)state;
	random_trees(KDC_SECOND_STAGE, 5, 3, 100);
}

static void first_stage_4(void **state)
{
	(void)state;
	random_trees(KDC_FIRST_STAGE, 4, 4, 150);
}

static void first_stage_5(void **state)
{
	(void)state;
	random_trees(KDC_FIRST_STAGE, 5, 5, 100);
}

/* The oracle notices if the copy is spoilt: or it would be none. */
static void the_oracle_sees_a_wrong_copy(void **state)
{
	struct kdc_tree *t;
	const char *why;
	uint64_t *pte;
	struct one o;

	(void)state;
	one_init(&o, 16, KDC_SECOND_STAGE, 3);
	one_map(&o, 1, 0x1000, 0x5000, 2);
	t = one_copied(&o);
	pte = fake_own_page(&o.f, t->new_root);
	pte = fake_own_page(&o.f, *pte & VTD_PTE_ADDR);
	pte = fake_own_page(&o.f, *pte & VTD_PTE_ADDR);
	pte[1] += 0x1000;
	assert_int_equal(fake_compare_runs(&o.f, t, o.root, &why), 2);
	assert_string_equal(why, "another IOVA");
	pte[1] = 0x5000 | VTD_SL_R;
	assert_true(fake_compare_runs(&o.f, t, o.root, &why) > 0);
	pte[1] = 0x6000 | 3;
	pte[2] = 0x7000 | 3;
	assert_int_equal(fake_compare_runs(&o.f, t, o.root, &why), 1);
	assert_string_equal(why, "another address");
	pte[2] = 0;
	assert_int_equal(fake_compare_runs(&o.f, t, o.root, &why), 1);
	t->ranges[0].last++;
	assert_int_equal(fake_compare_ranges(&o.f, t, o.root, &why), 1);
	t->ranges[0].last -= 2;
	assert_int_equal(fake_compare_ranges(&o.f, t, o.root, &why), 1);
	one_free(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(second_stage_3), cmocka_unit_test(second_stage_4),
		cmocka_unit_test(second_stage_5), cmocka_unit_test(first_stage_4),
		cmocka_unit_test(first_stage_5),  cmocka_unit_test(the_oracle_sees_a_wrong_copy),
	};

	return cmocka_run_group_tests_name("kdump-copy-oracle", tests, NULL, NULL);
}
