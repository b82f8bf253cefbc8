/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Cells as tasks of Slurm's job arrays. Slurm decides where and when; this only submits, reads the cell.json that tasks leave,
 * and asks which tasks there still are. Everything goes through its commands: there is no library to be linked against.
 */
#include <gio/gio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/paths.h"
#include "base/text.h"
#include "matrix/work.h"

#define LOOK_US (1 * G_USEC_PER_SEC)
#define ASK_LOOKS 3	 /* looks between two questions to the controller */
#define REFUSALS_MAX 600 /* in a row, a look each, with nothing left to wait for: some ten minutes */
#define ARRAY_MAX 1001	 /* Slurm's default of MaxArraySize */

struct slurm {
	struct matrix_work *w;
	GPtrArray *jobs;	   /* char *: ids of the arrays */
	char *last;		   /* id of the array that ends last; NULL: the controller has none of ours */
	unsigned *tries;	   /* of each cell */
	bool *submitted, *missing; /* it is with Slurm; the last answer did not have it */
	unsigned array_max;
	bool deaf; /* the controller did not answer the last time */
};

/* Runs a command; its stdout, or NULL and its last word. */
static char *ask(const char *const *argv, GError **error)
{
	g_autoptr(GSubprocess) child = NULL;
	g_autofree char *out = NULL, *err = NULL;
	g_autoptr(GError) why = NULL;
	char *line;

	child = g_subprocess_newv(argv, G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE, &why);
	if (!child || !g_subprocess_communicate_utf8(child, NULL, NULL, &out, &err, &why)) {
		vtdlab_unjudged(error, "slurm: %s: %s", argv[0], why->message);
		return NULL;
	}
	if (g_subprocess_get_successful(child))
		return g_steal_pointer(&out);
	line = strrchr(g_strchomp(err), '\n');
	vtdlab_unjudged(error, "slurm: %s: %s", argv[0], line ? line + 1 : *err ? err : "failed");
	return NULL;
}

static unsigned array_max(GError **error)
{
	const char *const argv[] = { "scontrol", "show", "config", NULL };
	g_autofree char *text = ask(argv, error);
	const char *at = text ? strstr(text, "MaxArraySize") : NULL;

	at = at ? strchr(at, '=') : NULL;
	return !text ? 0 : at && atoi(at + 1) > 0 ? (unsigned)atoi(at + 1) : ARRAY_MAX;
}

static void cancel(const struct slurm *s)
{
	for (guint i = 0; i < s->jobs->len; i++) {
		g_autofree char *id = g_strndup(s->jobs->pdata[i], strcspn(s->jobs->pdata[i], "+"));
		const char *const argv[] = { "scancel", id, NULL };

		g_free(ask(argv, NULL));
	}
}

/* The ids are kept, so that whoever goes on with this matrix ends what a head that was killed left running. */
static char *jobs_file(const struct slurm *s)
{
	return g_build_filename(s->w->dir, "slurm.jobs", NULL);
}

static void keep_jobs(const struct slurm *s)
{
	g_autofree char *path = jobs_file(s);
	g_autoptr(GString) text = g_string_new(NULL);

	for (guint i = 0; i < s->jobs->len; i++)
		g_string_append_printf(text, "%s\n", (const char *)s->jobs->pdata[i]);
	g_file_set_contents(path, text->str, -1, NULL);
}

static void end_former_jobs(struct slurm *s)
{
	g_autofree char *path = jobs_file(s), *text = NULL;
	g_auto(GStrv) lines = NULL;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return;
	lines = g_strsplit(text, "\n", -1);
	for (char **line = lines; *line; line++)
		if (g_ascii_isdigit(**line))
			g_ptr_array_add(s->jobs, g_strdup(*line));
	cancel(s);
	g_ptr_array_set_size(s->jobs, 0);
}

/* ---- submitting ---- */

static bool due(const struct slurm *s, unsigned n)
{
	return ((const struct matrix_cell *)s->w->doc->cells->pdata[n])->result == MATRIX_CELL_WAITING &&
	       !s->submitted[n];
}

/* Task ids of the cells from @from on, less than @to, "0-3,7"; and what the largest of them takes. */
static char *task_list(const struct slurm *s, unsigned from, unsigned to, struct cell_plan *most)
{
	GString *list = g_string_new(NULL);

	for (unsigned n = from; n < to; n++) {
		const struct cell_plan *plan = s->w->plans->pdata[n];
		unsigned last = n;

		if (!due(s, n))
			continue;
		most->cpus = MAX(most->cpus, plan->cpus);
		most->memory = MAX(most->memory, plan->memory);
		most->alone |= plan->alone;
		while (last + 1 < to && due(s, last + 1))
			last++;
		g_string_append_printf(list, last > n ? "%s%u-%u" : "%s%u", list->len ? "," : "", n - from,
				       last - from);
		n = last;
	}
	return g_string_free(list, FALSE);
}

static void add_words(GPtrArray *argv, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		g_ptr_array_add(argv, (void *)words[i]);
}

static bool submit_chunk(struct slurm *s, unsigned from, unsigned to, GError **error)
{
	struct cell_plan most = { .cpus = 1 };
	g_autofree char *list = task_list(s, from, to, &most), *id = NULL;
	g_autofree char *script = lab_path("scripts", "slurm-cell", NULL), *self = lab_program();
	g_autofree char *array = NULL, *name = NULL, *memory = NULL, *cpus = NULL, *log = NULL, *offset = NULL,
			*after = NULL;
	g_autoptr(GPtrArray) argv = g_ptr_array_new();

	if (!*list)
		return true;
	array = g_strdup_printf("--array=%s%%%u", list, most.alone ? 1 : s->w->options->jobs);
	/* as many at a time is said of one array: a further one waits for those before it, or each would have as many */
	after = s->last ? g_strdup_printf("--dependency=afterany:%s", s->last) : NULL;
	name = g_strdup_printf("--job-name=vtdlab-%s", s->w->doc->name);
	memory = g_strdup_printf("--mem=%" G_GUINT64_FORMAT "M", most.memory >> 20);
	cpus = g_strdup_printf("--cpus-per-task=%u", most.cpus);
	log = g_strdup_printf("--output=%s/slurm-%%A_%%a.log", s->w->dir);
	offset = g_strdup_printf("%u", from);
	/* a node that is lost is ours to notice, and to tell of */
	const char *const always[] = { "sbatch", "--parsable", "--no-requeue", array, name, memory, cpus, log };
	const char *const command[] = { script, self, s->w->dir, offset, NULL };

	add_words(argv, always, G_N_ELEMENTS(always));
	if (after)
		g_ptr_array_add(argv, after);
	if (most.alone) /* what counts time has its node for itself */
		g_ptr_array_add(argv, (void *)"--exclusive");
	add_words(argv, command, G_N_ELEMENTS(command));
	id = ask((const char *const *)argv->pdata, error);
	if (!id)
		return false;
	id[strcspn(id, ";\n")] = '\0';
	text_replace(&s->last, g_strdup(id));
	g_ptr_array_add(s->jobs, g_strdup_printf("%s+%u", id, from));
	for (unsigned n = from; n < to; n++)
		if (due(s, n)) {
			s->submitted[n] = true;
			s->missing[n] = false;
			s->tries[n]++;
		}
	keep_jobs(s);
	return true;
}

static bool submit(struct slurm *s, GError **error)
{
	for (unsigned from = 0; from < s->w->doc->cells->len; from += s->array_max)
		if (!submit_chunk(s, from, MIN(from + s->array_max, s->w->doc->cells->len), error))
			return false;
	return true;
}

/* ---- watching ---- */

static void gather(struct slurm *s)
{
	struct matrix_work *w = s->w;
	bool any = false;

	for (guint n = 0; n < w->doc->cells->len; n++) {
		struct matrix_cell *cell = w->doc->cells->pdata[n];
		g_autofree char *file = work_cell_file(w, cell, "cell.json");

		if (cell->result != MATRIX_CELL_WAITING || !matrix_cell_read(file, cell))
			continue;
		cell->tries = s->tries[n];
		work_say(w, cell);
		any = true;
	}
	if (any)
		work_save(w);
}

/* What the controller still has: present gets a true for each. False: it does not answer. */
static bool ask_queue(struct slurm *s, bool *present)
{
	g_autoptr(GString) ids = g_string_new("--jobs=");
	g_autoptr(GError) error = NULL;
	g_autofree char *text = NULL;

	for (guint i = 0; i < s->jobs->len; i++) {
		const char *job = s->jobs->pdata[i];

		g_string_append_printf(ids, "%s%.*s", i ? "," : "", (int)strcspn(job, "+"), job);
	}
	const char *const argv[] = { "squeue", "--noheader", "--array", ids->str, "--format=%F %K %T", NULL };

	text = ask(argv, &error);
	if (!text && strstr(error->message, "Invalid job id"))
		return true; /* none of them is known any more */
	if (!text) {
		if (!s->deaf)
			progress_warn(s->w->progress, "%s; the tasks that run go on, and are waited for",
				      error->message);
		return false;
	}
	s->w->running = 0;
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (char **line = lines; *line; line++) {
		g_auto(GStrv) part = g_strsplit(*line, " ", 3);

		for (guint i = 0; part[0] && part[1] && part[2] && i < s->jobs->len; i++) {
			const char *job = s->jobs->pdata[i], *plus = strchr(job, '+');
			unsigned n = (unsigned)atoi(part[1]) + (unsigned)atoi(plus + 1);

			if (strncmp(job, part[0], (size_t)(plus - job)) || part[0][plus - job] ||
			    n >= s->w->doc->cells->len)
				continue;
			present[n] = true;
			s->w->running += strcmp(part[2], "RUNNING") == 0;
		}
	}
	return true;
}

/* A task that is gone and has left nothing is begun once more; then it is lost, and said to be. */
static void look_for_lost(struct slurm *s)
{
	g_autofree bool *present = g_new0(bool, s->w->doc->cells->len);
	bool lost = false, any = false;

	s->deaf = !ask_queue(s, present);
	if (s->deaf)
		return;
	for (guint n = 0; n < s->w->doc->cells->len; n++)
		any |= present[n];
	if (!any)
		text_replace(&s->last, NULL); /* what the controller has forgotten cannot be waited for */
	gather(s);			      /* what has ended since the last look */
	for (guint n = 0; n < s->w->doc->cells->len; n++) {
		struct matrix_cell *cell = s->w->doc->cells->pdata[n];
		bool before = s->missing[n];

		s->missing[n] = s->submitted[n] && !present[n] && cell->result == MATRIX_CELL_WAITING;
		if (!s->missing[n] || !before) /* a file may be late on its way through a network */
			continue;
		s->submitted[n] = false;
		if (s->tries[n] < CELL_TRIES)
			continue;
		cell->result = MATRIX_CELL_LOST;
		cell->tries = s->tries[n];
		g_free(cell->reason);
		cell->reason = g_strdup("its task ended and left nothing, twice: killed, or its node is gone");
		work_say(s->w, cell);
		lost = true;
	}
	if (lost)
		work_save(s->w);
}

static void idle(void)
{
	for (gint64 until = g_get_monotonic_time() + LOOK_US; g_get_monotonic_time() < until && !interrupt_pending();) {
		g_main_context_iteration(NULL, FALSE);
		g_usleep(50 * 1000);
	}
}

/* Has Slurm anything of ours that is still waited for? */
static bool outstanding(const struct slurm *s)
{
	for (guint n = 0; n < s->w->doc->cells->len; n++)
		if (s->submitted[n] &&
		    ((const struct matrix_cell *)s->w->doc->cells->pdata[n])->result == MATRIX_CELL_WAITING)
			return true;
	return false;
}

static bool watch(struct slurm *s, GError **error)
{
	unsigned refusals = 0;
	bool warned = false;

	for (unsigned look = 1; matrix_doc_count(s->w->doc, MATRIX_CELL_WAITING) && !s->w->broken; look++) {
		g_autoptr(GError) refused = NULL;

		/* what has been taken goes on; the rest is asked for again, but when nothing is left of that not for ever */
		refusals = submit(s, &refused) || outstanding(s) ? 0 : refusals + 1;
		if (refused && (!s->jobs->len || refusals > REFUSALS_MAX)) {
			g_propagate_error(error, g_steal_pointer(&refused));
			return true;
		}
		if (refused && !warned)
			progress_warn(s->w->progress, "Slurm takes no more for now: %s", refused->message);
		warned = refused != NULL;
		idle();
		if (interrupt_pending())
			return false;
		gather(s);
		if (look % ASK_LOOKS == 0)
			look_for_lost(s);
		work_overview(s->w);
	}
	return true;
}

bool slurm_run(struct matrix_work *w, GError **error)
{
	struct slurm s = { .w = w };
	unsigned n = w->doc->cells->len;
	bool whole = true;

	s.jobs = g_ptr_array_new_with_free_func(g_free);
	s.tries = g_new0(unsigned, n);
	s.submitted = g_new0(bool, n);
	s.missing = g_new0(bool, n);
	s.array_max = array_max(error);
	if (s.array_max) {
		end_former_jobs(&s);
		whole = watch(&s, error);
	}
	if (!whole || w->broken)
		cancel(&s);
	g_ptr_array_unref(s.jobs);
	g_free(s.last);
	g_free(s.tries);
	g_free(s.submitted);
	g_free(s.missing);
	return whole;
}
