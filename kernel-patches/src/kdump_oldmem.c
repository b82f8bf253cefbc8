// SPDX-License-Identifier: GPL-2.0-only
/*
 * The dead kernel's memory.
 *
 * Its RAM is what the PT_LOAD segments of the ELF core header name, less what
 * this kernel uses as RAM itself. The header is read at core_initcall time:
 * /proc/vmcore, which comes up at fs_initcall time, frees it.
 *
 * Pages are seen through large windows, mapped at their first use and kept
 * until all units are done, so that looking at one more page is an addition
 * and no change of our page tables.
 */
#include <linux/crash_dump.h>
#include <linux/elf.h>
#include <linux/err.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include "kdump_internal.h"

#define WINDOW_SIZE	SZ_64M
#define WINDOW_FAILED	1UL

/* Page-aligned, [start, end). */
struct old_range {
	u64 start, end;
	/*
	 * One for each aligned window the range touches: where its first byte
	 * would be mapped (the range may begin later), 0 for "not yet".
	 */
	unsigned long *windows;
};

static struct {
	struct old_range *ranges, *last;
	unsigned int nr, size;
	struct kdc_range *own;
	u32 nr_own;
} old;

static u64 window_first(const struct old_range *r, u64 pa)
{
	return max_t(u64, r->start, ALIGN_DOWN(pa, WINDOW_SIZE));
}

static int old_add(u64 start, u64 end)
{
	struct old_range *more;

	start = PAGE_ALIGN(start);
	end = ALIGN_DOWN(end, PAGE_SIZE);
	if (start >= end)
		return 0;
	if (old.nr == old.size) {
		more = krealloc_array(old.ranges, old.size + 64, sizeof(*more), GFP_KERNEL);
		if (!more)
			return -ENOMEM;
		old.ranges = more;
		old.size += 64;
	}
	old.ranges[old.nr++] = (struct old_range){ .start = start, .end = end };
	return 0;
}

static int old_compare(const void *a, const void *b)
{
	const struct old_range *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* Sorts, and joins those that overlap or touch. */
static void old_join(void)
{
	unsigned int i, n = 0;

	sort(old.ranges, old.nr, sizeof(*old.ranges), old_compare, NULL);
	for (i = 0; i < old.nr; i++) {
		if (n && old.ranges[i].start <= old.ranges[n - 1].end)
			old.ranges[n - 1].end = max(old.ranges[n - 1].end, old.ranges[i].end);
		else
			old.ranges[n++] = old.ranges[i];
	}
	old.nr = n;
}

/* Takes a piece of this kernel's RAM out of all ranges. */
static int old_exclude(struct resource *res, void *unused)
{
	u64 start = ALIGN_DOWN(res->start, PAGE_SIZE), end = PAGE_ALIGN(res->end + 1);
	unsigned int i, nr = old.nr;
	struct kdc_range *own;
	u64 above;
	int ret;

	/* No kernel allocates in the first MiB, and ISA bridges have it mapped to itself. */
	if (end > SZ_1M) {
		own = krealloc_array(old.own, old.nr_own + 1, sizeof(*own), GFP_KERNEL);
		if (!own)
			return -ENOMEM;
		old.own = own;
		old.own[old.nr_own].first = max_t(u64, start, SZ_1M) >> PAGE_SHIFT;
		old.own[old.nr_own++].last = (end >> PAGE_SHIFT) - 1;
	}
	for (i = 0; i < nr; i++) {
		if (old.ranges[i].start >= end || old.ranges[i].end <= start)
			continue;
		above = old.ranges[i].end;
		/* What is left below may be nothing: dropped at the end. */
		old.ranges[i].end = max(start, old.ranges[i].start);
		ret = above > end ? old_add(end, above) : 0;
		if (ret)
			return ret;
	}
	return 0;
}

static int old_windows(void)
{
	unsigned int i, n = 0;
	struct old_range *r;
	u64 windows;

	for (i = 0; i < old.nr; i++)
		if (old.ranges[i].start < old.ranges[i].end)
			old.ranges[n++] = old.ranges[i];
	old.nr = n;
	old_join();
	for (i = 0; i < old.nr; i++) {
		r = &old.ranges[i];
		windows = (r->end - 1) / WINDOW_SIZE - r->start / WINDOW_SIZE + 1;
		r->windows = kvcalloc(windows, sizeof(*r->windows), GFP_KERNEL);
		if (!r->windows)
			return -ENOMEM;
	}
	return 0;
}

static int old_read_segments(const struct elf64_hdr *ehdr)
{
	const u64 limit = 1ULL << boot_cpu_data.x86_phys_bits;
	u64 pos = elfcorehdr_addr + ehdr->e_phoff;
	struct elf64_phdr phdr;
	unsigned int i;
	int ret;

	for (i = 0; i < ehdr->e_phnum; i++) {
		if (elfcorehdr_read((char *)&phdr, sizeof(phdr), &pos) != sizeof(phdr))
			return -EIO;
		if (phdr.p_type != PT_LOAD || phdr.p_paddr + phdr.p_memsz < phdr.p_paddr)
			continue;
		ret = old_add(phdr.p_paddr, min_t(u64, limit, phdr.p_paddr + phdr.p_memsz));
		if (ret)
			return ret;
	}
	return 0;
}

/* 0, or why there is no old memory to be read. */
int __init intel_kdump_oldmem_init(const char **why)
{
	u64 pos = elfcorehdr_addr;
	struct elf64_hdr ehdr;
	int ret = -ENOENT;

	if (!is_kdump_kernel()) {
		*why = "no elfcorehdr: not a crash kernel";
		return ret;
	}
	if (elfcorehdr_read((char *)&ehdr, sizeof(ehdr), &pos) != sizeof(ehdr) ||
	    memcmp(ehdr.e_ident, ELFMAG, SELFMAG) || ehdr.e_ident[EI_CLASS] != ELFCLASS64 ||
	    ehdr.e_type != ET_CORE || ehdr.e_phentsize != sizeof(struct elf64_phdr)) {
		*why = "elfcorehdr is no ELF core header";
		return ret;
	}
	ret = old_read_segments(&ehdr);
	if (!ret) {
		old_join();
		ret = walk_system_ram_res(0, U64_MAX, NULL, old_exclude);
		/* -EINVAL: nothing found to exclude. */
		ret = ret == -ENOMEM ? ret : old_windows();
	}
	if (!ret && !old.nr)
		ret = -ENOENT;
	if (ret) {
		*why = ret == -ENOMEM ? "no memory" : "elfcorehdr names no RAM that can be read";
		intel_kdump_oldmem_release();
		return ret;
	}
	old.last = old.ranges;
	return 0;
}

unsigned int intel_kdump_oldmem_ranges(void)
{
	return old.nr;
}

void intel_kdump_oldmem_range(unsigned int i, u64 *first, u64 *last)
{
	*first = old.ranges[i].start >> PAGE_SHIFT;
	*last = (old.ranges[i].end >> PAGE_SHIFT) - 1;
}

const struct kdc_range *intel_kdump_oldmem_own(u32 *nr)
{
	*nr = old.nr_own;
	return old.own;
}

static struct old_range *old_find(u64 pa)
{
	unsigned int lo = 0, hi = old.nr, mid;

	while (lo < hi) {
		mid = (lo + hi) / 2;
		if (pa < old.ranges[mid].start)
			hi = mid;
		else if (pa >= old.ranges[mid].end)
			lo = mid + 1;
		else
			return &old.ranges[mid];
	}
	return NULL;
}

static unsigned long window_map(struct old_range *r, u64 pa)
{
	u64 first = window_first(r, pa);
	u64 end = min_t(u64, r->end, ALIGN_DOWN(pa, WINDOW_SIZE) + WINDOW_SIZE);
	void *va = memremap(first, end - first, MEMREMAP_WB);

	if (!va)
		return WINDOW_FAILED;
	return (unsigned long)va - (first & (WINDOW_SIZE - 1));
}

const void *intel_kdump_old_page(void *ctx, u64 pa)
{
	struct old_range *r = old.last;
	unsigned long *window;

	if (unlikely(pa & (PAGE_SIZE - 1)))
		return NULL;
	if (unlikely(!r || pa < r->start || pa >= r->end)) {
		r = old_find(pa);
		if (!r)
			return NULL;
		if (!r->windows)
			return KDC_UNREAD;
		old.last = r;
	}
	window = &r->windows[pa / WINDOW_SIZE - r->start / WINDOW_SIZE];
	if (unlikely(!*window))
		*window = window_map(r, pa);
	if (unlikely(*window == WINDOW_FAILED))
		return KDC_UNREAD;
	return (const void *)(*window + (pa & (WINDOW_SIZE - 1)));
}

/* Unmaps the windows; the ranges stay known. */
void intel_kdump_oldmem_release(void)
{
	struct old_range *r;
	unsigned long w;
	u64 pa;

	old.last = NULL;
	for (r = old.ranges; r < old.ranges + old.nr; r++) {
		for (pa = r->start; r->windows && pa < r->end;
		     pa = ALIGN_DOWN(pa, WINDOW_SIZE) + WINDOW_SIZE) {
			w = r->windows[pa / WINDOW_SIZE - r->start / WINDOW_SIZE];
			if (w && w != WINDOW_FAILED)
				memunmap((void *)(w + (pa & (WINDOW_SIZE - 1))));
		}
		kvfree(r->windows);
		r->windows = NULL;
	}
}
