/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/interrupt.h"

#include <signal.h>

static volatile sig_atomic_t raised;

void interrupt_set(void)
{
	raised = 1;
}

void interrupt_clear(void)
{
	raised = 0;
}

bool interrupt_pending(void)
{
	return raised;
}
