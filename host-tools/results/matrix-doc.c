/* SPDX-License-Identifier: GPL-2.0-only */
/* matrix.json and cell.json, written and read. */
#include "results/matrix-doc.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/json-line.h"
#include "base/run-file.h"
#include "base/text.h"
#include "base/words.h"
#include "results/version.h"

static const struct word result_words[] = {
	{ "waiting", MATRIX_CELL_WAITING },
	{ "expected", MATRIX_CELL_EXPECTED },
	{ "unexpected", MATRIX_CELL_UNEXPECTED },
	{ "skipped", MATRIX_CELL_SKIPPED },
	{ "unjudged", MATRIX_CELL_UNJUDGED },
	{ "lost", MATRIX_CELL_LOST },
	{ 0 },
};

bool matrix_cell_run_is_inside(const struct matrix_cell *cell)
{
	return *cell->run && *cell->run != '/' && !strstr(cell->run, "..") && !strpbrk(cell->run, "\\:?#%");
}

const char *matrix_cell_word(enum matrix_cell_result result)
{
	return word_of(result_words, result);
}

struct matrix_cell *matrix_cell_new(unsigned n)
{
	struct matrix_cell *cell = g_new0(struct matrix_cell, 1);

	cell->n = n;
	cell->name = g_strdup("");
	cell->values = g_new0(char *, 1);
	cell->command = g_strdup("");
	cell->expected = g_strdup("");
	cell->verdict = g_strdup("");
	cell->reason = g_strdup("");
	cell->run = g_strdup("");
	return cell;
}

void matrix_cell_free(void *p)
{
	struct matrix_cell *cell = p;

	g_free(cell->name);
	g_strfreev(cell->values);
	g_free(cell->command);
	g_free(cell->expected);
	g_free(cell->verdict);
	g_free(cell->reason);
	g_free(cell->run);
	g_free(cell);
}

struct matrix_doc *matrix_doc_new(void)
{
	struct matrix_doc *doc = g_new0(struct matrix_doc, 1);

	doc->cells = g_ptr_array_new_with_free_func(matrix_cell_free);
	doc->axes = g_new0(char *, 1);
	return doc;
}

void matrix_doc_free(struct matrix_doc *doc)
{
	if (!doc)
		return;
	g_free(doc->name);
	g_free(doc->title);
	g_free(doc->file);
	g_free(doc->file_sha256);
	g_free(doc->started);
	g_free(doc->engine);
	g_free(doc->commit);
	g_strfreev(doc->axes);
	g_ptr_array_unref(doc->cells);
	g_free(doc);
}

unsigned matrix_doc_count(const struct matrix_doc *doc, enum matrix_cell_result result)
{
	unsigned n = 0;

	for (guint i = 0; i < doc->cells->len; i++)
		n += ((const struct matrix_cell *)doc->cells->pdata[i])->result == result;
	return n;
}

enum matrix_cell_result matrix_cell_of_exit(int status)
{
	return status == VTDLAB_EXIT_OK	 ? MATRIX_CELL_EXPECTED :
	       status == VTDLAB_EXIT_BAD ? MATRIX_CELL_UNEXPECTED :
					   MATRIX_CELL_UNJUDGED;
}

int matrix_doc_exit(const struct matrix_doc *doc)
{
	unsigned skipped = matrix_doc_count(doc, MATRIX_CELL_SKIPPED);
	int status = skipped == doc->cells->len ? VTDLAB_EXIT_CANNOT_JUDGE : VTDLAB_EXIT_OK;

	for (guint i = 0; i < doc->cells->len; i++) {
		const struct matrix_cell *cell = doc->cells->pdata[i];

		if (cell->result == MATRIX_CELL_UNEXPECTED)
			status = vtdlab_exit_worse(status, VTDLAB_EXIT_BAD);
		else if (cell->result == MATRIX_CELL_UNJUDGED && cell->exit == VTDLAB_EXIT_USAGE)
			status = vtdlab_exit_worse(status, VTDLAB_EXIT_USAGE);
		else if (cell->result != MATRIX_CELL_EXPECTED && cell->result != MATRIX_CELL_SKIPPED)
			status = vtdlab_exit_worse(status, VTDLAB_EXIT_CANNOT_JUDGE);
	}
	return status;
}

double matrix_doc_left(const struct matrix_doc *doc, unsigned running, unsigned at_a_time)
{
	unsigned ran = 0, waiting = matrix_doc_count(doc, MATRIX_CELL_WAITING);
	double seconds = 0;

	for (guint i = 0; i < doc->cells->len; i++) {
		const struct matrix_cell *cell = doc->cells->pdata[i];

		if (cell->result != MATRIX_CELL_EXPECTED && cell->result != MATRIX_CELL_UNEXPECTED &&
		    cell->result != MATRIX_CELL_UNJUDGED)
			continue;
		seconds += cell->seconds;
		ran++;
	}
	return ran ? seconds / ran * (waiting - MIN(running, waiting) / 2.0) / MAX(at_a_time, 1) : -1;
}

char *matrix_doc_line(const struct matrix_doc *doc)
{
	static const char *const said[MATRIX_CELL_RESULTS] = {
		[MATRIX_CELL_EXPECTED] = "as expected",
		[MATRIX_CELL_UNEXPECTED] = "NOT as expected",
		[MATRIX_CELL_SKIPPED] = "skipped",
		[MATRIX_CELL_UNJUDGED] = "without a verdict",
		[MATRIX_CELL_LOST] = "lost",
		[MATRIX_CELL_WAITING] = "not run",
	};
	static const enum matrix_cell_result order[] = { MATRIX_CELL_EXPECTED, MATRIX_CELL_UNEXPECTED,
							 MATRIX_CELL_SKIPPED,  MATRIX_CELL_UNJUDGED,
							 MATRIX_CELL_LOST,     MATRIX_CELL_WAITING };
	GString *line = g_string_new(NULL);

	g_string_printf(line, "%u cell%s", doc->cells->len, doc->cells->len == 1 ? "" : "s");
	for (size_t i = 0, told = 0; i < G_N_ELEMENTS(order); i++) {
		unsigned n = matrix_doc_count(doc, order[i]);

		if (n)
			g_string_append_printf(line, "%s %u %s", told++ ? "," : ":", n, said[order[i]]);
	}
	return g_string_free(line, FALSE);
}

/* ---- writing ---- */

static void set_text(JsonObject *o, const char *name, const char *text)
{
	g_autofree char *valid = text ? g_utf8_make_valid(text, -1) : NULL;

	if (valid)
		json_object_set_string_member(o, name, valid);
	else
		json_object_set_null_member(o, name);
}

static JsonObject *cell_json(const struct matrix_cell *cell)
{
	JsonObject *o = json_object_new(), *values = json_object_new();

	for (char **value = cell->values; *value; value++) {
		g_autofree char *axis = g_strndup(*value, strcspn(*value, "="));

		set_text(values, axis, *value + strlen(axis) + 1);
	}
	json_object_set_int_member(o, "cell", cell->n);
	set_text(o, "name", cell->name);
	json_object_set_object_member(o, "values", values);
	set_text(o, "command", cell->command);
	set_text(o, "expected", cell->expected);
	set_text(o, "result", matrix_cell_word(cell->result));
	json_object_set_int_member(o, "exit", cell->exit);
	set_text(o, "verdict", *cell->verdict ? cell->verdict : NULL);
	set_text(o, "reason", cell->reason);
	set_text(o, "run", *cell->run ? cell->run : NULL);
	json_object_set_double_member(o, "seconds", round(cell->seconds * 1000) / 1000);
	json_object_set_int_member(o, "tries", cell->tries);
	return o;
}

char *matrix_cell_text(const struct matrix_cell *cell)
{
	g_autoptr(JsonObject) o = cell_json(cell);

	return json_text(o, true);
}

static JsonArray *axes_json(const struct matrix_doc *doc)
{
	JsonArray *axes = json_array_new();

	for (char **axis = doc->axes; *axis; axis++) {
		JsonObject *one = json_object_new();
		JsonArray *values = json_array_new();
		g_autofree char *name = g_strndup(*axis, strcspn(*axis, "="));
		g_auto(GStrv) all = g_strsplit(*axis + strlen(name) + 1, ";", -1);

		for (char **value = all; *value; value++)
			json_array_add_string_element(values, g_strstrip(*value));
		set_text(one, "name", name);
		json_object_set_array_member(one, "values", values);
		json_array_add_object_element(axes, one);
	}
	return axes;
}

char *matrix_doc_text(const struct matrix_doc *doc)
{
	g_autoptr(JsonObject) o = json_object_new();
	JsonObject *counts = json_object_new();
	JsonArray *cells = json_array_new();

	for (int result = 0; result < MATRIX_CELL_RESULTS; result++)
		json_object_set_int_member(counts, matrix_cell_word((enum matrix_cell_result)result),
					   matrix_doc_count(doc, (enum matrix_cell_result)result));
	for (guint i = 0; i < doc->cells->len; i++)
		json_array_add_object_element(cells, cell_json(doc->cells->pdata[i]));
	json_object_set_int_member(o, "schema", MATRIX_DOC_SCHEMA);
	set_text(o, "tool", "vtdlab " VTDLAB_VERSION);
	set_text(o, "commit", doc->commit);
	set_text(o, "matrix", doc->name);
	set_text(o, "title", doc->title);
	set_text(o, "file", doc->file);
	set_text(o, "file_sha256", doc->file_sha256);
	set_text(o, "started", doc->started);
	set_text(o, "engine", doc->engine);
	json_object_set_boolean_member(o, "finished", doc->finished);
	json_object_set_int_member(o, "exit", doc->exit);
	json_object_set_array_member(o, "axes", axes_json(doc));
	json_object_set_object_member(o, "counts", counts);
	json_object_set_array_member(o, "cells", cells);
	return json_text(o, true);
}

/* ---- reading ---- */

static void take(char **to, JsonObject *o, const char *name)
{
	g_free(*to);
	*to = text_one_line(json_line_string(o, name, ""));
}

/* What came of it. */
static void take_result(struct matrix_cell *cell, JsonObject *o)
{
	int result = MATRIX_CELL_WAITING;

	word_value(result_words, json_line_string(o, "result", ""), &result);
	cell->result = (enum matrix_cell_result)result;
	cell->exit = (int)json_line_int(o, "exit", 0);
	cell->tries = (unsigned)json_line_int(o, "tries", 0);
	cell->seconds = json_line_double(o, "seconds", 0);
	take(&cell->verdict, o, "verdict");
	take(&cell->reason, o, "reason");
	take(&cell->run, o, "run");
}

static void take_value(JsonObject *values, const char *axis, JsonNode *node, void *data)
{
	g_autofree char *pair = NULL;

	(void)node;
	pair = g_strdup_printf("%s=%s", axis, json_line_string(values, axis, ""));
	g_ptr_array_add(data, text_one_line(pair));
}

static struct matrix_cell *take_cell(JsonObject *o, unsigned n)
{
	JsonObject *values = json_line_object(o, "values");
	g_autoptr(GPtrArray) pairs = g_ptr_array_new();
	struct matrix_cell *cell = matrix_cell_new(n);

	take(&cell->name, o, "name");
	take(&cell->command, o, "command");
	take(&cell->expected, o, "expected");
	take_result(cell, o);
	if (values)
		json_object_foreach_member(values, take_value, pairs);
	g_ptr_array_add(pairs, NULL);
	g_strfreev(cell->values);
	cell->values = (char **)g_ptr_array_steal(pairs, NULL);
	return cell;
}

bool matrix_cell_read(const char *path, struct matrix_cell *cell)
{
	g_autoptr(JsonObject) o = run_file_json(path, "cell.json", NULL);

	if (!o || json_line_int(o, "cell", -1) != (int64_t)cell->n ||
	    strcmp(json_line_string(o, "name", ""), cell->name) != 0)
		return false;
	take_result(cell, o);
	return cell->result != MATRIX_CELL_WAITING;
}

static void take_axis(JsonArray *axes, guint i, JsonNode *node, void *data)
{
	JsonObject *o = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
	JsonArray *values = o ? json_line_array(o, "values") : NULL;
	g_autoptr(GString) pair = g_string_new(o ? json_line_string(o, "name", "?") : "?");

	(void)axes;
	(void)i;
	g_string_append_c(pair, '=');
	for (guint v = 0; values && v < json_array_get_length(values); v++) {
		JsonNode *value = json_array_get_element(values, v);
		const char *text = JSON_NODE_HOLDS_VALUE(value) ? json_node_get_string(value) : NULL;

		g_string_append_printf(pair, "%s%s", v ? ";" : "", text ? text : "");
	}
	g_ptr_array_add(data, text_one_line(pair->str));
}

struct matrix_doc *matrix_doc_read(const char *path, GError **error)
{
	g_autoptr(JsonObject) o = run_file_json(path, "matrix.json", error);
	JsonArray *cells = o ? json_line_array(o, "cells") : NULL, *axes = o ? json_line_array(o, "axes") : NULL;
	g_autoptr(GPtrArray) pairs = g_ptr_array_new();
	struct matrix_doc *doc;

	if (o && !run_file_schema(path, o, MATRIX_DOC_SCHEMA, error))
		return NULL;
	if (!cells || !axes) {
		if (o)
			vtdlab_refuse(error, "%s: not of a matrix", path);
		return NULL;
	}
	doc = matrix_doc_new();
	take(&doc->name, o, "matrix");
	take(&doc->title, o, "title");
	take(&doc->file, o, "file");
	take(&doc->file_sha256, o, "file_sha256");
	take(&doc->started, o, "started");
	take(&doc->engine, o, "engine");
	take(&doc->commit, o, "commit");
	doc->finished = json_line_bool(o, "finished", false);
	doc->exit = (int)json_line_int(o, "exit", 0);
	json_array_foreach_element(axes, take_axis, pairs);
	g_ptr_array_add(pairs, NULL);
	g_strfreev(doc->axes);
	doc->axes = (char **)g_ptr_array_steal(pairs, NULL);
	for (guint i = 0; i < json_array_get_length(cells); i++) {
		JsonNode *node = json_array_get_element(cells, i);

		if (JSON_NODE_HOLDS_OBJECT(node))
			g_ptr_array_add(doc->cells, take_cell(json_node_get_object(node), i));
	}
	return doc;
}
