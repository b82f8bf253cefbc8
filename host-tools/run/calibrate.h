/* SPDX-License-Identifier: GPL-2.0-only */
/* How much memory a crash kernel needs: the least crashkernel= with which a scenario comes out well. */
#ifndef VTDLAB_RUN_CALIBRATE_H
#define VTDLAB_RUN_CALIBRATE_H

#include <glib.h>
#include <stdbool.h>

#include "run/run.h"

enum calibrate_answer {
	CALIBRATE_ENOUGH,     /* exit status 0: the crash kernel came up, its devices and the dump were fine */
	CALIBRATE_TOO_LITTLE, /* it could not be loaded, did not come up, or a device or the dump failed */
	CALIBRATE_OTHER,      /* a verdict, or none, that has nothing to do with memory */
};

#define CALIBRATE_STEP 4U   /* MiB: what the answer is exact to */
#define CALIBRATE_LEAST 32U /* MiB */

struct calibration {
	unsigned enough, too_little; /* MiB, CALIBRATE_STEP apart; each seen twice */
	unsigned runs;
};

/*
 * calibrate_search - the least size for which @ask says ENOUGH, between CALIBRATE_LEAST and @most (MiB).
 *
 * @ask: one run with so many MiB; *@answer; false: @error, and the search ends
 * Both ends of the result have been asked twice; where the two answers differ, the larger size is tried.
 * Errors: VTDLAB_ERROR_CANNOT_JUDGE: @most is not enough, CALIBRATE_LEAST is, or a run ended in another way.
 */
bool calibrate_search(unsigned most,
		      bool (*ask)(unsigned mib, enum calibrate_answer *answer, void *data, GError **error), void *data,
		      struct calibration *out, GError **error);

/* calibrate_answer - what a run, whose directory is @dir, says. @why gets a line. Errors: as run_json_load(). */
bool calibrate_answer(const char *dir, enum calibrate_answer *answer, GString *why, GError **error);

#endif
