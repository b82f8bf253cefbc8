/* SPDX-License-Identifier: GPL-2.0-only */
/* A recorded run's own account of itself, for a report that is made again. */
#include "base/json-line.h"
#include "base/text.h"
#include "results/run-json-read.h"

static void take(char **to, JsonObject *o, const char *name)
{
	const char *text = o ? json_line_string(o, name, NULL) : NULL;

	if (!text)
		return;
	g_free(*to);
	*to = text_one_line(text);
}

static void take_kernel(struct report_kernel *k, JsonObject *o)
{
	take(&k->spec, o, "spec");
	take(&k->release, o, "release");
	take(&k->sha256, o, "sha256");
	take(&k->config_sha256, o, "config_sha256");
	take(&k->cmdline, o, "cmdline");
	take(&k->build_id, o, "build_id");
	take(&k->describe, o, "describe");
}

void report_environment_read(struct report_environment *env, JsonObject *o)
{
	take(&env->accel, o, "accel");
	take(&env->clock, o, "clock");
	take(&env->qemu, o, "qemu");
	take(&env->qemu_path, o, "qemu_path");
	take(&env->vmm, o, "vmm");
	take(&env->vmm_uri, o, "vmm_uri");
	take(&env->modules, o, "modules");
	take(&env->reference, o, "reference");
	take(&env->host_cpu, o, "host_cpu");
	take(&env->host_kernel, o, "host_kernel");
	take(&env->commit, o, "commit");
	take_kernel(&env->first_kernel, json_line_object(o, "first_kernel"));
	take_kernel(&env->crash_kernel, json_line_object(o, "crash_kernel"));
	env->wall_time_is_hardware_time = json_line_bool(o, "wall_time_is_hardware_time", false);
}

static void take_phase(JsonArray *list, guint i, JsonNode *node, gpointer data)
{
	JsonObject *o = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
	g_autofree char *name = text_one_line(o ? json_line_string(o, "name", "?") : "?");
	struct report_phase *phase = report_add_phase(data, name, o ? json_line_int(o, "start_ns", 0) : 0);

	(void)list;
	(void)i;
	phase->end_ns = o ? json_line_int(o, "end_ns", phase->end_ns) : phase->end_ns;
}

static void take_note(JsonArray *list, guint i, JsonNode *node, gpointer data)
{
	(void)list;
	(void)i;
	if (JSON_NODE_HOLDS_VALUE(node) && json_node_get_string(node))
		report_note(data, "%s", json_node_get_string(node));
}

void run_json_report(const struct run_json *run, struct run_report *report)
{
	JsonObject *env = json_line_object(run->o, "environment");
	JsonObject *settings = json_line_object(run->o, "settings");
	JsonObject *domain = json_line_object(run->o, "domain");
	const char *own = json_line_string(run->o, "scenario_file", NULL);
	JsonArray *phases = json_line_array(run->o, "phases"), *notes = json_line_array(run->o, "notes");
	const char *started = json_line_string(run->o, "started", "");
	GDateTime *when = g_date_time_new_from_iso8601(started, NULL);

	if (when) {
		g_date_time_unref(report->started);
		report->started = when;
	}
	run_json_number(run, "duration_s", &report->duration_s);
	if (env)
		report_environment_read(&report->env, env);
	if (phases)
		json_array_foreach_element(phases, take_phase, report);
	if (notes)
		json_array_foreach_element(notes, take_note, report);
	if (settings)
		json_object_set_object_member(report->extra, "settings", json_object_ref(settings));
	if (domain)
		json_object_set_object_member(report->extra, "domain", json_object_ref(domain));
	if (own)
		json_object_set_string_member(report->extra, "scenario_file", own);
}
