/* SPDX-License-Identifier: GPL-2.0-only */
/* The IOMMUs that the lab knows. */
#ifndef VTDLAB_EVIDENCE_IOMMUS_H
#define VTDLAB_EVIDENCE_IOMMUS_H

#include "conf/scenario.h"
#include "iommu/iommu.h"

/* iommu_detect - the IOMMU that a machine of @scenario has: the lab builds it, so nothing is probed. NULL: none. */
const struct iommu *iommu_detect(const struct scenario *scenario);

/* iommu_mode_of - the mode of the machine whose tables are of @mode: @asked itself if its own are, or if none is. */
enum machine_iommu_mode iommu_mode_of(enum machine_iommu_mode asked, unsigned mode);

/*
 * iommu_of_mode - the IOMMU that has a mode of this name or number ("scalable", "1"), and the mode as it numbers them;
 * NULL: none has. @word NULL: the first of all, its mode 0.
 */
const struct iommu *iommu_of_mode(const char *word, unsigned *mode);

/* iommu_load - a snapshot of any of them: 0 or -errno with @err. Free with iommu_snapshot_free(). */
int iommu_load(const char *path, struct iommu_snapshot **out, struct iommu_error *err);

#endif
