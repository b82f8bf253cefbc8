/* SPDX-License-Identifier: GPL-2.0-only */
/* What a run could have left behind. */
#include "run/leaks.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Entries of @dir that begin with @prefix and end with @suffix; with @own only those of this user. */
static unsigned entries(const char *dir, const char *prefix, const char *suffix, bool own)
{
	g_autoptr(GDir) d = g_dir_open(dir, 0, NULL);
	const char *name;
	unsigned n = 0;

	while (d && (name = g_dir_read_name(d))) {
		g_autofree char *path = g_build_filename(dir, name, NULL);
		GStatBuf st;

		n += g_str_has_prefix(name, prefix) && g_str_has_suffix(name, suffix) &&
		     (!own || (g_lstat(path, &st) == 0 && st.st_uid == geteuid()));
	}
	return n;
}

static unsigned children(void)
{
	g_autoptr(GDir) proc = g_dir_open("/proc", 0, NULL);
	const char *name;
	unsigned n = 0;

	/* not task/PID/children, which a kernel need not have */
	while (proc && (name = g_dir_read_name(proc))) {
		g_autofree char *path = g_strdup_printf("/proc/%s/stat", name), *text = NULL;
		int pid = atoi(name), parent = 0;

		if (pid <= 0 || !g_file_get_contents(path, &text, NULL, NULL))
			continue;
		/* the name in parentheses may hold anything */
		if (sscanf(strrchr(text, ')') ?: "", ") %*c %d", &parent) == 1 && parent == getpid())
			n += waitpid(pid, NULL, WNOHANG) == 0;
	}
	return n;
}

void leaks_count(struct leaks *now, const char *results)
{
	g_autofree char *own = g_strdup_printf("vtdlab-%d-", (int)getpid());
	const char *runtime = g_getenv("XDG_RUNTIME_DIR");

	*now = (struct leaks){
		.descriptors = entries("/proc/self/fd", "", "", false) - 1, /* without that of the listing */
		.processes = children(),
		.directories = entries("/tmp", own, "", true) + (runtime ? entries(runtime, own, "", true) : 0),
		.partial = results ? entries(results, "", ".partial", true) : 0,
	};
}

static void more(GString *text, unsigned *most, unsigned now, const char *one, const char *many)
{
	if (now > *most) {
		g_string_append_printf(text, "%s%u %s", text->len ? ", " : "", now - *most,
				       now - *most == 1 ? one : many);
		*most = now;
	}
}

char *leaks_more(struct leaks *most, const struct leaks *now)
{
	GString *text = g_string_new(NULL);

	more(text, &most->descriptors, now->descriptors, "descriptor", "descriptors");
	more(text, &most->processes, now->processes, "process", "processes");
	more(text, &most->directories, now->directories, "private directory", "private directories");
	more(text, &most->partial, now->partial, "unfinished run directory", "unfinished run directories");
	return g_string_free(text, !text->len);
}

void leaks_adopt(void)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1);
}
