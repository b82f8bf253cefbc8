/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/lines.h"

#include <string.h>

void lines_feed(struct lines *l, const char *bytes, size_t len, lines_fn line, lines_fn too_long, void *data)
{
	char *start, *end;
	size_t left;

	l->in = l->in ? l->in : g_string_new(NULL);
	g_string_append_len(l->in, bytes, (gssize)len);
	start = l->in->str;
	for (left = l->in->len; (end = memchr(start, '\n', left)); start = end + 1) {
		*end = '\0';
		if (!l->skipping)
			((size_t)(end - start) < l->max ? line : too_long)(data, start, (size_t)(end - start));
		l->skipping = false;
		left -= (size_t)(end + 1 - start);
	}
	g_string_erase(l->in, 0, start - l->in->str);
	if (l->in->len >= l->max && !l->skipping) {
		too_long(data, l->in->str, l->in->len);
		l->skipping = true;
	}
	if (l->skipping)
		g_string_truncate(l->in, 0);
}

void lines_clear(struct lines *l)
{
	if (l->in)
		g_string_free(l->in, TRUE);
	l->in = NULL;
}
