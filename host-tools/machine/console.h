/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest's COM1: bytes from a pipe are cut into lines, made harmless, stamped with host time,
 * logged to console.log and handed to subscribers. Guest bytes are untrusted.
 */
#ifndef VTDLAB_MACHINE_CONSOLE_H
#define VTDLAB_MACHINE_CONSOLE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct console;

#define CONSOLE_LINE_MAX 1024 /* bytes; longer lines are cut into several */
#define CONSOLE_KEEP_LINES 20

/*
 * Called for each complete line: printable ASCII only (anything else is \xNN; tabs become spaces),
 * without the line end. host_ns: CLOCK_REALTIME when the first byte of the line was read.
 * `line` is valid during the call only. Never match on one line alone: lines can be damaged.
 */
typedef void (*console_fn)(const char *line, int64_t host_ns, void *data);

/*
 * Reads `fd` (owned from now on, made non-blocking) from the default main context and appends to
 * the file `log_path` (NULL: no log). NULL and VTDLAB_ERROR_FAILED if the log cannot be opened.
 */
struct console *console_new(int fd, const char *log_path, GError **error);

/* Flushes an unfinished last line to log and subscribers, closes all, frees. NULL is ignored. */
void console_free(struct console *c);

/* Reads what is there now, without waiting. Calls subscribers. */
void console_poll(struct console *c);

/*
 * Says again what the guest had said before the state was saved that it goes on from: @text, a console.log. Each line goes to
 * log and subscribers, stamped @stamp_ns.
 */
void console_replay(struct console *c, const char *text, size_t len, int64_t stamp_ns);

/* Bytes waiting in the pipe. */
int console_pending(struct console *c);

/* Calls `fn` for each later line until unsubscribed. Returns an id > 0. */
unsigned console_subscribe(struct console *c, console_fn fn, void *data);
void console_unsubscribe(struct console *c, unsigned id);

/* The last `n` (at most CONSOLE_KEEP_LINES) lines joined by newlines, the unfinished one included;
 * "" if none. Safe on a terminal. Free with g_free(). */
char *console_tail(struct console *c, unsigned n);

/* false once a write to the log failed (disk full): the log is then not complete. */
bool console_log_ok(const struct console *c);

#endif
