/* SPDX-License-Identifier: GPL-2.0-only */
/* The version of the program. VTDLAB_COMMIT comes from the build; it may be an empty string. */
#include "results/version.h"

#include <glib.h>

#ifndef VTDLAB_COMMIT
#define VTDLAB_COMMIT ""
#endif

const char *vtdlab_commit(void)
{
	static const char commit[] = VTDLAB_COMMIT;

	return *commit ? commit : NULL;
}

const char *vtdlab_version(void)
{
	static char *version;

	if (g_once_init_enter(&version)) {
		const char *commit = vtdlab_commit();

		g_once_init_leave(&version, g_strconcat(VTDLAB_VERSION, commit ? "-" : NULL, commit, NULL));
	}
	return version;
}
