/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/run-file.h"

#include <glob.h>
#include <string.h>

#include "base/error.h"
#include "base/json-line.h"
#include "base/paths.h"

#define MAX_BYTES (64 << 20)

/* By which file a directory is told, before those that lie in it as well. */
static const struct kind {
	const char *file, *what, *verbs;
} kinds[] = {
	{ "matrix.json", "a matrix", "`vtdlab report` reads it, and `vtdlab matrix --resume`" },
	{ "bug.json", "a reproduced bug", "`vtdlab report` reads it; its sides are the runs in it" },
	{ "hunt.txt", "a hunt", "its runs are in it" },
	{ "selftests.json", "a comparison with the kernel's selftests", "see selftests.md in it" },
	{ "bench.json", "a benchmark", "`vtdlab compare`, `report` and `bench --show` read it" },
	{ "run.json", "a run of a scenario", "`vtdlab judge`, `report` and `compare` read it" },
};

bool run_file_there(const char *dir, const char *name)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);

	return g_file_test(path, G_FILE_TEST_EXISTS);
}

bool run_file_read(const char *path, const char *name, char **text, gsize *len, GError **error)
{
	bool dir = g_file_test(path, G_FILE_TEST_IS_DIR);
	g_autofree char *file = dir ? g_build_filename(path, name, NULL) : g_strdup(path);
	g_autoptr(GError) why = NULL;

	if (g_file_get_contents(file, text, len, &why))
		return true;
	if (!g_file_test(path, G_FILE_TEST_EXISTS))
		return vtdlab_refuse(error, "%s: there is no such run; `vtdlab results` lists those that there are",
				     path);
	for (size_t i = 0; dir && !run_file_there(path, name) && i < G_N_ELEMENTS(kinds); i++)
		if (strcmp(kinds[i].file, name) != 0 && run_file_there(path, kinds[i].file))
			return vtdlab_refuse(error, "%s is %s, and has no %s: %s", path, kinds[i].what, name,
					     kinds[i].verbs);
	if (dir && !run_file_there(path, name) && run_file_there(path, RUN_FILE_INTERRUPTED))
		return vtdlab_refuse(error, "%s was interrupted before it had its %s; its %s says why", path, name,
				     RUN_FILE_INTERRUPTED);
	if (dir && !run_file_there(path, name))
		return vtdlab_refuse(error, "%s is no run directory: there is no %s in it", path, name);
	return vtdlab_refuse(error, "%s", why->message);
}

JsonObject *run_file_json(const char *path, const char *name, GError **error)
{
	g_autofree char *text = NULL;
	JsonObject *o;
	gsize len;

	if (!run_file_read(path, name, &text, &len, error))
		return NULL;
	o = len <= MAX_BYTES ? json_line_parse(text, len) : NULL;
	if (!o)
		vtdlab_refuse(error, "%s is no %s that can be read: no JSON, truncated, or more than %d MiB", path,
			      name, MAX_BYTES >> 20);
	return o;
}

bool run_file_schema(const char *path, JsonObject *o, int newest, GError **error)
{
	gint64 schema = json_line_int(o, "schema", 0);

	return schema <= newest ||
	       vtdlab_refuse(error, "%s: schema %" G_GINT64_FORMAT " is newer than this vtdlab, which reads up to %d",
			     path, schema, newest);
}

/* A run of a bug, a hunt, a soak or a matrix, by the name that their pages give it: no two runs have the same. */
static char *inner_run(const char *name)
{
	static const char *const depths[] = { "*", "*/*", "*/*/*", "*/*/*/*" };
	char *found = NULL;

	if (!g_ascii_isdigit(*name) || strpbrk(name, "*?[\\"))
		return NULL;
	for (size_t i = 0; !found && i < G_N_ELEMENTS(depths); i++) {
		g_autofree char *below = g_build_filename(depths[i], name, NULL), *pattern = lab_results(below);
		glob_t g = { 0 };

		if (glob(pattern, 0, NULL, &g) == 0)
			found = g_strdup(g.gl_pathv[0]);
		globfree(&g);
	}
	return found;
}

char *run_path(const char *name)
{
	const char *below = g_str_has_prefix(name, "results/") ? name + strlen("results/") : name;
	g_autofree char *in_results = *below && *below != '/' ? lab_results(below) : NULL;
	char *found;

	if (g_file_test(name, G_FILE_TEST_EXISTS) || !in_results)
		return g_strdup(name);
	if (g_file_test(in_results, G_FILE_TEST_EXISTS))
		return g_steal_pointer(&in_results);
	found = inner_run(below);
	return found ? found : g_strdup(name);
}
