/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/kept-sum.h"

#include <glib/gstdio.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"

#define SHA256_DIGITS 64

/* A file of the same words has not been written since: what is written has another time of change (ctime). */
static char *words_of(const struct stat *st)
{
	g_autofree char *boot = NULL;

	if (!g_file_get_contents("/proc/sys/kernel/random/boot_id", &boot, NULL, NULL))
		return NULL;
	return g_strdup_printf("%s %ju %ju %jd %jd.%09ld %jd.%09ld", g_strstrip(boot), (uintmax_t)st->st_dev,
			       (uintmax_t)st->st_ino, (intmax_t)st->st_size, (intmax_t)st->st_mtim.tv_sec,
			       st->st_mtim.tv_nsec, (intmax_t)st->st_ctim.tv_sec, st->st_ctim.tv_nsec);
}

static char *kept(const char *memo, const char *words)
{
	g_autofree char *text = NULL;
	const char *sum;

	if (!words || !g_file_get_contents(memo, &text, NULL, NULL) || !g_str_has_prefix(text, words))
		return NULL;
	sum = text + strlen(words);
	if (*sum++ != ' ' || strspn(sum, "0123456789abcdef") != SHA256_DIGITS || strlen(sum) != SHA256_DIGITS)
		return NULL;
	return g_strdup(sum);
}

static char *memo_of(const char *dir, const char *path, const char *kind)
{
	g_autofree char *name = g_compute_checksum_for_string(G_CHECKSUM_SHA256, path, -1);

	return g_strdup_printf("%s/%.16s.%s", dir, name, kind);
}

/* Whole or not at all: it is renamed into its place. */
static void keep(const char *dir, const char *memo, const char *text)
{
	if (g_mkdir_with_parents(dir, 0755) == 0 && !g_file_set_contents(memo, text, -1, NULL))
		g_unlink(memo);
}

char *kept_stamp(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 ? words_of(&st) : NULL;
}

bool kept_good(const char *dir, const char *path, const char *stamp)
{
	g_autofree char *memo = memo_of(dir, path, "good"), *text = NULL;

	return stamp && g_file_get_contents(memo, &text, NULL, NULL) && strcmp(text, stamp) == 0;
}

void kept_set_good(const char *dir, const char *path, const char *stamp)
{
	g_autofree char *memo = memo_of(dir, path, "good");

	if (stamp)
		keep(dir, memo, stamp);
}

char *kept_sum(const char *dir, const char *path, GError **error)
{
	g_autofree char *memo = memo_of(dir, path, "sum"), *words = NULL, *text = NULL;
	g_autoptr(GError) why = NULL;
	GMappedFile *file;
	struct stat st;
	char *sum;

	if (stat(path, &st) == 0)
		words = words_of(&st);
	sum = kept(memo, words);
	if (sum)
		return sum;
	file = g_mapped_file_new(path, FALSE, &why);
	if (!file) {
		vtdlab_failed(error, "%s", why->message);
		return NULL;
	}
	sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)g_mapped_file_get_contents(file),
					  g_mapped_file_get_length(file));
	g_mapped_file_unref(file);
	if (words) {
		text = g_strdup_printf("%s %s", words, sum);
		keep(dir, memo, text);
	}
	return sum;
}
