/* SPDX-License-Identifier: GPL-2.0-only */
/* Snapshots of the IOMMU: registers and tables as they stand now. */
#ifndef VTDLAB_OBSERVE_SNAPSHOT_H
#define VTDLAB_OBSERVE_SNAPSHOT_H

#include <glib.h>
#include <stdbool.h>

#include "iommu/mem.h"

struct attempt;
struct evidence_state;
struct iommu_events;

/* snapshot_mem - the guest's physical memory; valid as long as the machine. */
struct iommu_mem snapshot_mem(struct attempt *a);

/*
 * snapshot_take - registers and tables now, kept in @state and in tables/<phase>.vtd. The guest is frozen for the
 * fraction of a millisecond that the walk takes; it is never stopped by QMP, since QEMU would then finish the disk's
 * queue, the DMA in flight. Taken at the end, the table pages of the panic are read once more, too.
 * Without an IOMMU, or in a run that observes nothing, nothing is done.
 */
bool snapshot_take(struct attempt *a, const struct iommu_events *iommu, const char *phase, struct evidence_state *state,
		   GError **error);

#endif
