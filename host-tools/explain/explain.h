/* SPDX-License-Identifier: GPL-2.0-only */
/* What a log supports of the cause of its faults, and not more. */
#ifndef VTDLAB_EXPLAIN_EXPLAIN_H
#define VTDLAB_EXPLAIN_EXPLAIN_H

#include <glib.h>
#include <stdbool.h>

#include "explain/log.h"

enum explain_cause {
	EXPLAIN_CANNOT_TELL,	/* unmapped, or mapped without this access */
	EXPLAIN_NO_REASON,	/* a reason that the log does not have, or that is not known here */
	EXPLAIN_NOT_TAKEN_OVER, /* the dead kernel's DMA, whose tables were not copied */
	EXPLAIN_PASSTHROUGH,	/* physical addresses through the dead kernel's tables */
	EXPLAIN_DEAD_TABLES,	/* still on the dead kernel's tables, which do not have it */
	EXPLAIN_DEAD_DMA,	/* copied, and the dead kernel's DMA faults all the same */
	EXPLAIN_TAKEN_EARLY,	/* the copied entry was replaced before a driver had the device */
	EXPLAIN_STALE_CACHE,	/* the tables let it pass when they were printed */
	EXPLAIN_UNMAPPED,
	EXPLAIN_READ_ONLY,
	EXPLAIN_ADDRESS_0,
	EXPLAIN_FIRMWARE,
	EXPLAIN_ALIAS,	   /* the requester is a bridge */
	EXPLAIN_ALIAS_BUS, /* the id that a bridge gives to what is on its bus */
	EXPLAIN_NO_DEVICE, /* an id that no device of the log has */
	EXPLAIN_NO_ENTRY,
	EXPLAIN_ENTRY_LOST, /* the first kernel drove the device, so it had an entry */
	EXPLAIN_CORRUPT,
	EXPLAIN_WIDTH,
	EXPLAIN_BLOCKED,
	EXPLAIN_INTERRUPT_LOST,
	EXPLAIN_INTERRUPT_BLOCKED,
};

/* What is said of a cause: its word, what it is, and what to look at. Static. */
struct explain_words {
	const char *word, *what, *look;
};

/* explain_words_of - of @cause. */
const struct explain_words *explain_words_of(enum explain_cause cause);

/* explain_crash_kernel - is kernel @n of @log a crash kernel, by its command line or by what it did? */
bool explain_crash_kernel(const struct explain_log *log, unsigned n);

/* explain_device_find - @dev, as kernel @n or else any other of @log names it; NULL: none does. */
const struct explain_device *explain_device_find(const struct explain_log *log, unsigned n, uint32_t dev);

/* explain_cause_of - why @f, a fault of kernel @n of @log, happened. */
enum explain_cause explain_cause_of(const struct explain_log *log, unsigned n, const struct explain_fault *f);

/*
 * explain_brief - one line a fault, "KERNEL REQUESTER ACCESS REASON COUNT CAUSE", and a device that has stopped without one.
 * Free with g_free().
 */
char *explain_brief(const struct explain_log *log);

/* explain_text - all that can be said of @log, for people. Free with g_free(). */
char *explain_text(const struct explain_log *log);

/*
 * explain_like - does @log show what a bug file says that a log shows (`log` of [bug])? All of @patterns must be found,
 * each (behind its ~) in some
 * line; none, or one that is no regular expression: false.
 */
bool explain_like(const struct explain_log *log, char **patterns);

#endif
