/* SPDX-License-Identifier: GPL-2.0-only */
#include "prepare/build-id.h"

#include <elf.h>
#include <stdint.h>
#include <string.h>

/* A mapped file; all offsets in it are untrusted. */
struct image {
	const char *bytes;
	uint64_t size;
	Elf64_Ehdr head;
};

static bool within(const struct image *im, uint64_t at, uint64_t len)
{
	return at <= im->size && len <= im->size - at;
}

static bool head_ok(struct image *im)
{
	if (!within(im, 0, sizeof(im->head)))
		return false;
	memcpy(&im->head, im->bytes, sizeof(im->head));
	return memcmp(im->head.e_ident, ELFMAG, SELFMAG) == 0 && im->head.e_ident[EI_CLASS] == ELFCLASS64 &&
	       im->head.e_ident[EI_DATA] == ELFDATA2LSB;
}

static char *hex(const char *bytes, uint64_t len)
{
	GString *text = g_string_new(NULL);

	for (uint64_t i = 0; i < len; i++)
		g_string_append_printf(text, "%02x", (unsigned char)bytes[i]);
	return g_string_free(text, FALSE);
}

static char *id_in_notes(const struct image *im, uint64_t at, uint64_t len)
{
	Elf64_Nhdr n;

	while (len >= sizeof(n)) {
		uint64_t name = sizeof(n), desc, all;

		memcpy(&n, im->bytes + at, sizeof(n));
		desc = name + (((uint64_t)n.n_namesz + 3) & ~UINT64_C(3));
		all = desc + (((uint64_t)n.n_descsz + 3) & ~UINT64_C(3));
		if (all > len)
			return NULL;
		if (n.n_type == NT_GNU_BUILD_ID && n.n_namesz == sizeof(ELF_NOTE_GNU) &&
		    memcmp(im->bytes + at + name, ELF_NOTE_GNU, sizeof(ELF_NOTE_GNU)) == 0)
			return hex(im->bytes + at + desc, n.n_descsz);
		at += all;
		len -= all;
	}
	return NULL;
}

static char *find_id(const struct image *im)
{
	char *id = NULL;
	Elf64_Phdr ph;

	for (unsigned i = 0; !id && i < im->head.e_phnum; i++) {
		uint64_t at = im->head.e_phoff + i * sizeof(ph);

		if (at < im->head.e_phoff || !within(im, at, sizeof(ph)))
			return NULL;
		memcpy(&ph, im->bytes + at, sizeof(ph));
		if (ph.p_type == PT_NOTE && within(im, ph.p_offset, ph.p_filesz))
			id = id_in_notes(im, ph.p_offset, ph.p_filesz);
	}
	return id;
}

static bool has_symbols(const struct image *im)
{
	Elf64_Shdr sh;

	for (unsigned i = 0; i < im->head.e_shnum; i++) {
		uint64_t at = im->head.e_shoff + i * sizeof(sh);

		if (at < im->head.e_shoff || !within(im, at, sizeof(sh)))
			return false;
		memcpy(&sh, im->bytes + at, sizeof(sh));
		if (sh.sh_type == SHT_SYMTAB && sh.sh_size > sizeof(Elf64_Sym))
			return true;
	}
	return false;
}

char *vmlinux_build_id(const char *path, bool *symbols)
{
	GMappedFile *file = g_mapped_file_new(path, FALSE, NULL);
	struct image im = { 0 };
	char *id = NULL;

	*symbols = false;
	if (!file)
		return NULL;
	im.bytes = g_mapped_file_get_contents(file);
	im.size = g_mapped_file_get_length(file);
	if (head_ok(&im)) {
		id = find_id(&im);
		*symbols = has_symbols(&im);
	}
	g_mapped_file_unref(file);
	return id;
}
