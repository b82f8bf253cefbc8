/* SPDX-License-Identifier: GPL-2.0-only */
/* What several files of checks ask. Private to verdict/check-*.c. */
#ifndef VTDLAB_VERDICT_CHECK_COMMON_H
#define VTDLAB_VERDICT_CHECK_COMMON_H

#include <errno.h>
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "evidence/evidence.h"
#include "iommu/ranges.h"
#include "verdict/check.h"
#include "vtd/compare.h"
#include "vtd/regs.h"
#include "vtd/walk.h"

/* For g_autoptr(). */
typedef struct vtd_compare check_comparison;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(check_comparison, vtd_compare_free)

/* check_separate - "; " between two parts of a detail. */
void check_separate(GString *detail);

/* check_worse - of two parts of one check: failed, without evidence, passed, and last what does not apply. */
enum check_result check_worse(enum check_result a, enum check_result b);

/* for_each_wanted_device - @dev points to each device in turn that the run used in the crash kernel. */
#define for_each_wanted_device(dev, ev)                                     \
	for_each_evidence(const struct evidence_device, dev, (ev)->devices) \
		if (dev->wanted)

/* What a check says of @sid, one of the requester ids of @dev. */
typedef enum check_result (*check_requester_fn)(const struct evidence *ev, const struct evidence_device *dev,
						uint16_t sid, GString *detail);

/*
 * check_requesters - asks @judge of each requester id, own and alias, of each device that the run used; the worst answer
 * goes to @result. False: no device was used.
 */
bool check_requesters(const struct evidence *ev, check_requester_fn judge, enum check_result *result, GString *detail);

/* check_no_device - of a run that used no device in the crash kernel: was there one? Says so in @detail. */
enum check_result check_no_device(const struct evidence *ev, GString *detail);

/* check_all_passed_through - was every requester of the (complete) @walk passed through, and is there one? */
bool check_all_passed_through(const struct iommu_walk *walk);

/* check_memory - ends the program if @err is -ENOMEM, as GLib does. */
void check_memory(int err);

/*
 * check_add_reservation - adds the range of @r, in bytes, to @standing if every kernel reserves it, as the first kernel's
 * are by definition, else to @reserved (may be NULL). One that is no range is left out.
 */
void check_add_reservation(const struct evidence_reservation *r, struct iommu_ranges *standing,
			   struct iommu_ranges *reserved);

/* check_regs - what the registers of @state say; all zero if they were not read. */
struct vtd_regs check_regs(const struct evidence_state *state);

/* check_compare - the tables after the copy beside those at the panic. The caller frees it. */
struct vtd_compare *check_compare(const struct evidence *ev, const struct iommu_compare_options *opt);

/* check_say_fault - "by 0000:00:01.0 at 0xfffd2000 (write, reason 0x02: ...)", the reason in the kernel's words. */
void check_say_fault(const struct evidence_event *fault, GString *detail);

/*
 * check_new_owner - whose memory the tables of @sid are in at the end (of which there must be a walk): a domain of the
 * crash kernel's own is a driver's, be it one that the lab has not asked for. OWNER_OTHER: they are the old ones, or
 * nobody's; OWNER_UNKNOWN: a pass-through has no tables that would tell.
 */
enum evidence_owner check_new_owner(const struct evidence *ev, uint16_t sid);

/*
 * check_mode_chosen - in which mode the first kernel ran instead of the one that was asked for, in words; NULL: in that
 * one, or it is not known. The caller frees it.
 */
char *check_mode_chosen(const struct evidence *ev);

/*
 * check_splats_told - what the kernels complained of that no verdict goes by, for it is not the lab's kernel, or its host may
 * have been too busy; NULL: of nothing. The caller frees it.
 */
char *check_splats_told(const struct evidence *ev);

#define CHECK_DIFF(kind) (UINT64_C(1) << VTD_DIFF_##kind)

/*
 * check_differences - how many of @c are of one of the @kinds (CHECK_DIFF()s or-ed). If there are any, their
 * number and the first six of them go to @detail.
 */
uint64_t check_differences(const struct vtd_compare *c, uint64_t kinds, GString *detail);

#endif
