/* SPDX-License-Identifier: GPL-2.0-only */
/* What of a bug is in the cache, and what has to come from elsewhere. */
#include "bugs/ready.h"

#include <string.h>

#include "base/paths.h"
#include "prepare/kernel.h"

static bool listed(const char *available, const char *spec)
{
	g_autofree char *line = g_strdup_printf("\n%s ", spec);
	const char *at = strstr(available, line + 1);

	return at == available || strstr(available, line);
}

/* Adds "what spec" once. */
static void add(GString *out, const char *what, const char *spec)
{
	g_autofree char *text = g_strdup_printf("%s %s", what, spec);

	if (!strstr(out->str, text))
		g_string_append_printf(out, "%s%s", out->len ? ", " : "", text);
}

static void add_kernel(GString *out, const char *spec, const char *available, bool *gone)
{
	static GHashTable *known; /* asking takes a process: once a spec, for as long as the program runs */
	g_autofree char *file = g_strconcat(spec, ".conf", NULL);
	g_autofree char *path = lab_path("images", "kernels", file, NULL);
	g_autoptr(GKeyFile) conf = g_key_file_new();
	bool named = g_key_file_load_from_file(conf, path, G_KEY_FILE_NONE, NULL);

	known = known ? known : g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	if (!g_hash_table_contains(known, spec))
		g_hash_table_insert(known, g_strdup(spec), GINT_TO_POINTER(kernel_cached(spec)));
	if (g_hash_table_lookup(known, spec))
		return;
	if (named) {
		add(out, g_key_file_has_group(conf, "build") ? "builds" : "fetches", spec);
	} else if (available && g_str_has_prefix(spec, "debian:") && !listed(available, spec)) {
		add(out, "gone from the archive:", spec);
		*gone = true;
	} else {
		add(out, "fetches", spec);
	}
}

static void add_qemu(GString *out, const char *qemu)
{
	if (*qemu && !strchr(qemu, '/') && !qemu_cached(qemu))
		add(out, "fetches", qemu);
}

char *bug_ready(const struct bug *bug, unsigned recipe, const char *available, bool *gone)
{
	const struct bug_side *sides[] = { &bug->recipes[recipe].bad, &bug->recipes[recipe].good };
	GString *out = g_string_new(NULL);

	*gone = false;
	for (size_t i = 0; i < G_N_ELEMENTS(sides); i++) {
		g_autoptr(GError) error = NULL;
		struct scenario *s = *bug->bench ? NULL : bug_scenario(bug, sides[i], NULL, &error);

		add_qemu(out, sides[i]->qemu);
		if (s) { /* bug_load() would have refused it */
			add_kernel(out, s->first.kernel, available, gone);
			add_kernel(out, scenario_crash_kernel(s), available, gone);
		} else if (*bug->bench) {
			add_kernel(out, sides[i]->kernel, available, gone);
		}
		scenario_free(s);
	}
	return g_string_free(out, FALSE);
}

static bool fetch_kernel(const char *spec, GError **error)
{
	struct kernel *kernel = kernel_get(spec, NULL, "", error);

	kernel_free(kernel);
	return kernel;
}

static bool fetch_side(const struct bug *bug, const struct bug_side *side, GError **error)
{
	g_autofree char *qemu = *side->qemu ? qemu_get(side->qemu, error) : NULL;
	struct scenario *s;
	bool ok;

	if (*side->qemu && !qemu)
		return false;
	if (*bug->bench)
		return fetch_kernel(side->kernel, error);
	s = bug_scenario(bug, side, NULL, error);
	ok = s && fetch_kernel(s->first.kernel, error) && fetch_kernel(scenario_crash_kernel(s), error);
	scenario_free(s);
	return ok;
}

bool bug_fetch(const struct bug *bug, unsigned recipe, GError **error)
{
	return fetch_side(bug, &bug->recipes[recipe].bad, error) && fetch_side(bug, &bug->recipes[recipe].good, error);
}
