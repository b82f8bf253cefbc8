/* SPDX-License-Identifier: GPL-2.0-only */
/* Deadlines of an attempt, and what ends it. */
#include "observe/attempt.h"

#include <string.h>

#include "observe/clock.h"

double attempt_deadline(const struct attempt *a, double seconds)
{
	double left;

	if (a->plan->options->gdb)
		return seconds * 1000;
	if (!a->m)
		return seconds;
	left = a->plan->scenario->timeout_s - machine_guest_s(a->m) / machine_scale(a->m);
	return MAX(0.1, MIN(seconds, left));
}

bool attempt_goes_on(const struct attempt *a, GError **err, char **problem, GError **error)
{
	enum machine_end end = machine_wait_ended(a->m);

	if (end == MACHINE_END_DIED || end == MACHINE_END_STILL || end == MACHINE_END_INTERRUPTED ||
	    !machine_alive(a->m)) {
		g_propagate_error(error, g_steal_pointer(err));
		return false;
	}
	/* The console lines of a deadline's message are in console.log. */
	*problem = g_strndup((*err)->message, strcspn((*err)->message, ";\n"));
	g_clear_error(err);
	return true;
}
