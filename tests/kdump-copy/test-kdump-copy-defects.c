// SPDX-License-Identifier: GPL-2.0-only
/*
 * The deep copy proposed in 2014 had 24 known defects, here S1 to S24. For each that can be seen in
 * the core there is a test here that what it did would fail; the others are about code around the
 * core, and tested in a VM.
 *
 *   S1  ranges one page too long                        here
 *   S2  a failed reservation ignored                    here: a range that cannot be kept is an
 *                                                       error; reserving itself: glue (VM)
 *   S3  the last range lost, above all after an error   here
 *   S4  split by permission, attribute, size; junk      here
 *       state after the last range
 *   S5  an unreadable table copied as a wild pointer    here
 *   S6  unreadable root and context tables ignored      here for PASID tables; else glue (VM)
 *   S7  no unwinding                                    here, and each allocation in -tree, -pasid
 *   S8  failed copies kept on a list                    here
 *   S9  a root pointer made from no table               here
 *   S10 pass-through skipped                            here: told as such; reserving: glue (VM)
 *   S11 addresses ORed into the old ones                here
 *   S12 mode bits taken for address bits                here for roots of trees; RTADDR: mainline's
 *   S13 the upper half of a root entry ignored          glue (VM): mainline's loop calls the hook
 *   S14 reserved widths, unbounded recursion            here
 *   S15 superpages of any level and alignment           here
 *   S16 physical addresses kept in pointers             here above 4 GiB; tests/kdump-copy/check
 *                                                       compiles for 32 bits
 *   S17 tables outside RAM, in the crash area, loops    here
 *   S18 no budget                                       here
 *   S19 errors flattened to -1                          here
 *   S20 FPD kept, ATS not told                          here
 *   S21 one tree copied once a unit                     here; all units share one struct kdc: glue
 *   S22 first-stage tables not recognised               here
 *   S23 domain ids of pass-through entries lost         here: told; reserving: glue (VM)
 *   S24 an interface that no longer builds              the build of each kernel
 */
#include "kdump-test.h"

static void s1_ranges_end_at_their_last_page(void **state)
{
	struct kdc_tree *t;
	struct one o;

	(void)state;
	one_init(&o, 16, KDC_SECOND_STAGE, 3);
	one_map(&o, 1, 4 * GIB - 0x3000, 0x5000, 3);
	one_map(&o, 2, 8 * GIB - 2 * MIB, 2 * MIB, 1);
	t = one_copied(&o);
	assert_int_equal(t->nr_ranges, 2);
	check_range(t, 0, 0xffffd, 0xfffff); /* not 0x100000, which is above 4 GiB */
	check_range(t, 1, 0x1ffe00, 0x1fffff);
	one_free(&o);
}

static void s2_a_range_that_cannot_be_kept_is_an_error(void **state)
{
	struct kdc_tree *t;
	struct one o;

	(void)state;
	one_init(&o, 16, KDC_SECOND_STAGE, 3);
	one_map(&o, 1, 0x1000, 0x5000, 1);
	o.f.fail_resize_only = true;
	o.f.fail_at = 2;
	o.f.fail_all_after = true;
	t = one_refused(&o, -ENOMEM, "no memory for ranges");
	assert_int_equal(t->nr_ranges, 0);
	one_free(&o);
}

static void s3_the_last_range_is_kept_also_after_an_error(void **state)
{
	struct kdc_tree *t;
	struct one o;

	(void)state;
	one_init(&o, 16, KDC_SECOND_STAGE, 3);
	one_map(&o, 1, 0x1000, 0x5000, 1);
	one_map(&o, 1, GIB, 0x6000, 2);
	t = one_copied(&o);
	check_range(t, 1, GIB >> 12, (GIB >> 12) + 1);
	fake_again(&o.f);
	*one_entry(&o, 1, GIB + 0x1000) = FAKE_PA_END | 3;
	t = one_refused(&o, -EUCLEAN, "address above the host address width");
	check_range(t, 1, GIB >> 12, GIB >> 12);
	/* Also one that ends the scan half way. */
	fake_again(&o.f);
	*one_entry(&o, 1, GIB + 0x1000) = 0;
	o.f.kdc.limits.max_visits = 3;
	t = one_get(&o, false);
	assert_int_equal(t->error, -ENOSPC);
	assert_int_equal(t->nr_ranges, 2);
	check_range(t, 0, 1, 1);
	/* Not read, so all of what it could map. */
	check_range(t, 1, GIB >> 12, (2 * GIB >> 12) - 1);
	assert_int_equal(t->unread_pages, GIB >> 12);
	one_free(&o);
}

static void s4_only_addresses_split_and_nothing_is_left_over(void **state)
{
	struct kdc_tree *t;
	struct one o;

	(void)state;
	one_init(&o, 64, KDC_SECOND_STAGE, 3);
	one_map(&o, 1, 0, 0x100000, 512);
	for (unsigned i = 0; i < 512; i++)
		*one_entry(&o, 1, i * UINT64_C(4096)) =
			(0x100000 + i * UINT64_C(4096)) | (1 + i % 3) | (i % 7 ? 0 : VTD_SL_SNP) | (i % 8) << 8;
	one_map(&o, 2, 2 * MIB, 0x40000000, 1);
	t = one_copied(&o);
	assert_int_equal(t->nr_ranges, 1);
	check_range(t, 0, 0, 1023);
	/* A second tree begins with nothing of the first. */
	o.root = tables_alloc(&o.f.ram, 1);
	one_map(&o, 1, 0x400000, 0x5000, 1);
	t = one_copied(&o);
	assert_int_equal(t->nr_ranges, 1);
	check_range(t, 0, 0x400, 0x400);
	one_free(&o);
}

static void no_page_at_all(struct fake *f, uint64_t pa)
{
	(void)pa;
	/* From this read on nothing can be read any more. */
	if (f->old_reads >= f->meddle_at) {
		f->crash_first = 0;
		f->crash_last = ~UINT64_C(0);
	}
}

static void s5_an_unreadable_table_is_no_copy(void **state)
{
	struct one o;

	(void)state;
	one_init(&o, 16, KDC_SECOND_STAGE, 4);
	one_map(&o, 1, 0x1000, 0x5000, 1);
	one_map(&o, 1, GIB, 0x5000, 1);
	/* Three tables are read to count, six to copy. */
	for (size_t at = 1; at <= 10; at++) {
		fake_again(&o.f);
		o.f.meddle = no_page_at_all;
		o.f.meddle_at = at;
		one_refused(&o, -EUCLEAN, "table outside old memory");
	}
	fake_again(&o.f);
	one_copied(&o);
	one_free(&o);
}

static int ignore(void *arg, u32 pasid, const struct kdc_entry *entry, u64 pe[8])
{
	(void)arg;
	(void)pasid;
	(void)entry;
	(void)pe;
	return 0;
}

static void s6_an_unreadable_pasid_table_is_no_empty_table(void **state)
{
	struct kdc_entry dir = { .kind = KDC_PASID_DIR, .pasid_dir_bits = 9 };
	struct kdc_dir out;
	struct fake f;

	(void)state;
	fake_init(&f, 8);
	dir.root = tables_alloc(&f.ram, 1);
	tables_pasid(&f.ram, dir.root, 5, 4, 0, 1, 0, 0, 0);
	*tables_word(&f.ram, dir.root, 3) = 0x7ffff000 | 1;
	for (int deep = 0; deep < 2; deep++) {
		assert_int_equal(kdc_pasids(&f.kdc, &dir, deep, ignore, NULL, &out), -EUCLEAN);
		assert_int_equal(out.root, 0);
	}
	fake_free(&f);
}

static void s7_a_failed_copy_leaves_nothing(void **state)
{
	struct one o;

	(void)state;
	one_init(&o, 32, KDC_SECOND_STAGE, 3);
	for (unsigned i = 0; i < 8; i++)
		one_map(&o, 1, i * GIB, 0x5000, 1);
	*one_entry(&o, 2, 7 * GIB) = 0x7ffff000 | 3; /* only the very last table is bad */
	one_refused(&o, -EUCLEAN, "table outside old memory");
	assert_true(o.f.n_own > 0); /* it had begun */
	assert_int_equal(o.f.live_pages, 0);
	one_free(&o);
}

static void s8_a_failed_tree_is_never_taken_for_a_copy(void **state)
{
	struct kdc_tree *t;
	size_t reads;
	struct one o;

	(void)state;
	one_init(&o, 16, KDC_SECOND_STAGE, 3);
	one_map(&o, 1, 0x1000, 0x5000, 1);
	*one_entry(&o, 2, GIB - 2 * MIB) = 0x7ffff000 | 3;
	t = one_refused(&o, -EUCLEAN, "table outside old memory");
	/* Who comes next with the same root is told the same, and nothing is tried again. */
	reads = o.f.old_reads;
	assert_ptr_equal(one_refused(&o, -EUCLEAN, "table outside old memory"), t);
	assert_int_equal(o.f.old_reads, reads);
	kdc_tree_put(&o.f.kdc, t);
	kdc_tree_put(&o.f.kdc, t);
	assert_null(o.f.kdc.trees);
	one_free(&o);
}

static void s9_no_root_is_made_of_nothing(void **state)
{
	struct kdc_entry pass_through, tree;
	struct kdc_tree *t;
	struct one o;

	(void)state;
	one_init(&o, 16, KDC_SECOND_STAGE, 3);
	one_map(&o, 1, 0x1000, 0x5000, 1);
	/* The same domain id: once pass-through, once with tables. */
	kdc_decode_context(&o.f.kdc.limits, (const u64[]){ 2 << 2 | 1, 0x701 }, &pass_through);
	kdc_decode_context(&o.f.kdc.limits, (const u64[]){ o.root | 1, 0x701 }, &tree);
	assert_int_equal(pass_through.did, tree.did);
	assert_null(kdc_tree_get(&o.f.kdc, &pass_through, true));
	t = kdc_tree_get(&o.f.kdc, &tree, true);
	assert_true(t->new_root >= FAKE_OWN);
	one_free(&o);
}

static void s10_s23_pass_through_is_told_with_its_domain(void **state)
{
	struct kdc_limits l = { .sagaw = 2, .pa_end = FAKE_PA_END };
	struct kdc_entry e;

	(void)state;
	kdc_decode_context(&l, (const u64[]){ 2 << 2 | 1, 0x123401 }, &e);
	assert_int_equal(e.kind, KDC_PASS_THROUGH);
	assert_int_equal(e.did, 0x1234);
	/* Even what is refused has a domain id that must not be used again. */
	kdc_decode_context(&l, (const u64[]){ 3 << 2 | 1, 0x432101 }, &e);
	assert_int_equal(e.kind, KDC_REFUSED);
	assert_int_equal(e.did, 0x4321);
	kdc_decode_pasid(&l, (const u64[8]){ 3 << 6 | 1, 0x4321 }, &e);
	assert_int_equal(e.kind, KDC_REFUSED);
	assert_int_equal(e.did, 0x4321);
}

static void s11_a_root_is_replaced_not_ored(void **state)
{
	u64 ce[2] = { 0x7ffffff000 | 1, 0x701 };

	(void)state;
	kdc_context_set_root(ce, 0x1234000);
	assert_int_equal(ce[0], 0x1234001);
}

static void s12_low_bits_are_no_address(void **state)
{
	struct kdc_limits l = { .sagaw = 2, .pa_end = FAKE_PA_END };
	struct kdc_entry e;

	(void)state;
	kdc_decode_scalable_context(&l, (const u64[4]){ 0x5000 | 0xe1d }, &e);
	assert_int_equal(e.root, 0x5000);
	kdc_decode_pasid(&l, (const u64[8]){ 1 << 6 | 1, 0, 0x6000 | 0xff3 }, &e);
	assert_int_equal(e.kind, KDC_TREE);
	assert_int_equal(e.root, 0x6000);
}

static void s14_reserved_widths_are_refused(void **state)
{
	struct kdc_limits l = { .sagaw = 0xff, .pa_end = FAKE_PA_END };
	struct kdc_entry e;
	struct fake f;

	(void)state;
	fake_init(&f, 8);
	for (u64 aw = 0; aw < 8; aw++) {
		kdc_decode_context(&l, (const u64[]){ 0x1001, aw }, &e);
		assert_int_equal(e.kind, aw < 4 ? KDC_TREE : KDC_REFUSED);
		/* And if one came through after all, there is no stack to run over. */
		e.kind = KDC_TREE;
		e.levels = (u8)(aw + 2);
		assert_int_equal(kdc_tree_get(&f.kdc, &e, true) != NULL, aw < 4);
	}
	fake_free(&f);
}

static void s15_superpages_where_they_can_be(void **state)
{
	struct one o;

	(void)state;
	for (unsigned level = 4; level <= 5; level++) {
		one_init(&o, 16, KDC_SECOND_STAGE, 5);
		one_map(&o, 1, 0x1000, 0x5000, 1);
		/* 512 GiB or 256 TiB "pages": bit 7 is reserved there. */
		*one_entry(&o, level, UINT64_C(1) << (3 + 9 * level)) = 0x83;
		one_refused(&o, -EUCLEAN, "page size not supported at this level");
		one_free(&o);
	}
	one_init(&o, 16, KDC_SECOND_STAGE, 3);
	o.f.kdc.limits.second_1g = false;
	one_map(&o, 3, GIB, 0x40000000, 1);
	one_refused(&o, -EUCLEAN, "page size not supported at this level");
	one_free(&o);
	one_init(&o, 16, KDC_SECOND_STAGE, 3);
	one_map(&o, 2, GIB, 0x40001000, 1);
	one_refused(&o, -EUCLEAN, "superpage not aligned");
	one_free(&o);
}

static void s16_addresses_above_4g_are_kept(void **state)
{
	struct kdc_tree *t;
	struct one o;

	(void)state;
	one_init(&o, 16, KDC_SECOND_STAGE, 3);
	one_map(&o, 1, UINT64_C(0x7ffffff000), UINT64_C(0x6ffffff000), 1);
	t = one_copied(&o); /* the copy's tables are at 64 GiB and above */
	assert_true(t->new_root >> 32);
	check_range(t, 0, 0x7ffffff, 0x7ffffff);
	one_free(&o);
}

static void s17_tables_that_cannot_be(void **state)
{
	struct one o;

	(void)state;
	for (unsigned k = 0; k < 3; k++) {
		one_init(&o, 16, KDC_SECOND_STAGE, 3);
		one_map(&o, 1, 0x1000, 0x5000, 1);
		one_map(&o, 1, GIB, 0x5000, 1);
		if (k == 0) /* device memory, say */
			*one_entry(&o, 2, GIB) = 0xfed90000 | 3;
		if (k == 1) { /* the crash kernel's own memory */
			o.f.crash_first = *one_entry(&o, 2, GIB) & VTD_PTE_ADDR;
			o.f.crash_last = o.f.crash_first + 0xfff;
		}
		if (k == 2)
			*one_entry(&o, 2, GIB) = o.root | 3;
		one_refused(&o, -EUCLEAN, k == 2 ? "table refers to one above it" : "table outside old memory");
		one_free(&o);
	}
}

static void s18_a_copy_that_is_too_large_is_not_begun(void **state)
{
	struct kdc_tree *t;
	const char *why;
	struct one o;

	(void)state;
	one_init(&o, 300, KDC_SECOND_STAGE, 3);
	for (unsigned i = 0; i < 250; i++)
		one_map(&o, 1, i * 2 * MIB, 0x5000, 1);
	o.f.kdc.limits.max_pages = 200;
	t = one_refused(&o, -ENOSPC, "memory budget");
	assert_int_equal(o.f.n_own, 0);		     /* not one page was asked for */
	assert_true(o.f.kdc.visits < 200 + 252 + 5); /* nor was counted on beyond it */
	/* What must not be used again is known all the same. */
	assert_int_equal(t->nr_ranges, 250);
	assert_int_equal(fake_compare_ranges(&o.f, t, o.root, &why), 0);
	one_free(&o);
}

static void s19_errors_say_what_happened(void **state)
{
	struct kdc_tree *t;
	struct one o;

	(void)state;
	one_init(&o, 16, KDC_SECOND_STAGE, 3);
	one_map(&o, 1, 0x1000, 0x5000, 1);
	o.f.kdc.limits.max_pages = 2;
	assert_int_equal(one_get(&o, true)->error, -ENOSPC);
	o.f.kdc.limits.max_pages = 100;
	fake_again(&o.f);
	o.f.fail_at = 3;
	assert_int_equal(one_get(&o, true)->error, -ENOMEM);
	fake_again(&o.f);
	*one_entry(&o, 3, 0) = 0x7ffff000 | 3;
	t = one_get(&o, true);
	assert_int_equal(t->error, -EUCLEAN);
	assert_int_equal(t->where, o.root);
	one_free(&o);
}

static void s20_faults_are_told_again_and_ats_is_seen(void **state)
{
	struct kdc_limits l = { .sagaw = 2, .pa_end = FAKE_PA_END };
	u64 ce[2] = { 0x5000 | 1 << 2 | 2 | 1, 0x701 }, pe[8] = { 0x5000 | 2 << 6 | 3 };
	struct kdc_entry e;

	(void)state;
	kdc_decode_context(&l, ce, &e);
	assert_true(e.device_tlb);
	assert_true(e.fpd);
	kdc_context_set_root(ce, 0x6000);
	assert_int_equal(ce[0], 0x6000 | 1 << 2 | 1);
	kdc_pasid_set_root(pe, KDC_SECOND_STAGE, 0x6000);
	assert_int_equal(pe[0], 0x6000 | 2 << 6 | 1);
	/* Of a first-stage entry, whose root is in another word, too. */
	pe[0] = 1 << 6 | 3;
	kdc_pasid_set_root(pe, KDC_FIRST_STAGE, 0x6000);
	assert_int_equal(pe[0], 1 << 6 | 1);
}

static void s21_one_tree_has_one_copy(void **state)
{
	struct kdc_entry a, b;
	struct kdc_tree *t;
	struct one o;

	(void)state;
	one_init(&o, 16, KDC_SECOND_STAGE, 3);
	one_map(&o, 1, 0x1000, 0x5000, 1);
	/* Other units, other domain ids: the domain is its tables. */
	kdc_decode_context(&o.f.kdc.limits, (const u64[]){ o.root | 1, 0x701 }, &a);
	kdc_decode_context(&o.f.kdc.limits, (const u64[]){ o.root | 5, 0x301 }, &b);
	t = kdc_tree_get(&o.f.kdc, &a, true);
	assert_ptr_equal(kdc_tree_get(&o.f.kdc, &b, true), t);
	assert_int_equal(t->users, 2);
	assert_int_equal(o.f.live_pages, 3);
	one_free(&o);
}

static void s22_first_stage_entries_are_their_own_kind(void **state)
{
	struct kdc_tree *t;
	struct one o;

	(void)state;
	one_init(&o, 16, KDC_FIRST_STAGE, 4);
	one_map(&o, 1, 0x1000, 0x5000, 4);
	*one_entry(&o, 1, 0x2000) = 0x5000 | VTD_FL_RW; /* writable, but not present */
	*one_entry(&o, 1, 0x3000) = 0x5000 | VTD_FL_P;	/* read-only */
	t = one_copied(&o);
	assert_int_equal(t->nr_ranges, 2);
	check_range(t, 0, 1, 1);
	check_range(t, 1, 3, 4);
	one_free(&o);
	/* The same bits in a second-stage table are a page that can be written. */
	one_init(&o, 16, KDC_SECOND_STAGE, 4);
	one_map(&o, 1, 0x1000, 0x5000, 1);
	*one_entry(&o, 1, 0x2000) = 0x5000 | VTD_SL_W;
	t = one_copied(&o);
	check_range(t, 0, 1, 2);
	one_free(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(s1_ranges_end_at_their_last_page),
		cmocka_unit_test(s2_a_range_that_cannot_be_kept_is_an_error),
		cmocka_unit_test(s3_the_last_range_is_kept_also_after_an_error),
		cmocka_unit_test(s4_only_addresses_split_and_nothing_is_left_over),
		cmocka_unit_test(s5_an_unreadable_table_is_no_copy),
		cmocka_unit_test(s6_an_unreadable_pasid_table_is_no_empty_table),
		cmocka_unit_test(s7_a_failed_copy_leaves_nothing),
		cmocka_unit_test(s8_a_failed_tree_is_never_taken_for_a_copy),
		cmocka_unit_test(s9_no_root_is_made_of_nothing),
		cmocka_unit_test(s10_s23_pass_through_is_told_with_its_domain),
		cmocka_unit_test(s11_a_root_is_replaced_not_ored),
		cmocka_unit_test(s12_low_bits_are_no_address),
		cmocka_unit_test(s14_reserved_widths_are_refused),
		cmocka_unit_test(s15_superpages_where_they_can_be),
		cmocka_unit_test(s16_addresses_above_4g_are_kept),
		cmocka_unit_test(s17_tables_that_cannot_be),
		cmocka_unit_test(s18_a_copy_that_is_too_large_is_not_begun),
		cmocka_unit_test(s19_errors_say_what_happened),
		cmocka_unit_test(s20_faults_are_told_again_and_ats_is_seen),
		cmocka_unit_test(s21_one_tree_has_one_copy),
		cmocka_unit_test(s22_first_stage_entries_are_their_own_kind),
	};

	return cmocka_run_group_tests_name("kdump-copy-defects", tests, NULL, NULL);
}
