/* SPDX-License-Identifier: GPL-2.0-only */
/* Using the NIC in the crash kernel: brought up, and marked frames both ways. */
#ifndef VTDLAB_OBSERVE_NIC_USE_H
#define VTDLAB_OBSERVE_NIC_USE_H

#include <glib.h>
#include <stdbool.h>

struct attempt;
struct evidence_device;

/* nic_use - @dev works, or not, with the reason, in the evidence; false with @error if it could not be tried. */
bool nic_use(struct attempt *a, struct evidence_device *dev, GError **error);

#endif
