/* SPDX-License-Identifier: GPL-2.0-only */
/* first.workload=vfio-map: many pages mapped by VFIO, and a device that does DMA through them. */
#include "conf/workload.h"

/* VFIO's own record of a mapping. */
#define BYTES_A_MAP 192

static bool take_pages(struct workload *w, const char *option, const char *value, GError **error)
{
	return workload_number(option, value, WORKLOAD_PAGES_MAX, &w->pages, error);
}

static bool take_stride(struct workload *w, const char *option, const char *value, GError **error)
{
	return workload_number(option, value, WORKLOAD_STRIDE_MAX, &w->stride, error);
}

static bool take_iova(struct workload *w, const char *option, const char *value, GError **error)
{
	const char *digits = g_str_has_prefix(value, "0x") ? value + 2 : value;

	if (!g_ascii_string_to_unsigned(digits, digits == value ? 10 : 16, 0, UINT64_C(1) << 56, &w->iova, NULL) ||
	    w->iova % 4096)
		return workload_wrong(error, "'%s': must be the address of a page, such as 0x10000000", option);
	return true;
}

/* All pages map the same memory, so it is tables and records only. */
static uint64_t memory(const struct workload *w)
{
	return workload_tables(w) + (w->stride > 1 || w->size > 4096 ? w->pages * BYTES_A_MAP : 0);
}

const struct workload_kind workload_vfio_map = {
	.name = "vfio-map",
	.usage = "pages=N stride=N size=4k|2m iova=ADDRESS",
	.options = { { "pages=", take_pages },
		     { "stride=", take_stride },
		     { "size=", workload_size },
		     { "iova=", take_iova } },
	.needed = "pages=N",
	.iova = 256 * WORKLOAD_MIB,
	.manifest = "vfio-map",
	.config = "VFIO_IOMMU_TYPE1 VFIO_PCI",
	.memory_is = "its tables",
	.memory = memory,
};
