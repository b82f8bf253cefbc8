/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading evidence.json and what goes with it; every value is checked. */
#include "evidence/file.h"

#include <json-glib/json-glib.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json-line.h"
#include "base/run-file.h"
#include "base/text.h"
#include "evidence/fields.h"
#include "evidence/iommus.h"

#define MAX_FILE (UINT64_C(256) << 20)
#define MAX_ELEMENTS 4000000
#define MAX_TEXT 65536

struct reader {
	const char *dir;
	struct evidence_file *file;
	GError **error;
};

/* Says what is wrong with which field, whose name may be anything; always false. */
static bool wrong(struct reader *r, const char *where, const char *name, const char *what)
{
	g_autofree char *shown = g_strescape(name, NULL);

	g_set_error(r->error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE, "%s/%s: %s%s%.80s: %s", r->dir, EVIDENCE_FILE, where,
		    *where ? "." : "", shown, what);
	return false;
}

static bool get_number(struct reader *r, const char *where, const char *name, JsonNode *node, int64_t min, int64_t max,
		       int64_t *out)
{
	if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_INT64)
		return wrong(r, where, name, "must be a whole number");
	*out = json_node_get_int(node);
	return (*out >= min && *out <= max) || wrong(r, where, name, "is out of range");
}

static bool get_text(struct reader *r, const char *where, const char *name, JsonNode *node, const char **out)
{
	if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_STRING)
		return wrong(r, where, name, "must be text");
	*out = json_node_get_string(node);
	if (strlen(*out) > MAX_TEXT)
		return wrong(r, where, name, "is too long");
	for (const char *c = *out; *c; c = g_utf8_next_char(c))
		if (text_control(g_utf8_get_char(c)))
			return wrong(r, where, name, "holds a control character");
	return true;
}

static bool get_hex(struct reader *r, const char *where, const char *name, JsonNode *node, uint64_t *out)
{
	const char *text;
	size_t digits;

	if (!get_text(r, where, name, node, &text))
		return false;
	digits = g_str_has_prefix(text, "0x") ? strspn(text + 2, "0123456789abcdef") : 0;
	if (!digits || digits > 16 || text[2 + digits])
		return wrong(r, where, name, "must be 0x and 1 to 16 hexadecimal digits");
	*out = g_ascii_strtoull(text, NULL, 16);
	return true;
}

/* A file name of its own directory, and one that a shell does not mind. */
static bool name_ok(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789.:-";

	return *name && *name != '.' && *name != '-' && strlen(name) <= 64 && !name[strspn(name, letters)];
}

static bool read_regs(struct reader *r, const char *where, JsonNode *node, struct evidence_state *state)
{
	uint64_t raw[G_N_ELEMENTS(state->regs)] = { 0 };
	JsonObjectIter iter;
	const char *name;
	JsonNode *value;

	if (!JSON_NODE_HOLDS_OBJECT(node))
		return wrong(r, where, "regs", "must be an object");
	json_object_iter_init(&iter, json_node_get_object(node));
	while (json_object_iter_next(&iter, &name, &value)) {
		unsigned long offset = strtoul(name, NULL, 16);
		char again[16];

		g_snprintf(again, sizeof(again), "0x%03lx", offset & 0xfff);
		if (strcmp(again, name) != 0 || offset % 8 || offset >= sizeof(raw))
			return wrong(r, where, "regs", "holds a name that is no register's offset");
		if (!get_hex(r, where, name, value, &raw[offset / 8]))
			return false;
	}
	evidence_state_regs(state, raw);
	return true;
}

/* tables/NAME.vtd, NAME as the field says. */
static bool load_snapshot(struct reader *r, const char *where, const char *field, JsonNode *node,
			  struct iommu_snapshot **out)
{
	struct iommu_error err;
	const char *name;

	if (!get_text(r, where, field, node, &name))
		return false;
	if (!name_ok(name))
		return wrong(r, where, field, "is no name of a snapshot");
	g_autofree char *base = g_strconcat(name, ".vtd", NULL);
	g_autofree char *path = g_build_filename(r->dir, "tables", base, NULL);

	return iommu_load(path, out, &err) == 0 || wrong(r, where, field, err.text);
}

/* The snapshot must be the one that the state was taken with: same moment, same root. */
static bool read_snapshot(struct reader *r, const char *where, JsonNode *node, struct evidence_state *state)
{
	const struct iommu_snapshot_meta *meta;

	if (!state->has_regs)
		return wrong(r, where, "snapshot", "comes without registers");
	if (!load_snapshot(r, where, "snapshot", node, &state->snapshot))
		return false;
	meta = &state->snapshot->meta;
	if (meta->root != state->root || meta->mode != state->ttm || meta->host_ns != state->host_ns ||
	    (state->sum && state->sum != meta->sum))
		return wrong(r, where, "snapshot", "is of another moment than the evidence");
	return state->snapshot->iommu->walk(state->snapshot, &state->walk) == 0 ||
	       wrong(r, where, "snapshot", "out of memory");
}

static bool read_struct(struct reader *r, const char *where, JsonNode *node, const struct evidence_field *fields,
			const char *const *more, void *base);

static bool read_state(struct reader *r, const char *where, JsonNode *node, struct evidence_state *state)
{
	static const char *const more[] = { "regs", "snapshot", NULL };
	JsonNode *regs, *snapshot;

	if (!read_struct(r, where, node, evidence_state_fields, more, state))
		return false;
	regs = json_object_get_member(json_node_get_object(node), "regs");
	snapshot = json_object_get_member(json_node_get_object(node), "snapshot");
	return (!regs || read_regs(r, where, regs, state)) && (!snapshot || read_snapshot(r, where, snapshot, state));
}

static bool read_array(struct reader *r, const char *where, const struct evidence_field *f, JsonNode *node,
		       GArray **array)
{
	JsonArray *list;

	if (!JSON_NODE_HOLDS_ARRAY(node))
		return wrong(r, where, f->name, "must be a list");
	list = json_node_get_array(node);
	if (json_array_get_length(list) > MAX_ELEMENTS)
		return wrong(r, where, f->name, "has too many members");
	g_array_set_size(*array, json_array_get_length(list));
	for (guint i = 0; i < json_array_get_length(list); i++) {
		g_autofree char *inner = g_strdup_printf("%s[%u]", f->name, i);

		if (!read_struct(r, inner, json_array_get_element(list, i), f->element, NULL,
				 (*array)->data + i * f->size))
			return false;
	}
	return true;
}

static bool read_number(struct reader *r, const char *where, const struct evidence_field *f, JsonNode *node, void *p)
{
	bool is_int = f->type == FIELD_INT, word = is_int || f->type == FIELD_UNSIGNED;
	bool half = f->type == FIELD_U16 || f->type == FIELD_SID;
	int64_t n = 0, min = is_int ? INT32_MIN : word || half ? 0 : -1;
	int64_t max = is_int ? INT32_MAX : word ? UINT32_MAX : half ? UINT16_MAX : EVIDENCE_TIME_MAX;

	if (!get_number(r, where, f->name, node, min, max, &n))
		return false;
	if (word)
		*(uint32_t *)p = (uint32_t)n;
	else if (half)
		*(uint16_t *)p = (uint16_t)n;
	else
		*(int64_t *)p = n;
	return true;
}

static bool read_words(struct reader *r, const char *where, const struct evidence_field *f, JsonNode *node, void *p)
{
	const char *text;

	if (!get_text(r, where, f->name, node, &text))
		return false;
	if (f->type == FIELD_TEXT) {
		*(char **)p = g_strdup(text);
	} else if (f->type == FIELD_CHARS) {
		if (strlen(text) >= f->size)
			return wrong(r, where, f->name, "is too long");
		g_strlcpy(p, text, f->size);
	} else if (f->type == FIELD_STATIC) {
		*(const char **)p = g_intern_string(text);
	} else if (!word_value(f->words, text, p)) {
		return wrong(r, where, f->name, "is no word that this version knows");
	}
	return true;
}

static bool read_field(struct reader *r, const char *where, const struct evidence_field *f, JsonNode *node, void *p)
{
	g_autofree char *inner = g_strdup_printf("%s%s%s", where, *where ? "." : "", f->name);

	switch (f->type) {
	case FIELD_BOOL:
		if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_BOOLEAN)
			return wrong(r, where, f->name, "must be true or false");
		*(bool *)p = json_node_get_boolean(node);
		return true;
	case FIELD_HEX:
		return get_hex(r, where, f->name, node, p);
	case FIELD_TEXT:
	case FIELD_STATIC:
	case FIELD_CHARS:
	case FIELD_WORD:
		return read_words(r, where, f, node, p);
	case FIELD_ARRAY:
		return read_array(r, where, f, node, p);
	case FIELD_STATE:
		return read_state(r, inner, node, p);
	case FIELD_SNAPSHOT:
		return load_snapshot(r, where, f->name, node, p);
	case FIELD_ELSEWHERE:
		return wrong(r, where, f->name, "does not belong here");
	default:
		return read_number(r, where, f, node, p);
	}
}

static const struct evidence_field *find_field(const struct evidence_field *fields, const char *name)
{
	for (; fields->name; fields++)
		if (strcmp(fields->name, name) == 0 && fields->type != FIELD_ELSEWHERE)
			return fields;
	return NULL;
}

/* @more: names that the caller reads itself. */
static bool read_struct(struct reader *r, const char *where, JsonNode *node, const struct evidence_field *fields,
			const char *const *more, void *base)
{
	JsonObjectIter iter;
	const char *name;
	JsonNode *value;

	if (!JSON_NODE_HOLDS_OBJECT(node))
		return wrong(r, "", *where ? where : "it", "must be an object");
	json_object_iter_init(&iter, json_node_get_object(node));
	while (json_object_iter_next(&iter, &name, &value)) {
		const struct evidence_field *f = find_field(fields, name);

		if (!f && more && g_strv_contains(more, name))
			continue;
		if (!f)
			return wrong(r, where, name, "this version does not know such a field");
		if (!read_field(r, where, f, value, (char *)base + f->offset))
			return false;
	}
	return true;
}

/* What no single field shows. */
static bool consistent(struct reader *r)
{
	const struct evidence *ev = r->file->ev;

	for_each_evidence(const struct evidence_event, e, ev->events)
		if (!e->host_ns)
			return wrong(r, "", "events", "one has no time");
	for_each_evidence(const struct evidence_dma, dma, ev->dma)
		if (!dma->what)
			return wrong(r, "", "dma", "one does not say what it is");
	for_each_evidence(const struct evidence_device, dev, ev->devices) {
		if (!dev->bdf || !dev->driver)
			return wrong(r, "", "devices", "one has no bdf or no driver");
		if (evidence_device_find(ev, dev->sid) != dev)
			return wrong(r, "", "devices", "two have the same sid");
	}
	if (ev->old_tables && ev->old_tables_sum && ev->old_tables->meta.sum != ev->old_tables_sum)
		return wrong(r, "", "old_tables", "is not the file of this run");
	if (ev->crash_start > ev->crash_end)
		return wrong(r, "", "crash_start", "lies beyond crash_end");
	return true;
}

static bool read_scenario(struct reader *r, const char *name)
{
	g_autofree char *path = g_build_filename(r->dir, "scenario.conf", NULL);
	struct scenario *sc = scenario_load(path, r->error);

	if (!sc)
		return false;
	g_free(sc->name);
	sc->name = g_strdup(name);
	r->file->scenario = sc;
	r->file->ev->scenario = sc;
	return true;
}

static bool read_all(struct reader *r, JsonObject *o)
{
	static const char *const more[] = { "schema", "scenario", NULL };
	const char *name = json_line_string(o, "scenario", NULL);
	JsonNode *node;
	bool ok;

	if (json_line_int(o, "schema", 0) != EVIDENCE_SCHEMA)
		return wrong(r, "", "schema", "is not 1, the only one this version reads");
	if (!name || !*name || strlen(name) > 100 || strpbrk(name, "/\n\033"))
		return wrong(r, "", "scenario", "must name one");
	if (!read_scenario(r, name))
		return false;
	node = json_node_new(JSON_NODE_OBJECT);
	json_node_set_object(node, o);
	ok = read_struct(r, "", node, evidence_fields, more, r->file->ev) && consistent(r);
	json_node_unref(node);
	return ok;
}

struct evidence_file *evidence_file_load(const char *dir, GError **error)
{
	struct reader r = { .dir = dir, .error = error };
	g_autofree char *text = NULL;
	JsonObject *o;
	gsize len;
	bool ok;

	if (!run_file_read(dir, EVIDENCE_FILE, &text, &len, error))
		return NULL;
	o = len <= MAX_FILE ? json_line_parse(text, len) : NULL;
	if (!o) {
		g_set_error(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE, "%s/" EVIDENCE_FILE ": not a JSON object", dir);
		return NULL;
	}
	r.file = g_new0(struct evidence_file, 1);
	r.file->ev = evidence_new(NULL);
	ok = read_all(&r, o);
	json_object_unref(o);
	if (ok)
		return r.file;
	evidence_file_free(r.file);
	return NULL;
}

void evidence_file_free(struct evidence_file *file)
{
	if (!file)
		return;
	evidence_free(file->ev);
	scenario_free(file->scenario);
	g_free(file);
}
