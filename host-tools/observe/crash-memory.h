/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What memory the crash kernel owns, as evidence. The first kernel names its reservations (two for crashkernel=,high),
 * but not memory that the crash kernel gets and the first kernel goes on using (,cma): that is only in the memory map
 * of the crash kernel itself. Both are a guest's words. What the crash kernel claims is believed as far as the dead
 * kernel, when it wrote the ELF header of the dump, did not count it as its own.
 */
#ifndef VTDLAB_OBSERVE_CRASH_MEMORY_H
#define VTDLAB_OBSERVE_CRASH_MEMORY_H

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>

struct attempt;
struct evidence;

/* crash_memory_reserved - the first agent's answer to crash-range. */
void crash_memory_reserved(struct attempt *a, JsonObject *answer);

/*
 * crash_memory_difference - how what is reserved differs from the crashkernel= that was asked for, in words; NULL: it does
 * not, or that is not known (a size that depends on the machine's). The caller frees it.
 */
char *crash_memory_difference(const struct evidence *ev);

/*
 * crash_memory_claimed - asks the agent of the crash kernel, whose command line is in the evidence. Where that says
 * nothing that can be used, what is owned besides the reservations stays unknown. False: *@error ends the run.
 */
bool crash_memory_claimed(struct attempt *a, GError **error);

/* crash_memory_claims - the same, of a /proc/iomem that has been read. @iomem: NULL is nothing that can be used. */
void crash_memory_claims(struct attempt *a, const char *iomem);

#endif
