/* SPDX-License-Identifier: GPL-2.0-only */
/* The least crashkernel=, by binary search. */
#include "run/calibrate.h"

#include <string.h>

#include "base/error.h"
#include "results/run-json-read.h"

struct search {
	bool (*ask)(unsigned, enum calibrate_answer *, void *, GError **);
	void *data;
	struct calibration *out;
};

/* false: @error, or an answer that says nothing about memory. */
static bool enough(const struct search *s, unsigned mib, bool *yes, GError **error)
{
	enum calibrate_answer answer = CALIBRATE_OTHER;

	s->out->runs++;
	if (!s->ask(mib, &answer, s->data, error))
		return false;
	*yes = answer == CALIBRATE_ENOUGH;
	return answer != CALIBRATE_OTHER ||
	       vtdlab_unjudged(error, "with %u MiB the run ended in a way that says nothing about memory", mib);
}

/*
 * From @first to the least that is enough, as far as one run each can tell. Near a guess by strides that double, but
 * never past the middle, which is all there is without one. Neither bound is asked unless the search comes there: a
 * run is dear.
 */
static bool narrow(const struct search *s, unsigned first, unsigned stride, GError **error)
{
	unsigned *low = &s->out->too_little, *high = &s->out->enough, next = first;

	for (; *high - *low > CALIBRATE_STEP; stride *= 2) {
		bool yes;

		if (!enough(s, next, &yes, error))
			return false;
		*(yes ? high : low) = next;
		unsigned half = (*high - *low) / CALIBRATE_STEP / 2 * CALIBRATE_STEP;

		next = yes ? *high - MIN(stride, half) : *low + MIN(stride, half);
	}
	return true;
}

/* What was enough once must be so again, or it is not what anybody should be told: the next larger size is tried. */
static bool confirm(const struct search *s, unsigned most, unsigned seen, GError **error)
{
	struct calibration *out = s->out;
	bool yes;

	while (seen < 2) {
		if (!enough(s, out->enough, &yes, error))
			return false;
		seen = yes ? seen + 1 : 0;
		if (yes)
			continue;
		out->too_little = out->enough;
		out->enough += CALIBRATE_STEP;
		if (out->enough > most)
			return vtdlab_unjudged(error, "%u MiB is not enough, or only now and then", most);
	}
	return true;
}

bool calibrate_search(unsigned most, unsigned guess,
		      bool (*ask)(unsigned mib, enum calibrate_answer *answer, void *data, GError **error), void *data,
		      struct calibration *out, GError **error)
{
	const struct search s = { ask, data, out };
	unsigned ceiling = most / CALIBRATE_STEP * CALIBRATE_STEP;
	unsigned first = MIN(guess ? guess : ceiling / 2, ceiling - CALIBRATE_STEP);

	if (ceiling < 2 * CALIBRATE_STEP)
		return vtdlab_unjudged(error, "%u MiB at most: there is nothing to search", most);
	*out = (struct calibration){ .enough = ceiling };
	if (!narrow(&s, MAX(first - first % CALIBRATE_STEP, CALIBRATE_STEP), guess ? CALIBRATE_STEP : ceiling, error) ||
	    !confirm(&s, ceiling, out->enough < ceiling, error))
		return false;
	if (!out->too_little)
		return vtdlab_unjudged(error, "even %u MiB is enough", out->enough);
	/* asked again to be counted; that it may do now and then is no reason to recommend it */
	return enough(&s, out->too_little, &out->now_and_then, error);
}

bool calibrate_answer(const char *dir, enum calibrate_answer *answer, GString *why, GError **error)
{
	struct run_json *run = run_json_load(dir, error);
	const struct run_json_check *rig;

	if (!run)
		return false;
	rig = run_json_check(run, "rig");
	g_string_append(why, outcome_name(run->outcome));
	*answer = CALIBRATE_OTHER;
	switch (run->outcome) {
	case OUTCOME_CRASH_KERNEL_HANG:
	case OUTCOME_CRASH_KERNEL_PANIC:
	case OUTCOME_DEVICE_DEAD:
	case OUTCOME_DUMP_FAILED:
		*answer = CALIBRATE_TOO_LITTLE;
		break;
	default:
		/* kexec finds no place for the image, or the first kernel none for the reservation */
		if (rig && rig->result == CHECK_FAIL && g_regex_match_simple("kexec|crash kernel", rig->detail, 0, 0)) {
			g_string_append_printf(why, ": %s", rig->detail);
			*answer = CALIBRATE_TOO_LITTLE;
		} else if (run->exit == VTDLAB_EXIT_OK) {
			*answer = CALIBRATE_ENOUGH;
		}
	}
	run_json_free(run);
	return true;
}
