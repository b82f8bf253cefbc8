/* SPDX-License-Identifier: GPL-2.0-only */
/* From a cell's exit status, words and run.json to what is told of it. */
#include "matrix/judge.h"

#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "bugs/group.h"
#include "bugs/side.h"
#include "results/rundir.h"

#define SKIPPED "skipped: "

/* Where the run is, as it is called from the matrix' directory; "": there is none. */
static char *place_of_run(const struct cell_plan *plan, const char *dir, const char *place)
{
	const char *below = plan->kind == CELL_BUG ? "bugs" : "";
	g_autofree char *root = g_build_filename(dir, below, NULL), *to = rundir_latest(root);

	return to ? g_build_filename(place, below, to, NULL) : g_strdup("");
}

/* Nothing was run, or not to its end. */
static void judge_nothing(struct matrix_cell *cell, const char *out)
{
	char *line = text_last_words(out);

	if (cell->exit == VTDLAB_EXIT_CANNOT_JUDGE && g_str_has_prefix(line, SKIPPED)) {
		cell->result = MATRIX_CELL_SKIPPED;
		text_replace(&cell->reason, g_strdup(line + strlen(SKIPPED)));
	} else if (!*line) {
		cell->result = MATRIX_CELL_LOST;
		text_replace(&cell->reason, g_strdup("it ended without a word: killed?"));
	} else {
		cell->result = MATRIX_CELL_UNJUDGED;
		text_replace(&cell->reason, g_strdup(line));
	}
	g_free(line);
}

/* "copy-wrong (context-same-slot): 14.0 is gone": what failed, and what the first of these checks says. */
static char *seen(const struct run_json *run)
{
	char *kind = group_kind(run);

	for (guint i = 0; kind && i < run->checks->len; i++) {
		const struct run_json_check *check = &g_array_index(run->checks, struct run_json_check, i);

		if (run_json_unexpected(check) && *check->detail) {
			g_autofree char *first = kind;

			kind = g_strdup_printf("%s: %s", first, check->detail);
			break;
		}
	}
	return kind;
}

static void judge_run(struct matrix_cell *cell, const struct cell_plan *plan, const struct run_json *run,
		      const char *out)
{
	static const enum matrix_cell_result results[] = { [SIDE_AS_STATED] = MATRIX_CELL_EXPECTED,
							   [SIDE_OTHERWISE] = MATRIX_CELL_UNEXPECTED,
							   [SIDE_UNJUDGED] = MATRIX_CELL_UNJUDGED };
	g_autoptr(GString) why = g_string_new(NULL);
	char *reason = seen(run);

	if (run->outcome < OUTCOMES)
		text_replace(&cell->verdict, g_strdup(outcome_name(run->outcome)));
	cell->result = plan->stated ? results[side_judge(&plan->expect, run, why)] : matrix_cell_of_exit(cell->exit);
	if (plan->stated && cell->result != MATRIX_CELL_EXPECTED)
		text_replace(&reason, g_strdup(why->str));
	text_replace(&cell->reason, reason ? reason : text_last_words(out));
}

static void judge_status(struct matrix_cell *cell, const struct cell_plan *plan, const char *out)
{
	bool bad = cell->exit == VTDLAB_EXIT_BAD;

	cell->result = matrix_cell_of_exit(cell->exit);
	text_replace(&cell->reason, text_last_words(out));
	if (cell->result == MATRIX_CELL_UNJUDGED)
		return;
	text_replace(&cell->verdict, g_strdup(cell_words[plan->kind][bad]));
	if (plan->stated)
		cell->result = plan->expect_bad == bad ? MATRIX_CELL_EXPECTED : MATRIX_CELL_UNEXPECTED;
}

void cell_judge(struct matrix_cell *cell, const struct cell_plan *plan, const char *dir, const char *place, int status,
		const char *out)
{
	g_autofree char *latest = g_build_filename(dir, "latest", NULL);
	struct run_json *run = NULL;

	cell->exit = status;
	text_replace(&cell->run, place_of_run(plan, dir, place));
	if (plan->kind == CELL_RUN && *cell->run)
		run = run_json_load(latest, NULL);
	if (run)
		judge_run(cell, plan, run, out);
	else if (plan->kind != CELL_RUN && *cell->run)
		judge_status(cell, plan, out);
	else
		judge_nothing(cell, out);
	run_json_free(run);
}
