/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Binary files and memory that hold ELF: a dump header in a dead guest's RAM, a vmlinux, a bzImage, a vmcore. Each is refused
 * in one line, or read; what is made of it is whole and within its bounds.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <glib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz-main.h"
#include "cmd/core-elf.h"
#include "cmd/vmcore-elf.h"
#include "cmd/vmcore-mem.h"
#include "prepare/build-id.h"
#include "prepare/flat.h"
#include "vtd/find.h"

/* tests/fuzz/run knows them by number. */
enum { CORE, BUILD_ID, FLAT, VMCORE, KINDS };

#define MIB (UINT64_C(1) << 20)
#define RAM (2 * MIB)
/* The crash kernel's memory, which the input is; its first 1024 bytes are where a dump header may be. */
#define CRASH MIB
#define CRASH_SIZE (256u << 10)
/* Of a flat image: the product takes what a kernel may take, which would make a fuzzer slow. */
#define KERNEL_MOST (8 * MIB)

static void one_line(GError *error)
{
	FUZZ_CHECK(error && *error->message && !strchr(error->message, '\n'));
	g_error_free(error);
}

static int file_of(const uint8_t *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	FUZZ_CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	return fd;
}

/* The core is one that anybody can read: every segment lies in it. */
static void check_core(int fd, const struct core_elf *core)
{
	Elf64_Ehdr head;
	struct stat st;

	FUZZ_CHECK(fstat(fd, &st) == 0 && pread(fd, &head, sizeof(head), 0) == sizeof(head));
	FUZZ_CHECK(head.e_phnum == core->segments + 1 && core->segments && core->memory <= 2 * RAM);
	for (unsigned i = 0; i < head.e_phnum; i++) {
		Elf64_Phdr p;

		FUZZ_CHECK(pread(fd, &p, sizeof(p), (off_t)(head.e_phoff + i * sizeof(p))) == sizeof(p));
		FUZZ_CHECK(p.p_type == (i ? PT_LOAD : PT_NOTE) && !(p.p_offset & 4095));
		FUZZ_CHECK(p.p_offset <= (uint64_t)st.st_size && p.p_filesz <= (uint64_t)st.st_size - p.p_offset);
	}
}

static void core(const uint8_t *data, size_t size)
{
	static int ram = -1, out = -1;
	struct iommu_ram_layout layout = { RAM, RAM, UINT64_C(4) << 30 };
	struct iommu_range range = { CRASH, CRASH + CRASH_SIZE - 1 };
	const struct iommu_ranges crash = { &range, 1, 1 };
	struct core_elf made;
	GError *error = NULL;

	if (ram < 0) {
		ram = memfd_create("ram", MFD_CLOEXEC);
		out = memfd_create("core", MFD_CLOEXEC);
	}
	FUZZ_CHECK(ftruncate(ram, 0) == 0 && ftruncate(ram, RAM) == 0 && ftruncate(out, 0) == 0);
	size = MIN(size, CRASH_SIZE);
	FUZZ_CHECK(pwrite(ram, data, size, CRASH) == (ssize_t)size);
	if (core_elf_write(ram, &layout, &crash, out, &made, &error)) {
		FUZZ_CHECK(!error && made.header >= range.start && made.header <= range.last);
		check_core(out, &made);
	} else {
		one_line(error);
	}
}

static void build_id(const uint8_t *data, size_t size)
{
	int fd = file_of(data, size);
	g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd), *id = NULL;
	bool symbols;

	id = vmlinux_build_id(path, &symbols);
	FUZZ_CHECK(!id || strlen(id) == strspn(id, "0123456789abcdef"));
	close(fd);
}

/* What a kernel that large would be is somebody else's time: each segment is made a small one. */
static void shrink(uint8_t *elf, size_t size)
{
	Elf64_Ehdr head;
	Elf64_Phdr p;

	if (size < sizeof(head))
		return;
	memcpy(&head, elf, sizeof(head));
	for (unsigned i = 0; i < head.e_phnum && head.e_phoff <= size && (i + 1) * sizeof(p) <= size - head.e_phoff;
	     i++) {
		memcpy(&p, elf + head.e_phoff + i * sizeof(p), sizeof(p));
		p.p_memsz = MIN(p.p_memsz, KERNEL_MOST / 4);
		if (p.p_paddr > 2 * KERNEL_MOST)
			p.p_paddr = UINT64_MAX;
		memcpy(elf + head.e_phoff + i * sizeof(p), &p, sizeof(p));
	}
}

/* Two bytes say where the bzImage ends and its vmlinux begins. */
static void flat(const uint8_t *data, size_t size)
{
	size_t at = size < 2 ? 0 : (size_t)(data[0] | data[1] << 8) % (size - 1);
	g_autofree uint8_t *elf = NULL;
	g_autoptr(GBytes) bzimage = NULL, vmlinux = NULL, made = NULL;
	const char *why;

	if (size < 2)
		return;
	bzimage = g_bytes_new(data + 2, at);
	elf = g_memdup2(data + 2 + at, size - 2 - at);
	shrink(elf, size - 2 - at);
	vmlinux = g_bytes_new(elf, size - 2 - at);
	made = flat_image(bzimage, vmlinux, &why);
	FUZZ_CHECK(!made == !!why);
	if (made) {
		const uint8_t *image = g_bytes_get_data(made, &size);

		FUZZ_CHECK(size > at && memcmp(image + 0x202, "HdrS", 4) == 0);
		FUZZ_CHECK(memmem(image, size, FLAT_GATE_MAGIC, sizeof(FLAT_GATE_MAGIC)));
	}
}

/* Those that we read by ourselves: libkdumpfile reads the others, in a child at first, because it does not survive them all. */
static void vmcore(const uint8_t *data, size_t size)
{
	int ret, fd = file_of(data, size);
	struct vmcore_elf *elf = vmcore_elf_open(fd, &ret);
	g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd), *release = NULL;
	struct iommu_ranges pages = { 0 }, ram = { 0 };
	GError *error = NULL;
	struct iommu_roots roots;
	struct iommu_mem mem;
	struct vmcore *v;

	FUZZ_CHECK(!elf == !!ret);
	vmcore_elf_free(elf);
	v = ret == -ENOENT ? NULL : vmcore_open(path, &error);
	close(fd);
	if (ret == -ENOENT)
		return;
	if (!v) {
		one_line(error);
		return;
	}
	mem = vmcore_mem(v);
	release = vmcore_info(v, "OSRELEASE");
	/* as many as a small dump has: nothing is gained by reading a hole of 2^52 bytes page by page */
	if (vmcore_pages(v, &pages, &ram) == 0 && iommu_ranges_pages(&pages) < 4096)
		FUZZ_CHECK(vtd_find_roots(&mem, &pages, &ram, 500, &roots) == 0);
	FUZZ_CHECK(!release || !strchr(release, '\n'));
	vmcore_close(v);
	iommu_ranges_clear(&pages);
	iommu_ranges_clear(&ram);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const targets[KINDS])(const uint8_t *data, size_t size) = {
		[CORE] = core, [BUILD_ID] = build_id, [FLAT] = flat, [VMCORE] = vmcore
	};

	if (size)
		targets[data[0] % KINDS](data + 1, size - 1);
	return 0;
}

/* ---- inputs ---- */

static Elf64_Ehdr head_of(uint16_t type, uint16_t segments)
{
	Elf64_Ehdr h = { .e_type = type,
			 .e_machine = EM_X86_64,
			 .e_version = EV_CURRENT,
			 .e_phoff = sizeof(h),
			 .e_ehsize = sizeof(h),
			 .e_phentsize = sizeof(Elf64_Phdr),
			 .e_phnum = segments };

	memcpy(h.e_ident, ELFMAG "\2\1\1", 7);
	return h;
}

/* Notes as kexec and ld write them: at @to, and how long they are. */
static size_t put_notes(uint8_t *to)
{
	static const char info[] = "OSRELEASE=6.12.1\nPAGESIZE=4096\n";
	Elf64_Nhdr vmcoreinfo = { 11, sizeof(info), 0 }, id = { 4, 20, NT_GNU_BUILD_ID };
	size_t len = 0;

	memcpy(to, &vmcoreinfo, sizeof(vmcoreinfo));
	memcpy(to + sizeof(vmcoreinfo), "VMCOREINFO\0", 12);
	memcpy(to + sizeof(vmcoreinfo) + 12, info, sizeof(info));
	len = sizeof(vmcoreinfo) + 12 + ((sizeof(info) + 3) & ~(size_t)3);
	memcpy(to + len, &id, sizeof(id));
	memcpy(to + len + sizeof(id), "GNU\0abcdefghijklmnopqrst", 24);
	return len + sizeof(id) + 24;
}

/* A dump header at the start of the crash kernel's memory: notes behind it, low memory moved, the rest in place. */
static size_t make_core(uint8_t *buf)
{
	Elf64_Ehdr h = head_of(ET_CORE, 3);
	Elf64_Phdr segs[3] = {
		{ .p_type = PT_NOTE, .p_offset = CRASH + 0x400 },
		{ .p_type = PT_LOAD, .p_offset = CRASH + 0x1000, .p_filesz = 0xa000, .p_memsz = 0xa000 },
		{ .p_type = PT_LOAD, .p_offset = MIB, .p_paddr = MIB, .p_filesz = MIB / 2, .p_memsz = MIB / 2 },
	};

	segs[0].p_filesz = put_notes(buf + 0x400) + 40;
	memcpy(buf, &h, sizeof(h));
	memcpy(buf + sizeof(h), segs, sizeof(segs));
	return 0x600;
}

/* A vmcore of two pages; of @machine 0, a vmlinux with a build ID and a segment where a kernel's are. */
static size_t make_elf(uint8_t *buf, bool dump)
{
	Elf64_Ehdr h = head_of(dump ? ET_CORE : ET_EXEC, 2);
	Elf64_Phdr segs[2] = { { .p_type = PT_NOTE, .p_offset = 0x200 },
			       { .p_type = PT_LOAD,
				 .p_offset = dump ? 0x1000 : 0x300,
				 .p_paddr = dump ? 0x5000 : 4 * MIB,
				 .p_filesz = dump ? 0x2000 : 0x100,
				 .p_memsz = dump ? 0x2000 : 0x3000 } };

	segs[0].p_filesz = put_notes(buf + 0x200);
	h.e_entry = dump ? 0 : 4 * MIB + 0x10;
	memcpy(buf, &h, sizeof(h));
	memcpy(buf + sizeof(h), segs, sizeof(segs));
	memset(buf + 0x300, 0x90, 0x100);
	return dump ? 0x3000 : 0x400;
}

static size_t make_flat(uint8_t *buf)
{
	const size_t setup = 3 * 512;
	uint8_t *image = buf + 2;

	buf[0] = (uint8_t)setup;
	buf[1] = setup >> 8;
	image[0x1f1] = 2;
	memcpy(image + 0x202, "HdrS\x0f\x02", 6);
	image[0x234] = 1;
	image[0x236] = 0x7f;
	return 2 + setup + make_elf(image + setup, false);
}

/* One that is right, and some bytes of its headers changed, most often to what is at an edge. */
size_t fuzz_generate(uint64_t *seed, uint8_t *buf, size_t room)
{
	static const uint8_t edges[] = { 0, 1, 2, 4, 0x7f, 0x80, 0xf0, 0xff };
	uint64_t x = tables_random(seed);
	size_t len;

	if (room < 0x4000)
		return 0;
	memset(buf, 0, 0x4000);
	buf[0] = (uint8_t)(x % KINDS);
	len = 1 + (buf[0] == CORE ? make_core(buf + 1) :
		   buf[0] == FLAT ? make_flat(buf + 1) :
				    make_elf(buf + 1, buf[0] == VMCORE));
	for (uint64_t n = x >> 8 & 7; n; n--) {
		uint64_t y = tables_random(seed);
		/* the headers are in front, but for those of a flat image's vmlinux */
		size_t within = y & 7 ? MIN(len, buf[0] == FLAT ? 3 * 512 + 0x200 : 0x200) : len;

		buf[1 + (y >> 8) % (within - 1)] = y >> 40 & 1 ? (uint8_t)(y >> 48) : edges[y >> 48 & 7];
	}
	return x >> 16 & 15 ? len : 1 + (x >> 20) % len;
}
