/* SPDX-License-Identifier: GPL-2.0-only */
/* A kernel dump as a struct iommu_mem, through libkdumpfile. */
#include "cmd/vmcore-mem.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libkdumpfile/kdumpfile.h>

#include "base/error.h"
#include "base/text.h"

struct vmcore {
	kdump_ctx_t *ctx;
	int fd;
	bool elf;
	struct iommu_ranges pages; /* of an ELF dump: what it lists ... */
	struct iommu_ranges lost;  /* ... and what of it lies beyond the end of the file */
	uint64_t failed;	   /* reads that failed though the dump lists the page */
};

static int read_page(void *opaque, uint64_t pa, void *buf)
{
	struct vmcore *v = opaque;
	size_t len = IOMMU_PAGE_SIZE;
	kdump_status status;

	if (iommu_ranges_pages_between(&v->lost, pa, pa))
		return -1;
	kdump_clear_err(v->ctx);
	status = kdump_read(v->ctx, KDUMP_MACHPHYSADDR, pa, buf, &len);
	if (status == KDUMP_OK && len == IOMMU_PAGE_SIZE)
		return 0;
	v->failed += status != KDUMP_OK && status != KDUMP_ERR_NODATA;
	return -1;
}

/*
 * What an ELF dump lists, from its own headers: libkdumpfile 0.5.1 loses its way in the bitmap when segments overlap,
 * as the kernel's text does in every vmcore, and reads what lies beyond the end of the file as zeros.
 * 0; -ENOENT if this is no ELF file of 64 bits, -EIO if its headers cannot be read, -ENOMEM.
 */
static int elf_pages(struct vmcore *v, struct iommu_ranges *pages, struct iommu_ranges *lost)
{
	Elf64_Ehdr eh;
	Elf64_Phdr ph;
	struct stat st;
	int ret = 0;

	if (fstat(v->fd, &st) || pread(v->fd, &eh, sizeof(eh), 0) != sizeof(eh) ||
	    memcmp(eh.e_ident, ELFMAG, SELFMAG) || eh.e_ident[EI_CLASS] != ELFCLASS64 || eh.e_phnum == PN_XNUM)
		return -ENOENT;
	for (unsigned i = 0; !ret && i < eh.e_phnum; i++) {
		uint64_t size = (uint64_t)st.st_size, there, end;

		if (eh.e_phoff > INT32_MAX ||
		    pread(v->fd, &ph, sizeof(ph), (off_t)(eh.e_phoff + i * sizeof(ph))) != sizeof(ph))
			return -EIO;
		if (ph.p_type != PT_LOAD || !ph.p_filesz || ph.p_paddr >> 52 || ph.p_filesz >> 52)
			continue;
		there = ph.p_offset < size ? MIN(ph.p_filesz, size - ph.p_offset) : 0;
		end = (ph.p_paddr + ph.p_filesz - 1) | ~IOMMU_PAGE_MASK;
		ret = iommu_ranges_add(pages, ph.p_paddr & IOMMU_PAGE_MASK, end);
		if (!ret && there < ph.p_filesz)
			ret = iommu_ranges_add(lost, (ph.p_paddr + there) & IOMMU_PAGE_MASK, end);
	}
	return ret;
}

/* VT-d is x86's: a dump that says it is another machine's is refused, one that does not say is not. */
static bool architecture_ok(struct vmcore *v, const char *path, GError **error)
{
	const char *arch;

	if (kdump_get_string_attr(v->ctx, KDUMP_ATTR_ARCH_NAME, &arch) != KDUMP_OK ||
	    !strcmp(arch, KDUMP_ARCH_X86_64) || !strcmp(arch, KDUMP_ARCH_IA32))
		return true;
	return vtdlab_refuse(error, "%s: a dump of %s; VT-d tables are found in those of x86_64 only", path, arch);
}

static bool open_dump(struct vmcore *v, const char *path, GError **error)
{
	int ret;

	v->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (v->fd < 0)
		return vtdlab_refuse(error, "%s: %s", path, g_strerror(errno));
	v->ctx = kdump_new();
	if (!v->ctx)
		return vtdlab_failed(error, "%s: libkdumpfile gave no context", path);
	if (kdump_open_fd(v->ctx, v->fd) != KDUMP_OK)
		return vtdlab_refuse(error, "%s: libkdumpfile cannot read it as a dump: %s", path,
				     kdump_get_err(v->ctx));
	if (!architecture_ok(v, path, error))
		return false;
	ret = elf_pages(v, &v->pages, &v->lost);
	if (ret == -EIO)
		return vtdlab_refuse(error, "%s: cut short or spoilt: its program headers cannot be read", path);
	if (ret && ret != -ENOENT)
		return vtdlab_refuse(error, "%s: its program headers: %s", path, g_strerror(-ret));
	v->elf = !ret;
	/* makedumpfile leaves out pages of zeros, and a page table in which nothing is mapped is one. */
	kdump_set_number_attr(v->ctx, KDUMP_ATTR_ZERO_EXCLUDED, 1);
	return true;
}

struct vmcore *vmcore_open(const char *path, GError **error)
{
	struct vmcore *v = g_new0(struct vmcore, 1);

	if (open_dump(v, path, error))
		return v;
	vmcore_close(v);
	return NULL;
}

struct iommu_mem vmcore_mem(struct vmcore *v)
{
	return (struct iommu_mem){ .read_page = read_page, .ctx = v };
}

/* The pages that are set in a bitmap of the dump, as addresses: 0, -ENOENT if it has none, -ENOMEM. */
static int pages_of(struct vmcore *v, const char *name, struct iommu_ranges *set)
{
	kdump_attr_t attr = { .type = KDUMP_BITMAP };
	kdump_addr_t first = 0, end;
	int ret = 0;

	kdump_clear_err(v->ctx);
	if (kdump_get_typed_attr(v->ctx, name, &attr) != KDUMP_OK)
		return -ENOENT;
	while (!ret && kdump_bmp_find_set(attr.val.bitmap, &first) == KDUMP_OK) {
		end = first;
		/* no page of x86 lies beyond 2^52; a bitmap that has no end has one there */
		if (first >> (52 - IOMMU_PAGE_SHIFT))
			break;
		if (kdump_bmp_find_clear(attr.val.bitmap, &end) != KDUMP_OK || end >> (52 - IOMMU_PAGE_SHIFT))
			end = UINT64_C(1) << (52 - IOMMU_PAGE_SHIFT);
		if (end <= first)
			return -ENOENT;
		ret = iommu_ranges_add(set, first << IOMMU_PAGE_SHIFT, (end << IOMMU_PAGE_SHIFT) - 1);
		first = end;
	}
	return ret;
}

int vmcore_pages(struct vmcore *v, struct iommu_ranges *pages, struct iommu_ranges *ram)
{
	static const struct iommu_ranges none;
	int ret;

	if (v->elf) {
		ret = iommu_ranges_subtract(&v->pages, &none, pages);
		return ret ? ret : iommu_ranges_subtract(&v->pages, &none, ram);
	}
	ret = pages_of(v, KDUMP_ATTR_FILE_PAGEMAP, pages);
	return ret ? ret : pages_of(v, KDUMP_ATTR_MEMORY_PAGEMAP, ram);
}

char *vmcore_info(struct vmcore *v, const char *key)
{
	g_autofree char *name = g_strconcat("linux.vmcoreinfo.lines.", key, NULL);
	const char *value;

	kdump_clear_err(v->ctx);
	if (kdump_get_string_attr(v->ctx, name, &value) != KDUMP_OK)
		return NULL;
	return text_one_line(value);
}

uint64_t vmcore_lost(const struct vmcore *v)
{
	return iommu_ranges_pages(&v->lost) + v->failed;
}

void vmcore_close(struct vmcore *v)
{
	if (!v)
		return;
	if (v->ctx)
		kdump_free(v->ctx);
	if (v->fd >= 0)
		close(v->fd);
	iommu_ranges_clear(&v->pages);
	iommu_ranges_clear(&v->lost);
	g_free(v);
}
