/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Shortcuts: what a CPU model and a command line may save of the time that kernels take to boot, without touching what is
 * judged. machine.shortcuts turns them on or off, for both kernels; each was measured with `make bench-boot`.
 */
#ifndef VTDLAB_PREPARE_SHORTCUTS_H
#define VTDLAB_PREPARE_SHORTCUTS_H

#include <stdbool.h>

struct shortcut {
	/* "-FEATURE,-FEATURE": of the CPU that TCG emulates; "section.key=value": of the scenario; else a word for the kernels */
	const char *name;
	const char *gain;    /* CPU seconds of a run with it, as a ratio to one without: QEMU 7.2, 6.12 */
	const char *gain_10; /* the same with QEMU 10.0 */
	const char *changes; /* what is otherwise in the kernels */
};

/* The last has no name. The keys are set by their own defaults, and only listed here. */
extern const struct shortcut shortcuts[];

/* shortcuts_words - those for the CPU (@cpu), ',' between, or those for command lines, ' ' between. The caller frees it. */
char *shortcuts_words(bool cpu);

#endif
