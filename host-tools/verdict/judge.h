/* SPDX-License-Identifier: GPL-2.0-only */
/* From evidence to a verdict: needs no VM, so recorded runs are judged by the same code. */
#ifndef VTDLAB_VERDICT_JUDGE_H
#define VTDLAB_VERDICT_JUDGE_H

#include "verdict/verdict.h"

struct evidence;

/*
 * evidence_judge - run every check of the table over @ev, in its order, and conclude.
 * The caller frees the verdict with verdict_free().
 */
struct verdict *evidence_judge(const struct evidence *ev);

#endif
