/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A first kernel that does not come as far as the panic: its own doing, or the lab's? Told apart by a reference, a kernel
 * that goes through the same phases on the same machine.
 */
#ifndef VTDLAB_RUN_REFERENCE_H
#define VTDLAB_RUN_REFERENCE_H

#include "run/phases.h"

/*
 * reference_first_failure - does @error, which ended the attempt, say that the first kernel, or a device of its, gave no
 * sign of life where it had to? Then it goes into the evidence (first_failure), and is no broken rig.
 */
bool reference_first_failure(struct run *run, const GError *error);

/*
 * reference_run - boots a reference through the phases that the first kernel did not survive, and puts into the evidence
 * which one came through (reference), or why none speaks (reference_failure). The kernel is the one of --reference, else
 * the newest of the cache. False: interrupted.
 */
bool reference_run(struct run *run, GError **error);

#endif
