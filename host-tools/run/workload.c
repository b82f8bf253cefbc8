/* SPDX-License-Identifier: GPL-2.0-only */
/* The program of first.workload: started by the agent, and what it reports. */
#include "run/run-priv.h"

#include <inttypes.h>

#include "base/error.h"
#include "machine/guest-kvm.h"
#include "conf/workload.h"

#define DMA_LOAD "/sbin/dma-load"
#define KVMPERF "/sbin/kvmperf"
/* Of an idle host with KVM; the machine's scale comes on top. */
#define SECONDS_BASE 15.0
#define SECONDS_A_MAP 40e-6
/* The host's own deadline is the one that counts: the guest only must not be without any. */
#define GUEST_DEADLINE_MS 3600000
#define GUEST_SECONDS "86400"

static bool load_modules(struct run *run, const struct workload *w, GError **error)
{
	const char *kvm = NULL;

	if (w->nested) {
		kvm = machine_guest_kvm(run->m, run_deadline(run, 10), error);
		if (!kvm || !run_modprobe(run, kvm, error))
			return false;
	}
	return run_modprobe(run, "vfio_iommu_type1", error) && run_modprobe(run, "vfio_pci", error);
}

/* ---- what is started ---- */

static void add_number(JsonArray *argv, const char *name, uint64_t value)
{
	g_autofree char *text = g_strdup_printf("%s=%" PRIu64, name, value);

	json_array_add_string_element(argv, text);
}

static void add_words(JsonArray *argv, const char *const *words)
{
	for (; *words; words++)
		json_array_add_string_element(argv, *words);
}

static JsonArray *command(const struct workload *w)
{
	g_autofree char *memory = g_strdup_printf("%" PRIu64 "K", w->pages * w->size / 1024);
	JsonArray *argv = json_array_new();

	if (w->nested) {
		add_words(argv, (const char *const[]){ KVMPERF, "vfio-dma", "--json", "--hold", GUEST_SECONDS,
						       "--deadline", GUEST_SECONDS, "--memory", memory, "--backing",
						       w->size == 4096 ? "anon" : "hugetlb-2m", NULL });
		return argv;
	}
	json_array_add_string_element(argv, DMA_LOAD);
	add_number(argv, "pages", w->pages);
	add_number(argv, "stride", w->stride);
	add_number(argv, "iova", w->iova);
	json_array_add_string_element(argv, w->size == 4096 ? "size=4k" : "size=2m");
	return argv;
}

static JsonObject *start(struct run *run, const struct workload *w, GError **error)
{
	JsonObject *request = json_object_new(), *answer;
	double seconds = SECONDS_BASE + (double)w->pages * (double)(w->size / 4096) * SECONDS_A_MAP;

	json_object_set_string_member(request, "cmd", "spawn");
	json_object_set_array_member(request, "argv", command(w));
	json_object_set_int_member(request, "deadline_ms", GUEST_DEADLINE_MS);
	answer = machine_agent_call(run->m, request, run_deadline(run, seconds), error);
	json_object_unref(request);
	return answer;
}

/* ---- what it reports ---- */

/* run.json "workload": what was asked, and what the program says of it. */
static void note_report(struct run *run, const struct workload *w, JsonObject *report)
{
	uint64_t bytes = w->pages * w->size, end = w->nested ? bytes - w->size : 0;
	g_autofree char *first = g_strdup_printf("0x%" PRIx64, agent_hex64(report, "first", 0));
	g_autofree char *last = g_strdup_printf("0x%" PRIx64, agent_hex64(report, "last", end));
	JsonObject *o = json_object_new();

	json_object_set_string_member(o, "name", w->name);
	json_object_set_string_member(o, "bdf", agent_string(report, "bdf", ""));
	json_object_set_int_member(o, "pages", (gint64)w->pages);
	json_object_set_int_member(o, "stride", (gint64)w->stride);
	json_object_set_int_member(o, "page_bytes", (gint64)w->size);
	json_object_set_int_member(o, "maps", agent_int(report, "maps", 1));
	json_object_set_string_member(o, "first_iova", first);
	json_object_set_string_member(o, "last_iova", last);
	json_object_set_int_member(o, "map_ns", agent_int(report, w->nested ? "map_ns" : "ns", 0));
	json_object_set_boolean_member(o, "dma", agent_bool(report, "dma", w->nested));
	json_object_set_object_member(run->report->extra, "workload", o);
}

/* For the checks; false: the report is not of what was asked for. */
static bool note_evidence(struct run *run, const struct workload *w, JsonObject *report)
{
	struct evidence_workload e = { .nested = w->nested, .pages = w->pages, .page_bytes = w->size };

	if (!sid_parse(agent_string(report, "bdf", NULL), &e.sid))
		return false;
	if (w->nested) {
		if ((uint64_t)agent_int(report, "bytes", 0) != w->pages * w->size ||
		    (uint64_t)agent_int(report, "page", 0) != w->size)
			return false;
		e.dma = true;
		e.mark = agent_hex64(report, "mark", 0);
		e.copies_at = agent_hex64(report, "copies_at", 0);
	} else {
		if (agent_int(report, "pages", 0) != (int64_t)w->pages)
			return false;
		e.dma = agent_bool(report, "dma", false);
	}
	g_array_append_val(run->ev->workloads, e);
	return true;
}

static void end_phase(struct run *run, const struct workload *w, JsonObject *report)
{
	if (w->nested)
		run_phase_end(run, "L2 with %" PRIu64 " MiB, assigned in %.2f s", w->pages * w->size >> 20,
			      (double)agent_int(report, "map_ns", 0) / 1e9);
	else
		run_phase_end(run, "%" PRIu64 " pages in %" PRId64 " maps, %.2f s", w->pages,
			      agent_int(report, "maps", 0), (double)agent_int(report, "ns", 0) / 1e9);
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
	if (!load_modules(run, &w, error))
		return false;
	answer = start(run, &w, error);
	if (!answer)
		return false;
	member = json_object_get_member(answer, "report");
	report = member && JSON_NODE_HOLDS_OBJECT(member) ? json_node_get_object(member) : NULL;
	ok = report && note_evidence(run, &w, report);
	if (ok) {
		note_report(run, &w, report);
		end_phase(run, &w, report);
	} else {
		g_set_error(error, VTDLAB_ERROR, VTDLAB_ERROR_CANNOT_JUDGE,
			    "%s: %s does not report the %" PRIu64 " pages that it was asked for", w.name,
			    w.nested ? KVMPERF : DMA_LOAD, w.pages);
	}
	json_object_unref(answer);
	return ok;
}
