/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An append-only log file of a run: capped, and it remembers whether everything got in.
 */
#ifndef VTDLAB_MACHINE_LOG_H
#define VTDLAB_MACHINE_LOG_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct log {
	int fd; /* -1: no log, everything is thrown away */
	uint64_t bytes;
	uint64_t cap;	  /* bytes; past it lines are counted only */
	uint64_t skipped; /* lines past the cap */
	bool failed;	  /* a write failed: the file is not complete */
};

/* Creates or empties `path` (NULL: no log). false and VTDLAB_ERROR_FAILED. */
bool log_open(struct log *l, const char *path, uint64_t cap, GError **error);
/* Appends one line; the caller gives the newline. */
void log_line(struct log *l, const char *line, size_t len);
/* Says so at the end of the file if the cap was reached, closes. */
void log_close(struct log *l);

/* CLOCK_REALTIME, ns. */
int64_t log_now_ns(void);

#endif
