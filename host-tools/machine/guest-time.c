/* SPDX-License-Identifier: GPL-2.0-only */
#include "machine/guest-time.h"

#include <glib.h>

#define LOOK_MAX_US 100000
#define STEP_US 10000

void guest_time_look(struct guest_time *t, int64_t now_us, const struct vm_times *times)
{
	int64_t passed = t->looked_us ? MIN(now_us - t->looked_us, LOOK_MAX_US) : 0, free_us = passed, ran_us = 0;

	t->looked_us = now_us;
	if (times) {
		ran_us = (times->ran_ns - t->last.ran_ns) / 1000;
		free_us = times->stopped ? 0 : passed - (times->waited_ns - t->last.waited_ns) / 1000;
		t->last = *times;
	}
	/* Two threads may have waited at once; what ran has run, and a guest that hangs in a loop gets no older else. */
	free_us = CLAMP(MAX(free_us, ran_us), 0, passed);
	t->used_us += free_us;
	t->still_us = free_us || ran_us ? 0 : t->still_us + passed;
}

void wall_clock_look(struct wall_clock *c, int64_t monotonic_us, int64_t wall_us)
{
	int64_t ahead_us = wall_us - monotonic_us, step_us = ahead_us - c->ahead_us;
	int64_t slewed_us = STEP_US + (monotonic_us - c->looked_us) / 1000;

	if (c->looked_us && ABS(step_us) > MAX(slewed_us, ABS(c->step_us)))
		c->step_us = step_us;
	c->looked_us = monotonic_us;
	c->ahead_us = ahead_us;
}
