/* SPDX-License-Identifier: GPL-2.0-only */
/* A run directory: made under a temporary name, renamed when the run is complete. */
#include "results/rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/paths.h"
#include "base/files.h"
#include "base/run-file.h"

#define PARTIAL ".partial"
#define INTERRUPTED ".interrupted"
#define PID_FILE "pid"

static bool failed(GError **error, enum vtdlab_error code, const char *what, const char *path)
{
	g_set_error(error, VTDLAB_ERROR, code, "%s %s: %s", what, path, g_strerror(errno));
	return false;
}

static uint32_t random_bits(void)
{
	uint32_t bits;

	return getrandom(&bits, sizeof(bits), 0) == (ssize_t)sizeof(bits) ? bits : g_random_int();
}

/* -1, or a descriptor of @path that holds its lock; *@busy = another process holds it. */
static int lock_file(const char *path, int flags, bool *busy)
{
	int fd = open(path, flags | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0644);

	*busy = false;
	if (fd < 0)
		return -1;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	/* No locks on this file system: better to leave a dead run alone than to take a live one.
	 */
	*busy = true;
	close(fd);
	return -1;
}

static bool write_why(const char *dir, const char *why, GError **error)
{
	g_autofree char *path = g_build_filename(dir, RUN_FILE_INTERRUPTED, NULL);
	g_autofree char *line = g_strdup_printf("%s\n", why);

	return g_file_set_contents(path, line, -1, error);
}

/* A .partial directory whose pid file nobody locks has lost its process: mark it. */
static void put_away(const char *root, const char *name)
{
	g_autofree char *path = g_build_filename(root, name, NULL);
	g_autofree char *pid = g_build_filename(path, PID_FILE, NULL);
	g_autofree char *stem = g_strndup(name, strlen(name) - strlen(PARTIAL));
	g_autofree char *to = g_strconcat(root, "/", stem, INTERRUPTED, NULL);
	struct stat st;
	bool busy;
	int fd;

	/* a link into somebody else's directory is no run */
	if (lstat(path, &st) != 0 || !S_ISDIR(st.st_mode))
		return;
	fd = lock_file(pid, 0, &busy);
	if (busy || (fd < 0 && errno != ENOENT))
		return;
	write_why(path, "the process that ran it died", NULL);
	g_unlink(pid);
	g_rename(path, to);
	if (fd >= 0)
		close(fd);
}

static void put_away_all(const char *root)
{
	g_autoptr(GDir) dir = g_dir_open(root, 0, NULL);
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	const char *name;

	while (dir && (name = g_dir_read_name(dir)))
		if (g_str_has_suffix(name, PARTIAL) && g_ascii_isdigit(*name))
			g_ptr_array_add(names, g_strdup(name));
	for (guint i = 0; i < names->len; i++)
		put_away(root, names->pdata[i]);
}

/* The part of a directory's name that says what was run: without what no file name should hold. */
static char *label_of(const char *scenario)
{
	char *name = g_strndup(scenario, 80);

	g_strcanon(name, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "._-", '_');
	return name;
}

int rundir_newest_first(const void *a, const void *b)
{
	return -strcmp(*(const char *const *)a, *(const char *const *)b);
}

bool rundir_is_of(const char *entry, const char *name, bool complete)
{
	g_autofree char *label = label_of(name), *quoted = g_regex_escape_string(label, -1);
	g_autofree char *pattern = g_strdup_printf("^[0-9]{8}T[0-9]{6}Z-%s-[0-9a-f]{6}%s$", quoted,
						   complete ? "" : "\\.(interrupted|partial)");

	return g_regex_match_simple(pattern, entry, 0, 0);
}

static bool make_directory(struct rundir *rd, const char *scenario, GError **error)
{
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();
	g_autofree char *time = g_date_time_format(now, "%Y%m%dT%H%M%SZ");
	g_autofree char *clean = label_of(scenario);

	for (int tries = 0; tries < 100; tries++) {
		g_free(rd->name);
		g_free(rd->path);
		rd->name = g_strdup_printf("%s-%s-%06x", time, clean, random_bits() & 0xffffff);
		rd->path = g_strconcat(rd->root, "/", rd->name, PARTIAL, NULL);
		if (g_mkdir(rd->path, 0755) == 0)
			return true;
		if (errno != EEXIST)
			break;
	}
	return failed(error, VTDLAB_ERROR_USAGE, "cannot make the run directory", rd->path);
}

static bool make_pid_file(struct rundir *rd, GError **error)
{
	g_autofree char *path = rundir_file(rd, PID_FILE);
	g_autofree char *text = g_strdup_printf("%d\n", (int)getpid());
	bool busy;

	rd->pid_fd = lock_file(path, O_CREAT | O_EXCL, &busy);
	if (rd->pid_fd < 0 && busy) /* no locks here: the file alone has to do */
		rd->pid_fd = open(path, O_RDWR | O_CLOEXEC);
	if (rd->pid_fd < 0 || write(rd->pid_fd, text, strlen(text)) != (ssize_t)strlen(text))
		return failed(error, VTDLAB_ERROR_FAILED, "cannot write", path);
	return true;
}

/* The directory under its .partial name, with a locked pid file; @lock guards the time between. */
static bool make_locked(struct rundir *rd, const char *scenario, int lock, GError **error)
{
	if (TEMP_FAILURE_RETRY(flock(lock, LOCK_EX)) == 0)
		put_away_all(rd->root);
	if (!make_directory(rd, scenario, error))
		return false;
	if (make_pid_file(rd, error))
		return true;
	rundir_remove(rd);
	return false;
}

/* Absolute; the caller frees it. */
static char *root_path(const char *root)
{
	g_autofree char *standard = lab_results(NULL);

	return g_canonicalize_filename(root ? root : standard, NULL);
}

bool rundir_possible(const char *root, GError **error)
{
	g_autofree char *whole = root_path(root), *dir = g_strdup(whole);

	while (g_access(dir, F_OK) != 0 && errno == ENOENT && strcmp(dir, "/") != 0) {
		char *up = g_path_get_dirname(dir);

		g_free(dir);
		dir = up;
	}
	if (!g_file_test(dir, G_FILE_TEST_IS_DIR))
		errno = ENOTDIR;
	else if (g_access(dir, W_OK | X_OK) == 0)
		return true;
	return failed(error, VTDLAB_ERROR_USAGE, "cannot write to the results directory", whole);
}

struct rundir *rundir_create(const char *root, const char *scenario, GError **error)
{
	struct rundir *rd = g_new0(struct rundir, 1);
	g_autofree char *lock_path = NULL;
	bool ok = false;
	int lock;

	rd->pid_fd = -1;
	rd->root = root_path(root);
	lock_path = g_build_filename(rd->root, ".lock", NULL);
	if (g_mkdir_with_parents(rd->root, 0755) != 0) {
		failed(error, VTDLAB_ERROR_USAGE, "cannot make the results directory", rd->root);
		goto out;
	}
	lock = open(lock_path, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (lock < 0) {
		failed(error, VTDLAB_ERROR_USAGE, "cannot write to the results directory", rd->root);
		goto out;
	}
	ok = make_locked(rd, scenario, lock, error);
	close(lock);
out:
	if (!ok)
		g_clear_pointer(&rd, rundir_free);
	return rd;
}

bool rundir_running(const char *path)
{
	g_autofree char *pid = g_build_filename(path, PID_FILE, NULL);
	bool busy;
	int fd = lock_file(pid, 0, &busy);

	if (fd >= 0)
		close(fd);
	return busy;
}

struct rundir *rundir_resume(const char *path, GError **error)
{
	g_autofree char *whole = g_canonicalize_filename(path, NULL), *name = g_path_get_basename(whole);
	const char *end = strrchr(name, '.');
	bool partial = g_strcmp0(end, PARTIAL) == 0;
	struct rundir *rd = g_new0(struct rundir, 1);
	g_autofree char *pid = g_build_filename(whole, PID_FILE, NULL);
	bool busy;

	rd->pid_fd = lock_file(pid, O_CREAT, &busy);
	if (busy) {
		vtdlab_refuse(error, "%s: somebody is still at it", path);
	} else if (rd->pid_fd < 0 || (!partial && g_strcmp0(end, INTERRUPTED) != 0)) {
		vtdlab_refuse(error, "%s: nothing to go on with: it is complete, or no results directory", path);
		if (rd->pid_fd >= 0)
			unlink(pid);
	} else {
		rd->root = g_path_get_dirname(whole);
		rd->name = g_strndup(name, (gsize)(end - name));
		rd->path = g_strconcat(rd->root, "/", rd->name, PARTIAL, NULL);
		if (ftruncate(rd->pid_fd, 0) == 0 && dprintf(rd->pid_fd, "%d\n", (int)getpid()) > 0 &&
		    (partial || rename(whole, rd->path) == 0))
			return rd;
		failed(error, VTDLAB_ERROR_FAILED, "cannot go on in", path);
	}
	rundir_free(rd);
	return NULL;
}

char *rundir_file(const struct rundir *rd, const char *name)
{
	return g_build_filename(rd->path, name, NULL);
}

bool rundir_write(const struct rundir *rd, const char *name, const void *data, gssize len, GError **error)
{
	g_autofree char *path = rundir_file(rd, name);

	return file_replace(path, data, len, error);
}

static bool rename_to(struct rundir *rd, const char *suffix, GError **error)
{
	g_autofree char *to = g_strconcat(rd->root, "/", rd->name, suffix, NULL);
	g_autofree char *pid = rundir_file(rd, PID_FILE);

	if (rename(rd->path, to) != 0)
		return failed(error, VTDLAB_ERROR_FAILED, "cannot rename to", to);
	g_free(rd->path);
	rd->path = g_steal_pointer(&to);
	g_free(pid);
	pid = rundir_file(rd, PID_FILE);
	unlink(pid);
	if (rd->pid_fd >= 0)
		close(rd->pid_fd);
	rd->pid_fd = -1;
	return true;
}

static void sync_directory(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

/* Points the link @name beside @rd at it, by rename. */
static bool link_latest(const struct rundir *rd, const char *name, GError **error)
{
	g_autofree char *link = g_build_filename(rd->root, name, NULL);
	g_autofree char *temp =
		g_strdup_printf("%s/.latest.%d.%06x", rd->root, (int)getpid(), random_bits() & 0xffffff);
	struct stat st;

	if (lstat(link, &st) == 0 && !S_ISLNK(st.st_mode))
		return vtdlab_failed(error, "%s is not a symbolic link: it is left alone; move it away", link);
	if (symlink(rd->name, temp) != 0)
		return failed(error, VTDLAB_ERROR_FAILED, "cannot make the link", link);
	if (rename(temp, link) != 0) {
		failed(error, VTDLAB_ERROR_FAILED, "cannot make the link", link);
		unlink(temp);
		return false;
	}
	return true;
}

char *rundir_latest(const char *root)
{
	g_autofree char *run = g_build_filename(root, RUNDIR_LATEST, NULL),
			*bench = g_build_filename(root, RUNDIR_LATEST_BENCH, NULL);
	char *to = g_file_read_link(run, NULL);

	return to ? to : g_file_read_link(bench, NULL);
}

bool rundir_commit(struct rundir *rd, const char *latest, GError **error)
{
	if (!rename_to(rd, "", error))
		return false;
	sync_directory(rd->root);
	return link_latest(rd, latest, error);
}

bool rundir_interrupt(struct rundir *rd, const char *why, GError **error)
{
	/* On a full disk the name alone must do; it says the same. */
	write_why(rd->path, why, NULL);
	return rename_to(rd, INTERRUPTED, error);
}

void rundir_remove(struct rundir *rd)
{
	remove_tree(AT_FDCWD, rd->path);
	if (rd->pid_fd >= 0)
		close(rd->pid_fd);
	rd->pid_fd = -1;
}

void rundir_free(struct rundir *rd)
{
	if (!rd)
		return;
	if (rd->pid_fd >= 0)
		close(rd->pid_fd);
	g_free(rd->root);
	g_free(rd->name);
	g_free(rd->path);
	g_free(rd);
}
