/* SPDX-License-Identifier: GPL-2.0-only */
/* Register decoding (values seen on QEMU 7.2), fault records, hostile CAP, the RAM layout. */
#include <stdlib.h>
#include <string.h>

#include "vtd-test.h"
#include "vtd/regs.h"

static void qemu_defaults(void **state)
{
	uint64_t raw[VTD_REGS_QWORDS] = { 0 };
	struct vtd_regs r;

	(void)state;
	vtd_regs_set32(raw, VTD_REG_VER, 0x10);
	vtd_regs_set64(raw, VTD_REG_CAP, UINT64_C(0xd2008c22260206));
	vtd_regs_set64(raw, VTD_REG_ECAP, 0xf00f4a);
	vtd_regs_set32(raw, VTD_REG_GSTS, 0xc4000000);
	vtd_regs_set64(raw, VTD_REG_RTADDR, 0x5eb6000);
	vtd_regs_set64(raw, VTD_REG_IRTA, UINT64_C(0x1234000) | 0x80f);
	vtd_regs_decode(raw, &r);
	assert_int_equal(r.domains, 65536);
	assert_int_equal(r.mgaw, 39);
	assert_int_equal(r.sagaw, 2);
	assert_int_equal(r.sllps, 3);
	assert_false(r.caching_mode);
	assert_int_equal(r.fro, 0x220);
	assert_int_equal(r.nfr, 1);
	assert_int_equal(r.n_frcd, 1);
	assert_true(r.ecap_qi && r.ecap_ir && r.ecap_pt && !r.ecap_dt && !r.ecap_smts);
	assert_true(r.translation_on && r.root_latched && r.qi_on && !r.ir_on);
	assert_int_equal(r.root, 0x5eb6000);
	assert_int_equal(r.ttm, VTD_TTM_LEGACY);
	assert_int_equal(r.irt, 0x1234000);
	assert_int_equal(r.irt_entries, 65536);
	assert_true(r.eime);
	assert_true(vtd_regs_fault_free(&r));
}

static void translation_table_modes(void **state)
{
	(void)state;
	for (unsigned ttm = 0; ttm < 4; ttm++) {
		uint64_t raw[VTD_REGS_QWORDS] = { 0 };
		struct vtd_regs r;

		vtd_regs_set64(raw, VTD_REG_RTADDR, UINT64_C(0xabc000) | (uint64_t)ttm << 10);
		vtd_regs_decode(raw, &r);
		assert_int_equal(r.ttm, ttm);
		assert_int_equal(r.root, 0xabc000);
		assert_int_equal(r.ttm == VTD_TTM_LEGACY, ttm == 0);
	}
}

static void a_fault_record(void **state)
{
	uint64_t raw[VTD_REGS_QWORDS] = { 0 };
	struct vtd_regs r;

	(void)state;
	vtd_regs_set64(raw, VTD_REG_CAP, UINT64_C(0xd2008c22260206));
	vtd_regs_set32(raw, VTD_REG_FSTS, VTD_FSTS_PPF);
	vtd_regs_set64(raw, 0x220, UINT64_C(0xffff1000));
	vtd_regs_set64(raw, 0x228, UINT64_C(1) << 63 | UINT64_C(1) << 62 | UINT64_C(6) << 32 | 0x0008);
	vtd_regs_decode(raw, &r);
	assert_false(vtd_regs_fault_free(&r));
	assert_true(r.frcd[0].fault);
	assert_false(r.frcd[0].write);
	assert_int_equal(r.frcd[0].reason, 6);
	assert_int_equal(r.frcd[0].sid, 0x0008);
	assert_int_equal(r.frcd[0].addr, 0xffff1000);
	/* the record alone is enough, FSTS may have been cleared */
	vtd_regs_set32(raw, VTD_REG_FSTS, 0);
	vtd_regs_decode(raw, &r);
	assert_false(vtd_regs_fault_free(&r));
}

static void any_bytes_decode(void **state)
{
	uint64_t raw[VTD_REGS_QWORDS], seed = 7;
	FILE *out = fopen("/dev/null", "w");

	(void)state;
	assert_non_null(out);
	for (unsigned i = 0; i < 2000; i++) {
		struct vtd_regs r;

		for (unsigned k = 0; k < VTD_REGS_QWORDS; k++)
			raw[k] = i ? tables_random(&seed) : ~UINT64_C(0);
		vtd_regs_decode(raw, &r);
		assert_true(r.n_frcd <= VTD_MAX_FRCD);
		vtd_regs_print(&r, out);
	}
	fclose(out);
}

static void ram_has_a_hole(void **state)
{
	struct iommu_ram_layout small = { GIB, GIB, 4 * GIB };
	struct iommu_ram_layout big = { 4 * GIB, 2 * GIB, 4 * GIB };

	(void)state;
	assert_int_equal(iommu_ram_offset(&small, GIB - 4096, 4096), GIB - 4096);
	assert_int_equal(iommu_ram_offset(&small, GIB - 4095, 4096), UINT64_MAX);
	assert_int_equal(iommu_ram_offset(&small, 4 * GIB, 1), UINT64_MAX);
	assert_int_equal(iommu_ram_offset(&big, 2 * GIB, 4096), UINT64_MAX);
	assert_int_equal(iommu_ram_offset(&big, 0xfed90000, 4096), UINT64_MAX);
	assert_int_equal(iommu_ram_offset(&big, 4 * GIB, 4096), 2 * GIB);
	assert_int_equal(iommu_ram_offset(&big, 6 * GIB - 4096, 4096), 4 * GIB - 4096);
	assert_int_equal(iommu_ram_offset(&big, 6 * GIB, 1), UINT64_MAX);
	assert_int_equal(iommu_ram_offset(&big, UINT64_MAX, 1), UINT64_MAX);
	assert_int_equal(iommu_ram_offset(&big, 0, UINT64_MAX), UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(qemu_defaults),  cmocka_unit_test(translation_table_modes),
		cmocka_unit_test(a_fault_record), cmocka_unit_test(any_bytes_decode),
		cmocka_unit_test(ram_has_a_hole),
	};

	return cmocka_run_group_tests_name("vtd-regs", tests, NULL, NULL);
}
