/* SPDX-License-Identifier: GPL-2.0-only */
/* The check of what comes last: a warm reset after the dump must bring the machine up again. */
#include "verdict/check-common.h"

static enum check_result reset_comes_up(const struct evidence *ev, GString *detail)
{
	if (!ev->poweroff_ns) {
		g_string_append(detail, "the crash kernel was never asked to reboot");
		return CHECK_NO_EVIDENCE;
	}
	if (ev->again_hello_ns) {
		g_string_append_printf(detail, "the first kernel's agent spoke again %.1f s after the reboot",
				       (double)(ev->again_hello_ns - ev->poweroff_ns) / 1e9);
		return CHECK_PASS;
	}
	g_string_append(detail,
			ev->again_failure ? ev->again_failure : "nothing is known of the machine after the reboot");
	return ev->again_failure ? CHECK_FAIL : CHECK_NO_EVIDENCE;
}

const struct check check_reset_comes_up = {
	.name = "reset-comes-up",
	.outcome = OUTCOME_RESET_FAILED,
	.proves = "a warm reset of the machine after the dump brings the first kernel up again",
	.needs = NEED(REBOOT),
	.run = reset_comes_up,
};
