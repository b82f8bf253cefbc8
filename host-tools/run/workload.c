/* SPDX-License-Identifier: GPL-2.0-only */
/* The program of first.workload: started by the agent, and what it reports. */
#include "run/workload.h"

#include <inttypes.h>

#include "base/error.h"
#include "base/json-line.h"
#include "base/sid.h"
#include "machine/guest-kvm.h"
#include "observe/guest.h"
#include "run/phases.h"

/* Of an idle host with KVM; the machine's scale comes on top. */
#define SECONDS_BASE 15.0
#define SECONDS_A_MAP 40e-6
/* The host's own deadline is the one that counts: the guest only must not be without any. */
#define GUEST_DEADLINE_MS 3600000

static const struct workload_ops *const kinds[] = { &workload_ops_vfio_map, &workload_ops_nested };

const struct workload_ops *workload_ops_of(const struct scenario *sc, struct workload *w)
{
	struct workload mine;

	w = w ? w : &mine;
	if (workload_parse(sc->first.workload, w, NULL))
		for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++)
			if (kinds[i]->kind == w->kind)
				return kinds[i];
	return NULL;
}

static bool load_modules(struct run *run, const struct workload_ops *ops, GError **error)
{
	const char *kvm = NULL;

	if (ops->kvm) {
		kvm = machine_guest_kvm(run->at.m, attempt_deadline(&run->at, 10), error);
		if (!kvm || !guest_modprobe(&run->at, kvm, error))
			return false;
	}
	return guest_modprobe(&run->at, "vfio_iommu_type1", error) && guest_modprobe(&run->at, "vfio_pci", error);
}

static JsonObject *start(struct run *run, const struct workload_ops *ops, const struct workload *w, GError **error)
{
	g_autoptr(JsonObject) request = json_object_new();
	JsonArray *argv = json_array_new();
	double seconds = SECONDS_BASE + (double)w->pages * (double)(w->size / 4096) * SECONDS_A_MAP;

	json_array_add_string_element(argv, ops->program);
	ops->arguments(w, argv);
	json_object_set_string_member(request, "cmd", "spawn");
	json_object_set_array_member(request, "argv", argv);
	json_object_set_int_member(request, "deadline_ms", GUEST_DEADLINE_MS);
	return machine_agent_call(run->at.m, request, attempt_deadline(&run->at, seconds), error);
}

/* run.json "workload": what was asked, and what the program says of it. */
static void note_report(struct run *run, const struct workload_ops *ops, const struct workload *w,
			const struct evidence_workload *e, JsonObject *report)
{
	uint64_t end = w->iova + (w->pages - 1) * w->stride * w->size;
	JsonObject *o = json_object_new();

	json_object_set_string_member(o, "name", w->kind->name);
	json_object_set_string_member(o, "bdf", agent_string(report, "bdf", ""));
	json_object_set_int_member(o, "pages", (gint64)w->pages);
	json_object_set_int_member(o, "stride", (gint64)w->stride);
	json_object_set_int_member(o, "page_bytes", (gint64)w->size);
	json_object_set_int_member(o, "maps", agent_int(report, "maps", 1));
	json_set_hex(o, "first_iova", agent_hex64(report, "first", w->iova));
	json_set_hex(o, "last_iova", agent_hex64(report, "last", end));
	json_object_set_int_member(o, "map_ns", agent_int(report, ops->took, 0));
	json_object_set_boolean_member(o, "dma", e->dma);
	json_object_set_object_member(run->report->extra, "workload", o);
}

/* What the program has reported; false: it is not of what was asked for. */
static bool take_report(struct run *run, const struct workload_ops *ops, const struct workload *w, JsonObject *answer)
{
	JsonObject *report = json_line_object(answer, "report");
	struct evidence_workload e = { .pages = w->pages, .page_bytes = w->size };
	g_autofree char *summary = NULL;

	if (!report || !sid_parse(agent_string(report, "bdf", NULL), &e.sid) || !ops->take(w, report, &e))
		return false;
	g_array_append_val(run->at.ev->workloads, e);
	note_report(run, ops, w, &e, report);
	summary = ops->summary(w, report);
	clock_phase_end(run->at.clock, "%s", summary);
	return true;
}

bool workload_run(struct run *run, GError **error)
{
	struct workload w;
	const struct workload_ops *ops = workload_ops_of(run->at.plan->scenario, &w);
	g_autoptr(JsonObject) answer = NULL;

	if (!ops)
		return true;
	clock_phase(run->at.clock, "map");
	if (!load_modules(run, ops, error))
		return false;
	answer = start(run, ops, &w, error);
	if (!answer)
		return false;
	return take_report(run, ops, &w, answer) ||
	       vtdlab_unjudged(error, "%s: %s does not report the %" PRIu64 " pages that it was asked for",
			       w.kind->name, ops->program, w.pages);
}
