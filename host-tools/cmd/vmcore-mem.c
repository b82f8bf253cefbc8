/* SPDX-License-Identifier: GPL-2.0-only */
/* A kernel dump as a struct iommu_mem: ELF by ourselves, all else through libkdumpfile. */
#define _GNU_SOURCE
#include "cmd/vmcore-mem.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libkdumpfile/kdumpfile.h>

#include "base/error.h"
#include "base/text.h"
#include "cmd/vmcore-elf.h"

struct vmcore {
	int fd;
	struct vmcore_elf *elf; /* or, where that is NULL: */
	kdump_ctx_t *ctx;
	uint64_t failed; /* reads that failed though the dump lists the page */
};

static int read_page(void *opaque, uint64_t pa, void *buf)
{
	struct vmcore *v = opaque;
	size_t len = IOMMU_PAGE_SIZE;
	kdump_status status;

	if (v->elf)
		return vmcore_elf_read(v->elf, pa, buf);
	kdump_clear_err(v->ctx);
	status = kdump_read(v->ctx, KDUMP_MACHPHYSADDR, pa, buf, &len);
	if (status == KDUMP_OK && len == IOMMU_PAGE_SIZE)
		return 0;
	v->failed += status != KDUMP_OK && status != KDUMP_ERR_NODATA;
	return -1;
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

/* Seconds of CPU for the headers of a dump: those of a TiB take less than one. */
#define PROBE_CPU_S 60

/* All that the library does with a dump before pages are read. Never returns. */
static void probe(int fd)
{
	const struct rlimit cpu = { PROBE_CPU_S, PROBE_CPU_S }, none = { 0, 0 };
	static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
	kdump_attr_t attr = { .type = KDUMP_BITMAP };
	const char *text;
	kdump_ctx_t *ctx;

	for (size_t i = 0; i < G_N_ELEMENTS(signals); i++)
		signal(signals[i], SIG_DFL);
	setrlimit(RLIMIT_CPU, &cpu);
	setrlimit(RLIMIT_CORE, &none);
	ctx = kdump_new();
	if (ctx && kdump_open_fd(ctx, fd) == KDUMP_OK) {
		kdump_get_string_attr(ctx, KDUMP_ATTR_ARCH_NAME, &text);
		kdump_get_string_attr(ctx, "linux.vmcoreinfo.lines.OSRELEASE", &text);
		kdump_get_typed_attr(ctx, KDUMP_ATTR_FILE_PAGEMAP, &attr);
	}
	_exit(0);
}

/* libkdumpfile 0.5.1 does not survive every file: a child of ours tries first, and may die of it. */
static bool survives(int fd, const char *path, GError **error)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		return vtdlab_failed(error, "%s: %s", path, g_strerror(errno));
	if (pid == 0)
		probe(fd);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return vtdlab_failed(error, "%s: %s", path, g_strerror(errno));
	return status == 0 ||
	       vtdlab_refuse(error, "%s: libkdumpfile does not survive it (SIG%s): no dump, spoilt, or made to do harm",
			     path, WIFSIGNALED(status) ? sigabbrev_np(WTERMSIG(status)) : "?");
}

static bool open_dump(struct vmcore *v, const char *path, GError **error)
{
	int ret;

	v->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (v->fd < 0)
		return vtdlab_refuse(error, "%s: %s", path, g_strerror(errno));
	v->elf = vmcore_elf_open(v->fd, &ret);
	if (ret == -EIO)
		return vtdlab_refuse(error, "%s: cut short or spoilt: its program headers cannot be read", path);
	if (ret && ret != -ENOENT)
		return vtdlab_refuse(error, "%s: its program headers: %s", path, g_strerror(-ret));
	if (v->elf)
		return true;
	if (!survives(v->fd, path, error))
		return false;
	v->ctx = kdump_new();
	if (!v->ctx)
		return vtdlab_failed(error, "%s: libkdumpfile gave no context", path);
	if (kdump_open_fd(v->ctx, v->fd) != KDUMP_OK)
		return vtdlab_refuse(error, "%s: libkdumpfile cannot read it as a dump: %s", path,
				     kdump_get_err(v->ctx));
	if (!architecture_ok(v, path, error))
		return false;
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
		ret = iommu_ranges_subtract(vmcore_elf_pages(v->elf), &none, pages);
		return ret ? ret : iommu_ranges_subtract(vmcore_elf_pages(v->elf), &none, ram);
	}
	ret = pages_of(v, KDUMP_ATTR_FILE_PAGEMAP, pages);
	return ret ? ret : pages_of(v, KDUMP_ATTR_MEMORY_PAGEMAP, ram);
}

char *vmcore_info(struct vmcore *v, const char *key)
{
	g_autofree char *text = v->elf ? vmcore_elf_info(v->elf, key) : NULL;
	g_autofree char *name = g_strconcat("linux.vmcoreinfo.lines.", key, NULL);
	const char *value;

	if (v->elf)
		return text ? text_one_line(text) : NULL;
	kdump_clear_err(v->ctx);
	if (kdump_get_string_attr(v->ctx, name, &value) != KDUMP_OK)
		return NULL;
	return text_one_line(value);
}

uint64_t vmcore_lost(const struct vmcore *v)
{
	return (v->elf ? iommu_ranges_pages(vmcore_elf_lost(v->elf)) : 0) + v->failed;
}

void vmcore_close(struct vmcore *v)
{
	if (!v)
		return;
	if (v->ctx)
		kdump_free(v->ctx);
	if (v->fd >= 0)
		close(v->fd);
	vmcore_elf_free(v->elf);
	g_free(v);
}
