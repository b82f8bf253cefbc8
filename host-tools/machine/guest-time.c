/* SPDX-License-Identifier: GPL-2.0-only */
#include "machine/guest-time.h"

#include <glib.h>

#define LOOK_MAX_US 100000

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
