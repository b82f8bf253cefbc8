/* SPDX-License-Identifier: GPL-2.0-only */
/* VT-d behind the seam of iommu/iommu.h. */
#ifndef VTD_BACKEND_H
#define VTD_BACKEND_H

#include "iommu/iommu.h"

extern const struct iommu vtd_iommu;

#endif
