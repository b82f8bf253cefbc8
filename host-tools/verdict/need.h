/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What checks need before there is something to judge. A check names its needs; whether they are met, and what
 * is said where they are not, is answered here for all of them.
 */
#ifndef VTDLAB_VERDICT_NEED_H
#define VTDLAB_VERDICT_NEED_H

#include <glib.h>
#include <stdbool.h>

#include "verdict/verdict.h"

struct evidence;
struct evidence_state;

/* In the order in which they are looked at: the first that is not met gives the result and its text. */
enum need {
	/* The check applies to a scenario that has or asks for this; otherwise it is skipped. */
	NEED_DMA,
	NEED_IOMMU,
	NEED_INTREMAP,
	NEED_CACHING_MODE,
	NEED_WORKLOAD,
	NEED_KDUMP_LOG, /* a lab kernel that tells what it finds */
	NEED_RESERVE,	/* ... that reserves what it finds, or copies it */
	NEED_DEEP,	/* ... that copies all tables */
	NEED_DUMP,
	NEED_AGENT, /* the lab's own agent in the crash kernel */
	NEED_REBOOT,
	NEED_LAB_KERNEL, /* the first or the crash kernel is one */
	/* Something was seen or read; otherwise there is no evidence. */
	NEED_JUMP,
	NEED_CRASH_KERNEL, /* it came up */
	NEED_DEVICES,	   /* each of the scenario's was used by it */
	NEED_CRASH_MEMORY, /* where it lies */
	NEED_ROOT_SWITCH,
	NEED_PANIC_REGS,
	NEED_PANIC_WALK, /* tables, if only in part */
	NEED_PANIC,	 /* complete tables, in force */
	NEED_ENTRIES,	 /* ... with an entry in them */
	NEED_COPIED_REGS,
	NEED_COPIED, /* complete tables, in force */
	NEED_END,    /* complete tables, in force */
	NEED_OLD_TABLES,
	NEEDS,
};

#define NEED(name) (1u << NEED_##name)

/* need_list - @needs and @traces (TRACES()) in words, for people: "IOMMU, jump"; "" for none. The caller frees it. */
char *need_list(unsigned needs, unsigned traces);

/*
 * need_lacks_tables - true: there is no evidence_state_tables() of @state, and @detail says why; @when: "at the panic".
 */
bool need_lacks_tables(const struct evidence *ev, const struct evidence_state *state, const char *when,
		       GString *detail);

/*
 * need_unmet - is one of @needs not met, or one of @traces (TRACES()) not to be trusted? Then what the
 * check's result is, and why, in @detail; else CHECK_PASS, and @detail is left alone.
 */
enum check_result need_unmet(unsigned needs, unsigned traces, const struct evidence *ev, GString *detail);

#endif
