/* SPDX-License-Identifier: GPL-2.0-only */
/* Asks the crash kernel itself, by its agent, what is reserved and what translates where. */
#ifndef VTDLAB_OBSERVE_ORACLES_H
#define VTDLAB_OBSERVE_ORACLES_H

#include <glib.h>
#include <stdbool.h>

struct attempt;

/* oracles_read - into the evidence and oracles/, if the crash kernel was asked to keep accounts (intel_iommu=kdump_MODE). */
bool oracles_read(struct attempt *a, GError **error);

#endif
