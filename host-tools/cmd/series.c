/* SPDX-License-Identifier: GPL-2.0-only */
/* A series of runs: a line each, KTAP or JSON. */
#include "cmd/series.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "base/json-line.h"
#include "base/stats.h"
#include "base/text.h"
#include "cmd/cmd.h"
#include "results/matrix-doc.h"
#include "results/report.h"
#include "results/run-json-read.h"
#include "run/run.h"
#include "run/soak.h"

#define NAME_WIDTH 26

struct series {
	const struct series_options *o;
	const GPtrArray *members;
	struct matrix_doc *doc;		    /* a cell a run */
	GArray *outcomes;		    /* enum outcome, of those that came to one */
	GArray *copies;			    /* guest ns of each copy that was seen */
	const struct series_member *failed; /* the one behind which no other is run */
	bool alone;			    /* one run of one scenario: its page is what is wanted */
};

static void free_member(void *data)
{
	struct series_member *m = data;

	scenario_free(m->scenario);
	g_free(m->unfit);
	g_free(m);
}

GPtrArray *series_new(void)
{
	return g_ptr_array_new_with_free_func(free_member);
}

void series_add(GPtrArray *members, struct scenario *scenario, char *unfit)
{
	struct series_member *m = g_new0(struct series_member, 1);

	m->scenario = scenario;
	m->unfit = unfit;
	g_ptr_array_add(members, m);
}

static struct matrix_doc *doc_new(const GPtrArray *members, const struct series_options *o)
{
	struct matrix_doc *doc = matrix_doc_new();
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();

	doc->name = g_strdup(o->name);
	doc->started = g_date_time_format(now, "%Y-%m-%dT%H:%M:%SZ");
	for (guint i = 0; i < members->len * o->repeat; i++) {
		const struct series_member *m = members->pdata[i / o->repeat];
		struct matrix_cell *cell = matrix_cell_new(i);

		text_replace(&cell->name, o->repeat == 1 ? g_strdup(m->scenario->name) :
							   g_strdup_printf("%s %u/%u", m->scenario->name,
									   i % o->repeat + 1, o->repeat));
		text_replace(&cell->command, g_strdup_printf("vtdlab run %s", m->scenario->name));
		text_replace(&cell->expected, g_strdup("exit status 0"));
		g_ptr_array_add(doc->cells, cell);
	}
	return doc;
}

/* No run, or none that was judged. Takes @error. */
static void take_error(struct series *s, struct matrix_cell *cell, GError *error)
{
	bool unfit = g_error_matches(error, VTDLAB_ERROR, VTDLAB_ERROR_UNFIT);

	cell->result = unfit ? MATRIX_CELL_SKIPPED : MATRIX_CELL_UNJUDGED;
	text_replace(&cell->reason, text_one_line(error->message));
	cell->exit = s->alone && s->o->format == SERIES_TEXT ? cmd_fail("run", g_error_copy(error)) :
							       vtdlab_error_exit(error);
	g_error_free(error);
}

/* Returns what the run left, to be freed, where it can be read. */
static struct run_json *take_outcome(struct series *s, struct matrix_cell *cell, const struct run_outcome *out)
{
	struct run_json *run = run_json_load(out->dir, NULL);
	double copy_ns = (double)out->copy_ns;

	cell->exit = out->exit;
	cell->result = matrix_cell_of_exit(out->exit);
	text_replace(&cell->verdict, g_strdup(outcome_name(out->outcome)));
	text_replace(&cell->reason, text_one_line(out->line));
	text_replace(&cell->run, g_strdup(out->dir));
	g_array_append_val(s->outcomes, out->outcome);
	if (copy_ns >= 0)
		g_array_append_val(s->copies, copy_ns);
	if (run) {
		struct run_report *report = report_new(run->scenario);

		run_json_report(run, report);
		text_replace(&cell->command, report_repeat(report));
		report_free(report);
	}
	return run;
}

static void tell_json(const struct matrix_cell *cell, const struct series_member *m, struct run_json *run)
{
	JsonObject *o = run ? json_object_ref(run->o) : json_object_new();
	g_autofree char *line = NULL;

	if (run) {
		json_object_set_string_member(o, "run", cell->run);
	} else {
		json_object_set_string_member(o, "scenario", m->scenario->name);
		json_object_set_int_member(o, "exit", cell->exit);
		json_object_set_string_member(o, cell->result == MATRIX_CELL_SKIPPED ? "skipped" : "error",
					      cell->reason);
	}
	line = json_line_format(o);
	fputs(line, stdout);
	json_object_unref(o);
}

static void tell_text(const struct series *s, const struct matrix_cell *cell, const struct run_outcome *out)
{
	const char *skipped = cell->result == MATRIX_CELL_SKIPPED ? "skipped: " : "";

	if (s->alone)
		fputs(!out->page ? "" : s->o->quiet ? out->line : out->page, stdout);
	else if (s->members->len == 1 && out->dir)
		fputs(out->line, stdout);
	else
		printf("%-*s %s%s\n", NAME_WIDTH, cell->name, skipped, cell->reason);
}

static void tell(const struct series *s, const struct matrix_cell *cell, const struct series_member *m,
		 const struct run_outcome *out, struct run_json *run)
{
	g_autoptr(GString) ktap = g_string_new(NULL);

	if (s->o->format == SERIES_JSON)
		tell_json(cell, m, run);
	else if (s->o->format == SERIES_TEXT)
		tell_text(s, cell, out);
	else
		matrix_cell_ktap(ktap, cell, run);
	fputs(ktap->str, stdout);
	fflush(stdout);
}

/* A run that was left out because of what came before it. */
static void leave_out(const struct series *s, struct matrix_cell *cell)
{
	g_autoptr(GString) ktap = g_string_new(NULL);

	text_replace(&cell->reason,
		     g_strdup_printf("not run: %s came before it; --keep-going runs all", s->failed->scenario->name));
	if (s->o->format == SERIES_KTAP)
		matrix_cell_ktap(ktap, cell, NULL);
	fputs(ktap->str, stdout);
}

/* What stays on the terminal of a phase is for whoever looks at one run; of many a live line is enough. */
static enum progress_style style(const struct series *s)
{
	bool brief = s->members->len > 1 || s->o->format != SERIES_TEXT;

	return brief && !s->o->quiet && !s->o->verbose ? PROGRESS_BRIEF : cmd_progress(s->o->quiet, s->o->verbose);
}

/* False: nothing more is to be run, whatever was asked for. */
static bool run_one(struct series *s, struct matrix_cell *cell, const struct series_member *m)
{
	gint64 start = g_get_monotonic_time();
	struct run_outcome out = { 0 };
	struct run_json *run = NULL;
	GError *error = NULL;

	s->o->run->progress = progress_new(NULL, style(s));
	if (!s->alone) {
		g_autofree char *title =
			g_strdup_printf("%u of %u, %s", cell->n + 1, s->doc->cells->len, m->scenario->name);

		progress_title(s->o->run->progress, title);
	}
	if (m->unfit)
		vtdlab_unfit(&error, "%s", m->unfit);
	else
		scenario_run(m->scenario, s->o->run, &out, &error);
	progress_free(s->o->run->progress);
	s->o->run->progress = NULL;
	cell->seconds = (double)(g_get_monotonic_time() - start) / 1e6;
	if (error)
		take_error(s, cell, error);
	else
		run = take_outcome(s, cell, &out);
	if (cell->exit != VTDLAB_EXIT_INTERRUPTED)
		tell(s, cell, m, &out, run);
	run_json_free(run);
	run_outcome_clear(&out);
	return cell->exit != VTDLAB_EXIT_INTERRUPTED && cell->exit != VTDLAB_EXIT_USAGE;
}

/* The median says more than the mean: one preempted run in five moves it little. No digit that the spread denies. */
static void print_copies(GArray *copies)
{
	double *v = (double *)(void *)copies->data, median, spread;
	unsigned n = copies->len;
	int digits;

	if (!n)
		return;
	median = stats_median(v, n); /* sorts them */
	spread = (v[n - 1] - v[0]) / 1e3;
	digits = spread >= 10 || n == 1 ? 0 : spread >= 1 ? 1 : 2;
	printf("copy, guest time of %u runs: median %.*f us, %.*f to %.*f us\n", n, digits, median / 1e3, digits,
	       v[0] / 1e3, digits, v[n - 1] / 1e3);
}

static void print_totals(const struct series *s, int status)
{
	unsigned unjudged = matrix_doc_count(s->doc, MATRIX_CELL_UNJUDGED),
		 waiting = matrix_doc_count(s->doc, MATRIX_CELL_WAITING);

	if (s->members->len == 1) {
		g_autofree char *tally = series_tally(s->outcomes);

		printf("%u runs: %s; exit status %d\n", s->doc->cells->len - waiting, *tally ? tally : "none", status);
		print_copies(s->copies);
		return;
	}
	printf("%u passed, %u failed, %u skipped", matrix_doc_count(s->doc, MATRIX_CELL_EXPECTED),
	       matrix_doc_count(s->doc, MATRIX_CELL_UNEXPECTED), matrix_doc_count(s->doc, MATRIX_CELL_SKIPPED));
	if (unjudged)
		printf(", %u without a verdict", unjudged);
	if (waiting)
		printf(", %u not run", waiting);
	printf("; exit status %d\n", status);
}

/* Returns the exit status. */
static int conclude(const struct series *s)
{
	const struct matrix_cell *first = s->doc->cells->pdata[0];
	int status = s->alone ? first->exit : matrix_doc_exit(s->doc);
	g_autofree char *junit = s->o->junit ? matrix_doc_junit(s->doc) : NULL;
	GError *error = NULL;

	for (guint i = 0; i < s->doc->cells->len; i++)
		if (((const struct matrix_cell *)s->doc->cells->pdata[i])->exit == VTDLAB_EXIT_INTERRUPTED)
			status = VTDLAB_EXIT_INTERRUPTED;
	if (s->o->format == SERIES_TEXT && !s->alone)
		print_totals(s, status);
	if (junit && !file_replace(s->o->junit, junit, -1, &error))
		status = vtdlab_exit_worse(status, cmd_fail("run", error));
	return status;
}

int series_run(const GPtrArray *members, const struct series_options *o)
{
	struct series s = { .o = o,
			    .members = members,
			    .doc = doc_new(members, o),
			    .outcomes = g_array_new(FALSE, FALSE, sizeof(enum outcome)),
			    .copies = g_array_new(FALSE, FALSE, sizeof(double)),
			    .alone = members->len * o->repeat == 1 };
	int status;

	if (o->format == SERIES_KTAP) {
		g_autofree char *head = matrix_ktap_head(s.doc->cells->len);

		fputs(head, stdout);
	}
	for (guint i = 0; i < s.doc->cells->len; i++) {
		const struct series_member *m = members->pdata[i / o->repeat];
		struct matrix_cell *cell = s.doc->cells->pdata[i];

		/* the runs of one scenario are one sample: all of them are run */
		if (s.failed && m != s.failed) {
			leave_out(&s, cell);
			continue;
		}
		if (!run_one(&s, cell, m)) {
			if (o->format == SERIES_KTAP)
				printf("Bail out! %s\n", *cell->reason ? cell->reason : "interrupted");
			break;
		}
		if (!o->keep_going && members->len > 1 && cell->result != MATRIX_CELL_EXPECTED &&
		    cell->result != MATRIX_CELL_SKIPPED)
			s.failed = m;
	}
	status = conclude(&s);
	matrix_doc_free(s.doc);
	g_array_unref(s.outcomes);
	g_array_unref(s.copies);
	return status;
}
