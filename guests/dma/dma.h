/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dma-load: a program of the first kernel that holds many pages mapped in the IOMMU, through VFIO,
 * for an edu device, and keeps that device doing DMA. The parts it is made of.
 */
#ifndef DMA_H
#define DMA_H

/* included first by every file of the program */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "basics.h"

#define PAGE_4K UINT64_C(4096)
#define PAGE_2M (UINT64_C(2) << 20)

/* layout.c: which IOVAs, pure */

/** What is asked for: @pages pages of @size bytes, each @stride pages behind the one before. */
struct layout {
	uint64_t pages, stride, size, iova;
};

/** A range of IOVAs that may be used, @last inclusive. */
struct iova_range {
	uint64_t first, last;
};

/** Where the laying out stands. */
struct layout_cursor {
	uint64_t next, left;
};

/** One option ("pages=10", "size=2m"...) into @l. Returns 0, or -1 with a constant text in @why. */
int layout_option(struct layout *l, const char *option, const char **why);

/** The defaults: one page of 4 KiB at 256 MiB. */
void layout_init(struct layout *l);

void layout_begin(const struct layout *l, struct layout_cursor *c);

/**
 * The next run of pages that lie one behind the other, @max pages at most, inside one of the @n
 * ranges (sorted): what is between the ranges is stepped over. Returns 1 with @iova and @pages set,
 * 0 at the end, -1 if the ranges do not hold all pages.
 */
int layout_next(const struct layout *l, struct layout_cursor *c, const struct iova_range *ranges, size_t n,
		uint64_t max, uint64_t *iova, uint64_t *pages);

/* die.c */

/** Say {"error":"..."} on stdout, and end (printf-like). */
void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* vfio.c */

#define VFIO_RANGES_MAX 32

/** An open VFIO device in a container of its own. */
struct vfio {
	int container, group, device;
	char bdf[32];
	struct iova_range ranges[VFIO_RANGES_MAX];
	size_t n_ranges;
	uint64_t page_sizes; /* of the IOMMU, one bit a size */
};

/** Take the device @vendor:@device from its driver, if any, and open it. Ends the program on
 * failure. */
void vfio_open(struct vfio *v, unsigned int vendor, unsigned int device, uint64_t maps);
/** Map @len bytes at @at to @iova. Ends the program on failure. */
void vfio_map(struct vfio *v, uint64_t iova, void *at, uint64_t len);
/** Map region @index of the device (a BAR) for access by this program. Sets @len. */
void *vfio_region(struct vfio *v, unsigned int index, size_t *len);
/** Let the device answer memory accesses and do DMA. */
void vfio_enable(struct vfio *v);

/* edu.c */

/** An address of the device and where this program sees the same bytes. */
struct spot {
	uint64_t iova;
	uint8_t *at;
};

struct edu {
	volatile uint8_t *bar;
	uint64_t seq, moved, bad;
};

/* what the machine's edu can reach: its property dma_mask, given on QEMU's command line */
#define EDU_REACH UINT64_C(0xffffffff)

void edu_open(struct edu *e, struct vfio *v);
/**
 * One block of the known pattern from @from into the device and from there to @to (another half of
 * the page), some 200 ms. Returns 0 if it came out right, -1 if not; ends the program when the
 * device hangs.
 */
int edu_round(struct edu *e, const struct spot *from, const struct spot *to);

#endif
