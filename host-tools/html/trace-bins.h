/* SPDX-License-Identifier: GPL-2.0-only */
/* How many of QEMU's trace events of each group fell into each slice of a run. */
#ifndef VTDLAB_HTML_TRACE_BINS_H
#define VTDLAB_HTML_TRACE_BINS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/trace-group.h"

#define TRACE_BINS 240

struct trace_bins {
	int64_t start_ns, end_ns; /* host CLOCK_REALTIME; what lies outside is not counted */
	uint32_t n[TRACE_GROUPS][TRACE_BINS];
	bool cut; /* the file was longer than what is read */
};

/*
 * trace_bins_read - count the lines of QEMU's log at @path; start_ns and end_ns of @bins are set, start < end.
 * False: it cannot be read. Lines that are no trace events of a known group count for nothing.
 */
bool trace_bins_read(struct trace_bins *bins, const char *path);

#endif
