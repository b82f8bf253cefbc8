/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * QEMU's trace events by what they are evidence of. What is traced, which checks a line that cannot be read spoils, and
 * what an old QEMU cannot be judged for: all of it goes by these groups.
 */
#ifndef VTDLAB_BASE_TRACE_GROUP_H
#define VTDLAB_BASE_TRACE_GROUP_H

#include "base/words.h"

enum trace_group {
	TRACE_GROUP_UNIT, /* root table, translation on and off */
	TRACE_GROUP_FAULTS,
	TRACE_GROUP_INVALIDATIONS,
	TRACE_GROUP_INTREMAP,
	TRACE_GROUP_TRANSLATIONS,  /* requester ids that were translated */
	TRACE_GROUP_CONTEXT_FILLS, /* context entries that were cached */
	TRACE_GROUP_NIC_DMA,
	TRACE_GROUP_NIC_RESETS,
	TRACE_GROUP_DISK_DMA,
	TRACE_GROUP_DISK_RESETS,
	TRACE_GROUP_DISK_ERRORS, /* what its model itself found wrong: named beside a dead disk, needed by no check */
	TRACE_GROUPS,
};

/* A set of groups is TRACES(UNIT) | TRACES(FAULTS) ... */
#define TRACES(name) (1u << TRACE_GROUP_##name)
#define TRACES_ALL ((1u << TRACE_GROUPS) - 1)

/* What the events of a group are, in the plural: for people, and in evidence.json. */
extern const struct word trace_group_words[];

/* By which extended regular expressions the lines of each group are found in QEMU's log. */
extern const char *const trace_group_patterns[TRACE_GROUPS];

/* trace_groups_pattern - one expression that finds the lines of all of @traces (TRACES()); "" for none. The caller frees it. */
char *trace_groups_pattern(unsigned traces);

#endif
