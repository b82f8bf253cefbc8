/* SPDX-License-Identifier: GPL-2.0-only */
#include "cmd/core-elf.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"

/* kexec-tools' alignment of the header; kexec_file_load() has a page. */
#define HEADER_ALIGN 1024
/* A segment a range of RAM, a note a CPU: more than any machine of the lab has. */
#define SEGMENTS_MAX 4096
#define NOTES_MAX (16 << 20)
/* Below, the first kernel's memory is where kexec-tools' purgatory has moved it. */
#define LOW_MEMORY (1 << 20)
#define PAGE_UP(n) (((n) + 4095) & ~UINT64_C(4095))

struct source {
	int fd;
	const struct iommu_ram_layout *layout;
	uint64_t at; /* of the header */
	Elf64_Ehdr head;
	Elf64_Phdr *segs; /* head.e_phnum */
	GByteArray *notes;
};

static bool read_at(const struct source *s, uint64_t pa, void *buf, uint64_t len)
{
	uint64_t offset = iommu_ram_offset(s->layout, pa, len);

	return offset != UINT64_MAX && pread(s->fd, buf, len, (off_t)offset) == (ssize_t)len;
}

static bool head_ok(const Elf64_Ehdr *h)
{
	return memcmp(h->e_ident, ELFMAG, SELFMAG) == 0 && h->e_ident[EI_CLASS] == ELFCLASS64 &&
	       h->e_ident[EI_DATA] == ELFDATA2LSB && h->e_type == ET_CORE && h->e_machine == EM_X86_64 &&
	       h->e_phentsize == sizeof(Elf64_Phdr) && h->e_phnum && h->e_phnum <= SEGMENTS_MAX &&
	       h->e_phoff <= UINT32_MAX;
}

/*
 * Is it the header that the first kernel left? The crash kernel has copies of it in its own memory, for /proc/vmcore,
 * whose offsets are in that file; those of the one that is wanted are physical addresses.
 */
static bool segments_ok(const struct source *s)
{
	bool notes = false;
	uint64_t memory = 0;

	for (unsigned i = 0; i < s->head.e_phnum; i++) {
		const Elf64_Phdr *p = &s->segs[i];

		if (p->p_type == PT_LOAD && p->p_paddr >= LOW_MEMORY && p->p_offset != p->p_paddr)
			return false;
		notes |= p->p_type == PT_NOTE;
		if (p->p_type == PT_LOAD && p->p_filesz <= s->layout->ram_size)
			memory += p->p_filesz;
	}
	/* the kernel's text is there twice; much more is nobody's header, and would fill the disk */
	return notes && memory && memory / 2 <= s->layout->ram_size;
}

static bool header_at(struct source *s, uint64_t pa, const void *bytes)
{
	size_t size;

	memcpy(&s->head, bytes, sizeof(s->head));
	if (!head_ok(&s->head))
		return false;
	size = s->head.e_phnum * sizeof(*s->segs);
	s->at = pa;
	g_free(s->segs);
	s->segs = g_malloc(size);
	return read_at(s, pa + s->head.e_phoff, s->segs, size) && segments_ok(s);
}

static bool find_header(struct source *s, const struct iommu_ranges *crash)
{
	char page[4096];

	for (size_t i = 0; i < crash->n; i++)
		for (uint64_t pa = crash->v[i].start & ~UINT64_C(4095); pa <= crash->v[i].last; pa += sizeof(page)) {
			if (!read_at(s, pa, page, sizeof(page)))
				break;
			for (size_t at = 0; at < sizeof(page); at += HEADER_ALIGN)
				if (header_at(s, pa + at, page + at))
					return true;
		}
	return false;
}

/* The notes of a CPU, or of VMCOREINFO, without the room that is left behind them. */
static bool add_notes(struct source *s, const Elf64_Phdr *p)
{
	g_autofree char *buf = p->p_filesz <= NOTES_MAX ? g_malloc0(p->p_filesz) : NULL;
	uint64_t end = 0;
	Elf64_Nhdr n;

	if (!buf || !read_at(s, p->p_offset, buf, p->p_filesz))
		return false;
	while (p->p_filesz - end >= sizeof(n)) {
		uint64_t len;

		memcpy(&n, buf + end, sizeof(n));
		len = sizeof(n) + (((uint64_t)n.n_namesz + 3) & ~UINT64_C(3)) +
		      (((uint64_t)n.n_descsz + 3) & ~UINT64_C(3));
		if (!n.n_namesz || len > p->p_filesz - end)
			break;
		end += len;
	}
	g_byte_array_append(s->notes, (const guint8 *)buf, (guint)end);
	return s->notes->len <= NOTES_MAX;
}

static bool write_at(int fd, const void *data, size_t len, uint64_t at, GError **error)
{
	ssize_t n = pwrite(fd, data, len, (off_t)at);

	return n == (ssize_t)len || vtdlab_failed(error, "%s", n < 0 ? g_strerror(errno) : "the disk is full");
}

/* Copies the segment, and makes @p what it is in the core, whose memory begins at @at. */
static bool write_segment(const struct source *s, Elf64_Phdr *p, int out, uint64_t at, GError **error)
{
	uint64_t from = iommu_ram_offset(s->layout, p->p_offset, p->p_filesz);
	int ret = from == UINT64_MAX ? -ENODATA : copy_sparse(s->fd, from, out, at, p->p_filesz);

	if (ret == -ENODATA)
		return vtdlab_unjudged(error,
				       "the dump header at %#" PRIx64 " names %#" PRIx64 "-%#" PRIx64
				       ", which is not all RAM: it was overwritten",
				       s->at, p->p_offset, p->p_offset + p->p_filesz - 1);
	p->p_offset = at;
	return !ret || vtdlab_failed(error, "%s", g_strerror(-ret));
}

/* The header, one segment of notes, the memory; all of it from whole pages on. */
static bool write_core(struct source *s, int out, struct core_elf *core, GError **error)
{
	g_autofree Elf64_Phdr *segs = g_new0(Elf64_Phdr, s->head.e_phnum + 1);
	uint64_t at = PAGE_UP(sizeof(Elf64_Ehdr) + (s->head.e_phnum + 1) * sizeof(*segs));
	Elf64_Ehdr head = s->head;
	Elf64_Half n = 1;

	segs[0] =
		(Elf64_Phdr){ .p_type = PT_NOTE, .p_offset = at, .p_filesz = s->notes->len, .p_memsz = s->notes->len };
	if (!write_at(out, s->notes->data, s->notes->len, at, error))
		return false;
	at += PAGE_UP(s->notes->len);
	for (unsigned i = 0; i < s->head.e_phnum; i++) {
		if (s->segs[i].p_type != PT_LOAD || !s->segs[i].p_filesz)
			continue;
		segs[n] = s->segs[i];
		if (!write_segment(s, &segs[n], out, at, error))
			return false;
		at += PAGE_UP(segs[n].p_filesz);
		core->memory += segs[n++].p_filesz;
	}
	core->segments = n - 1u;
	head.e_phoff = sizeof(head);
	head.e_phnum = n;
	head.e_shoff = head.e_shnum = head.e_shstrndx = 0;
	if (ftruncate(out, (off_t)at))
		return vtdlab_failed(error, "%s", g_strerror(errno));
	return write_at(out, &head, sizeof(head), 0, error) &&
	       write_at(out, segs, n * sizeof(*segs), sizeof(head), error);
}

bool core_elf_write(int ram, const struct iommu_ram_layout *layout, const struct iommu_ranges *crash, int out,
		    struct core_elf *core, GError **error)
{
	struct source s = { .fd = ram, .layout = layout, .notes = g_byte_array_new() };
	bool ok = true;

	*core = (struct core_elf){ 0 };
	if (!find_header(&s, crash))
		ok = vtdlab_unjudged(error,
				     "the crash kernel's memory holds no dump header (elfcorehdr=): no crash kernel "
				     "was loaded, or it has overwritten it");
	core->header = s.at;
	for (unsigned i = 0; ok && i < s.head.e_phnum; i++)
		if (s.segs[i].p_type == PT_NOTE && !add_notes(&s, &s.segs[i]))
			ok = vtdlab_unjudged(error,
					     "the dump header at %#" PRIx64 " names notes at %#" PRIx64
					     ", where there are none: it was overwritten",
					     s.at, (uint64_t)s.segs[i].p_offset);
	ok = ok && write_core(&s, out, core, error);
	g_free(s.segs);
	g_byte_array_unref(s.notes);
	return ok;
}
