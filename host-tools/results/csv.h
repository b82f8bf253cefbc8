/* SPDX-License-Identifier: GPL-2.0-only */
/* The CSV files of a run directory (RFC 4180 quoting, '\n' line ends, one header line), as text for rundir_write(). */
#ifndef VTDLAB_RESULTS_CSV_H
#define VTDLAB_RESULTS_CSV_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Columns of timeline.csv and iova.csv (design, "A run directory"). */
#define CSV_TIMELINE_HEADER "phase,host_ns,kernel,guest_ns,source"
#define CSV_IOVA_HEADER \
	"kernel,requester,pasid,did,phase,iova_start,iova_end_inclusive,pages,perm,source,who,count,stride"

/* csv_new - a file with nothing but the line @header (column names, comma separated). */
GString *csv_new(const char *header);

/* csv_cell - one cell of a row, quoted where it must be; NULL: an empty one. csv_end - the row ends behind the last cell. */
void csv_cell(GString *csv, const char *value);
void csv_end(GString *csv);

/* One row of timeline.csv. */
struct csv_timeline_row {
	const char *phase;  /* "boot", "attach:0000:00:03.0", ... */
	int64_t host_ns;    /* CLOCK_REALTIME, ns */
	const char *kernel; /* "first" or "crash" */
	int64_t guest_ns;   /* the guest's clock since its boot, ns; < 0 = not known (empty cell) */
	const char *source; /* who saw it: "agent", "trace", "host" */
};
void csv_timeline_row(GString *csv, const struct csv_timeline_row *row);

/*
 * One row of iova.csv: a run of contiguous IOVAs of one requester, or @count of them of one length,
 * each @stride bytes behind the start of the one before.
 */
struct csv_iova_row {
	const char *kernel;  /* "first" or "crash": whose tables */
	uint16_t requester;  /* bus << 8 | devfn; written as 0000:bb:dd.f */
	int32_t pasid;	     /* < 0 = legacy mode, no PASID (empty cell) */
	uint16_t did;	     /* domain id */
	const char *phase;   /* name of the snapshot */
	uint64_t iova_start; /* first byte */
	uint64_t iova_end;   /* last byte, inclusive */
	const char *perm;    /* "r", "w", "rw" */
	bool reserved;	     /* false: mapped; true: reserved by the IOVA allocator (no did, no perm) */
	bool no_requester;   /* reserved for nobody that is known (empty cell) */
	const char *who;     /* driver or domain, may be NULL */
	uint64_t count;	     /* 0 = 1 */
	uint64_t stride;     /* of the starts, bytes, where there are several */
};
/* pages is computed: 4-KiB pages touched by all @count of them, the whole 2^64 included as 2^52. */
void csv_iova_row(GString *csv, const struct csv_iova_row *row);

#endif
