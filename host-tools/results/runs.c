/* SPDX-License-Identifier: GPL-2.0-only */
/* Which runs there are, as a table, as JSON Lines, as CSV; and which go. */
#include "results/runs.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "base/json-line.h"
#include "results/csv.h"
#include "results/run-json-read.h"
#include "results/rundir.h"

#define MAX_DEPTH 6 /* results/matrices/M/cells/N/bugs/B/RUN would be the deepest */

struct one {
	char *place; /* below the root */
	struct run_json *run;
};

struct runs {
	GPtrArray *all; /* struct one * */
};

static void one_free(void *p)
{
	struct one *one = p;

	g_free(one->place);
	run_json_free(one->run);
	g_free(one);
}

static const char *or_none(const char *text)
{
	return text ? text : "";
}

static bool like(const char *pattern, const char *text)
{
	return !pattern || g_pattern_match_simple(pattern, text);
}

static bool wanted(const struct run_json *run, const struct runs_filter *f)
{
	return like(f->scenario, run->scenario) && like(f->outcome, or_none(run->outcome_word)) &&
	       (like(f->kernel, or_none(run->first_release)) || like(f->kernel, or_none(run->crash_release)) ||
		like(f->kernel, or_none(run->first_spec)));
}

/* The document of a run in @dir, or false: there is none. */
static bool read_one(struct runs *runs, const char *dir, const char *place, const char *file,
		     const struct runs_filter *f, GString *bad)
{
	g_autofree char *path = g_build_filename(dir, file, NULL);
	bool bench = strcmp(file, "bench.json") == 0;
	g_autoptr(GError) why = NULL;
	struct run_json *run;
	struct one *one;

	if (g_file_test(path, G_FILE_TEST_IS_SYMLINK) || !g_file_test(path, G_FILE_TEST_IS_REGULAR))
		return false;
	run = bench ? run_json_load_bench(path, &why) : run_json_load(path, &why);
	if (!run)
		g_string_append_printf(bad, "%s\n", why->message);
	if (!run || !wanted(run, f)) {
		run_json_free(run);
		return true;
	}
	one = g_new0(struct one, 1);
	one->place = g_strdup(place);
	one->run = run;
	g_ptr_array_add(runs->all, one);
	return true;
}

static void look(struct runs *runs, const char *dir, const char *place, const struct runs_filter *f, GString *bad,
		 int depth)
{
	g_autoptr(GPtrArray) names = NULL;

	/* what a run keeps of an earlier attempt, or of a reference, is no run of its own */
	if (read_one(runs, dir, place, "run.json", f, bad) || read_one(runs, dir, place, "bench.json", f, bad) ||
	    depth == MAX_DEPTH)
		return;
	names = dir_names(AT_FDCWD, dir);
	for (guint i = 0; i < names->len; i++) {
		const char *name = names->pdata[i];
		g_autofree char *path = g_build_filename(dir, name, NULL), *below = g_build_filename(place, name, NULL);

		if (*name != '.' && g_file_test(path, G_FILE_TEST_IS_DIR) && !g_file_test(path, G_FILE_TEST_IS_SYMLINK))
			look(runs, path, below, f, bad, depth + 1);
	}
}

static int by_time(const void *a, const void *b)
{
	const struct one *x = *(const struct one *const *)a, *y = *(const struct one *const *)b;
	int order = strcmp(or_none(x->run->started), or_none(y->run->started));

	return order ? order : strcmp(x->place, y->place);
}

static bool is_directory(const char *root, GError **error)
{
	return g_file_test(root, G_FILE_TEST_IS_DIR) || vtdlab_refuse(error, "%s: no directory of results", root);
}

struct runs *runs_find(const char *root, const struct runs_filter *filter, GString *bad, GError **error)
{
	struct runs *runs;

	if (!is_directory(root, error))
		return NULL;
	runs = g_new0(struct runs, 1);
	runs->all = g_ptr_array_new_with_free_func(one_free);
	look(runs, root, "", filter, bad, 0);
	g_ptr_array_sort(runs->all, by_time);
	return runs;
}

void runs_free(struct runs *runs)
{
	if (!runs)
		return;
	g_ptr_array_unref(runs->all);
	g_free(runs);
}

unsigned runs_count(const struct runs *runs)
{
	return runs->all->len;
}

static void put_json(GString *out, const struct one *one)
{
	g_autofree char *line = NULL;

	json_object_set_string_member(one->run->o, "run", one->place);
	line = json_line_format(one->run->o);
	g_string_append(out, line);
}

static double seconds_of(const struct run_json *run)
{
	double seconds;

	run_json_number(run, "duration_s", &seconds);
	return seconds;
}

static void put_csv(GString *out, const struct one *one)
{
	const struct run_json *run = one->run;
	g_autofree char *exit = g_strdup_printf("%" G_GINT64_FORMAT, run->exit),
			*seconds = g_strdup_printf("%.3f", seconds_of(run));
	const char *const cells[] = { one->place,
				      or_none(run->started),
				      run->scenario,
				      or_none(run->outcome_word),
				      exit,
				      or_none(run->first_release),
				      or_none(run->crash_release),
				      seconds };

	for (size_t i = 0; i < G_N_ELEMENTS(cells); i++)
		csv_cell(out, cells[i]);
	csv_end(out);
}

static void put_line(GString *out, const struct one *one)
{
	const struct run_json *run = one->run;
	const char *crash = or_none(run->crash_release);

	g_string_append_printf(out, "%-18s %3" G_GINT64_FORMAT " %7.1f s  %-20s %-24s %s\n", or_none(run->outcome_word),
			       run->exit, seconds_of(run), run->scenario, *crash ? crash : or_none(run->first_release),
			       one->place);
}

char *runs_text(const struct runs *runs, enum runs_format format)
{
	GString *out = format == RUNS_CSV ?
			       csv_new("run,started,scenario,outcome,exit,first_kernel,crash_kernel,seconds") :
			       g_string_new(NULL);

	for (guint i = 0; i < runs->all->len; i++)
		(format == RUNS_JSON ? put_json : format == RUNS_CSV ? put_csv : put_line)(out, runs->all->pdata[i]);
	return g_string_free(out, FALSE);
}

/* ---- pruning ---- */

/* Of one folder. */
static int prune_folder(const char *folder, unsigned keep, bool dry_run, GString *told, GError **error)
{
	g_autoptr(GPtrArray) names = dir_names(AT_FDCWD, folder);
	g_autofree char *run = g_build_filename(folder, RUNDIR_LATEST, NULL), *latest = g_file_read_link(run, NULL),
			*bench = g_build_filename(folder, RUNDIR_LATEST_BENCH, NULL),
			*latest_bench = g_file_read_link(bench, NULL);
	unsigned kept = 0;
	int removed = 0;

	g_ptr_array_sort(names, rundir_newest_first);
	for (guint i = 0; i < names->len; i++) {
		const char *name = names->pdata[i];
		g_autofree char *path = g_build_filename(folder, name, NULL);

		if (!g_regex_match_simple("^[0-9]{8}T[0-9]{6}Z-.+-[0-9a-f]{6}(\\.interrupted|\\.partial)?$", name, 0,
					  0) ||
		    g_file_test(path, G_FILE_TEST_IS_SYMLINK))
			continue;
		if (kept++ < keep || g_strcmp0(latest, name) == 0 || g_strcmp0(latest_bench, name) == 0 ||
		    rundir_running(path))
			continue;
		if (!dry_run && !remove_tree(AT_FDCWD, path)) {
			if (error && !*error)
				vtdlab_failed(error, "%s could not be removed", path);
			continue;
		}
		g_string_append_printf(told, "%s\n", path);
		removed++;
	}
	return removed;
}

int runs_prune(const char *root, unsigned keep, bool dry_run, GString *told, GError **error)
{
	static const char *const folders[] = { ".", "bugs", "hunts", "matrices", "compares", "soak" };
	int removed = 0;

	if (!is_directory(root, error))
		return 0;
	for (size_t i = 0; i < G_N_ELEMENTS(folders); i++) {
		g_autofree char *folder = i ? g_build_filename(root, folders[i], NULL) : g_strdup(root);

		removed += prune_folder(folder, keep, dry_run, told, error);
	}
	return removed;
}
