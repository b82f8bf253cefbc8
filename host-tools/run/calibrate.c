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

/* Down from @high, which is enough, to the least that is, as far as one run each can tell. */
static bool narrow(const struct search *s, unsigned low, unsigned high, GError **error)
{
	while (high - low > CALIBRATE_STEP) {
		unsigned steps = (high - low) / CALIBRATE_STEP, middle = low + steps / 2 * CALIBRATE_STEP;
		bool yes;

		if (!enough(s, middle, &yes, error))
			return false;
		if (yes)
			high = middle;
		else
			low = middle;
	}
	s->out->enough = high;
	s->out->too_little = low;
	return true;
}

bool calibrate_search(unsigned most,
		      bool (*ask)(unsigned mib, enum calibrate_answer *answer, void *data, GError **error), void *data,
		      struct calibration *out, GError **error)
{
	const struct search s = { ask, data, out };
	unsigned ceiling = CALIBRATE_LEAST + (most - CALIBRATE_LEAST) / CALIBRATE_STEP * CALIBRATE_STEP;
	bool top, bottom;

	memset(out, 0, sizeof(*out));
	if (most < CALIBRATE_LEAST + CALIBRATE_STEP)
		return vtdlab_unjudged(error, "%u MiB at most: there is nothing to search", most);
	if (!enough(&s, ceiling, &top, error) || !enough(&s, CALIBRATE_LEAST, &bottom, error))
		return false;
	if (!top || bottom)
		return vtdlab_unjudged(error, top ? "even %u MiB is enough" : "%u MiB is not enough",
				       top ? CALIBRATE_LEAST : ceiling);
	if (!narrow(&s, CALIBRATE_LEAST, ceiling, error))
		return false;
	/* What was enough once must be so again, or it is not what anybody should be told. */
	for (unsigned seen = 1; seen < 2;) {
		if (!enough(&s, out->enough, &top, error))
			return false;
		if (top) {
			seen++;
			continue;
		}
		out->too_little = out->enough;
		out->enough += CALIBRATE_STEP;
		seen = 0;
		if (out->enough > ceiling)
			return vtdlab_unjudged(error, "%u MiB is enough only now and then", ceiling);
	}
	/* asked again to be counted; that it may do now and then is no reason to recommend it */
	return enough(&s, out->too_little, &bottom, error);
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
		if (rig && strcmp(rig->result, "fail") == 0 &&
		    g_regex_match_simple("kexec|crash kernel", rig->detail, 0, 0)) {
			g_string_append_printf(why, ": %s", rig->detail);
			*answer = CALIBRATE_TOO_LITTLE;
		} else if (run->exit == VTDLAB_EXIT_OK) {
			*answer = CALIBRATE_ENOUGH;
		}
	}
	run_json_free(run);
	return true;
}
