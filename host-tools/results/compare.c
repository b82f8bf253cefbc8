/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads the run.json of runs and sorts them into columns; the rows that are compared. */
#include "results/compare-priv.h"

#include <string.h>

#include "base/cmdline.h"
#include "base/error.h"
#include "base/json-line.h"

#define MAX_BYTES (64 << 20)

const struct compare_row compare_rows[] = {
	{ "requesters at the panic", COMPARE_COUNT, "iova/requesters", NULL, NULL },
	{ "leaves at the panic", COMPARE_COUNT, "iova/leaves", NULL, NULL },
	{ "ranges at the panic", COMPARE_COUNT, "iova/ranges", NULL, NULL },
	{ "copy, by probes", COMPARE_NS, "timing/copy_ns", NULL, NULL },
	{ "copy, by the kernel", COMPARE_NS, "kdump/copies/t_total_ns", NULL, NULL },
	{ "  of it: scan", COMPARE_NS, "kdump/copies/t_scan_ns", NULL, NULL },
	{ "  of it: copy", COMPARE_NS, "kdump/copies/t_copy_ns", NULL, NULL },
	{ "reservation", COMPARE_NS, "kdump/reserve/t_ns", NULL, NULL },
	{ "graft", COMPARE_NS, "kdump/graft/t_ns", NULL, NULL },
	{ "IOMMU's initialisation", COMPARE_NS, "timing/init_ns", NULL, NULL },
	{ "boot of the crash kernel", COMPARE_NS, "timing/crash/boot_ns", NULL, NULL },
	{ "memory of the copy", COMPARE_BYTES, "kdump/copies/bytes", NULL, NULL },
	{ "ranges reserved", COMPARE_COUNT, "kdump/reserve/ranges", NULL, NULL },
	{ "  by probes", COMPARE_COUNT, "iova/reserved_ranges", "iova/reserved_standing", NULL },
	{ "IOVA pages retargeted", COMPARE_COUNT, "iova/retargeted", NULL, NULL },
	{ "late DMA: in its old place", COMPARE_COUNT, "late_dma/old_place", NULL, NULL },
	{ "late DMA: a fault", COMPARE_COUNT, "late_dma/fault", NULL, NULL },
	{ "late DMA: elsewhere", COMPARE_COUNT, "late_dma/elsewhere", NULL, NULL },
	{ "DMA landed before the copy", COMPARE_COUNT, "dma/landed_before_copy", NULL, NULL },
	{ "DMA landed after the copy", COMPARE_COUNT, "dma/landed_after_copy", NULL, NULL },
	{ "DMA lost", COMPARE_COUNT, "dma/lost", NULL, NULL },
	{ "DMA misplaced", COMPARE_COUNT, "dma/misplaced", NULL, NULL },
	{ "faults before the attach", COMPARE_COUNT, "faults/before_attach", NULL, NULL },
	{ "faults after the attach", COMPARE_COUNT, "faults/after_attach", NULL, NULL },
	{ "devices that work", COMPARE_COUNT, "devices/works", NULL, "devices/used" },
	{ NULL, COMPARE_COUNT, NULL, NULL, NULL },
};

static void run_free(void *p)
{
	struct compare_run *run = p;

	json_object_unref(run->o);
	g_free(run->path);
	g_free(run->outcome);
	g_free(run->failed);
	g_free(run);
}

static void column_free(void *p)
{
	struct compare_column *column = p;

	g_free(column->name);
	g_ptr_array_unref(column->runs);
	g_free(column);
}

struct compare *compare_new(void)
{
	struct compare *c = g_new0(struct compare, 1);

	c->columns = g_ptr_array_new_with_free_func(column_free);
	return c;
}

void compare_free(struct compare *c)
{
	if (!c)
		return;
	g_ptr_array_unref(c->columns);
	g_free(c->clock);
	g_free(c->accel);
	g_free(c->first_path);
	g_free(c);
}

unsigned compare_columns(const struct compare *c)
{
	return c->columns->len;
}

static const char *text_member(JsonObject *o, const char *name)
{
	JsonNode *node = o ? json_object_get_member(o, name) : NULL;

	return node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING ?
		       json_node_get_string(node) :
		       NULL;
}

static JsonObject *object_member(JsonObject *o, const char *name)
{
	JsonNode *node = o ? json_object_get_member(o, name) : NULL;

	return node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

/* ---- numbers ---- */

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

bool compare_value(const struct compare_run *run, const char *path, const char *minus, double *value)
{
	JsonNode *node = json_node_new(JSON_NODE_OBJECT);
	double less = 0;
	bool ok;

	/* A run without probes has seen none, which is not to say that there were none. */
	if (strcmp(path, "iova/reserved_ranges") == 0 &&
	    g_strcmp0(text_member(object_member(run->o, "timing"), "probes"), "off") == 0)
		return false;
	*value = 0;
	json_node_set_object(node, run->o);
	ok = add_up(node, path, value);
	if (ok && minus && add_up(node, minus, &less))
		*value -= less;
	json_node_unref(node);
	return ok;
}

/* ---- columns ---- */

static struct compare_column *column_of(struct compare *c, const char *name)
{
	struct compare_column *column;

	for (guint i = 0; i < c->columns->len; i++) {
		column = c->columns->pdata[i];
		if (strcmp(column->name, name) == 0)
			return column;
	}
	column = g_new0(struct compare_column, 1);
	column->name = g_strdup(name);
	column->runs = g_ptr_array_new_with_free_func(run_free);
	g_ptr_array_add(c->columns, column);
	return column;
}

static char *failed_checks(JsonObject *o)
{
	JsonArray *checks = json_line_array(o, "checks");
	GString *out = g_string_new(NULL);

	for (guint i = 0; checks && i < json_array_get_length(checks); i++) {
		JsonNode *one = json_array_get_element(checks, i);
		JsonObject *check = JSON_NODE_HOLDS_OBJECT(one) ? json_node_get_object(one) : NULL;

		if (g_strcmp0(text_member(check, "result"), "fail") == 0)
			g_string_append_printf(out, "%s%s", out->len ? ", " : "",
					       text_member(check, "name") ? text_member(check, "name") : "?");
	}
	return g_string_free(out, FALSE);
}

static JsonObject *read_run(const char *path, GError **error)
{
	g_autofree char *file =
		g_file_test(path, G_FILE_TEST_IS_DIR) ? g_build_filename(path, "run.json", NULL) : g_strdup(path);
	g_autoptr(GError) why = NULL;
	g_autofree char *text = NULL;
	JsonObject *run;
	gsize len;

	if (!g_file_get_contents(file, &text, &len, &why)) {
		g_set_error(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE, "%s: no run: %s", path, why->message);
		return NULL;
	}
	run = len <= MAX_BYTES ? json_line_parse(text, len) : NULL;
	if (run && text_member(run, "scenario"))
		return run;
	if (run)
		json_object_unref(run);
	g_set_error(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE, "%s is no run.json of a run", file);
	return NULL;
}

/* Times of one clock say nothing about those of another. */
static bool same_time(struct compare *c, JsonObject *env, const char *path, GError **error)
{
	const char *clock = text_member(env, "clock"), *accel = text_member(env, "accel");

	if (!clock || !accel) {
		g_set_error(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE,
			    "%s: its run.json names no clock and accelerator: it has not run a machine", path);
		return false;
	}
	if (!c->clock) {
		c->clock = g_strdup(clock);
		c->accel = g_strdup(accel);
		c->first_path = g_strdup(path);
	}
	if (strcmp(c->clock, clock) == 0 && strcmp(c->accel, accel) == 0)
		return true;
	g_set_error(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE,
		    "%s ran with clock %s under %s, %s with clock %s under %s: times of these cannot be compared",
		    c->first_path, c->clock, c->accel, path, clock, accel);
	return false;
}

bool compare_add(struct compare *c, const char *path, GError **error)
{
	JsonObject *o = read_run(path, error), *env, *crash;
	g_autofree char *mode = NULL, *name = NULL;
	struct compare_run *run;
	const char *release;

	if (!o)
		return false;
	env = object_member(o, "environment");
	if (!same_time(c, env, path, error)) {
		json_object_unref(o);
		return false;
	}
	crash = object_member(env, "crash_kernel");
	mode = cmdline_value(text_member(crash, "cmdline"), "intel_iommu_kdump");
	if (!mode)
		mode = g_strdup("off"); /* mainline's */
	release = text_member(crash, "release");
	name = g_strdup_printf("%s, %s %s", text_member(o, "scenario"), release ? release : "?", mode);
	for (char *p = name; *p; p++) /* it goes to a terminal */
		if (!g_ascii_isprint(*p) || *p == '|')
			*p = '?';
	run = g_new0(struct compare_run, 1);
	run->o = o;
	run->path = g_strdup(path);
	run->outcome = g_strdup(text_member(o, "outcome") ? text_member(o, "outcome") : "?");
	run->failed = failed_checks(o);
	g_ptr_array_add(column_of(c, name)->runs, run);
	return true;
}
