/* SPDX-License-Identifier: GPL-2.0-only */
/* Writing evidence.json. Fields that are zero or NULL are left out. */
#include "evidence/file.h"

#include <json-glib/json-glib.h>

#include "base/error.h"
#include "base/files.h"
#include "base/json-line.h"
#include "base/text.h"
#include "evidence/fields.h"
#include "iommu/iommu.h"

static void set_hex(JsonObject *o, const char *name, uint64_t value)
{
	if (value)
		json_set_hex(o, name, value);
}

static void set_number(JsonObject *o, const char *name, int64_t value)
{
	if (value)
		json_object_set_int_member(o, name, value);
}

/* What kernels and QEMU said may hold anything. */
static void set_text(JsonObject *o, const char *name, const char *value)
{
	g_autofree char *line = value ? text_one_line(value) : NULL;

	if (line)
		json_object_set_string_member(o, name, line);
}

/* The same of an array of @size characters, which has no room for more bytes than it has. */
static void set_ascii(JsonObject *o, const char *name, const char *value, size_t size)
{
	g_autofree char *text = g_strndup(value, size);

	for (char *c = text; *c; c++)
		if (!g_ascii_isprint(*c))
			*c = '?';
	json_object_set_string_member(o, name, text);
}

/* Nonzero words of the register block by their offset. */
static JsonObject *regs_json(const struct evidence_state *state)
{
	JsonObject *o = json_object_new();

	for (unsigned i = 0; i < G_N_ELEMENTS(state->regs); i++) {
		char name[16];

		g_snprintf(name, sizeof(name), "0x%03x", 8 * i);
		set_hex(o, name, state->regs[i]);
	}
	return o;
}

static JsonObject *struct_json(const struct evidence *ev, const void *base, const struct evidence_field *fields);

static JsonObject *state_json(const struct evidence *ev, const struct evidence_state *state)
{
	JsonObject *o = struct_json(ev, state, evidence_state_fields);
	g_autofree char *name = NULL;

	if (state->has_regs)
		json_object_set_object_member(o, "regs", regs_json(state));
	if (state->walk) {
		name = evidence_snapshot_name(ev, state);
		json_object_set_string_member(o, "snapshot", name);
	}
	return o;
}

static JsonArray *array_json(const struct evidence *ev, const GArray *array, const struct evidence_field *f)
{
	JsonArray *out = json_array_new();

	for (guint i = 0; array && i < array->len; i++)
		json_array_add_object_element(out, struct_json(ev, array->data + i * f->size, f->element));
	return out;
}

static JsonObject *struct_json(const struct evidence *ev, const void *base, const struct evidence_field *fields)
{
	JsonObject *o = json_object_new();

	for (const struct evidence_field *f = fields; f->name; f++) {
		const void *p = (const char *)base + f->offset;

		switch (f->type) {
		case FIELD_BOOL:
			if (*(const bool *)p)
				json_object_set_boolean_member(o, f->name, TRUE);
			break;
		case FIELD_INT:
			set_number(o, f->name, *(const int *)p);
			break;
		case FIELD_UNSIGNED:
			set_number(o, f->name, *(const unsigned *)p);
			break;
		case FIELD_U16:
		case FIELD_SID:
			set_number(o, f->name, *(const uint16_t *)p);
			break;
		case FIELD_NUMBER:
			set_number(o, f->name, *(const int64_t *)p);
			break;
		case FIELD_HEX:
			set_hex(o, f->name, *(const uint64_t *)p);
			break;
		case FIELD_TEXT:
		case FIELD_STATIC:
			set_text(o, f->name, *(const char *const *)p);
			break;
		case FIELD_CHARS:
			if (*(const char *)p)
				set_ascii(o, f->name, p, f->size);
			break;
		case FIELD_WORD:
			set_text(o, f->name, word_of(f->words, *(const int *)p));
			break;
		case FIELD_ARRAY:
			json_object_set_array_member(o, f->name, array_json(ev, *(GArray *const *)p, f));
			break;
		case FIELD_STATE:
			json_object_set_object_member(o, f->name, state_json(ev, p));
			break;
		case FIELD_SNAPSHOT:
			if (*(struct iommu_snapshot *const *)p)
				set_text(o, f->name, EVIDENCE_OLD_TABLES);
			break;
		case FIELD_ELSEWHERE:
			break;
		}
	}
	return o;
}

char *evidence_snapshot_name(const struct evidence *ev, const struct evidence_state *state)
{
	if (state == &ev->at_panic)
		return g_strdup("panic");
	if (state == &ev->copied)
		return g_strdup("copied");
	if (state == &ev->end)
		return g_strdup("end");
	if (state == &ev->at_break)
		return g_strdup("break");
	for_each_evidence(const struct evidence_device, dev, ev->devices)
		if (state == &dev->after)
			return g_strconcat("attach-", dev->bdf, NULL);
	g_return_val_if_reached(g_strdup("unknown"));
}

static bool save_old_tables(const struct evidence *ev, const char *dir, GError **error)
{
	g_autofree char *tables = g_build_filename(dir, "tables", NULL);
	g_autofree char *path = g_build_filename(tables, EVIDENCE_OLD_TABLES ".vtd", NULL);
	struct iommu_error err;

	if (!ev->old_tables)
		return true;
	g_mkdir_with_parents(tables, 0755);
	if (!ev->old_tables->iommu->save(ev->old_tables, path, &err))
		return true;
	g_set_error_literal(error, VTDLAB_ERROR, VTDLAB_ERROR_FAILED, err.text);
	return false;
}

bool evidence_save(const struct evidence *ev, const char *dir, GError **error)
{
	g_autofree char *path = g_build_filename(dir, EVIDENCE_FILE, NULL);
	g_autofree char *text = evidence_to_text(ev);

	return save_old_tables(ev, dir, error) && file_replace(path, text, -1, error);
}

char *evidence_to_text(const struct evidence *ev)
{
	g_autoptr(JsonObject) o = struct_json(ev, ev, evidence_fields);

	json_object_set_int_member(o, "schema", EVIDENCE_SCHEMA);
	json_object_set_string_member(o, "scenario", ev->scenario->name);
	return json_text(o, true);
}

JsonObject *evidence_numbers(const void *base, const struct evidence_field *fields)
{
	JsonObject *o = json_object_new();

	for (const struct evidence_field *f = fields; f->name; f++) {
		const void *p = (const char *)base + f->offset;
		const char *key = f->report && *f->report ? f->report : f->name;
		char sid[16];

		if (!f->report)
			continue;
		switch (f->type) {
		case FIELD_BOOL:
			json_object_set_boolean_member(o, key, *(const bool *)p);
			break;
		case FIELD_SID:
			json_object_set_string_member(o, key, sid_text(*(const uint16_t *)p, sid));
			break;
		case FIELD_TEXT:
		case FIELD_STATIC:
			json_object_set_string_member(o, key, *(const char *const *)p);
			break;
		case FIELD_INT:
			json_object_set_int_member(o, key, *(const int *)p);
			break;
		case FIELD_UNSIGNED:
			json_object_set_int_member(o, key, *(const unsigned *)p);
			break;
		case FIELD_NUMBER:
		case FIELD_HEX:
			json_object_set_int_member(o, key, *(const int64_t *)p);
			break;
		default:
			g_assert_not_reached();
		}
	}
	return o;
}
