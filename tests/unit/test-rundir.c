/* SPDX-License-Identifier: GPL-2.0-only */
/* Run directories: names, commit, interruption, dead runs, the link, CSV files, a full disk. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "results/csv.h"
#include "results/rundir.h"

static int make_root(void **state)
{
	*state = g_dir_make_tmp("vtdlab-rundir-XXXXXX", NULL);
	return *state ? 0 : -1;
}

static int drop_root(void **state)
{
	assert_true(remove_tree(AT_FDCWD, *state));
	g_free(*state);
	return 0;
}

static bool exists(const char *dir, const char *name)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);

	return g_file_test(path, G_FILE_TEST_EXISTS);
}

static char *latest(const char *root)
{
	g_autofree char *link = g_build_filename(root, "latest", NULL);

	return g_file_read_link(link, NULL);
}

static struct rundir *create(const char *root, const char *scenario)
{
	GError *error = NULL;
	struct rundir *rd = rundir_create(root, scenario, &error);

	if (!rd)
		fail_msg("%s", error->message);
	return rd;
}

static void test_commit(void **state)
{
	struct rundir *rd = create(*state, "kdump");

	assert_true(g_regex_match_simple("^[0-9]{8}T[0-9]{6}Z-kdump-[0-9a-f]{6}$", rd->name, 0, 0));
	assert_true(g_str_has_suffix(rd->path, ".partial"));
	assert_true(exists(rd->path, "pid"));
	assert_null(latest(*state));
	assert_true(rundir_write(rd, "summary.txt", "hello\n", -1, NULL));
	assert_true(rundir_commit(rd, RUNDIR_LATEST, NULL));
	assert_false(g_str_has_suffix(rd->path, ".partial"));
	assert_false(exists(rd->path, "pid"));
	g_autofree char *target = latest(*state);

	assert_string_equal(target, rd->name);
	g_autofree char *file = rundir_file(rd, "summary.txt");
	g_autofree char *text = NULL;

	assert_true(g_file_get_contents(file, &text, NULL, NULL));
	assert_string_equal(text, "hello\n");

	/* the next run takes the link over */
	struct rundir *next = create(*state, "other name/../x");

	assert_true(g_regex_match_simple("-other_name_\\.\\._x-[0-9a-f]{6}$", next->name, 0, 0));
	assert_true(rundir_commit(next, RUNDIR_LATEST, NULL));
	g_autofree char *second = latest(*state);

	assert_string_equal(second, next->name);
	rundir_free(rd);
	rundir_free(next);
}

static void test_interrupt(void **state)
{
	struct rundir *done = create(*state, "kdump"), *rd = create(*state, "kdump");

	assert_true(rundir_commit(done, RUNDIR_LATEST, NULL));
	assert_true(rundir_interrupt(rd, "SIGINT", NULL));
	assert_true(g_str_has_suffix(rd->path, ".interrupted"));
	assert_true(exists(rd->path, "INTERRUPTED"));
	assert_false(exists(rd->path, "pid"));
	g_autofree char *target = latest(*state);

	assert_string_equal(target, done->name);
	rundir_free(done);
	rundir_free(rd);
}

/* A run whose process was killed is put away by the next; one that lives is left alone. */
static void test_dead_run(void **state)
{
	int ready[2];
	char byte;

	assert_int_equal(pipe(ready), 0);
	struct rundir *alive = create(*state, "alive");
	pid_t child = fork();

	if (child == 0) {
		struct rundir *rd = rundir_create(*state, "dead", NULL);

		if (rd && write(ready[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);

	/* while the child lives, its directory stays */
	struct rundir *rd = create(*state, "second");
	g_autoptr(GDir) dir = g_dir_open(*state, 0, NULL);
	const char *name, *dead = NULL;

	while ((name = g_dir_read_name(dir)))
		if (strstr(name, "-dead-"))
			dead = name;
	assert_non_null(dead);
	assert_true(g_str_has_suffix(dead, ".partial"));
	g_autofree char *stem = g_strndup(dead, strlen(dead) - strlen(".partial"));
	g_autofree char *gone = g_strconcat(stem, ".interrupted", NULL);

	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	struct rundir *third = create(*state, "third");

	assert_true(exists(*state, gone));
	assert_true(g_file_test(alive->path, G_FILE_TEST_IS_DIR));
	assert_true(g_file_test(rd->path, G_FILE_TEST_IS_DIR));
	rundir_remove(alive);
	assert_false(g_file_test(alive->path, G_FILE_TEST_EXISTS));
	rundir_free(alive);
	rundir_free(rd);
	rundir_free(third);
	close(ready[0]);
	close(ready[1]);
}

/* A link with the name of a dead run is left alone, and so is what it leads to. */
static void test_link_is_no_run(void **state)
{
	g_autofree char *link = g_build_filename(*state, "1evil.partial", NULL);
	g_autofree char *target = g_dir_make_tmp("vtdlab-test-XXXXXX", NULL);
	g_autofree char *pid = g_build_filename(target, "pid", NULL),
			*why = g_build_filename(target, "INTERRUPTED", NULL);
	struct rundir *rd;

	assert_true(g_file_set_contents(pid, "1", -1, NULL));
	assert_int_equal(symlink(target, link), 0);
	rd = create(*state, "other");
	assert_true(g_file_test(pid, G_FILE_TEST_EXISTS));
	assert_false(g_file_test(why, G_FILE_TEST_EXISTS));
	assert_true(g_file_test(link, G_FILE_TEST_IS_SYMLINK));
	rundir_remove(rd);
	rundir_free(rd);
	g_unlink(pid);
	g_rmdir(target);
}

/* A benchmark does not take the link of the runs, which other verbs read; one of a directory is found all the same. */
static void test_benchmarks_have_a_link_of_their_own(void **state)
{
	struct rundir *run = rundir_create(*state, "a", NULL), *bench = rundir_create(*state, "b", NULL);
	g_autofree char *none = rundir_latest(*state);

	assert_null(none);
	assert_true(rundir_commit(bench, RUNDIR_LATEST_BENCH, NULL));
	g_autofree char *only = rundir_latest(*state);
	assert_string_equal(only, bench->name);
	assert_true(rundir_commit(run, RUNDIR_LATEST, NULL));
	g_autofree char *first = rundir_latest(*state);
	assert_string_equal(first, run->name);
	rundir_free(run);
	rundir_free(bench);
}

static void test_latest_in_the_way(void **state)
{
	g_autofree char *link = g_build_filename(*state, "latest", NULL);
	struct rundir *rd = create(*state, "kdump");
	GError *error = NULL;

	assert_int_equal(g_mkdir(link, 0755), 0);
	assert_false(rundir_commit(rd, RUNDIR_LATEST, &error));
	assert_true(g_error_matches(error, VTDLAB_ERROR, VTDLAB_ERROR_FAILED));
	assert_non_null(strstr(error->message, "not a symbolic link"));
	assert_true(g_file_test(rd->path, G_FILE_TEST_IS_DIR));
	assert_false(g_str_has_suffix(rd->path, ".partial"));
	g_error_free(error);
	rundir_free(rd);
}

static void test_bad_root(void **state)
{
	g_autofree char *file = g_build_filename(*state, "file", NULL);
	g_autofree char *below = g_build_filename(file, "results", NULL);
	GError *error = NULL;

	assert_true(g_file_set_contents(file, "", -1, NULL));
	assert_null(rundir_create(below, "kdump", &error));
	assert_true(g_error_matches(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE));
	g_clear_error(&error);
	assert_null(rundir_create("/proc/vtdlab-results", "kdump", &error));
	assert_true(g_error_matches(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE));
	g_error_free(error);
}

static void limit_files(struct rlimit *old, rlim_t bytes)
{
	struct rlimit tiny;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, old), 0);
	tiny = *old;
	tiny.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tiny), 0);
}

static void test_disk_full(void **state)
{
	struct rundir *rd = create(*state, "kdump");
	g_autofree char *kept = rundir_file(rd, "kept.json"), *text = NULL;
	char big[4096] = { 0 };
	struct rlimit old;
	GError *error = NULL;

	assert_true(rundir_write(rd, "kept.json", "before\n", -1, NULL));
	limit_files(&old, 2000);
	bool again = rundir_write(rd, "kept.json", big, sizeof(big), NULL);
	bool wrote = rundir_write(rd, "run.json", big, sizeof(big), &error);

	setrlimit(RLIMIT_FSIZE, &old);
	assert_false(wrote);
	assert_false(again);
	assert_true(g_file_get_contents(kept, &text, NULL, NULL));
	assert_string_equal(text, "before\n");
	assert_true(g_error_matches(error, VTDLAB_ERROR, VTDLAB_ERROR_FAILED));
	assert_false(exists(rd->path, "run.json"));

	/* no room for the pid file either: an error, and nothing left behind */
	limit_files(&old, 0);
	g_clear_error(&error);
	struct rundir *none = rundir_create(*state, "noroom", &error);

	setrlimit(RLIMIT_FSIZE, &old);
	assert_null(none);
	g_autoptr(GDir) dir = g_dir_open(*state, 0, NULL);
	const char *name;

	while ((name = g_dir_read_name(dir)))
		assert_null(strstr(name, "noroom"));
	g_error_free(error);
	rundir_free(rd);
}

static void test_csv(void **state)
{
	g_autoptr(GString) iova = csv_new(CSV_IOVA_HEADER), timeline = csv_new(CSV_TIMELINE_HEADER);
	struct csv_iova_row row = {
		.kernel = "first",
		.requester = 0x0310,
		.pasid = -1,
		.did = 7,
		.phase = "panic",
		.iova_start = 0xfffff000,
		.iova_end = 0x100000fff,
		.perm = "rw",
		.who = "a,\"b\"",
	};

	(void)state;
	csv_iova_row(iova, &row);
	row = (struct csv_iova_row){ "crash", 0xff, 5, 1, "end", 0, UINT64_MAX, "r", true, false, NULL, 0, 0 };
	csv_iova_row(iova, &row);
	assert_string_equal(iova->str, CSV_IOVA_HEADER
			    "\n"
			    "first,0000:03:02.0,,7,panic,0xfffff000,0x100000fff,2,rw,mapped,\"a,\"\"b\"\"\",1,\n"
			    "crash,0000:00:1f.7,5,,end,0x0,0xffffffffffffffff,4503599627370496,r,reserved,,1,\n");
	csv_timeline_row(timeline, &(struct csv_timeline_row){ "panic", 123, "first", -1, "trace" });
	csv_timeline_row(timeline, &(struct csv_timeline_row){ "dump", 124, "crash", 9, "agent" });
	assert_string_equal(timeline->str, CSV_TIMELINE_HEADER "\npanic,123,first,,trace\n"
							       "dump,124,crash,9,agent\n");
}

/* A link goes, and what it points to stays; what is too deep to be ours is left, and said. */
static void test_remove_tree(void **state)
{
	g_autofree char *tree = g_build_filename(*state, "tree", NULL);
	g_autofree char *outside = g_build_filename(*state, "outside", NULL);
	g_autofree char *file = g_build_filename(outside, "file", NULL);
	g_autofree char *link = g_build_filename(tree, "link", NULL);
	g_autofree char *loop = g_build_filename(tree, "a", "loop", NULL);
	g_autofree char *inner = g_build_filename(tree, "a", NULL);
	GString *deep = g_string_new(tree);

	assert_true(remove_tree(AT_FDCWD, tree));
	assert_int_equal(g_mkdir_with_parents(inner, 0700), 0);
	assert_int_equal(g_mkdir(outside, 0700), 0);
	assert_true(g_file_set_contents(file, "x", 1, NULL));
	assert_int_equal(symlink(outside, link), 0);
	assert_int_equal(symlink("..", loop), 0);
	assert_true(remove_tree(AT_FDCWD, tree));
	assert_false(g_file_test(tree, G_FILE_TEST_EXISTS));
	assert_true(g_file_test(file, G_FILE_TEST_EXISTS));
	for (int i = 0; i < 70; i++)
		g_string_append(deep, "/d");
	assert_int_equal(g_mkdir_with_parents(deep->str, 0700), 0);
	assert_false(remove_tree(AT_FDCWD, tree));
	g_string_truncate(deep, strlen(tree) + 2 * 10);
	assert_true(remove_tree(AT_FDCWD, deep->str));
	assert_true(remove_tree(AT_FDCWD, tree));
	g_string_free(deep, TRUE);
}

/* Many runs at once in one root: each gets its own directory, the link points to one of them. */
static void test_at_once(void **state)
{
	enum { RUNS = 8 };
	unsigned int done = 0;

	for (int i = 0; i < RUNS; i++)
		if (fork() == 0) {
			struct rundir *rd = rundir_create(*state, "kdump", NULL);

			_exit(rd && rundir_commit(rd, RUNDIR_LATEST, NULL) ? 0 : 1);
		}
	for (int i = 0; i < RUNS; i++) {
		int status;

		wait(&status);
		assert_int_equal(status, 0);
	}
	g_autoptr(GDir) dir = g_dir_open(*state, 0, NULL);
	g_autofree char *target = latest(*state);
	const char *name;

	while ((name = g_dir_read_name(dir))) {
		assert_false(g_str_has_suffix(name, ".partial"));
		assert_false(g_str_has_suffix(name, ".interrupted"));
		done += g_ascii_isdigit(*name);
	}
	assert_int_equal(done, RUNS);
	assert_true(exists(*state, target));
}

/* Asked before a kernel is fetched: what could be made later, and nothing is made. */
static void test_possible(void **state)
{
	g_autofree char *deep = g_build_filename(*state, "a", "b", NULL);
	g_autofree char *file = g_build_filename(*state, "file", NULL), *below = g_build_filename(file, "r", NULL);
	g_autoptr(GError) error = NULL;

	assert_true(rundir_possible(deep, NULL));
	assert_false(g_file_test(deep, G_FILE_TEST_EXISTS));
	assert_true(g_file_set_contents(file, "", -1, NULL));
	assert_false(rundir_possible(file, NULL));
	assert_false(rundir_possible(below, &error));
	assert_true(g_error_matches(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE));
	assert_non_null(strstr(error->message, below));
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, make_root, drop_root)
	const struct CMUnitTest tests[] = {
		TEST(test_commit),
		TEST(test_interrupt),
		TEST(test_dead_run),
		TEST(test_csv),
		TEST(test_bad_root),
		TEST(test_disk_full),
		TEST(test_latest_in_the_way),
		TEST(test_benchmarks_have_a_link_of_their_own),
		TEST(test_link_is_no_run),
		TEST(test_at_once),
		TEST(test_remove_tree),
		TEST(test_possible),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
