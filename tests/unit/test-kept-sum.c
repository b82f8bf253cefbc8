/* SPDX-License-Identifier: GPL-2.0-only */
/* SHA-256 that is kept: never of another file, nor of what the file held before. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <glib.h>
#include <glib/gstdio.h>

#include "base/files.h"
#include "base/kept-sum.h"

#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define KEPT "0000000000000000000000000000000000000000000000000000000000000abc"

static char *dir, *hashes, *path;

static int setup(void **state)
{
	(void)state;
	dir = g_dir_make_tmp("kept-XXXXXX", NULL);
	hashes = g_build_filename(dir, "hashes", NULL);
	path = g_build_filename(dir, "file", NULL);
	return !g_file_set_contents(path, "abc", -1, NULL);
}

static int teardown(void **state)
{
	(void)state;
	remove_tree(AT_FDCWD, dir);
	g_free(dir);
	g_free(hashes);
	g_free(path);
	return 0;
}

static void want(const char *sum)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *got = kept_sum(hashes, path, &error);

	if (!got)
		fail_msg("%s", error->message);
	assert_string_equal(got, sum);
}

/* The one file that is kept; its sum becomes @sum. */
static void change_kept(const char *sum)
{
	g_autoptr(GDir) open = g_dir_open(hashes, 0, NULL);
	const char *name = open ? g_dir_read_name(open) : NULL;
	g_autofree char *memo = g_build_filename(hashes, name, NULL), *text = NULL;
	char *last;

	assert_non_null(name);
	assert_null(g_dir_read_name(open));
	assert_true(g_file_get_contents(memo, &text, NULL, NULL));
	last = strrchr(text, ' ');
	assert_non_null(last);
	*last = '\0';
	last = g_strdup_printf("%s %s", text, sum);
	assert_true(g_file_set_contents(memo, last, -1, NULL));
	g_free(last);
}

static void is_taken_from_there(void **state)
{
	(void)state;
	want(ABC);
	change_kept(KEPT);
	want(KEPT);
}

static void not_of_what_was_written_since(void **state)
{
	struct stat st;
	int fd;

	(void)state;
	want(ABC);
	change_kept(KEPT);
	/* the same length and, put back, the same time of writing, in the same inode */
	assert_int_equal(stat(path, &st), 0);
	fd = open(path, O_WRONLY);
	assert_int_equal(write(fd, "xyz", 3), 3);
	assert_int_equal(futimens(fd, (const struct timespec[]){ st.st_atim, st.st_mtim }), 0);
	close(fd);
	want("3608bca1e44ea6c4d268eb6db02260269892c0b42b86bbf1e77a6fa16c3c9282");
}

static void not_of_another_file(void **state)
{
	g_autofree char *other = g_build_filename(dir, "other", NULL);

	(void)state;
	want(ABC);
	change_kept(KEPT);
	assert_true(g_file_set_contents(other, "", 0, NULL));
	assert_int_equal(g_rename(other, path), 0);
	want(EMPTY);
}

static void not_when_it_is_cut_or_no_sum(void **state)
{
	static const char *const bad[] = { "", "abc", KEPT "0",
					   "000000000000000000000000000000000000000000000000000000000000zabc" };

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
		want(ABC);
		change_kept(bad[i]);
		want(ABC);
	}
}

static void without_a_place_to_keep_it(void **state)
{
	(void)state;
	assert_true(g_file_set_contents(hashes, "no directory", -1, NULL));
	want(ABC);
}

static void of_no_file(void **state)
{
	g_autoptr(GError) error = NULL;

	(void)state;
	g_unlink(path);
	assert_null(kept_sum(hashes, path, &error));
	assert_non_null(strstr(error->message, path));
}

static bool good(void)
{
	int fd = open(path, O_RDONLY);
	g_autofree char *stamp = kept_stamp(fd);

	close(fd);
	assert_non_null(stamp);
	return kept_good(hashes, path, stamp);
}

static void found_good(void)
{
	int fd = open(path, O_RDONLY);
	g_autofree char *stamp = kept_stamp(fd);

	close(fd);
	kept_set_good(hashes, path, stamp);
}

static void good_until_it_is_written(void **state)
{
	struct stat st;
	int fd;

	(void)state;
	assert_false(good());
	found_good();
	assert_true(good());
	assert_false(kept_good(hashes, "/another", "the same"));
	assert_int_equal(stat(path, &st), 0);
	fd = open(path, O_WRONLY);
	assert_int_equal(write(fd, "xyz", 3), 3);
	assert_int_equal(futimens(fd, (const struct timespec[]){ st.st_atim, st.st_mtim }), 0);
	close(fd);
	assert_false(good());
	/* of what nothing is known nothing is kept */
	found_good();
	kept_set_good(hashes, path, NULL);
	assert_true(good());
	assert_false(kept_good(hashes, path, NULL));
	assert_null(kept_stamp(-1));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(is_taken_from_there),	    TEST(not_of_what_was_written_since), TEST(not_of_another_file),
		TEST(not_when_it_is_cut_or_no_sum), TEST(without_a_place_to_keep_it),	 TEST(of_no_file),
		TEST(good_until_it_is_written),
	};

	return cmocka_run_group_tests_name("kept-sum", tests, NULL, NULL);
}
