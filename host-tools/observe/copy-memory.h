/* SPDX-License-Identifier: GPL-2.0-only */
/* What the deep copy holds of the crash kernel's memory: before its drivers took their devices, and after. */
#ifndef VTDLAB_OBSERVE_COPY_MEMORY_H
#define VTDLAB_OBSERVE_COPY_MEMORY_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct attempt;
struct run_report;

/* Pages of 4 KiB, by the crash kernel's own account (debugfs iommu/intel/kdump/stats). */
struct copy_memory {
	uint64_t used, most; /* of the budget, and the budget */
	bool known;	     /* it could be read */
};

/*
 * copy_memory_read - into @now, if the crash kernel keeps accounts (intel_iommu=kdump_MODE); what cannot be read leaves it
 * unknown. False: the attempt is at its end (@error).
 */
bool copy_memory_read(struct attempt *a, struct copy_memory *now, GError **error);

/*
 * copy_memory_report - run.json "copy_memory" (KiB: "limit", "before_attach", "end"), and a note for the page; of what was
 * not read nothing is said.
 */
void copy_memory_report(const struct copy_memory *before, const struct copy_memory *end, struct run_report *report);

#endif
