/* SPDX-License-Identifier: GPL-2.0-only */
/* Guest-physical memory as the walkers see it: one callback that reads one 4-KiB page. */
#ifndef IOMMU_MEM_H
#define IOMMU_MEM_H

#include <stddef.h>
#include <stdint.h>

#define IOMMU_PAGE_SHIFT 12
#define IOMMU_PAGE_SIZE 4096u
#define IOMMU_PAGE_MASK (~(uint64_t)(IOMMU_PAGE_SIZE - 1))

/*
 * A source of guest memory. @read_page copies the 4-KiB page at physical address @pa (a multiple of
 * 4096) into @buf and returns 0; it returns nonzero when @pa is outside RAM or inside the hole
 * below 4 GiB. It must be safe for every value of @pa. @ctx belongs to the caller and must outlive
 * the use.
 */
struct iommu_mem {
	int (*read_page)(void *ctx, uint64_t pa, void *buf);
	void *ctx;
};

/*
 * Where the RAM of a machine lies. Guest physical [0, low_size) is at offset 0 of the RAM file;
 * [high_base, high_base + ram_size - low_size) continues in the file at offset low_size.
 */
struct iommu_ram_layout {
	uint64_t ram_size;
	uint64_t low_size;
	uint64_t high_base;
};

/*
 * Offset in the RAM file of the byte at physical address @pa, provided that @len bytes from there
 * on are RAM and contiguous in the file; UINT64_MAX otherwise. Safe for every value.
 */
uint64_t iommu_ram_offset(const struct iommu_ram_layout *layout, uint64_t pa, uint64_t len);

/* RAM that is mapped into this process (or a whole file read into memory) as a iommu_mem. */
struct iommu_ram {
	const uint8_t *base;
	size_t len;
	struct iommu_ram_layout layout;
};

/* A iommu_mem that reads from @ram, which the caller keeps alive. Never reads beyond @ram->len. */
struct iommu_mem iommu_ram_mem(struct iommu_ram *ram);

/*
 * Errors of the functions that touch files: a return value of -errno (0 is success), and one line
 * of text that says what is wrong and where. A NULL struct iommu_error is accepted everywhere.
 */
struct iommu_error {
	char text[256];
};

/*
 * Fill @err (may be NULL) like printf and return @code, so that `return iommu_fail(...)` reads well.
 */
int iommu_fail(struct iommu_error *err, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
