/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the user sees while a run lasts: a live line per phase on a terminal, plain lines in a log.
 *
 * Live:  "  crash-boot      3.2 s  phase 5 of 11, about 12 s left; waiting" is redrawn five times
 * a second by a timer on the default GMainContext (it moves whenever machine_wait() iterates), and
 * becomes a fixed line, without what was expected, when the phase ends. Plain: one line when a phase ends, with its time. Nothing is redrawn, every
 * line is flushed. Quiet: nothing but warnings. NULL, for all of the functions: nothing at all.
 */
#ifndef VTDLAB_RESULTS_PROGRESS_H
#define VTDLAB_RESULTS_PROGRESS_H

#include <glib.h>
#include <stdbool.h>
#include <stdio.h>

struct progress;

enum progress_style {
	PROGRESS_AUTO, /* live when @out is a terminal that can move its cursor (TERM) */
	PROGRESS_LIVE,
	PROGRESS_PLAIN,
	PROGRESS_QUIET,
	PROGRESS_BRIEF, /* live when @out is such a terminal, with no line that stays; else quiet */
};

/* progress_new - @out stays the caller's; NULL = stderr. Never fails. */
struct progress *progress_new(FILE *out, enum progress_style style);

/* progress_live - is there a live line? What is only for it need not be found out otherwise. */
bool progress_live(const struct progress *p);

/* progress_title - what all of it is about, for the live line: "2 of 12, kdump"; copied. NULL: nothing. */
void progress_title(struct progress *p, const char *title);

/*
 * progress_expect - the phases that are to come, for the live line; copied. One that then begins and is not among them is
 * shown without its number, and nothing is said of the time left while it lasts.
 * @phases: in their order, NULL-ended; NULL: nothing is known (any more)
 * @seconds: about how long each takes, -1 where that is not known; NULL: of none
 */
void progress_expect(struct progress *p, const char *const *phases, const double *seconds);

/*
 * progress_begin - a phase begins; one that is still open ends first, as by progress_end(p, NULL).
 * @phase: its name, copied
 */
void progress_begin(struct progress *p, const char *phase);

/* progress_since - the open phase began @seconds ago already. */
void progress_since(struct progress *p, double seconds);

/*
 * progress_note - what is going on now. Live: shown behind the phase until the next note. Plain:
 * not shown (a log wants facts, not states).
 */
void progress_note(struct progress *p, const char *format, ...) G_GNUC_PRINTF(2, 3);

/*
 * progress_end - the phase is over; prints "  <phase>  <seconds> s  <result>" once.
 * @format: the phase's result in a few words, or NULL
 */
void progress_end(struct progress *p, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* progress_line - a line of its own, in any style but quiet (the live line is redrawn below it). */
void progress_line(struct progress *p, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* progress_warn - the same, marked "warning: ", and shown when quiet too. */
void progress_warn(struct progress *p, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* progress_clear - take the live line away, so that another may write to the terminal. */
void progress_clear(struct progress *p);

/* progress_free - ends an open phase without a word, removes the timer. NULL is fine. */
void progress_free(struct progress *p);

#endif
