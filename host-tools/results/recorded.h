/* SPDX-License-Identifier: GPL-2.0-only */
/* A run directory, judged again by the checks of this version. */
#ifndef VTDLAB_RESULTS_RECORDED_H
#define VTDLAB_RESULTS_RECORDED_H

#include <glib.h>
#include <stdbool.h>

#include "evidence/file.h"
#include "results/report.h"
#include "results/run-json-read.h"

struct recorded {
	struct evidence_file *file;
	struct run_json *run;	   /* what was said when it was run; NULL: there is no run.json */
	struct run_report *report; /* judged; its run_dir is as given */
};

/*
 * recorded_load - read the run in @dir and judge it. Free with recorded_free().
 * @need_run: without a run.json it is an error, as one that cannot be read always is. Else what that tells (times, kernels,
 * settings) is not in the report.
 * Errors: VTDLAB_ERROR_USAGE, as of evidence_file_load() and run_json_load().
 */
struct recorded *recorded_load(const char *dir, bool need_run, GError **error);
void recorded_free(struct recorded *r);

#endif
