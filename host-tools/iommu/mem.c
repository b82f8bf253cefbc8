/* SPDX-License-Identifier: GPL-2.0-only */
/* The layout of RAM, RAM as a struct iommu_mem, and the error helper of this directory. */
#include "iommu/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

uint64_t iommu_ram_offset(const struct iommu_ram_layout *layout, uint64_t pa, uint64_t len)
{
	uint64_t low = layout->low_size < layout->ram_size ? layout->low_size : layout->ram_size;
	uint64_t high = layout->ram_size - low;

	if (pa < low)
		return len <= low - pa ? pa : UINT64_MAX;
	if (pa < layout->high_base || layout->high_base < low)
		return UINT64_MAX;
	pa -= layout->high_base;
	if (pa >= high || len > high - pa)
		return UINT64_MAX;
	return low + pa;
}

static int ram_read_page(void *ctx, uint64_t pa, void *buf)
{
	const struct iommu_ram *ram = ctx;
	uint64_t offset = iommu_ram_offset(&ram->layout, pa, IOMMU_PAGE_SIZE);

	if (offset == UINT64_MAX || ram->len < IOMMU_PAGE_SIZE || offset > ram->len - IOMMU_PAGE_SIZE)
		return -1;
	memcpy(buf, ram->base + offset, IOMMU_PAGE_SIZE);
	return 0;
}

struct iommu_mem iommu_ram_mem(struct iommu_ram *ram)
{
	return (struct iommu_mem){ .read_page = ram_read_page, .ctx = ram };
}

int iommu_fail(struct iommu_error *err, int code, const char *format, ...)
{
	va_list args;

	if (!err)
		return code;
	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	return code;
}
