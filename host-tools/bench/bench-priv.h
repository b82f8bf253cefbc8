/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of bench/ share. */
#ifndef VTDLAB_BENCH_BENCH_PRIV_H
#define VTDLAB_BENCH_BENCH_PRIV_H

#include <json-glib/json-glib.h>

#include "bench/bench.h"
#include "machine/machine.h"
#include "results/bench-doc.h"
#include "results/rundir.h"
#include "scenario/kernel.h"

/* From the options to what is booted. */
struct bench_plan {
	const struct bench_options *options;
	struct kernel *kernel;
	char *initrd, *qemu, *cmdline;
	char *name; /* of the run directory */
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

/* guest.c */
/* A text file of L1; NULL with @error. The caller frees it. */
char *bench_guest_file(struct machine *m, const char *path, GError **error);
/* Loads the modules that kvmperf needs into a booted L1, and looks whether the parameters took effect. */
bool bench_guest_prepare(struct machine *m, const struct bench_options *o, GError **error);
/*
 * Runs kvmperf: all of it, or test by test; one document of all of them, as the guest wrote it but for its "tests",
 * which are joined. The caller unrefs it. Errors: VTDLAB_ERROR_CANNOT_JUDGE.
 */
JsonObject *bench_guest_measure(struct machine *m, const struct bench_options *o, GError **error);

/* report.c */
/* bench.json and summary.txt; *summary: the latter's text. @settled: as bench_settle() says. */
bool bench_report_write(const struct bench_plan *plan, struct machine *m, const struct rundir *rd,
			JsonObject *kvmperf, bool settled, double seconds, int *exit, char **summary, GError **error);

#endif
