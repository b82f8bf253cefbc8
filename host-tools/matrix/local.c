/* SPDX-License-Identifier: GPL-2.0-only */
/* Cells as processes of this machine: as many at a time as it has memory and CPUs for. */
#include <glib/gstdio.h>
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "base/host.h"
#include "base/text.h"
#include "bugs/pool.h"
#include "matrix/judge.h"
#include "matrix/work.h"

/* With less left of the disk nothing is begun: a run keeps some MB, writes more while it lasts, and is not the only one. */
#define ROOM_MIB 32u

/* One that runs. */
struct started {
	struct matrix_cell *cell;
	char *dir;
	gint64 began;
};

struct local {
	struct matrix_work *w;
	const struct matrix_cell *only;
	const char *results;
	bool *begun; /* by number */
	uint64_t memory, taken;
	unsigned cpus, busy;
	bool alone; /* what runs wants nothing beside it */
};

static bool fits(const struct local *l, const struct cell_plan *plan)
{
	if (!l->w->running)
		return true; /* what is too much for this machine is refused by itself */
	return !l->alone && !plan->alone && l->busy + plan->cpus <= l->cpus &&
	       (!l->memory || l->taken + plan->memory <= l->memory);
}

static struct matrix_cell *next_cell(struct local *l)
{
	const struct matrix_doc *doc = l->w->doc;

	for (guint i = 0; i < doc->cells->len; i++) {
		struct matrix_cell *cell = doc->cells->pdata[i];

		if ((l->only && cell != l->only) || cell->result != MATRIX_CELL_WAITING || l->begun[i])
			continue;
		/* a smaller one goes first while a large one waits for room; but nothing passes one that wants to be alone */
		if (fits(l, l->w->plans->pdata[i]))
			return cell;
		if (((const struct cell_plan *)l->w->plans->pdata[i])->alone)
			return NULL;
	}
	return NULL;
}

static void account(struct local *l, const struct cell_plan *plan, bool begins)
{
	l->w->running += begins ? 1 : -1U;
	l->busy += begins ? plan->cpus : -plan->cpus;
	l->taken += begins ? plan->memory : -plan->memory;
	l->alone = begins && plan->alone;
}

/* Is there still room for results? If not, nothing more is begun, and --resume goes on when there is. */
static bool room(struct local *l)
{
	/* a task has the disk of its node, and whoever started it looks to its own */
	if (l->only || host_disk_available(l->w->dir) >= (uint64_t)ROOM_MIB << 20)
		return true;
	if (!l->w->broken)
		vtdlab_unjudged(&l->w->broken, "%s: the disk is full: less than %u MiB are left", l->w->dir, ROOM_MIB);
	return false;
}

/* What came to nothing on a full disk has said nothing about its kernel: as if it had never been begun. */
static void forget(struct matrix_cell *cell)
{
	cell->result = MATRIX_CELL_WAITING;
	text_replace(&cell->reason, g_strdup(""));
	text_replace(&cell->verdict, g_strdup(""));
	text_replace(&cell->run, g_strdup(""));
	cell->seconds = 0;
}

static char **next(void *data, void **tag)
{
	g_autoptr(GStrvBuilder) words = g_strv_builder_new();
	struct local *l = data;
	struct matrix_cell *cell = l->w->broken ? NULL : next_cell(l);
	const struct cell_plan *plan;
	struct started *s;

	if (!cell || !room(l))
		return NULL;
	plan = l->w->plans->pdata[cell->n];
	s = g_new0(struct started, 1);
	s->cell = cell;
	s->began = g_get_monotonic_time();
	s->dir = l->results ? g_strdup(l->results) : work_cell_file(l->w, cell, NULL);
	if (!l->results)
		remove_tree(AT_FDCWD, s->dir); /* of a try that came to nothing */
	g_mkdir_with_parents(s->dir, 0755);
	l->begun[cell->n] = true;
	cell->tries++;
	account(l, plan, true);
	work_overview(l->w);
	g_strv_builder_addv(words, (const char **)plan->words);
	g_strv_builder_add_many(words, "--quiet", "--results", s->dir, NULL);
	*tag = s;
	return g_strv_builder_end(words);
}

static void save(struct local *l, const struct started *s, const char *out)
{
	struct matrix_work *w = l->w;
	g_autofree char *text = matrix_cell_text(s->cell), *file = g_build_filename(s->dir, "cell.json", NULL),
			*output = g_build_filename(s->dir, "output.txt", NULL);

	/* without a cell.json whoever started this one begins it again, or calls it lost */
	if (l->only && s->cell->result == MATRIX_CELL_LOST)
		return;
	if (*out)
		g_file_set_contents(output, out, -1, NULL); /* for a reader: nothing rests on it */
	if (!w->broken && file_replace(file, text, -1, &w->broken) && !l->only)
		work_save(w);
}

static void done(void *data, void *tag, int status, const char *out)
{
	struct local *l = data;
	struct started *s = tag;
	struct matrix_cell *cell = s->cell;
	g_autofree char *place = work_place(cell);

	account(l, l->w->plans->pdata[cell->n], false);
	cell->seconds = (double)(g_get_monotonic_time() - s->began) / 1e6;
	cell_judge(cell, l->w->plans->pdata[cell->n], s->dir, place, status, out);
	if ((cell->result == MATRIX_CELL_LOST || cell->result == MATRIX_CELL_UNJUDGED) && !room(l)) {
		forget(cell);
	} else if (cell->result == MATRIX_CELL_LOST && cell->tries < CELL_TRIES) {
		cell->result = MATRIX_CELL_WAITING;
		l->begun[cell->n] = false;
	} else {
		save(l, s, out);
		work_say(l->w, cell);
	}
	work_overview(l->w);
	g_free(s->dir);
	g_free(s);
}

bool local_run(struct matrix_work *w, const struct matrix_cell *only, const char *results)
{
	struct local l = { .w = w, .only = only, .results = results, .memory = host_memory_available() };
	const struct pool_work work = { .next = next, .done = done, .data = &l, .merged = true };
	unsigned jobs = only ? 1 : w->options->jobs;
	bool whole;

	l.begun = g_new0(bool, w->doc->cells->len);
	l.cpus = g_get_num_processors();
	whole = pool_run(&work, jobs);
	g_free(l.begun);
	return whole;
}
