/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What `vtdlab bench` measured, read from bench.json: the environment, and the document that kvmperf wrote in the
 * guest (docs/kvmperf.md), which is not believed: its medians are computed again.
 */
#ifndef VTDLAB_RESULTS_BENCH_DOC_H
#define VTDLAB_RESULTS_BENCH_DOC_H

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "results/report.h"

#define BENCH_SCHEMA 1
#define BENCH_BYTES_MAX (32u << 20)

/* With the virtual clock no median of one boot is further from that of another, as a part of it (docs/bench.md). */
#define BENCH_VIRTUAL_NOISE 0.002

/* With fewer boots of each side not even samples that do not overlap are told from noise. */
#define BENCH_BOOTS_ENOUGH 4

enum bench_result {
	BENCH_PASS,
	BENCH_FAIL,
	BENCH_SKIP,
};

/* One name with a number for each round. */
struct bench_series {
	char *name;
	GArray *runs; /* uint64_t */
	uint64_t median, min, max;
};

struct bench_option {
	char *name, *value;
};

/* Of all rounds together: how long one of them took. */
struct bench_latency {
	char *name;
	uint64_t count, p50, p90, p99, max;
};

/* KVM's own, over the steps of the last round. */
struct bench_counter {
	char *name;
	uint64_t value;
};

struct bench_test {
	char *name;
	GPtrArray *options; /* struct bench_option *, as in the document */
	uint64_t vcpus;
	uint64_t elapsed_ns; /* of the whole test, by the guest's clock; 0: not told */
	enum bench_result result;
	char *reason;
	GPtrArray *counts, *steps; /* struct bench_series * */
	GPtrArray *latencies;	   /* struct bench_latency * */
	GPtrArray *kvm;		   /* struct bench_counter * */
};

struct bench_doc {
	char *path; /* where it was read, may be NULL */
	char *suite, *guest_kernel;
	GPtrArray *tests; /* struct bench_test * */
	/* of the environment; NULL for a bare document of kvmperf */
	char *clock, *accel, *qemu, *kernel, *iommu, *params, *commit;
	char *name, *tool, *repeat;    /* of the run; each may be NULL */
	struct report_environment env; /* what there is of it, as of a run of a scenario */
	unsigned cpus;
	uint64_t memory; /* bytes */
	bool settled;
	double seconds, clock_ratio;
	unsigned clock_pairs; /* 0: the clock was not compared */
};

/*
 * bench_doc_parse - the document itself ("program":"kvmperf").
 * Errors: VTDLAB_ERROR_CANNOT_JUDGE: what is wrong with it, and where.
 */
struct bench_doc *bench_doc_parse(const char *text, gsize len, GError **error);

/*
 * bench_doc_read - a bench.json.
 * @path: a run directory, or its bench.json
 * Errors: VTDLAB_ERROR_USAGE.
 */
struct bench_doc *bench_doc_read(const char *path, GError **error);

/* bench_docs_read - the same of @n of them, struct bench_doc *. */
GPtrArray *bench_docs_read(char *const *paths, guint n, GError **error);

void bench_doc_free(struct bench_doc *doc);

/* bench_json - the text as a JSON object, if it is a safe one: bounded in size and depth, UTF-8. The caller unrefs it. */
JsonObject *bench_json(const char *text, gsize len, GError **error);

/* bench_series_find - the entry of that name, or NULL. */
const struct bench_series *bench_series_find(const GPtrArray *list, const char *name);

/* bench_items - how many pages, exits or changes the median of @step is for; 0: not told. */
uint64_t bench_items(const struct bench_test *t, const struct bench_series *step);

/*
 * bench_label - the test and the options that differ from those of the first test of that name:
 * "demand-paging uffd=missing memory=4M"; with @vcpus "demand-paging vcpus=2 uffd=missing". The caller frees it.
 */
char *bench_label(const struct bench_doc *doc, const struct bench_test *t, bool vcpus);

/* bench_label_width - columns for the labels of all tests of @n documents. A guest may call its options anything: there is
 * an end to them, what is longer moves the rest of its line. */
int bench_label_width(struct bench_doc *const *docs, guint n, bool vcpus);

/*
 * bench_test_like - the test of @doc that measures what test @at of @of does, or NULL. A document may hold one twice:
 * the first is like the first.
 */
const struct bench_test *bench_test_like(const struct bench_doc *doc, const struct bench_doc *of, guint at);

/* bench_result_name - "pass", "fail", "skip". */
const char *bench_result_name(enum bench_result r);

#endif
