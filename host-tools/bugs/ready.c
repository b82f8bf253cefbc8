/* SPDX-License-Identifier: GPL-2.0-only */
/* What of a bug is in the cache, and what has to come from elsewhere. */
#include "bugs/ready.h"

#include <string.h>

#include "base/paths.h"

/* Is there a prepared kernel of this release? Its directory's name begins with it. */
static bool cached(const char *release)
{
	g_autofree char *path = g_build_filename(lab_cache_dir(), "kernels", NULL);
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	size_t len = strlen(release);
	const char *name;

	while (dir && (name = g_dir_read_name(dir)))
		if (strncmp(name, release, len) == 0 && (name[len] == '_' || name[len] == '-'))
			return true;
	return false;
}

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
	g_autofree char *file = g_strconcat(spec, ".conf", NULL);
	g_autofree char *path = lab_path("images", "kernels", file, NULL);
	g_autoptr(GKeyFile) conf = g_key_file_new();
	g_autofree char *release = NULL;

	if (g_str_has_prefix(spec, "debian:")) {
		if (cached(spec + strlen("debian:")))
			return;
		if (available && !listed(available, spec)) {
			add(out, "gone from the archive:", spec);
			*gone = true;
		} else {
			add(out, "fetches", spec);
		}
		return;
	}
	if (!g_key_file_load_from_file(conf, path, G_KEY_FILE_NONE, NULL))
		return; /* a path, which is there or is not */
	release = g_key_file_get_string(conf, "kernel", "release", NULL);
	/* a lab kernel's directory is named by a hash, too: kernel-build decides, from the sources as they are */
	if (g_key_file_has_group(conf, "build"))
		add(out, "builds unless it was:", spec);
	else if (!release || !cached(release))
		add(out, "fetches", spec);
}

char *bug_ready(const struct bug *bug, unsigned recipe, const char *available, bool *gone)
{
	const struct bug_side *sides[] = { &bug->recipes[recipe].bad, &bug->recipes[recipe].good };
	GString *out = g_string_new(NULL);

	*gone = false;
	for (size_t i = 0; i < G_N_ELEMENTS(sides); i++) {
		g_autoptr(GError) error = NULL;
		struct scenario *s = bug_scenario(bug, sides[i], NULL, &error);

		if (!s)
			continue; /* bug_load() would have refused it */
		add_kernel(out, s->first.kernel, available, gone);
		add_kernel(out, scenario_crash_kernel(s), available, gone);
		scenario_free(s);
		if (*sides[i]->qemu && !strchr(sides[i]->qemu, '/')) {
			g_autofree char *dir = g_build_filename(lab_cache_dir(), "qemu", sides[i]->qemu, NULL);

			if (!g_file_test(dir, G_FILE_TEST_IS_DIR))
				add(out, "fetches", sides[i]->qemu);
		}
	}
	return g_string_free(out, FALSE);
}
