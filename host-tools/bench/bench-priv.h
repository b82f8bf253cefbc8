/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of bench/ share. */
#ifndef VTDLAB_BENCH_BENCH_PRIV_H
#define VTDLAB_BENCH_BENCH_PRIV_H

#include <json-glib/json-glib.h>

#include "bench/bench.h"
#include "machine/machine.h"
#include "results/bench-doc.h"
#include "results/rundir.h"
#include "prepare/kernel.h"

/* From the options to what is booted. */
struct bench_plan {
	const struct bench_options *options;
	struct kernel *kernel;
	char *initrd, *qemu, *cmdline;
	char **programs; /* beside kvmperf in the initramfs; or NULL */
	char *name;	 /* of the run directory */
	uint64_t memory; /* of L1, bytes */
};

/* What QEMU had executed when a test of a document began and ended, in instructions; 0: not seen. */
struct bench_span {
	uint64_t begin, end;
};

enum bench_clock_state {
	BENCH_CLOCK_UNTOLD, /* no virtual clock, or too few tests that differ enough */
	BENCH_CLOCK_RIGHT,
	BENCH_CLOCK_WRONG,
};

struct bench_clock {
	enum bench_clock_state state;
	unsigned pairs; /* of tests that were compared */
	double ratio;	/* their median: L1's nanoseconds a nanosecond of the virtual clock */
};

/* What was measured, and where. */
struct bench_measured {
	const struct bench_plan *plan;
	struct machine *m;
	JsonObject *kvmperf;  /* its document; or */
	GPtrArray *selftests; /* struct selftest_result * */
	bool settled;	      /* as bench_settle() says */
	GArray *spans;	      /* struct bench_span, one a test; or NULL */
	double seconds;	      /* that all of it took */
};

/* plan.c */
bool bench_plan_make(struct bench_plan *plan, const struct bench_options *options, GError **error);
void bench_plan_clear(struct bench_plan *plan);
/* Strings are borrowed from @plan and @run_dir. */
void bench_plan_machine(const struct bench_plan *plan, const char *run_dir, struct machine_config *cfg);

/* settle.c */
/*
 * The first line of /proc/stat: time of all CPUs, in ticks; false: it is none.
 * @busy: of it, what they did not spend idle
 */
bool bench_ticks(const char *stat, uint64_t *busy, uint64_t *total);
/*
 * Waits until nothing runs in L1 but the agent: a kernel goes on starting (deferred work, self-tests) for seconds
 * after its first process, and takes the CPU from what is measured. *settled: it has come to rest.
 */
bool bench_settle(struct machine *m, const struct bench_options *o, bool *settled, GError **error);

/* clock.c */
/* How many instructions L1 has executed, from QEMU; 0: it does not tell. Needs the virtual clock. */
uint64_t bench_instructions(struct machine *m);
/* L1's clock in the tests of @doc, held against @spans. */
struct bench_clock bench_clock_compare(const struct bench_doc *doc, const GArray *spans);

/* follow.c */
/* "kvmperf: 3 of 48: TEXT" somewhere in a line of the console; *text is in @line. */
bool bench_progress_parse(const char *line, unsigned *n, unsigned *of, const char **text);
/* What the user sees of a test that runs, and of one that has ended. */
void bench_progress_begin(struct progress *p, unsigned n, unsigned of, const char *test);
void bench_progress_end(struct progress *p, unsigned n, unsigned of, const char *test, const char *result,
			int64_t start_us);
/*
 * Sends the agent a command that runs kvmperf, and shows what it says meanwhile. @seconds: how long a test may take
 * (scaled as machine_wait() does), and kvmperf before the first and after the last of them.
 * @spans: struct bench_span, of test 1 on; or NULL
 * As machine_agent_call(); the error names the test.
 */
JsonObject *bench_follow(struct machine *m, struct progress *progress, JsonObject *request, double seconds,
			 GArray *spans, GError **error);

/* guest.c */
/* The agent's command that runs @argv (taken over) with its output in files of L1. The caller unrefs it. */
JsonObject *bench_request(JsonArray *argv, const char *out, const char *err);
/* A text file of L1; NULL with @error. The caller frees it. */
char *bench_guest_file(struct machine *m, const char *path, GError **error);
/* Loads the modules that kvmperf needs into a booted L1, and looks whether the parameters took effect. */
bool bench_guest_prepare(struct machine *m, const struct bench_options *o, GError **error);
/*
 * Runs kvmperf: all of it, or test by test; one document of all of them, as the guest wrote it but for its "tests",
 * which are joined. The caller unrefs it. @spans as bench_follow(). Errors: VTDLAB_ERROR_CANNOT_JUDGE.
 */
JsonObject *bench_guest_measure(struct machine *m, const struct bench_options *o, GArray *spans, GError **error);

/* selftests.c */
/* The program of kvmperf's tests there, with the probe in it. */
#define BENCH_PROBED "kvmperf-probed"
/* Runs all pairs, one program after the other; an array of struct selftest_result *. */
GPtrArray *bench_selftests_measure(struct machine *m, const struct bench_options *o, GError **error);
/* selftests.json, selftests.md and summary.txt; as bench_report_write(). */
bool bench_selftests_report(const struct bench_measured *b, const struct rundir *rd, struct bench_outcome *out,
			    GError **error);

/* report.c */
/* What every document of a benchmark holds, the environment in the form that run.json has it. The caller unrefs it. */
JsonObject *bench_document(const struct bench_measured *b, int schema, const char *guest_kernel, int exit);
/* One line of what was booted; lines, perhaps none, of what its times are. The caller frees them. */
char *bench_head(const struct bench_measured *b, const char *guest_kernel);
char *bench_caveats(const struct bench_measured *b);
/* bench.json and summary.txt; fills in exit and summary of @out. */
bool bench_report_write(const struct bench_measured *b, const struct rundir *rd, struct bench_outcome *out,
			GError **error);

#endif
