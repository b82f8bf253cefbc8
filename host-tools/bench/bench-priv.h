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
};

/* plan.c */
bool bench_plan_make(struct bench_plan *plan, const struct bench_options *options, GError **error);
void bench_plan_clear(struct bench_plan *plan);
/* Strings are borrowed from @plan and @run_dir. */
void bench_plan_machine(const struct bench_plan *plan, const char *run_dir, struct machine_config *cfg);
uint64_t bench_memory(const struct bench_options *o);
/* Do the tests need pages of hugetlbfs? */
bool bench_wants_huge(const struct bench_options *o);

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

/* follow.c */
/* "kvmperf: 3 of 48: TEXT" somewhere in a line of the console; *text is in @line. */
bool bench_progress_parse(const char *line, unsigned *n, unsigned *of, const char **text);
/* What the user sees of a test that runs, and of one that has ended. @p may be NULL. */
void bench_progress_begin(struct progress *p, unsigned n, unsigned of, const char *test);
void bench_progress_end(struct progress *p, unsigned n, unsigned of, const char *test, const char *result,
			int64_t start_us);
/*
 * Sends the agent a command that runs kvmperf, and shows what it says meanwhile. @seconds: how long a test may take
 * (scaled as machine_wait() does), and kvmperf before the first and after the last of them.
 * As machine_agent_call(); the error names the test.
 */
JsonObject *bench_follow(struct machine *m, struct progress *progress, JsonObject *request, double seconds,
			 GError **error);

/* guest.c */
/* Sets @error, VTDLAB_ERROR_CANNOT_JUDGE, and returns false. */
bool bench_broken(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* The agent's command that runs @argv (taken over) with its output in files of L1. The caller unrefs it. */
JsonObject *bench_request(JsonArray *argv, const char *out, const char *err);
/* A text file of L1; NULL with @error. The caller frees it. */
char *bench_guest_file(struct machine *m, const char *path, GError **error);
/* Loads the modules that kvmperf needs into a booted L1, and looks whether the parameters took effect. */
bool bench_guest_prepare(struct machine *m, const struct bench_options *o, GError **error);
/*
 * Runs kvmperf: all of it, or test by test; one document of all of them, as the guest wrote it but for its "tests",
 * which are joined. The caller unrefs it. Errors: VTDLAB_ERROR_CANNOT_JUDGE.
 */
JsonObject *bench_guest_measure(struct machine *m, const struct bench_options *o, GError **error);

/* selftests.c */
/* Paths of all programs that are run, the selftests of @dir and our own one with the probe; NULL at the end. */
char **bench_selftests_programs(const char *dir, GError **error);
/* Runs all pairs, one program after the other; an array of struct selftest_result *. */
GPtrArray *bench_selftests_measure(struct machine *m, const struct bench_options *o, GError **error);
/* selftests.json, selftests.md and summary.txt; as bench_report_write(). */
bool bench_selftests_report(const struct bench_plan *plan, struct machine *m, const struct rundir *rd,
			    const GPtrArray *results, bool settled, double seconds, int *exit, char **summary,
			    GError **error);

/* report.c */
/* The environment in the form that run.json has it. The caller unrefs it. */
JsonObject *bench_environment(const struct bench_plan *plan, struct machine *m, const char *guest_kernel, bool settled);
/* One line of what was booted; one of what its times are. */
char *bench_head(const struct bench_plan *plan, struct machine *m, const char *guest_kernel);
const char *bench_caveat(const struct bench_plan *plan, struct machine *m);
char *bench_json_text(JsonObject *o);
/* bench.json and summary.txt; *summary: the latter's text. @settled: as bench_settle() says. */
bool bench_report_write(const struct bench_plan *plan, struct machine *m, const struct rundir *rd, JsonObject *kvmperf,
			bool settled, double seconds, int *exit, char **summary, GError **error);

#endif
