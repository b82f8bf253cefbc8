/* SPDX-License-Identifier: GPL-2.0-only */
/* What a run could have left behind in this process and on this host. */
#ifndef VTDLAB_RUN_LEAKS_H
#define VTDLAB_RUN_LEAKS_H

#include <stdbool.h>

struct leaks {
	unsigned descriptors; /* of this process */
	unsigned processes;   /* below it */
	unsigned directories; /* private ones of this process, where its sockets are */
	unsigned partial;     /* run directories of runs that are not over */
};

/* leaks_count - what there is now; @results: where the run directories are, or NULL. Processes that have ended are reaped; call it while nobody waits for a child. */
void leaks_count(struct leaks *now, const char *results);

/*
 * leaks_more - what of @now is more than in @most, the most that was there so far, which then has it too:
 * "2 descriptors, 1 process", or NULL. The caller frees it.
 */
char *leaks_more(struct leaks *most, const struct leaks *now);

/* leaks_adopt - from now on what a run's children leave running is below this process. */
void leaks_adopt(void);

#endif
