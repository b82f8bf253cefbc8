/* SPDX-License-Identifier: GPL-2.0-only */
/* A soak: what came of the same few runs, over and over: flakes, leaks, and which phases were slow. */
#ifndef VTDLAB_RUN_SOAK_H
#define VTDLAB_RUN_SOAK_H

#include <glib.h>
#include <stdbool.h>

#include "run/leaks.h"
#include "verdict/outcome.h"

struct soak;

/* soak_new - of the cells @names (borrowed), which are run in turn. Free with soak_free(). */
struct soak *soak_new(const char *const *names);
void soak_free(struct soak *s);

/*
 * soak_add - a run of @cell has ended with @outcome (OUTCOMES: no run) and exit status @status; @dir: its run directory, or NULL.
 * Returns what a person has to know of it: another outcome than the cell had before, something left behind; or NULL.
 * The caller frees it.
 * @left: what there is now (leaks_count()); what the first run leaves is taken for the program's own
 */
char *soak_add(struct soak *s, unsigned cell, enum outcome outcome, int status, const char *dir,
	       const struct leaks *left);

/* soak_flakes - runs that ended otherwise than most of their cell. */
unsigned soak_flakes(const struct soak *s);

/* soak_text - the summary: flakes, leaks, each cell, the slowest phases. The caller frees it. */
char *soak_text(const struct soak *s);

/*
 * soak_exit - that of a series (vtdlab_exit_worse()), and 1 where there was a flake or a leak, which is what it was to
 * find; cannot judge (125) without a run.
 */
int soak_exit(const struct soak *s);

/* series_tally - "preserved 4 times, copy-wrong once" of @outcomes (enum outcome), in the order of the first of each. */
char *series_tally(const GArray *outcomes);

#endif
