/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one error domain of the host tools. A code is also an exit status (docs: man page, "EXIT STATUS"),
 * so a library never has to know what its caller does with an error.
 */
#ifndef VTDLAB_BASE_ERROR_H
#define VTDLAB_BASE_ERROR_H

#include <glib.h>
#include <stdbool.h>

#define VTDLAB_ERROR (vtdlab_error_quark())

enum vtdlab_error {
	VTDLAB_ERROR_USAGE,	   /* bad option or scenario: what somebody typed is wrong: exit 2 */
	VTDLAB_ERROR_CANNOT_JUDGE, /* the rig did not get as far as a verdict: exit 125 */
	VTDLAB_ERROR_INTERRUPTED,  /* SIGINT, SIGTERM or SIGHUP: exit 130 */
	VTDLAB_ERROR_FAILED,	   /* something of ours failed (I/O, memory, disk full): exit 125 */
	VTDLAB_ERROR_UNFIT, /* the kernel given, or this QEMU or host, cannot run it: exit 125, and no run is left behind */
};

/* Exit statuses of run, reproduce, matrix and bench (they fit `git bisect run`). */
enum vtdlab_exit {
	VTDLAB_EXIT_OK = 0,
	VTDLAB_EXIT_BAD = 1,
	VTDLAB_EXIT_USAGE = 2,
	VTDLAB_EXIT_CANNOT_JUDGE = 125,
	VTDLAB_EXIT_INTERRUPTED = 130,
};

GQuark vtdlab_error_quark(void);

/*
 * Each sets @error and returns false: vtdlab_refuse VTDLAB_ERROR_USAGE (what somebody typed is wrong), vtdlab_unjudged
 * VTDLAB_ERROR_CANNOT_JUDGE, vtdlab_failed VTDLAB_ERROR_FAILED, vtdlab_unfit VTDLAB_ERROR_UNFIT.
 */
bool vtdlab_refuse(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
bool vtdlab_unjudged(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
bool vtdlab_unfit(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
bool vtdlab_failed(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

/*
 * vtdlab_error_exit - the exit status that an error stands for.
 * @error: any GError; one of another domain (GIO, key file) counts as VTDLAB_ERROR_FAILED
 */
int vtdlab_error_exit(const GError *error);

/* vtdlab_error_no_run - does @error say that there was nothing to run (USAGE, UNFIT), so that there is no run to keep? */
bool vtdlab_error_no_run(const GError *error);

/*
 * vtdlab_exit_worse - the exit status of two runs of a series, and so, taken over all of them, of the series.
 *
 * From the worst: interrupted (130), usage (2), bad (1), cannot judge (125) and whatever else is not 0. One bad
 * run among several is proof, which no other run takes back; one that could not be judged only keeps a series of
 * good ones from being good. So `git bisect run` may be given a series.
 */
int vtdlab_exit_worse(int a, int b);

#endif
