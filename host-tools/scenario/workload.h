/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * first.workload: a program of guests/ that the first kernel runs until it dies.
 *
 *   vfio-map pages=N [stride=K] [size=4k|2m] [iova=ADDRESS]
 *
 * maps N pages for the edu device by VFIO, one every K pages of IOVA from @iova on, and lets the
 * device do DMA through them (guests/dma).
 */
#ifndef VTDLAB_SCENARIO_WORKLOAD_H
#define VTDLAB_SCENARIO_WORKLOAD_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct scenario;

#define WORKLOAD_PAGES_MAX UINT64_C(4000000)
#define WORKLOAD_STRIDE_MAX UINT64_C(65536)

struct workload {
	const char *name; /* static; NULL: none */
	uint64_t pages, stride;
	uint64_t size; /* of a page, bytes */
	uint64_t iova; /* where the first page is to go */
};

/* workload_parse - the text of first.workload; "" is none. Errors: VTDLAB_ERROR_USAGE. */
bool workload_parse(const char *text, struct workload *w, GError **error);

/* workload_check - parses, and asks whether the machine of the scenario can have it. */
bool workload_check(const struct scenario *s, GError **error);

/* workload_name - "vfio-map", NULL when there is none or its text is wrong. */
const char *workload_name(const struct scenario *s);

/* workload_options - the config options that the first kernel needs for it, "" for none. */
const char *workload_options(const struct scenario *s);

#endif
