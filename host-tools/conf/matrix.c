/* SPDX-License-Identifier: GPL-2.0-only */
/* Matrices: the table of the keys of a matrix file, and what else is asked of one. */
#include "conf/matrix.h"

#include <string.h>

#include "base/error.h"
#include "base/paths.h"
#include "conf/scenario.h"
#include "machine/config.h"
#include "machine/vmm.h"

#define AT(field) .offset = offsetof(struct matrix, field)
#define KEY(s, k, t) .section = s, .key = k, .type = t
#define PAIRS(s, field) KEY(s, "*", SCHEMA_PAIRS), AT(field), .def = ""

static const struct schema_key keys[] = {
	{ KEY("matrix", "title", SCHEMA_TEXT), AT(title), .def = "", .help = "one line for `vtdlab list matrices`" },
	{ KEY("matrix", "description", SCHEMA_LINES), AT(description), .def = "", .help = "what it is to show" },
	{ KEY("matrix", "scenario", SCHEMA_TEXT), AT(scenario), .def = "kdump",
	  .help = "what a cell runs, where no axis says it" },
	{ KEY("matrix", "alone", SCHEMA_SWITCH), AT(alone), .def = "off",
	  .help = "on: one cell at a time; what counts time by the wall clock is alone by itself" },
	{ PAIRS("axes", axes), .members = "AXIS=value;value",
	  .help = "of a run: scenario, kernel (also @cached, @available), crash-kernel, reference, qemu (host: the host's), "
		  "vmm, section.key, set or set-NAME (names of [settings]); of a bug: bug, side; of a benchmark: bench "
		  "(quick, full, or tests), kernel, qemu, vmm, clock, iommu, l1-params" },
	{ PAIRS("settings", settings), .members = "NAME=section.key=value;section.key+=value",
	  .help = "what a value of an axis set or set-NAME stands for; nothing: no setting at all" },
	{ PAIRS("exclude", exclude), .members = "NAME=AXIS=value;AXIS=value",
	  .help = "cells that have all of these are left out; * and ? in a value stand for anything" },
	{ PAIRS("expect", expect), .members = "NAME=AXIS=value;outcome=WORD;fails=CHECK,CHECK",
	  .help = "what such cells must come to, where it is not what their scenario says; the last rule holds" },
	{ 0 },
};

const struct schema matrix_schema = { "matrix", "matrices", "vtdlab list matrix-keys", sizeof(struct matrix), keys };

static const struct word axes[] = {
	{ "kernel", MATRIX_AXIS_OPTION },
	{ "qemu", MATRIX_AXIS_OPTION },
	{ "vmm", MATRIX_AXIS_OPTION },
	{ "crash-kernel", MATRIX_AXIS_RUN_OPTION },
	{ "reference", MATRIX_AXIS_RUN_OPTION },
	{ "clock", MATRIX_AXIS_BENCH_OPTION },
	{ "iommu", MATRIX_AXIS_BENCH_OPTION },
	{ "l1-params", MATRIX_AXIS_BENCH_OPTION },
	{ "scenario", MATRIX_AXIS_SCENARIO },
	{ "bug", MATRIX_AXIS_BUG },
	{ "side", MATRIX_AXIS_SIDE },
	{ "bench", MATRIX_AXIS_BENCH },
	{ "set", MATRIX_AXIS_SETTINGS },
	{ 0 },
};

void matrix_free(struct matrix *m)
{
	if (!m)
		return;
	schema_clear(&matrix_schema, m);
	g_free(m->name);
	g_free(m->path);
	g_free(m);
}

const char *matrix_pair(const char *pair, char **name)
{
	size_t n = strcspn(pair, "=");

	if (name)
		*name = g_strndup(pair, n);
	return pair + n + (pair[n] == '=');
}

const char *matrix_find(char *const *pairs, const char *name)
{
	size_t n = strlen(name);

	for (; *pairs; pairs++)
		if (strncmp(*pairs, name, n) == 0 && (*pairs)[n] == '=')
			return *pairs + n + 1;
	return NULL;
}

char **matrix_values(const char *text)
{
	char **parts = g_strsplit(text, ";", -1);

	for (char **part = parts; *part; part++)
		g_strstrip(*part);
	return parts;
}

/* Every "section.key" of a scenario, one a line. */
static char **scenario_keys(void)
{
	g_autofree char *text = schema_help(&scenario_schema, true);

	return g_strsplit(g_strchomp(text), "\n", -1);
}

enum matrix_axis matrix_axis_kind(const char *name)
{
	g_auto(GStrv) all = scenario_keys();
	int kind = MATRIX_AXIS_NONE;

	if (word_value(axes, name, &kind))
		return (enum matrix_axis)kind;
	if (g_str_has_prefix(name, "set-") && name[strlen("set-")])
		return MATRIX_AXIS_SETTINGS;
	return g_strv_contains((const char *const *)all, name) ? MATRIX_AXIS_KEY : MATRIX_AXIS_NONE;
}

static bool no_axis(const struct matrix *m, const char *name, GError **error)
{
	g_auto(GStrv) all = scenario_keys();
	const char *near = strchr(name, '.') ? NULL : word_nearest(axes, name);

	near = near ? near : nearest_word(name, (const char *const *)all);
	return vtdlab_refuse(error, "%s: no axis '%s'%s%s; see `%s`", m->path, name, near ? "; the nearest is " : "",
			     near ? near : "", matrix_schema.list);
}

/* A name of images/qemus, "host", or a program. */
static bool check_qemu(const struct matrix *m, const char *value, GError **error)
{
	g_autofree char *dir = lab_path("images", "qemus", NULL);
	g_autofree char *program = g_find_program_in_path(value);
	g_auto(GStrv) names = lab_conf_names(dir);
	const char *near;

	if (program || strchr(value, '/') || strcmp(value, "host") == 0 ||
	    g_strv_contains((const char *const *)names, value))
		return true;
	near = nearest_word(value, (const char *const *)names);
	return vtdlab_refuse(error, "%s: axis qemu: no '%s'%s%s; see `vtdlab list qemus`, or give a path", m->path,
			     value, near ? "; the nearest is " : "", near ? near : "");
}

static bool check_value(const struct matrix *m, const char *axis, enum matrix_axis kind, const char *value,
			GError **error)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GError) why = NULL;
	const char *near, *uri;
	int clock;

	/* or each of its cells would be refused when it is run */
	if (strcmp(axis, "vmm") == 0 && !vmm_parse(value, &uri, &why))
		return vtdlab_refuse(error, "%s: axis vmm: %s", m->path, why->message);
	if (strcmp(axis, "clock") == 0 && !word_value(machine_clock_words, value, &clock))
		return vtdlab_refuse(error, "%s: axis clock: no '%s': wall or virtual", m->path, value);
	if (strcmp(axis, "qemu") == 0 && !check_qemu(m, value, error))
		return false;
	if (kind != MATRIX_AXIS_SETTINGS || matrix_find(m->settings, value))
		return true;
	for (char **pair = m->settings; *pair; pair++) {
		char *name;

		matrix_pair(*pair, &name);
		g_ptr_array_add(names, name);
	}
	g_ptr_array_add(names, NULL);
	near = nearest_word(value, (const char *const *)names->pdata);
	return vtdlab_refuse(error, "%s: axis %s: [settings] has no '%s'%s%s", m->path, axis, value,
			     near ? "; the nearest is " : "", near ? near : "");
}

static bool check_axis(const struct matrix *m, const char *pair, GError **error)
{
	g_autofree char *name = NULL;
	g_auto(GStrv) values = matrix_values(matrix_pair(pair, &name));
	enum matrix_axis kind = matrix_axis_kind(name);

	if (kind == MATRIX_AXIS_NONE)
		return no_axis(m, name, error);
	if (!*values)
		return vtdlab_refuse(error, "%s: axis %s has no value: the product of the axes is empty", m->path,
				     name);
	for (char **value = values; *value; value++) {
		if (!**value && kind != MATRIX_AXIS_KEY)
			return vtdlab_refuse(error, "%s: axis %s has an empty value", m->path, name);
		for (char **before = values; before < value; before++)
			if (strcmp(*before, *value) == 0)
				return vtdlab_refuse(error, "%s: axis %s has '%s' twice: its cells would be duplicates",
						     m->path, name, *value);
		if (!check_value(m, name, kind, *value, error))
			return false;
	}
	return true;
}

/* A condition that no cell can meet is a mistyped one; a list that is only known later, and patterns, may meet none. */
static bool check_condition(const struct matrix *m, const char *rule, const char *name, const char *value,
			    GError **error)
{
	const char *axis = matrix_find(m->axes, name), *near;
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

	if (axis) {
		g_auto(GStrv) values = matrix_values(axis);

		if (strpbrk(axis, "@") || strpbrk(value, "*?") || g_strv_contains((const char *const *)values, value))
			return true;
		near = nearest_word(value, (const char *const *)values);
		return vtdlab_refuse(error, "%s: rule %s: axis %s has no value '%s'%s%s", m->path, rule, name, value,
				     near ? "; the nearest is " : "", near ? near : "");
	}
	for (char **pair = m->axes; *pair; pair++) {
		char *one;

		matrix_pair(*pair, &one);
		g_ptr_array_add(names, one);
	}
	g_ptr_array_add(names, NULL);
	near = nearest_word(name, (const char *const *)names->pdata);
	return vtdlab_refuse(error, "%s: rule %s: this matrix has no axis '%s'%s%s", m->path, rule, name,
			     near ? "; the nearest is " : "", near ? near : "");
}

static bool check_rules(const struct matrix *m, char **rules, bool expect, GError **error)
{
	for (; *rules; rules++) {
		g_autofree char *rule = NULL;
		g_auto(GStrv) parts = matrix_values(matrix_pair(*rules, &rule));
		bool outcome = false;

		for (char **part = parts; *part; part++) {
			g_autofree char *name = NULL;
			const char *value = matrix_pair(*part, &name);

			if (expect && (strcmp(name, MATRIX_OUTCOME) == 0 || strcmp(name, MATRIX_FAILS) == 0))
				outcome |= strcmp(name, MATRIX_OUTCOME) == 0;
			else if (!check_condition(m, rule, name, value, error))
				return false;
		}
		if (expect && !outcome)
			return vtdlab_refuse(error, "%s: rule %s: no %s=", m->path, rule, MATRIX_OUTCOME);
		if (!*parts)
			return vtdlab_refuse(error, "%s: rule %s: no condition", m->path, rule);
	}
	return true;
}

static bool check(const struct matrix *m, GError **error)
{
	if (!*m->axes)
		return vtdlab_refuse(error, "%s: no axes: there is nothing to cross", m->path);
	for (char **axis = m->axes; *axis; axis++)
		if (!check_axis(m, *axis, error))
			return false;
	return check_rules(m, m->exclude, false, error) && check_rules(m, m->expect, true, error);
}

/* Does one of @patterns mean @value? It is crossed off @unmet then. */
static bool meant(char **patterns, const char *value, bool *unmet)
{
	bool any = false;

	for (unsigned i = 0; patterns[i]; i++)
		if (g_pattern_match_simple(patterns[i], value)) {
			any = true;
			unmet[i] = false;
		}
	return any;
}

bool matrix_only(struct matrix *m, const char *axis, GError **error)
{
	static const char rule[] = "--only";
	g_autofree char *name = NULL;
	g_auto(GStrv) patterns = matrix_values(matrix_pair(axis, &name)), values = NULL;
	g_autoptr(GStrvBuilder) exclude = g_strv_builder_new();
	const char *all = matrix_find(m->axes, name);
	unsigned n = g_strv_length(patterns);
	g_autofree bool *unmet = g_new(bool, n + 1);

	if (!*patterns)
		return vtdlab_refuse(error, "%s %s: AXIS=value;value", rule, axis);
	for (char **pattern = patterns; *pattern; pattern++)
		if (!check_condition(m, rule, name, *pattern, error))
			return false;
	memset(unmet, true, n * sizeof(*unmet));
	values = matrix_values(all);
	g_strv_builder_addv(exclude, (const char **)m->exclude);
	for (unsigned i = 0; values[i]; i++) {
		g_autofree char *out = g_strdup_printf("only-%s-%u=%s=%s", name, i, name, values[i]);

		if (!meant(patterns, values[i], unmet))
			g_strv_builder_add(exclude, out);
	}
	for (unsigned i = 0; i < n; i++)
		if (unmet[i])
			return vtdlab_refuse(error, "%s: %s %s: none of axis %s is meant by '%s'", m->path, rule, axis,
					     name, patterns[i]);
	g_strfreev(m->exclude);
	m->exclude = g_strv_builder_end(exclude);
	return true;
}

struct matrix *matrix_load(const char *name_or_path, GError **error)
{
	struct matrix *m = g_new0(struct matrix, 1);

	schema_init(&matrix_schema, m);
	if (schema_load(&matrix_schema, m, name_or_path, &m->name, &m->path, error) && check(m, error))
		return m;
	matrix_free(m);
	return NULL;
}
