/* SPDX-License-Identifier: GPL-2.0-only */
/* The failures of a hunt by kind: outcome and failing checks; known bugs, and the least settings. Private to bugs/. */
#ifndef VTDLAB_BUGS_GROUP_H
#define VTDLAB_BUGS_GROUP_H

#include <glib.h>
#include <stdbool.h>

#include "bugs/side.h"
#include "conf/bug.h"
#include "results/run-json-read.h"

struct group {
	char *kind;  /* "copy-wrong (context-same-slot, no-faults)" */
	char *known; /* names of the bugs that are behind it, ", " between; NULL: at least one check is nobody's */
	char *unexplained; /* the checks that are nobody's; NULL: none */
	char **least;	   /* the fewest settings so far with which it is seen */
	char *dir;	   /* a run of these */
	unsigned cells;	   /* how many came to it */
	unsigned at;	   /* the setting whose removal is tried next */
	bool removed;	   /* one was removed in this round */
	bool busy;	   /* a run of a reduction is under way */
	bool reduced;	   /* nothing can be left out */
};

/* group_kind - of a run; NULL: it is good, or has no verdict. The caller frees it. */
char *group_kind(const struct run_json *run);

/*
 * group_explain - which bugs of @catalogue (struct bug *) are behind the failures of @run: a bug is if the checks of its
 * bad side fail and say what its signature wants. Sets known and unexplained.
 */
void group_explain(struct group *group, const struct run_json *run, const GPtrArray *catalogue);

/* group_next - the settings to try next, without one of the least; NULL: none is left. The caller frees it. */
char **group_next(struct group *group);

/* group_tried - what came of those: the same @kind (from the run in @dir), or anything else (NULL). */
void group_tried(struct group *group, const char *kind, const char *dir);

/* group_draft - the draft of a bug file; the caller frees it. */
char *group_draft(const struct group *group, const char *scenario);

void group_free(void *group);

#endif
