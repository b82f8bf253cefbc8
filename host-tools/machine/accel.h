/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whether KVM really runs a Linux guest here. /dev/kvm that opens proves nothing: a guest must boot
 * to its agent's hello, however slowly, without standing still. That is asked once for a boot of the host and a QEMU. A kernel of the
 * user's that hangs may do so by itself: what it says is kept for that kernel alone.
 */
#ifndef VTDLAB_MACHINE_ACCEL_H
#define VTDLAB_MACHINE_ACCEL_H

#include <glib.h>
#include <stdbool.h>

#include "machine/config.h"

struct machine;

enum accel_proof {
	ACCEL_PROVED,  /* a guest reached its agent under KVM */
	ACCEL_REFUTED, /* KVM is missing, or a guest made no progress under it */
	ACCEL_UNKNOWN, /* not tried (no kernel given...), or the trial says nothing of KVM; never kept */
};

struct accel_result {
	enum accel_proof proof;
	bool cached;
	double took_s; /* of the trial itself */
	char *reason;  /* one line, e.g. "KVM: a Linux guest reached its agent in 0.9 s" */
};

/* Seconds of its time after which a guest that makes no progress is taken for hung, where a CPU is as fast as hardware. */
#define ACCEL_STILL_S 30.0

/* What whoever waits is told meanwhile. */
#define ACCEL_TRYING_TEXT "trying KVM with a guest of its own: that it runs or hangs is kept until the next boot"

/* Called when a guest is about to be tried, which takes its time. */
typedef void (*accel_trying)(void *data);

/*
 * cfg: qemu, kernel and initrd (with the agent as /init) are used; its memory, devices and run_dir
 * are not. cache_dir: lab_cache_dir(), NULL for no cache. The first time it takes as long as the guest comes on; from
 * the cache, none. Without kernel it only reads the cache and looks at /dev/kvm. @trying may be NULL. Free with accel_result_clear(). false
 * with an error only for a bad QEMU (USAGE) or an interrupt.
 */
bool accel_probe_kvm(const struct machine_config *cfg, const char *cache_dir, accel_trying trying, void *data,
		     struct accel_result *result, GError **error);

/*
 * accel_recall - what a trial has said since this host booted: of any kernel, or of this one only.
 * @qemu: the program
 * False: nothing.
 */
bool accel_recall(const struct machine_config *cfg, const char *qemu, const char *cache_dir, struct accel_result *r);

/*
 * accel_remember - keeps @r, unless it is ACCEL_UNKNOWN: for all kernels where KVM was proved, or refuted by one that is
 * vouched for (cfg->kernel_vouched), else for this one. Best effort.
 */
void accel_remember(const struct machine_config *cfg, const char *qemu, const char *cache_dir,
		    const struct accel_result *r);

/*
 * accel_failed_trial - what a trial says of KVM that ended without its agent's hello, because of @why, on @m (NULL: QEMU
 * did not start); *@r is filled. That KVM is refuted, a fact to be kept, takes a guest that stood still for all of its
 * time and wrote nothing to its console; all else may be the host's bad moment.
 */
void accel_failed_trial(struct accel_result *r, struct machine *m, const GError *why);
void accel_result_clear(struct accel_result *result);

/*
 * accel_resolve - makes AUTO in @cfg what it means here, before machine_start(): KVM if proved (by accel_probe_kvm(),
 * which see for times and errors), else TCG. *@reason: one line that says why, g_free(); NULL unless it was AUTO.
 */
bool accel_resolve(struct machine_config *cfg, accel_trying trying, void *data, char **reason, GError **error);

#endif
