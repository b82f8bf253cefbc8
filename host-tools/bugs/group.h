/* SPDX-License-Identifier: GPL-2.0-only */
/* What a hunt finds: the bugs behind a failure, what is nobody's, and the least settings of each. Private to bugs/. */
#ifndef VTDLAB_BUGS_GROUP_H
#define VTDLAB_BUGS_GROUP_H

#include <glib.h>
#include <stdbool.h>

#include "bugs/side.h"
#include "conf/bug.h"
#include "results/run-json-read.h"

/* What a bad run shows. */
struct shown {
	GPtrArray *bugs; /* const struct bug * of the catalogue, each once */
	char *rest;	 /* the failing checks that none of them explains; "" with no check at all; NULL: none */
	enum outcome outcome;
	char *fails; /* all failing checks, ';' between */
};

/* One bug of the catalogue, or failing checks that are none's. */
struct group {
	const struct bug *bug; /* borrowed; NULL: a new one */
	char *rest;	       /* the checks of a new one */
	enum outcome outcome;  /* of the run with the least settings */
	char *fails;	       /* of the same */
	char *beside;	       /* bugs that the same run shows, or NULL */
	char **least;	       /* the fewest settings so far with which it is seen */
	unsigned of;	       /* how many the cell had */
	char *dir;	       /* a run of the least */
	unsigned cells;	       /* how many show it */
	char **trying;	       /* of the run of a reduction that is under way; NULL: there is none */
	unsigned at, step;     /* as many settings are left out next, from this one on; no step: not begun */
	bool removed;	       /* one was removed in this round */
	bool asked;	       /* those that the bug's own file has as well have been tried */
	bool reduced;	       /* nothing is left to be left out */
};

/* group_kind - "copy-wrong (context-same-slot, no-faults)" of a bad run; NULL: it is good, or has no verdict. */
char *group_kind(const struct run_json *run);

/*
 * shown_by - what a run with @settings shows; NULL unless it is bad. A bug is behind it if what tells its bad side from the
 * good one is in the settings, and the checks of the bad side fail (or cannot judge, but not all) and say what its
 * signature wants. Free with shown_free().
 */
struct shown *shown_by(const struct run_json *run, char *const *settings, const GPtrArray *catalogue);
void shown_free(struct shown *shown);

/* group_new - of @bug, or of what is nobody's (NULL), as @shown by the run in @dir with @settings. Free with group_free(). */
struct group *group_new(const struct bug *bug, const struct shown *shown, char *const *settings, const char *dir);
void group_free(void *group);

/* group_is - is what @shown has of @bug (NULL: of nobody's) in this group? */
bool group_is(const struct group *group, const struct bug *bug, const struct shown *shown);

/* group_fewer - another cell, of @settings in @dir, has it too: with fewer settings it takes the place of the least. */
void group_fewer(struct group *group, const struct shown *shown, char *const *settings, const char *dir);

/*
 * group_next - the settings to try next (borrowed, they are trying), fewer than the least; NULL: none are left, or what
 * was tried has not come back. First those which the file of a known bug has as well, then without a half of them, a
 * quarter, and so on.
 *
 * @base: the scenario that the settings change
 */
char **group_next(struct group *group, const struct scenario *base);

/* group_tried - what came of those, in @dir; @shown: NULL for anything but a bad run. */
void group_tried(struct group *group, const struct shown *shown, const char *dir);

/* group_draft - the draft of a bug file; the caller frees it. */
char *group_draft(const struct group *group, const char *scenario);

#endif
