/* SPDX-License-Identifier: GPL-2.0-only */
/* The verb cache: how big the cache of kernels is, and making it smaller. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/paths.h"
#include "base/files.h"
#include "base/json-line.h"
#include "cmd/cmd.h"
#include "prepare/saved.h"

#define MAX_DEPTH 64
#define WORK "lab/work"

/*
 * What the lab itself puts into its cache. Only this is ever removed, so that a cache directory
 * that was set to somebody's home directory loses nothing else.
 */
static const struct kind {
	const char *name;
	bool each; /* every entry in it is one thing, pruned by itself; else all of it is one */
	const char *what;
} kinds[] = {
	{ "kernels", true, "prepared kernels" },
	{ "initramfs", true, "initramfs images" },
	{ "flat", true, "crash kernels without decompression" },
	{ "foreign", true, "tools that make a crash initramfs" },
	{ "programs", true, "programs of such an initramfs" },
	{ "qemus", true, "QEMUs" },
	{ SAVED_DIR, true, "snapshots of first kernels (machine.snapshot)" },
	{ "lab/sources", true, "sources of kernels built here" },
	{ WORK, true, "trees of kernels built here" },
	{ "ccache", false, "what their compiler has made" },
	{ "selftests", true, "the kernel's selftests, built here" },
	{ "changelogs", true, "changelogs of kernels" },
	{ "hashes", true, "hashes of files, with what tells that they are the same" },
	{ "apt", false, "package lists" },
	{ "accel", true, "what KVM was proven to do" },
	{ "qemu", true, "what each QEMU can do" },
	{ "libvirt", false, "what libvirt knows of each QEMU" },
	{ "disk-pattern.img", false, "the pattern disk" },
};

static gboolean prune_all, dry_run, as_json;
static char *only_kind;
#define NOT_GIVEN (-G_MAXDOUBLE)
static double older_than_days = NOT_GIVEN;

struct tree {
	uint64_t bytes; /* allocated on disk */
	int64_t used;	/* newest time of use of its files, s since 1970 */
};

/* Adds up what lies at @name in @dir; symbolic links are not followed. */
static void measure(int dir, const char *name, struct tree *tree, int depth)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return;
	tree->bytes += (uint64_t)st.st_blocks * 512;
	if (!S_ISDIR(st.st_mode)) {
		tree->used = MAX(tree->used, MAX(st.st_mtime, st.st_atime));
		return;
	}
	tree->used = MAX(tree->used, st.st_mtime);
	g_autoptr(GPtrArray) names = dir_names(dir, name);
	int fd = depth < MAX_DEPTH ? openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;

	for (guint i = 0; fd >= 0 && i < names->len; i++)
		measure(fd, names->pdata[i], tree, depth + 1);
	if (fd >= 0)
		close(fd);
}

/* Is it in no kind, so that nothing here ever removes it? */
static bool foreign(const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
		if (strncmp(kinds[i].name, name, len) == 0 && (!kinds[i].name[len] || kinds[i].name[len] == '/'))
			return false;
	return strcmp(name, "lock") != 0 && strcmp(name, "tmp") != 0;
}

/* A size that leaves out what somebody else put there is no size of the directory. */
static uint64_t show_foreign(int cache)
{
	g_autoptr(GPtrArray) names = dir_names(cache, ".");
	struct tree tree = { 0 };

	for (guint i = 0; i < names->len; i++)
		if (foreign(names->pdata[i]))
			measure(cache, names->pdata[i], &tree, 0);
	g_autofree char *size = g_format_size_full(tree.bytes, G_FORMAT_SIZE_IEC_UNITS);

	if (tree.bytes)
		printf("  %-18s %10s  not the lab's: prune leaves it\n", "others", size);
	return tree.bytes;
}

static JsonObject *size_json(const char *name, uint64_t bytes)
{
	JsonObject *o = json_object_new();

	json_object_set_string_member(o, "name", name);
	json_object_set_int_member(o, "bytes", (gint64)bytes);
	return o;
}

/* The same with the entries of each kind that has some. */
static int show_json(int cache)
{
	JsonObject *o = size_json(lab_cache_dir(), 0);
	JsonArray *list = json_array_new();
	struct tree all = { 0 };
	g_autofree char *text = NULL;

	measure(cache, ".", &all, 0);
	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
		g_autoptr(GPtrArray) entries = dir_names(cache, kinds[i].name);
		struct tree tree = { 0 };
		JsonArray *ones = json_array_new();
		JsonObject *kind;

		measure(cache, kinds[i].name, &tree, 0);
		kind = size_json(kinds[i].name, tree.bytes);
		json_object_set_string_member(kind, "what", kinds[i].what);
		for (guint j = 0; kinds[i].each && j < entries->len; j++) {
			g_autofree char *path = g_build_filename(kinds[i].name, entries->pdata[j], NULL);
			struct tree one = { 0 };

			measure(cache, path, &one, 0);
			json_array_add_object_element(ones, size_json(entries->pdata[j], one.bytes));
		}
		json_object_set_array_member(kind, "entries", ones);
		json_array_add_object_element(list, kind);
	}
	json_object_set_int_member(o, "bytes", (gint64)all.bytes);
	json_object_set_array_member(o, "kinds", list);
	text = json_text(o, true);
	fputs(text, stdout);
	json_object_unref(o);
	return VTDLAB_EXIT_OK;
}

static int show(int cache)
{
	uint64_t total = 0;

	printf("%s\n", lab_cache_dir());
	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
		struct tree tree = { 0 };
		g_autoptr(GPtrArray) entries = NULL;

		measure(cache, kinds[i].name, &tree, 0);
		if (!tree.bytes)
			continue;
		entries = dir_names(cache, kinds[i].name);
		g_autofree char *size = g_format_size_full(tree.bytes, G_FORMAT_SIZE_IEC_UNITS);

		printf("  %-18s %10s  %s\n", kinds[i].name, size, kinds[i].what);
		total += tree.bytes;
		for (guint j = 0; kinds[i].each && strcmp(kinds[i].name, "kernels") == 0 && j < entries->len; j++) {
			const char *name = entries->pdata[j];
			struct tree one = { 0 };

			if (*name == '.')
				continue;
			g_autofree char *path = g_build_filename(kinds[i].name, name, NULL);

			measure(cache, path, &one, 0);
			g_autofree char *part = g_format_size_full(one.bytes, G_FORMAT_SIZE_IEC_UNITS);

			printf("    %-40s %10s\n", name, part);
		}
	}
	total += show_foreign(cache);
	g_autofree char *all = g_format_size_full(total, G_FORMAT_SIZE_IEC_UNITS);

	printf("  %-18s %10s  `vtdlab cache prune --older-than DAYS` or --all, --kind NAME\n", "in all", all);
	return VTDLAB_EXIT_OK;
}

/* Does somebody hold the lock of a tree that a kernel is built in, or of a snapshot that is being made? */
static bool in_use(int cache, const char *path)
{
	g_autofree char *lock = g_build_filename(path, "lock", NULL);
	int fd = g_str_has_prefix(path, WORK "/") || g_str_has_prefix(path, SAVED_DIR "/") ?
			 openat(cache, lock, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) :
			 -1;
	bool busy = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0;

	if (fd >= 0)
		close(fd);
	return busy;
}

/*
 * Takes @path out of the cache. It is moved to tmp/ first, in one step: a prepared kernel is there
 * whole or not at all, also when this process is killed meanwhile (tmp/ is emptied by whoever takes
 * the lock next).
 */
static bool prune_one(int cache, const char *path, uint64_t *freed)
{
	struct tree tree = { 0 };

	measure(cache, path, &tree, 0);
	if (!prune_all && tree.used > g_get_real_time() / G_USEC_PER_SEC - (int64_t)(older_than_days * 86400))
		return true;
	if (in_use(cache, path)) {
		printf("left %s: a %s is being made there\n", path,
		       g_str_has_prefix(path, WORK "/") ? "kernel" : "snapshot");
		return true;
	}
	g_autofree char *size = g_format_size_full(tree.bytes, G_FORMAT_SIZE_IEC_UNITS);
	g_autofree char *base = g_path_get_basename(path);
	g_autofree char *temp = g_strdup_printf("tmp/prune.%s", base);

	printf("%s %s (%s)\n", dry_run ? "would remove" : "removed", path, size);
	*freed += tree.bytes;
	if (dry_run)
		return true;
	if (remove_tree(cache, temp) && renameat(cache, path, cache, temp) == 0 && remove_tree(cache, temp))
		return true;
	fprintf(stderr, "vtdlab cache: cannot remove %s/%s: %s\n", lab_cache_dir(), path, g_strerror(errno));
	return false;
}

static int prune_kinds(int cache)
{
	uint64_t freed = 0;
	bool ok = true;

	if (!dry_run && mkdirat(cache, "tmp", 0755) != 0 && errno != EEXIST) {
		fprintf(stderr, "vtdlab cache: cannot write to %s: %s\n", lab_cache_dir(), g_strerror(errno));
		return VTDLAB_EXIT_CANNOT_JUDGE;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
		if (only_kind && strcmp(only_kind, kinds[i].name) != 0)
			continue;
		if (!kinds[i].each) {
			if (faccessat(cache, kinds[i].name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
				ok = prune_one(cache, kinds[i].name, &freed) && ok;
			continue;
		}
		g_autoptr(GPtrArray) entries = dir_names(cache, kinds[i].name);

		for (guint j = 0; j < entries->len; j++) {
			g_autofree char *path = g_build_filename(kinds[i].name, entries->pdata[j], NULL);

			ok = prune_one(cache, path, &freed) && ok;
		}
	}
	g_autofree char *size = g_format_size_full(freed, G_FORMAT_SIZE_IEC_UNITS);

	printf("%s %s in %s\n", dry_run ? "would free" : "freed", size, lab_cache_dir());
	return ok ? VTDLAB_EXIT_OK : VTDLAB_EXIT_CANNOT_JUDGE;
}

static int prune(int cache)
{
	int status, lock;

	if (older_than_days != NOT_GIVEN && !(older_than_days >= 0 && older_than_days <= 36500))
		return cmd_usage_error("cache", "--older-than %g: 0 to 36500 days", older_than_days);
	if (only_kind && foreign(only_kind))
		return cmd_usage_error("cache", "--kind '%s': a name that `vtdlab cache` shows", only_kind);
	if (prune_all == (older_than_days != NOT_GIVEN))
		return cmd_usage_error("cache", "prune wants either --all or --older-than DAYS");
	lock = openat(cache, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (lock < 0) {
		fprintf(stderr, "vtdlab cache: cannot write to %s: %s\n", lab_cache_dir(), g_strerror(errno));
		return VTDLAB_EXIT_CANNOT_JUDGE;
	}
	if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
		fprintf(stderr,
			"vtdlab cache: a kernel is being fetched into %s; prune when that is "
			"over\n",
			lab_cache_dir());
		close(lock);
		return VTDLAB_EXIT_CANNOT_JUDGE;
	}
	status = prune_kinds(cache);
	close(lock);
	return status;
}

int cmd_cache(int argc, char **argv)
{
	const GOptionEntry entries[] = {
		{ "all", 0, 0, G_OPTION_ARG_NONE, &prune_all, "prune: everything", NULL },
		{ "older-than", 0, 0, G_OPTION_ARG_DOUBLE, &older_than_days, "prune: what was not used for that long",
		  "DAYS" },
		{ "kind", 0, 0, G_OPTION_ARG_STRING, &only_kind, "prune: of this kind only, such as kernels or ccache",
		  "NAME" },
		{ "dry-run", 0, 0, G_OPTION_ARG_NONE, &dry_run, "prune: only say what would go", NULL },
		{ "json", 0, 0, G_OPTION_ARG_NONE, &as_json, "JSON: bytes of each kind and of its entries", NULL },
		G_OPTION_ENTRY_NULL,
	};
	int status = cmd_parse("cache", entries, &argc, &argv);
	bool pruning = argc > 1 && strcmp(argv[1], "prune") == 0;
	int cache;

	if (status >= 0)
		return status;
	if (argc > 2 || (argc > 1 && !pruning))
		return cmd_usage_error("cache", "'%s' is not understood; there is only prune", argv[argc - 1]);
	if (!pruning && (prune_all || dry_run || only_kind || older_than_days != NOT_GIVEN))
		return cmd_usage_error("cache", "--all, --older-than, --kind and --dry-run belong to prune");
	if (pruning && as_json)
		return cmd_usage_error("cache", "--json is of what there is, not of prune");
	cache = open(lab_cache_dir(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (cache < 0 && errno == ENOENT && !as_json) {
		printf("%s is not there yet: nothing is cached\n", lab_cache_dir());
		return VTDLAB_EXIT_OK;
	}
	if (cache < 0 && (errno != ENOENT || !as_json)) {
		fprintf(stderr, "vtdlab cache: cannot read %s: %s\n", lab_cache_dir(), g_strerror(errno));
		return VTDLAB_EXIT_USAGE;
	}
	status = pruning ? prune(cache) : as_json ? show_json(cache) : show(cache);
	if (cache >= 0)
		close(cache);
	return status;
}
