/* SPDX-License-Identifier: GPL-2.0-only */
/* vtdlab kconfig: what a kernel must be built with. */
#include <stdio.h>

#include "base/error.h"
#include "cmd/cmd.h"
#include "prepare/kernel.h"
#include "prepare/plan.h"

int cmd_kconfig(int argc, char **argv)
{
	GError *error = NULL;
	g_autofree char *options = NULL, *text = NULL;
	struct scenario *s;
	int status = cmd_parse("kconfig", NULL, &argc, &argv);

	if (status >= 0)
		return status;
	if (argc > 2)
		return cmd_usage_error("kconfig", "one scenario at a time");
	s = scenario_load(argc > 1 ? argv[1] : "kdump", &error);
	if (!s)
		return cmd_fail("kconfig", error);
	options = plan_options(s);
	scenario_free(s);
	text = kernel_fragment(options, &error);
	if (!text)
		return cmd_fail("kconfig", error);
	puts(text);
	return VTDLAB_EXIT_OK;
}
