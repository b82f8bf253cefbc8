/* SPDX-License-Identifier: GPL-2.0-only */
/* As drivers/iommu/intel/iommu.h. */
#include "kernel.h"
