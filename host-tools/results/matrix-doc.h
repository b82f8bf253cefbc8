/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a matrix came to: matrix.json (schema 1), and cell.json, which is one member of its "cells". Both are read back as
 * untrusted input of any version: unknown keys are left alone.
 */
#ifndef VTDLAB_RESULTS_MATRIX_DOC_H
#define VTDLAB_RESULTS_MATRIX_DOC_H

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>

#include "results/run-json-read.h"

#define MATRIX_DOC_SCHEMA 1

enum matrix_cell_result {
	MATRIX_CELL_WAITING,	/* not run, or not to its end */
	MATRIX_CELL_EXPECTED,	/* a verdict, the one that was expected */
	MATRIX_CELL_UNEXPECTED, /* a verdict, and another one */
	MATRIX_CELL_SKIPPED,	/* cannot be run here: the reason says why */
	MATRIX_CELL_UNJUDGED,	/* ran, and came to no verdict; or was refused (exit 2) */
	MATRIX_CELL_LOST,	/* whoever ran it is gone, twice */
	MATRIX_CELL_RESULTS,
};

/* Strings are never NULL but where it is said. */
struct matrix_cell {
	unsigned n;	/* its number, from 0, in the order of the product */
	char *name;	/* "kernel=debian-6.1 mode=scalable" */
	char **values;	/* "AXIS=value" of every axis; NULL-ended */
	char *command;	/* that runs it, to be typed */
	char *expected; /* what was expected of it, in words */
	enum matrix_cell_result result;
	int exit;	/* of the command, if it has run */
	char *verdict;	/* an outcome's word, "reproduced", "passed", ...; "" = none */
	char *reason;	/* what was seen, or why it was not run, in one line */
	char *run;	/* the run directory below the matrix' own; "" = there is none */
	double seconds; /* that it took */
	unsigned tries; /* how often it was begun */
};

struct matrix_doc {
	char *name, *title;
	char *file;	   /* the matrix file as it was named */
	char *file_sha256; /* of its text when the matrix began */
	char *started;	   /* ISO 8601 */
	char *engine;	   /* "local", "slurm" */
	char *commit;	   /* of vtdlab; NULL: not known */
	bool finished;	   /* every cell has a result */
	int exit;	   /* of the whole */
	char **axes;	   /* "AXIS=value;value", NULL-ended */
	GPtrArray *cells;  /* struct matrix_cell *, by number */
};

struct matrix_doc *matrix_doc_new(void);
void matrix_doc_free(struct matrix_doc *doc);

/* matrix_cell_new - waiting, its strings empty; matrix_cell_free() frees it, and matrix_doc_free() those of the doc. */
struct matrix_cell *matrix_cell_new(unsigned n);
void matrix_cell_free(void *cell);

/*
 * matrix_cell_run_is_inside - is there a run, and is what a file says it is called no way out of the matrix' directory, nor
 * anything but a path in a link?
 */
bool matrix_cell_run_is_inside(const struct matrix_cell *cell);

/* matrix_cell_word - "expected", "unexpected", "skipped", "unjudged", "lost", "waiting". Static. */
const char *matrix_cell_word(enum matrix_cell_result result);

/* matrix_cell_text - cell.json; the caller frees it. */
char *matrix_cell_text(const struct matrix_cell *cell);

/*
 * matrix_cell_read - what the cell.json at @path says came of @cell: from result on; the rest of @cell stays. False: there is
 * none, it cannot be read, or is of another cell.
 */
bool matrix_cell_read(const char *path, struct matrix_cell *cell);

/* matrix_doc_count - the cells of that result. */
unsigned matrix_doc_count(const struct matrix_doc *doc, enum matrix_cell_result result);

/*
 * matrix_doc_left - seconds until the waiting cells are done, by what those took that were run, in this process or before a
 * resume; skips say nothing of that. Negative: none was run yet.
 * @running: of the waiting cells, each half done on average; @at_a_time: how many run beside each other
 */
double matrix_doc_left(const struct matrix_doc *doc, unsigned running, unsigned at_a_time);

/* matrix_doc_line - "48 cells: 40 as expected, 1 NOT as expected, 7 skipped"; the caller frees it. */
char *matrix_doc_line(const struct matrix_doc *doc);

/* matrix_doc_text - matrix.json; the caller frees it. */
char *matrix_doc_text(const struct matrix_doc *doc);

/*
 * matrix_doc_read - @path is a directory of a matrix, or its matrix.json. All text is fit to be shown in one line.
 * Errors: VTDLAB_ERROR_USAGE: there is none, it is larger than 64 MiB, truncated, not of a matrix, or of a newer schema.
 */
struct matrix_doc *matrix_doc_read(const char *path, GError **error);

/* matrix_doc_exit - the exit status of the whole: a skip takes nothing away, but when there is nothing else (125). */
int matrix_doc_exit(const struct matrix_doc *doc);

/* matrix_cell_of_exit - what a run that ended with @status has come to, where nothing else was stated of it. */
enum matrix_cell_result matrix_cell_of_exit(int status);

/* matrix_doc_junit - JUnit XML, a test case a cell; matrix_doc_ktap - KTAP. The caller frees it. */
char *matrix_doc_junit(const struct matrix_doc *doc);
char *matrix_doc_ktap(const struct matrix_doc *doc);

/*
 * matrix_doc_mail - what a reply on a list quotes: command, axes, what came of it, each cell that is not as expected, and why
 * others were skipped; 72 columns. The caller frees it.
 */
char *matrix_doc_mail(const struct matrix_doc *doc);

/* matrix_ktap_head - the KTAP in front of @tests cells (to be freed); matrix_cell_ktap - one, with the checks of @run (or NULL). */
char *matrix_ktap_head(unsigned tests);
void matrix_cell_ktap(GString *out, const struct matrix_cell *cell, const struct run_json *run);

#endif
