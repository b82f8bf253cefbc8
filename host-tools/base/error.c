/* SPDX-License-Identifier: GPL-2.0-only */
/* The error domain of the host tools, and the exit status each error stands for. */
#include "base/error.h"

/* clang-format off: the name of a quark is no subtraction */
G_DEFINE_QUARK(vtdlab - error - quark, vtdlab_error)
/* clang-format on */

/* What sets an error of one code, and returns false. */
#define SETTER(name, code)                                                                      \
	bool name(GError **error, const char *format, ...)                                      \
	{                                                                                       \
		va_list args;                                                                   \
                                                                                                \
		va_start(args, format);                                                         \
		g_propagate_error(error, g_error_new_valist(VTDLAB_ERROR, code, format, args)); \
		va_end(args);                                                                   \
		return false;                                                                   \
	}

SETTER(vtdlab_refuse, VTDLAB_ERROR_USAGE)
SETTER(vtdlab_unjudged, VTDLAB_ERROR_CANNOT_JUDGE)
SETTER(vtdlab_failed, VTDLAB_ERROR_FAILED)
SETTER(vtdlab_unfit, VTDLAB_ERROR_UNFIT)

int vtdlab_error_exit(const GError *error)
{
	if (g_error_matches(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE))
		return VTDLAB_EXIT_USAGE;
	if (g_error_matches(error, VTDLAB_ERROR, VTDLAB_ERROR_INTERRUPTED))
		return VTDLAB_EXIT_INTERRUPTED;
	return VTDLAB_EXIT_CANNOT_JUDGE;
}

bool vtdlab_error_no_run(const GError *error)
{
	return g_error_matches(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE) ||
	       g_error_matches(error, VTDLAB_ERROR, VTDLAB_ERROR_UNFIT);
}

int vtdlab_exit_worse(int a, int b)
{
	static const int worst[] = { VTDLAB_EXIT_INTERRUPTED, VTDLAB_EXIT_USAGE, VTDLAB_EXIT_BAD };

	for (unsigned i = 0; i < G_N_ELEMENTS(worst); i++)
		if (a == worst[i] || b == worst[i])
			return worst[i];
	return a ? a : b;
}
