/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A selftest of the kernel and the test of kvmperf that does the same work, what of the one is beside what of the
 * other, and whether ours is the cheaper one.
 */
#ifndef VTDLAB_RESULTS_SELFTEST_PAIRS_H
#define VTDLAB_RESULTS_SELFTEST_PAIRS_H

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stdint.h>

enum selftest_what {
	SELFTEST_ELAPSED, /* KVM_RUN: from the first vCPU's start to the last one's end */
	SELFTEST_CPU,	  /* KVM_RUN: the time of all vCPUs' threads */
	SELFTEST_GET,
	SELFTEST_CLEAR,
	SELFTEST_SLOT_ADD, /* the thread's own time: such a change waits for others */
	SELFTEST_SLOT_REMOVE,
};

struct selftest_step {
	const char *name;
	enum selftest_what what;
	unsigned theirs, ours; /* of KVM_RUN: which of each vCPU's */
	unsigned passes;       /* that many of them, one after the other */
	const char *printed;   /* what the selftest calls it, see selftest_times(); NULL: it prints none */
	bool no_faults;	       /* nothing to be taken there: shown, not judged */
};

#define SELFTEST_STEPS 4

struct selftest_pair {
	const char *name;
	const char *theirs, *ours; /* the program and its options; those of kvmperf */
	unsigned vcpus;
	uint64_t pages; /* of 4 KiB, of all vCPUs */
	struct selftest_step step[SELFTEST_STEPS];
};

/* All pairs; the last one's name is NULL. */
extern const struct selftest_pair selftest_pairs[];

/* What was measured of one pair. */
struct selftest_result;

struct selftest_result *selftest_new(const struct selftest_pair *pair);
void selftest_free(struct selftest_result *r);

/*
 * selftest_add - one run of either program.
 * @out: what it wrote on stdout, @err: on stderr, with the probe's report
 * Errors: VTDLAB_ERROR_CANNOT_JUDGE.
 */
bool selftest_add(struct selftest_result *r, bool ours, const char *out, const char *err, GError **error);

/* selftest_skip - it cannot run there; @reason: one line. */
void selftest_skip(struct selftest_result *r, const char *reason);

/* selftest_skipped - the reason, or NULL. */
const char *selftest_skipped(const struct selftest_result *r);

/* selftest_table - all of them, as text or as a table of Markdown; the caller frees it. */
char *selftest_table(const GPtrArray *results, bool markdown);

/*
 * selftest_worse - how many steps cost more than the original's, or took other faults.
 * @lines: what is wrong with each, a line (char *); may be NULL
 */
unsigned selftest_worse(const GPtrArray *results, GPtrArray *lines);

/* selftest_json - every number of every run. */
JsonArray *selftest_json(const GPtrArray *results);

#endif
