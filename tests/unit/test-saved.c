/* SPDX-License-Identifier: GPL-2.0-only */
/* Snapshots of first kernels: there whole or not at all, never used damaged, and no more than the limit. */
#include "machine-test.h"

#include <sys/file.h>

#include "base/error.h"
#include "base/files.h"
#include "base/interrupt.h"
#include "base/json-line.h"
#include "prepare/kernel.h"
#include "prepare/saved.h"

#define KEY "qemu 7.2\nkernel 0123\n"
#define RAM_SUM UINT32_C(0xfedcba98)

static char *cache, *root;

static void put(const char *dir, const char *name, const char *text, gssize len)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);

	assert_true(g_file_set_contents(path, text, len, NULL));
}

/* A snapshot of @key with @bytes of RAM. */
static bool make(const char *key, size_t bytes, GError **error)
{
	g_autofree char *ram = g_malloc(bytes);
	JsonObject *meta = json_object_new();
	struct saved_new n;
	bool good;

	memset(ram, 0x77, bytes);
	assert_true(saved_begin(&n, error));
	assert_true(g_str_has_prefix(n.dir, root));
	put(n.dir, SAVED_STATE, "QEVM state", -1);
	put(n.dir, "console.log", "1.0 Linux version 6.1\n", -1);
	put(n.dir, "qemu.stderr", "", 0);
	put(n.dir, SAVED_RAM, ram, (gssize)bytes);
	json_object_set_string_member(meta, "made", "today");
	good = saved_commit(&n, key, RAM_SUM, meta, error);
	saved_end(&n);
	return good;
}

static unsigned entries(void)
{
	g_autoptr(GPtrArray) names = dir_names(AT_FDCWD, root);

	return names->len;
}

static int setup(void **state)
{
	(void)state;
	remove_tree(AT_FDCWD, root);
	g_unsetenv("VTDLAB_SNAPSHOT_MIB");
	return 0;
}

static void test_sum(void **state)
{
	g_autofree char *nine = bytes_sum("123456789", 9), *cut = bytes_sum("12345678", 8);
	g_autofree char *zeros = bytes_sum("\0\0", 2), *zero = bytes_sum("", 1), *file = NULL, *empty = NULL;
	g_autofree char *path = g_build_filename(cache, "file", NULL);
	GError *error = NULL;

	(void)state;
	/* the check value of CRC-32, and ends that are cut off */
	assert_string_equal(nine, "9-cbf43926");
	assert_string_not_equal(cut, nine);
	assert_string_not_equal(zeros, zero);
	put(cache, "file", "123456789", 9);
	file = file_sum(path, NULL);
	assert_string_equal(file, nine);
	put(cache, "file", "", 0);
	empty = file_sum(path, NULL);
	assert_string_equal(empty, "0-00000000");
	remove_tree(AT_FDCWD, path);
	assert_null(file_sum(path, &error));
	assert_true(g_error_matches(error, VTDLAB_ERROR, VTDLAB_ERROR_FAILED));
	g_clear_error(&error);
}

static void test_kept(void **state)
{
	GError *error = NULL;
	g_autofree char *why = NULL, *text = NULL, *lock = NULL;
	struct saved *s;
	gsize len;

	(void)state;
	assert_null(saved_open(KEY, &why));
	assert_null(why);
	assert_true(make(KEY, 8192, &error));
	assert_int_equal(entries(), 1);
	s = saved_open(KEY, &why);
	assert_non_null(s);
	assert_null(why);
	assert_string_equal(json_line_string(s->meta, "made", ""), "today");
	assert_true(saved_ram_sum(s) == RAM_SUM);
	text = saved_file(s, "console.log", &len);
	assert_string_equal(text, "1.0 Linux version 6.1\n");
	assert_null(saved_file(s, "none", &len));
	/* the lock of its maker is no part of it */
	lock = g_build_filename(s->dir, "lock", NULL);
	assert_false(g_file_test(lock, G_FILE_TEST_EXISTS));
	saved_free(s);
	assert_null(saved_open(KEY "x", &why));
	assert_null(why);
	/* the same by somebody else at the same time: one stays, whole */
	assert_true(make(KEY, 8192, &error));
	assert_int_equal(entries(), 1);
	s = saved_open(KEY, &why);
	assert_non_null(s);
	saved_remove(s);
	saved_free(s);
	assert_int_equal(entries(), 0);
}

/* What is done to a snapshot before it is opened. */
struct harm {
	const char *name, *text; /* the file is this then; NULL: it has gone */
	const char *why;
};

static void test_damaged(void **state)
{
	static const struct harm harms[] = {
		{ SAVED_STATE, "QEVM stat", "damaged" },
		{ SAVED_STATE, "QEVN state", "damaged" },
		{ SAVED_STATE, "", "damaged" },
		{ SAVED_STATE, NULL, "not there" },
		{ "console.log", "1.0 Linux version 6.2\n", "damaged" },
		{ "qemu.stderr", "x", "damaged" },
		{ "meta", "", "description" },
		{ "meta", NULL, "description" },
		{ "meta", "0123456789abcdef\n{}\n", "description" },
		{ "meta", "no line at all", "description" },
	};
	GError *error = NULL;

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(harms); i++) {
		g_autofree char *id = saved_id(KEY), *dir = g_build_filename(root, id, NULL), *why = NULL;
		g_autofree char *path = g_build_filename(dir, harms[i].name, NULL);

		assert_true(make(KEY, 8192, &error));
		if (harms[i].text)
			put(dir, harms[i].name, harms[i].text, -1);
		else
			assert_int_equal(unlink(path), 0);
		assert_null(saved_open(KEY, &why));
		assert_non_null(why);
		assert_non_null(strstr(why, harms[i].why));
		assert_null(strchr(why, '\n'));
		/* and it is never met again */
		assert_int_equal(entries(), 0);
	}
}

/* Each byte of the description counts, and it has to be of what it lies under. */
static void test_description(void **state)
{
	g_autofree char *id = saved_id(KEY), *dir = g_build_filename(root, id, NULL);
	g_autofree char *path = g_build_filename(dir, "meta", NULL), *text = NULL;
	g_autofree char *other = saved_id("other"), *to = g_build_filename(root, other, NULL), *why = NULL;
	gsize len;

	(void)state;
	assert_true(make(KEY, 8192, NULL));
	assert_true(g_file_get_contents(path, &text, &len, NULL));
	for (gsize i = 0; i < len; i += 3) {
		g_autofree char *why_not = NULL;

		text[i] ^= 4;
		if (!g_file_test(dir, G_FILE_TEST_IS_DIR))
			assert_true(make(KEY, 8192, NULL));
		put(dir, "meta", text, (gssize)len);
		assert_null(saved_open(KEY, &why_not));
		assert_non_null(why_not);
		text[i] ^= 4;
	}
	assert_true(make(KEY, 8192, NULL));
	assert_int_equal(rename(dir, to), 0);
	assert_null(saved_open("other", &why));
	assert_non_null(strstr(why, "something else"));
}

/* Of a maker that was killed nothing is used, and the next one clears it away; not so of one that is at work. */
static void test_killed(void **state)
{
	GError *error = NULL;
	struct saved_new dead, alive;
	g_autofree char *why = NULL;

	(void)state;
	assert_true(saved_begin(&dead, &error));
	put(dead.dir, SAVED_STATE, "QEVM", -1);
	assert_true(saved_begin(&alive, &error));
	assert_true(g_file_test(dead.dir, G_FILE_TEST_IS_DIR));
	/* its lock goes with it */
	close(dead.lock);
	assert_null(saved_open(KEY, &why));
	assert_null(why);
	assert_true(make(KEY, 8192, &error));
	assert_false(g_file_test(dead.dir, G_FILE_TEST_IS_DIR));
	assert_true(g_file_test(alive.dir, G_FILE_TEST_IS_DIR));
	assert_int_equal(entries(), 2);
	saved_end(&alive);
	assert_int_equal(entries(), 1);
	g_free(dead.dir);
}

static void note_wait(void *data)
{
	++*(unsigned *)data;
	interrupt_set();
}

/* One maker of each at a time; who waits can be interrupted. */
static void test_turn(void **state)
{
	GError *error = NULL;
	unsigned waits = 0;
	int one, two;

	(void)state;
	one = saved_turn("one", note_wait, &waits, &error);
	two = saved_turn("two", note_wait, &waits, &error);
	assert_true(one >= 0 && two >= 0);
	assert_int_equal(waits, 0);
	assert_int_equal(saved_turn("one", note_wait, &waits, &error), -1);
	assert_int_equal(waits, 1);
	assert_true(g_error_matches(error, VTDLAB_ERROR, VTDLAB_ERROR_INTERRUPTED));
	g_clear_error(&error);
	interrupt_clear();
	close(one);
	one = saved_turn("one", note_wait, &waits, &error);
	assert_true(one >= 0);
	assert_int_equal(waits, 1);
	close(one);
	close(two);
}

static bool there(const char *key)
{
	g_autofree char *id = saved_id(key), *dir = g_build_filename(root, id, NULL);

	return g_file_test(dir, G_FILE_TEST_IS_DIR);
}

static void test_limit(void **state)
{
	GError *error = NULL;
	g_autofree char *why = NULL;

	(void)state;
	g_setenv("VTDLAB_SNAPSHOT_MIB", "4", TRUE);
	assert_true(make("one", 1 << 20, &error));
	g_usleep(20000);
	assert_true(make("two", 1 << 20, &error));
	g_usleep(20000);
	assert_true(make("three", 1 << 20, &error));
	g_usleep(20000);
	/* used, and so the last to go */
	saved_free(saved_open("one", &why));
	assert_true(make("four", 2 << 20, &error));
	assert_true(there("one") && there("four"));
	assert_false(there("two"));
	assert_false(there("three"));
	/* one that does not fit at all takes no other's place */
	assert_false(make("five", 5 << 20, &error));
	assert_true(g_error_matches(error, VTDLAB_ERROR, VTDLAB_ERROR_FAILED));
	assert_non_null(strstr(error->message, "all may take 4"));
	g_clear_error(&error);
	assert_true(there("one") && there("four"));
	assert_int_equal(entries(), 2);
}

/* A reference is the newest that is not the kernel under test itself; what is built here, or half made, is none. */
static void test_kernels_in_the_cache(void **state)
{
	static const char *const dirs[] = { "6.12.86+deb12-amd64_6.12.86-1", "6.12.117+deb12-amd64_6.12.117-1",
					    "6.1.0-56-amd64_6.1.192-2",	     "7.3.4+deb13-cloud-amd64_7.3.4-1",
					    "6.12.117-lab-061a420ad471",     "tmp_x" };

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(dirs); i++) {
		g_autofree char *dir = g_build_filename(cache, "kernels", dirs[i], NULL);

		assert_int_equal(g_mkdir_with_parents(dir, 0700), 0);
	}
	g_auto(GStrv) all = kernel_cached_specs(NULL), others = kernel_cached_specs("6.12.117+deb12-amd64");
	g_autofree char *words = g_strjoinv(" ", all), *but = g_strjoinv(" ", others);

	assert_string_equal(words, "debian:6.12.117+deb12-amd64 debian:6.12.86+deb12-amd64 debian:6.1.0-56-amd64");
	assert_string_equal(but, "debian:6.12.86+deb12-amd64 debian:6.1.0-56-amd64");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sum),
		cmocka_unit_test(test_kernels_in_the_cache),
		cmocka_unit_test_setup(test_kept, setup),
		cmocka_unit_test_setup(test_damaged, setup),
		cmocka_unit_test_setup(test_description, setup),
		cmocka_unit_test_setup(test_killed, setup),
		cmocka_unit_test_setup(test_turn, setup),
		cmocka_unit_test_setup(test_limit, setup),
	};
	int failed;

	cache = test_dir();
	g_setenv("VTDLAB_CACHE", cache, TRUE);
	root = g_build_filename(cache, SAVED_DIR, NULL);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	remove_tree(AT_FDCWD, cache);
	return failed;
}
