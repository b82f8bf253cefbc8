/* SPDX-License-Identifier: GPL-2.0-only */
/* Matrix files, their cells, and the engine, over a `run` that this very program plays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "matrix/judge.h"
#include "matrix/matrix.h"
#include "results/matrix-doc.h"

static char *dir;

#define CONF "m (1).conf" /* a blank and braces: no part of a directory's name */

#define AXES "[matrix]\ntitle=t\n[axes]\n"

/* The file of this text; the caller frees its path. */
static char *file(const char *text)
{
	char *path = g_build_filename(dir, CONF, NULL);

	assert_true(g_file_set_contents(path, text, -1, NULL));
	return path;
}

static GPtrArray *make(const char *text, struct matrix_doc *doc, GError **error)
{
	g_autofree char *path = file(text);
	struct matrix *m = matrix_load(path, error);
	GPtrArray *plans = m ? cells_make(m, doc, error) : NULL;

	matrix_free(m);
	return plans;
}

static void refused(const char *text, const char *words)
{
	struct matrix_doc *doc = matrix_doc_new();
	g_autoptr(GError) error = NULL;

	assert_null(make(text, doc, &error));
	assert_true(g_error_matches(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE));
	if (!strstr(error->message, words))
		fail_msg("\"%s\" does not say \"%s\"", error->message, words);
	assert_null(strchr(error->message, '\n'));
	matrix_doc_free(doc);
}

static void what_is_wrong_with_a_file_is_named(void **state)
{
	(void)state;
	refused("[matrix]\ntitle=t\n", "no axes");
	refused(AXES "kernl=a\n", "no axis 'kernl'; the nearest is kernel");
	refused(AXES "iommu.mod=legacy\n", "the nearest is iommu.mode");
	refused(AXES "kernel=\n", "the product of the axes is empty");
	refused(AXES "kernel=a;;b\n", "empty value");
	refused(AXES "kernel=a; b ;a\n", "'a' twice");
	refused(AXES "kernel=a\nkernel=b\n", "stands already in line");
	refused(AXES "set-dma=strct\n[settings]\nstrict=a.b=c\n", "the nearest is strict");
	refused(AXES "kernel=a;b\n[exclude]\nx=kernl=a\n", "no axis 'kernl'; the nearest is kernel");
	refused(AXES "kernel=debian;b\n[exclude]\nx=kernel=debain\n", "no value 'debain'; the nearest is debian");
	refused(AXES "kernel=a\n[exclude]\nx=kernel=*\n", "everything is excluded");
	refused(AXES "kernel=a\n[expect]\nx=kernel=a\n", "no outcome=");
	refused(AXES "kernel=a\n[expect]\nx=kernel=a;outcome=copy-wrong;fails=leaves-equl\n", "no check 'leaves-equl'");
	refused(AXES "kernel=a\n[expect]\nx=kernel=a;outcome=copy-wron\n",
		"no outcome 'copy-wron'; the nearest is copy-wrong");
	refused(AXES "bench=exits\n[expect]\nx=bench=exits;outcome=preserved\n", "no outcome 'preserved'");
	refused(AXES "bug=mode-mismatch\n[expect]\nx=bug=*;outcome=reproduced;fails=rig\n", "fails= goes with runs");
	refused(AXES "iommu.mode=legacy;scalabl\n", "cell mode=scalabl");
	refused(AXES "set-a=one;two\n[settings]\none=iommu.mode=legacy\ntwo=iommu.mode=legacy\n", "are duplicates");
	refused(AXES "scenario=kdmp\n", "the nearest is kdump");
	refused(AXES "bug=no-such-thing\n", "no bug");
	refused(AXES "bug=mode-mismatch\nkernel=a\n", "a bug says itself what it runs");
	refused(AXES "bench=exits\niommu.mode=legacy\n", "with bench go");
	refused(AXES "kernel=a\niommu=lazy\n", "bench only");
	refused(AXES "bench=exits\nclock=fast\n", "axis clock: no 'fast': wall or virtual");
	refused(AXES "vmm=xen\n", "axis vmm: ");
	refused(AXES "qemu=host;sh;qemu-10.1\n", "axis qemu: no 'qemu-10.1'; the nearest is qemu-10.0");
	refused(AXES "bug=mode-mismatch\nside=worse\n", "side=worse: both, bad or good");
	refused("[axs]\nkernel=a\n", "the nearest is [axes]");
}

/* The last axis changes first; a name has what tells the cells apart; the words are those of `vtdlab run`. */
static void cells_come_in_order(void **state)
{
	static const char text[] = AXES "kernel=k1;k2\niommu.mode=legacy\nset-dma=strict;lazy\nqemu=host;qemu-10.0\n"
					"[settings]\nstrict=first.cmdline=iommu.strict=1;crash.cmdline+=x y\nlazy=\n"
					"[exclude]\nno=kernel=k2;qemu=qemu-10.0\n"
					"[expect]\nall=kernel=k*;outcome=preserved\none=kernel=k1;set-dma=lazy;"
					"outcome=copy-wrong;fails=leaves-equal,no-faults\n";
	static const char *const names[] = { "kernel=k1 dma=strict qemu=host", "kernel=k1 dma=strict qemu=qemu-10.0",
					     "kernel=k1 dma=lazy qemu=host",   "kernel=k1 dma=lazy qemu=qemu-10.0",
					     "kernel=k2 dma=strict qemu=host", "kernel=k2 dma=lazy qemu=host" };
	struct matrix_doc *doc = matrix_doc_new();
	g_autoptr(GPtrArray) plans = make(text, doc, NULL);

	(void)state;
	assert_non_null(plans);
	assert_int_equal(plans->len, G_N_ELEMENTS(names));
	for (guint i = 0; i < plans->len; i++) {
		const struct matrix_cell *cell = doc->cells->pdata[i];

		assert_string_equal(cell->name, names[i]);
		assert_int_equal(cell->n, i);
		assert_int_equal(g_strv_length(cell->values), 4);
	}
	const struct matrix_cell *second = doc->cells->pdata[1], *fourth = doc->cells->pdata[3];
	const struct cell_plan *plan = plans->pdata[3];

	assert_string_equal(second->command,
			    "vtdlab run kdump --kernel k1 --set iommu.mode=legacy --set "
			    "first.cmdline=iommu.strict=1 --set 'crash.cmdline+=x y' --qemu qemu-10.0");
	assert_string_equal(second->expected, "preserved");
	assert_string_equal(fourth->expected, "copy-wrong (leaves-equal, no-faults)");
	assert_true(plan->stated);
	assert_true(plan->memory > UINT64_C(1) << 30);
	matrix_doc_free(doc);
}

/* What only leaves out is left out of what is written of the matrix as well, so of what is gone on with. */
static void only_some_values_of_an_axis(void **state)
{
	g_autofree char *path =
		file(AXES "kernel=a-1;a-2;b\niommu.mode=legacy;scalable\n[expect]\nx=kernel=b;outcome=preserved\n");
	struct matrix *m = matrix_load(path, NULL);
	struct matrix_doc *doc = matrix_doc_new(), *read = matrix_doc_new();
	g_autoptr(GPtrArray) plans = NULL, same = NULL;
	g_autoptr(GError) error = NULL;
	g_autofree char *text = NULL;

	(void)state;
	assert_false(matrix_only(m, "kernl=b", &error));
	assert_non_null(strstr(error->message, "no axis 'kernl'; the nearest is kernel"));
	g_clear_error(&error);
	assert_false(matrix_only(m, "kernel=a-3", &error));
	assert_non_null(strstr(error->message, "no value 'a-3'; the nearest is a-1"));
	g_clear_error(&error);
	assert_false(matrix_only(m, "kernel=a-*;c*", &error));
	assert_non_null(strstr(error->message, "none of axis kernel is meant by 'c*'"));
	g_clear_error(&error);
	assert_false(matrix_only(m, "kernel", &error));
	g_clear_error(&error);
	assert_true(matrix_only(m, "kernel=a-*", &error));
	assert_true(matrix_only(m, "iommu.mode=scalable", &error));
	text = schema_text(&matrix_schema, m);
	plans = cells_make(m, doc, NULL);
	assert_int_equal(plans->len, 2);
	assert_string_equal(((struct matrix_cell *)doc->cells->pdata[0])->name, "kernel=a-1 mode=scalable");
	assert_string_equal(((struct matrix_cell *)doc->cells->pdata[1])->name, "kernel=a-2 mode=scalable");
	same = make(text, read, NULL);
	assert_int_equal(same->len, 2);
	matrix_free(m);
	matrix_doc_free(doc);
	matrix_doc_free(read);
}

static void bugs_and_benchmarks_are_cells(void **state)
{
	static const char *const commands[] = { "vtdlab bench --suite quick", "vtdlab bench --suite full",
						"vtdlab bench --tests exits" };
	struct matrix_doc *doc = matrix_doc_new(), *other = matrix_doc_new(), *third = matrix_doc_new();
	g_autoptr(GPtrArray) suites = NULL;
	g_autoptr(GPtrArray) bugs = make(AXES "bug=mode-mismatch\nside=bad;good\n", doc, NULL);
	g_autoptr(GPtrArray) benches = make(AXES "bench=exits\nkernel=a\nclock=virtual;wall\n", other, NULL);

	(void)state;
	assert_int_equal(bugs->len, 2);
	assert_string_equal(((struct matrix_cell *)doc->cells->pdata[0])->command,
			    "vtdlab reproduce mode-mismatch --side bad");
	assert_int_equal(((struct cell_plan *)bugs->pdata[0])->cpus, 1);
	assert_true(((struct cell_plan *)bugs->pdata[0])->memory > UINT64_C(1) << 30);
	assert_int_equal(benches->len, 2);
	assert_true(((struct cell_plan *)benches->pdata[0])->memory > UINT64_C(2) << 30);
	assert_string_equal(((struct matrix_cell *)other->cells->pdata[1])->command,
			    "vtdlab bench --tests exits --kernel a --clock wall");
	suites = make(AXES "bench=quick;full;exits\n", third, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(commands); i++)
		assert_string_equal(((struct matrix_cell *)third->cells->pdata[i])->command, commands[i]);
	assert_false(((struct cell_plan *)benches->pdata[0])->alone);
	assert_true(((struct cell_plan *)benches->pdata[1])->alone);
	matrix_doc_free(doc);
	matrix_doc_free(other);
	matrix_doc_free(third);
}

/* ---- the engine ---- */

/* What `vtdlab run` would do, by its --kernel: this program is what the engine starts. */
static int play_run(int argc, char **argv)
{
	const char *results = NULL, *kernel = "";
	g_autofree char *run = NULL, *link = NULL, *json = NULL, *text = NULL;

	for (int i = 2; i + 1 < argc; i++) {
		if (strcmp(argv[i], "--results") == 0)
			results = argv[i + 1];
		else if (strcmp(argv[i], "--kernel") == 0)
			kernel = argv[i + 1];
	}
	if (strcmp(kernel, "unfit") == 0)
		return fprintf(stderr, "kernel-get: unfit lacks E1000E\nvtdlab run: skipped: unfit lacks E1000E\n") >
				       0 ?
			       VTDLAB_EXIT_CANNOT_JUDGE :
			       0;
	if (strcmp(kernel, "broken") == 0)
		return fprintf(stderr, "vtdlab run: no space\n") > 0 ? VTDLAB_EXIT_CANNOT_JUDGE : 0;
	if (strcmp(kernel, "killed") == 0)
		return raise(SIGKILL);
	if (strcmp(kernel, "once") == 0) { /* its first try is lost */
		g_autofree char *mark = g_build_filename(results, "../../../../once", NULL);

		if (!g_file_test(mark, G_FILE_TEST_EXISTS)) {
			g_file_set_contents(mark, "", 0, NULL);
			return raise(SIGKILL);
		}
	}
	bool crowded = false;

	if (g_str_has_prefix(kernel, "busy")) { /* bad if another one runs beside it */
		g_autofree char *mark = g_build_filename(results, "../../../../busy", NULL);

		crowded = g_mkdir(mark, 0755) != 0;
		g_usleep(200 * 1000);
		if (!crowded)
			g_rmdir(mark);
	}
	bool bad = crowded || strcmp(kernel, "bad") == 0, unjudged = strcmp(kernel, "unjudged") == 0;
	int status = bad ? VTDLAB_EXIT_BAD : unjudged ? VTDLAB_EXIT_CANNOT_JUDGE : VTDLAB_EXIT_OK;

	run = g_build_filename(results, "a-run", NULL);
	json = g_build_filename(run, "run.json", NULL);
	link = g_build_filename(results, "latest", NULL);
	text = g_strdup_printf("{\"scenario\":\"kdump\",\"outcome\":\"%s\",\"exit\":%d,\"checks\":[{\"name\":"
			       "\"leaves-equal\",\"result\":\"%s\",\"detail\":\"5 of 7\"}]}",
			       bad	? "copy-wrong" :
			       unjudged ? "inconclusive" :
					  "preserved",
			       status, bad ? "fail" : "pass");
	g_mkdir_with_parents(run, 0755);
	g_file_set_contents(json, text, -1, NULL);
	if (symlink("a-run", link) != 0)
		return 1;
	puts("a line");
	return status;
}

static struct matrix_options options_of(const char *what)
{
	return (struct matrix_options){ .what = what, .results = dir, .jobs = 3, .style = PROGRESS_QUIET };
}

static void check_cell(const struct matrix_doc *doc, unsigned n, enum matrix_cell_result result, const char *verdict,
		       const char *reason)
{
	const struct matrix_cell *cell = doc->cells->pdata[n];

	assert_int_equal(cell->result, result);
	assert_string_equal(cell->verdict, verdict);
	assert_string_equal(cell->reason, reason);
}

/* Each ending of a cell, none of which stops another; the last of them all is what matrix.json says. */
static void every_ending_of_a_cell(void **state)
{
	g_autofree char *path = file(AXES "kernel=good;bad;unfit;broken;killed;once;unjudged\n"
					  "[expect]\nx=kernel=unjudged;outcome=preserved\n");
	struct matrix_options options = options_of(path);
	struct matrix_outcome out;
	struct matrix_doc *doc;

	(void)state;
	assert_true(matrix_run(&options, &out, NULL));
	assert_int_equal(out.exit, VTDLAB_EXIT_BAD);
	assert_string_equal(out.line,
			    "7 cells: 2 as expected, 1 NOT as expected, 1 skipped, 2 without a verdict, 1 lost");
	doc = matrix_doc_read(out.dir, NULL);
	assert_non_null(doc);
	assert_true(doc->finished);
	assert_int_equal(doc->exit, VTDLAB_EXIT_BAD);
	check_cell(doc, 0, MATRIX_CELL_EXPECTED, "preserved", "a line");
	check_cell(doc, 1, MATRIX_CELL_UNEXPECTED, "copy-wrong", "copy-wrong (leaves-equal): 5 of 7");
	check_cell(doc, 2, MATRIX_CELL_SKIPPED, "", "unfit lacks E1000E");
	check_cell(doc, 3, MATRIX_CELL_UNJUDGED, "", "no space");
	check_cell(doc, 4, MATRIX_CELL_LOST, "", "it ended without a word: killed?");
	check_cell(doc, 5, MATRIX_CELL_EXPECTED, "preserved", "a line");
	check_cell(doc, 6, MATRIX_CELL_UNJUDGED, "inconclusive", "inconclusive: no verdict");
	assert_int_equal(((struct matrix_cell *)doc->cells->pdata[5])->tries, 2);
	assert_string_equal(((struct matrix_cell *)doc->cells->pdata[1])->run, "cells/0001/a-run");
	matrix_doc_free(doc);
	matrix_outcome_clear(&out);
}

/* A rule turns a bad cell into an expected one, and a good one into one that is not. */
static void rules_say_what_is_expected(void **state)
{
	g_autofree char *path = file(AXES "kernel=good;bad\n[expect]\n"
					  "x=kernel=*;outcome=copy-wrong;fails=leaves-equal\n");
	struct matrix_options options = options_of(path);
	struct matrix_outcome out;
	struct matrix_doc *doc;

	(void)state;
	assert_true(matrix_run(&options, &out, NULL));
	doc = matrix_doc_read(out.dir, NULL);
	check_cell(doc, 0, MATRIX_CELL_UNEXPECTED, "preserved", "preserved: wanted copy-wrong");
	check_cell(doc, 1, MATRIX_CELL_EXPECTED, "copy-wrong", "copy-wrong (leaves-equal): 5 of 7");
	matrix_doc_free(doc);
	matrix_outcome_clear(&out);
}

/* What counts time by the wall clock wants nothing beside it, however many might run. */
static void what_wants_to_be_alone_is(void **state)
{
	g_autofree char *path = file("[matrix]\ntitle=t\nalone=on\n[axes]\nkernel=busy-1;busy-2;busy-3\n");
	struct matrix_options options = options_of(path);
	struct matrix_outcome out;

	(void)state;
	assert_true(matrix_run(&options, &out, NULL));
	assert_string_equal(out.line, "3 cells: 3 as expected");
	matrix_outcome_clear(&out);
}

/* As many at a time as there are CPUs and memory for, whatever -j says; what is too much for the machine runs by itself. */
static void what_the_machine_has_no_room_for_waits(void **state)
{
	static const char *const large[] = { "machine.cpus=64", "machine.memory=64G" };

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(large); i++) {
		g_autofree char *text = g_strdup_printf(AXES "kernel=busy-1;busy-2;busy-3\n%s\n", large[i]),
				*path = file(text);
		struct matrix_options options = options_of(path);
		struct matrix_outcome out;

		assert_true(matrix_run(&options, &out, NULL));
		assert_string_equal(out.line, "3 cells: 3 as expected");
		matrix_outcome_clear(&out);
	}
}

/* What is left is told by the cells that were run; what was skipped in no time is no measure of them. */
static void the_time_left_is_that_of_cells_that_ran(void **state)
{
	static const struct {
		enum matrix_cell_result result;
		double seconds;
	} all[] = { { MATRIX_CELL_SKIPPED, 0.3 }, { MATRIX_CELL_WAITING, 0 },	{ MATRIX_CELL_WAITING, 0 },
		    { MATRIX_CELL_WAITING, 0 },	  { MATRIX_CELL_EXPECTED, 20 }, { MATRIX_CELL_UNEXPECTED, 40 },
		    { MATRIX_CELL_LOST, 900 },	  { MATRIX_CELL_UNJUDGED, 30 } };
	struct matrix_doc *doc = matrix_doc_new();

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct matrix_cell *cell = matrix_cell_new(i);

		cell->result = all[i].result;
		cell->seconds = all[i].seconds;
		g_ptr_array_add(doc->cells, cell);
	}
	assert_true(matrix_doc_left(doc, 2, 2) < 0); /* none was run */
	for (unsigned i = 4; i < G_N_ELEMENTS(all); i++) {
		struct matrix_cell *cell = matrix_cell_new(i);

		cell->result = all[i].result;
		cell->seconds = all[i].seconds;
		g_ptr_array_add(doc->cells, cell);
	}
	assert_true(matrix_doc_left(doc, 0, 1) == 90);
	assert_true(matrix_doc_left(doc, 2, 2) == 30);
	assert_true(matrix_doc_left(doc, 0, 0) == 90);
	matrix_doc_free(doc);
}

static void a_skip_takes_nothing_away_but_alone_it_is_no_verdict(void **state)
{
	g_autofree char *path = file(AXES "kernel=good;unfit\n");
	struct matrix_options options = options_of(path);
	struct matrix_outcome out;

	(void)state;
	assert_true(matrix_run(&options, &out, NULL));
	assert_int_equal(out.exit, VTDLAB_EXIT_OK);
	matrix_outcome_clear(&out);
	g_free(file(AXES "kernel=unfit\n"));
	assert_true(matrix_run(&options, &out, NULL));
	assert_int_equal(out.exit, VTDLAB_EXIT_CANNOT_JUDGE);
	matrix_outcome_clear(&out);
}

/* As kill -9 leaves it: some cells have their cell.json, matrix.json is older than they, nobody holds the lock. */
static void make_unfinished(char **dirname)
{
	struct matrix_options options;
	struct matrix_outcome out;
	g_autofree char *path = file(AXES "kernel=good;bad;unfit\n"), *json = NULL, *cell = NULL, *text = NULL;
	g_auto(GStrv) parts = NULL;

	options = options_of(path);
	assert_true(matrix_run(&options, &out, NULL));
	*dirname = g_strconcat(out.dir, ".partial", NULL);
	assert_int_equal(g_rename(out.dir, *dirname), 0);
	json = g_build_filename(*dirname, "matrix.json", NULL);
	cell = g_build_filename(*dirname, "cells", "0001", "cell.json", NULL);
	assert_true(g_file_get_contents(json, &text, NULL, NULL));
	parts = g_strsplit(text, "\"finished\" : true", 2);
	g_free(text);
	text = g_strjoinv("\"finished\" : false", parts);
	assert_true(g_file_set_contents(json, text, -1, NULL));
	assert_int_equal(g_unlink(cell), 0);
	matrix_outcome_clear(&out);
}

static void what_was_not_finished_is_gone_on_with(void **state)
{
	g_autofree char *path = g_build_filename(dir, CONF, NULL), *left = NULL;
	struct matrix_options options = options_of(path);
	g_autoptr(GError) error = NULL, again = NULL, changed = NULL;
	struct matrix_outcome out;
	struct matrix_doc *doc;

	(void)state;
	make_unfinished(&left);
	options.resume = true;
	assert_true(matrix_run(&options, &out, &error));
	assert_string_equal(out.line, "3 cells: 1 as expected, 1 NOT as expected, 1 skipped");
	doc = matrix_doc_read(out.dir, NULL);
	assert_int_equal(((struct matrix_cell *)doc->cells->pdata[0])->tries, 1); /* not run again */
	assert_string_equal(doc->name, "m (1)");
	matrix_doc_free(doc);
	matrix_outcome_clear(&out);
	/* once more: it is complete */
	assert_false(matrix_run(&options, &out, &again));
	assert_non_null(strstr(again->message, "nothing to go on with"));
	/* a file that has changed since */
	g_free(left);
	make_unfinished(&left);
	g_free(file(AXES "kernel=good;bad\n"));
	assert_false(matrix_run(&options, &out, &changed));
	assert_true(g_error_matches(changed, VTDLAB_ERROR, VTDLAB_ERROR_USAGE));
	assert_non_null(strstr(changed->message, "has changed since"));
	/* the directory itself still has its cells */
	options.what = left;
	assert_true(matrix_run(&options, &out, NULL));
	assert_string_equal(out.line, "3 cells: 1 as expected, 1 NOT as expected, 1 skipped");
	matrix_outcome_clear(&out);
}

/* A single cell, as Slurm starts it on a node: all that it leaves is in a directory of its own. */
static void a_cell_by_itself(void **state)
{
	g_autofree char *local = g_build_filename(dir, "local", NULL), *left = NULL, *json = NULL;
	g_autoptr(GError) error = NULL;
	struct matrix_cell *cell = matrix_cell_new(1);

	(void)state;
	make_unfinished(&left);
	assert_int_equal(matrix_cell_run(left, 1, local, NULL), VTDLAB_EXIT_BAD);
	json = g_build_filename(local, "cell.json", NULL);
	g_free(cell->name);
	cell->name = g_strdup("kernel=bad");
	assert_true(matrix_cell_read(json, cell));
	assert_int_equal(cell->result, MATRIX_CELL_UNEXPECTED);
	assert_string_equal(cell->run, "cells/0001/a-run");
	cell->n = 2; /* of another cell: not taken */
	assert_false(matrix_cell_read(json, cell));
	assert_int_equal(matrix_cell_run(left, 3, local, &error), VTDLAB_EXIT_USAGE);
	assert_non_null(strstr(error->message, "no cell 3: it has 3"));
	matrix_cell_free(cell);
}

/* ---- documents ---- */

static void unreadable(const char *text, const char *words)
{
	g_autofree char *path = g_build_filename(dir, "matrix.json", NULL);
	g_autoptr(GError) error = NULL;

	assert_true(g_file_set_contents(path, text, -1, NULL));
	assert_null(matrix_doc_read(path, &error));
	assert_true(g_error_matches(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE));
	if (!strstr(error->message, words))
		fail_msg("\"%s\" does not say \"%s\"", error->message, words);
}

static void documents_of_others(void **state)
{
	g_autoptr(GError) error = NULL;

	(void)state;
	unreadable("{\"schema\":1,\"cells\":[", "truncated");
	unreadable("{\"schema\":2,\"cells\":[],\"axes\":[]}", "newer than this vtdlab");
	unreadable("{\"schema\":1}", "not of a matrix");
	assert_null(matrix_doc_read("/nonexistent/x", &error));
}

static void tests_for_those_who_read_tests(void **state)
{
	struct matrix_doc *doc = matrix_doc_new();
	struct matrix_cell *cell;
	g_autofree char *junit = NULL, *ktap = NULL;

	(void)state;
	doc->name = g_strdup("a<b");
	doc->started = g_strdup("2026-11-28T10:00:00Z");
	for (unsigned i = 0; i < MATRIX_CELL_RESULTS; i++) {
		cell = matrix_cell_new(i);
		cell->result = (enum matrix_cell_result)i;
		g_free(cell->reason);
		cell->reason = g_strdup("why \"&\" \x1b[1m");
		g_free(cell->name);
		cell->name = g_strdup_printf("x=%u#1", i);
		g_ptr_array_add(doc->cells, cell);
	}
	junit = matrix_doc_junit(doc);
	assert_non_null(strstr(junit, "tests=\"6\" failures=\"1\" errors=\"2\" skipped=\"2\""));
	assert_non_null(strstr(junit, "vtdlab.a&lt;b"));
	assert_non_null(strstr(junit, "timestamp=\"2026-11-28T10:00:00\""));
	assert_null(strstr(junit, "\x1b"));
	assert_null(strstr(junit, "&#x1b"));
	ktap = matrix_doc_ktap(doc);
	assert_non_null(strstr(ktap, "KTAP version 1\n1..6\nok 1 x=0 1 # SKIP why"));
	assert_non_null(strstr(ktap, "\nok 2 x=1 1\n"));
	assert_non_null(strstr(ktap, "\nnot ok 3 x=2 1\n"));
	assert_non_null(strstr(ktap, "\nnot ok 6 x=5 1\n"));
	matrix_doc_free(doc);
}

/* A cell with its checks: an expected failure counts for nobody, what saw nothing is no pass. */
static void checks_are_tests_within_a_test(void **state)
{
	g_autofree char *path = file("{\"schema\":1,\"scenario\":\"kdump\",\"outcome\":\"preserved\",\"checks\":["
				     "{\"name\":\"a\",\"result\":\"pass\",\"detail\":\"d\"},"
				     "{\"name\":\"b\",\"result\":\"fail\",\"detail\":\"1 # of 2\"},"
				     "{\"name\":\"c\",\"result\":\"fail\",\"expected\":\"fail\",\"detail\":\"e\"},"
				     "{\"name\":\"d\",\"result\":\"skip\",\"detail\":\"f\"},"
				     "{\"name\":\"e\",\"result\":\"skip\",\"evidence\":false,\"detail\":\"g\"}]}");
	struct run_json *run = run_json_load(path, NULL);
	struct matrix_cell *cell = matrix_cell_new(0);
	g_autofree char *head = matrix_ktap_head(1);
	g_autoptr(GString) out = g_string_new(head);

	(void)state;
	assert_non_null(run);
	cell->result = MATRIX_CELL_UNEXPECTED;
	g_free(cell->name);
	cell->name = g_strdup("kdump");
	matrix_cell_ktap(out, cell, run);
	assert_string_equal(out->str, "KTAP version 1\n1..1\n"
				      "    KTAP version 1\n    1..5\n"
				      "    ok 1 a\n"
				      "    # 1 # of 2\n    not ok 2 b\n"
				      "    ok 3 c # XFAIL e\n"
				      "    ok 4 d # SKIP f\n"
				      "    # no evidence: g\n    not ok 5 e\n"
				      "not ok 1 kdump\n");
	matrix_cell_free(cell);
	run_json_free(run);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_wrong_with_a_file_is_named),
		cmocka_unit_test(cells_come_in_order),
		cmocka_unit_test(only_some_values_of_an_axis),
		cmocka_unit_test(bugs_and_benchmarks_are_cells),
		cmocka_unit_test(every_ending_of_a_cell),
		cmocka_unit_test(rules_say_what_is_expected),
		cmocka_unit_test(what_wants_to_be_alone_is),
		cmocka_unit_test(what_the_machine_has_no_room_for_waits),
		cmocka_unit_test(the_time_left_is_that_of_cells_that_ran),
		cmocka_unit_test(a_skip_takes_nothing_away_but_alone_it_is_no_verdict),
		cmocka_unit_test(what_was_not_finished_is_gone_on_with),
		cmocka_unit_test(a_cell_by_itself),
		cmocka_unit_test(documents_of_others),
		cmocka_unit_test(tests_for_those_who_read_tests),
		cmocka_unit_test(checks_are_tests_within_a_test),
	};
	int failed;

	if (argc > 1 && strcmp(argv[1], "run") == 0)
		return play_run(argc, argv);
	dir = g_dir_make_tmp("vtdlab-matrix-XXXXXX", NULL);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	remove_tree(AT_FDCWD, dir);
	g_free(dir);
	return failed;
}
