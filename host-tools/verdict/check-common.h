/* SPDX-License-Identifier: GPL-2.0-only */ /* What several files of checks ask. Private to verdict/check-*.c. */
#ifndef VTDLAB_VERDICT_CHECK_COMMON_H
#define VTDLAB_VERDICT_CHECK_COMMON_H

#include <errno.h>
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "evidence/evidence.h"
#include "verdict/check.h"
#include "vtd/compare.h"
#include "vtd/walk.h"

/* check_separate - "; " between two parts of a detail. */
void check_separate(GString *detail);

/* check_worse - of two parts of one check: failed, without evidence, passed, and last what does not apply. */
enum check_result check_worse(enum check_result a, enum check_result b);

/* check_wanted_device - device @i of the evidence if the run used it in the crash kernel, else NULL. */
const struct evidence_device *check_wanted_device(const struct evidence *ev, unsigned i);

/* check_no_device - of a run that used no device in the crash kernel: was there one? Says so in @detail. */
enum check_result check_no_device(const struct evidence *ev, GString *detail);

/* check_all_passed_through - was every requester of the (complete) @walk passed through, and is there one? */
bool check_all_passed_through(const struct iommu_walk *walk);

/* check_memory - ends the program if @err is -ENOMEM, as GLib does. */
void check_memory(int err);

/* check_compare - the tables after the copy beside those at the panic. Free with vtd_compare_free(). */
struct vtd_compare *check_compare(const struct evidence *ev, const struct vtd_compare_options *opt);

#define CHECK_DIFF(kind) (UINT64_C(1) << VTD_DIFF_##kind)

/*
 * check_differences - how many of @c are of one of the @kinds (CHECK_DIFF()s or-ed). If there are any, their
 * number and the first of them go to @detail.
 */
uint64_t check_differences(const struct vtd_compare *c, uint64_t kinds, GString *detail);

#endif
