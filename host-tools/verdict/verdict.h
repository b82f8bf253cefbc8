/* SPDX-License-Identifier: GPL-2.0-only */
/* What the checks of a run amount to. */
#ifndef VTDLAB_VERDICT_VERDICT_H
#define VTDLAB_VERDICT_VERDICT_H

#include <glib.h>
#include <stdbool.h>

#include "verdict/outcome.h"

enum check_result {
	CHECK_PASS,	   /* positive evidence that it holds */
	CHECK_FAIL,	   /* positive evidence that it does not */
	CHECK_SKIP,	   /* does not apply to this run; the detail names why */
	CHECK_NO_EVIDENCE, /* applies, but nothing was seen either way: never a pass, the run is inconclusive */
	CHECK_RESULTS,
};

/* One check's result. */
struct verdict_row {
	char *name; /* "leaves-equal" */
	enum check_result result;
	bool expect_fail;     /* the scenario expects it to fail on this kernel */
	enum outcome outcome; /* that its failure stands for */
	char *detail;	      /* the evidence in one line: "12570 of 12570 leaves" */
};

struct verdict {
	GPtrArray *rows; /* struct verdict_row *, in the order of the table of checks */
	bool no_iommu;	 /* there was none: no check of the translation applies */
	bool strict;	 /* an expected failure that stays away is bad (scenario.strict-expect) */
	char *chosen;	 /* check_mode_chosen() of the run */
	char *told;	 /* check_splats_told() of the run */
	char *before;	 /* how the crash kernel of the first attempt ended, where this is the second; else NULL */
	/* set by verdict_conclude(): */
	enum outcome outcome;
	int exit;    /* enum vtdlab_exit */
	char *words; /* the outcome in one or two sentences */
};

/* verdict_new - no row yet, and so inconclusive. The verdict owns all of its strings; free it with verdict_free(). */
struct verdict *verdict_new(void);
void verdict_free(struct verdict *verdict);

/*
 * verdict_add - append a result. @detail is copied, as one line: guests have a say in it.
 * Returns the row (owned by the verdict), for expect_fail.
 */
struct verdict_row *verdict_add(struct verdict *verdict, const char *name, enum check_result result,
				enum outcome outcome, const char *detail);

/* verdict_find - the first row of that name, or NULL. */
struct verdict_row *verdict_find(const struct verdict *verdict, const char *name);

/*
 * verdict_conclude - set outcome, exit and words from the rows.
 *
 * The outcome, first rule that holds:
 *  1. @interrupted                                        -> interrupted
 *  2. the first check that fails without being expected   -> its outcome
 *  3. a check has no evidence, or was expected to fail and was skipped -> inconclusive
 *  4. the first check that fails as expected and whose outcome is required -> its outcome (a negative control)
 *  5. no check of the translation ran (proves_translation) -> inconclusive
 *  6. otherwise                                           -> preserved
 *
 * So "inconclusive" never hides a failure that was proven, and never becomes preserved.
 *
 * The exit status: 0 if there is a verdict and no check failed but those that the scenario expects to fail (all of
 * these, if it is strict), else that of the outcome. What would be 0 and was so in the second attempt only is 125: the
 * kernel did not do the same twice.
 */
void verdict_conclude(struct verdict *verdict, bool interrupted);

/* check_result_name - "pass", "fail", "skip", "none" (no evidence); "?" for what is none of them. Static. */
const char *check_result_name(enum check_result result);

/* check_result_from_name - the result of a word that was read from a file; CHECK_RESULTS: it is none of them. */
enum check_result check_result_from_name(const char *name);

#endif
