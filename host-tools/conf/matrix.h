/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Matrix files: axes that are crossed, what is left out of the product, and what is expected of some of its cells.
 *
 * The table of its keys is in matrix.c; conf/schema.h is the engine.
 */
#ifndef VTDLAB_CONF_MATRIX_H
#define VTDLAB_CONF_MATRIX_H

#include <glib.h>
#include <stdbool.h>

#include "conf/schema.h"

/* Strings and lists are never NULL; each list is NULL-ended. */
struct matrix {
	char *name; /* base name of the file without .conf */
	char *path;
	char *title, *description;
	char *scenario;	 /* of cells that no axis gives another one */
	bool alone;	 /* one cell at a time, whatever the machine could carry */
	char **axes;	 /* "AXIS=value;value", in the order of the file */
	char **settings; /* "NAME=section.key=value;...": what a value of an axis set or set-* stands for */
	char **exclude;	 /* "NAME=AXIS=value;...": cells that are none */
	char **expect;	 /* "NAME=AXIS=value;...;outcome=...;fails=..." */
};

extern const struct schema matrix_schema;

/* What an axis is. */
enum matrix_axis {
	MATRIX_AXIS_NONE,
	MATRIX_AXIS_OPTION,	  /* of vtdlab run and bench: kernel, qemu, vmm */
	MATRIX_AXIS_RUN_OPTION,	  /* of vtdlab run alone */
	MATRIX_AXIS_BENCH_OPTION, /* of vtdlab bench alone */
	MATRIX_AXIS_SCENARIO,	  /* which one */
	MATRIX_AXIS_BUG,	  /* vtdlab reproduce, instead of run */
	MATRIX_AXIS_SIDE,	  /* of a bug */
	MATRIX_AXIS_BENCH,	  /* vtdlab bench, instead of run: tests */
	MATRIX_AXIS_SETTINGS,	  /* names of [settings] */
	MATRIX_AXIS_KEY,	  /* section.key of a scenario */
};

/*
 * matrix_load - read a matrix, by name (matrices/<name>.conf of the tree) or by path.
 *
 * Errors (VTDLAB_ERROR_USAGE): as schema_load(); no axis, an axis that is none (the nearest is named), without a value or
 * with one twice; a value that [settings] does not have; a rule about an axis or a value that there is not.
 */
struct matrix *matrix_load(const char *name_or_path, GError **error);
void matrix_free(struct matrix *m);

/* matrix_axis_kind - what the axis @name is; MATRIX_AXIS_NONE: nothing. */
enum matrix_axis matrix_axis_kind(const char *name);

/*
 * matrix_pair - "NAME=VALUE" in its halves: the value is returned, borrowed, and *@name, which the caller frees (NULL: not
 * wanted).
 */
const char *matrix_pair(const char *pair, char **name);

/* matrix_find - the value of @name in a list of pairs, borrowed; NULL: it is not there. */
const char *matrix_find(char *const *pairs, const char *name);

/* matrix_values - the values of an axis, or the parts of a rule: "a; b" without blanks around. g_strfreev() frees. */
char **matrix_values(const char *text);

/*
 * matrix_only - leave out all cells but those that have one of the values of @axis: "AXIS=value;value", * and ? for anything.
 * They become rules of exclude, so that schema_text() has them. An axis that is expanded later must be so first.
 * Errors (VTDLAB_ERROR_USAGE): there is no such axis, or none of its values is meant; the nearest is named.
 */
bool matrix_only(struct matrix *m, const char *axis, GError **error);

/* In a rule of [expect], beside the axes. */
#define MATRIX_OUTCOME "outcome"
#define MATRIX_FAILS "fails"

#endif
