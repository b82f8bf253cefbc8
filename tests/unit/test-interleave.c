/* SPDX-License-Identifier: GPL-2.0-only */
/* `vtdlab compare --run`: the order of the two sides, over a `run` that this very program plays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "matrix/interleave.h"

static char *dir;

/* As `vtdlab run` leaves it: a directory with its run.json, latest, and a status; which side it was goes to the file order. */
static int play_run(int argc, char **argv)
{
	const char *results = "", *kernel = "";
	g_autofree char *order = NULL, *before = NULL, *after = NULL, *name = NULL, *run = NULL, *link = NULL;

	for (int i = 2; i + 1 < argc; i++) {
		if (strcmp(argv[i], "--results") == 0)
			results = argv[i + 1];
		else if (strcmp(argv[i], "--kernel") == 0)
			kernel = argv[i + 1];
	}
	g_mkdir_with_parents(results, 0755);
	order = g_build_filename(results, "..", "..", "..", "order", NULL);
	if (!g_file_get_contents(order, &before, NULL, NULL))
		before = g_strdup("");
	after = g_strdup_printf("%s%s ", before, kernel);
	if (!g_file_set_contents(order, after, -1, NULL))
		return VTDLAB_EXIT_CANNOT_JUDGE;
	if (strcmp(kernel, "unfit") == 0)
		return printf("vtdlab run: skipped: unfit lacks E1000E\n") > 0 ? VTDLAB_EXIT_CANNOT_JUDGE : 0;
	name = g_strdup_printf("run-%zu", strlen(after));
	run = g_build_filename(results, name, NULL);
	link = g_build_filename(results, "latest", NULL);
	g_mkdir_with_parents(run, 0755);
	g_unlink(link);
	if (symlink(name, link) != 0)
		return VTDLAB_EXIT_CANNOT_JUDGE;
	puts("a line");
	return strcmp(kernel, "bad") == 0 ? VTDLAB_EXIT_BAD : VTDLAB_EXIT_OK;
}

static bool compare(const char *a, const char *b, unsigned rounds, struct interleave_outcome *out, GError **error)
{
	char *words[2][4] = { { (char *)"run", (char *)"--kernel", (char *)a, NULL },
			      { (char *)"run", (char *)"--kernel", (char *)b, NULL } };
	const struct interleave_options options = { .words = { words[0], words[1] },
						    .name = "kdump",
						    .results = dir,
						    .rounds = rounds,
						    .style = PROGRESS_QUIET };

	return interleave(&options, out, error);
}

/* Which sides were run, in which order; the file is gone then. */
static char *order_of_runs(void)
{
	g_autofree char *path = g_build_filename(dir, "order", NULL);
	char *text = NULL;

	assert_true(g_file_get_contents(path, &text, NULL, NULL));
	assert_int_equal(g_unlink(path), 0);
	return text;
}

static void sides_take_turns(void **state)
{
	struct interleave_outcome out;
	g_autofree char *order = NULL;

	(void)state;
	assert_true(compare("good", "bad", 3, &out, NULL));
	order = order_of_runs();
	assert_string_equal(order, "good bad good bad good bad ");
	assert_int_equal(out.exit, VTDLAB_EXIT_OK); /* a bad verdict is what is compared */
	for (unsigned side = 0; side < 2; side++) {
		assert_int_equal(out.runs[side]->len, 3);
		for (guint i = 0; i < 3; i++) {
			const char *run = out.runs[side]->pdata[i];
			g_autofree char *parent = g_path_get_dirname(run), *letter = g_path_get_basename(parent);

			assert_true(g_file_test(run, G_FILE_TEST_IS_DIR));
			assert_string_equal(letter, side ? "b" : "a");
			assert_true(i == 0 || strcmp(run, out.runs[side]->pdata[i - 1]) != 0);
		}
	}
	interleave_clear(&out);
}

static void a_side_that_cannot_be_run_is_told_at_once(void **state)
{
	struct interleave_outcome out;
	g_autofree char *order = NULL;
	g_autoptr(GError) error = NULL;

	(void)state;
	assert_false(compare("good", "unfit", 3, &out, &error));
	order = order_of_runs();
	assert_string_equal(order, "good unfit ");
	assert_true(g_error_matches(error, VTDLAB_ERROR, VTDLAB_ERROR_CANNOT_JUDGE));
	assert_non_null(strstr(error->message, "side B cannot be run: skipped: unfit lacks E1000E"));
	interleave_clear(&out);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sides_take_turns),
		cmocka_unit_test(a_side_that_cannot_be_run_is_told_at_once),
	};
	int failed;

	if (argc > 1 && strcmp(argv[1], "run") == 0)
		return play_run(argc, argv);
	dir = g_dir_make_tmp("vtdlab-interleave-XXXXXX", NULL);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	remove_tree(AT_FDCWD, dir);
	g_free(dir);
	return failed;
}
