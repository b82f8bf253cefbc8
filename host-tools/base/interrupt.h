/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * That the user wants the program to end (SIGINT, SIGTERM, SIGHUP): one flag for the whole process. A verb sets it in
 * its signal handler; whatever waits looks at it and ends with VTDLAB_ERROR_INTERRUPTED.
 */
#ifndef VTDLAB_BASE_INTERRUPT_H
#define VTDLAB_BASE_INTERRUPT_H

#include <stdbool.h>

/* interrupt_set - raises the flag; may be called from a signal handler. */
void interrupt_set(void);

/* interrupt_clear - lowers it: all that it ended was a wait (run --keep); what follows is not interrupted. */
void interrupt_clear(void);

/* interrupt_pending - whether it is raised. */
bool interrupt_pending(void);

#endif
