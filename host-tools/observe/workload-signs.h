/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whether a nested guest and the DMA in it go on, by what both leave in the guest's memory. The
 * host finds that memory where the IOMMU's tables lead, as the device does, and asks no program.
 */
#ifndef VTDLAB_OBSERVE_WORKLOAD_SIGNS_H
#define VTDLAB_OBSERVE_WORKLOAD_SIGNS_H

#include <glib.h>
#include <stdbool.h>

struct attempt;
struct iommu_events;

/* workload_alive - waits until guest and device were seen to go on; at once where there is no nested guest. */
bool workload_alive(struct attempt *a, const struct iommu_events *iommu, GError **error);

/* workload_at_panic - looks at all of the guest's pages, by the tables at the panic. */
void workload_at_panic(struct attempt *a);

#endif
