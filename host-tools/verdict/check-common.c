/* SPDX-License-Identifier: GPL-2.0-only */
/* What several files of checks ask of the evidence. */
#include "verdict/check-common.h"

bool check_no_iommu(const struct evidence *ev, GString *detail)
{
	if (ev->scenario->iommu.mode != MACHINE_IOMMU_OFF)
		return false;
	g_string_append(detail, "the scenario has no IOMMU");
	return true;
}

void check_separate(GString *detail)
{
	if (detail->len)
		g_string_append(detail, "; ");
}

const struct evidence_device *check_wanted_device(const struct evidence *ev, unsigned i)
{
	const struct evidence_device *dev = &g_array_index(ev->devices, struct evidence_device, i);

	return dev->wanted ? dev : NULL;
}

bool check_crash_kernel_ran(const struct evidence *ev, GString *detail)
{
	if (ev->crash_hello_ns)
		return true;
	g_string_append(detail, "the crash kernel did not come up");
	return false;
}

bool check_all_passed_through(const struct vtd_walk_result *walk)
{
	for (size_t i = 0; i < walk->n_spaces; i++)
		if (walk->spaces[i].type != VTD_SPACE_PASS_THROUGH)
			return false;
	return walk->n_spaces != 0;
}
