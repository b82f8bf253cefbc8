/* SPDX-License-Identifier: GPL-2.0-only */
/* The layout of RAM, RAM as a struct vtd_mem, and the error helper of this directory. */
#include "vtd/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

uint64_t vtd_ram_offset(const struct vtd_ram_layout *layout, uint64_t pa, uint64_t len)
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
	const struct vtd_ram *ram = ctx;
	uint64_t offset = vtd_ram_offset(&ram->layout, pa, VTD_PAGE_SIZE);

	if (offset == UINT64_MAX || ram->len < VTD_PAGE_SIZE || offset > ram->len - VTD_PAGE_SIZE)
		return -1;
	memcpy(buf, ram->base + offset, VTD_PAGE_SIZE);
	return 0;
}

struct vtd_mem vtd_ram_mem(struct vtd_ram *ram)
{
	return (struct vtd_mem){ .read_page = ram_read_page, .ctx = ram };
}

int vtd_fail(struct vtd_error *err, int code, const char *format, ...)
{
	va_list args;

	if (!err)
		return code;
	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	return code;
}
