/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/trace-group.h"

const struct word trace_group_words[] = {
	{ "root switches", TRACE_GROUP_UNIT },		{ "faults", TRACE_GROUP_FAULTS },
	{ "invalidations", TRACE_GROUP_INVALIDATIONS }, { "switches of interrupt remapping", TRACE_GROUP_INTREMAP },
	{ "translations", TRACE_GROUP_TRANSLATIONS },	{ "context-cache fills", TRACE_GROUP_CONTEXT_FILLS },
	{ "network card DMA", TRACE_GROUP_NIC_DMA },	{ "network card resets", TRACE_GROUP_NIC_RESETS },
	{ "disk DMA", TRACE_GROUP_DISK_DMA },		{ "disk resets", TRACE_GROUP_DISK_RESETS },
	{ "disk errors", TRACE_GROUP_DISK_ERRORS },	{ 0 },
};
