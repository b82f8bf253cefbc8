/* SPDX-License-Identifier: GPL-2.0-only */
/* Private directories that a kill -9 cannot leave behind for ever. */
#define _GNU_SOURCE
#include "machine/private-dir.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"

#define PREFIX "vtdlab-"

static const char *base_dir(void)
{
	const char *dir = g_getenv("XDG_RUNTIME_DIR");

	if (dir && *dir == '/' && strlen(dir) < 60 && g_access(dir, W_OK | X_OK) == 0)
		return dir;
	return "/tmp";
}

/* "vtdlab-PID-..." of a process that is no more. */
static gboolean is_stale(const char *name)
{
	const char *digits = name + strlen(PREFIX);
	char *end;
	long pid;

	if (!g_str_has_prefix(name, PREFIX) || !g_ascii_isdigit(*digits))
		return FALSE;
	errno = 0;
	pid = strtol(digits, &end, 10);
	return *end == '-' && !errno && pid > 1 && pid <= G_MAXINT32 && kill((pid_t)pid, 0) < 0 && errno == ESRCH;
}

static void remove_stale(const char *base)
{
	g_autoptr(GDir) d = g_dir_open(base, 0, NULL);
	const char *name;
	struct stat st;

	while (d && (name = g_dir_read_name(d))) {
		g_autofree char *path = is_stale(name) ? g_build_filename(base, name, NULL) : NULL;

		if (path && lstat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid())
			remove_tree(AT_FDCWD, path);
	}
}

char *private_dir_make(GError **error)
{
	const char *base = base_dir();
	g_autofree char *dir = NULL;

	remove_stale(base);
	dir = g_strdup_printf("%s/" PREFIX "%ld-XXXXXX", base, (long)getpid());
	if (g_mkdtemp(dir))
		return g_steal_pointer(&dir);
	vtdlab_failed(error, "cannot make a directory in %s: %s", base, g_strerror(errno));
	return NULL;
}

void private_dir_remove(char *dir)
{
	if (dir)
		remove_tree(AT_FDCWD, dir);
	g_free(dir);
}
