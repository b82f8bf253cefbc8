/* SPDX-License-Identifier: GPL-2.0-only */
/* Using the one function of edu's group that has a driver in the crash kernel: an e1000 without a network. */
#ifndef VTDLAB_OBSERVE_GROUP_USE_H
#define VTDLAB_OBSERVE_GROUP_USE_H

#include <glib.h>
#include <stdbool.h>

struct attempt;
struct evidence;
struct evidence_device;

/*
 * group_use - @dev is brought up, which maps its rings through a mask of 32 bits: works, or not, with the reason, in the
 * evidence; false with @error if it could not be tried.
 */
bool group_use(struct attempt *a, struct evidence_device *dev, GError **error);

/*
 * group_settle - what @dev's tables show of it, once they were read (dev->after): that it was given pages below 4 GiB that are
 * not the dead kernel's, as many as a ring has buffers. Where tables should have been read and were not, it is not known
 * whether it works. One that is known not to work stays so, and one that no tables stand in the way of works.
 */
void group_settle(const struct evidence *ev, struct evidence_device *dev);

#endif
