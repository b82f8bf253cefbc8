/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dma-load pages=N [stride=K] [size=4k|2m] [iova=ADDRESS]
 *
 * Maps N pages for the edu device, says what it did in one line of JSON, and then keeps the
 * mappings and the device's DMA until the kernel dies. The memory behind is a handful of pages,
 * mapped over and over: what is wanted are entries in the IOMMU's tables, not RAM.
 */
#include "dma.h"
#include "channel.h"
#include "edu.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* pages mapped by one call where they lie one behind the other */
#define RUN_PAGES 512
/*
 * Memory pages behind them, in an order in which no two neighbours are neighbours in memory: else
 * the kernel would map 2 MiB with one entry. A page takes so many pins at a time (2^31 / 1024) that
 * one alone would not be enough for the largest loads.
 */
#define FRAGMENTS 16
#define FRAGMENT_STEP 7

struct load {
	struct layout layout;
	struct vfio vfio;
	struct edu edu;
	uint8_t *memory;
	uint64_t window; /* pages of the layout's size at @memory */
	struct spot spots[2];
	uint64_t maps, first, last, seen;
	int64_t ns;
	bool reached;
};

static void small_pages(struct load *load)
{
	int fd = memfd_create("dma-load", MFD_CLOEXEC);
	uint8_t *at = mmap(NULL, RUN_PAGES * PAGE_4K, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (fd < 0 || ftruncate(fd, FRAGMENTS * PAGE_4K) || at == MAP_FAILED)
		die("memory to map: %s", strerror(errno));
	for (uint64_t i = 0; i < RUN_PAGES; i++)
		if (mmap(at + i * PAGE_4K, PAGE_4K, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
			 (off_t)(i * FRAGMENT_STEP % FRAGMENTS * PAGE_4K)) == MAP_FAILED)
			die("memory to map: %s", strerror(errno));
	load->memory = at;
	load->window = RUN_PAGES;
}

static void huge_page(struct load *load)
{
	if (!(load->vfio.page_sizes & PAGE_2M))
		die("this IOMMU has no pages of 2 MiB");
	if (write_file("/proc/sys/vm/nr_hugepages", "1"))
		die("/proc/sys/vm/nr_hugepages: %s", strerror(errno));
	load->memory = mmap(NULL, PAGE_2M, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_POPULATE, -1, 0);
	if (load->memory == MAP_FAILED)
		die("a huge page of 2 MiB: %s", strerror(errno));
	load->window = 1;
}

/* The first and the last page that the device can reach are those it works with. */
static void note_spots(struct load *load, uint64_t iova, uint8_t *at, uint64_t pages)
{
	uint64_t size = load->layout.size, last = iova + (pages - 1) * size;
	struct spot spot = { .iova = last, .at = at + (pages - 1) * size };

	if (!load->seen)
		load->first = iova;
	load->last = last;
	load->seen += pages;
	if (iova > EDU_REACH - size)
		return;
	while (spot.iova > EDU_REACH - size) {
		spot.iova -= size;
		spot.at -= size;
	}
	if (!load->reached)
		load->spots[0] = (struct spot){ .iova = iova, .at = at };
	load->spots[1] = spot;
	load->reached = true;
}

static void map_all(struct load *load)
{
	const struct layout *l = &load->layout;
	struct layout_cursor cursor;
	uint64_t iova, pages;
	int64_t start = now_ns();
	int more;

	layout_begin(l, &cursor);
	while ((more = layout_next(l, &cursor, load->vfio.ranges, load->vfio.n_ranges, load->window, &iova, &pages)) >
	       0) {
		/* scattered ones take turns, or one page would be pinned for all */
		uint64_t turn = l->stride > 1 ? load->seen % load->window : 0;
		uint8_t *at = load->memory + turn * l->size;

		vfio_map(&load->vfio, iova, at, pages * l->size);
		note_spots(load, iova, at, pages);
		load->maps++;
	}
	if (more < 0)
		die("only %llu of %llu pages find a place in the IOVAs that VFIO allows",
		    (unsigned long long)load->seen, (unsigned long long)l->pages);
	load->ns = now_ns() - start;
	/* the two may be one page: the device reads its first half and writes its second */
	load->spots[1].iova += PAGE_4K / 2;
	load->spots[1].at += PAGE_4K / 2;
}

static void report(const struct load *load)
{
	const struct layout *l = &load->layout;

	printf("{\"pages\":%llu,\"stride\":%llu,\"size\":%llu,\"maps\":%llu,\"first\":\"0x%llx\","
	       "\"last\":\"0x%llx\",\"ns\":%lld,\"bdf\":\"%s\",\"dma\":%s}\n",
	       (unsigned long long)load->seen, (unsigned long long)l->stride, (unsigned long long)l->size,
	       (unsigned long long)load->maps, (unsigned long long)load->first, (unsigned long long)load->last,
	       (long long)load->ns, load->vfio.bdf, load->reached ? "true" : "false");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	static struct load load;
	const char *why;

	layout_init(&load.layout);
	for (int i = 1; i < argc; i++)
		if (layout_option(&load.layout, argv[i], &why))
			die("%s: %s", argv[i], why);
	vfio_open(&load.vfio, EDU_VENDOR, EDU_DEVICE, load.layout.pages);
	if (load.layout.size == PAGE_2M)
		huge_page(&load);
	else
		small_pages(&load);
	map_all(&load);
	edu_open(&load.edu, &load.vfio);
	if (load.reached && edu_round(&load.edu, &load.spots[0], &load.spots[1]))
		die("what edu read at IOVA 0x%llx is not what it wrote to 0x%llx",
		    (unsigned long long)load.spots[0].iova, (unsigned long long)load.spots[1].iova);
	report(&load);
	while (load.reached)
		if (edu_round(&load.edu, &load.spots[0], &load.spots[1]) && load.edu.bad == 1)
			fprintf(stderr, "dma-load: DMA %llu came out wrong\n", (unsigned long long)load.edu.seq);
	for (;;)
		pause();
}
