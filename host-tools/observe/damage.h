/* SPDX-License-Identifier: GPL-2.0-only */
/* [corrupt] in a running VM: the host writes into the guest's RAM. */
#ifndef VTDLAB_OBSERVE_DAMAGE_H
#define VTDLAB_OBSERVE_DAMAGE_H

#include <glib.h>
#include <stdbool.h>

#include "conf/scenario.h"

struct attempt;
struct iommu_events;

/*
 * damage_apply - do what the scenario's [corrupt] asks for at this moment, if anything; what was done is appended
 * to @done, in words.
 */
bool damage_apply(struct attempt *a, const struct iommu_events *iommu, enum conf_corrupt_when when, GString *done,
		  GError **error);

#endif
