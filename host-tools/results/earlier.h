/* SPDX-License-Identifier: GPL-2.0-only */
/* How long each phase of runs like the one to come has taken here. */
#ifndef VTDLAB_RESULTS_EARLIER_H
#define VTDLAB_RESULTS_EARLIER_H

#include <glib.h>
#include <json-glib/json-glib.h>

/* What makes an earlier run like another: it was asked for in the same words, and ran on the same accelerator and CPU. */
struct earlier_like {
	const char *scenario, *accel;
	const char *host_cpu; /* may be NULL: not known */
	JsonObject *settings; /* as in run.json; kernels that are not the scenario's own are in it */
};

/*
 * earlier_seconds - for each of @phases the median of the newest like runs of the results directory @root, -1 where none
 * of them had such a phase. Runs that cannot be read are passed over. The caller frees it with g_free().
 */
double *earlier_seconds(const char *root, const struct earlier_like *like, const char *const *phases);

#endif
