/* SPDX-License-Identifier: GPL-2.0-only */
/* Whole files, and directories with all that is in them. */
#include "base/files.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/error.h"

/* Nothing of ours is deeper. */
#define MAX_DEPTH 64
#define SPARSE_PAGE 4096
#define SPARSE_BLOCK (1 << 20)

bool file_replace(const char *path, const void *data, gssize len, GError **error)
{
	g_autoptr(GError) why = NULL;

	if (g_file_set_contents_full(path, data, len, G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
				     0644, &why))
		return true;
	return vtdlab_failed(error, "%s", why->message);
}

GPtrArray *dir_names(int dir, const char *name)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;

	while (d && (entry = readdir(d)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			g_ptr_array_add(names, g_strdup(entry->d_name));
	if (d)
		closedir(d);
	else if (fd >= 0)
		close(fd);
	return names;
}

static bool remove_at(int dir, const char *name, int depth)
{
	bool ok = true;

	if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
		return true;
	if ((errno != EISDIR && errno != EPERM) || depth >= MAX_DEPTH)
		return false;
	g_autoptr(GPtrArray) names = dir_names(dir, name);
	int fd = names->len ? openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;

	for (guint i = 0; i < names->len; i++)
		ok = remove_at(fd, names->pdata[i], depth + 1) && ok;
	if (fd >= 0)
		close(fd);
	return unlinkat(dir, name, AT_REMOVEDIR) == 0 && ok;
}

bool remove_tree(int dir, const char *name)
{
	return remove_at(dir, name, 0);
}

bool all_zero(const void *p, size_t len)
{
	const char *first = p;

	return !len || (!*first && memcmp(first, first + 1, len - 1) == 0);
}

/* As pwrite(), to the end; pages of zeros are left out. */
static int write_sparse(int fd, const char *data, size_t len, uint64_t at)
{
	for (size_t done = 0, n; done < len; done += n) {
		ssize_t wrote;

		n = MIN(len - done, SPARSE_PAGE);
		if (all_zero(data + done, n))
			continue;
		wrote = pwrite(fd, data + done, n, (off_t)(at + done));
		if (wrote < 0)
			return -errno;
		n = (size_t)wrote;
	}
	return 0;
}

int copy_sparse(int from, uint64_t at, int to, uint64_t to_at, uint64_t len)
{
	g_autofree char *buf = g_malloc(SPARSE_BLOCK);
	int ret = 0;

	for (uint64_t done = 0; !ret && done < len;) {
		ssize_t n = pread(from, buf, MIN(len - done, SPARSE_BLOCK), (off_t)(at + done));

		if (n <= 0)
			return n ? -errno : -ENODATA;
		ret = write_sparse(to, buf, (size_t)n, to_at + done);
		done += (uint64_t)n;
	}
	return ret;
}

#define SMALL_MAX (1 << 20)

char *file_read_small(const char *what, const char *path, gsize *len, GError **error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text = g_malloc(SMALL_MAX + 1);
	ssize_t n = fd < 0 ? -1 : 1;

	*len = 0;
	while (n > 0 && *len <= SMALL_MAX) {
		n = read(fd, text + *len, SMALL_MAX + 1 - *len);
		if (n > 0)
			*len += (gsize)n;
		else if (n < 0 && errno == EINTR)
			n = 1;
	}
	if (n < 0 || *len > SMALL_MAX) {
		vtdlab_refuse(error, "cannot read %s %s: %s", what, path,
			      n < 0 ? g_strerror(errno) : "more than 1 MiB is none");
		g_clear_pointer(&text, g_free);
	} else {
		text[*len] = '\0';
	}
	if (fd >= 0)
		close(fd);
	return text;
}

char *bytes_sum(const void *bytes, size_t len)
{
	return g_strdup_printf("%zx-%08lx", len, crc32_z(0, bytes, len));
}

char *file_sum(const char *path, GError **error)
{
	g_autoptr(GError) why = NULL;
	GMappedFile *file = g_mapped_file_new(path, FALSE, &why);
	char *sum;

	if (!file) {
		vtdlab_failed(error, "%s", why->message);
		return NULL;
	}
	sum = bytes_sum(g_mapped_file_get_contents(file), g_mapped_file_get_length(file));
	g_mapped_file_unref(file);
	return sum;
}
