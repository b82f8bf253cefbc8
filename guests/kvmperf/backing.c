/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory for the guest, of every kind. */
#include "backing.h"

#include <errno.h>
#include <linux/memfd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

const char *const backing_names[] = { "anon", "thp", "hugetlb-2m", "hugetlb-1g", "shmem", "memfd", NULL };

uint64_t backing_unit(enum backing_kind kind)
{
	return kind == BACKING_HUGETLB_2M ? PAGE_2M : kind == BACKING_HUGETLB_1G ? PAGE_1G : PAGE_4K;
}

bool backing_has_alias(enum backing_kind kind)
{
	return kind != BACKING_ANON && kind != BACKING_THP;
}

static void need_thp(void)
{
	char text[128];

	if (!read_text("/sys/kernel/mm/transparent_hugepage/enabled", text, sizeof(text)))
		cannot("--backing thp: this kernel has no transparent huge pages");
	if (strstr(text, "[never]"))
		cannot("--backing thp: switched off here: echo madvise > "
		       "/sys/kernel/mm/transparent_hugepage/enabled");
}

static void need_hugetlb(uint64_t unit, uint64_t size)
{
	unsigned long long want = size / unit, have;
	char path[96], text[32], page[24];

	snprintf(path, sizeof(path), "/sys/kernel/mm/hugepages/hugepages-%llukB/free_hugepages",
		 (unsigned long long)(unit / KIB));
	if (!read_text(path, text, sizeof(text)))
		cannot("--backing hugetlb: this kernel has no huge pages of %s", size_text(unit, page));
	have = strtoull(text, NULL, 10);
	if (have < want)
		cannot("--backing hugetlb: %llu free pages of %s needed, %llu there: echo %llu > "
		       "/sys/kernel/mm/hugepages/hugepages-%llukB/nr_hugepages",
		       want, size_text(unit, page), have, want, (unsigned long long)(unit / KIB));
}

/* A multiple of `align`, and `off`: the same number of page tables wherever it comes to lie. */
static unsigned char *map(uint64_t size, uint64_t align, uint64_t off, int flags, int fd)
{
	uint64_t room = size + 2 * align;
	uintptr_t area = (uintptr_t)mmap(NULL, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	uintptr_t at;
	char text[24];
	void *p;

	if (area == (uintptr_t)MAP_FAILED)
		cannot("no address space for %s: %s", size_text(size, text), strerror(errno));
	at = round_up(area, align) + off;
	if (at > area)
		munmap((void *)area, at - area);
	munmap((void *)(at + size), area + room - (at + size));
	p = mmap((void *)at, size, PROT_READ | PROT_WRITE, flags | MAP_FIXED, fd, 0);
	if (p == MAP_FAILED)
		cannot("cannot map %s of memory: %s", size_text(size, text), strerror(errno));
	return p;
}

static void make_fd(struct backing *b)
{
	unsigned int flags = MFD_CLOEXEC;
	char text[24];

	if (b->kind == BACKING_HUGETLB_2M)
		flags |= MFD_HUGETLB | MFD_HUGE_2MB;
	if (b->kind == BACKING_HUGETLB_1G)
		flags |= MFD_HUGETLB | MFD_HUGE_1GB;
	b->fd = memfd_create("kvmperf", flags);
	if (b->fd < 0)
		cannot("memfd_create: %s", strerror(errno));
	if (ftruncate(b->fd, (off_t)b->size))
		cannot("memfd of %s: %s", size_text(b->size, text), strerror(errno));
}

static void make_alias(struct backing *b, uint64_t align)
{
	void *p;

	if (b->fd >= 0) {
		b->alias = map(b->size, align, 0, MAP_SHARED, b->fd);
		return;
	}
	/* Of shared memory without a name, mremap() of length 0 makes a second mapping. */
	p = mremap(b->mem, 0, b->size, MREMAP_MAYMOVE);
	if (p == MAP_FAILED)
		cannot("second mapping of shared memory: %s", strerror(errno));
	b->alias = p;
}

void backing_new(struct backing *b, enum backing_kind kind, uint64_t size, bool alias)
{
	uint64_t align, off;
	int flags = MAP_SHARED;

	memset(b, 0, sizeof(*b));
	b->kind = kind;
	b->unit = backing_unit(kind);
	b->size = size;
	b->fd = -1;
	align = b->unit > PAGE_2M ? b->unit : PAGE_2M;
	/*
	 * Of memory that never is in huge pages, guest and host address differ by a page: so KVM
	 * knows without looking for a huge one at every fault.
	 */
	off = b->unit == PAGE_4K && kind != BACKING_THP ? PAGE_4K : 0;
	if (kind == BACKING_THP)
		need_thp();
	if (b->unit > PAGE_4K)
		need_hugetlb(b->unit, size);
	if (kind == BACKING_ANON || kind == BACKING_THP)
		flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	else if (kind == BACKING_SHMEM)
		flags = MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE;
	else
		make_fd(b);
	b->mem = map(size, align, off, flags, b->fd);
	if (kind == BACKING_THP)
		madvise(b->mem, size, MADV_HUGEPAGE);
	else if (b->unit == PAGE_4K)
		madvise(b->mem, size, MADV_NOHUGEPAGE);
	if (alias)
		make_alias(b, align);
}

void backing_free(struct backing *b)
{
	if (b->alias)
		munmap(b->alias, b->size);
	munmap(b->mem, b->size);
	if (b->fd >= 0)
		close(b->fd);
}

uint64_t backing_huge(const struct backing *b)
{
	static const char *const keys[] = { "AnonHugePages:", "ShmemPmdMapped:", "Shared_Hugetlb:",
					    "Private_Hugetlb:" };
	FILE *f = fopen("/proc/self/smaps", "re");
	bool ours = false;
	uint64_t sum = 0;
	char line[512];

	while (f && fgets(line, sizeof(line), f)) {
		unsigned long long from, to;

		if (sscanf(line, "%llx-%llx ", &from, &to) == 2)
			ours = from < (uintptr_t)b->mem + b->size && to > (uintptr_t)b->mem;
		for (size_t i = 0; ours && i < ARRAY_SIZE(keys); i++)
			if (!strncmp(line, keys[i], strlen(keys[i])))
				sum += strtoull(line + strlen(keys[i]), NULL, 10) * KIB;
	}
	if (f)
		fclose(f);
	return sum;
}
