/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTDLAB_RUN_NUMBERS_H
#define VTDLAB_RUN_NUMBERS_H

#include <json-glib/json-glib.h>

#include "evidence/evidence.h"

/*
 * numbers_add - the numbers of @ev that no check has of its own, for run.json: "dma", "faults", "late_dma",
 * "devices", and "kdump" of a lab kernel; what became of the pages of "workload" is added to that. What is in these lists follows from evidence/fields.c.
 */
void numbers_add(JsonObject *to, const struct evidence *ev);

#endif
