/* SPDX-License-Identifier: GPL-2.0-only */
/* Has the crash kernel look for what it leaked, if it is one that can (CONFIG_DEBUG_KMEMLEAK). */
#ifndef VTDLAB_OBSERVE_KMEMLEAK_H
#define VTDLAB_OBSERVE_KMEMLEAK_H

#include <glib.h>
#include <stdbool.h>

struct attempt;

/*
 * kmemleak_scan - by the agent of a crash kernel of the lab's own; how many scans, and what they found, into the evidence. Takes
 * some seconds where there is a detector, none elsewhere.
 */
bool kmemleak_scan(struct attempt *a, GError **error);

#endif
