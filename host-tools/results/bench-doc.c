/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading bench.json and kvmperf's document: all of it is input from a guest. */
#include "results/bench-doc.h"

#include <string.h>

#include "base/error.h"
#include "base/json-line.h"
#include "base/run-file.h"
#include "base/stats.h"

#define TESTS_MAX 1000u
#define NAMES_MAX 1000u
#define ROUNDS_MAX 10000u
#define TEXT_MAX 400

static const char *const result_names[] = { "pass", "fail", "skip" };

/* Sets the error and returns false: "WHERE: what". */
static bool wrong(GError **error, const char *where, const char *format, ...) G_GNUC_PRINTF(3, 4);

static bool wrong(GError **error, const char *where, const char *format, ...)
{
	g_autofree char *what = NULL;
	va_list args;

	va_start(args, format);
	what = g_strdup_vprintf(format, args);
	va_end(args);
	return vtdlab_unjudged(error, "kvmperf's document: %s%s%s", where, *where ? ": " : "", what);
}

/* ---- plain JSON ---- */

JsonObject *bench_json(const char *text, gsize len, GError **error)
{
	JsonObject *object = len <= BENCH_BYTES_MAX ? json_line_parse(text, len) : NULL;

	if (len > BENCH_BYTES_MAX)
		wrong(error, "", "more than %u MiB", BENCH_BYTES_MAX >> 20);
	else if (!object)
		wrong(error, "", "no JSON object in UTF-8, or nested deeper than %d levels", JSON_LINE_DEPTH_MAX);
	return object;
}

/* It goes to a terminal. */
static char *clean(const char *text)
{
	char *copy = g_strndup(text, TEXT_MAX);

	for (char *p = copy; *p; p++)
		if (!g_ascii_isprint(*p))
			*p = '?';
	return copy;
}

/* A copy fit for a terminal; NULL where there is no such string. */
static char *text_of(JsonObject *o, const char *name)
{
	const char *text = json_line_string(o, name, NULL);

	return text ? clean(text) : NULL;
}

/* A number that is none, or below zero, is not there. */
static bool number_of(JsonNode *node, uint64_t *value)
{
	if (!node || !JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_INT64 ||
	    json_node_get_int(node) < 0)
		return false;
	*value = (uint64_t)json_node_get_int(node);
	return true;
}

/* ---- the parts of a test ---- */

static void series_free(void *p)
{
	struct bench_series *s = p;

	g_free(s->name);
	g_array_unref(s->runs);
	g_free(s);
}

static void option_free(void *p)
{
	struct bench_option *o = p;

	g_free(o->name);
	g_free(o->value);
	g_free(o);
}

static void latency_free(void *p)
{
	struct bench_latency *l = p;

	g_free(l->name);
	g_free(l);
}

static void counter_free(void *p)
{
	struct bench_counter *c = p;

	g_free(c->name);
	g_free(c);
}

static void test_free(void *p)
{
	struct bench_test *t = p;

	g_free(t->name);
	g_free(t->reason);
	g_ptr_array_unref(t->options);
	g_ptr_array_unref(t->counts);
	g_ptr_array_unref(t->steps);
	g_ptr_array_unref(t->latencies);
	g_ptr_array_unref(t->kvm);
	g_free(t);
}

static bool name_ok(const char *name)
{
	size_t len = strlen(name);

	return len && len <= 64 && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_") == len;
}

/* The rounds of @name into @list. */
static bool add_series(GPtrArray *list, const char *where, const char *name, JsonArray *runs, GError **error)
{
	struct bench_series *s;
	g_autoptr(GArray) sorted = NULL;
	guint n = runs ? json_array_get_length(runs) : 0;

	if (!name_ok(name) || list->len >= NAMES_MAX)
		return wrong(error, where, "a name of a figure that is none");
	if (!n || n > ROUNDS_MAX)
		return wrong(error, where, "%s has %s", name, n ? "too many rounds" : "no rounds");
	s = g_new0(struct bench_series, 1);
	s->name = g_strdup(name);
	s->runs = g_array_sized_new(FALSE, FALSE, sizeof(uint64_t), n);
	g_ptr_array_add(list, s);
	for (guint i = 0; i < n; i++) {
		uint64_t value;

		if (!number_of(json_array_get_element(runs, i), &value))
			return wrong(error, where, "%s, round %u: no number from 0 on", name, i + 1);
		g_array_append_val(s->runs, value);
	}
	sorted = g_array_copy(s->runs);
	s->median = stats_median_u64((uint64_t *)(void *)sorted->data, n);
	s->min = g_array_index(sorted, uint64_t, 0);
	s->max = g_array_index(sorted, uint64_t, n - 1);
	return true;
}

/* What the guest says of its rounds has to be what they say. */
static bool same(const struct bench_series *s, JsonObject *said, const char *where, GError **error)
{
	const struct {
		const char *name;
		uint64_t value;
	} all[] = { { "median", s->median }, { "min", s->min }, { "max", s->max } };

	for (unsigned i = 0; i < G_N_ELEMENTS(all); i++) {
		uint64_t value;

		if (!number_of(json_object_get_member(said, all[i].name), &value) || value != all[i].value)
			return wrong(error, where, "%s: its %s is not that of its rounds", s->name, all[i].name);
	}
	return true;
}

/* Counts are lists of rounds; a step has one, and says what it comes to. */
static bool take_series(struct bench_test *t, GPtrArray *list, JsonObject *from, GError **error)
{
	g_autoptr(GList) names = from ? json_object_get_members(from) : NULL;

	for (GList *at = names; at; at = at->next) {
		JsonObject *step = list == t->steps ? json_line_object(from, at->data) : NULL;
		JsonArray *runs = list == t->steps ? json_line_array(step, "runs") : json_line_array(from, at->data);

		if (!add_series(list, t->name, at->data, runs, error) ||
		    (step && !same(list->pdata[list->len - 1], step, t->name, error)))
			return false;
	}
	return true;
}

static char *option_text(JsonNode *node)
{
	if (!node || !JSON_NODE_HOLDS_VALUE(node))
		return NULL;
	switch (json_node_get_value_type(node)) {
	case G_TYPE_INT64:
		return g_strdup_printf("%" G_GINT64_FORMAT, json_node_get_int(node));
	case G_TYPE_BOOLEAN:
		return g_strdup(json_node_get_boolean(node) ? "yes" : "no");
	case G_TYPE_STRING:
		return clean(json_node_get_string(node));
	default:
		return NULL;
	}
}

static bool take_options(struct bench_test *t, JsonObject *options, GError **error)
{
	g_autoptr(GList) names = options ? json_object_get_members(options) : NULL;

	if (!options)
		return wrong(error, t->name, "no options");
	for (GList *at = names; at; at = at->next) {
		JsonNode *node = json_object_get_member(options, at->data);
		struct bench_option *o;

		if (!name_ok(at->data) || t->options->len >= NAMES_MAX)
			return wrong(error, t->name, "a name of an option that is none");
		o = g_new0(struct bench_option, 1);
		o->name = g_strdup(at->data);
		o->value = option_text(node);
		g_ptr_array_add(t->options, o);
		if (!o->value)
			return wrong(error, t->name, "option %s has no plain value", o->name);
		if (strcmp(o->name, "vcpus") == 0 && !number_of(node, &t->vcpus))
			return wrong(error, t->name, "vcpus is no number");
	}
	return true;
}

static bool take_result(struct bench_test *t, JsonObject *o, GError **error)
{
	g_autofree char *result = text_of(o, "result");
	unsigned i = 0;

	while (i < G_N_ELEMENTS(result_names) && g_strcmp0(result, result_names[i]) != 0)
		i++;
	if (i == G_N_ELEMENTS(result_names))
		return wrong(error, t->name, "its result is none of pass, fail and skip");
	t->result = (enum bench_result)i;
	t->reason = text_of(o, "reason");
	if (!t->reason)
		t->reason = g_strdup("");
	/* Nothing measured is no success, and what was not verified is no number. */
	if (t->result == BENCH_PASS && !t->steps->len)
		return wrong(error, t->name, "passed without a figure");
	if (t->result != BENCH_PASS && t->steps->len)
		return wrong(error, t->name, "figures of a test that did not pass");
	return true;
}

/* Histograms and counters are shown, not judged: one that is none is left out. */
static void take_latencies(struct bench_test *t, JsonObject *from)
{
	g_autoptr(GList) names = from ? json_object_get_members(from) : NULL;

	for (GList *at = names; at && t->latencies->len < NAMES_MAX; at = at->next) {
		JsonObject *o = json_line_object(from, at->data);
		struct bench_latency l = { 0 }, *copy;

		if (!o || !name_ok(at->data) || !number_of(json_object_get_member(o, "count"), &l.count) ||
		    !number_of(json_object_get_member(o, "p50"), &l.p50) ||
		    !number_of(json_object_get_member(o, "p90"), &l.p90) ||
		    !number_of(json_object_get_member(o, "p99"), &l.p99) ||
		    !number_of(json_object_get_member(o, "max"), &l.max))
			continue;
		copy = g_memdup2(&l, sizeof(l));
		copy->name = g_strdup(at->data);
		g_ptr_array_add(t->latencies, copy);
	}
}

static void take_counters(struct bench_test *t, JsonObject *from)
{
	g_autoptr(GList) names = from ? json_object_get_members(from) : NULL;

	for (GList *at = names; at && t->kvm->len < NAMES_MAX; at = at->next) {
		struct bench_counter *c;
		uint64_t value;

		if (!number_of(json_object_get_member(from, at->data), &value))
			continue;
		c = g_new0(struct bench_counter, 1);
		c->name = clean(at->data);
		c->value = value;
		g_ptr_array_add(t->kvm, c);
	}
}

static bool take_test(struct bench_doc *doc, JsonNode *node, guint number, GError **error)
{
	JsonObject *o = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
	g_autofree char *name = text_of(o, "name"), *where = g_strdup_printf("test %u", number);
	struct bench_test *t;

	if (!name || !name_ok(name))
		return wrong(error, where, "it has no name");
	t = g_new0(struct bench_test, 1);
	t->name = g_steal_pointer(&name);
	if (!number_of(json_object_get_member(o, "elapsed_ns"), &t->elapsed_ns))
		t->elapsed_ns = 0;
	t->options = g_ptr_array_new_with_free_func(option_free);
	t->counts = g_ptr_array_new_with_free_func(series_free);
	t->steps = g_ptr_array_new_with_free_func(series_free);
	t->latencies = g_ptr_array_new_with_free_func(latency_free);
	t->kvm = g_ptr_array_new_with_free_func(counter_free);
	g_ptr_array_add(doc->tests, t);
	take_latencies(t, json_line_object(o, "latency_ns"));
	take_counters(t, json_line_object(json_line_object(o, "kvm"), "vm"));
	take_counters(t, json_line_object(json_line_object(o, "kvm"), "vcpus"));
	return take_options(t, json_line_object(o, "options"), error) &&
	       take_series(t, t->counts, json_line_object(o, "counts"), error) &&
	       take_series(t, t->steps, json_line_object(o, "ns"), error) && take_result(t, o, error);
}

/* ---- documents ---- */

static struct bench_doc *doc_of(JsonObject *o, GError **error)
{
	g_autofree char *program = text_of(o, "program");
	JsonArray *tests = json_line_array(o, "tests");
	guint n = tests ? json_array_get_length(tests) : 0;
	struct bench_doc *doc = NULL;
	uint64_t schema;
	bool ok = true;

	if (g_strcmp0(program, "kvmperf") != 0 || !number_of(json_object_get_member(o, "schema"), &schema))
		wrong(error, "", "it is not kvmperf's");
	else if (schema != BENCH_SCHEMA)
		wrong(error, "", "schema %" G_GUINT64_FORMAT ", this program knows %d", schema, BENCH_SCHEMA);
	else if (!n || n > TESTS_MAX)
		wrong(error, "", n ? "more than %u tests" : "no tests", TESTS_MAX);
	else
		doc = g_new0(struct bench_doc, 1);
	if (!doc)
		return NULL;
	doc->suite = text_of(o, "suite");
	doc->guest_kernel = text_of(json_line_object(o, "machine"), "kernel");
	doc->tests = g_ptr_array_new_with_free_func(test_free);
	for (guint i = 0; ok && i < n; i++)
		ok = take_test(doc, json_array_get_element(tests, i), i + 1, error);
	if (!ok)
		g_clear_pointer(&doc, bench_doc_free);
	return doc;
}

struct bench_doc *bench_doc_parse(const char *text, gsize len, GError **error)
{
	g_autoptr(JsonObject) o = bench_json(text, len, error);

	return o ? doc_of(o, error) : NULL;
}

static void take_run(struct bench_doc *doc, JsonObject *o)
{
	doc->name = text_of(o, "bench");
	doc->tool = text_of(o, "tool");
	doc->repeat = text_of(o, "repeat");
	doc->seconds = json_line_double(o, "duration_s", 0);
	doc->clock_ratio = json_line_double(o, "clock_ratio", 0);
	doc->clock_pairs = (unsigned)json_line_int(o, "clock_pairs", 0);
}

static bool take_environment(struct bench_doc *doc, JsonObject *env, GError **error)
{
	doc->clock = text_of(env, "clock");
	doc->accel = text_of(env, "accel");
	doc->qemu = text_of(env, "qemu");
	doc->kernel = text_of(json_line_object(env, "first_kernel"), "release");
	doc->iommu = text_of(env, "iommu");
	doc->params = text_of(env, "l1_params");
	doc->commit = text_of(env, "commit");
	if (env)
		report_environment_read(&doc->env, env);
	doc->cpus = (unsigned)json_line_int(env, "l1_cpus", 0);
	doc->memory = (uint64_t)json_line_int(env, "l1_memory", 0);
	doc->settled = json_line_bool(env, "l1_settled", true);
	return doc->clock && doc->accel ? true : wrong(error, "environment", "it names no clock and accelerator");
}

struct bench_doc *bench_doc_read(const char *path, GError **error)
{
	g_autoptr(GError) why = NULL;
	g_autofree char *text = NULL;
	struct bench_doc *doc = NULL;
	g_autoptr(JsonObject) o = NULL;
	JsonObject *kvmperf;
	gsize len;

	if (!run_file_read(path, "bench.json", &text, &len, error))
		return NULL;
	o = bench_json(text, len, &why);
	if (o && !run_file_schema(path, o, BENCH_SCHEMA, error))
		return NULL;
	kvmperf = json_line_object(o, "kvmperf");
	if (o && !kvmperf)
		wrong(&why, "", "there is none: this is no bench.json");
	if (kvmperf)
		doc = doc_of(kvmperf, &why);
	if (doc && !take_environment(doc, json_line_object(o, "environment"), &why))
		g_clear_pointer(&doc, bench_doc_free);
	if (doc) {
		doc->path = g_strdup(path);
		take_run(doc, o);
	} else {
		g_set_error(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE, "%s: %s", path, why->message);
	}
	return doc;
}

GPtrArray *bench_docs_read(char *const *paths, guint n, GError **error)
{
	g_autoptr(GPtrArray) docs = g_ptr_array_new_with_free_func((GDestroyNotify)bench_doc_free);

	for (guint i = 0; i < n; i++) {
		struct bench_doc *doc = bench_doc_read(paths[i], error);

		if (!doc)
			return NULL;
		g_ptr_array_add(docs, doc);
	}
	return g_steal_pointer(&docs);
}

void bench_doc_free(struct bench_doc *doc)
{
	if (!doc)
		return;
	g_ptr_array_unref(doc->tests);
	g_free(doc->path);
	g_free(doc->suite);
	g_free(doc->guest_kernel);
	g_free(doc->clock);
	g_free(doc->accel);
	g_free(doc->qemu);
	g_free(doc->kernel);
	g_free(doc->iommu);
	g_free(doc->params);
	g_free(doc->commit);
	g_free(doc->name);
	g_free(doc->tool);
	g_free(doc->repeat);
	report_environment_clear(&doc->env);
	g_free(doc);
}

const char *bench_result_name(enum bench_result r)
{
	return result_names[r];
}
