/* SPDX-License-Identifier: GPL-2.0-only */
#include "cmd/vmlinux.h"

#include <glob.h>
#include <string.h>

#include "base/paths.h"

/* Takes the first of @paths with symbols, or keeps the first one without. */
static bool look(char *const *paths, size_t n, const char *build_id, char **found)
{
	for (size_t i = 0; i < n; i++) {
		bool symbols;
		g_autofree char *id = vmlinux_build_id(paths[i], &symbols);

		if (!id || strcmp(id, build_id) != 0 || (*found && !symbols))
			continue;
		g_free(*found);
		*found = g_strdup(paths[i]);
		if (symbols)
			return true;
	}
	return false;
}

char *vmlinux_find(const char *build_id, const char *spec, bool *symbols)
{
	const char *tree = spec && g_str_has_prefix(spec, "lab:") ? spec + strlen("lab:") : spec ? spec : "";
	g_autofree char *in_tree = g_build_filename(tree, "vmlinux", NULL),
			*built = g_build_filename(lab_cache_dir(), "lab/work/*/tree/lab-build/vmlinux", NULL),
			*fetched = g_build_filename(lab_cache_dir(), "kernels/*/vmlinux", NULL),
			*debug = g_strdup_printf("/usr/lib/debug/.build-id/%.2s/%s.debug", build_id,
						 build_id + MIN(strlen(build_id), 2));
	const char *const patterns[] = { built, "/usr/lib/debug/boot/vmlinux-*", "/usr/lib/debug/lib/modules/*/vmlinux",
					 fetched };
	char *const given[] = { (char *)tree, in_tree, debug };
	char *found = NULL;

	*symbols = look(given, G_N_ELEMENTS(given), build_id, &found);
	for (size_t i = 0; !*symbols && i < G_N_ELEMENTS(patterns); i++) {
		glob_t names;

		if (glob(patterns[i], 0, NULL, &names) == 0) {
			*symbols = look(names.gl_pathv, names.gl_pathc, build_id, &found);
			globfree(&names);
		}
	}
	return found;
}
