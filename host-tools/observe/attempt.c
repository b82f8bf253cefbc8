/* SPDX-License-Identifier: GPL-2.0-only */
/* Deadlines of an attempt, and what ends it. */
#include "observe/attempt.h"

#include <string.h>

#include "observe/clock.h"

/* for the guest to say that it is late; its clock counts what it got to do, so that ours is to be the more patient */
#define ANSWER_S 3.0
#define ANSWER_FACTOR 2.0

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

JsonObject *attempt_ask(const struct attempt *a, JsonObject *request, double seconds, double least_s, GError **error)
{
	double scale = machine_scale(a->m), guest_s = MAX(attempt_deadline(a, seconds) * scale, least_s);

	json_object_set_int_member(request, "deadline_ms", MAX(1, (int64_t)(guest_s * 1000)));
	return machine_agent_call(a->m, request, attempt_deadline(a, ANSWER_FACTOR * guest_s / scale + ANSWER_S),
				  error);
}

bool attempt_was_late(const char *message)
{
	return strstr(message, ": no result after ") != NULL;
}
