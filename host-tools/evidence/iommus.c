/* SPDX-License-Identifier: GPL-2.0-only */
#include "evidence/iommus.h"

#include "vtd/backend.h"

/* By the mode of the machine's IOMMU; those of one kind follow one another. */
static const struct iommu *const iommus[] = {
	[MACHINE_IOMMU_LEGACY] = &vtd_iommu,
	[MACHINE_IOMMU_SCALABLE] = &vtd_iommu,
	[MACHINE_IOMMU_FIRST_LEVEL] = &vtd_iommu,
	[MACHINE_IOMMU_OFF] = NULL,
};

const struct iommu *iommu_detect(const struct scenario *scenario)
{
	return iommus[scenario->iommu.mode];
}

int iommu_load(const char *path, struct iommu_snapshot **out, struct iommu_error *err)
{
	int ret = -1;

	for (unsigned i = 0; ret && i < G_N_ELEMENTS(iommus); i++)
		if (iommus[i] && (!i || iommus[i] != iommus[i - 1]))
			ret = iommus[i]->load(path, out, err);
	return ret;
}
