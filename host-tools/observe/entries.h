/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sees the translation entries of the lab's devices change in guest RAM, while the guest runs on: a device attaches
 * when its entry changes after the copy, not when its driver binds.
 */
#ifndef VTDLAB_OBSERVE_ENTRIES_H
#define VTDLAB_OBSERVE_ENTRIES_H

struct attempt;
struct entries;
struct iommu_events;

/* entries_new - looks at the entries of all devices of the evidence from now on. Both are borrowed. */
struct entries *entries_new(struct attempt *a, const struct iommu_events *iommu);
/* entries_free - looks no longer; before the machine goes. NULL is fine. */
void entries_free(struct entries *w);

#endif
