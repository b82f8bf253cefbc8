/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading run.json back. */
#include "results/run-json-read.h"

#include <string.h>

#include "base/error.h"
#include "base/json-line.h"
#include "base/run-file.h"
#include "base/text.h"
#include "results/report.h"

/* Adds up what @path ("kdump/copies/bytes") leads to, over all members of an array; false: nothing is there. */
static bool add_up(JsonNode *node, const char *path, double *sum)
{
	bool any = false;

	if (node && JSON_NODE_HOLDS_ARRAY(node)) {
		JsonArray *list = json_node_get_array(node);

		for (guint i = 0; i < json_array_get_length(list); i++)
			any |= add_up(json_array_get_element(list, i), path, sum);
		return any;
	}
	if (*path) {
		g_autofree char *name = g_strndup(path, strcspn(path, "/"));
		const char *rest = path + strlen(name);

		if (!node || !JSON_NODE_HOLDS_OBJECT(node))
			return false;
		return add_up(json_object_get_member(json_node_get_object(node), name), rest + (*rest == '/'), sum);
	}
	if (!node || !JSON_NODE_HOLDS_VALUE(node))
		return false;
	switch (json_node_get_value_type(node)) {
	case G_TYPE_INT64:
		*sum += (double)json_node_get_int(node);
		return true;
	case G_TYPE_DOUBLE:
		*sum += json_node_get_double(node);
		return true;
	case G_TYPE_BOOLEAN:
		*sum += json_node_get_boolean(node);
		return true;
	default:
		return false;
	}
}

bool run_json_number(const struct run_json *run, const char *path, double *value)
{
	JsonNode *node;
	bool ok;

	/* A run without probes has seen none, which is not to say that there were none. */
	if (strcmp(path, "iova/reserved_ranges") == 0 && g_strcmp0(run->probes, "off") == 0)
		return false;
	node = json_node_new(JSON_NODE_OBJECT);
	json_node_set_object(node, run->o);
	*value = 0;
	ok = add_up(node, path, value);
	json_node_unref(node);
	return ok;
}

static JsonObject *inner(JsonObject *o, const char *name)
{
	return o ? json_line_object(o, name) : NULL;
}

/* Fit to be shown, whatever the file holds; lives as long as @run. */
static const char *shown(const struct run_json *run, const char *text)
{
	g_autofree char *clean = text ? text_one_line(text) : NULL;

	return clean ? g_string_chunk_insert_const(run->texts, clean) : NULL;
}

static const char *text_of(const struct run_json *run, JsonObject *o, const char *name)
{
	return o ? shown(run, json_line_string(o, name, NULL)) : NULL;
}

static void read_checks(struct run_json *run)
{
	JsonNode *node = json_object_get_member(run->o, "checks");
	JsonArray *checks = node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;

	for (guint i = 0; checks && i < json_array_get_length(checks); i++) {
		JsonNode *one = json_array_get_element(checks, i);
		JsonObject *o = JSON_NODE_HOLDS_OBJECT(one) ? json_node_get_object(one) : NULL;
		struct run_json_check check;

		if (!o)
			continue;
		check.name = shown(run, json_line_string(o, "name", "?"));
		/* for readers of other programs, what has no evidence is a skip that says so */
		check.result = json_line_bool(o, "evidence", true) ?
				       check_result_from_name(json_line_string(o, "result", "?")) :
				       CHECK_NO_EVIDENCE;
		check.detail = shown(run, json_line_string(o, "detail", ""));
		check.expect_fail = check_result_from_name(json_line_string(o, "expected", "pass")) == CHECK_FAIL;
		g_array_append_val(run->checks, check);
	}
}

/* @name: of the member that says what was run, and makes it a document of this kind. */
static struct run_json *load(const char *path, const char *file, const char *name, GError **error)
{
	JsonObject *o = run_file_json(path, file, error), *env, *first, *crash;
	struct run_json *run;

	if (!o)
		return NULL;
	if (!run_file_schema(path, o, REPORT_SCHEMA, error)) {
		json_object_unref(o);
		return NULL;
	}
	if (!json_line_string(o, name, NULL)) {
		json_object_unref(o);
		g_set_error(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE, "%s is no %s of a run", path, file);
		return NULL;
	}
	env = inner(o, "environment");
	first = inner(env, "first_kernel");
	crash = inner(env, "crash_kernel");
	run = g_new0(struct run_json, 1);
	run->o = o;
	run->texts = g_string_chunk_new(1024);
	run->scenario = text_of(run, o, name);
	run->outcome_word = text_of(run, o, "outcome");
	if (!outcome_from_name(run->outcome_word, &run->outcome))
		run->outcome = OUTCOMES;
	run->exit = json_line_int(o, "exit", -1);
	run->started = text_of(run, o, "started");
	run->first_release = text_of(run, first, "release");
	run->first_spec = text_of(run, first, "spec");
	run->clock = text_of(run, env, "clock");
	run->accel = text_of(run, env, "accel");
	run->qemu = text_of(run, env, "qemu");
	run->first_sha256 = text_of(run, first, "sha256");
	run->crash_sha256 = text_of(run, crash, "sha256");
	run->crash_release = text_of(run, crash, "release");
	run->crash_cmdline = text_of(run, crash, "cmdline");
	run->probes = text_of(run, inner(o, "timing"), "probes");
	run->checks = g_array_new(FALSE, FALSE, sizeof(struct run_json_check));
	read_checks(run);
	return run;
}

struct run_json *run_json_load(const char *path, GError **error)
{
	return load(path, "run.json", "scenario", error);
}

struct run_json *run_json_load_bench(const char *path, GError **error)
{
	struct run_json *run = load(path, "bench.json", "bench", error);

	if (!run)
		return NULL;
	run->bench = true;
	run->started = text_of(run, run->o, "finished");
	return run;
}

char *run_json_settings(const struct run_json *run)
{
	/* the kernel is the crash kernel's release, and runs of other clocks are not compared at all */
	static const char *const told[] = { "crash.kernel", "machine.accel", "machine.clock", NULL };
	JsonObject *settings = inner(run->o, "settings");
	g_autoptr(GList) keys = settings ? json_object_get_members(settings) : NULL;
	GString *out = g_string_new(NULL);

	keys = g_list_sort(keys, (GCompareFunc)strcmp);
	for (GList *at = keys; at; at = at->next) {
		const char *value = text_of(run, settings, at->data);

		if (g_strv_contains(told, at->data) ||
		    (strcmp(at->data, "first.kernel") == 0 && !text_of(run, settings, "crash.kernel")))
			continue;
		g_string_append_printf(out, "%s%s=%s", out->len ? " " : "", shown(run, at->data), value ? value : "?");
	}
	return g_string_free(out, FALSE);
}

void run_json_free(struct run_json *run)
{
	if (!run)
		return;
	g_array_unref(run->checks);
	json_object_unref(run->o);
	g_string_chunk_free(run->texts);
	g_free(run);
}

const struct run_json_check *run_json_check(const struct run_json *run, const char *name)
{
	for (guint i = 0; i < run->checks->len; i++) {
		const struct run_json_check *check = &g_array_index(run->checks, struct run_json_check, i);

		if (strcmp(check->name, name) == 0)
			return check;
	}
	return NULL;
}

bool run_json_unexpected(const struct run_json_check *check)
{
	return check->result == CHECK_FAIL && !check->expect_fail;
}
