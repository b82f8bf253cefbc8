/* SPDX-License-Identifier: GPL-2.0-only */
#include "machine/subscribers.h"

unsigned subscribers_add(struct subscribers *l, GCallback fn, void *data)
{
	struct subscriber new = { .id = ++l->last_id, .fn = fn, .data = data };

	if (!l->list)
		l->list = g_array_new(FALSE, FALSE, sizeof(struct subscriber));
	g_array_append_val(l->list, new);
	return new.id;
}

void subscribers_remove(struct subscribers *l, unsigned id)
{
	for (unsigned i = 0; l->list && i < l->list->len; i++)
		if (g_array_index(l->list, struct subscriber, i).id == id)
			g_array_remove_index(l->list, i--);
}

bool subscribers_each(const struct subscribers *l, unsigned *id, struct subscriber *next)
{
	for (unsigned i = l->list ? l->list->len : 0; i > 0; i--) {
		*next = g_array_index(l->list, struct subscriber, i - 1);
		if (next->id < *id) {
			*id = next->id;
			return true;
		}
	}
	return false;
}

void subscribers_clear(struct subscribers *l)
{
	g_clear_pointer(&l->list, g_array_unref);
}
