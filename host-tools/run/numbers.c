/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The numbers of a run for run.json that no check has of its own: DMA, faults, what becomes of late DMA, and what
 * a lab kernel says that its copy took. `vtdlab compare` reads them.
 */
#include "run/phases.h"

#include "vtd/compare.h"
#include "vtd/walk.h"

#define SET(o, name, value) json_object_set_int_member(o, name, (gint64)(value))

static JsonArray *dma_json(const struct evidence *ev)
{
	JsonArray *list = json_array_new();

	for (unsigned i = 0; i < ev->dma->len; i++) {
		const struct evidence_dma *d = &g_array_index(ev->dma, struct evidence_dma, i);
		JsonObject *o = json_object_new();
		char bdf[16];

		json_object_set_string_member(o, "requester", sid_text(d->sid, bdf));
		json_object_set_string_member(o, "what", d->what);
		SET(o, "sent", d->sent);
		SET(o, "landed_before_copy", d->landed_before_copy);
		SET(o, "landed_after_copy", d->landed_after_copy);
		SET(o, "no_room", d->no_room);
		SET(o, "lost", d->lost);
		SET(o, "misplaced", d->misplaced);
		json_array_add_object_element(list, o);
	}
	return list;
}

/* Of all requesters, from the jump on; one that never attached has only the first kind. */
static JsonObject *faults_json(const struct evidence *ev)
{
	unsigned before = 0, after = 0;
	JsonObject *o = json_object_new();

	for (unsigned i = 0; i < ev->events->len; i++) {
		const struct evidence_event *e = &g_array_index(ev->events, struct evidence_event, i);

		if ((e->kind != EVENT_FAULT && e->kind != EVENT_FAULT_DISABLED) || !ev->jump_ns ||
		    e->host_ns < ev->jump_ns)
			continue;
		if (e->kind == EVENT_FAULT && evidence_attached(ev, e->sid, e->host_ns))
			after++;
		else
			before++;
	}
	SET(o, "before_attach", before);
	SET(o, "after_attach", after);
	return o;
}

/*
 * Where a DMA would land that a device still does by an IOVA of the dead kernel once its driver has it: at the old
 * place, nowhere (a fault), or in somebody else's memory.
 */
static JsonObject *late_json(const struct evidence *ev)
{
	struct vtd_space_diff sum = { 0 };
	JsonObject *o = json_object_new();

	for (unsigned i = 0; i < ev->devices->len; i++) {
		const struct evidence_device *dev = &g_array_index(ev->devices, struct evidence_device, i);
		const struct vtd_walk_result *now = dev->after.walk;
		struct vtd_space_diff diff = { 0 };

		if (!ev->at_panic.walk || !now)
			continue;
		vtd_compare_space(ev->at_panic.walk, vtd_walk_space(ev->at_panic.walk, dev->sid, VTD_NO_PASID), now,
				  vtd_walk_space(now, dev->sid, VTD_NO_PASID), &diff);
		sum.same += diff.same;
		sum.unmapped += diff.unmapped;
		sum.retargeted += diff.retargeted;
		sum.permission += diff.permission;
	}
	SET(o, "old_place", sum.same);
	SET(o, "other_permission", sum.permission);
	SET(o, "fault", sum.unmapped);
	SET(o, "elsewhere", sum.retargeted);
	return o;
}

static JsonArray *devices_json(const struct evidence *ev)
{
	JsonArray *list = json_array_new();

	for (unsigned i = 0; i < ev->devices->len; i++) {
		const struct evidence_device *dev = &g_array_index(ev->devices, struct evidence_device, i);
		JsonObject *o = json_object_new();

		json_object_set_string_member(o, "bdf", dev->bdf);
		json_object_set_string_member(o, "driver", dev->driver);
		json_object_set_boolean_member(o, "used", dev->wanted);
		json_object_set_boolean_member(o, "works", dev->works);
		json_array_add_object_element(list, o);
	}
	return list;
}

/* ---- a lab kernel's own account ---- */

static JsonArray *copies_json(const struct evidence *ev)
{
	JsonArray *list = json_array_new();

	for (unsigned i = 0; i < ev->kdump_copies->len; i++) {
		const struct evidence_kdump_copy *c = &g_array_index(ev->kdump_copies, struct evidence_kdump_copy, i);
		JsonObject *o = json_object_new();

		SET(o, "unit", c->unit);
		SET(o, "err", c->err);
		SET(o, "contexts", c->contexts);
		SET(o, "trees", c->trees);
		SET(o, "tables", c->tables);
		SET(o, "leaves", c->leaves);
		SET(o, "ranges", c->ranges);
		SET(o, "bytes", c->bytes);
		SET(o, "t_scan_ns", c->t_scan_ns);
		SET(o, "t_copy_ns", c->t_copy_ns);
		SET(o, "t_total_ns", c->t_total_ns);
		json_array_add_object_element(list, o);
	}
	return list;
}

/* The lines of all devices together: 'r' reservations, 'g' grafts. */
static JsonObject *sum_json(const struct evidence *ev, char what)
{
	struct evidence_kdump_device sum = { 0 };
	JsonObject *o = json_object_new();
	unsigned n = 0;

	for (unsigned i = 0; i < ev->kdump_devices->len; i++) {
		const struct evidence_kdump_device *d =
			&g_array_index(ev->kdump_devices, struct evidence_kdump_device, i);

		if (d->what != what)
			continue;
		n++;
		sum.ranges += d->ranges;
		sum.pages += d->pages;
		sum.spared += d->spared;
		sum.failed += d->failed;
		sum.over += d->over;
		sum.t_ns += d->t_ns;
	}
	SET(o, "devices", n);
	SET(o, what == 'g' ? "runs" : "ranges", sum.ranges);
	SET(o, "pages", sum.pages);
	SET(o, what == 'g' ? "skipped" : "overlapped", sum.spared);
	SET(o, "failed", sum.failed);
	SET(o, "over", sum.over);
	SET(o, "t_ns", sum.t_ns);
	return o;
}

static JsonObject *kdump_json(const struct evidence *ev)
{
	JsonObject *o = json_object_new();
	unsigned shallow = 0, refused = 0;

	for (unsigned i = 0; i < ev->kdump_contexts->len; i++) {
		const struct evidence_kdump_context *c =
			&g_array_index(ev->kdump_contexts, struct evidence_kdump_context, i);

		shallow += g_strcmp0(c->result, "shallow") == 0;
		refused += c->refused;
	}
	json_object_set_string_member(o, "mode", evidence_kdump_asked(ev));
	SET(o, "log_lines", ev->kdump_lines);
	SET(o, "log_bad", ev->kdump_bad);
	SET(o, "shallow", shallow);
	SET(o, "refused", refused);
	json_object_set_array_member(o, "copies", copies_json(ev));
	json_object_set_object_member(o, "reserve", sum_json(ev, 'r'));
	json_object_set_object_member(o, "graft", sum_json(ev, 'g'));
	return o;
}

/* ---- the workload ---- */

static void account_nested(JsonObject *o, const struct evidence_workload *w)
{
	json_object_set_int_member(o, "guest_passes", (gint64)w->pass_now);
	json_object_set_int_member(o, "copies", (gint64)w->copies_now);
	json_object_set_int_member(o, "pages_of_guest", (gint64)w->marked);
}

static void add_workload(struct run *run)
{
	const struct evidence *ev = run->at.ev;
	const struct vtd_walk_result *a = ev->at_panic.walk, *b = ev->copied.walk;
	struct vtd_space_diff diff = { 0 };
	const struct evidence_workload *w;
	const struct vtd_space *space;
	JsonObject *o;

	if (!ev->workloads->len || !json_object_has_member(run->report->extra, "workload"))
		return;
	w = &g_array_index(ev->workloads, struct evidence_workload, 0);
	o = json_object_get_object_member(run->report->extra, "workload");
	if (w->nested)
		account_nested(o, w);
	space = a ? vtd_walk_space(a, w->sid, VTD_NO_PASID) : NULL;
	if (space && space->tree != UINT32_MAX) {
		json_object_set_int_member(o, "mapped_pages_4k", (gint64)a->trees[space->tree].pages);
		json_object_set_int_member(o, "mapped_leaves", (gint64)a->trees[space->tree].leaves);
	}
	if (a && b)
		vtd_compare_space(a, space, b, vtd_walk_space(b, w->sid, VTD_NO_PASID), &diff);
	json_object_set_int_member(o, "same_pages_4k", (gint64)diff.same);
}

void run_numbers(struct run *run)
{
	JsonObject *extra = run->report->extra;
	const struct evidence *ev = run->at.ev;

	json_object_set_array_member(extra, "dma", dma_json(ev));
	json_object_set_object_member(extra, "faults", faults_json(ev));
	json_object_set_object_member(extra, "late_dma", late_json(ev));
	json_object_set_array_member(extra, "devices", devices_json(ev));
	if (evidence_kdump_asked(ev))
		json_object_set_object_member(extra, "kdump", kdump_json(ev));
	add_workload(run);
}
