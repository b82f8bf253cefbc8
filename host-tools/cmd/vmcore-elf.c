/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libkdumpfile 0.5.1 loses its way in the bitmap when segments overlap, as the kernel's text does in every vmcore, reads what
 * lies beyond the end of the file as zeros, and does not survive every header.
 */
#include "cmd/vmcore-elf.h"

#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "iommu/mem.h"

/* VMCOREINFO is a page or two, the registers of a CPU some hundred bytes. */
#define NOTES_MAX (16u << 20)
#define VMCOREINFO "VMCOREINFO"

struct vmcore_elf {
	int fd;
	GArray *segs; /* Elf64_Phdr: PT_LOADs with something in the file */
	size_t last;  /* of them, that the last page was in */
	struct iommu_ranges pages, lost;
	char *info; /* the text of VMCOREINFO, or NULL */
};

static bool head_ok(const Elf64_Ehdr *h)
{
	return memcmp(h->e_ident, ELFMAG, SELFMAG) == 0 && h->e_ident[EI_CLASS] == ELFCLASS64 &&
	       h->e_ident[EI_DATA] == ELFDATA2LSB && h->e_type == ET_CORE && h->e_machine == EM_X86_64 &&
	       h->e_phentsize == sizeof(Elf64_Phdr) && h->e_phnum && h->e_phnum != PN_XNUM;
}

/* The text of VMCOREINFO, if it is among these notes. */
static void take_notes(struct vmcore_elf *e, const Elf64_Phdr *p)
{
	g_autofree char *notes = p->p_filesz <= NOTES_MAX ? g_malloc0(p->p_filesz + 1) : NULL;
	uint64_t left, at = 0;
	Elf64_Nhdr n;
	ssize_t got;

	got = notes && p->p_offset <= INT64_MAX ? pread(e->fd, notes, p->p_filesz, (off_t)p->p_offset) : -1;
	left = got > 0 ? (uint64_t)got : 0;
	while (!e->info && left >= sizeof(n)) {
		uint64_t name = at + sizeof(n), desc, end;

		memcpy(&n, notes + at, sizeof(n));
		desc = name + (((uint64_t)n.n_namesz + 3) & ~UINT64_C(3));
		end = desc + (((uint64_t)n.n_descsz + 3) & ~UINT64_C(3));
		if (end - at > left)
			break;
		if (n.n_namesz == sizeof(VMCOREINFO) && memcmp(notes + name, VMCOREINFO, sizeof(VMCOREINFO)) == 0)
			e->info = g_strndup(notes + desc, n.n_descsz);
		left -= end - at;
		at = end;
	}
}

static int take_load(struct vmcore_elf *e, const Elf64_Phdr *p, uint64_t size)
{
	uint64_t there = p->p_offset < size ? MIN(p->p_filesz, size - p->p_offset) : 0, end;
	int ret;

	if (!p->p_filesz || p->p_paddr >> 52 || p->p_filesz >> 52)
		return 0;
	end = (p->p_paddr + p->p_filesz - 1) | ~IOMMU_PAGE_MASK;
	g_array_append_val(e->segs, *p);
	ret = iommu_ranges_add(&e->pages, p->p_paddr & IOMMU_PAGE_MASK, end);
	if (!ret && there < p->p_filesz)
		ret = iommu_ranges_add(&e->lost, (p->p_paddr + there) & IOMMU_PAGE_MASK, end);
	return ret;
}

static int read_headers(struct vmcore_elf *e)
{
	struct stat st;
	Elf64_Ehdr h;
	Elf64_Phdr p;
	int ret = 0;

	if (fstat(e->fd, &st) || pread(e->fd, &h, sizeof(h), 0) != sizeof(h) || !head_ok(&h))
		return -ENOENT;
	for (unsigned i = 0; !ret && i < h.e_phnum; i++) {
		if (h.e_phoff > INT32_MAX ||
		    pread(e->fd, &p, sizeof(p), (off_t)(h.e_phoff + i * sizeof(p))) != sizeof(p))
			return -EIO;
		if (p.p_type == PT_LOAD)
			ret = take_load(e, &p, (uint64_t)st.st_size);
		else if (p.p_type == PT_NOTE)
			take_notes(e, &p);
	}
	return ret;
}

struct vmcore_elf *vmcore_elf_open(int fd, int *ret)
{
	struct vmcore_elf *e = g_new0(struct vmcore_elf, 1);

	e->fd = fd;
	e->segs = g_array_new(FALSE, FALSE, sizeof(Elf64_Phdr));
	*ret = read_headers(e);
	if (*ret)
		g_clear_pointer(&e, vmcore_elf_free);
	return e;
}

void vmcore_elf_free(struct vmcore_elf *e)
{
	if (!e)
		return;
	g_array_unref(e->segs);
	iommu_ranges_clear(&e->pages);
	iommu_ranges_clear(&e->lost);
	g_free(e->info);
	g_free(e);
}

/* What of the page at @pa is in segment @i: -1 not all of it could be read, 0 nothing, 1 some, 2 the whole page. */
static int read_part(struct vmcore_elf *e, size_t i, uint64_t pa, uint8_t *page)
{
	const Elf64_Phdr *p = &g_array_index(e->segs, Elf64_Phdr, i);
	uint64_t from = MAX(pa, p->p_paddr), to = MIN(pa + IOMMU_PAGE_SIZE, p->p_paddr + p->p_filesz);
	uint64_t offset = p->p_offset + (from - p->p_paddr);

	if (from >= to)
		return pa < p->p_paddr + MIN(p->p_memsz, UINT64_C(1) << 52) && pa >= p->p_paddr;
	if (offset > INT64_MAX || pread(e->fd, page + (from - pa), to - from, (off_t)offset) != (ssize_t)(to - from))
		return -1;
	e->last = i;
	return to - from == IOMMU_PAGE_SIZE ? 2 : 1;
}

int vmcore_elf_read(struct vmcore_elf *e, uint64_t pa, void *buf)
{
	int part = 0, any = 0;

	if (pa >> 52 || iommu_ranges_pages_between(&e->lost, pa, pa))
		return -1;
	memset(buf, 0, IOMMU_PAGE_SIZE);
	if (e->segs->len && (part = read_part(e, e->last, pa, buf)) == 2)
		return 0;
	for (size_t i = 0; part >= 0 && part < 2 && i < e->segs->len; i++) {
		part = read_part(e, i, pa, buf);
		any |= part > 0;
	}
	return part >= 0 && any ? 0 : -1;
}

const struct iommu_ranges *vmcore_elf_pages(const struct vmcore_elf *e)
{
	return &e->pages;
}

const struct iommu_ranges *vmcore_elf_lost(const struct vmcore_elf *e)
{
	return &e->lost;
}

char *vmcore_elf_info(const struct vmcore_elf *e, const char *key)
{
	g_auto(GStrv) lines = g_strsplit(e->info ? e->info : "", "\n", -1);
	g_autofree char *head = g_strconcat(key, "=", NULL);

	for (char **line = lines; *line; line++)
		if (g_str_has_prefix(*line, head))
			return g_strdup(*line + strlen(head));
	return NULL;
}
