/* SPDX-License-Identifier: GPL-2.0-only */
/* The cells of a hunt: what is varied, and which combination comes as the n-th of a seed. */
#ifndef VTDLAB_BUGS_AXES_H
#define VTDLAB_BUGS_AXES_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "conf/scenario.h"

struct axes;

/*
 * axes_new - the cells of a hunt with @seed: the same ones in the same order for the same four.
 *
 * @base: the scenario that is varied; borrowed, as long as the axes live
 * @kernels: specs to choose first and crash kernel among, NULL-ended, at least one
 * @qemus: names of further QEMUs, NULL-ended; may be empty
 * Free with axes_free().
 */
struct axes *axes_new(const struct scenario *base, const char *const *kernels, const char *const *qemus, uint32_t seed);
/* axes_free - NULL is fine. */
void axes_free(struct axes *a);

/*
 * axes_next - the settings of the next cell: "section.key=value", and "qemu=NAME" for a QEMU beside the host's.
 * Combinations that a scenario refuses are passed over. Returns a list for g_strfreev(); the first kernel comes first.
 */
char **axes_next(struct axes *a);

/*
 * axes_apply - @base with @settings (but options, "qemu=NAME"): NULL if that makes no scenario that can be asked for, with
 * why. Free with scenario_free().
 */
struct scenario *axes_apply(const struct scenario *base, char *const *settings, GError **error);

/* axes_command - "vtdlab run kdump --qemu ... --set ..." of a cell, for people; the caller frees it. */
char *axes_command(const char *scenario, char *const *settings);

/* axes_words - the same as the words behind the program's name, to be added to a list. */
void axes_words(GStrvBuilder *words, const char *scenario, char *const *settings);

/* axes_options - the words of @settings alone: "--qemu NAME" of "qemu=NAME", "--set section.key=value" of a key. */
void axes_options(GStrvBuilder *words, char *const *settings);

#endif
