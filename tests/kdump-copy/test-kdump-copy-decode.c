// SPDX-License-Identifier: GPL-2.0-only
/* What context and PASID entries mean, and how they are pointed elsewhere. */
#include "kdump-test.h"

static const struct kdc_limits limits = {
	.sagaw = 0x06, /* 39 and 48 bits */
	.pa_end = FAKE_PA_END,
};

static struct kdc_entry context(u64 lo, u64 hi)
{
	const u64 ce[2] = { lo, hi };
	struct kdc_entry e;

	memset(&e, 0xff, sizeof(e));
	kdc_decode_context(&limits, ce, &e);
	return e;
}

static struct kdc_entry pasid(const struct kdc_limits *l, u64 q0, u64 q1, u64 q2)
{
	const u64 pe[8] = { q0, q1, q2 };
	struct kdc_entry e;

	memset(&e, 0xff, sizeof(e));
	kdc_decode_pasid(l, pe, &e);
	return e;
}

static void refused(struct kdc_entry e, const char *why)
{
	assert_int_equal(e.kind, KDC_REFUSED);
	assert_string_equal(e.why, why);
}

static void legacy_contexts(void **state)
{
	struct kdc_entry e = context(0x12345001, 0x000701);

	(void)state;
	assert_int_equal(e.kind, KDC_TREE);
	assert_int_equal(e.format, KDC_SECOND_STAGE);
	assert_int_equal(e.levels, 3);
	assert_int_equal(e.did, 7);
	assert_int_equal(e.root, 0x12345000);
	assert_false(e.device_tlb);
	assert_false(e.fpd);
	assert_null(e.why);

	e = context(0x12345007, 0xffff02);
	assert_int_equal(e.kind, KDC_TREE);
	assert_int_equal(e.levels, 4);
	assert_int_equal(e.did, 0xffff);
	assert_true(e.device_tlb);
	assert_true(e.fpd);

	assert_int_equal(context(0x12345000, 0x000701).kind, KDC_NOT_PRESENT);
	assert_true(context(2, 0).fpd);

	e = context(9, 0x000902);
	assert_int_equal(e.kind, KDC_PASS_THROUGH);
	assert_int_equal(e.did, 9);

	/* What software may keep there for itself is no fault. */
	assert_int_equal(context(0x12345001, 0x000779).kind, KDC_TREE);
}

static void legacy_contexts_refused(void **state)
{
	(void)state;
	refused(context(0x1000 | 3 << 2 | 1, 1), "reserved translation type");
	for (unsigned bit = 4; bit < 12; bit++)
		refused(context(0x1001 | 1ull << bit, 1), "reserved bits set");
	refused(context(0x1001, 1 | 1 << 7), "reserved bits set");
	refused(context(0x1001, 1 | 1 << 24), "reserved bits set");
	refused(context(0x1001, 1 | 1ull << 63), "reserved bits set");
	refused(context(FAKE_PA_END | 1, 1), "root above the host address width");
	refused(context(1ull << 63 | 1, 1), "root above the host address width");
	assert_int_equal(context((FAKE_PA_END - 4096) | 1, 1).kind, KDC_TREE);
}

static void address_widths(void **state)
{
	struct kdc_limits l = limits;

	(void)state;
	for (unsigned sagaw = 0; sagaw < 256; sagaw++) {
		l.sagaw = (u8)sagaw;
		for (unsigned aw = 0; aw < 8; aw++) {
			const u64 ce[2] = { 0x1001, aw };
			struct kdc_entry e;

			kdc_decode_context(&l, ce, &e);
			if (aw <= 3 && (sagaw >> aw & 1)) {
				assert_int_equal(e.kind, KDC_TREE);
				assert_int_equal(e.levels, aw + 2);
			} else {
				refused(e, "address width not supported");
			}
		}
	}
}

static void scalable_contexts(void **state)
{
	u64 ce[4] = { 0x12345001 };
	struct kdc_entry e;

	(void)state;
	for (unsigned pdts = 0; pdts < 8; pdts++) {
		ce[0] = 0x12345001 | pdts << 9 | (pdts & 1 ? 4 : 0);
		kdc_decode_scalable_context(&limits, ce, &e);
		assert_int_equal(e.kind, KDC_PASID_DIR);
		assert_int_equal(e.root, 0x12345000);
		assert_int_equal(e.pasid_dir_bits, pdts + 7);
		/* The smallest number of pages that holds 2^(PDTS+7) entries of 8 bytes. */
		assert_true((4096u << e.pasid_dir_order) >= (8u << (pdts + 7)));
		assert_true(!e.pasid_dir_order || (2048u << e.pasid_dir_order) < (8u << (pdts + 7)));
		assert_int_equal(e.device_tlb, pdts & 1);
	}
	ce[0] = 2;
	kdc_decode_scalable_context(&limits, ce, &e);
	assert_int_equal(e.kind, KDC_NOT_PRESENT);
	assert_true(e.fpd);
	ce[0] = FAKE_PA_END | 1;
	kdc_decode_scalable_context(&limits, ce, &e);
	refused(e, "root above the host address width");
}

static void pasid_entries(void **state)
{
	struct kdc_limits l = limits;
	struct kdc_entry e;

	(void)state;
	e = pasid(&l, 0xabc000 | 2 << 6 | 2 << 2 | 1, 0x1234, 0xdef000);
	assert_int_equal(e.kind, KDC_TREE);
	assert_int_equal(e.format, KDC_SECOND_STAGE);
	assert_int_equal(e.levels, 4);
	assert_int_equal(e.root, 0xabc000);
	assert_int_equal(e.did, 0x1234);

	e = pasid(&l, 0xabc000 | 1 << 6 | 3, 5, 0xdef000);
	assert_int_equal(e.kind, KDC_TREE);
	assert_int_equal(e.format, KDC_FIRST_STAGE);
	assert_int_equal(e.levels, 4);
	assert_int_equal(e.root, 0xdef000);
	assert_true(e.fpd);

	refused(pasid(&l, 1 << 6 | 1, 0, 0xdef004), "first-stage paging mode not supported");
	l.first_5level = true;
	e = pasid(&l, 1 << 6 | 1, 0, 0xdef004);
	assert_int_equal(e.kind, KDC_TREE);
	assert_int_equal(e.levels, 5);
	refused(pasid(&l, 1 << 6 | 1, 0, 0xdef008), "first-stage paging mode not supported");
	refused(pasid(&l, 1 << 6 | 1, 0, 0xdef00c), "first-stage paging mode not supported");

	refused(pasid(&l, 3 << 6 | 2 << 2 | 1, 0, 0), "nested translation");
	e = pasid(&l, 4 << 6 | 1, 3, 0);
	assert_int_equal(e.kind, KDC_PASS_THROUGH);
	assert_int_equal(e.did, 3);
	for (u64 pgtt = 0; pgtt < 8; pgtt += pgtt ? 1 : 5)
		refused(pasid(&l, pgtt << 6 | 1, 0, 0), "reserved translation type");
	refused(pasid(&l, 2 << 6 | 3 << 2 | 1, 0, 0), "address width not supported");
	refused(pasid(&l, FAKE_PA_END | 2 << 6 | 1 << 2 | 1, 0, 0), "root above the host address width");
	assert_int_equal(pasid(&l, 0, 0, 0).kind, KDC_NOT_PRESENT);
}

static void roots_are_replaced(void **state)
{
	u64 ce[2] = { 0xfffffff000ull | 0xf, 0x701 };
	u64 pe[8] = { 0xfffffff000ull | 2 << 6 | 3, 7, 0xfffffff000ull | 4 };

	(void)state;
	kdc_context_set_root(ce, 0x5000);
	assert_int_equal(ce[0], 0x5000 | 0xd); /* FPD is gone, P and TT are not */
	assert_int_equal(ce[1], 0x701);
	kdc_pasid_set_root(pe, KDC_SECOND_STAGE, 0x6000);
	assert_int_equal(pe[0], 0x6000 | 2 << 6 | 1);
	assert_int_equal(pe[2], 0xfffffff004ull);
	pe[0] |= 2;
	kdc_pasid_set_root(pe, KDC_FIRST_STAGE, 0x7000);
	assert_int_equal(pe[0], 0x6000 | 2 << 6 | 1);
	assert_int_equal(pe[2], 0x7004);
	/* Nor can a root that is no page's address spoil the other fields. */
	kdc_context_set_root(ce, 0x5fff);
	assert_int_equal(ce[0], 0x5000 | 0xd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(legacy_contexts), cmocka_unit_test(legacy_contexts_refused),
		cmocka_unit_test(address_widths),  cmocka_unit_test(scalable_contexts),
		cmocka_unit_test(pasid_entries),   cmocka_unit_test(roots_are_replaced),
	};

	return cmocka_run_group_tests_name("kdump-copy-decode", tests, NULL, NULL);
}
