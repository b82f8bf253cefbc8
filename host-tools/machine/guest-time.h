/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The part of the host's time that a guest could use. Deadlines are counted in it, so that a host that is busy, or that
 * stops QEMU or this program for a while, makes a run longer and changes nothing else.
 */
#ifndef VTDLAB_MACHINE_GUEST_TIME_H
#define VTDLAB_MACHINE_GUEST_TIME_H

#include <stdbool.h>
#include <stdint.h>

/* What the threads of a VMM have done since it was started; both only grow. */
struct vm_times {
	int64_t ran_ns;	   /* on a CPU, all threads together */
	int64_t waited_ns; /* ready to run, for want of a CPU, all together; 0 where the host does not count it */
	bool stopped;	   /* now: by SIGSTOP or a debugger */
	bool disk;	   /* now: its first thread waits for a disk */
};

struct guest_time {
	int64_t used_us;  /* that the guest could use, in all */
	int64_t still_us; /* without a sign of life of QEMU's threads, at a stretch until the last look */
	int64_t looked_us;
	struct vm_times last;
};

/*
 * guest_time_look - counts what has passed since the last look, or since the start (all of *@t zero), as of @now_us
 * (monotonic). @times: what the threads have done by then; NULL: not known, they could always run. A look that
 * comes late counts 100 ms: then it was us who stood still, and the guest may have, too.
 */
void guest_time_look(struct guest_time *t, int64_t now_us, const struct vm_times *times);

/* Whether somebody set the host's wall clock. QEMU's trace is dated by it, so that what came first is not known then. */
struct wall_clock {
	int64_t looked_us; /* monotonic; 0: not yet */
	int64_t ahead_us;  /* the wall clock, of the monotonic one */
	int64_t step_us;   /* the largest that was seen, either way; 0: none */
};

/*
 * wall_clock_look - both clocks, read at once. A clock that NTP slews runs 0.05 % fast or slow at most; what is more than 10 ms
 * beyond that between two looks is a step.
 */
void wall_clock_look(struct wall_clock *c, int64_t monotonic_us, int64_t wall_us);

#endif
