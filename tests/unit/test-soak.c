/* SPDX-License-Identifier: GPL-2.0-only */
/* A soak: flakes and leaks are seen, slow phases too; the pressure begins and ends. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "run/pressure.h"
#include "run/soak.h"

static const char *const names[] = { "kdump", "kdump-scalable", NULL };

/* The note of a run, which must have @part, or be none. */
static void add(struct soak *s, unsigned cell, enum outcome outcome, int status, const char *dir, const char *part)
{
	struct leaks left;
	g_autofree char *note = NULL;

	leaks_count(&left, NULL);
	note = soak_add(s, cell, outcome, status, dir, &left);
	if (!part != !note || (part && !strstr(note, part)))
		fail_msg("wanted %s: %s", part, note);
}

static void says(const struct soak *s, const char *part)
{
	g_autofree char *text = soak_text(s);

	if (!strstr(text, part))
		fail_msg("no '%s' in: %s", part, text);
}

static void test_flakes(void **state)
{
	struct soak *s = soak_new(names);

	(void)state;
	assert_int_equal(soak_exit(s), VTDLAB_EXIT_CANNOT_JUDGE);
	for (unsigned i = 0; i < 6; i++)
		add(s, i % 2, OUTCOME_PRESERVED, VTDLAB_EXIT_OK, NULL, NULL);
	assert_int_equal(soak_exit(s), VTDLAB_EXIT_OK);
	says(s, "6 runs: 0 flakes, 0 leaks\n");
	/* one cell's outcome says nothing of another's */
	add(s, 1, OUTCOME_INCONCLUSIVE, VTDLAB_EXIT_CANNOT_JUDGE, NULL, "FLAKE: before it was preserved 3 times");
	assert_int_equal(soak_flakes(s), 1);
	assert_int_equal(soak_exit(s), VTDLAB_EXIT_BAD);
	says(s, "7 runs: 1 flake, 0 leaks\n");
	says(s, "preserved 3 times, inconclusive once");
	add(s, 0, OUTCOME_PRESERVED, VTDLAB_EXIT_OK, NULL, NULL);
	/* nor is a run like most of its cell's a flake after one */
	add(s, 1, OUTCOME_PRESERVED, VTDLAB_EXIT_OK, NULL, NULL);
	add(s, 1, OUTCOME_INCONCLUSIVE, VTDLAB_EXIT_CANNOT_JUDGE, NULL,
	    "FLAKE: before it was preserved 4 times, inconclusive once");
	assert_int_equal(soak_flakes(s), 2);
	soak_free(s);

	/* a cell that is always bad is no flake, and bad all the same */
	s = soak_new(names);
	add(s, 0, OUTCOME_COPY_WRONG, VTDLAB_EXIT_BAD, NULL, NULL);
	add(s, 0, OUTCOME_COPY_WRONG, VTDLAB_EXIT_BAD, NULL, NULL);
	assert_int_equal(soak_flakes(s), 0);
	assert_int_equal(soak_exit(s), VTDLAB_EXIT_BAD);
	says(s, "not run");
	soak_free(s);
}

static void test_leaks(void **state)
{
	g_autofree char *own = g_strdup_printf("/tmp/vtdlab-%d-test", (int)getpid());
	struct soak *s = soak_new(names);
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC), more;
	pid_t pid;

	(void)state;
	/* what the first run opens is the program's own */
	add(s, 0, OUTCOME_PRESERVED, VTDLAB_EXIT_OK, NULL, NULL);
	more = open("/dev/null", O_RDONLY | O_CLOEXEC);
	add(s, 0, OUTCOME_PRESERVED, VTDLAB_EXIT_OK, NULL, "LEAK: 1 descriptor");
	/* told once */
	add(s, 0, OUTCOME_PRESERVED, VTDLAB_EXIT_OK, NULL, NULL);
	pid = fork();
	if (!pid)
		for (;;)
			pause();
	assert_int_equal(g_mkdir(own, 0700), 0);
	add(s, 0, OUTCOME_DMA_LOST, VTDLAB_EXIT_BAD, NULL, "; LEAK: 1 process, 1 private directory");
	says(s, ", 2 leaks\n");
	assert_int_equal(soak_exit(s), VTDLAB_EXIT_BAD);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	g_rmdir(own);
	close(fd);
	close(more);
	soak_free(s);
}

/* A run directory that nobody finished. */
static void test_partial(void **state)
{
	g_autofree char *dir = g_dir_make_tmp("soak-XXXXXX", NULL), *text = NULL;
	g_autofree char *left = g_build_filename(dir, "20261129T000000Z-kdump-0.partial", NULL);
	g_autofree char *whole = g_build_filename(dir, "20261129T000000Z-kdump-1", NULL);
	struct leaks most, now;

	(void)state;
	leaks_count(&most, dir);
	assert_int_equal(g_mkdir(left, 0700), 0);
	assert_int_equal(g_mkdir(whole, 0700), 0);
	leaks_count(&now, dir);
	text = leaks_more(&most, &now);
	assert_string_equal(text, "1 unfinished run directory");
	remove_tree(AT_FDCWD, dir);
}

/* A process that ended is none that was left. */
static void test_ended(void **state)
{
	struct leaks most, now;
	pid_t pid;
	siginfo_t info;

	(void)state;
	leaks_count(&most, NULL);
	pid = fork();
	if (!pid)
		_exit(0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	leaks_count(&now, NULL);
	assert_null(leaks_more(&most, &now));
}

static void test_phases(void **state)
{
	g_autofree char *dir = g_dir_make_tmp("soak-XXXXXX", NULL), *file = g_build_filename(dir, "run.json", NULL);
	struct soak *s = soak_new(names);

	(void)state;
	for (unsigned i = 1; i <= 3; i++) {
		g_autofree char *json = g_strdup_printf(
			"{\"schema\":1,\"scenario\":\"kdump\",\"outcome\":\"preserved\",\"exit\":0,\"checks\":[],\"phases\":["
			"{\"name\":\"boot\",\"start_ns\":0,\"end_ns\":%u000000000},"
			"{\"name\":\"dump\",\"start_ns\":5,\"end_ns\":1}]}",
			i == 2 ? 9 : 3);

		assert_true(g_file_set_contents(file, json, -1, NULL));
		add(s, 0, OUTCOME_PRESERVED, VTDLAB_EXIT_OK, dir, NULL);
	}
	says(s, "slowest phases\n  boot                        9.0 s in run 2 of kdump, 5.0 s on average\n");
	soak_free(s);
	remove_tree(AT_FDCWD, dir);
}

static void test_pressure(void **state)
{
	struct leaks before, during, after;
	struct pressure *p;
	GError *error = NULL;

	(void)state;
	leaks_count(&before, NULL);
	assert_null(pressure_start(PRESSURE_DISK, 0, "/nonexistent", &error));
	assert_non_null(strstr(error->message, "/nonexistent"));
	g_error_free(error);
	p = pressure_start(PRESSURE_ALL, 0, g_get_tmp_dir(), NULL);
	assert_non_null(p);
	leaks_count(&during, NULL);
	assert_int_equal(during.processes - before.processes, g_get_num_processors() + 2);
	assert_false(pressure_lost(p));
	pressure_end(p);
	leaks_count(&after, NULL);
	assert_memory_equal(&before, &after, sizeof(before));
	p = pressure_start(0, 0, "/nonexistent", NULL);
	assert_non_null(p);
	pressure_end(p);
	/* a load that does not depend on the host */
	p = pressure_start(PRESSURE_CPU, 16, "/nonexistent", NULL);
	leaks_count(&during, NULL);
	assert_int_equal(during.processes - before.processes, 16);
	pressure_end(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flakes),	cmocka_unit_test(test_leaks),  cmocka_unit_test(test_ended),
		cmocka_unit_test(test_partial), cmocka_unit_test(test_phases), cmocka_unit_test(test_pressure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
