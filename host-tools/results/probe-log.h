/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What guests/probe wrote of a program that used KVM, and what the kernel's own selftests print. Both come out of a
 * guest: nothing is believed that is not of the form expected.
 */
#ifndef VTDLAB_RESULTS_PROBE_LOG_H
#define VTDLAB_RESULTS_PROBE_LOG_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* One KVM_RUN that ended by itself. */
struct probe_run {
	uint64_t vm, vcpu, n; /* the vCPU's n-th */
	uint64_t start, end;  /* CLOCK_MONOTONIC */
	uint64_t cpu;	      /* the thread's own time */
	uint64_t faults;      /* pf_taken meanwhile */
};

enum probe_kind {
	PROBE_SLOT,
	PROBE_GET,
	PROBE_CLEAR,
};

struct probe_call {
	enum probe_kind kind;
	uint64_t slot, size; /* of PROBE_SLOT; size 0: removed */
	uint64_t ns, cpu;    /* cpu: of PROBE_SLOT, the thread's own time */
};

struct probe_log {
	GArray *runs;  /* struct probe_run */
	GArray *calls; /* struct probe_call, in the order in which they ended */
};

/*
 * probe_parse - the lines between "probe 1" and "end ..." of a program's stderr; others are passed over.
 * Errors: VTDLAB_ERROR_CANNOT_JUDGE: the line that is wrong, or what is missing.
 */
struct probe_log *probe_parse(const char *text, GError **error);

void probe_free(struct probe_log *log);

/*
 * selftest_time - the time that a selftest prints as "WHAT: 0.050602703s", in nanoseconds.
 * @what: '#' in it stands for a number, any; the times of all such lines are added to @ns (uint64_t)
 * Returns how many there were.
 */
unsigned selftest_times(const char *text, const char *what, GArray *ns);

#endif
