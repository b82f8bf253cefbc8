/* SPDX-License-Identifier: GPL-2.0-only */
#include "machine/listeners.h"

unsigned listeners_add(struct listeners *l, GCallback fn, void *data)
{
	struct listener new = { .id = ++l->last_id, .fn = fn, .data = data };

	if (!l->list)
		l->list = g_array_new(FALSE, FALSE, sizeof(struct listener));
	g_array_append_val(l->list, new);
	return new.id;
}

void listeners_remove(struct listeners *l, unsigned id)
{
	for (unsigned i = 0; l->list && i < l->list->len; i++)
		if (g_array_index(l->list, struct listener, i).id == id)
			g_array_remove_index(l->list, i--);
}

bool listeners_each(const struct listeners *l, unsigned *id, struct listener *next)
{
	for (unsigned i = l->list ? l->list->len : 0; i > 0; i--) {
		*next = g_array_index(l->list, struct listener, i - 1);
		if (next->id < *id) {
			*id = next->id;
			return true;
		}
	}
	return false;
}

void listeners_clear(struct listeners *l)
{
	g_clear_pointer(&l->list, g_array_unref);
}
