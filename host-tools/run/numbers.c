/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The numbers of a run for run.json that no check has of its own: DMA, faults, what becomes of late DMA, and what
 * a lab kernel says that its copy took. `vtdlab compare` reads them.
 */
#include "run/numbers.h"

#include "evidence/fields.h"
#include "iommu/compare.h"

#define SET(o, name, value) json_object_set_int_member(o, name, (gint64)(value))

static JsonArray *list_json(const GArray *array, const struct evidence_field *fields, size_t size)
{
	JsonArray *list = json_array_new();

	for (guint i = 0; i < array->len; i++)
		json_array_add_object_element(list, evidence_numbers(array->data + i * size, fields));
	return list;
}

/* Of all requesters, from the jump on; one that never attached has only the first kind. */
static JsonObject *faults_json(const struct evidence *ev)
{
	unsigned before = 0, after = 0;
	JsonObject *o = json_object_new();

	for_each_evidence(const struct evidence_event, e, ev->events) {
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
	struct iommu_space_diff sum = { 0 };
	JsonObject *o = json_object_new();

	for_each_evidence(const struct evidence_device, dev, ev->devices) {
		const struct iommu_walk *now = dev->after.walk;
		struct iommu_space_diff diff = { 0 };

		if (!ev->at_panic.walk || !now)
			continue;
		iommu_compare_space(ev->at_panic.walk, iommu_walk_space(ev->at_panic.walk, dev->sid, IOMMU_NO_PASID),
				    now, iommu_walk_space(now, dev->sid, IOMMU_NO_PASID), &diff);
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

/* ---- a lab kernel's own account ---- */

/* The lines of all devices together. */
static JsonObject *sum_json(const struct evidence *ev, enum evidence_kdump_what what)
{
	uint64_t ranges = 0, pages = 0, spared = 0, failed = 0, over = 0;
	bool graft = what == KDUMP_GRAFTED;
	int64_t t_ns = 0;
	JsonObject *o = json_object_new();
	unsigned n = 0;

	for_each_evidence(const struct evidence_kdump_device, d, ev->kdump_devices) {
		if (d->what != what)
			continue;
		n++;
		ranges += d->ranges;
		pages += d->pages;
		spared += d->spared;
		failed += d->failed;
		over += d->over;
		t_ns += d->t_ns;
	}
	SET(o, "devices", n);
	SET(o, graft ? "runs" : "ranges", ranges);
	SET(o, "pages", pages);
	SET(o, graft ? "skipped" : "overlapped", spared);
	SET(o, "failed", failed);
	SET(o, "over", over);
	SET(o, "t_ns", t_ns);
	return o;
}

static JsonObject *kdump_json(const struct evidence *ev)
{
	JsonObject *o = json_object_new();
	unsigned shallow = 0, refused = 0;

	for_each_evidence(const struct evidence_kdump_context, c, ev->kdump_contexts) {
		shallow += c->result == KDUMP_SHALLOW;
		refused += c->refused;
	}
	json_object_set_string_member(o, "mode", evidence_kdump_asked(ev));
	SET(o, "log_lines", ev->kdump_lines);
	SET(o, "log_bad", ev->kdump_bad);
	SET(o, "shallow", shallow);
	SET(o, "refused", refused);
	json_object_set_array_member(
		o, "copies",
		list_json(ev->kdump_copies, evidence_kdump_copy_fields, sizeof(struct evidence_kdump_copy)));
	json_object_set_object_member(o, "reserve", sum_json(ev, KDUMP_RESERVED));
	json_object_set_object_member(o, "graft", sum_json(ev, KDUMP_GRAFTED));
	return o;
}

/* ---- the workload ---- */

static void add_workload(JsonObject *to, const struct evidence *ev)
{
	const struct iommu_walk *a = ev->at_panic.walk, *b = ev->copied.walk;
	struct iommu_space_diff diff = { 0 };
	const struct evidence_workload *w;
	const struct iommu_space *space;
	JsonObject *o;

	if (!ev->workloads->len || !json_object_has_member(to, "workload"))
		return;
	w = &g_array_index(ev->workloads, struct evidence_workload, 0);
	o = json_object_get_object_member(to, "workload");
	if (w->nested) {
		SET(o, "guest_passes", w->pass_now);
		SET(o, "copies", w->copies_now);
		SET(o, "pages_of_guest", w->marked);
	}
	space = a ? iommu_walk_space(a, w->sid, IOMMU_NO_PASID) : NULL;
	if (space && space->tree != UINT32_MAX) {
		SET(o, "mapped_pages_4k", a->trees[space->tree].pages);
		SET(o, "mapped_leaves", a->trees[space->tree].leaves);
	}
	if (a && b)
		iommu_compare_space(a, space, b, iommu_walk_space(b, w->sid, IOMMU_NO_PASID), &diff);
	SET(o, "same_pages_4k", diff.same);
}

void numbers_add(JsonObject *to, const struct evidence *ev)
{
	json_object_set_array_member(to, "dma", list_json(ev->dma, evidence_dma_fields, sizeof(struct evidence_dma)));
	json_object_set_object_member(to, "faults", faults_json(ev));
	json_object_set_object_member(to, "late_dma", late_json(ev));
	json_object_set_array_member(to, "devices",
				     list_json(ev->devices, evidence_device_fields, sizeof(struct evidence_device)));
	if (evidence_kdump_asked(ev))
		json_object_set_object_member(to, "kdump", kdump_json(ev));
	add_workload(to, ev);
}
