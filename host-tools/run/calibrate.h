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

#define CALIBRATE_STEP 8U /* MiB: what the answer is exact to */

struct calibration {
	unsigned enough, too_little; /* MiB, CALIBRATE_STEP apart; each run twice */
	bool now_and_then;	     /* @too_little was enough when it was run again */
	unsigned runs;
};

/*
 * calibrate_search - the least size, in steps and up to @most (MiB), for which @ask says ENOUGH.
 *
 * @guess: MiB that may be near it, such as what was enough in another mode: saves runs; 0: none
 * @ask: one run with so many MiB; *@answer; false: @error, and the search ends
 * What is enough was so twice in a row, or the next larger size is tried.
 * Errors: VTDLAB_ERROR_CANNOT_JUDGE: @most is not enough, a single step is, or a run ended in another way.
 */
bool calibrate_search(unsigned most, unsigned guess,
		      bool (*ask)(unsigned mib, enum calibrate_answer *answer, void *data, GError **error), void *data,
		      struct calibration *out, GError **error);

/* calibrate_answer - what a run, whose directory is @dir, says. @why gets a line. Errors: as run_json_load(). */
bool calibrate_answer(const char *dir, enum calibrate_answer *answer, GString *why, GError **error);

#endif
