/* SPDX-License-Identifier: GPL-2.0-only */
/* What is in the cache: the scripts know. kernel-get names each directory of Debian's RELEASE_VERSION. */
#include <string.h>

#include "base/paths.h"
#include "prepare/kernel.h"

/* Does the script find @name without a network? */
static bool has(const char *script_name, const char *name)
{
	g_autofree char *script = lab_path("scripts", script_name, NULL);
	const char *argv[] = { script, "--offline", name, NULL };
	int status;

	return g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL, NULL,
			    NULL, NULL, NULL, &status, NULL) &&
	       g_spawn_check_wait_status(status, NULL);
}

bool kernel_cached(const char *spec)
{
	return has("kernel-get", spec);
}

bool qemu_cached(const char *name)
{
	return has("qemu-get", name);
}

static int newest_first(const void *a, const void *b)
{
	return strverscmp(*(const char *const *)b, *(const char *const *)a);
}

char **kernel_cached_specs(const char *but)
{
	g_autofree char *path = g_build_filename(lab_cache_dir(), "kernels", NULL);
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	g_autoptr(GPtrArray) specs = g_ptr_array_new_with_free_func(g_free);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *release = g_strndup(name, strcspn(name, "_"));

		if (!strchr(name, '_') || strstr(release, "-cloud") || g_strcmp0(release, but) == 0 ||
		    !g_ascii_isdigit(*release))
			continue;
		g_ptr_array_add(specs, g_strconcat("debian:", release, NULL));
	}
	g_ptr_array_sort(specs, newest_first);
	g_ptr_array_add(specs, NULL);
	return (char **)g_ptr_array_steal(specs, NULL);
}
