/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of compare*.c share. */
#ifndef VTDLAB_RESULTS_COMPARE_PRIV_H
#define VTDLAB_RESULTS_COMPARE_PRIV_H

#include "results/compare.h"

#include "results/run-json-read.h"
#include "results/samples.h"

struct compare_run {
	struct run_json *json;
	char *failed;	  /* names of the checks that failed */
	char *kind;	  /* scenario, crash kernel, mode, what is set otherwise than in the scenario's file */
	char *image;	  /* which build of the kernels it was */
	char *parent;	  /* the directory that the run's lies in */
	const char *side; /* "A", or NULL: it is of none */
};

/* Runs of one side; or of one kind, on one QEMU, of one build of the kernel. */
struct compare_column {
	char *name;
	GPtrArray *runs; /* struct compare_run, borrowed */
};

struct compare {
	GPtrArray *runs; /* struct compare_run, as they were added */
	GPtrArray *columns;
	char *clock, *accel; /* of all runs; NULL: there is none yet */
	char *scenario, *first_path;
};

/* A row: where its value is in run.json; what is taken off it; what it is a part of. */
struct compare_row {
	const char *name; /* NULL ends the table */
	enum sample_unit unit;
	const char *path, *minus, *of;
};

extern const struct compare_row compare_rows[];

/* compare_value - the value of one run; false: it has none. */
bool compare_value(const struct compare_run *run, const char *path, const char *minus, double *value);

#endif
