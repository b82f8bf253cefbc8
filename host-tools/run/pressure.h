/* SPDX-License-Identifier: GPL-2.0-only */
/* A busy host on purpose: processes that take CPUs, memory and disk until they are ended, or we are. */
#ifndef VTDLAB_RUN_PRESSURE_H
#define VTDLAB_RUN_PRESSURE_H

#include <glib.h>
#include <stdbool.h>

enum pressure_kind { PRESSURE_CPU = 1, PRESSURE_MEMORY = 2, PRESSURE_DISK = 4, PRESSURE_ALL = 7 };

struct pressure;

/*
 * pressure_start - of @kinds, or-ed: @loops busy loops, 0: one for each CPU; a quarter of the free memory, 1 GiB at most, written over
 * and over; a file of 64 MiB in @dir (without a name) written and synced over and over.
 * NULL and VTDLAB_ERROR_FAILED.
 */
struct pressure *pressure_start(unsigned kinds, unsigned loops, const char *dir, GError **error);

/* pressure_end - ends all of it. NULL is fine. */
void pressure_end(struct pressure *p);

/* pressure_lost - has one of its processes ended by itself, as where memory ran out? */
bool pressure_lost(struct pressure *p);

#endif
