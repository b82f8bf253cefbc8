/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a verdict is made of: the table of checks. Its order is the precedence of outcomes: the first
 * required check that fails names the outcome of the run.
 */
#ifndef VTDLAB_VERDICT_CHECK_H
#define VTDLAB_VERDICT_CHECK_H

#include <glib.h>
#include <stdbool.h>

#include "verdict/verdict.h"

struct evidence;
struct vtd_walk_result;

struct check {
	const char *name;
	enum outcome outcome; /* of the run, when this check fails */
	const char *proves;   /* one line: what holds when it passes */
	/*
	 * Judges the evidence; writes what it saw, or what was wrong, as one line into @detail.
	 * @before: tables at the panic; @after: tables after the copy; NULL where no snapshot was
	 * got (a check that needs it says CHECK_NO_EVIDENCE). Never changes the evidence.
	 */
	enum check_result (*run)(const struct vtd_walk_result *before, const struct vtd_walk_result *after,
				 const struct evidence *evidence, GString *detail);
	/* Which outcome its failure is in this run; NULL: always @outcome. */
	enum outcome (*outcome_of)(const struct evidence *evidence);
};

/* The table, in order of precedence, ended by an entry whose name is NULL. */
extern const struct check vtdlab_checks[];

/* check_find - the check called @name, or NULL. */
const struct check *check_find(const char *name);

/* The functions of the table, one file each group (checks/). */
#define DECLARE_CHECK(fn)                                                                               \
	enum check_result fn(const struct vtd_walk_result *before, const struct vtd_walk_result *after, \
			     const struct evidence *evidence, GString *detail)
DECLARE_CHECK(check_rig);
DECLARE_CHECK(check_mode_in_effect);
DECLARE_CHECK(check_workload_alive);
DECLARE_CHECK(check_panic_seen);
DECLARE_CHECK(check_crash_kernel_booted);
DECLARE_CHECK(check_translation_stayed_on);
DECLARE_CHECK(check_context_same_slot);
DECLARE_CHECK(check_context_same_fields);
DECLARE_CHECK(check_leaves_equal);
DECLARE_CHECK(check_tables_in_crash_memory);
DECLARE_CHECK(check_oracles_agree);
DECLARE_CHECK(check_irte_equal);
DECLARE_CHECK(check_old_tables_unchanged);
DECLARE_CHECK(check_flushed);
DECLARE_CHECK(check_did_consistent);
DECLARE_CHECK(check_no_faults);
DECLARE_CHECK(check_dma_landed);
DECLARE_CHECK(check_requesters_repointed);
DECLARE_CHECK(check_iova_not_retargeted);
DECLARE_CHECK(check_reserved_equals_mapped);
DECLARE_CHECK(check_devices_work);
DECLARE_CHECK(check_dump_readable);
DECLARE_CHECK(check_reset_comes_up);
enum outcome check_crash_kernel_outcome(const struct evidence *evidence);
#undef DECLARE_CHECK

#endif
