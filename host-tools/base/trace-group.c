/* SPDX-License-Identifier: GPL-2.0-only */
/* The words of the groups of trace events. */
#include "base/trace-group.h"

const char *trace_group_words(enum trace_group group)
{
	static const char *const words[TRACE_GROUPS] = {
		[TRACE_GROUP_UNIT] = "root switches",
		[TRACE_GROUP_FAULTS] = "faults",
		[TRACE_GROUP_INVALIDATIONS] = "invalidations",
		[TRACE_GROUP_INTREMAP] = "switches of interrupt remapping",
		[TRACE_GROUP_TRANSLATIONS] = "translations",
		[TRACE_GROUP_NIC_DMA] = "network card DMA",
		[TRACE_GROUP_NIC_RESETS] = "network card resets",
		[TRACE_GROUP_DISK_DMA] = "disk DMA",
		[TRACE_GROUP_DISK_RESETS] = "disk resets",
	};

	return (unsigned)group < TRACE_GROUPS ? words[group] : "?";
}
