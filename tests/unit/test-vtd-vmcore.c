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
#include "vtd/find.h"

#define SID 0x0008

/*
 * Write RAM pages [@first, @first + @n) of @t as an ELF core of @machine. As in every vmcore there are two segments,
 * the first, of two pages, inside the second.
 */
static void write_core(const char *path, const struct tables *t, size_t first, size_t n, unsigned machine)
{
	Elf64_Ehdr eh = { .e_type = ET_CORE,
			  .e_machine = (Elf64_Half)machine,
			  .e_version = EV_CURRENT,
			  .e_phoff = sizeof(eh),
			  .e_ehsize = sizeof(eh),
			  .e_phentsize = sizeof(Elf64_Phdr),
			  .e_phnum = 2 };
	Elf64_Phdr ph[2] = { { .p_type = PT_LOAD,
			       .p_flags = PF_R,
			       .p_offset = 4096,
			       .p_vaddr = UINT64_C(0xffffffff81000000),
			       .p_paddr = (first + 1) * 4096,
			       .p_filesz = 8192,
			       .p_memsz = 8192 },
			     { .p_type = PT_LOAD,
			       .p_flags = PF_R,
			       .p_offset = 3 * 4096,
			       .p_vaddr = UINT64_C(0xffff888000000000) + first * 4096,
			       .p_paddr = first * 4096,
			       .p_filesz = n * 4096,
			       .p_memsz = n * 4096 } };
	FILE *out = fopen(path, "wb");

	memcpy(eh.e_ident, ELFMAG, SELFMAG);
	eh.e_ident[EI_CLASS] = ELFCLASS64;
	eh.e_ident[EI_DATA] = ELFDATA2LSB;
	eh.e_ident[EI_VERSION] = EV_CURRENT;
	assert_non_null(out);
	assert_int_equal(fwrite(&eh, sizeof(eh), 1, out), 1);
	assert_int_equal(fwrite(ph, sizeof(ph), 1, out), 1);
	assert_int_equal(fseek(out, 4096, SEEK_SET), 0);
	assert_int_equal(fwrite(t->bytes + (first + 1) * 4096, 4096, 2, out), 2);
	assert_int_equal(fwrite(t->bytes + first * 4096, 4096, n, out), n);
	assert_int_equal(fclose(out), 0);
}

/* RAM with a root table at page 12 that maps page 9, in a dump of pages 8 to 27. */
static uint64_t dump_begin(struct tables *t, char *path, unsigned machine)
{
	int fd = mkstemp(path);
	uint64_t root, pt;

	assert_true(fd >= 0);
	close(fd);
	tables_init(t, 64);
	tables_alloc(t, 11);
	root = tables_alloc(t, 1);
	pt = tables_alloc(t, 1);
	tables_legacy(t, root, SID, 0, 1, 1, pt);
	tables_map(t, pt, 3, 1, 0xffff0000, 0x9000, SL_RW);
	write_core(path, t, 8, 20, machine);
	return root;
}

/* Find the roots of the dump at @path: how many there are, and how many of its pages cannot be read. */
static struct iommu_roots find_in(const char *path, uint64_t *lost)
{
	struct iommu_ranges pages = { 0 }, ram = { 0 };
	struct iommu_roots roots;
	GError *error = NULL;
	struct vmcore *core = vmcore_open(path, &error);
	struct iommu_mem mem;

	if (!core)
		fail_msg("%s", error->message);
	mem = vmcore_mem(core);
	assert_int_equal(vmcore_pages(core, &pages, &ram), 0);
	assert_int_equal(iommu_ranges_pages(&pages), 20);
	assert_int_equal(iommu_ranges_pages(&ram), 20);
	assert_int_equal(vtd_find_roots(&mem, &pages, &ram, 0, &roots), 0);
	*lost = vmcore_lost(core);
	vmcore_close(core);
	iommu_ranges_clear(&pages);
	iommu_ranges_clear(&ram);
	return roots;
}

static void root_found_in_a_dump(void **state)
{
	char path[] = "/tmp/vtd-vmcore-test-XXXXXX";
	struct iommu_roots roots;
	struct tables t;
	uint64_t lost, root = dump_begin(&t, path, EM_X86_64);

	(void)state;
	roots = find_in(path, &lost);
	assert_int_equal(roots.n, 1);
	assert_int_equal(roots.v[0].root, root);
	assert_int_equal(roots.v[0].proof, IOMMU_ROOT_MAPPED);
	assert_int_equal(lost, 0);

	/* cut inside the tables: what is lost is not taken for zeros */
	assert_int_equal(truncate(path, (3 + 7) * 4096), 0);
	roots = find_in(path, &lost);
	assert_int_equal(roots.n, 1);
	assert_int_equal(roots.v[0].proof, IOMMU_ROOT_DOUBTFUL);
	assert_int_equal(lost, 13);
	unlink(path);
	tables_free(&t);
}

static void dump_of_another_architecture(void **state)
{
	char path[] = "/tmp/vtd-vmcore-test-XXXXXX";
	GError *error = NULL;
	struct tables t;

	(void)state;
	dump_begin(&t, path, EM_AARCH64);
	assert_null(vmcore_open(path, &error));
	assert_true(g_error_matches(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE));
	assert_non_null(strstr(error->message, "aarch64"));
	g_error_free(error);
	unlink(path);
	tables_free(&t);
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
	write_core(path, &t, 8, 20, EM_X86_64); /* pages 0 to 7 and 28 on are not in the dump */
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

static void put(int fd, uint64_t at, const void *data, size_t len)
{
	assert_int_equal(pwrite(fd, data, len, (off_t)at), (ssize_t)len);
}

/* What kexec-tools leaves: notes, memory that ends within a page, and more of it than the file has. */
static void parts_of_pages(void **state)
{
	static const char info[] = "OSRELEASE=6.12.1\nSYMBOL(a)=1\n";
	const Elf64_Nhdr note = { 11, sizeof(info) - 1, 0 };
	const Elf64_Phdr ph[] = {
		{ .p_type = PT_NOTE, .p_offset = 0x200, .p_filesz = 12 + 12 + 32 },
		{ .p_type = PT_LOAD, .p_offset = 0x1000, .p_paddr = 0x3000, .p_filesz = 0x1800, .p_memsz = 0x3000 },
		{ .p_type = PT_LOAD, .p_offset = 0x3000, .p_paddr = 0x8000, .p_filesz = 0x2000, .p_memsz = 0x2000 },
	};
	Elf64_Ehdr eh = { .e_ident = ELFMAG,
			  .e_type = ET_CORE,
			  .e_machine = EM_X86_64,
			  .e_phoff = sizeof(eh),
			  .e_phentsize = sizeof(*ph),
			  .e_phnum = 3 };
	char path[] = "/tmp/vtd-vmcore-test-XXXXXX", *text;
	uint8_t page[4096], full[0x1800];
	int fd = mkstemp(path);
	struct vmcore *core;
	struct iommu_mem mem;

	(void)state;
	eh.e_ident[EI_CLASS] = ELFCLASS64;
	eh.e_ident[EI_DATA] = ELFDATA2LSB;
	memset(full, 0x5a, sizeof(full));
	put(fd, 0, &eh, sizeof(eh));
	put(fd, sizeof(eh), ph, sizeof(ph));
	put(fd, 0x200, &note, sizeof(note));
	put(fd, 0x20c, "VMCOREINFO", 11);
	put(fd, 0x218, info, sizeof(info) - 1);
	put(fd, 0x1000, full, sizeof(full));
	put(fd, 0x3000, full, 0x1000);
	core = vmcore_open(path, NULL);
	assert_non_null(core);
	text = vmcore_info(core, "OSRELEASE");
	assert_string_equal(text, "6.12.1");
	g_free(text);
	assert_null(vmcore_info(core, "OSREL"));
	mem = vmcore_mem(core);
	assert_int_equal(mem.read_page(mem.ctx, 0x4000, page), 0);
	assert_int_equal(page[0x7ff], 0x5a);
	assert_int_equal(page[0x800], 0);
	/* in memory, and not in the file: it was left out, so it is zero */
	assert_int_equal(mem.read_page(mem.ctx, 0x5000, page), 0);
	assert_int_equal(page[0], 0);
	assert_int_equal(mem.read_page(mem.ctx, 0x6000, page), -1);
	assert_int_equal(mem.read_page(mem.ctx, 0x8000, page), 0);
	assert_int_equal(mem.read_page(mem.ctx, 0x9000, page), -1);
	assert_int_equal(vmcore_lost(core), 1);
	vmcore_close(core);
	unlink(path);
	close(fd);
}

/* libkdumpfile 0.5.1 reads a null pointer here: that is a refusal, and not our end. */
static void dump_that_kills_its_reader(void **state)
{
	const Elf64_Phdr ph[2] = { { 0 }, { 0 } };
	Elf64_Ehdr eh = { .e_ident = ELFMAG,
			  .e_type = ET_CORE,
			  .e_machine = EM_AARCH64,
			  .e_version = EV_CURRENT,
			  .e_phoff = sizeof(eh),
			  .e_ehsize = sizeof(eh),
			  .e_phentsize = sizeof(*ph),
			  .e_phnum = 2 };
	char path[] = "/tmp/vtd-vmcore-test-XXXXXX";
	int fd = mkstemp(path);
	GError *error = NULL;

	(void)state;
	eh.e_ident[EI_CLASS] = ELFCLASS64;
	eh.e_ident[EI_DATA] = ELFDATA2LSB;
	eh.e_ident[EI_VERSION] = EV_CURRENT;
	put(fd, 0, &eh, sizeof(eh));
	put(fd, sizeof(eh), ph, sizeof(ph));
	assert_null(vmcore_open(path, &error));
	assert_true(g_error_matches(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE));
	assert_null(strchr(error->message, '\n'));
	g_error_free(error);
	unlink(path);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_in_a_dump),
		cmocka_unit_test(root_found_in_a_dump),
		cmocka_unit_test(dump_of_another_architecture),
		cmocka_unit_test(parts_of_pages),
		cmocka_unit_test(dump_that_kills_its_reader),
		cmocka_unit_test(files_that_are_no_dump),
	};

	return cmocka_run_group_tests_name("vtd-vmcore", tests, NULL, NULL);
}
