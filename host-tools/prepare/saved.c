/* SPDX-License-Identifier: GPL-2.0-only */
#include "prepare/saved.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "base/interrupt.h"
#include "base/json-line.h"
#include "base/paths.h"

#define META "meta"
#define LOCK "lock"
#define BEGUN ".new-"
#define ID_CHARS 32
#define META_MAX (1 << 20)
/* a maker that has no lock yet is given this long */
#define STALE_S 60
/* of which each snapshot has a byte */
#define TURNS ".turns"

static char *root_path(const char *name)
{
	return g_build_filename(lab_cache_dir(), SAVED_DIR, name, NULL);
}

char *saved_id(const char *key)
{
	char *id = g_compute_checksum_for_string(G_CHECKSUM_SHA256, key, -1);

	id[ID_CHARS] = '\0';
	return id;
}

/* ---- reading ---- */

/* The first line of META is the sum of all behind it. */
static JsonObject *read_meta(const char *dir, const char *key, const char **why)
{
	g_autofree char *path = g_build_filename(dir, META, NULL), *text = NULL, *sum = NULL;
	JsonObject *meta;
	const char *rest;
	gsize len;

	*why = "its description is damaged";
	if (!g_file_get_contents(path, &text, &len, NULL) || len > META_MAX)
		return NULL;
	rest = strchr(text, '\n');
	if (!rest)
		return NULL;
	rest++;
	len -= (gsize)(rest - text);
	sum = bytes_sum(rest, len);
	if (strncmp(text, sum, strlen(sum)) != 0 || text[strlen(sum)] != '\n')
		return NULL;
	meta = json_line_parse(rest, len);
	if (meta && g_strcmp0(json_line_string(meta, "key", NULL), key) == 0)
		return meta;
	if (meta) {
		*why = "it is of something else";
		json_object_unref(meta);
	}
	return NULL;
}

/* The sums of all files but the RAM, which is summed as it is read. */
static const char *damage(const char *dir, JsonObject *meta)
{
	JsonObject *sums = json_line_object(meta, "sums");
	g_autoptr(GList) names = sums ? json_object_get_members(sums) : NULL;

	if (!names || !json_line_string(sums, SAVED_STATE, NULL))
		return "its description is damaged";
	for (GList *l = names; l; l = l->next) {
		g_autofree char *path = g_build_filename(dir, l->data, NULL), *found = NULL;

		if (strcmp(l->data, SAVED_RAM) == 0)
			continue;
		found = file_sum(path, NULL);
		if (!found)
			return "a file of it is not there";
		if (strcmp(found, json_line_string(sums, l->data, "")) != 0)
			return "it is damaged";
	}
	return NULL;
}

/* It counts as used for `vtdlab cache prune --older-than`, and is among the last to give way. */
static void touch(const char *dir)
{
	g_autofree char *path = g_build_filename(dir, META, NULL);

	utimensat(AT_FDCWD, path, NULL, 0);
}

struct saved *saved_open(const char *key, char **why)
{
	struct saved *s = g_new0(struct saved, 1);
	const char *bad = NULL;

	*why = NULL;
	s->id = saved_id(key);
	s->dir = root_path(s->id);
	if (g_file_test(s->dir, G_FILE_TEST_IS_DIR)) {
		s->meta = read_meta(s->dir, key, &bad);
		if (s->meta)
			bad = damage(s->dir, s->meta);
		if (!bad) {
			touch(s->dir);
			return s;
		}
		*why = g_strdup(bad);
		saved_remove(s);
	}
	saved_free(s);
	return NULL;
}

char *saved_file(const struct saved *s, const char *name, gsize *len)
{
	g_autofree char *path = g_build_filename(s->dir, name, NULL), *sum = NULL;
	char *text;

	if (!g_file_get_contents(path, &text, len, NULL))
		return NULL;
	sum = bytes_sum(text, *len);
	if (g_strcmp0(sum, json_line_string(json_line_object(s->meta, "sums"), name, NULL)) == 0)
		return text;
	g_free(text);
	return NULL;
}

uint32_t saved_ram_sum(const struct saved *s)
{
	const char *text = json_line_string(json_line_object(s->meta, "sums"), SAVED_RAM, "");

	return (uint32_t)g_ascii_strtoull(text, NULL, 16);
}

void saved_remove(const struct saved *s)
{
	remove_tree(AT_FDCWD, s->dir);
}

void saved_free(struct saved *s)
{
	if (!s)
		return;
	if (s->meta)
		json_object_unref(s->meta);
	g_free(s->id);
	g_free(s->dir);
	g_free(s);
}

/* ---- making ---- */

/* What a maker that died has left; one that lives holds its lock. */
static void clear_dead(const char *root)
{
	g_autoptr(GPtrArray) names = dir_names(AT_FDCWD, root);

	for (guint i = 0; i < names->len; i++) {
		g_autofree char *dir = g_build_filename(root, names->pdata[i], NULL),
				*lock = g_build_filename(dir, LOCK, NULL);
		struct stat st;
		int fd;

		if (!g_str_has_prefix(names->pdata[i], BEGUN))
			continue;
		fd = open(lock, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		if (fd >= 0 ? flock(fd, LOCK_EX | LOCK_NB) == 0 :
			      stat(dir, &st) == 0 && st.st_mtime + STALE_S < g_get_real_time() / G_USEC_PER_SEC)
			remove_tree(AT_FDCWD, dir);
		if (fd >= 0)
			close(fd);
	}
}

int saved_turn(const char *key, void (*waits)(void *data), void *data, GError **error)
{
	g_autofree char *root = root_path(NULL), *path = root_path(TURNS), *id = saved_id(key);
	struct flock byte = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };
	bool taken = false;
	int fd = -1;

	id[8] = '\0';
	byte.l_start = (off_t)g_ascii_strtoull(id, NULL, 16);
	if (g_mkdir_with_parents(root, 0755) == 0)
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	while (!(taken = fd >= 0 && fcntl(fd, F_OFD_SETLK, &byte) == 0)) {
		if (fd < 0 || (errno != EAGAIN && errno != EACCES)) {
			vtdlab_failed(error, "cannot lock %s: %s", path, g_strerror(errno));
			break;
		}
		if (waits)
			waits(data);
		waits = NULL;
		if (interrupt_pending()) {
			g_set_error_literal(error, VTDLAB_ERROR, VTDLAB_ERROR_INTERRUPTED, "interrupted");
			break;
		}
		g_usleep(100000);
	}
	if (taken)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

bool saved_begin(struct saved_new *n, GError **error)
{
	g_autofree char *root = root_path(NULL), *lock = NULL;

	*n = (struct saved_new){ .lock = -1 };
	if (g_mkdir_with_parents(root, 0755) != 0)
		return vtdlab_failed(error, "cannot make %s: %s", root, g_strerror(errno));
	clear_dead(root);
	n->dir = g_build_filename(root, BEGUN "XXXXXX", NULL);
	if (!g_mkdtemp(n->dir)) {
		vtdlab_failed(error, "cannot write to %s: %s", root, g_strerror(errno));
		g_clear_pointer(&n->dir, g_free);
		return false;
	}
	lock = g_build_filename(n->dir, LOCK, NULL);
	n->lock = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	return (n->lock >= 0 && flock(n->lock, LOCK_EX | LOCK_NB) == 0) ||
	       vtdlab_failed(error, "cannot lock %s: %s", lock, g_strerror(errno));
}

struct entry {
	char *dir;
	uint64_t bytes;
	int64_t used;
};

static void entry_clear(void *e)
{
	g_free(((struct entry *)e)->dir);
}

static int by_use(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return x->used < y->used ? -1 : x->used > y->used;
}

static uint64_t bytes_of(const char *dir)
{
	g_autoptr(GPtrArray) names = dir_names(AT_FDCWD, dir);
	uint64_t bytes = 0;

	for (guint i = 0; i < names->len; i++) {
		g_autofree char *path = g_build_filename(dir, names->pdata[i], NULL);
		struct stat st;

		if (lstat(path, &st) == 0)
			bytes += (uint64_t)st.st_blocks * 512;
	}
	return bytes;
}

static uint64_t limit(void)
{
	const char *text = g_getenv("VTDLAB_SNAPSHOT_MIB");
	guint64 mib;

	if (!text || !g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT32, &mib, NULL))
		mib = SAVED_LIMIT_MIB;
	return mib << 20;
}

/* Those used longest ago go, until @more fit. */
static bool make_room(uint64_t more, GError **error)
{
	g_autofree char *root = root_path(NULL);
	g_autoptr(GPtrArray) names = dir_names(AT_FDCWD, root);
	g_autoptr(GArray) entries = g_array_new(FALSE, FALSE, sizeof(struct entry));
	uint64_t all = more;

	if (more > limit())
		return vtdlab_failed(error, "it takes %" G_GUINT64_FORMAT " MiB, and all may take %" G_GUINT64_FORMAT,
				     more >> 20, limit() >> 20);
	g_array_set_clear_func(entries, entry_clear);
	for (guint i = 0; i < names->len; i++) {
		struct entry e = { .dir = g_build_filename(root, names->pdata[i], NULL) };
		g_autofree char *meta = g_build_filename(e.dir, META, NULL);
		struct stat st;

		if (g_str_has_prefix(names->pdata[i], BEGUN) || lstat(meta, &st) != 0) {
			g_free(e.dir);
			continue;
		}
		e.used = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
		e.bytes = bytes_of(e.dir);
		all += e.bytes;
		g_array_append_val(entries, e);
	}
	g_array_sort(entries, by_use);
	for (guint i = 0; i < entries->len && all > limit(); i++) {
		const struct entry *e = &g_array_index(entries, struct entry, i);

		if (remove_tree(AT_FDCWD, e->dir))
			all -= e->bytes;
	}
	return true;
}

static bool sum_all(const char *dir, uint32_t ram_sum, JsonObject *meta, GError **error)
{
	g_autoptr(GPtrArray) names = dir_names(AT_FDCWD, dir);
	JsonObject *sums = json_object_new();

	json_object_set_object_member(meta, "sums", sums);
	for (guint i = 0; i < names->len; i++) {
		g_autofree char *path = g_build_filename(dir, names->pdata[i], NULL), *text = NULL;

		if (strcmp(names->pdata[i], LOCK) == 0)
			continue;
		if (strcmp(names->pdata[i], SAVED_RAM) == 0)
			text = g_strdup_printf("%08x", ram_sum);
		else
			text = file_sum(path, error);
		if (!text)
			return false;
		json_object_set_string_member(sums, names->pdata[i], text);
	}
	return true;
}

bool saved_commit(struct saved_new *n, const char *key, uint32_t ram_sum, JsonObject *meta, GError **error)
{
	g_autofree char *id = saved_id(key), *to = root_path(id), *path = g_build_filename(n->dir, META, NULL);
	g_autofree char *lock = g_build_filename(n->dir, LOCK, NULL), *json = NULL, *sum = NULL, *text = NULL;
	bool good;

	json_object_set_string_member(meta, "key", key);
	good = sum_all(n->dir, ram_sum, meta, error);
	json = json_text(meta, false);
	json_object_unref(meta);
	sum = bytes_sum(json, strlen(json));
	text = g_strconcat(sum, "\n", json, NULL);
	if (!good || !file_replace(path, text, -1, error) || !make_room(bytes_of(n->dir), error))
		return false;
	g_unlink(lock);
	if (g_rename(n->dir, to) != 0 && errno != EEXIST && errno != ENOTEMPTY)
		return vtdlab_failed(error, "cannot make %s: %s", to, g_strerror(errno));
	return true;
}

void saved_end(struct saved_new *n)
{
	if (n->dir)
		remove_tree(AT_FDCWD, n->dir);
	if (n->lock >= 0)
		close(n->lock);
	g_free(n->dir);
	*n = (struct saved_new){ .lock = -1 };
}
