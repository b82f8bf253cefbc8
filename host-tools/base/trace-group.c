/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/trace-group.h"

#include <glib.h>

const struct word trace_group_words[] = {
	{ "root switches", TRACE_GROUP_UNIT },		{ "faults", TRACE_GROUP_FAULTS },
	{ "invalidations", TRACE_GROUP_INVALIDATIONS }, { "switches of interrupt remapping", TRACE_GROUP_INTREMAP },
	{ "translations", TRACE_GROUP_TRANSLATIONS },	{ "context-cache fills", TRACE_GROUP_CONTEXT_FILLS },
	{ "network card DMA", TRACE_GROUP_NIC_DMA },	{ "network card resets", TRACE_GROUP_NIC_RESETS },
	{ "disk DMA", TRACE_GROUP_DISK_DMA },		{ "disk resets", TRACE_GROUP_DISK_RESETS },
	{ "disk errors", TRACE_GROUP_DISK_ERRORS },	{ 0 },
};

const char *const trace_group_patterns[TRACE_GROUPS] = {
	[TRACE_GROUP_UNIT] = "vtd_reg_dmar_root|vtd_dmar_enable",
	[TRACE_GROUP_FAULTS] = "vtd_dmar_fault|vtd_fault_disabled",
	[TRACE_GROUP_INVALIDATIONS] = "vtd_inv_desc_",
	[TRACE_GROUP_INTREMAP] = "vtd_reg_ir_root|vtd_ir_enable",
	[TRACE_GROUP_TRANSLATIONS] = "vtd_iotlb_page_update",
	[TRACE_GROUP_CONTEXT_FILLS] = "vtd_iotlb_cc_update",
	[TRACE_GROUP_NIC_DMA] = "e1000e_rx_(desc|written|not|flt|can)_",
	[TRACE_GROUP_NIC_RESETS] = "e1000e_core_ctrl_sw_reset|e1000e_rx_set_rctl",
	[TRACE_GROUP_DISK_DMA] = "pci_nvme_(read|write|map_addr|rw_complete_cb|create_cq)",
	[TRACE_GROUP_DISK_RESETS] = "pci_nvme_mmio_st",
	[TRACE_GROUP_DISK_ERRORS] = "pci_nvme_err_",
};

char *trace_groups_pattern(unsigned traces)
{
	GString *pattern = g_string_new(NULL);

	for (unsigned group = 0; group < TRACE_GROUPS; group++)
		if (traces >> group & 1)
			g_string_append_printf(pattern, "%s%s", pattern->len ? "|" : "", trace_group_patterns[group]);
	return g_string_free(pattern, FALSE);
}
