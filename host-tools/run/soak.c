/* SPDX-License-Identifier: GPL-2.0-only */
/* A soak: flakes, leaks, slow phases. */
#include "run/soak.h"

#include <string.h>

#include "base/error.h"
#include "results/report.h"
#include "results/run-json-read.h"

#define SLOWEST 5

struct cell {
	const char *name;
	GArray *outcomes; /* enum outcome */
};

struct phase {
	char *name;
	const char *cell;
	double most_s, all_s;
	unsigned times, run; /* the slowest one's number */
};

struct soak {
	GArray *cells;	    /* struct cell */
	GHashTable *phases; /* "CELL PHASE": struct phase * */
	struct leaks most;
	unsigned runs, leaks;
	int status;
};

static void free_phase(void *data)
{
	struct phase *p = data;

	g_free(p->name);
	g_free(p);
}

struct soak *soak_new(const char *const *names)
{
	struct soak *s = g_new0(struct soak, 1);

	s->cells = g_array_new(FALSE, TRUE, sizeof(struct cell));
	s->phases = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_phase);
	for (; *names; names++) {
		struct cell cell = { *names, g_array_new(FALSE, FALSE, sizeof(enum outcome)) };

		g_array_append_val(s->cells, cell);
	}
	return s;
}

void soak_free(struct soak *s)
{
	if (!s)
		return;
	for (guint i = 0; i < s->cells->len; i++)
		g_array_unref(g_array_index(s->cells, struct cell, i).outcomes);
	g_array_unref(s->cells);
	g_hash_table_unref(s->phases);
	g_free(s);
}

static unsigned times(const GArray *outcomes, enum outcome outcome)
{
	unsigned n = 0;

	for (guint i = 0; i < outcomes->len; i++)
		n += g_array_index(outcomes, enum outcome, i) == outcome;
	return n;
}

char *series_tally(const GArray *outcomes)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < outcomes->len; i++) {
		const GArray before = { outcomes->data, i };
		enum outcome outcome = g_array_index(outcomes, enum outcome, i);
		unsigned n = times(outcomes, outcome);

		if (times(&before, outcome))
			continue;
		g_string_append_printf(text, "%s%s", text->len ? ", " : "",
				       outcome < OUTCOMES ? outcome_name(outcome) : "no run");
		g_string_append_printf(text, n == 1 ? " once" : " %u times", n);
	}
	return g_string_free(text, FALSE);
}

/* The phases of a run; one that was not over, or comes out negative, has no length. */
static void add_phases(struct soak *s, const char *cell, const char *dir)
{
	struct run_json *run = dir ? run_json_load(dir, NULL) : NULL;
	struct run_report *report;

	if (!run)
		return;
	report = report_new(cell);
	run_json_report(run, report);
	for (guint i = 0; i < report->phases->len; i++) {
		const struct report_phase *seen = report->phases->pdata[i];
		g_autofree char *key = g_strdup_printf("%s %s", cell, seen->name);
		struct phase *p = g_hash_table_lookup(s->phases, key);
		double took = (double)(seen->end_ns - seen->start_ns) / 1e9;

		if (!(took >= 0))
			continue;
		if (!p) {
			p = g_new0(struct phase, 1);
			p->name = g_strdup(seen->name);
			p->cell = cell;
			g_hash_table_insert(s->phases, g_steal_pointer(&key), p);
		}
		p->times++;
		p->all_s += took;
		if (took >= p->most_s) {
			p->most_s = took;
			p->run = s->runs;
		}
	}
	report_free(report);
	run_json_free(run);
}

/* How often the outcome came that came most often. */
static unsigned most_common(const GArray *outcomes)
{
	unsigned most = 0;

	for (guint i = 0; i < outcomes->len; i++)
		most = MAX(most, times(outcomes, g_array_index(outcomes, enum outcome, i)));
	return most;
}

char *soak_add(struct soak *s, unsigned cell, enum outcome outcome, int status, const char *dir,
	       const struct leaks *left)
{
	struct cell *c = &g_array_index(s->cells, struct cell, cell);
	/* the outcome of most runs is the cell's; it stays so after a flake */
	bool other = times(c->outcomes, outcome) < most_common(c->outcomes);
	g_autofree char *tally = other ? series_tally(c->outcomes) : NULL, *more = NULL;

	s->status = vtdlab_exit_worse(s->status, status);
	if (++s->runs == 1)
		s->most = *left;
	more = leaks_more(&s->most, left);
	s->leaks += more != NULL;
	g_array_append_val(c->outcomes, outcome);
	add_phases(s, c->name, dir);
	if (!other && !more)
		return NULL;
	return g_strdup_printf("%s%s%s%s%s", other ? "FLAKE: before it was " : "", other ? tally : "",
			       other && more ? "; " : "", more ? "LEAK: " : "", more ? more : "");
}

unsigned soak_flakes(const struct soak *s)
{
	unsigned flakes = 0;

	for (guint i = 0; i < s->cells->len; i++) {
		const GArray *outcomes = g_array_index(s->cells, struct cell, i).outcomes;

		flakes += outcomes->len - most_common(outcomes);
	}
	return flakes;
}

static int by_most(const void *a, const void *b)
{
	const struct phase *pa = *(struct phase *const *)a, *pb = *(struct phase *const *)b;

	return pa->most_s < pb->most_s ? 1 : pa->most_s > pb->most_s ? -1 : strcmp(pa->name, pb->name);
}

char *soak_text(const struct soak *s)
{
	GString *text = g_string_new(NULL);
	g_autoptr(GList) list = g_hash_table_get_values(s->phases);
	g_autoptr(GPtrArray) phases = g_ptr_array_new();

	g_string_append_printf(text, "%u runs: %u flake%s, %u leak%s\n", s->runs, soak_flakes(s),
			       soak_flakes(s) == 1 ? "" : "s", s->leaks, s->leaks == 1 ? "" : "s");
	for (guint i = 0; i < s->cells->len; i++) {
		const struct cell *c = &g_array_index(s->cells, struct cell, i);
		g_autofree char *tally = series_tally(c->outcomes);

		g_string_append_printf(text, "  %-24s %s\n", c->name, *tally ? tally : "not run");
	}
	for (GList *l = list; l; l = l->next)
		g_ptr_array_add(phases, l->data);
	g_ptr_array_sort(phases, by_most);
	for (guint i = 0; i < MIN(phases->len, SLOWEST); i++) {
		const struct phase *p = phases->pdata[i];

		g_string_append_printf(text, "%s  %-24s %6.1f s in run %u of %s, %.1f s on average\n",
				       i ? "" : "slowest phases\n", p->name, p->most_s, p->run, p->cell,
				       p->all_s / p->times);
	}
	return g_string_free(text, FALSE);
}

int soak_exit(const struct soak *s)
{
	if (!s->runs)
		return VTDLAB_EXIT_CANNOT_JUDGE;
	return soak_flakes(s) || s->leaks ? vtdlab_exit_worse(s->status, VTDLAB_EXIT_BAD) : s->status;
}
