/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a verdict is made of: the table of checks. Its order is the precedence of outcomes: the first
 * required check that fails names the outcome of the run.
 */
#ifndef VTDLAB_VERDICT_CHECK_H
#define VTDLAB_VERDICT_CHECK_H

#include <glib.h>

#include "base/trace-group.h"
#include "verdict/need.h"
#include "verdict/verdict.h"

struct evidence;

struct check {
	const char *name;
	enum outcome outcome; /* of the run, when this check fails */
	const char *proves;   /* one line: what holds when it passes */
	unsigned needs;	      /* NEED()s of verdict/need.h, or-ed: run() finds all of it there */
	unsigned traces;      /* TRACES() of base/trace-group.h that it rests on, or-ed */
	bool per_device;      /* judges each device in use by itself: expect-fail may name one */
	/*
	 * May fail beside what is wrong, or not: whatever is, a kernel may complain of it by the way. Where that is all
	 * that there is, the outcome says so.
	 */
	bool by_the_way;
	/*
	 * Judges the evidence; writes what it saw, or what was wrong, as one line into @detail (empty before).
	 * Called only when all needs are met. Never changes the evidence.
	 */
	enum check_result (*run)(const struct evidence *evidence, GString *detail);
	/* Which outcome its failure is in this run; NULL: always @outcome. */
	enum outcome (*outcome_of)(const struct evidence *evidence);
};

/* The table, in order of precedence, ended by NULL. Each check stands beside its code (check-*.c). */
extern const struct check *const vtdlab_checks[];

/* check_find - the check called @name, or NULL. */
const struct check *check_find(const char *name);

/* check_expectable - the names of all checks, with NAME@DEVICE of those that tell devices apart; g_strfreev() frees. */
char **check_expectable(void);

/* check_traces - the TRACES() that any check rests on. */
unsigned check_traces(void);

/* check_judge - the result of one check: its own, or what the first unmet need makes of it. @detail as in run(). */
enum check_result check_judge(const struct check *check, const struct evidence *evidence, GString *detail);

#endif
