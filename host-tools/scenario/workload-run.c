/* SPDX-License-Identifier: GPL-2.0-only */
/* The program of first.workload: started by the agent, and what it reports. */
#include "scenario/run-priv.h"

#include <inttypes.h>

#include "base/error.h"
#include "scenario/workload.h"

#define PROGRAM "/sbin/dma-load"
/* Of an idle host with KVM; the machine's scale comes on top. */
#define SECONDS_BASE 15.0
#define SECONDS_A_MAP 40e-6
/* The host's own deadline is the one that counts: the guest only must not be without any. */
#define GUEST_DEADLINE_MS 3600000

static bool load_modules(struct run *run, GError **error)
{
	static const char *const names[] = {"vfio_iommu_type1", "vfio_pci"};

	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
		JsonObject *answer = machine_agent(run->m, run_deadline(run, 10), error, "modprobe",
						   "name", MACHINE_STR, names[i], NULL);

		if (!answer)
			return false;
		json_object_unref(answer);
	}
	return true;
}

static void add_argument(JsonArray *argv, const char *name, uint64_t value)
{
	g_autofree char *text = g_strdup_printf("%s=%" PRIu64, name, value);

	json_array_add_string_element(argv, text);
}

static JsonObject *start(struct run *run, const struct workload *w, GError **error)
{
	JsonObject *request = json_object_new(), *answer;
	JsonArray *argv = json_array_new();
	double seconds = SECONDS_BASE + (double)w->pages * (double)(w->size / 4096) * SECONDS_A_MAP;

	json_array_add_string_element(argv, PROGRAM);
	add_argument(argv, "pages", w->pages);
	add_argument(argv, "stride", w->stride);
	add_argument(argv, "iova", w->iova);
	json_array_add_string_element(argv, w->size == 4096 ? "size=4k" : "size=2m");
	json_object_set_string_member(request, "cmd", "spawn");
	json_object_set_array_member(request, "argv", argv);
	json_object_set_int_member(request, "deadline_ms", GUEST_DEADLINE_MS);
	answer = machine_agent_call(run->m, request, run_deadline(run, seconds), error);
	json_object_unref(request);
	return answer;
}

/* run.json "workload": what was asked, and what the program says of it. */
static void note_report(struct run *run, const struct workload *w, JsonObject *report)
{
	JsonObject *o = json_object_new();
	g_autofree char *first = g_strdup_printf("%#" PRIx64, agent_hex64(report, "first", 0));
	g_autofree char *last = g_strdup_printf("%#" PRIx64, agent_hex64(report, "last", 0));

	json_object_set_string_member(o, "name", w->name);
	json_object_set_string_member(o, "bdf", agent_string(report, "bdf", ""));
	json_object_set_int_member(o, "pages", (gint64)w->pages);
	json_object_set_int_member(o, "stride", (gint64)w->stride);
	json_object_set_int_member(o, "page_bytes", (gint64)w->size);
	json_object_set_int_member(o, "maps", agent_int(report, "maps", 0));
	json_object_set_string_member(o, "first_iova", first);
	json_object_set_string_member(o, "last_iova", last);
	json_object_set_int_member(o, "map_ns", agent_int(report, "ns", 0));
	json_object_set_boolean_member(o, "dma", agent_bool(report, "dma", false));
	json_object_set_object_member(run->report->extra, "workload", o);
}

bool workload_run(struct run *run, GError **error)
{
	JsonObject *answer, *report;
	struct workload w;
	JsonNode *member;
	bool ok;

	if (!workload_parse(run->sc->first.workload, &w, error))
		return false;
	if (!w.name)
		return true;
	run_phase(run, "map");
	if (!load_modules(run, error))
		return false;
	answer = start(run, &w, error);
	if (!answer)
		return false;
	member = json_object_get_member(answer, "report");
	report = member && JSON_NODE_HOLDS_OBJECT(member) ? json_node_get_object(member) : NULL;
	ok = report && agent_int(report, "pages", 0) == (int64_t)w.pages;
	if (ok) {
		note_report(run, &w, report);
		run_phase_end(run, "%" PRIu64 " pages in %" PRId64 " maps, %.2f s", w.pages,
			      agent_int(report, "maps", 0),
			      (double)agent_int(report, "ns", 0) / 1e9);
	} else {
		g_set_error(error, VTDLAB_ERROR, VTDLAB_ERROR_CANNOT_JUDGE,
			    "%s: %s does not report the %" PRIu64 " pages that it was asked for",
			    w.name, PROGRAM, w.pages);
	}
	json_object_unref(answer);
	return ok;
}
