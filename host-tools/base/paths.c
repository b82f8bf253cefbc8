/* SPDX-License-Identifier: GPL-2.0-only */
/* Where things are: the source tree and the user's cache. */
#include "base/paths.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static bool looks_like_root(const char *dir)
{
	g_autofree char *scenarios = g_build_filename(dir, "scenarios", NULL);
	g_autofree char *scripts = g_build_filename(dir, "scripts", NULL);

	return g_file_test(scenarios, G_FILE_TEST_IS_DIR) && g_file_test(scripts, G_FILE_TEST_IS_DIR);
}

char *lab_program(void)
{
	char *exe = g_file_read_link("/proc/self/exe", NULL);

	/* the kernel's word for a file that is not there any more */
	if (exe && !g_file_test(exe, G_FILE_TEST_EXISTS) && g_str_has_suffix(exe, " (deleted)"))
		exe[strlen(exe) - strlen(" (deleted)")] = '\0';
	return exe;
}

static char *find_root(void)
{
	const char *env = g_getenv("VTDLAB_ROOT");

	if (env && *env)
		return g_canonicalize_filename(env, NULL);

	g_autofree char *exe = lab_program();
	g_autofree char *dir = exe ? g_path_get_dirname(exe) : NULL;

	/* build/vtdlab, and also build/tests/test-x; PREFIX/bin/vtdlab: climb until it fits. */
	while (dir && strcmp(dir, "/") != 0) {
		g_autofree char *installed = g_build_filename(dir, "lib", "vtdlab", NULL);
		char *up = g_path_get_dirname(dir);

		if (looks_like_root(dir) || looks_like_root(installed)) {
			g_free(up);
			return looks_like_root(dir) ? g_steal_pointer(&dir) : g_steal_pointer(&installed);
		}
		g_free(dir);
		dir = up;
	}
	return g_get_current_dir();
}

static const char *lab_root(void)
{
	static char *root;

	if (g_once_init_enter(&root))
		g_once_init_leave(&root, find_root());
	return root;
}

bool lab_complete(void)
{
	return looks_like_root(lab_root());
}

bool lab_is_source(void)
{
	g_autofree char *makefile = lab_path("Makefile", NULL);

	return g_file_test(makefile, G_FILE_TEST_EXISTS);
}

char *lab_results(const char *below)
{
	if (lab_is_source())
		return lab_path("results", below, NULL);
	return g_build_filename(g_get_user_data_dir(), "vtdlab", "results", below, NULL);
}

char *lab_doc(const char *page)
{
	g_autofree char *share = NULL;

	if (lab_is_source())
		return g_build_filename("docs", page, NULL);
	share = lab_path("..", "..", "share", "doc", "vtdlab", "docs", page, NULL);
	return g_canonicalize_filename(share, NULL);
}

char *lab_path(const char *first, ...)
{
	va_list args;

	va_start(args, first);
	g_autofree char *rest = g_build_filename_valist(first, &args);
	va_end(args);
	return g_build_filename(lab_root(), rest, NULL);
}

const char *lab_cache_dir(void)
{
	static char *cache;

	if (g_once_init_enter(&cache)) {
		const char *env = g_getenv("VTDLAB_CACHE");
		char *dir = env && *env ? g_canonicalize_filename(env, NULL) :
					  g_build_filename(g_get_user_cache_dir(), "vtdlab", NULL);
		g_once_init_leave(&cache, dir);
	}
	return cache;
}

bool lab_named(const char *folder, const char *name, const char *suffix)
{
	g_autofree char *file = g_strconcat(name, suffix, NULL);
	g_autofree char *path = lab_path(folder, file, NULL);

	return *name && !strchr(name, '/') && g_file_test(path, G_FILE_TEST_IS_REGULAR);
}

static bool below(const char *path, const char *dir)
{
	char *real = realpath(dir, NULL);
	size_t len = real ? strlen(real) : 0;
	bool is = real && strncmp(path, real, len) == 0 && path[len] == '/';

	free(real);
	return is;
}

bool lab_inside(const char *path)
{
	char *real = realpath(path, NULL);
	bool is = real && (below(real, lab_root()) || below(real, lab_cache_dir()));

	free(real);
	return is;
}

static int by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char **lab_conf_names(const char *dir)
{
	g_autoptr(GDir) d = g_dir_open(dir, 0, NULL);
	GPtrArray *names = g_ptr_array_new();
	const char *file;

	while (d && (file = g_dir_read_name(d)))
		if (g_str_has_suffix(file, ".conf") && *file != '.')
			g_ptr_array_add(names, g_strndup(file, strlen(file) - strlen(".conf")));
	g_ptr_array_sort(names, by_name);
	g_ptr_array_add(names, NULL);
	return (char **)g_ptr_array_free(names, FALSE);
}
