/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of host-tools/machine share: a temporary directory, a main loop that runs until
 * something is true, socket pairs.
 */
#ifndef MACHINE_TEST_H
#define MACHINE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* A fresh directory; test_dir_remove() removes it with its files and frees the name. */
static inline char *test_dir(void)
{
	char *dir = g_dir_make_tmp("vtdlab-test-XXXXXX", NULL);

	assert_non_null(dir);
	return dir;
}

static inline void test_dir_remove(char *dir)
{
	GDir *d = g_dir_open(dir, 0, NULL);
	const char *name;

	while (d && (name = g_dir_read_name(d))) {
		char *path = g_build_filename(dir, name, NULL);

		g_remove(path);
		g_free(path);
	}
	if (d)
		g_dir_close(d);
	g_rmdir(dir);
	g_free(dir);
}

/* An executable shell script in `dir`. Free the path with g_free(). */
static inline char *test_script(const char *dir, const char *name, const char *body)
{
	char *path = g_build_filename(dir, name, NULL);
	char *text = g_strconcat("#!/bin/sh\n", body, "\n", NULL);

	assert_true(g_file_set_contents(path, text, -1, NULL));
	assert_int_equal(g_chmod(path, 0755), 0);
	g_free(text);
	return path;
}

/* Runs the default main context for `ms`. */
static inline void test_run(int ms)
{
	int64_t until = g_get_monotonic_time() + ms * 1000;

	while (g_get_monotonic_time() < until)
		if (!g_main_context_iteration(NULL, FALSE))
			g_usleep(500);
	/* on a busy machine all of it may have gone by without a turn */
	while (g_main_context_iteration(NULL, FALSE))
		;
}

static inline void test_pair(int type, int pair[2])
{
	assert_int_equal(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair), 0);
}

static inline void test_write(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

#endif
