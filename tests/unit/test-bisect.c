/* SPDX-License-Identifier: GPL-2.0-only */
/* The search among builds: which are asked, what is stepped over, what cannot be searched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>
#include <string.h>

#include "base/error.h"
#include "bugs/bisect.h"

/* One letter a build: b bad, g good, s cannot be told. */
struct answers {
	const char *letters;
	unsigned asked;
	GArray *builds;
};

static bool ask(struct bisect_build *build, void *data, GError **error)
{
	struct answers *a = data;
	char letter = a->letters[build - (struct bisect_build *)(void *)a->builds->data];

	(void)error;
	if (build->exit >= 0)
		return true;
	a->asked++;
	build->exit = letter == 'b' ? VTDLAB_EXIT_BAD : letter == 'g' ? VTDLAB_EXIT_OK : VTDLAB_EXIT_CANNOT_JUDGE;
	return true;
}

static GArray *builds_of(size_t n)
{
	g_autoptr(GString) list = g_string_new("debian:6.1.0-1-amd64 6.1.170-1\n");

	for (size_t i = 0; i < n; i++)
		g_string_append_printf(list,
				       "debian:6.12.%zu+deb12-amd64                6.12.%zu-1\n"
				       "debian:6.12.%zu+deb12-cloud-amd64 6.12.%zu-1\n"
				       "debian:6.12.%zu+deb12-rt-amd64 6.12.%zu-1\n",
				       i + 1, i + 1, i + 1, i + 1, i + 1, i + 1);
	g_string_append(list, "debian:6.120.1-amd64 6.120.1-1\n");
	return bisect_builds(list->str, "6.12");
}

static void search(const char *letters, unsigned last_same, unsigned first_other, unsigned most)
{
	struct answers a = { letters, 0, builds_of(strlen(letters)) };
	unsigned old = 99, new = 99;
	g_autoptr(GError) error = NULL;

	assert_int_equal(a.builds->len, strlen(letters));
	assert_true(bisect_search(a.builds, ask, &a, &old, &new, &error));
	assert_int_equal(old, last_same);
	assert_int_equal(new, first_other);
	assert_true(a.asked <= most);
	g_array_unref(a.builds);
}

static void finds_the_change(void **state)
{
	(void)state;
	search("gb", 0, 1, 2);
	search("bg", 0, 1, 2);
	search("ggggggggggggbbbb", 11, 12, 7);
	search("bggggggggggggggg", 0, 1, 7);
	search("gggggggggggggggb", 14, 15, 7);
	search("bbbbbbbbbg", 8, 9, 7);
}

static void steps_over_what_cannot_be_told(void **state)
{
	(void)state;
	search("gsssb", 0, 4, 5);
	search("ggsssbbb", 1, 5, 8);
	search("gggsgsbsb", 4, 6, 9);
}

static void cannot_search(const char *letters, const char *words)
{
	struct answers a = { letters, 0, builds_of(strlen(letters)) };
	g_autoptr(GError) error = NULL;
	unsigned old, new;

	assert_false(bisect_search(a.builds, ask, &a, &old, &new, &error));
	assert_true(g_error_matches(error, VTDLAB_ERROR, VTDLAB_ERROR_CANNOT_JUDGE));
	assert_non_null(strstr(error->message, words));
	g_array_unref(a.builds);
}

static void ends_must_differ(void **state)
{
	(void)state;
	cannot_search("gbg", "are both good");
	cannot_search("bb", "are both bad");
	cannot_search("sb", "6.12.1+deb12-amd64 is neither");
	cannot_search("gbs", "6.12.3+deb12-amd64 is neither");
	cannot_search("g", "nothing to search");
}

static void only_plain_builds_of_the_series(void **state)
{
	GArray *builds = builds_of(2);

	(void)state;
	assert_string_equal(g_array_index(builds, struct bisect_build, 1).spec, "debian:6.12.2+deb12-amd64");
	assert_string_equal(g_array_index(builds, struct bisect_build, 1).version, "6.12.2-1");
	g_array_unref(builds);
	builds = bisect_builds("", "6.12");
	assert_int_equal(builds->len, 0);
	g_array_unref(builds);
}

static void cut(const char *from, const char *to, const char *first, const char *last)
{
	g_autoptr(GArray) builds = bisect_builds("debian:6.12.85+deb12-amd64 6.12.85-1\n"
						 "debian:6.12.90+deb12-amd64 6.12.90-1\n"
						 "debian:6.12.90+deb12.1-amd64 6.12.90-2\n"
						 "debian:6.12.95-amd64 6.12.95-1\n",
						 "6.12");
	g_autoptr(GError) error = NULL;

	if (!bisect_cut(builds, from, to, &error)) {
		assert_true(g_error_matches(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE));
		assert_non_null(strstr(error->message, first));
		return;
	}
	assert_string_equal(g_array_index(builds, struct bisect_build, 0).version, first);
	assert_string_equal(g_array_index(builds, struct bisect_build, builds->len - 1).version, last);
}

static void ends_by_release(void **state)
{
	(void)state;
	cut(NULL, NULL, "6.12.85-1", "6.12.95-1");
	cut("6.12.85", "6.12.90", "6.12.85-1", "6.12.90-2");
	cut("6.12.90", NULL, "6.12.90-1", "6.12.95-1");
	cut("debian:6.12.90+deb12.1-amd64", "6.12.95-amd64", "6.12.90-2", "6.12.95-1");
	cut(NULL, "debian:6.12.85", "6.12.85-1", "6.12.85-1");
	cut("6.12.9", NULL, "--from 6.12.9: no build of that release", NULL);
	cut(NULL, "6.13", "--to 6.13: no build of that release", NULL);
	cut("6.12.95", "6.12.85", "--from 6.12.95: is newer than --to 6.12.85", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_change), cmocka_unit_test(steps_over_what_cannot_be_told),
		cmocka_unit_test(ends_must_differ), cmocka_unit_test(only_plain_builds_of_the_series),
		cmocka_unit_test(ends_by_release),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
