/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bug files: one fixed (or open) bug, the scenario in which it shows, and what is to be seen on a side that has it and
 * on one that has not.
 *
 * The table of its keys is in bug.c; conf/schema.h is the engine.
 */
#ifndef VTDLAB_CONF_BUG_H
#define VTDLAB_CONF_BUG_H

#include <glib.h>
#include <stdbool.h>

#include "conf/scenario.h"
#include "conf/schema.h"

enum bug_area {
	BUG_TABLE_COPY,
	BUG_DEEP_COPY,
	BUG_PAGE_TABLES,
	BUG_IOVA,
	BUG_CACHING_MODE,
	BUG_INTERRUPT_REMAPPING,
	BUG_ALIAS,
	BUG_FIRST_KERNEL,
	BUG_CRASH_MEMORY,
	BUG_NESTED_KVM,
	BUG_QEMU,
};

enum bug_status { BUG_REPRODUCED, BUG_UNREPRODUCED };

/* One side: what is booted, and what must come of it. Strings are never NULL. */
struct bug_side {
	char *kernel;	    /* "" = the scenario's */
	char *crash_kernel; /* "" = as the scenario has it */
	char *qemu;	    /* "" = the host's */
	char *reference;    /* as --reference: a kernel whose first kernel is good here; "" = any of the cache */
	char **sets;	    /* "section.key=value", behind those of the bug; NULL-ended */
	char *l1_params;    /* with bench=: as `vtdlab bench --l1-params` takes them; "" = none */
	char *outcome;	    /* what the run must come to: an outcome's word, or any of several with ';' between */
	char **fails;	    /* the checks that must fail without being expected to, all of them */
	char **may_fail;    /* that may fail besides */
	char **signature;   /* "CHECK~REGEX": what the check's line must say; NULL-ended */
	unsigned runs;
	unsigned at_least; /* of them must end as stated; 0 = all */
};

/* Two sides that differ by the bug alone. */
struct bug_recipe {
	struct bug_side bad, good;
};

enum { BUG_RECIPES = 2 }; /* the one of the reports; one that lasts, on kernels built here */

struct bug {
	char *name; /* base name of the file without .conf */
	char *path;
	char *title, *description;
	enum bug_area area;
	char *fix, *introduced, *affects, *source;
	char *scenario;
	char **sets;	     /* of both sides */
	char **log;	     /* regular expressions, all of which some line of a kernel log must match; NULL-ended */
	char *bench;	     /* tests, as `vtdlab bench --tests` takes them, instead of the scenario; "" = none */
	char *figure;	     /* "TEST/STEP" of them; "" = it is not about a figure */
	double figure_worse; /* percent of the good side's median */
	bool quick;
	enum bug_status status;
	char *tried; /* unreproduced: what was tried */
	struct bug_recipe recipes[BUG_RECIPES];
};

/* What a side of bench= comes to. */
#define BUG_BENCH_PASSED "passed"
#define BUG_BENCH_FAILED "failed"

extern const struct schema bug_schema;
extern const struct word bug_area_words[];

/*
 * bug_load - read a bug, by name (bugs/<name>.conf of the tree) or by path.
 *
 * @checks: names of checks as scenario_validate() takes them
 * Errors (VTDLAB_ERROR_USAGE): as scenario_load(); no title, no source; a side that is not told from the other, a check or
 * scenario that does not exist, a signature that is none, a setting that the scenario refuses; with bench=
 * keys of a scenario, a side without a kernel, a figure of none of its tests.
 */
struct bug *bug_load(const char *name_or_path, const char *const *checks, GError **error);

/* bug_load_restricted - the same, if the bug is bug_restricted(): that is seen before any file is opened that it names. */
struct bug *bug_load_restricted(const char *name_or_path, const char *const *checks, GError **error);
void bug_free(struct bug *bug);

/* bug_recipe_given - has the bug this recipe? The first one always, unless it is unreproduced. */
bool bug_recipe_given(const struct bug *bug, unsigned recipe);

/*
 * bug_scenario - what a side runs: the bug's scenario with its settings. Free with scenario_free(). Errors: as
 * scenario_load(), scenario_set() and scenario_validate().
 */
struct scenario *bug_scenario(const struct bug *bug, const struct bug_side *side, const char *const *checks,
			      GError **error);

#endif
