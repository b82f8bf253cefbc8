/* SPDX-License-Identifier: GPL-2.0-only */
/* Which kernel brought a bug, or mended it: one kernel held against a bug, and a search among Debian's builds. */
#ifndef VTDLAB_BUGS_BISECT_H
#define VTDLAB_BUGS_BISECT_H

#include <glib.h>
#include <stdbool.h>

#include "bugs/reproduce.h"

/*
 * bug_judge_kernel - run the bad side of @bug with @kernel as the kernel of both: has it the bug?
 *
 * *@exit: 1 as the bad side states, 0 as the good side does, 125 as neither or without a verdict (`git bisect run` takes
 * these for bad, good and skip). @why gets one line of what was seen.
 * Errors: VTDLAB_ERROR_INTERRUPTED, or whatever keeps the kernel from being run; those that concern it alone
 * (vtdlab_error_no_run(), but a usage error) are a 125, told in @why.
 */
bool bug_judge_kernel(const struct bug *bug, const char *kernel, const struct reproduce_options *options, int *exit,
		      GString *why, GError **error);

/* A kernel of a list that is searched. */
struct bisect_build {
	char *spec;    /* "debian:6.12.107+deb12-amd64"; owned */
	char *version; /* of the package; owned */
	int exit;      /* as bug_judge_kernel(); -1: not asked yet */
};

/*
 * bisect_builds - those of @available (kernel_available()) that are of @series ("6.12"), of the plain flavour, oldest
 * first. A GArray of struct bisect_build; free with g_array_unref().
 */
GArray *bisect_builds(const char *available, const char *series);

/*
 * bisect_cut - leave those of @builds from the oldest of release @from to the newest of @to, either NULL for no end. "6.12.90"
 * is enough for a release, "6.12.90+deb12-amd64" is one build.
 *
 * Errors: VTDLAB_ERROR_USAGE: there is no such build, or nothing is between them.
 */
bool bisect_cut(GArray *builds, const char *from, const char *to, GError **error);

/*
 * bisect_search - where the answer of @ask changes between the first and the last of @builds: *@last_same is the last that
 * answers as the first one does, *@first_other the next that answers otherwise. What cannot be told (125) is stepped over;
 * builds between the two are of that kind.
 *
 * @ask: fills @build->exit; false: @error, and the search ends
 * Errors: VTDLAB_ERROR_CANNOT_JUDGE: both ends are the same, or an end cannot be told.
 */
bool bisect_search(GArray *builds, bool (*ask)(struct bisect_build *build, void *data, GError **error), void *data,
		   unsigned *last_same, unsigned *first_other, GError **error);

/* bisect_regex - what the lines of a changelog say that may be of an area. Static. */
const char *bisect_regex(enum bug_area area);

#endif
