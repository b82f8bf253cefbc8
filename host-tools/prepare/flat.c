/* SPDX-License-Identifier: GPL-2.0-only */
/* Flat images: a crash kernel that need not decompress itself. */
#include "prepare/flat.h"

#include <elf.h>
#include <glib/gstdio.h>
#include <inttypes.h>
#include <string.h>

#include "base/files.h"
#include "base/paths.h"

/* Offsets in the setup header (boot.rst), and what of it we write. */
#define SETUP_SECTS 0x1f1
#define SYSSIZE 0x1f4
#define MAGIC 0x202
#define VERSION 0x206
#define KERNEL_ALIGNMENT 0x230
#define RELOCATABLE 0x234
#define MIN_ALIGNMENT 0x235
#define XLOADFLAGS 0x236
#define PAYLOAD_OFFSET 0x248
#define PAYLOAD_LENGTH 0x24c
#define PREF_ADDRESS 0x258
#define INIT_SIZE 0x260
#define HANDOVER_OFFSET 0x264
#define KERNEL_INFO_OFFSET 0x268
#define HEADER_END 0x26c
#define VERSION_64 0x20c /* the first with a 64-bit entry */
#define XLF_KERNEL_64 1
#define XLF_EFI_HANDOVER (4 | 8)
#define SECTOR 512

/* startup_64 only runs where its distance to the address it was linked for is whole pages of 2 MiB. */
#define ALIGN_BITS 21
#define GAP (1u << ALIGN_BITS)
#define ENTRY_64 0x200
/* Where one is linked to lie is below this: the mapping of itself is no larger (KERNEL_IMAGE_SIZE). */
#define MOST (UINT64_C(1) << 30)

struct layout {
	uint64_t low, high; /* physical: of the first byte, behind the last */
	uint64_t entry;
};

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static void put32(uint8_t *p, uint64_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

/* Bytes of the setup part, or 0: no bzImage with a 64-bit entry that may be anywhere. */
static size_t setup_size(const uint8_t *image, size_t size)
{
	size_t setup;

	if (size < HEADER_END || memcmp(image + MAGIC, "HdrS", 4) != 0 || get16(image + VERSION) < VERSION_64 ||
	    !image[RELOCATABLE] || !(get16(image + XLOADFLAGS) & XLF_KERNEL_64))
		return 0;
	setup = (image[SETUP_SECTS] ? image[SETUP_SECTS] + 1u : 5u) * SECTOR;
	return setup >= HEADER_END && setup <= size ? setup : 0;
}

/* The next loaded segment from *@at on; false: no more. */
static bool next_segment(const uint8_t *elf, unsigned *at, Elf64_Phdr *seg)
{
	Elf64_Ehdr head;

	memcpy(&head, elf, sizeof(head));
	while (*at < head.e_phnum) {
		memcpy(seg, elf + head.e_phoff + (*at)++ * sizeof(*seg), sizeof(*seg));
		if (seg->p_type == PT_LOAD && seg->p_memsz)
			return true;
	}
	return false;
}

static const char *lay_out(const uint8_t *elf, size_t size, struct layout *l)
{
	Elf64_Ehdr head;
	Elf64_Phdr seg;
	unsigned at = 0;

	memset(l, 0, sizeof(*l));
	if (size < sizeof(head))
		return "its vmlinux is cut short";
	memcpy(&head, elf, sizeof(head));
	if (memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_ident[EI_CLASS] != ELFCLASS64 ||
	    head.e_machine != EM_X86_64 || head.e_phentsize != sizeof(seg))
		return "its vmlinux is no x86-64 ELF";
	if (head.e_phoff > size || head.e_phnum > (size - head.e_phoff) / sizeof(seg))
		return "its vmlinux is cut short";
	while (next_segment(elf, &at, &seg)) {
		if (seg.p_offset > size || seg.p_filesz > size - seg.p_offset)
			return "its vmlinux is cut short";
		if (!l->high)
			l->low = l->high = seg.p_paddr;
		/* in this order each is a copy, none over another */
		if (seg.p_filesz > seg.p_memsz || seg.p_paddr < l->high || seg.p_paddr > MOST ||
		    seg.p_memsz > MOST - seg.p_paddr)
			return "the segments of its vmlinux are not laid out as a kernel's are";
		l->high = seg.p_paddr + seg.p_memsz;
	}
	l->entry = head.e_entry;
	if (l->low < GAP || l->low % GAP || l->entry < l->low || l->entry >= l->high)
		return "its vmlinux does not begin where a kernel does";
	return NULL;
}

/* What the kernel is without the zeros at its end, of which .bss is most: kexec clears the memory behind an image. */
static void append_kernel(GByteArray *out, const uint8_t *elf, const struct layout *l)
{
	size_t start = out->len, end = start;
	unsigned at = 0;
	Elf64_Phdr seg;

	g_byte_array_set_size(out, (guint)(start + l->high - l->low));
	memset(out->data + start, 0, l->high - l->low);
	while (next_segment(elf, &at, &seg)) {
		size_t to = start + (seg.p_paddr - l->low);

		memcpy(out->data + to, elf + seg.p_offset, seg.p_filesz);
		end = to + seg.p_filesz;
	}
	while (end > start && !out->data[end - 1])
		end--;
	g_byte_array_set_size(out, (guint)((end + 15) & ~(size_t)15)); /* syssize counts 16 bytes */
}

static void write_header(uint8_t *head, const struct layout *l, size_t loaded)
{
	uint64_t memory = GAP + l->high - l->low;

	/* no PE file: nobody signed this */
	memset(head, 0, 2);
	put32(head + SYSSIZE, loaded / 16);
	put32(head + KERNEL_ALIGNMENT, GAP);
	head[MIN_ALIGNMENT] = ALIGN_BITS;
	head[XLOADFLAGS] &= (uint8_t)~XLF_EFI_HANDOVER;
	put32(head + PAYLOAD_OFFSET, 0);
	put32(head + PAYLOAD_LENGTH, 0);
	put32(head + PREF_ADDRESS, l->low - GAP);
	put32(head + PREF_ADDRESS + 4, (l->low - GAP) >> 32);
	put32(head + INIT_SIZE, (memory + 4095) & ~UINT64_C(4095));
	put32(head + HANDOVER_OFFSET, 0);
	put32(head + KERNEL_INFO_OFFSET, 0);
}

/*
 * Where a 32-bit entry would be, hlt and a jump back to it. At the 64-bit entry %rsi is the kernel's:
 *	wait:	pause
 *		cmpb	$0, gate(%rip)
 *		je	wait
 *		lea	entry(%rip), %rax
 *		jmp	*%rax
 */
static void append_gap(GByteArray *out, const struct layout *l)
{
	static const uint8_t halt[] = { 0xf4, 0xeb, 0xfd };
	static const uint8_t code[] = { 0xf3, 0x90, 0x80, 0x3d, 0, 0, 0, 0, 0,	  0x74,
					0xf5, 0x48, 0x8d, 0x05, 0, 0, 0, 0, 0xff, 0xe0 };
	guint start = out->len;
	uint8_t *p;

	g_byte_array_set_size(out, start + GAP);
	p = out->data + start;
	memset(p, 0, GAP);
	memcpy(p, halt, sizeof(halt));
	memcpy(p + FLAT_GATE, FLAT_GATE_MAGIC, sizeof(FLAT_GATE_MAGIC));
	memcpy(p + ENTRY_64, code, sizeof(code));
	/* each counts from the end of its instruction */
	put32(p + ENTRY_64 + 4, FLAT_GATE + sizeof(FLAT_GATE_MAGIC) - (ENTRY_64 + 9));
	put32(p + ENTRY_64 + 14, GAP + (l->entry - l->low) - (ENTRY_64 + 18));
}

GBytes *flat_image(GBytes *bzimage, GBytes *vmlinux, const char **why)
{
	size_t size, elf_size, setup;
	const uint8_t *image = g_bytes_get_data(bzimage, &size), *elf = g_bytes_get_data(vmlinux, &elf_size);
	struct layout l;
	GByteArray *out;

	setup = setup_size(image, size);
	*why = setup ? lay_out(elf, elf_size, &l) : "it is no bzImage with a 64-bit entry that can be loaded anywhere";
	if (*why)
		return NULL;
	out = g_byte_array_new();
	g_byte_array_append(out, image, (guint)setup);
	append_gap(out, &l);
	append_kernel(out, elf, &l);
	write_header(out->data, &l, out->len - setup);
	return g_byte_array_free_to_bytes(out);
}

static GBytes *file_bytes(const char *path, GError **error)
{
	GMappedFile *file = g_mapped_file_new(path, FALSE, error);
	GBytes *bytes = file ? g_mapped_file_get_bytes(file) : NULL;

	g_clear_pointer(&file, g_mapped_file_unref);
	return bytes;
}

/*
 * What the image was made of and what it was then: it changes whenever a byte of one of the files may have. Whoever changes what
 * is made changes the magic, so that older images are made again.
 */
static char *fingerprint(const struct kernel *kernel, const char *image)
{
	const char *const files[] = { kernel->bzimage, kernel->vmlinux, image };
	GString *out = g_string_new(FLAT_GATE_MAGIC "\n");

	for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
		GStatBuf st;

		if (g_stat(files[i], &st) == 0)
			g_string_append_printf(out, "%s|%jd|%jd.%09ld|%jd.%09ld|%ju\n", files[i], (intmax_t)st.st_size,
					       (intmax_t)st.st_mtim.tv_sec, st.st_mtim.tv_nsec,
					       (intmax_t)st.st_ctim.tv_sec, st.st_ctim.tv_nsec, (uintmax_t)st.st_ino);
	}
	return g_string_free(out, FALSE);
}

static bool make(const struct kernel *kernel, const char *path, const char **unfit, GError **error)
{
	g_autoptr(GBytes) bzimage = file_bytes(kernel->bzimage, error), vmlinux = NULL, image = NULL;

	vmlinux = bzimage ? file_bytes(kernel->vmlinux, error) : NULL;
	image = vmlinux ? flat_image(bzimage, vmlinux, unfit) : NULL;
	return image && file_replace(path, g_bytes_get_data(image, NULL), (gssize)g_bytes_get_size(image), error);
}

char *kernel_flat(const struct kernel *kernel, char **why)
{
	g_autofree char *id = g_path_get_basename(kernel->dir);
	g_autofree char *dir = g_build_filename(lab_cache_dir(), "flat", NULL);
	g_autofree char *path = g_build_filename(dir, id, NULL), *made = g_strconcat(path, ".made", NULL);
	g_autofree char *now = NULL, *then = NULL;
	g_autoptr(GError) error = NULL;
	const char *unfit = NULL;

	*why = NULL;
	if (!kernel->bzimage || !kernel->vmlinux) {
		*why = g_strdup(kernel->bzimage ? "it is built without CONFIG_PVH" : "no bzImage of it was given");
		return NULL;
	}
	now = fingerprint(kernel, path);
	if (g_file_get_contents(made, &then, NULL, NULL) && strcmp(now, then) == 0)
		return g_steal_pointer(&path);
	g_mkdir_with_parents(dir, 0755);
	if (!make(kernel, path, &unfit, &error)) {
		*why = g_strdup(unfit ? unfit : error->message);
		return NULL;
	}
	g_free(now);
	now = fingerprint(kernel, path);
	/* without it the image is only made once more */
	file_replace(made, now, -1, NULL);
	return g_steal_pointer(&path);
}
