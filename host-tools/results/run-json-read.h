/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * run.json of a run that was, read back: the one reader of it. The file is untrusted input of any version: keys that
 * are not known are left alone, those that are missing or of another type are NULL or 0.
 */
#ifndef VTDLAB_RESULTS_RUN_JSON_READ_H
#define VTDLAB_RESULTS_RUN_JSON_READ_H

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "results/report.h"
#include "verdict/verdict.h"

struct run_json_check {
	const char *name;	  /* never NULL; "?": there is none */
	enum check_result result; /* CHECK_RESULTS: none, or a word that this version does not know */
	const char *detail;	  /* never NULL */
	bool expect_fail;	  /* the scenario expects it to fail */
};

/* All text is borrowed, and fit to be shown in one line: text_one_line(). */
struct run_json {
	const char *scenario; /* never NULL */
	enum outcome outcome; /* OUTCOMES: none, or a word that this version does not know */
	const char *outcome_word;
	int64_t exit;		   /* -1: it does not say */
	bool bench;		   /* made of the tests of a benchmark: passed or failed, as the exit status says */
	const char *clock, *accel; /* of the environment */
	const char *started;	   /* ISO 8601 */
	const char *qemu;	   /* its version */
	const char *first_release, *first_spec, *crash_release, *crash_cmdline;
	const char *first_sha256, *crash_sha256;
	const char *probes; /* of the timing: "off", ... */
	GArray *checks;	    /* struct run_json_check */
	JsonObject *o;	    /* the rest, for run_json_number() */
	GStringChunk *texts;
};

/*
 * run_json_load - @path is a run directory or the file itself. Free with run_json_free(). Errors:
 * VTDLAB_ERROR_USAGE: there is none, it is larger than 64 MiB, no JSON, or not of a run.
 */
struct run_json *run_json_load(const char *path, GError **error);

/*
 * run_json_load_bench - the same of a bench.json, as far as that is about a run: @scenario is the benchmark's name, @started when
 * it was over, and there are no checks. What it measured: bench_doc_read().
 */
struct run_json *run_json_load_bench(const char *path, GError **error);
void run_json_free(struct run_json *run);

/* run_json_check - what it says of check @name, or NULL. */
const struct run_json_check *run_json_check(const struct run_json *run, const char *name);

/* run_json_unexpected - does @check fail, and the scenario does not expect it to? */
bool run_json_unexpected(const struct run_json_check *check);

/*
 * run_json_settings - what was set otherwise than in the scenario's file, "iommu.mode=off machine.cpus=2", "" where there
 * is nothing; without the kernels that the crash kernel's release tells. The caller frees it.
 */
char *run_json_settings(const struct run_json *run);

/* run_json_report - what @run says of the run itself goes to @report: when, how long, phases, on what, settings, notes. */
void run_json_report(const struct run_json *run, struct run_report *report);

/*
 * run_json_number - the number at @path ("kdump/copies/bytes"), added up over all members of an array; true counts
 * as 1. False: nothing is there, or the run has not looked (reserved ranges without probes).
 */
bool run_json_number(const struct run_json *run, const char *path, double *value);

#endif
