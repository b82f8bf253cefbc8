/* SPDX-License-Identifier: GPL-2.0-only */
/* A hunt: cells within a budget; known bugs told from new ones, each with its least settings. */
#ifndef VTDLAB_BUGS_HUNT_H
#define VTDLAB_BUGS_HUNT_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct hunt_options {
	double budget_s; /* no run is started later */
	uint32_t seed;
	unsigned jobs;
	const char *results;	   /* or NULL: the tree's own; what is found goes below its hunts/ */
	char *const *kernels;	   /* specs, NULL-ended; empty: all of Debian's that are in the cache */
	bool snapshot;		   /* each run is one with --snapshot */
	const char *const *checks; /* names of checks, as scenario_validate() takes them */
};

struct hunt_outcome {
	int exit;   /* enum vtdlab_exit: 0 nothing but known bugs, 1 a new one, 125 not one cell came to a verdict */
	char *text; /* what was found */
	char *dir;  /* where it is, with the drafts */
};

/*
 * hunt - runs it. An interrupted hunt keeps and tells what it has; @out is filled, with exit 130.
 * Errors: no kernel in the cache, a catalogue that cannot be read, no place for the results.
 */
bool hunt(const struct hunt_options *options, struct hunt_outcome *out, GError **error);

void hunt_outcome_clear(struct hunt_outcome *out);

#endif
