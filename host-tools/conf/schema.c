/* SPDX-License-Identifier: GPL-2.0-only */
/* Key files over any struct: reading one, `--set`, writing it out again. */
#include "conf/schema.h"

#include <stdint.h>
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "base/paths.h"

#define FOR_EACH_KEY(k, schema) for (const struct schema_key *k = (schema)->keys; k->section; k++)

static GHashTable **endings_of(const struct schema_key *key, const void *object)
{
	return schema_field(object, key->second);
}

static void init_endings(const struct schema_key *key, GHashTable **lists)
{
	*lists = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_strfreev);
	for (const struct schema_ending *e = key->endings->defaults; e && e->ending; e++)
		g_hash_table_insert(*lists, g_strdup(e->ending), schema_value_list(e->def));
}

void schema_init(const struct schema *schema, void *object)
{
	FOR_EACH_KEY(k, schema)
	{
		g_autoptr(GError) error = NULL;

		if (!schema_value_parse(k, object, k->def, &error))
			g_error("default of %s.%s: %s", k->section, k->key, error->message);
		if (k->endings)
			init_endings(k, endings_of(k, object));
	}
}

void schema_clear(const struct schema *schema, void *object)
{
	FOR_EACH_KEY(k, schema)
	{
		void *field = schema_field(object, k->offset);

		if (k->type == SCHEMA_TEXT || k->type == SCHEMA_LINES || k->type == SCHEMA_ARGS)
			g_clear_pointer((char **)field, g_free);
		else if (k->type == SCHEMA_LIST || k->type == SCHEMA_ITEMS || k->type == SCHEMA_PAIRS)
			g_clear_pointer((char ***)field, g_strfreev);
		if (k->endings)
			g_clear_pointer(endings_of(k, object), g_hash_table_unref);
	}
}

static void copy_list(gpointer ending, gpointer list, gpointer to)
{
	g_hash_table_insert(to, g_strdup(ending), g_strdupv(list));
}

void schema_copy(const struct schema *schema, const void *from, void *to)
{
	FOR_EACH_KEY(k, schema)
	{
		g_autofree char *value = schema_value(k, from);
		g_autoptr(GError) error = NULL;

		if (!schema_value_parse(k, to, value, &error))
			g_error("%s.%s: %s", k->section, k->key, error->message);
		if (!k->endings)
			continue;
		g_hash_table_remove_all(*endings_of(k, to));
		g_hash_table_foreach(*endings_of(k, from), copy_list, *endings_of(k, to));
	}
}

/* ---- setting one ---- */

/* The row of a key. *ending: "6.1" of "expect-fail-6.1", which is a list of its own; else NULL. */
static const struct schema_key *find_key(const struct schema *schema, const char *section, const char *name,
					 const char **ending)
{
	*ending = NULL;
	FOR_EACH_KEY(k, schema)
	{
		size_t len = strlen(k->key);

		if (strcmp(k->section, section) != 0)
			continue;
		if (k->type == SCHEMA_PAIRS)
			return k;
		if (strncmp(k->key, name, len) != 0)
			continue;
		if (!name[len])
			return k;
		if (k->endings && name[len] == '-') {
			*ending = name + len + 1;
			return k;
		}
	}
	return NULL;
}

/* Names the key that somebody meant: the same name in another section, else the nearest full name. */
static bool unknown_key(const struct schema *schema, const char *section, const char *name, GError **error)
{
	g_autofree char *full = g_strdup_printf("%s.%s", section, name);
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	const char *near = NULL;

	FOR_EACH_KEY(k, schema)
	{
		g_ptr_array_add(names, g_strdup_printf("%s.%s", k->section, k->key));
		if (!near && strcmp(k->key, name) == 0)
			near = names->pdata[names->len - 1];
	}
	g_ptr_array_add(names, NULL);
	if (!near)
		near = nearest_word(full, (const char *const *)names->pdata);
	return vtdlab_refuse(error, "%s: no such key%s%s; see `%s`", full, near ? "; the nearest is " : "",
			     near ? near : "", schema->list);
}

static bool set_ending(const struct schema_key *key, void *object, const char *ending, const char *value, bool append,
		       GError **error)
{
	GHashTable *lists = *endings_of(key, object);
	char **old = append ? g_hash_table_lookup(lists, ending) : NULL;
	g_autofree char *joined = old ? g_strjoinv(";", old) : g_strdup("");
	g_autofree char *all = g_strdup_printf("%s;%s", joined, value);

	if (!g_regex_match_simple(key->endings->pattern, ending, G_REGEX_DOLLAR_ENDONLY, 0))
		return vtdlab_refuse(error, "%s.%s-%s: the end must be %s", key->section, key->key, ending,
				     key->endings->what);
	g_hash_table_replace(lists, g_strdup(ending), schema_value_list(all));
	return true;
}

static void add_pair(const struct schema_key *key, void *object, const char *name, const char *value)
{
	char ***field = schema_field(object, key->offset);
	guint n = g_strv_length(*field);

	*field = g_renew(char *, *field, n + 2);
	(*field)[n] = g_strdup_printf("%s=%s", name, value);
	(*field)[n + 1] = NULL;
}

static bool set_value(const struct schema *schema, void *object, const char *section, const char *name,
		      const char *value, bool append, GError **error)
{
	const char *ending;
	const struct schema_key *key = find_key(schema, section, name, &ending);
	g_autofree char *text = g_strstrip(g_strdup(value));

	if (!key)
		return unknown_key(schema, section, name, error);
	if (ending)
		return set_ending(key, object, ending, text, append, error);
	if (key->type == SCHEMA_PAIRS) {
		add_pair(key, object, name, text);
		return true;
	}
	if (append) {
		if (key->type != SCHEMA_TEXT && key->type != SCHEMA_LINES && key->type != SCHEMA_ARGS &&
		    key->type != SCHEMA_LIST && key->type != SCHEMA_ITEMS)
			return vtdlab_refuse(error, "%s.%s: += is for texts and lists; write %s.%s=%s", section, name,
					     section, name, text);
		g_autofree char *old = schema_value(key, object);
		bool list = key->type == SCHEMA_LIST || key->type == SCHEMA_ITEMS;
		char *all = *old ? g_strconcat(old, list ? ";" : " ", text, NULL) : g_strdup(text);

		g_free(text);
		text = all;
	}
	if (schema_value_parse(key, object, text, error))
		return true;
	g_prefix_error(error, "%s.%s: ", section, name);
	return false;
}

bool schema_assign(const struct schema *schema, void *object, const char *assignment, GError **error)
{
	const char *equals = strchr(assignment, '=');
	const char *dot = strchr(assignment, '.');

	if (!equals || !dot || dot > equals || dot == assignment)
		return vtdlab_refuse(error, "--set %s: want section.key=value or section.key+=value", assignment);
	bool append = equals[-1] == '+';
	g_autofree char *section = g_strndup(assignment, dot - assignment);
	g_autofree char *name = g_strndup(dot + 1, equals - append - dot - 1);

	if (set_value(schema, object, section, name, equals + 1, append, error))
		return true;
	g_prefix_error(error, "--set ");
	return false;
}

/* ---- reading a file ---- */

/*
 * The line number of every "section.key" in @text. GKeyFile keeps the last of two like keys without
 * a word, and knows no line numbers; so this looks first.
 */
static bool index_lines(const char *text, const char *path, GHashTable *lines, GError **error)
{
	g_auto(GStrv) rows = g_strsplit(text, "\n", -1);
	g_autofree char *section = g_strdup("");

	for (guint i = 0; rows[i]; i++) {
		char *row = g_strstrip(rows[i]);
		char *end = strchr(row, *row == '[' ? ']' : '=');

		if (*row == '#' || !end)
			continue;
		*end = '\0';
		if (*row == '[') {
			g_free(section);
			section = g_strdup(row + 1);
			continue;
		}
		g_autofree char *full = g_strdup_printf("%s.%s", section, g_strchomp(row));
		guint before = GPOINTER_TO_UINT(g_hash_table_lookup(lines, full));

		if (before)
			return vtdlab_refuse(error, "%s:%u: %s stands already in line %u", path, i + 1, full, before);
		g_hash_table_insert(lines, g_steal_pointer(&full), GUINT_TO_POINTER(i + 1));
	}
	return true;
}

static bool check_section(const struct schema *schema, const char *path, const char *section, GError **error)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	const char *near;

	FOR_EACH_KEY(k, schema)
	{
		if (strcmp(k->section, section) == 0)
			return true;
		g_ptr_array_add(names, (char *)(uintptr_t)k->section);
	}
	g_ptr_array_add(names, NULL);
	near = nearest_word(section, (const char *const *)names->pdata);
	return vtdlab_refuse(error, "%s: [%s]: no such section%s%s%s; see `%s`", path, section,
			     near ? "; the nearest is [" : "", near ? near : "", near ? "]" : "", schema->list);
}

static bool read_section(const struct schema *schema, void *object, GKeyFile *file, const char *path,
			 const char *section, GHashTable *lines, GError **error)
{
	g_auto(GStrv) names = g_key_file_get_keys(file, section, NULL, NULL);

	for (char **name = names; name && *name; name++) {
		g_autofree char *full = g_strdup_printf("%s.%s", section, *name);
		guint line = GPOINTER_TO_UINT(g_hash_table_lookup(lines, full));
		g_autoptr(GError) why = NULL;
		g_autofree char *value = g_key_file_get_string(file, section, *name, &why);

		if (why || !set_value(schema, object, section, *name, value, false, &why))
			return vtdlab_refuse(error, "%s:%u: %s", path, line, why->message);
	}
	return true;
}

static bool read_text(const struct schema *schema, void *object, const char *path, const char *text, gsize len,
		      GError **error)
{
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autoptr(GHashTable) lines = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GError) why = NULL;

	if (strlen(text) != len || !g_utf8_validate(text, len, NULL))
		return vtdlab_refuse(error, "%s: not a text file in UTF-8", path);
	/* Translations are kept only to be refused below like any unknown key. */
	if (!g_key_file_load_from_data(file, text, len, G_KEY_FILE_KEEP_TRANSLATIONS, &why))
		return vtdlab_refuse(error, "%s: %s", path, why->message);
	if (!index_lines(text, path, lines, error))
		return false;

	g_auto(GStrv) sections = g_key_file_get_groups(file, NULL);

	for (char **section = sections; *section; section++)
		if (!check_section(schema, path, *section, error) ||
		    !read_section(schema, object, file, path, *section, lines, error))
			return false;
	return true;
}

static bool no_such_file(const struct schema *schema, const char *name, const char *dir, GError **error)
{
	g_auto(GStrv) all = lab_conf_names(dir);
	const char *near = nearest_word(name, (const char *const *)all);
	const guint few = 8; /* names that a line may hold */
	g_autofree char *list = g_strjoinv(", ", all);

	if (near)
		return vtdlab_refuse(error, "no %s '%s'; the nearest is %s (see `vtdlab list %s`)", schema->noun, name,
				     near, schema->folder);
	if (g_strv_length(all) > few)
		return vtdlab_refuse(error, "no %s '%s'; see `vtdlab list %s`", schema->noun, name, schema->folder);
	return vtdlab_refuse(error, "no %s '%s'; there are: %s", schema->noun, name, *list ? list : "none");
}

bool schema_load(const struct schema *schema, void *object, const char *name_or_path, char **name, char **path,
		 GError **error)
{
	bool is_path = strchr(name_or_path, '/') || g_str_has_suffix(name_or_path, ".conf");
	g_autofree char *dir = lab_path(schema->folder, NULL);
	g_autofree char *file = g_strconcat(name_or_path, ".conf", NULL);
	g_autofree char *where = is_path ? g_strdup(name_or_path) : g_build_filename(dir, file, NULL);
	g_autofree char *text = NULL, *what = NULL;
	gsize len;

	*name = *path = NULL;
	if (!is_path && !g_file_test(where, G_FILE_TEST_EXISTS))
		return no_such_file(schema, name_or_path, dir, error);
	what = g_strconcat("the ", schema->noun, NULL);
	text = file_read_small(what, where, &len, error);
	if (!text) {
		g_autofree char *base = g_path_get_basename(where), *hint = NULL;

		if (g_str_has_suffix(base, ".conf"))
			base[strlen(base) - strlen(".conf")] = '\0';
		hint = lab_named(schema->folder, base, ".conf") ?
			       g_strdup_printf("the lab's own %s is called '%s', without a path; ", schema->noun,
					       base) :
			       g_strdup("");
		g_prefix_error(error, "%s", hint);
		return false;
	}
	*name = g_path_get_basename(where);
	if (g_str_has_suffix(*name, ".conf"))
		(*name)[strlen(*name) - strlen(".conf")] = '\0';
	*path = g_steal_pointer(&where);
	return read_text(schema, object, *path, text, len, error);
}

/* ---- writing ---- */

/* Escapes as a key file wants them; GKeyFile itself would also escape what is harmless. */
static void put_line(GString *out, const char *key, const char *value)
{
	g_string_append_printf(out, "%s=", key);
	for (const char *p = value; *p; p++) {
		if (*p == '\n')
			g_string_append(out, "\\n");
		else if (*p == '\\')
			g_string_append(out, "\\\\");
		else
			g_string_append_c(out, *p);
	}
	g_string_append_c(out, '\n');
}

static void put_pairs(GString *out, const char *value)
{
	g_auto(GStrv) pairs = g_strsplit(value, "\n", -1);

	for (char **pair = pairs; *pair; pair++) {
		g_autofree char *name = g_strndup(*pair, strcspn(*pair, "="));

		put_line(out, name, *pair + strlen(name) + 1);
	}
}

/* The lists by their endings, those whose value is not that of @base. */
static void each_ending(const struct schema_key *key, const void *object, const void *base,
			void (*each)(const char *key, const char *value, void *data), void *data)
{
	GHashTable *lists = key->endings ? *endings_of(key, object) : NULL;
	g_autoptr(GList) all = lists ? g_list_sort(g_hash_table_get_keys(lists), (GCompareFunc)strcmp) : NULL;

	for (GList *l = all; l; l = l->next) {
		char **then = g_hash_table_lookup(*endings_of(key, base), l->data);
		g_autofree char *name = g_strdup_printf("%s.%s-%s", key->section, key->key, (const char *)l->data);
		g_autofree char *value = g_strjoinv(";", g_hash_table_lookup(lists, l->data));
		g_autofree char *old = then ? g_strjoinv(";", then) : NULL;

		if (g_strcmp0(value, old) != 0)
			each(name, value, data);
	}
}

static void put_ending(const char *key, const char *value, void *out)
{
	put_line(out, strchr(key, '.') + 1, value);
}

char *schema_text(const struct schema *schema, const void *object)
{
	GString *out = g_string_new(NULL);
	g_autofree void *defaults = g_malloc0(schema->size);
	const char *section = "";

	schema_init(schema, defaults);
	FOR_EACH_KEY(k, schema)
	{
		g_autofree char *value = schema_value(k, object), *def = schema_value(k, defaults);
		g_autoptr(GString) lists = g_string_new(NULL);
		bool differs = strcmp(value, def) != 0;

		each_ending(k, object, defaults, put_ending, lists);
		if (!differs && !lists->len)
			continue;
		if (strcmp(section, k->section) != 0)
			g_string_append_printf(out, "%s[%s]\n", out->len ? "\n" : "", k->section);
		section = k->section;
		if (differs && k->type == SCHEMA_PAIRS)
			put_pairs(out, value);
		else if (differs)
			put_line(out, k->key, value);
		g_string_append(out, lists->str);
	}
	schema_clear(schema, defaults);
	return g_string_free(out, FALSE);
}

void schema_differences(const struct schema *schema, const void *object, const void *base,
			void (*each)(const char *key, const char *value, void *data), void *data)
{
	FOR_EACH_KEY(k, schema)
	{
		g_autofree char *value = schema_value(k, object), *other = schema_value(k, base);
		g_autofree char *key = g_strdup_printf("%s.%s", k->section, k->key);

		if (strcmp(value, other) != 0)
			each(key, value, data);
		each_ending(k, object, base, each, data);
	}
}

char *schema_help(const struct schema *schema, bool names_only)
{
	GString *out = g_string_new(NULL);
	const char *section = "";

	FOR_EACH_KEY(k, schema)
	{
		g_autofree char *allowed = schema_allowed(k);

		if (names_only) {
			g_string_append_printf(out, "%s.%s\n", k->section, k->key);
			continue;
		}
		if (strcmp(section, k->section) != 0)
			g_string_append_printf(out, "%s[%s]\n", out->len ? "\n" : "", k->section);
		section = k->section;
		g_string_append_printf(out, "%s=%s\n", k->key, k->def);
		for (const struct schema_ending *e = k->endings ? k->endings->defaults : NULL; e && e->ending; e++)
			g_string_append_printf(out, "%s-%s=%s\n", k->key, e->ending, e->def);
		g_string_append_printf(out, "    %s\n", k->help);
		if (strcmp(allowed, "text") != 0)
			g_string_append_printf(out, "    allowed: %s\n", allowed);
	}
	return g_string_free(out, FALSE);
}
