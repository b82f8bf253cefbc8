/* SPDX-License-Identifier: GPL-2.0-only */
/* first.workload=nested: a KVM guest whose memory is assigned to a device by VFIO. */
#include "conf/workload.h"

#include <inttypes.h>
#include <string.h>

#define MIB WORKLOAD_MIB

/* In 4K pages; finish() makes pages of the size asked for out of them. */
static bool take_memory(struct workload *w, const char *option, const char *value, GError **error)
{
	g_autofree char *number = g_strdup(value);
	size_t digits = strspn(number, "0123456789");
	guint64 mib;

	if (strcmp(number + digits, "M") != 0)
		return workload_wrong(error, "'%s': must be a size from 1M to %uM", option, WORKLOAD_MEMORY_MAX);
	number[digits] = '\0';
	if (!g_ascii_string_to_unsigned(number, 10, 1, WORKLOAD_MEMORY_MAX, &mib, NULL))
		return workload_wrong(error, "'%s': must be a size from 1M to %uM, which is what edu reaches", option,
				      WORKLOAD_MEMORY_MAX);
	w->pages = mib * MIB / 4096;
	return true;
}

static bool finish(struct workload *w, GError **error)
{
	uint64_t bytes = w->pages * 4096;

	w->pages = bytes / w->size;
	if (bytes % w->size == 0)
		return true;
	return workload_wrong(
		error, "memory=%" PRIu64 "M does not divide into pages of 2 MiB: use memory=%" PRIu64 "M, or page=4k",
		bytes / MIB, bytes / MIB + 1);
}

static uint64_t memory(const struct workload *w)
{
	return workload_tables(w) + w->pages * w->size;
}

/* dma-load does this by itself; kvmperf changes nothing of its machine. */
static char *cmdline(const struct workload *w)
{
	g_autofree char *huge = w->size > 4096 ? g_strdup_printf(" hugepages=%" PRIu64, w->pages) : NULL;

	return g_strconcat("vfio_pci.ids=1234:11e8 vfio_iommu_type1.allow_unsafe_interrupts=1", huge, NULL);
}

const struct workload_kind workload_nested = {
	.name = "nested",
	.usage = "memory=SIZE page=4k|2m",
	.options = { { "memory=", take_memory }, { "page=", workload_size } },
	.needed = "memory=SIZE",
	.manifest = "kvmperf",
	.config = "KVM KVM_AMD VFIO_IOMMU_TYPE1 VFIO_PCI",
	.memory_is = "its guest",
	.finish = finish,
	.memory = memory,
	.cmdline = cmdline,
};
