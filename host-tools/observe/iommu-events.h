/* SPDX-License-Identifier: GPL-2.0-only */
/* What QEMU's trace says of the IOMMU and of the lab's devices while the guest runs, as events of the evidence. */
#ifndef VTDLAB_OBSERVE_IOMMU_EVENTS_H
#define VTDLAB_OBSERVE_IOMMU_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "evidence/evidence.h"

struct attempt;
struct iommu_events;
struct trace_event;

/* iommu_events_new - listens to the trace of the attempt's machine from now on. @a is borrowed. */
struct iommu_events *iommu_events_new(struct attempt *a);
/* iommu_events_free - once the machine has gone. NULL is fine. */
void iommu_events_free(struct iommu_events *ie);

/* iommu_events_take - one event of the trace into the evidence. */
void iommu_events_take(struct iommu_events *ie, const struct trace_event *e);

/*
 * iommu_events_root - the root table in force (latched at SRTP, which the register alone does not show) and its
 * mode, as RTADDR has it. False: no root has been set yet.
 */
bool iommu_events_root(const struct iommu_events *ie, uint64_t *root, unsigned *ttm);

/*
 * iommu_events_leaf - what the tables at @root in @mem hold for @iova of @sid now: the R and W bits that come of all
 * levels, both where it passes through, LEAF_NONE where there is no leaf or no entry.
 */
enum evidence_leaf iommu_events_leaf(const struct iommu *iommu, const struct iommu_mem *mem, uint64_t root,
				     unsigned mode, uint16_t sid, uint64_t iova);

#endif
