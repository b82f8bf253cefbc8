/* SPDX-License-Identifier: GPL-2.0-only */
/* A core out of a RAM file: what the dump header describes, and headers that nobody should follow. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "cmd/core-elf.h"

#define MIB (UINT64_C(1) << 20)
#define RAM (8 * MIB)
/* Two ranges of the crash kernel; the header is in the second, not at the start of a page. */
#define FIRST (4 * MIB)
#define SECOND (6 * MIB)
#define HEADER (SECOND + 0x5400)
#define NOTES (SECOND + 0x8000)
#define BACKUP (SECOND + 0x10000) /* of the first 640 KiB */
#define LOW UINT64_C(0xa0000)

struct fixture {
	int ram, out;
	struct iommu_ram_layout layout;
	struct iommu_ranges crash;
	Elf64_Ehdr head;
	Elf64_Phdr segs[4]; /* notes of a CPU, VMCOREINFO, low memory, the rest */
};

static void put(struct fixture *f, uint64_t at, const void *data, size_t len)
{
	assert_int_equal(pwrite(f->ram, data, len, (off_t)at), (ssize_t)len);
}

static void put_header(struct fixture *f, uint64_t at)
{
	put(f, at, &f->head, sizeof(f->head));
	put(f, at + f->head.e_phoff, f->segs, sizeof(f->segs));
}

static uint64_t put_note(struct fixture *f, uint64_t at, const char *name, const char *desc)
{
	const Elf64_Nhdr n = { (Elf64_Word)strlen(name) + 1, (Elf64_Word)strlen(desc) + 1, 0 };

	put(f, at, &n, sizeof(n));
	put(f, at + sizeof(n), name, n.n_namesz);
	put(f, at + sizeof(n) + ((n.n_namesz + 3) & ~3u), desc, n.n_descsz);
	return sizeof(n) + ((n.n_namesz + 3) & ~3u) + ((n.n_descsz + 3) & ~3u);
}

static int begin(void **state)
{
	struct fixture *f = g_new0(struct fixture, 1);

	f->ram = memfd_create("ram", MFD_CLOEXEC);
	f->out = memfd_create("core", MFD_CLOEXEC);
	assert_int_equal(ftruncate(f->ram, RAM), 0);
	f->layout = (struct iommu_ram_layout){ RAM, RAM, UINT64_C(4) << 30 };
	iommu_ranges_add(&f->crash, FIRST, FIRST + MIB - 1);
	iommu_ranges_add(&f->crash, SECOND, SECOND + MIB - 1);
	memcpy(f->head.e_ident, ELFMAG "\2\1\1", 7);
	f->head.e_type = ET_CORE;
	f->head.e_machine = EM_X86_64;
	f->head.e_phoff = f->head.e_ehsize = sizeof(f->head);
	f->head.e_phentsize = sizeof(*f->segs);
	f->head.e_phnum = G_N_ELEMENTS(f->segs);
	f->segs[0] = (Elf64_Phdr){ .p_type = PT_NOTE, .p_offset = NOTES, .p_filesz = 300 };
	f->segs[1] = (Elf64_Phdr){ .p_type = PT_NOTE, .p_offset = NOTES + 0x1000, .p_filesz = 4096 };
	f->segs[2] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_offset = BACKUP, .p_filesz = LOW, .p_memsz = LOW };
	f->segs[3] = (Elf64_Phdr){
		.p_type = PT_LOAD, .p_offset = MIB, .p_paddr = MIB, .p_filesz = 3 * MIB, .p_memsz = 3 * MIB
	};
	put_note(f, NOTES, "CORE", "registers");
	put_note(f, NOTES + 0x1000, "VMCOREINFO", "OSRELEASE=6.12\n");
	put(f, BACKUP + 5, "low", 3);
	put(f, 2 * MIB, "dead", 4);
	put_header(f, HEADER);
	*state = f;
	return 0;
}

static int end(void **state)
{
	struct fixture *f = *state;

	close(f->ram);
	close(f->out);
	iommu_ranges_clear(&f->crash);
	g_free(f);
	return 0;
}

static void assert_core(struct fixture *f)
{
	struct core_elf core;
	Elf64_Ehdr head;
	Elf64_Phdr segs[3];
	struct stat st;
	char text[300] = { 0 };
	GError *error = NULL;

	if (!core_elf_write(f->ram, &f->layout, &f->crash, f->out, &core, &error))
		fail_msg("%s", error->message);
	assert_int_equal(core.header, HEADER);
	assert_int_equal(core.segments, 2);
	assert_int_equal(core.memory, LOW + 3 * MIB);
	assert_int_equal(pread(f->out, &head, sizeof(head), 0), sizeof(head));
	assert_int_equal(head.e_phnum, 3);
	assert_int_equal(pread(f->out, segs, sizeof(segs), (off_t)head.e_phoff), sizeof(segs));
	/* the notes of both, and nothing between them */
	assert_int_equal(segs[0].p_type, PT_NOTE);
	assert_int_equal(segs[0].p_filesz, 12 + 8 + 12 + 12 + 12 + 16);
	assert_int_equal(pread(f->out, text, segs[0].p_filesz, (off_t)segs[0].p_offset), segs[0].p_filesz);
	assert_string_equal(text + 20, "registers");
	assert_string_equal(text + 56, "OSRELEASE=6.12\n");
	/* low memory from where it was moved to, the rest from where it is */
	assert_int_equal(segs[1].p_paddr, 0);
	assert_int_equal(pread(f->out, text, 4, (off_t)segs[1].p_offset + 5), 4);
	assert_string_equal(text, "low");
	assert_int_equal(segs[2].p_paddr, MIB);
	assert_int_equal(segs[2].p_filesz, 3 * MIB);
	assert_int_equal(segs[2].p_offset % 4096, 0);
	assert_int_equal(pread(f->out, text, 4, (off_t)(segs[2].p_offset + MIB)), 4);
	assert_memory_equal(text, "dead", 4);
	/* whole, and sparse */
	assert_int_equal(fstat(f->out, &st), 0);
	assert_int_equal(st.st_size, segs[2].p_offset + 3 * MIB);
	assert_true(st.st_blocks * 512 <= 64 << 10);
}

static void core_of_a_header(void **state)
{
	assert_core(*state);
}

/* As /proc/vmcore has it: the offsets are of that file. It lies before the one that is meant. */
static void copy_of_the_crash_kernel(void **state)
{
	struct fixture *f = *state;

	f->segs[3].p_offset = 0x3000;
	put_header(f, FIRST);
	put_header(f, HEADER - 0x1000);
	f->segs[3].p_offset = MIB;
	assert_core(f);
}

static void assert_none(struct fixture *f, const char *words)
{
	struct core_elf core;
	GError *error = NULL;

	assert_false(core_elf_write(f->ram, &f->layout, &f->crash, f->out, &core, &error));
	assert_true(g_error_matches(error, VTDLAB_ERROR, VTDLAB_ERROR_CANNOT_JUDGE));
	if (!strstr(error->message, words))
		fail_msg("%s", error->message);
	g_error_free(error);
}

#define assert_refused(f, change, words)    \
	do {                                \
		struct fixture good = *(f); \
		change;                     \
		put_header(f, HEADER);      \
		*(f) = good;                \
		assert_none(f, words);      \
	} while (0)

static void headers_that_are_none(void **state)
{
	struct fixture *f = *state;
	static const char none[] = "holds no dump header (elfcorehdr=)";

	assert_refused(f, f->head.e_ident[0] = 0, none);
	assert_refused(f, f->head.e_ident[EI_CLASS] = ELFCLASS32, none);
	assert_refused(f, f->head.e_type = ET_EXEC, none);
	assert_refused(f, f->head.e_machine = EM_AARCH64, none);
	assert_refused(f, f->head.e_phnum = 0, none);
	assert_refused(f, f->head.e_phnum = 0xffff, none);
	assert_refused(f, f->head.e_phentsize = 32, none);
	assert_refused(f, f->segs[0].p_type = f->segs[1].p_type = PT_NULL, none);
	assert_refused(f, f->segs[2].p_type = f->segs[3].p_type = PT_NULL, none);
	f->head.e_phoff = UINT64_C(0xfffffffffffff000);
	put(f, HEADER, &f->head, sizeof(f->head));
	assert_none(f, none);
	iommu_ranges_clear(&f->crash);
	assert_none(f, none);
}

static void headers_that_lie(void **state)
{
	struct fixture *f = *state;

	assert_refused(f, f->segs[3].p_filesz = RAM, "which is not all RAM: it was overwritten");
	assert_refused(f, f->segs[2].p_filesz = UINT64_MAX, "which is not all RAM");
	assert_refused(f, f->segs[2].p_offset = UINT64_MAX - 5, "which is not all RAM");
	assert_refused(f, f->segs[1].p_filesz = UINT64_MAX, "names notes at 0x609000");
	assert_refused(f, f->segs[1].p_offset = RAM, "names notes at 0x800000");
	/* a file that was cut */
	put_header(f, HEADER);
	assert_int_equal(ftruncate(f->ram, MIB), 0);
	assert_none(f, "holds no dump header");
}

static void notes_without_an_end(void **state)
{
	struct fixture *f = *state;
	const Elf64_Nhdr n = { UINT32_MAX, UINT32_MAX, 1 };
	struct core_elf core;
	Elf64_Phdr seg;

	put(f, NOTES, &n, sizeof(n));
	assert_true(core_elf_write(f->ram, &f->layout, &f->crash, f->out, &core, NULL));
	assert_int_equal(pread(f->out, &seg, sizeof(seg), sizeof(Elf64_Ehdr)), sizeof(seg));
	assert_int_equal(seg.p_filesz, 12 + 12 + 16);
}

static void sparse_copy_errors(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(copy_sparse(f->ram, RAM - 5, f->out, 0, 6), -ENODATA);
	assert_int_equal(copy_sparse(-1, 0, f->out, 0, 6), -EBADF);
	assert_int_equal(copy_sparse(f->ram, 2 * MIB, -1, 0, 6), -EBADF);
	assert_int_equal(copy_sparse(f->ram, 0, -1, 0, 4096), 0); /* zeros: nothing to write */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(core_of_a_header, begin, end),
		cmocka_unit_test_setup_teardown(copy_of_the_crash_kernel, begin, end),
		cmocka_unit_test_setup_teardown(headers_that_are_none, begin, end),
		cmocka_unit_test_setup_teardown(headers_that_lie, begin, end),
		cmocka_unit_test_setup_teardown(notes_without_an_end, begin, end),
		cmocka_unit_test_setup_teardown(sparse_copy_errors, begin, end),
	};

	return cmocka_run_group_tests_name("core-elf", tests, NULL, NULL);
}
