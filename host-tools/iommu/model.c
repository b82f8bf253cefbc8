/* SPDX-License-Identifier: GPL-2.0-only */
#include "iommu/model.h"

const char *iommu_space_type_name(unsigned type)
{
	static const char *const names[] = {
		[IOMMU_SPACE_SECOND_LEVEL] = "second-level",
		[IOMMU_SPACE_FIRST_LEVEL] = "first-level",
		[IOMMU_SPACE_NESTED] = "nested",
		[IOMMU_SPACE_PASS_THROUGH] = "pass-through",
		[IOMMU_SPACE_INVALID] = "invalid",
	};

	return type < sizeof(names) / sizeof(names[0]) ? names[type] : "unknown";
}

const char *iommu_perm_text(uint32_t perm, char *buf)
{
	buf[0] = perm & IOMMU_PERM_READ ? 'r' : '-';
	buf[1] = perm & IOMMU_PERM_WRITE ? 'w' : '-';
	buf[2] = perm & IOMMU_PERM_USER ? 'u' : '-';
	buf[3] = perm & IOMMU_PERM_SNOOP ? 's' : '-';
	buf[4] = '\0';
	return buf;
}
