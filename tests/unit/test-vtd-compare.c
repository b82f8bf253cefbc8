/* SPDX-License-Identifier: GPL-2.0-only */
/* Comparisons: two equal machines, then one difference of every kind, seen as just that. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vtd-test.h"
#include "vtd/compare.h"

#define NIC 0x0008
#define DISK 0x0010

/* One side: a machine with two devices, and the addresses a test needs to change things. */
struct side {
	struct tables t;
	uint64_t root, context, pt, dir, pasid_table, irt;
	unsigned ttm;
	uint64_t irta;
	struct vtd_walk_result *r;
};

struct fixture {
	struct side a, b;
	struct vtd_compare *c;
};

static void build(struct side *s, unsigned ttm, size_t moved)
{
	tables_init(&s->t, 128);
	s->ttm = ttm;
	tables_alloc(&s->t, moved + 1); /* other addresses on the other side, if wanted */
	s->root = tables_alloc(&s->t, 1);
	s->pt = tables_alloc(&s->t, 1);
	s->irt = tables_alloc(&s->t, 1);
	tables_map_many(&s->t, s->pt, 3, 1, 0xffff0000, 0x40000, SL_RW, 8);
	tables_map(&s->t, s->pt, 3, 2, 16 * MIB, 32 * MIB, VTD_SL_R);
	if (ttm == VTD_TTM_LEGACY) {
		s->context = tables_legacy(&s->t, s->root, NIC, 0, 1, 3, s->pt);
		tables_legacy(&s->t, s->root, DISK, VTD_TT_PASS_THROUGH, 1, 4, 0);
	} else {
		s->dir = tables_scalable(&s->t, s->root, NIC, 0, 0, 0);
		s->context = *tables_word(&s->t, s->root, 0) & ~UINT64_C(1);
		s->pasid_table = tables_pasid(&s->t, s->dir, 0, VTD_PGTT_SECOND_LEVEL, 1, 3, s->pt, 0, 0);
	}
	*tables_word(&s->t, s->irt, 4) = 0xd;
	*tables_word(&s->t, s->irt, 5) = 0x40008;
	s->irta = s->irt | 4;
}

static void setup(struct fixture *f, unsigned ttm, size_t moved)
{
	memset(f, 0, sizeof(*f));
	build(&f->a, ttm, 0);
	build(&f->b, ttm, moved);
}

static struct vtd_compare *compare(struct fixture *f, const struct iommu_compare_options *o)
{
	f->a.r = walk(&f->a.t, f->a.root, f->a.ttm, f->a.irta, NULL);
	f->b.r = walk(&f->b.t, f->b.root, f->b.ttm, f->b.irta, NULL);
	assert_int_equal(vtd_compare(f->a.r, f->b.r, o, &f->c), 0);
	return f->c;
}

static void finish(struct fixture *f)
{
	FILE *out = fopen("/dev/null", "w");

	vtd_compare_print(f->c, out);
	fclose(out);
	vtd_compare_free(f->c);
	vtd_walk_free(f->a.r);
	vtd_walk_free(f->b.r);
	tables_free(&f->a.t);
	tables_free(&f->b.t);
}

/* Exactly one difference, of @kind, whose text holds @words. */
static void expect(struct fixture *f, const struct iommu_compare_options *o, enum vtd_diff_kind kind, const char *words)
{
	struct vtd_compare *c = compare(f, o);

	for (unsigned k = 0; k < VTD_DIFF_KINDS; k++)
		if (c->counts[k] != (k == kind))
			fail_msg("%s: %lu differences", vtd_diff_kind_name(k), (unsigned long)c->counts[k]);
	assert_false(c->base.same);
	assert_int_equal(c->n_diffs, 1);
	assert_int_equal(c->diffs[0].kind, kind);
	if (!strstr(c->diffs[0].text, words))
		fail_msg("'%s' lacks '%s'", c->diffs[0].text, words);
}

static void equal_machines(void **state)
{
	struct fixture f;

	(void)state;
	for (unsigned ttm = 0; ttm <= 1; ttm++) {
		setup(&f, ttm, 0);
		/* FPD and the bits that hardware ignores do not count, nor do accessed bits */
		*tables_word(&f.b.t, f.b.context, ttm ? 4 * NIC : 2 * NIC) |= VTD_CTX_FPD;
		if (!ttm)
			*tables_word(&f.b.t, f.b.context, 2 * NIC + 1) |= 0x8;
		compare(&f, NULL);
		assert_true(f.c->base.same);
		assert_int_equal(f.c->contexts_same, ttm ? 1 : 2);
		assert_int_equal(f.c->pasids_same, ttm);
		assert_int_equal(f.c->irtes_same, 1);
		assert_int_equal(f.c->pages_same, 8 + 512 + (ttm ? 0 : UINT64_C(1) << 40));
		assert_int_equal(f.c->n_spaces, ttm ? 1 : 2);
		finish(&f);
	}
}

static void moved_tables(void **state)
{
	struct iommu_compare_options o = { .roots_may_differ = true };
	struct fixture f;

	(void)state;
	setup(&f, 0, 20);
	compare(&f, &o);
	assert_true(f.c->base.same);
	finish(&f);
	setup(&f, 0, 20);
	expect(&f, NULL, VTD_DIFF_CONTEXT_FIELD, "0000:00:01.0: page-table root");
	finish(&f);
	setup(&f, 1, 20);
	compare(&f, &o);
	assert_true(f.c->base.same);
	finish(&f);
	setup(&f, 1, 20);
	compare(&f, NULL);
	assert_int_equal(f.c->counts[VTD_DIFF_CONTEXT_FIELD], 1);
	assert_int_equal(f.c->counts[VTD_DIFF_PASID_FIELD], 1);
	assert_int_equal(f.c->n_diffs, 2);
	assert_int_equal(f.c->pages_same, 520);
	finish(&f);
}

static void the_mode(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, 0, 0);
	f.b.ttm = 3;
	compare(&f, NULL);
	assert_int_equal(f.c->counts[VTD_DIFF_MODE], 1);
	assert_int_equal(f.c->counts[VTD_DIFF_CONTEXT_MISSING], 2);
	finish(&f);
}

static void contexts(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, 0, 0);
	*tables_word(&f.b.t, f.b.context, 2 * DISK) = 0;
	compare(&f, NULL);
	assert_int_equal(f.c->counts[VTD_DIFF_CONTEXT_MISSING], 1);
	assert_int_equal(f.c->counts[VTD_DIFF_UNMAPPED], 1);
	assert_int_equal(f.c->n_diffs, 2);
	assert_string_equal(f.c->diffs[0].text, "0000:00:02.0: context entry is gone");
	finish(&f);

	setup(&f, 0, 0);
	tables_legacy(&f.b.t, f.b.root, 0x0108, VTD_TT_PASS_THROUGH, 1, 4, 0);
	compare(&f, NULL);
	assert_int_equal(f.c->counts[VTD_DIFF_CONTEXT_EXTRA], 1);
	assert_int_equal(f.c->counts[VTD_DIFF_NEW], 1);
	assert_int_equal(f.c->pages_new, UINT64_C(1) << 40);
	finish(&f);

	setup(&f, 0, 0);
	*tables_word(&f.b.t, f.b.context, 2 * NIC + 1) = 9 << 8 | 1;
	expect(&f, NULL, VTD_DIFF_CONTEXT_FIELD, "0000:00:01.0: DID 3 -> 9");
	finish(&f);

	setup(&f, 1, 0);
	*tables_word(&f.b.t, f.b.context, 4 * NIC) |= VTD_SCTX_DTE;
	expect(&f, NULL, VTD_DIFF_CONTEXT_FIELD, "DTE 0 -> 1");
	finish(&f);

	setup(&f, 1, 0);
	*tables_word(&f.b.t, f.b.context, 4 * NIC + 2) = 5;
	expect(&f, NULL, VTD_DIFF_CONTEXT_FIELD, "other bits");
	finish(&f);
}

/* The upper half of a bus lost into the lower one: another device altogether. */
static void the_wrong_half(void **state)
{
	struct vtd_compare *c;
	struct fixture f;

	(void)state;
	setup(&f, 1, 0);
	for (int i = 0; i < 2; i++) {
		struct side *s = i ? &f.b : &f.a;
		uint64_t dir = tables_scalable(&s->t, s->root, 0x80a0, 0, 0, 0);

		tables_pasid(&s->t, dir, 0, VTD_PGTT_PASS_THROUGH, 0, 4, 0, 0, 0);
	}
	*tables_word(&f.b.t, f.b.root, 0x100) = *tables_word(&f.b.t, f.b.root, 0x101);
	*tables_word(&f.b.t, f.b.root, 0x101) = 0;
	c = compare(&f, NULL);
	assert_int_equal(c->counts[VTD_DIFF_CONTEXT_MISSING], 1);
	assert_int_equal(c->counts[VTD_DIFF_CONTEXT_EXTRA], 1);
	assert_string_equal(c->diffs[0].text, "0000:80:04.0: context entry is new");
	assert_string_equal(c->diffs[1].text, "0000:80:14.0: context entry is gone");
	finish(&f);
}

static void pasids(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, 1, 0);
	*tables_word(&f.b.t, f.b.pasid_table, 1) = 8;
	expect(&f, NULL, VTD_DIFF_PASID_FIELD, "0000:00:01.0 PASID 0: DID 3 -> 8");
	finish(&f);
	setup(&f, 1, 0);
	*tables_word(&f.b.t, f.b.pasid_table, 7) = 8;
	expect(&f, NULL, VTD_DIFF_PASID_FIELD, "other bits of the PASID entry");
	finish(&f);
	setup(&f, 1, 0);
	*tables_word(&f.b.t, f.b.pasid_table, 0) |= VTD_PASID_FPD;
	compare(&f, NULL);
	assert_true(f.c->base.same);
	finish(&f);
	setup(&f, 1, 0);
	tables_pasid(&f.b.t, f.b.dir, 5, VTD_PGTT_PASS_THROUGH, 0, 1, 0, 0, 0);
	compare(&f, NULL);
	assert_int_equal(f.c->counts[VTD_DIFF_PASID_EXTRA], 1);
	assert_int_equal(f.c->counts[VTD_DIFF_NEW], 1);
	finish(&f);
	setup(&f, 1, 0);
	*tables_word(&f.b.t, f.b.pasid_table, 0) = 0;
	compare(&f, NULL);
	assert_int_equal(f.c->counts[VTD_DIFF_PASID_MISSING], 1);
	assert_int_equal(f.c->pages_unmapped, 520);
	finish(&f);
}

static void translation_type(void **state)
{
	struct iommu_compare_options o = { .skip_contexts = true, .one_sid = true, .sid = NIC };
	struct fixture f;

	(void)state;
	setup(&f, 0, 0);
	tables_legacy(&f.b.t, f.b.root, NIC, VTD_TT_PASS_THROUGH, 1, 3, f.b.pt);
	compare(&f, &o);
	assert_int_equal(f.c->counts[VTD_DIFF_SPACE_TYPE], 1);
	assert_string_equal(f.c->diffs[0].text, "0000:00:01.0: translation was second-level, is pass-through");
	assert_int_equal(f.c->pages_retargeted, 520);
	assert_int_equal(f.c->n_spaces, 1);
	finish(&f);
}

static void mappings(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, 0, 0); /* the middle of a run goes */
	tables_map(&f.b.t, f.b.pt, 3, 1, 0xffff2000, 0, 0);
	tables_map(&f.b.t, f.b.pt, 3, 1, 0xffff3000, 0, 0);
	expect(&f, NULL, VTD_DIFF_UNMAPPED, "0000:00:01.0: iova 0xffff2000-0xffff3fff mapped only before");
	assert_int_equal(f.c->pages_unmapped, 2);
	assert_int_equal(f.c->diffs[0].pa_a, 0x42000);
	finish(&f);
	setup(&f, 0, 0); /* two pages more, at both ends of two runs */
	tables_map(&f.b.t, f.b.pt, 3, 1, 0xfffef000, 0x3f000, SL_RW);
	expect(&f, NULL, VTD_DIFF_NEW, "iova 0xfffef000-0xfffeffff mapped only after -> 0x3f000 rw");
	finish(&f);
	setup(&f, 0, 0); /* other frames, scattered: one stretch of IOVAs */
	for (unsigned i = 0; i < 3; i++)
		tables_map(&f.b.t, f.b.pt, 3, 1, 0xffff1000 + i * 0x1000, 0x90000 - i * 0x3000, SL_RW);
	expect(&f, NULL, VTD_DIFF_RETARGETED,
	       "iova 0xffff1000-0xffff3fff went to 0x41000 rw--, "
	       "now to 0x90000 rw--");
	assert_int_equal(f.c->pages_retargeted, 3);
	assert_int_equal(f.c->pages_same, 5 + 512 + (UINT64_C(1) << 40));
	assert_int_equal(f.c->spaces[0].retargeted, 3);
	assert_int_equal(f.c->spaces[1].retargeted, 0);
	finish(&f);
	setup(&f, 0, 0);
	tables_map(&f.b.t, f.b.pt, 3, 1, 0xffff7000, 0x47000, VTD_SL_R);
	expect(&f, NULL, VTD_DIFF_PERMISSION, "-> 0x47000 was rw--, is r---");
	finish(&f);
}

static void a_superpage_split_is_no_difference(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, 0, 0);
	*tables_word(&f.b.t, *tables_word(&f.b.t, f.b.pt, 0) & ~0xfffu, 8) = 0;
	tables_map_many(&f.b.t, f.b.pt, 3, 1, 16 * MIB, 32 * MIB, VTD_SL_R, 512);
	compare(&f, NULL);
	assert_true(f.c->base.same);
	finish(&f);
}

static void interrupt_remapping(void **state)
{
	struct iommu_compare_options extra_ok = { .extra_irtes_ok = true };
	struct fixture f;

	(void)state;
	setup(&f, 0, 0);
	*tables_word(&f.b.t, f.b.irt, 4) = 0;
	expect(&f, NULL, VTD_DIFF_IRTE_MISSING, "irte 2: present only before");
	finish(&f);
	setup(&f, 0, 0);
	*tables_word(&f.b.t, f.b.irt, 0) = 1;
	expect(&f, NULL, VTD_DIFF_IRTE_EXTRA, "irte 0: present only after");
	finish(&f);
	setup(&f, 0, 0);
	*tables_word(&f.b.t, f.b.irt, 0) = 1;
	compare(&f, &extra_ok);
	assert_true(f.c->base.same);
	assert_int_equal(f.c->irtes_b, 2);
	finish(&f);
	setup(&f, 0, 0);
	*tables_word(&f.b.t, f.b.irt, 5) = 0x50008;
	expect(&f, NULL, VTD_DIFF_IRTE_CHANGED, "irte 2: 0x0000000000040008000000000000000d became");
	finish(&f);
	setup(&f, 0, 0);
	f.b.irta |= VTD_IRTA_EIME;
	expect(&f, NULL, VTD_DIFF_EIME, "extended interrupt mode was off, is on");
	finish(&f);
}

static void limits(void **state)
{
	struct iommu_compare_options o = { .max_diffs = 2 };
	struct fixture f;

	(void)state;
	setup(&f, 0, 0);
	for (unsigned i = 0; i < 8; i += 2)
		tables_map(&f.b.t, f.b.pt, 3, 1, 0xffff0000 + i * 0x1000, 0, 0);
	compare(&f, &o);
	assert_int_equal(f.c->counts[VTD_DIFF_UNMAPPED], 4);
	assert_int_equal(f.c->n_diffs, 2);
	assert_int_equal(f.c->diffs_left_out, 2);
	finish(&f);
	/* a truncated side is never the same */
	setup(&f, 0, 0);
	compare(&f, NULL);
	f.b.r->base.truncated = true;
	vtd_compare_free(f.c);
	assert_int_equal(vtd_compare(f.a.r, f.b.r, NULL, &f.c), 0);
	assert_false(f.c->base.same);
	assert_true(f.c->base.truncated);
	finish(&f);
}

/* Requesters that share a tree: found equal once, and every one of them counted. */
static void shared_trees(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, 0, 0);
	for (uint16_t sid = 0x20; sid < 0x30; sid++) {
		tables_legacy(&f.a.t, f.a.root, sid, 0, 1, 3, f.a.pt);
		tables_legacy(&f.b.t, f.b.root, sid, 0, 1, 3, f.b.pt);
	}
	compare(&f, NULL);
	assert_true(f.c->base.same);
	assert_int_equal(f.c->pages_same, 17 * 520 + (UINT64_C(1) << 40));
	assert_int_equal(f.c->spaces[17].same, 520);
	finish(&f);
	setup(&f, 0, 0);
	for (uint16_t sid = 0x20; sid < 0x30; sid++) {
		tables_legacy(&f.a.t, f.a.root, sid, 0, 1, 3, f.a.pt);
		tables_legacy(&f.b.t, f.b.root, sid, 0, 1, 3, f.b.pt);
	}
	tables_map(&f.b.t, f.b.pt, 3, 1, 0xffff0000, 0x99000, SL_RW);
	compare(&f, NULL);
	assert_int_equal(f.c->pages_retargeted, 17);
	assert_int_equal(f.c->counts[VTD_DIFF_RETARGETED], 17);
	finish(&f);
}

/* Every device of every bus with hundreds of differences: cut off, and never called the same. */
static void endless_differences(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, 0, 0);
	for (int i = 0; i < 2; i++) {
		struct side *s = i ? &f.b : &f.a;

		for (unsigned k = 0; k < 512; k++)
			tables_map(&s->t, s->pt, 3, 1, k * UINT64_C(0x2000) + 0x1000 * (unsigned)i, 0x100000, SL_RW);
		for (unsigned k = 0; k < 256; k++) {
			tables_legacy(&s->t, s->root, (uint16_t)k, 0, 1, 3, s->pt);
			*tables_word(&s->t, s->root, 2 * k) = *tables_word(&s->t, s->root, 0);
		}
	}
	compare(&f, NULL);
	assert_false(f.c->base.same);
	assert_true(f.c->base.truncated);
	assert_int_equal(f.c->n_spaces, 65536);
	assert_int_equal(f.c->n_diffs, 256);
	finish(&f);
}

/* A walk puts a requester where its number says; if it ever did not, the comparison would tell. */
static void the_slot_is_compared(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, 1, 0);
	compare(&f, NULL);
	vtd_compare_free(f.c);
	f.b.r->contexts[0].slot ^= 1;
	f.b.r->contexts[0].upper = true;
	assert_int_equal(vtd_compare(f.a.r, f.b.r, NULL, &f.c), 0);
	assert_int_equal(f.c->counts[VTD_DIFF_CONTEXT_SLOT], 1);
	assert_string_equal(f.c->diffs[0].text, "0000:00:01.0: lower slot 8 became upper slot 9");
	finish(&f);
}

static void one_space_against_another(void **state)
{
	struct iommu_space_diff d;
	struct fixture f;

	(void)state;
	setup(&f, 0, 0);
	tables_map(&f.b.t, f.b.pt, 3, 1, 0xffff0000, 0x50000, SL_RW);
	compare(&f, NULL);
	iommu_compare_space(&f.a.r->base, iommu_walk_space(&f.a.r->base, NIC, IOMMU_NO_PASID), &f.b.r->base,
			    iommu_walk_space(&f.b.r->base, NIC, IOMMU_NO_PASID), &d);
	assert_int_equal(d.retargeted, 1);
	assert_int_equal(d.same, 519);
	iommu_compare_space(&f.a.r->base, iommu_walk_space(&f.a.r->base, NIC, IOMMU_NO_PASID), &f.b.r->base, NULL, &d);
	assert_int_equal(d.unmapped, 520);
	assert_true(d.in_a && !d.in_b);
	iommu_compare_space(NULL, NULL, NULL, NULL, &d);
	assert_int_equal(d.unmapped + d.same + d.new_pages, 0);
	finish(&f);
}

/* The model: every page of a small space on its own. */
static void sweeping_agrees_with_page_by_page(void **state)
{
	uint64_t seed = 77;

	(void)state;
	for (unsigned round = 0; round < 300; round++) {
		uint64_t want[5] = { 0 };
		struct vtd_compare *c;
		struct fixture f;

		setup(&f, 0, 0);
		for (unsigned i = 0; i < 64; i++) {
			uint64_t x = tables_random(&seed), iova = i * UINT64_C(4096);
			uint64_t pa[2] = { 0x200000 + iova, 0x200000 + iova }, perm[2] = { 3, 3 };

			for (unsigned s = 0; s < 2; s++) {
				if ((x >> (8 * s)) % 4 == 0)
					perm[s] = (x >> (8 * s + 2)) & 3;
				if ((x >> (8 * s + 4)) % 4 == 0)
					pa[s] += 0x1000 * ((x >> (8 * s + 6)) & 3);
			}
			tables_map(&f.a.t, f.a.pt, 3, 1, iova, perm[0] ? pa[0] : 0, perm[0]);
			tables_map(&f.b.t, f.b.pt, 3, 1, iova, perm[1] ? pa[1] : 0, perm[1]);
			if (!perm[0] && !perm[1])
				continue;
			want[!perm[1] ? 1 : !perm[0] ? 2 : pa[0] != pa[1] ? 3 : perm[0] != perm[1] ? 4 : 0]++;
		}
		c = compare(&f, NULL);
		assert_int_equal(c->spaces[0].same, want[0] + 520);
		assert_int_equal(c->spaces[0].unmapped, want[1]);
		assert_int_equal(c->spaces[0].new_pages, want[2]);
		assert_int_equal(c->spaces[0].retargeted, want[3]);
		assert_int_equal(c->spaces[0].permission, want[4]);
		finish(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_machines),
		cmocka_unit_test(moved_tables),
		cmocka_unit_test(the_mode),
		cmocka_unit_test(contexts),
		cmocka_unit_test(the_wrong_half),
		cmocka_unit_test(pasids),
		cmocka_unit_test(translation_type),
		cmocka_unit_test(mappings),
		cmocka_unit_test(a_superpage_split_is_no_difference),
		cmocka_unit_test(interrupt_remapping),
		cmocka_unit_test(limits),
		cmocka_unit_test(shared_trees),
		cmocka_unit_test(endless_differences),
		cmocka_unit_test(the_slot_is_compared),
		cmocka_unit_test(one_space_against_another),
		cmocka_unit_test(sweeping_agrees_with_page_by_page),
	};

	return cmocka_run_group_tests_name("vtd-compare", tests, NULL, NULL);
}
