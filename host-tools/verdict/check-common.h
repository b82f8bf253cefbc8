/* SPDX-License-Identifier: GPL-2.0-only */
/* What several files of checks ask. Private to verdict/check-*.c. */
#ifndef VTDLAB_VERDICT_CHECK_COMMON_H
#define VTDLAB_VERDICT_CHECK_COMMON_H

#include <glib.h>
#include <stdbool.h>

#include "evidence/evidence.h"
#include "vtd/walk.h"

/* check_no_iommu - does the scenario have no IOMMU? Says so in @detail. */
bool check_no_iommu(const struct evidence *ev, GString *detail);

/* check_separate - "; " between two parts of a detail. */
void check_separate(GString *detail);

/* check_wanted_device - device @i of the evidence if the run used it in the crash kernel, else NULL. */
const struct evidence_device *check_wanted_device(const struct evidence *ev, unsigned i);

/* check_crash_kernel_ran - did the crash kernel come up? Says so in @detail if not. */
bool check_crash_kernel_ran(const struct evidence *ev, GString *detail);

/* check_all_passed_through - was every requester of the (complete) @walk passed through, and is there one? */
bool check_all_passed_through(const struct vtd_walk_result *walk);

#endif
