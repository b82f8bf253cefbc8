/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The CSV files of a run directory (RFC 4180 quoting, '\n' line ends, one header line).
 *
 * Rows go to <path>.tmp; csv_close() checks every write so far, syncs, and renames to <path>. A
 * write error is remembered and reported once, by csv_close(): a half-written file never has the
 * final name.
 */
#ifndef VTDLAB_RESULTS_CSV_H
#define VTDLAB_RESULTS_CSV_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct csv;

/* Columns of timeline.csv and iova.csv (design, "A run directory"). */
#define CSV_TIMELINE_HEADER "phase,host_ns,kernel,guest_ns,source"
#define CSV_IOVA_HEADER \
	"kernel,requester,pasid,did,phase,iova_start,iova_end_inclusive,pages,perm,source,who,count,stride"

/*
 * csv_open - begin the file @path with the line @header (column names, comma separated).
 * NULL and @error when it cannot be made.
 */
struct csv *csv_open(const char *path, const char *header, GError **error);

/* One cell. csv_row_end() ends the row; too many or too few cells are a programming error. */
void csv_str(struct csv *csv, const char *value); /* NULL = an empty cell */
void csv_u64(struct csv *csv, uint64_t value);	  /* decimal */
void csv_i64(struct csv *csv, int64_t value);	  /* decimal */
void csv_hex(struct csv *csv, uint64_t value);	  /* 0x..., no leading zeroes */
void csv_row_end(struct csv *csv);

/*
 * csv_close - finish: true when every byte is on disk under the final name. Frees @csv in any case.
 */
bool csv_close(struct csv *csv, GError **error);

/* csv_abort - throw the file away. NULL is fine. */
void csv_abort(struct csv *csv);

/* One row of timeline.csv. */
struct csv_timeline_row {
	const char *phase;  /* "boot", "attach:0000:00:03.0", ... */
	int64_t host_ns;    /* CLOCK_REALTIME, ns */
	const char *kernel; /* "first" or "crash" */
	int64_t guest_ns;   /* the guest's clock since its boot, ns; < 0 = not known (empty cell) */
	const char *source; /* who saw it: "agent", "trace", "host" */
};
void csv_timeline_row(struct csv *csv, const struct csv_timeline_row *row);

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
void csv_iova_row(struct csv *csv, const struct csv_iova_row *row);

#endif
