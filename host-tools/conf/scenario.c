/* SPDX-License-Identifier: GPL-2.0-only */
/* Scenarios: reading a file, `--set`, what a scenario expects, writing it out again. */
#include "conf/scenario.h"

#include <gio/gio.h>
#include <string.h>

#include "base/error.h"
#include "base/paths.h"
#include "conf/value.h"
#include "base/words.h"

#define SERIES_PREFIX "expect-fail-"

struct scenario *scenario_new(const char *name)
{
	struct scenario *s = g_new0(struct scenario, 1);
	size_t n;
	const struct conf_key *keys = conf_keys(&n);

	s->name = g_strdup(name);
	s->path = g_strdup("");
	s->sets = g_new0(char *, 1);
	s->expect_fail_series = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_strfreev);
	for (size_t i = 0; i < n; i++) {
		g_autoptr(GError) error = NULL;

		if (!conf_value_parse(s, &keys[i], keys[i].def, &error))
			g_error("default of %s.%s: %s", keys[i].section, keys[i].key, error->message);
	}
	return s;
}

void scenario_free(struct scenario *s)
{
	size_t n;
	const struct conf_key *keys = conf_keys(&n);

	if (!s)
		return;
	for (size_t i = 0; i < n; i++)
		conf_value_clear(s, &keys[i]);
	g_hash_table_unref(s->expect_fail_series);
	g_strfreev(s->sets);
	g_free(s->path);
	g_free(s->name);
	g_free(s);
}

static const struct conf_key *find_key(const char *section, const char *key)
{
	size_t n;
	const struct conf_key *keys = conf_keys(&n);

	for (size_t i = 0; i < n; i++)
		if (strcmp(keys[i].section, section) == 0 && strcmp(keys[i].key, key) == 0)
			return &keys[i];
	return NULL;
}

/* The key that somebody meant: the same name in another section, else the nearest full name. */
static char *nearest_key(const char *section, const char *key)
{
	size_t n;
	const struct conf_key *keys = conf_keys(&n);
	g_autofree char *full = g_strdup_printf("%s.%s", section, key);
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

	for (size_t i = 0; i < n; i++) {
		if (strcmp(keys[i].key, key) == 0)
			return g_strdup_printf("%s.%s", keys[i].section, key);
		g_ptr_array_add(names, g_strdup_printf("%s.%s", keys[i].section, keys[i].key));
	}
	g_ptr_array_add(names, NULL);
	return g_strdup(nearest_word(full, (const char *const *)names->pdata));
}

static bool unknown_key(const char *section, const char *key, GError **error)
{
	g_autofree char *near = nearest_key(section, key);

	g_set_error(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE, "%s.%s: no such key%s%s; see `vtdlab list keys`", section,
		    key, near ? "; the nearest is " : "", near ? near : "");
	return false;
}

/* "6.1" of "expect-fail-6.1", or NULL when the key is another. */
static const char *series_of(const char *section, const char *key)
{
	if (strcmp(section, "scenario") != 0 || !g_str_has_prefix(key, SERIES_PREFIX))
		return NULL;
	return key + strlen(SERIES_PREFIX);
}

static bool set_series(struct scenario *s, const char *series, const char *value, bool append, GError **error)
{
	if (!g_regex_match_simple("^[0-9]+\\.[0-9]+$", series, G_REGEX_DOLLAR_ENDONLY, 0)) {
		g_set_error(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE,
			    "scenario." SERIES_PREFIX "%s: the end must be a kernel series, such as 6.1", series);
		return false;
	}
	char **old = append ? g_hash_table_lookup(s->expect_fail_series, series) : NULL;
	g_autofree char *joined = old ? g_strjoinv(";", old) : g_strdup("");
	g_autofree char *all = g_strdup_printf("%s;%s", joined, value);

	g_hash_table_replace(s->expect_fail_series, g_strdup(series), conf_value_checks(all));
	return true;
}

static bool set_value(struct scenario *s, const char *section, const char *name, const char *value, bool append,
		      GError **error)
{
	const char *series = series_of(section, name);
	const struct conf_key *key = find_key(section, name);
	g_autofree char *text = g_strstrip(g_strdup(value));

	if (series)
		return set_series(s, series, text, append, error);
	if (!key)
		return unknown_key(section, name, error);
	if (append) {
		if (key->type != CONF_TEXT && key->type != CONF_CHECKS) {
			g_set_error(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE,
				    "%s.%s: += is for texts and lists; write %s.%s=%s", section, name, section, name,
				    text);
			return false;
		}
		g_autofree char *old = conf_key_value(s, key);
		const char *between = key->type == CONF_TEXT ? " " : ";";
		char *all = *old ? g_strconcat(old, between, text, NULL) : g_strdup(text);

		g_free(text);
		text = all;
	}
	if (!conf_value_parse(s, key, text, error)) {
		g_prefix_error(error, "%s.%s: ", section, name);
		return false;
	}
	return true;
}

bool scenario_set(struct scenario *s, const char *assignment, GError **error)
{
	const char *equals = strchr(assignment, '=');
	const char *dot = strchr(assignment, '.');

	if (!equals || !dot || dot > equals || dot == assignment) {
		g_set_error(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE,
			    "--set %s: want section.key=value or section.key+=value", assignment);
		return false;
	}
	bool append = equals > assignment && equals[-1] == '+';
	g_autofree char *section = g_strndup(assignment, dot - assignment);
	g_autofree char *name = g_strndup(dot + 1, equals - append - dot - 1);

	if (!set_value(s, section, name, equals + 1, append, error)) {
		g_prefix_error(error, "--set ");
		return false;
	}
	guint n = g_strv_length(s->sets);

	s->sets = g_renew(char *, s->sets, n + 2);
	s->sets[n] = g_strdup(assignment);
	s->sets[n + 1] = NULL;
	return true;
}

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
		char *full = g_strdup_printf("%s.%s", section, g_strchomp(row));
		guint before = GPOINTER_TO_UINT(g_hash_table_lookup(lines, full));

		if (before) {
			g_set_error(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE, "%s:%u: %s stands already in line %u",
				    path, i + 1, full, before);
			g_free(full);
			return false;
		}
		g_hash_table_insert(lines, full, GUINT_TO_POINTER(i + 1));
	}
	return true;
}

static bool known_section(const char *section)
{
	size_t n;
	const struct conf_key *keys = conf_keys(&n);

	for (size_t i = 0; i < n; i++)
		if (strcmp(keys[i].section, section) == 0)
			return true;
	return false;
}

static bool unknown_section(const char *path, const char *section, GError **error)
{
	size_t n;
	const struct conf_key *keys = conf_keys(&n);
	g_autoptr(GPtrArray) names = g_ptr_array_new();

	for (size_t i = 0; i < n; i++)
		g_ptr_array_add(names, (char *)(uintptr_t)keys[i].section);
	g_ptr_array_add(names, NULL);
	const char *near = nearest_word(section, (const char *const *)names->pdata);

	g_set_error(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE, "%s: [%s]: no such section%s%s%s; see `vtdlab list keys`",
		    path, section, near ? "; the nearest is [" : "", near ? near : "", near ? "]" : "");
	return false;
}

static bool read_section(struct scenario *s, GKeyFile *file, const char *section, GHashTable *lines, GError **error)
{
	g_auto(GStrv) names = g_key_file_get_keys(file, section, NULL, NULL);

	for (char **name = names; name && *name; name++) {
		g_autofree char *full = g_strdup_printf("%s.%s", section, *name);
		guint line = GPOINTER_TO_UINT(g_hash_table_lookup(lines, full));
		g_autoptr(GError) why = NULL;
		g_autofree char *value = g_key_file_get_string(file, section, *name, &why);

		if (!why && set_value(s, section, *name, value, false, &why))
			continue;
		g_set_error(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE, "%s:%u: %s", s->path, line, why->message);
		return false;
	}
	return true;
}

static bool parse_file(struct scenario *s, const char *text, gsize len, GError **error)
{
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autoptr(GHashTable) lines = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GError) why = NULL;

	if (strlen(text) != len || !g_utf8_validate(text, len, NULL)) {
		g_set_error(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE, "%s: not a text file in UTF-8", s->path);
		return false;
	}
	/* Translations are kept only to be refused below like any unknown key. */
	if (!g_key_file_load_from_data(file, text, len, G_KEY_FILE_KEEP_TRANSLATIONS, &why)) {
		g_set_error(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE, "%s: %s", s->path, why->message);
		return false;
	}
	if (!index_lines(text, s->path, lines, error))
		return false;

	g_auto(GStrv) sections = g_key_file_get_groups(file, NULL);

	for (char **section = sections; *section; section++) {
		if (!known_section(*section))
			return unknown_section(s->path, *section, error);
		if (!read_section(s, file, *section, lines, error))
			return false;
	}
	return true;
}

static void no_such_scenario(const char *name, const char *dir, GError **error)
{
	g_auto(GStrv) all = scenario_list(dir);
	const char *near = nearest_word(name, (const char *const *)all);
	g_autofree char *list = g_strjoinv(", ", all);

	if (near)
		g_set_error(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE,
			    "no scenario '%s'; the nearest is %s (see `vtdlab list scenarios`)", name, near);
	else
		g_set_error(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE, "no scenario '%s'; there are: %s", name,
			    *list ? list : "none");
}

struct scenario *scenario_load(const char *name_or_path, GError **error)
{
	bool is_path = strchr(name_or_path, '/') || g_str_has_suffix(name_or_path, ".conf");
	g_autofree char *dir = lab_path("scenarios", NULL);
	g_autofree char *file = g_strconcat(name_or_path, ".conf", NULL);
	g_autofree char *path = is_path ? g_strdup(name_or_path) : g_build_filename(dir, file, NULL);
	g_autofree char *text = NULL;
	g_autoptr(GError) why = NULL;
	gsize len;

	if (!is_path && !g_file_test(path, G_FILE_TEST_EXISTS)) {
		no_such_scenario(name_or_path, dir, error);
		return NULL;
	}
	if (!g_file_get_contents(path, &text, &len, &why)) {
		g_set_error(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE, "cannot read the scenario: %s", why->message);
		return NULL;
	}
	g_autofree char *base = g_path_get_basename(path);
	struct scenario *s;

	if (g_str_has_suffix(base, ".conf"))
		base[strlen(base) - strlen(".conf")] = '\0';
	s = scenario_new(base);
	g_free(s->path);
	s->path = g_steal_pointer(&path);
	if (!parse_file(s, text, len, error)) {
		scenario_free(s);
		return NULL;
	}
	return s;
}

static bool in_list(char *const *list, const char *name)
{
	for (; list && *list; list++)
		if (strcmp(*list, name) == 0)
			return true;
	return false;
}

bool scenario_expects_fail(const struct scenario *s, const char *release, const char *check)
{
	GHashTableIter iter;
	gpointer series, list;

	if (in_list(s->expect_fail, check))
		return true;
	g_hash_table_iter_init(&iter, s->expect_fail_series);
	while (release && g_hash_table_iter_next(&iter, &series, &list)) {
		size_t len = strlen(series);

		if (strncmp(release, series, len) == 0 && !g_ascii_isdigit(release[len]) && in_list(list, check))
			return true;
	}
	return false;
}

const char *scenario_crash_kernel(const struct scenario *s)
{
	return *s->crash.kernel ? s->crash.kernel : s->first.kernel;
}

void scenario_machine(const struct scenario *s, struct machine_config *cfg)
{
	*cfg = (struct machine_config){
		.accel = s->machine.accel,
		.memory = s->machine.memory,
		.cpus = s->machine.cpus,
		.clock_virtual = s->machine.clock == MACHINE_CLOCK_VIRTUAL,
		.iommu = { s->iommu.mode, s->iommu.intremap, s->iommu.caching_mode, s->iommu.aw_bits },
		.nic = s->devices.nic,
		.disk = s->devices.disk,
		.topology = s->devices.topology,
		.edu = s->devices.edu,
		.no_trace = !s->machine.observe,
	};
}

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

static void put_series(const struct scenario *s, GString *out)
{
	g_autoptr(GList) all = g_hash_table_get_keys(s->expect_fail_series);

	all = g_list_sort(all, (GCompareFunc)strcmp);
	for (GList *l = all; l; l = l->next) {
		g_autofree char *key = g_strconcat(SERIES_PREFIX, l->data, NULL);
		g_autofree char *value = g_strjoinv(";", g_hash_table_lookup(s->expect_fail_series, l->data));

		put_line(out, key, value);
	}
}

char *scenario_to_text(const struct scenario *s)
{
	GString *out = g_string_new(NULL);
	struct scenario *defaults = scenario_new("");
	const char *section = "";
	size_t n;
	const struct conf_key *keys = conf_keys(&n);

	for (size_t i = 0; i < n; i++) {
		g_autofree char *value = conf_key_value(s, &keys[i]);
		g_autofree char *def = conf_key_value(defaults, &keys[i]);
		bool series = strcmp(keys[i].key, "expect-fail") == 0 && g_hash_table_size(s->expect_fail_series);
		bool differs = strcmp(value, def) != 0;

		if (!differs && !series)
			continue;
		if (strcmp(section, keys[i].section) != 0)
			g_string_append_printf(out, "%s[%s]\n", out->len ? "\n" : "", keys[i].section);
		section = keys[i].section;
		if (differs)
			put_line(out, keys[i].key, value);
		if (series)
			put_series(s, out);
	}
	scenario_free(defaults);
	return g_string_free(out, FALSE);
}

static int by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char **scenario_list(const char *dir)
{
	g_autofree char *standard = lab_path("scenarios", NULL);
	g_autoptr(GDir) d = g_dir_open(dir ? dir : standard, 0, NULL);
	GPtrArray *names = g_ptr_array_new();
	const char *file;

	while (d && (file = g_dir_read_name(d)))
		if (g_str_has_suffix(file, ".conf") && *file != '.')
			g_ptr_array_add(names, g_strndup(file, strlen(file) - strlen(".conf")));
	g_ptr_array_sort(names, by_name);
	g_ptr_array_add(names, NULL);
	return (char **)g_ptr_array_free(names, FALSE);
}
