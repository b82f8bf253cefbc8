/* SPDX-License-Identifier: GPL-2.0-only */
/* run.json: the report for programs. Schema 1; keys may be added, no meaning ever changes. */
#include <math.h>

#include "base/json-line.h"
#include "results/version.h"
#include "results/report.h"

static void set_string(JsonObject *o, const char *name, const char *value)
{
	if (value) {
		g_autofree char *valid = g_utf8_make_valid(value, -1);

		json_object_set_string_member(o, name, valid);
	} else {
		json_object_set_null_member(o, name);
	}
}

/* Members of @extra that @o does not have yet: what the report says itself is never overridden. */
static void add_extra(JsonObject *o, JsonObject *extra)
{
	JsonObjectIter iter;
	const char *name;
	JsonNode *node;

	json_object_iter_init(&iter, extra);
	while (json_object_iter_next(&iter, &name, &node))
		if (!json_object_has_member(o, name))
			json_object_set_member(o, name, json_node_copy(node));
}

static JsonArray *checks_json(const struct run_report *r)
{
	JsonArray *out = json_array_new();

	for (guint i = 0; i < r->verdict->rows->len; i++) {
		const struct verdict_row *row = r->verdict->rows->pdata[i];
		JsonObject *o = json_object_new();
		bool none = row->result == CHECK_NO_EVIDENCE;

		set_string(o, "name", row->name);
		set_string(o, "result", none ? "skip" : check_result_name(row->result));
		set_string(o, "expected", row->expect_fail ? "fail" : "pass");
		set_string(o, "detail", row->detail);
		set_string(o, "outcome_if_failed", outcome_name(row->outcome));
		if (none)
			json_object_set_boolean_member(o, "evidence", FALSE);
		json_array_add_object_element(out, o);
	}
	return out;
}

static JsonArray *phases_json(const struct run_report *r)
{
	JsonArray *out = json_array_new();

	for (guint i = 0; i < r->phases->len; i++) {
		const struct report_phase *p = r->phases->pdata[i];
		JsonObject *o = json_object_new();

		set_string(o, "name", p->name);
		json_object_set_int_member(o, "start_ns", p->start_ns);
		if (p->end_ns >= p->start_ns)
			json_object_set_int_member(o, "end_ns", p->end_ns);
		json_array_add_object_element(out, o);
	}
	return out;
}

static JsonObject *iova_json(const struct report_iova *iova)
{
	JsonObject *o = json_object_new();

	json_object_set_int_member(o, "requesters", iova->requesters);
	json_object_set_int_member(o, "leaves", iova->leaves);
	json_object_set_int_member(o, "ranges", iova->ranges);
	json_object_set_int_member(o, "reserved_ranges", iova->reserved_ranges);
	json_object_set_int_member(o, "reserved_standing", iova->reserved_standing);
	json_object_set_int_member(o, "reserved_ranges_first", iova->reserved_ranges_first);
	json_object_set_int_member(o, "reserved_standing_first", iova->reserved_standing_first);
	json_object_set_int_member(o, "retargeted", iova->retargeted);
	return o;
}

static JsonObject *kernel_json(const struct report_kernel *k)
{
	JsonObject *o = json_object_new();

	set_string(o, "spec", k->spec);
	set_string(o, "release", k->release);
	set_string(o, "sha256", k->sha256);
	set_string(o, "config_sha256", k->config_sha256);
	set_string(o, "cmdline", k->cmdline);
	set_string(o, "image", k->image);
	set_string(o, "build_id", k->build_id);
	set_string(o, "describe", k->describe);
	return o;
}

JsonObject *report_environment_json(const struct report_environment *env)
{
	JsonObject *o = json_object_new();

	set_string(o, "accel", env->accel);
	set_string(o, "clock", env->clock);
	set_string(o, "qemu", env->qemu);
	set_string(o, "qemu_path", env->qemu_path);
	set_string(o, "vmm", env->vmm);
	if (env->vmm_uri)
		set_string(o, "vmm_uri", env->vmm_uri);
	set_string(o, "modules", env->modules);
	set_string(o, "reference", env->reference);
	if (env->shortcuts)
		set_string(o, "shortcuts", env->shortcuts);
	json_object_set_object_member(o, "first_kernel", kernel_json(&env->first_kernel));
	json_object_set_object_member(o, "crash_kernel", kernel_json(&env->crash_kernel));
	if (env->has_caps) {
		json_set_hex(o, "cap", env->cap);
		json_set_hex(o, "ecap", env->ecap);
	}
	set_string(o, "host_cpu", env->host_cpu);
	set_string(o, "host_kernel", env->host_kernel);
	set_string(o, "commit", env->commit);
	json_object_set_boolean_member(o, "wall_time_is_hardware_time", env->wall_time_is_hardware_time);
	return o;
}

char *report_json(const struct run_report *r)
{
	g_autoptr(JsonObject) o = json_object_new();
	g_autofree char *started = g_date_time_format_iso8601(r->started);

	json_object_set_int_member(o, "schema", REPORT_SCHEMA);
	set_string(o, "tool", "vtdlab " VTDLAB_VERSION);
	set_string(o, "scenario", r->scenario);
	set_string(o, "title", r->title);
	set_string(o, "started", started);
	json_object_set_double_member(o, "duration_s", round(r->duration_s * 1000) / 1000);
	set_string(o, "outcome", outcome_name(r->verdict->outcome));
	json_object_set_int_member(o, "exit", r->verdict->exit);
	set_string(o, "verdict", r->verdict->words);
	json_object_set_array_member(o, "checks", checks_json(r));
	json_object_set_array_member(o, "phases", phases_json(r));
	if (r->iova.known)
		json_object_set_object_member(o, "iova", iova_json(&r->iova));
	json_object_set_object_member(o, "environment", report_environment_json(&r->env));
	if (r->notes->len) {
		JsonArray *notes = json_array_new();

		for (guint i = 0; i < r->notes->len; i++)
			json_array_add_string_element(notes, r->notes->pdata[i]);
		json_object_set_array_member(o, "notes", notes);
	}
	add_extra(o, r->extra);
	return json_text(o, true);
}
