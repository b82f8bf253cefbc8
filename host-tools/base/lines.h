/* SPDX-License-Identifier: GPL-2.0-only */
/* Bytes that come in pieces, as lines of a bounded length. */
#ifndef VTDLAB_BASE_LINES_H
#define VTDLAB_BASE_LINES_H

#include <glib.h>
#include <stdbool.h>

/* Begins as { .max = M }: a line has less than M bytes. */
struct lines {
	size_t max;
	GString *in;   /* the line that has begun */
	bool skipping; /* it was too long, and goes on */
};

/* @line: @len bytes without the newline, ended by NUL; good for the call. */
typedef void (*lines_fn)(void *data, const char *line, size_t len);

/*
 * lines_feed - @len more bytes: calls @line for each line that they complete, and @too_long once, with what has come of it,
 * for one that is longer than it may be; the rest of that one is dropped. Neither may feed the same lines.
 */
void lines_feed(struct lines *l, const char *bytes, size_t len, lines_fn line, lines_fn too_long, void *data);

void lines_clear(struct lines *l);

#endif
