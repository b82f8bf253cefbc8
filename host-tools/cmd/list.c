/* SPDX-License-Identifier: GPL-2.0-only */
/* The verb list: what can be run, on what, what is judged, what can be set. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/json-line.h"
#include "base/paths.h"
#include "cmd/cmd.h"
#include "cmd/list-page.h"
#include "verdict/check.h"
#include "conf/bug.h"
#include "conf/matrix.h"
#include "conf/scenario.h"
#include "prepare/kernel.h"
#include "prepare/shortcuts.h"
#include "base/words.h"

static gboolean names_only, available, as_json;
static char *only_group;
static JsonArray *json_rows; /* of --json */

struct column {
	const char *key, *text; /* of JSON; what is shown */
	int width;		/* of the table; the last one's is of no use */
};

/*
 * A row of the table, its name in @width columns (a longer one has a line of its own), or the name alone with --names; with
 * --json an object.
 */
static void print_row(int width, const char *name, const struct column *columns)
{
	JsonObject *o;

	if (names_only) {
		printf("%s\n", name);
		return;
	}
	if (!as_json) {
		if (strlen(name) > (size_t)width)
			printf("%s\n%*s", name, width, "");
		else
			printf("%-*s", width, name);
		for (; columns->key; columns++)
			printf("  %-*s", columns[1].key ? columns->width : 0, columns->text);
		putchar('\n');
		return;
	}
	o = json_object_new();
	json_object_set_string_member(o, "name", name);
	for (; columns->key; columns++)
		json_object_set_string_member(o, columns->key, columns->text);
	json_array_add_object_element(json_rows, o);
}

/* What stands below a table, and is no row of it. */
static void print_hint(const char *text)
{
	if (!names_only && !as_json)
		printf("\n%s\n", text);
}

static char *scenario_title(const char *name, GError **error)
{
	struct scenario *s = scenario_load(name, error);
	char *title = !s ? NULL : only_group && !scenario_in_group(s, only_group) ? g_strdup("") : g_strdup(s->title);

	scenario_free(s);
	return title;
}

static char *matrix_title(const char *name, GError **error)
{
	struct matrix *m = matrix_load(name, error);
	char *title = m ? g_strdup(m->title) : NULL;

	matrix_free(m);
	return title;
}

/* One row a file of @folder that has a title; one that cannot be read is named, and the others are shown all the same. */
static int list_titles(const char *folder, char *(*title_of)(const char *name, GError **error))
{
	g_autofree char *dir = lab_path(folder, NULL);
	g_auto(GStrv) names = lab_conf_names(dir);
	int status = VTDLAB_EXIT_OK;

	for (char **name = names; *name; name++) {
		g_autoptr(GError) error = NULL;
		g_autofree char *title = title_of(*name, &error);

		if (title) {
			const struct column columns[] = { { "title", title, 0 }, { 0 } };

			if (*title)
				print_row(20, *name, columns);
		} else {
			fprintf(stderr, "vtdlab list: %s\n", error->message);
			status = VTDLAB_EXIT_USAGE;
		}
	}
	return status;
}

static int list_scenarios(void)
{
	return list_titles(scenario_schema.folder, scenario_title);
}

static int list_matrices(void)
{
	return list_titles(matrix_schema.folder, matrix_title);
}

/*
 * One row a file of images/@images: its name, @key of [@group] in @width columns, its description. A file that
 * cannot be read is named, and the others are shown all the same.
 */
static int list_images(const char *images, const char *group, const char *key, int width)
{
	g_autofree char *dir = lab_path("images", images, NULL);
	g_auto(GStrv) names = lab_conf_names(dir);
	int status = VTDLAB_EXIT_OK;

	for (char **name = names; *name; name++) {
		g_autofree char *file = g_strconcat(*name, ".conf", NULL);
		g_autofree char *path = g_build_filename(dir, file, NULL);
		g_autoptr(GKeyFile) conf = g_key_file_new();
		g_autoptr(GError) error = NULL;

		if (!g_key_file_load_from_file(conf, path, G_KEY_FILE_NONE, &error)) {
			fprintf(stderr, "vtdlab list: %s: %s\n", path, error->message);
			status = VTDLAB_EXIT_USAGE;
			continue;
		}
		g_autofree char *value = g_key_file_get_string(conf, group, key, NULL);
		g_autofree char *about = g_key_file_get_string(conf, group, "description", NULL);
		const struct column columns[] = { { key, value ? value : "?", width },
						  { "description", about ? about : "", 0 },
						  { 0 } };

		print_row(18, *name, columns);
	}
	return status;
}

static int list_available(void)
{
	GError *error = NULL;
	g_autofree char *text = kernel_available(&error);

	if (!text)
		return cmd_fail("list", error);
	g_auto(GStrv) rows = g_strsplit(text, "\n", -1);

	for (char **row = rows; *row && **row; row++) {
		char *space = strchr(*row, ' ');

		if (space)
			*space++ = 0;

		const struct column columns[] = { { "packages", space ? space : "", 0 }, { 0 } };

		print_row(40, *row, columns);
	}
	return VTDLAB_EXIT_OK;
}

static int list_kernels(void)
{
	if (available)
		return list_available();
	int status = list_images("kernels", "kernel", "release", 26);

	print_hint("Also: debian:RELEASE (an exact build, such as debian:6.1.0-49-amd64; --available lists them), "
		   "the path of\na bzImage or vmlinux (with --modules), the path of a kernel build tree, or lab:DIR\n"
		   "(a source tree, built with kernel-patches).");
	return status;
}

static int list_qemus(void)
{
	int status = list_images("qemus", "qemu", "version", 33);

	print_hint(
		"Also: the path of a program that runs as qemu-system-x86_64 does. Without --qemu it is\nthe host's own; "
		"`vtdlab doctor` shows which.");
	return status;
}

static int list_checks(void)
{
	for (const struct check *const *list = vtdlab_checks; *list; list++) {
		const struct check *c = *list;
		g_autofree char *needs = need_list(c->needs, c->traces);
		const struct column columns[] = { { "outcome", outcome_name(c->outcome), 18 },
						  { "proves", c->proves, 0 },
						  { as_json ? "needs" : NULL, needs, 0 },
						  { 0 } };

		print_row(24, c->name, columns);
		if (!names_only && !as_json && *needs)
			printf("%-24s  needs: %s\n", "", needs);
	}
	return VTDLAB_EXIT_OK;
}

static void keys_json(const struct schema *schema)
{
	for (const struct schema_key *k = schema->keys; k->section; k++) {
		g_autofree char *name = g_strdup_printf("%s.%s", k->section, k->key), *allowed = schema_allowed(k);
		const struct column columns[] = {
			{ "default", k->def, 0 }, { "allowed", allowed, 0 }, { "help", k->help, 0 }, { 0 }
		};

		print_row(0, name, columns);
	}
}

static int list_schema(const struct schema *schema)
{
	if (as_json) {
		keys_json(schema);
		return VTDLAB_EXIT_OK;
	}

	g_autofree char *text = schema_help(schema, names_only);

	fputs(text, stdout);
	return VTDLAB_EXIT_OK;
}

static int list_keys(void)
{
	return list_schema(&scenario_schema);
}

static int list_bug_keys(void)
{
	return list_schema(&bug_schema);
}

static int list_matrix_keys(void)
{
	return list_schema(&matrix_schema);
}

static int list_bugs(void)
{
	return cmd_bugs_list(names_only, available, as_json ? json_rows : NULL);
}

static int list_shortcuts(void)
{
	for (const struct shortcut *s = shortcuts; s->name; s++) {
		const struct column columns[] = { { "gain", s->gain, 16 },
						  { "gain-qemu-10.0", s->gain_10, 16 },
						  { "changes", s->changes, 0 },
						  { 0 } };

		print_row(34, s->name, columns);
	}
	print_hint(
		"The figures are a run's CPU time with it as a ratio to one without, on QEMU 7.2 and on 10.0 (TCG, 6.12;\n"
		"`make bench-boot KERNEL=debian-6.12`). `vtdlab run --as-shipped` takes none.");
	return VTDLAB_EXIT_OK;
}

static int print_json(const char *word, int (*list)(void))
{
	JsonObject *o = json_object_new();
	g_autofree char *text = NULL;
	int status;

	json_rows = json_array_new();
	status = list();
	json_object_set_array_member(o, word, json_rows);
	text = json_text(o, true);
	fputs(text, stdout);
	json_object_unref(o);
	return status;
}

int cmd_list(int argc, char **argv)
{
	static const char *const what[] = { "scenarios", "kernels",  "qemus",	    "bugs",	 "matrices", "checks",
					    "keys",	 "bug-keys", "matrix-keys", "shortcuts", NULL };
	static int (*const lists[])(void) = { list_scenarios,	list_kernels,  list_qemus, list_bugs,
					      list_matrices,	list_checks,   list_keys,  list_bug_keys,
					      list_matrix_keys, list_shortcuts };
	g_autofree char *all = g_strjoinv(", ", (char **)(void *)what);
	const GOptionEntry entries[] = {
		{ "names", 'n', 0, G_OPTION_ARG_NONE, &names_only, "print names only", NULL },
		{ "available", 0, 0, G_OPTION_ARG_NONE, &available,
		  "kernels: the exact builds that the archive has all packages of; bugs: which can still be run",
		  NULL },
		{ "group", 0, 0, G_OPTION_ARG_STRING, &only_group, "scenarios: only those of this group", "G" },
		{ "json", 0, 0, G_OPTION_ARG_NONE, &as_json, "JSON: an object a row", NULL },
		G_OPTION_ENTRY_NULL,
	};
	int status = cmd_parse("list", entries, &argc, &argv);
	const char *word = argc > 1 ? argv[1] : what[0];

	if (status >= 0)
		return status;
	if (argc == 3 && strcmp(word, "checks") == 0)
		return list_check(argv[2]);
	if (argc == 3 && strcmp(word, "scenarios") == 0)
		return list_scenario(argv[2]);
	if (argc > 2)
		return cmd_usage_error("list", "takes one word: %s; and the name of a check or scenario behind that",
				       all);
	if (only_group && (strcmp(word, "scenarios") != 0 || !g_strv_contains(conf_groups, only_group)))
		return cmd_usage_error("list", "--group %s: of scenarios; quick, full, negative, lab or slow",
				       only_group);
	if (as_json && names_only)
		return cmd_usage_error("list", "--names or --json, not both");
	for (size_t i = 0; what[i]; i++)
		if (strcmp(word, what[i]) == 0)
			return as_json ? print_json(word, lists[i]) : lists[i]();
	const char *near = nearest_word(word, what);

	return cmd_usage_error("list", "'%s' is none of %s%s%s%s", word, all, near ? " (did you mean " : "",
			       near ? near : "", near ? "?)" : "");
}
