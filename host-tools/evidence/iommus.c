/* SPDX-License-Identifier: GPL-2.0-only */
#include "evidence/iommus.h"

#include <string.h>

#include "vtd/backend.h"
#include "vtd/regs.h"

/* By the mode of the machine's IOMMU, and the mode of its tables then; those of one kind follow one another. */
static const struct {
	const struct iommu *iommu;
	unsigned mode;
} iommus[] = {
	[MACHINE_IOMMU_LEGACY] = { &vtd_iommu, VTD_TTM_LEGACY },
	[MACHINE_IOMMU_SCALABLE] = { &vtd_iommu, VTD_TTM_SCALABLE },
	[MACHINE_IOMMU_FIRST_LEVEL] = { &vtd_iommu, VTD_TTM_SCALABLE },
	[MACHINE_IOMMU_OFF] = { NULL, 0 },
};

const struct iommu *iommu_detect(const struct scenario *scenario)
{
	return iommus[scenario->iommu.mode].iommu;
}

enum machine_iommu_mode iommu_mode_of(enum machine_iommu_mode asked, unsigned mode)
{
	if (iommus[asked].mode == mode)
		return asked;
	for (unsigned i = 0; i < G_N_ELEMENTS(iommus); i++)
		if (iommus[i].iommu && iommus[i].iommu == iommus[asked].iommu && iommus[i].mode == mode)
			return (enum machine_iommu_mode)i;
	return asked;
}

const struct iommu *iommu_of_mode(const char *word, unsigned *mode)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(iommus); i++) {
		char number[2] = { (char)('0' + iommus[i].mode), '\0' };

		*mode = iommus[i].mode;
		if (iommus[i].iommu &&
		    (!word || !strcmp(word, number) || !strcmp(word, iommus[i].iommu->mode_name(iommus[i].mode))))
			return iommus[i].iommu;
	}
	return NULL;
}

int iommu_load(const char *path, struct iommu_snapshot **out, struct iommu_error *err)
{
	int ret = -1;

	for (unsigned i = 0; ret && i < G_N_ELEMENTS(iommus); i++)
		if (iommus[i].iommu && (!i || iommus[i].iommu != iommus[i - 1].iommu))
			ret = iommus[i].iommu->load(path, out, err);
	return ret;
}
