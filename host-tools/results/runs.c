/* SPDX-License-Identifier: GPL-2.0-only */
/* Which runs there are, as a table, as JSON Lines, as CSV; and which go. */
#include "results/runs.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "base/json-line.h"
#include "base/run-file.h"
#include "base/text.h"
#include "results/csv.h"
#include "results/run-json-read.h"
#include "results/rundir.h"

#define MAX_DEPTH 6 /* results/matrices/M/cells/N/bugs/B/RUN would be the deepest */

struct one {
	char *place; /* below the root */
	JsonObject *o;
	/* fit to be shown; never NULL */
	char *name, *outcome, *started, *first, *crash, *spec;
	double seconds;
	gint64 exit;
};

struct runs {
	GPtrArray *all; /* struct one * */
};

static void one_free(void *p)
{
	struct one *one = p;

	g_free(one->place);
	json_object_unref(one->o);
	g_free(one->name);
	g_free(one->outcome);
	g_free(one->started);
	g_free(one->first);
	g_free(one->crash);
	g_free(one->spec);
	g_free(one);
}

static char *shown(const char *text)
{
	return g_strdup(text ? text : "");
}

static struct one *one_of_run(const struct run_json *run)
{
	struct one *one = g_new0(struct one, 1);

	one->o = json_object_ref(run->o);
	one->name = shown(run->scenario);
	one->outcome = shown(run->outcome_word);
	one->started = shown(run->started);
	one->first = shown(run->first_release);
	one->spec = shown(run->first_spec);
	one->crash = shown(run->crash_release);
	run_json_number(run, "duration_s", &one->seconds);
	one->exit = run->exit;
	return one;
}

/* What is told of a benchmark, whatever its figures are worth. Takes @o. */
static struct one *one_of_bench(JsonObject *o)
{
	struct report_environment env = { 0 };
	struct one *one = g_new0(struct one, 1);

	if (json_line_object(o, "environment"))
		report_environment_read(&env, json_line_object(o, "environment"));
	one->o = o;
	one->name = text_one_line(json_line_string(o, "bench", ""));
	one->outcome = text_one_line(json_line_string(o, "outcome", ""));
	one->started = text_one_line(json_line_string(o, "finished", ""));
	one->first = shown(env.first_kernel.release);
	one->spec = shown(env.first_kernel.spec);
	one->crash = shown(NULL);
	one->seconds = json_line_double(o, "duration_s", 0);
	one->exit = json_line_int(o, "exit", -1);
	report_environment_clear(&env);
	return one;
}

static bool like(const char *pattern, const char *text)
{
	return !pattern || g_pattern_match_simple(pattern, text);
}

static bool wanted(const struct one *one, const struct runs_filter *f)
{
	return like(f->scenario, one->name) && like(f->outcome, one->outcome) &&
	       (like(f->kernel, one->first) || like(f->kernel, one->crash) || like(f->kernel, one->spec));
}

/* NULL: it is none. */
static struct one *one_read(const char *path, bool bench)
{
	JsonObject *o = bench ? run_file_json(path, "bench.json", NULL) : NULL;
	struct run_json *run = bench ? NULL : run_json_load(path, NULL);
	struct one *one = NULL;

	if (run)
		one = one_of_run(run);
	else if (o && json_line_string(o, "bench", NULL))
		one = one_of_bench(json_object_ref(o));
	g_clear_pointer(&o, json_object_unref);
	run_json_free(run);
	return one;
}

/* The document of a run in @dir, or false: there is none. */
static bool read_one(struct runs *runs, const char *dir, const char *place, const char *file,
		     const struct runs_filter *f, GString *bad)
{
	g_autofree char *path = g_build_filename(dir, file, NULL);
	struct one *one;

	if (g_file_test(path, G_FILE_TEST_IS_SYMLINK) || !g_file_test(path, G_FILE_TEST_IS_REGULAR))
		return false;
	one = one_read(path, strcmp(file, "bench.json") == 0);
	if (!one) {
		g_string_append_printf(bad, "%s: truncated, or no document of a run\n", path);
		return true;
	}
	one->place = g_strdup(place);
	if (wanted(one, f))
		g_ptr_array_add(runs->all, one);
	else
		one_free(one);
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
	int order = strcmp(x->started, y->started);

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

static void put_json(GString *out, struct one *one)
{
	g_autofree char *line = NULL;

	json_object_set_string_member(one->o, "run", one->place);
	line = json_line_format(one->o);
	g_string_append(out, line);
}

static void put_csv(GString *out, const struct one *one)
{
	g_autofree char *exit = g_strdup_printf("%" G_GINT64_FORMAT, one->exit),
			*seconds = g_strdup_printf("%.3f", one->seconds);
	const char *const cells[] = { one->place, one->started, one->name,  one->outcome,
				      exit,	  one->first,	one->crash, seconds };

	for (size_t i = 0; i < G_N_ELEMENTS(cells); i++)
		csv_cell(out, cells[i]);
	csv_end(out);
}

char *runs_text(const struct runs *runs, enum runs_format format)
{
	GString *out = format == RUNS_CSV ?
			       csv_new("run,started,scenario,outcome,exit,first_kernel,crash_kernel,seconds") :
			       g_string_new(NULL);

	for (guint i = 0; i < runs->all->len; i++) {
		struct one *one = runs->all->pdata[i];

		if (format == RUNS_JSON)
			put_json(out, one);
		else if (format == RUNS_CSV)
			put_csv(out, one);
		else
			g_string_append_printf(out, "%-18s %3" G_GINT64_FORMAT " %7.1f s  %-20s %-24s %s\n",
					       one->outcome, one->exit, one->seconds, one->name,
					       *one->crash ? one->crash : one->first, one->place);
	}
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
	static const char *const folders[] = { ".", "bugs", "hunts", "matrices", "compares" };
	int removed = 0;

	if (!is_directory(root, error))
		return 0;
	for (size_t i = 0; i < G_N_ELEMENTS(folders); i++) {
		g_autofree char *folder = i ? g_build_filename(root, folders[i], NULL) : g_strdup(root);

		removed += prune_folder(folder, keep, dry_run, told, error);
	}
	return removed;
}
