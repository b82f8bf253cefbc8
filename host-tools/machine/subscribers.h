/* SPDX-License-Identifier: GPL-2.0-only */
/* Who wants to hear what a channel brings: the list inside console, agent and trace. */
#ifndef VTDLAB_MACHINE_SUBSCRIBERS_H
#define VTDLAB_MACHINE_SUBSCRIBERS_H

#include <glib-object.h>
#include <stdbool.h>

struct subscriber {
	unsigned id;
	GCallback fn; /* to be cast to the channel's own type */
	void *data;
};

/* Begins zeroed. */
struct subscribers {
	GArray *list;
	unsigned last_id;
};

/* subscribers_add - @fn (and @data, borrowed) hears of all that comes from now on. Returns an id > 0. */
unsigned subscribers_add(struct subscribers *l, GCallback fn, void *data);

/* subscribers_remove - no more of it. An unknown id is fine. */
void subscribers_remove(struct subscribers *l, unsigned id);

/*
 * subscribers_each - the next one to call, the last added first; false: that was all. *@id begins with UINT_MAX. Whoever
 * is called may add some (not called this time) and remove any.
 */
bool subscribers_each(const struct subscribers *l, unsigned *id, struct subscriber *next);

void subscribers_clear(struct subscribers *l);

#endif
