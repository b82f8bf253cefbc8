/* SPDX-License-Identifier: GPL-2.0-only */
/* A matrix from its file, or from what an earlier one left, to its end. */
#include "matrix/matrix.h"

#include <glib/gstdio.h>
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "base/interrupt.h"
#include "base/paths.h"
#include "matrix/work.h"
#include "html/matrix-page.h"
#include "results/report.h"
#include "results/rundir.h"
#include "results/version.h"

#define CONF "matrix.conf" /* the matrix with what its file left open: the cells follow from it */

char *work_place(const struct matrix_cell *cell)
{
	return g_strdup_printf("cells/%04u", cell->n);
}

char *work_cell_file(const struct matrix_work *w, const struct matrix_cell *cell, const char *name)
{
	g_autofree char *place = work_place(cell);

	return g_build_filename(w->dir, place, name, NULL);
}

void work_say(struct matrix_work *w, const struct matrix_cell *cell)
{
	static const char *const words[MATRIX_CELL_RESULTS] = {
		[MATRIX_CELL_EXPECTED] = "as expected",
		[MATRIX_CELL_UNEXPECTED] = "NOT as expected",
		[MATRIX_CELL_SKIPPED] = "skipped",
		[MATRIX_CELL_UNJUDGED] = "no verdict",
		[MATRIX_CELL_LOST] = "LOST",
	};
	bool plain = cell->result == MATRIX_CELL_EXPECTED;
	const char *verdict;

	if (w->options->style == PROGRESS_QUIET && plain)
		return;
	/* the reason of a bad run begins with the verdict */
	verdict = !plain && g_str_has_prefix(cell->reason, cell->verdict) ? "" : cell->verdict;
	progress_clear(w->progress);
	g_print("%4u/%u  %-15s  %6.1f s  %s: %s%s%s\n",
		w->doc->cells->len - matrix_doc_count(w->doc, MATRIX_CELL_WAITING), w->doc->cells->len,
		words[cell->result], cell->seconds, cell->name, verdict, *verdict && !plain ? ", " : "",
		plain ? "" : cell->reason);
}

void work_overview(struct matrix_work *w)
{
	unsigned waiting = matrix_doc_count(w->doc, MATRIX_CELL_WAITING),
		 failed = matrix_doc_count(w->doc, MATRIX_CELL_UNEXPECTED);
	double seconds;
	g_autofree char *left = NULL;

	w->most_running = MAX(w->most_running, w->running);
	seconds = matrix_doc_left(w->doc, w->running, w->most_running);
	left = seconds < 0 ? g_strdup("") : g_strdup_printf(", about %.0f min left", seconds / 60 + 0.5);

	progress_note(w->progress, "%u of %u done, %u running, %u NOT as expected%s", w->doc->cells->len - waiting,
		      w->doc->cells->len, w->running, failed, left);
}

void work_save(struct matrix_work *w)
{
	g_autofree char *text = matrix_doc_text(w->doc), *path = g_build_filename(w->dir, "matrix.json", NULL);

	if (!w->broken)
		file_replace(path, text, -1, &w->broken);
}

/* ---- begin, or go on ---- */

static char *root_of(const char *results)
{
	return results ? g_build_filename(results, "matrices", NULL) : lab_results("matrices");
}

static char *file_sha256(const struct matrix *m, GError **error)
{
	gsize len;
	g_autofree char *text = file_read_small("the matrix", m->path, &len, error);

	return text ? g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)text, len) : NULL;
}

/* The matrix of @what, with what its file left open, and without what @only leaves out. */
static struct matrix *load(const char *what, char *const *only, GError **error)
{
	struct matrix *m = matrix_load(what, error);
	bool ok = m && cells_expand(m, error);

	for (; ok && only && *only; only++)
		ok = matrix_only(m, *only, error);
	if (ok)
		return m;
	matrix_free(m);
	return NULL;
}

static bool begin(struct matrix_work *w, struct rundir **rd, GError **error)
{
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();
	struct matrix_doc *doc = w->doc;
	g_autofree char *root = root_of(w->options->results), *text = NULL;

	w->m = load(w->options->what, w->options->only, error);
	if (!w->m)
		return false;
	doc->name = g_strdup(w->m->name);
	doc->title = g_strdup(w->m->title);
	doc->file = g_strdup(w->m->path);
	doc->file_sha256 = file_sha256(w->m, error);
	doc->started = g_date_time_format_iso8601(now);
	doc->commit = g_strdup(vtdlab_commit());
	w->plans = doc->file_sha256 ? cells_make(w->m, doc, error) : NULL;
	if (!w->plans)
		return false;
	*rd = rundir_create(root, w->m->name, error);
	text = schema_text(&matrix_schema, w->m);
	return *rd && rundir_write(*rd, CONF, text, -1, error);
}

/* Reads what came of the cells that an earlier process, or a task that outlived it, has finished. */
static void gather(struct matrix_work *w)
{
	for (guint i = 0; i < w->doc->cells->len; i++) {
		struct matrix_cell *cell = w->doc->cells->pdata[i];
		g_autofree char *file = work_cell_file(w, cell, "cell.json");

		matrix_cell_read(file, cell);
	}
}

/* The newest directory that a matrix of that name left unfinished, or NULL. */
static char *find_unfinished(const char *root, const char *name)
{
	g_autoptr(GPtrArray) entries = dir_names(AT_FDCWD, root);
	const char *newest = NULL;

	for (guint i = 0; i < entries->len; i++)
		if (rundir_is_of(entries->pdata[i], name, false) && (!newest || strcmp(entries->pdata[i], newest) > 0))
			newest = entries->pdata[i];
	return newest ? g_build_filename(root, newest, NULL) : NULL;
}

/* The directory to go on in; a file that has changed since is not the one whose cells lie there. */
static char *place_to_resume(struct matrix_work *w, GError **error)
{
	const char *what = w->options->what;
	g_autofree char *root = root_of(w->options->results), *dir = NULL, *sum = NULL;
	struct matrix_doc *doc;
	struct matrix *m;

	if (g_file_test(what, G_FILE_TEST_IS_DIR))
		return g_strdup(what);
	m = matrix_load(what, error);
	if (!m)
		return NULL;
	sum = file_sha256(m, error);
	dir = find_unfinished(root, m->name);
	if (sum && !dir)
		vtdlab_refuse(error, "%s: nothing to go on with in %s: no unfinished one of it is there", m->name,
			      root);
	doc = sum && dir ? matrix_doc_read(dir, error) : NULL;
	if (doc && strcmp(doc->file_sha256, sum) != 0) {
		vtdlab_refuse(error,
			      "%s has changed since %s began: run it anew, or go on with the old cells: --resume %s",
			      m->path, dir, dir);
		g_clear_pointer(&doc, matrix_doc_free);
	}
	matrix_free(m);
	if (!doc)
		return NULL;
	matrix_doc_free(doc);
	return g_steal_pointer(&dir);
}

/* The cells of @dir once more, with what the document said of the matrix. */
static bool remake(struct matrix_work *w, const char *dir, GError **error)
{
	g_autofree char *conf = g_build_filename(dir, CONF, NULL);
	struct matrix_doc *doc = w->doc;

	w->m = matrix_load(conf, error);
	if (!w->m)
		return false;
	g_ptr_array_set_size(doc->cells, 0);
	w->plans = cells_make(w->m, doc, error);
	return w->plans != NULL;
}

static bool resume(struct matrix_work *w, struct rundir **rd, GError **error)
{
	g_autofree char *dir = place_to_resume(w, error);
	struct matrix_doc *doc = dir ? matrix_doc_read(dir, error) : NULL;

	if (!doc)
		return false;
	matrix_doc_free(w->doc);
	w->doc = doc;
	if (doc->finished)
		return vtdlab_refuse(error, "%s: nothing to go on with: it is complete", dir);
	if (!remake(w, dir, error))
		return false;
	*rd = rundir_resume(dir, error);
	if (!*rd)
		return false;
	w->dir = (*rd)->path;
	gather(w);
	return true;
}

/* ---- the end ---- */

static bool write_formats(const struct matrix_work *w, GError **error)
{
	g_autofree char *junit = matrix_doc_junit(w->doc), *ktap = matrix_doc_ktap(w->doc);

	return (!w->options->junit || file_replace(w->options->junit, junit, -1, error)) &&
	       (!w->options->ktap || file_replace(w->options->ktap, ktap, -1, error));
}

static bool write_page(const struct matrix_work *w, const struct rundir *rd, GError **error)
{
	g_autofree char *page = html_matrix_page(w->doc, rd->path);

	return rundir_write(rd, REPORT_HTML, page, -1, error);
}

static bool finish(struct matrix_work *w, struct rundir *rd, bool whole, struct matrix_outcome *out, GError **error)
{
	bool ok;

	w->doc->finished = whole && !matrix_doc_count(w->doc, MATRIX_CELL_WAITING) && !w->broken;
	w->doc->exit = out->exit = whole ? matrix_doc_exit(w->doc) : VTDLAB_EXIT_INTERRUPTED;
	/* one that is called finished cannot be gone on with: the page comes first */
	if (!w->broken && !write_page(w, rd, &w->broken))
		w->doc->finished = false;
	work_save(w);
	out->line = matrix_doc_line(w->doc);
	ok = !w->doc->finished || w->broken || rundir_commit(rd, RUNDIR_LATEST, error);
	if (!w->doc->finished || w->broken)
		rundir_interrupt(rd, w->broken ? w->broken->message : whole ? "cells are left" : "interrupted", NULL);
	w->dir = rd->path;
	out->dir = g_strdup(rd->path);
	if (w->broken) {
		g_propagate_prefixed_error(error, g_steal_pointer(&w->broken), "%s; --resume goes on: ", out->line);
		return false;
	}
	return ok && write_formats(w, error);
}

static void work_clear(struct matrix_work *w)
{
	progress_clear(w->progress);
	progress_free(w->progress);
	matrix_doc_free(w->doc);
	g_clear_pointer(&w->plans, g_ptr_array_unref);
	matrix_free(w->m);
	g_clear_error(&w->broken);
}

bool matrix_run(const struct matrix_options *options, struct matrix_outcome *out, GError **error)
{
	struct matrix_work w = { .options = options, .doc = matrix_doc_new() };
	struct rundir *rd = NULL;
	bool ok, whole;

	memset(out, 0, sizeof(*out));
	ok = options->resume ? resume(&w, &rd, error) : begin(&w, &rd, error);
	if (ok) {
		w.dir = rd->path;
		w.progress = progress_new(NULL, options->style);
		g_free(w.doc->engine);
		w.doc->engine = g_strdup(options->engine == MATRIX_ENGINE_SLURM ? "slurm" : "local");
		work_save(&w);
		progress_begin(w.progress, w.doc->name);
		whole = options->engine == MATRIX_ENGINE_SLURM ? slurm_run(&w, &w.broken) : local_run(&w, NULL, NULL);
		progress_clear(w.progress);
		ok = finish(&w, rd, whole, out, error);
	}
	work_clear(&w);
	rundir_free(rd);
	if (!ok)
		matrix_outcome_clear(out);
	return ok;
}

void matrix_outcome_clear(struct matrix_outcome *out)
{
	g_free(out->line);
	g_free(out->dir);
	memset(out, 0, sizeof(*out));
}

char *matrix_list(const char *what, char *const *only, GError **error)
{
	struct matrix_work w = { .doc = matrix_doc_new(), .m = load(what, only, error) };
	GString *text = g_string_new(NULL);
	bool made;

	if (w.m)
		w.plans = cells_make(w.m, w.doc, error);
	for (guint i = 0; w.plans && i < w.doc->cells->len; i++) {
		const struct matrix_cell *cell = w.doc->cells->pdata[i];

		g_string_append_printf(text, "%4u  %s\n      %s\n      expected: %s\n", i, cell->name, cell->command,
				       cell->expected);
	}
	if (w.plans)
		g_string_append_printf(text, "%u cell%s\n", w.doc->cells->len, w.doc->cells->len == 1 ? "" : "s");
	made = w.plans != NULL;
	work_clear(&w);
	return g_string_free(text, !made);
}

int matrix_cell_run(const char *dir, unsigned n, const char *results, GError **error)
{
	struct matrix_options options = { .jobs = 1 };
	struct matrix_work w = { .options = &options, .doc = matrix_doc_new(), .dir = dir };
	int status = VTDLAB_EXIT_USAGE;

	if (remake(&w, dir, error) && n >= w.doc->cells->len) {
		vtdlab_refuse(error, "%s: no cell %u: it has %u", dir, n, w.doc->cells->len);
	} else if (w.plans) {
		struct matrix_cell *cell = w.doc->cells->pdata[n];

		cell->tries = CELL_TRIES - 1; /* whoever started this begins it again */
		status = local_run(&w, cell, results) ? cell->exit : VTDLAB_EXIT_INTERRUPTED;
		if (w.broken)
			g_propagate_error(error, g_steal_pointer(&w.broken));
	}
	work_clear(&w);
	return status;
}
