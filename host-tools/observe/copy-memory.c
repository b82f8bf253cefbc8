/* SPDX-License-Identifier: GPL-2.0-only */
#include "observe/copy-memory.h"

#include <inttypes.h>

#include "evidence/kdump-log.h"
#include "observe/attempt.h"
#include "results/report.h"

#define PAGE_KIB 4

bool copy_memory_read(struct attempt *a, struct copy_memory *now, GError **error)
{
	g_autofree char *text = NULL, *problem = NULL;
	g_autoptr(GError) err = NULL;

	if (!evidence_kdump_asked(a->ev) || plan_foreign(a->plan))
		return true;
	text = machine_guest_file(a->m, "/sys/kernel/debug/iommu/intel/kdump/stats", attempt_deadline(a, 10), &err);
	if (!text)
		return attempt_goes_on(a, &err, &problem, error);
	now->known = kdump_budget_text(text, &now->used, &now->most);
	return true;
}

void copy_memory_report(const struct copy_memory *before, const struct copy_memory *end, struct run_report *report)
{
	JsonObject *o;

	if (!before->known || !end->known)
		return;
	o = json_object_new();
	json_object_set_int_member(o, "limit", (gint64)(before->most * PAGE_KIB));
	json_object_set_int_member(o, "before_attach", (gint64)(before->used * PAGE_KIB));
	json_object_set_int_member(o, "end", (gint64)(end->used * PAGE_KIB));
	json_object_set_object_member(report->extra, "copy_memory", o);
	report_note(report,
		    "copied tables and reservations: %" PRIu64 " KiB before the attaches, %" PRIu64
		    " at the end, of at most %" PRIu64,
		    before->used * PAGE_KIB, end->used * PAGE_KIB, before->most * PAGE_KIB);
}
