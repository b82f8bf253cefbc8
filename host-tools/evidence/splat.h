/* SPDX-License-Identifier: GPL-2.0-only */
/* Lines by which a kernel complains of itself: warnings, oopses, lockdep, sanitizers, leaks. Pure functions over text. */
#ifndef VTDLAB_EVIDENCE_SPLAT_H
#define VTDLAB_EVIDENCE_SPLAT_H

enum splat {
	SPLAT_NONE,
	SPLAT_BUG,     /* something is wrong with the kernel */
	SPLAT_STARVED, /* ... or its host gave it no time */
};

/*
 * splat_message - what the kernel says in a line of a console, behind the time (CONFIG_PRINTK_TIME) and the caller;
 * points into @line. NULL: no line of a kernel, but of a program, say.
 */
const char *splat_message(const char *line);

/* splat_read - what a message is. The trace of a panic that was asked for is SPLAT_NONE. */
enum splat splat_read(const char *message);

#endif
