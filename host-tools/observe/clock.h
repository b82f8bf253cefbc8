/* SPDX-License-Identifier: GPL-2.0-only */
/* The clock of an attempt: its phases, one after the other, and the moments of timeline.csv. */
#ifndef VTDLAB_OBSERVE_CLOCK_H
#define VTDLAB_OBSERVE_CLOCK_H

#include <glib.h>
#include <stdint.h>

struct progress;

struct clock_phase {
	char *name;	  /* "boot", "attach:0000:00:02.0" */
	int64_t start_ns; /* since the start of the attempt */
	int64_t end_ns;	  /* -1: not ended */
};

struct clock_moment {
	char *what;
	int64_t host_ns;    /* CLOCK_REALTIME */
	const char *kernel; /* "first" or "crash", static */
	int64_t guest_ns;   /* -1: not known */
	const char *source; /* "host", "trace", "agent", "kprobe", static */
};

struct clock {
	int64_t start_ns;	   /* CLOCK_REALTIME */
	GArray *phases;		   /* struct clock_phase, in the order of time; only the last one may be open */
	GArray *moments;	   /* struct clock_moment, in no order */
	struct progress *progress; /* borrowed; NULL: silent */
};

/* clock_new - starts now. @progress: is told of each phase; borrowed, or NULL. */
struct clock *clock_new(struct progress *progress);
void clock_free(struct clock *c);

/* clock_elapsed_ns - host ns since the start. */
int64_t clock_elapsed_ns(const struct clock *c);

/* clock_phase - the open phase ends, and @name begins where it ended. */
void clock_phase(struct clock *c, const char *name);

/* clock_phase_end - the open phase, if any, ends now; @format: what is shown of it, or NULL. */
void clock_phase_end(struct clock *c, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* clock_moment - @what is copied; @guest_ns: -1 where it is not known. */
void clock_moment(struct clock *c, const char *what, int64_t host_ns, const char *kernel, int64_t guest_ns,
		  const char *source);

/* clock_phase_at - the name of the phase in which @host_ns (CLOCK_REALTIME) lies; NULL: in none. */
const char *clock_phase_at(const struct clock *c, int64_t host_ns);

#endif
