/* SPDX-License-Identifier: GPL-2.0-only */
/* Runs one after the other, of one scenario or of many: what is told of each, and of all. */
#ifndef VTDLAB_CMD_SERIES_H
#define VTDLAB_CMD_SERIES_H

#include <glib.h>
#include <stdbool.h>

#include "conf/scenario.h"
#include "prepare/plan.h"

enum series_format {
	SERIES_TEXT, /* the page of a single run; else a line each, and the totals */
	SERIES_KTAP, /* a test each, its checks as subtests */
	SERIES_JSON, /* JSON Lines: run.json with its place as "run"; or why there is none */
};

struct series_member {
	struct scenario *scenario; /* owned */
	char *unfit;		   /* owned; why it cannot be run as it is asked for: a skip. NULL: it can */
};

struct series_options {
	const char *name;	 /* of the whole, for those who read tests: the group's, or "run" */
	struct run_options *run; /* its progress is set for each run */
	unsigned repeat;	 /* runs of each, at least 1 */
	bool keep_going;	 /* one that fails, or is not judged, keeps no other from being run */
	bool quiet, verbose;
	enum series_format format;
	const char *junit; /* a file to write at the end, or NULL */
};

/* series_new - no members yet. Free with g_ptr_array_unref(). */
GPtrArray *series_new(void);

/* series_add - @scenario and @unfit (NULL: it can be run) are taken over. */
void series_add(GPtrArray *members, struct scenario *scenario, char *unfit);

/*
 * series_run - runs all @members (struct series_member *) and tells of them on stdout. Returns the exit status, that of
 * matrix_doc_exit(); of a single run its own.
 */
int series_run(const GPtrArray *members, const struct series_options *options);

#endif
