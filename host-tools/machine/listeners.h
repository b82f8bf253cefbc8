/* SPDX-License-Identifier: GPL-2.0-only */
/* Who wants to hear what a channel brings: the list inside console, agent and trace. */
#ifndef VTDLAB_MACHINE_LISTENERS_H
#define VTDLAB_MACHINE_LISTENERS_H

#include <glib-object.h>
#include <stdbool.h>

struct listener {
	unsigned id;
	GCallback fn; /* to be cast to the channel's own type */
	void *data;
};

/* Begins zeroed. */
struct listeners {
	GArray *list;
	unsigned last_id;
};

/* listeners_add - @fn (and @data, borrowed) hears of all that comes from now on. Returns an id > 0. */
unsigned listeners_add(struct listeners *l, GCallback fn, void *data);

/* listeners_remove - no more of it. An unknown id is fine. */
void listeners_remove(struct listeners *l, unsigned id);

/*
 * listeners_each - the next one to call, the last added first; false: that was all. *@id begins with UINT_MAX. Whoever
 * is called may add listeners (not called this time) and remove any.
 */
bool listeners_each(const struct listeners *l, unsigned *id, struct listener *next);

void listeners_clear(struct listeners *l);

#endif
