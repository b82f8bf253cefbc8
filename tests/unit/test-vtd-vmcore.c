/* SPDX-License-Identifier: GPL-2.0-only */
/* Walking tables inside a dump: a small ELF core made here, read through libkdumpfile. */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "cmd/vmcore-mem.h"
#include "vtd-test.h"

#define SID 0x0008

/* Write RAM pages [@first, @first + @n) of @t as an ELF core with one segment. */
static void write_core(const char *path, const struct tables *t, size_t first, size_t n)
{
	Elf64_Ehdr eh = { .e_type = ET_CORE,
			  .e_machine = EM_X86_64,
			  .e_version = EV_CURRENT,
			  .e_phoff = sizeof(eh),
			  .e_ehsize = sizeof(eh),
			  .e_phentsize = sizeof(Elf64_Phdr),
			  .e_phnum = 1 };
	Elf64_Phdr ph = { .p_type = PT_LOAD,
			  .p_flags = PF_R,
			  .p_offset = 4096,
			  .p_vaddr = UINT64_C(0xffff888000000000) + first * 4096,
			  .p_paddr = first * 4096,
			  .p_filesz = n * 4096,
			  .p_memsz = n * 4096 };
	FILE *out = fopen(path, "wb");

	memcpy(eh.e_ident, ELFMAG, SELFMAG);
	eh.e_ident[EI_CLASS] = ELFCLASS64;
	eh.e_ident[EI_DATA] = ELFDATA2LSB;
	eh.e_ident[EI_VERSION] = EV_CURRENT;
	assert_non_null(out);
	assert_int_equal(fwrite(&eh, sizeof(eh), 1, out), 1);
	assert_int_equal(fwrite(&ph, sizeof(ph), 1, out), 1);
	assert_int_equal(fseek(out, 4096, SEEK_SET), 0);
	assert_int_equal(fwrite(t->bytes + first * 4096, 4096, n, out), n);
	assert_int_equal(fclose(out), 0);
}

static void tables_in_a_dump(void **state)
{
	char path[] = "/tmp/vtd-vmcore-test-XXXXXX";
	int fd = mkstemp(path);
	struct vtd_walk_result *r;
	GError *error = NULL;
	struct vmcore *core;
	struct iommu_mem mem;
	struct tables t;
	uint64_t root, pt;

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	tables_init(&t, 64);
	tables_alloc(&t, 7);
	root = tables_alloc(&t, 1);
	pt = tables_alloc(&t, 1);
	tables_legacy(&t, root, SID, 0, 1, 1, pt);
	tables_map(&t, pt, 3, 1, 0xffff0000, 0x7000, SL_RW);
	write_core(path, &t, 8, 20); /* pages 0 to 7 and 28 on are not in the dump */
	*tables_word(&t, pt, 100) = 3;

	core = vmcore_open(path, &error);
	if (!core)
		fail_msg("%s", error->message);
	mem = vmcore_mem(core);
	assert_int_equal(vtd_walk(&mem, root, VTD_TTM_LEGACY, 0, NULL, &r), 0);
	assert_int_equal(r->base.n_defects, 0);
	check_run(r, SID, IOMMU_NO_PASID, 0, 0xffff0000, 0xffff0fff, 0x7000, 3);
	vtd_walk_free(r);
	for (uint64_t pa = 0; pa < 64 * 4096; pa += 4096) {
		uint8_t page[4096];
		bool there = pa >= 8 * 4096 && pa < 28 * 4096;

		/* libkdumpfile 0.5.1 takes the page before a segment for a part of it */
		if (pa == 7 * 4096)
			continue;
		assert_int_equal(mem.read_page(mem.ctx, pa, page) == 0, there);
	}
	assert_int_equal(vtd_walk(&mem, UINT64_C(0xfffffffffffff000), 0, 0xfed90007, NULL, &r), 0);
	assert_int_equal(r->defect_counts[VTD_DEFECT_OUTSIDE_RAM], 2);
	vtd_walk_free(r);
	vmcore_close(core);
	unlink(path);
	tables_free(&t);
}

static void files_that_are_no_dump(void **state)
{
	static const char *const paths[] = { "/nonexistent", "/dev/null", "/proc/self/status", "/tmp" };

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		GError *error = NULL;

		assert_null(vmcore_open(paths[i], &error));
		assert_true(g_error_matches(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE));
		assert_non_null(strstr(error->message, paths[i]));
		g_error_free(error);
	}
	vmcore_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_in_a_dump),
		cmocka_unit_test(files_that_are_no_dump),
	};

	return cmocka_run_group_tests_name("vtd-vmcore", tests, NULL, NULL);
}
