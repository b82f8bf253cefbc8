/* SPDX-License-Identifier: GPL-2.0-only */
/* The CSV files of a run directory. */
#include "results/csv.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/sid.h"

struct csv {
	FILE *file;
	char *path; /* final name */
	char *temp; /* where it is written */
	unsigned int columns;
	unsigned int cells; /* of the row being written */
	int err;	    /* errno of the first write that failed */
};

static bool failed(GError **error, const char *path, int err)
{
	g_set_error(error, VTDLAB_ERROR, VTDLAB_ERROR_FAILED, "cannot write %s: %s", path, g_strerror(err));
	return false;
}

struct csv *csv_open(const char *path, const char *header, GError **error)
{
	struct csv *csv = g_new0(struct csv, 1);

	csv->path = g_strdup(path);
	csv->temp = g_strconcat(path, ".tmp", NULL);
	csv->columns = 1;
	for (const char *p = header; *p; p++)
		csv->columns += *p == ',';
	csv->file = fopen(csv->temp, "we");
	if (!csv->file) {
		failed(error, csv->temp, errno);
		csv_abort(csv);
		return NULL;
	}
	fprintf(csv->file, "%s\n", header);
	return csv;
}

static void begin_cell(struct csv *csv)
{
	g_assert(csv->cells < csv->columns);
	if (csv->cells++)
		putc(',', csv->file);
}

static void check(struct csv *csv)
{
	if (!csv->err && ferror(csv->file))
		csv->err = errno ? errno : EIO;
}

void csv_str(struct csv *csv, const char *value)
{
	begin_cell(csv);
	if (!value)
		return;
	if (!strpbrk(value, ",\"\r\n")) {
		fputs(value, csv->file);
		return;
	}
	putc('"', csv->file);
	for (; *value; value++) {
		if (*value == '"')
			putc('"', csv->file);
		putc(*value, csv->file);
	}
	putc('"', csv->file);
}

void csv_u64(struct csv *csv, uint64_t value)
{
	begin_cell(csv);
	fprintf(csv->file, "%" PRIu64, value);
}

void csv_i64(struct csv *csv, int64_t value)
{
	begin_cell(csv);
	fprintf(csv->file, "%" PRId64, value);
}

void csv_hex(struct csv *csv, uint64_t value)
{
	begin_cell(csv);
	fprintf(csv->file, "0x%" PRIx64, value);
}

void csv_row_end(struct csv *csv)
{
	g_assert(csv->cells == csv->columns);
	csv->cells = 0;
	putc('\n', csv->file);
	check(csv);
}

bool csv_close(struct csv *csv, GError **error)
{
	bool ok;

	g_assert(csv->cells == 0);
	errno = 0;
	if (fflush(csv->file) != 0 && !csv->err)
		csv->err = errno ? errno : EIO;
	check(csv);
	if (!csv->err && fsync(fileno(csv->file)) != 0 && errno != EINVAL && errno != EROFS)
		csv->err = errno;
	if (fclose(csv->file) != 0 && !csv->err)
		csv->err = errno ? errno : EIO;
	csv->file = NULL;
	if (!csv->err && rename(csv->temp, csv->path) != 0)
		csv->err = errno;
	ok = csv->err ? failed(error, csv->path, csv->err) : true;
	if (ok)
		g_clear_pointer(&csv->temp, g_free);
	csv_abort(csv);
	return ok;
}

void csv_abort(struct csv *csv)
{
	if (!csv)
		return;
	if (csv->file)
		fclose(csv->file);
	if (csv->temp)
		g_unlink(csv->temp);
	g_free(csv->temp);
	g_free(csv->path);
	g_free(csv);
}

void csv_timeline_row(struct csv *csv, const struct csv_timeline_row *row)
{
	csv_str(csv, row->phase);
	csv_i64(csv, row->host_ns);
	csv_str(csv, row->kernel);
	if (row->guest_ns < 0)
		csv_str(csv, NULL);
	else
		csv_i64(csv, row->guest_ns);
	csv_str(csv, row->source);
	csv_row_end(csv);
}

void csv_iova_row(struct csv *csv, const struct csv_iova_row *row)
{
	char bdf[16];
	uint64_t pages = (row->iova_end >> 12) - (row->iova_start >> 12) + 1, count = MAX(row->count, 1);

	csv_str(csv, row->kernel);
	csv_str(csv, row->no_requester ? NULL : sid_text(row->requester, bdf));
	if (row->pasid < 0)
		csv_str(csv, NULL);
	else
		csv_u64(csv, row->pasid);
	if (row->reserved)
		csv_str(csv, NULL);
	else
		csv_u64(csv, row->did);
	csv_str(csv, row->phase);
	csv_hex(csv, row->iova_start);
	csv_hex(csv, row->iova_end);
	csv_u64(csv, pages * count);
	csv_str(csv, row->perm);
	csv_str(csv, row->reserved ? "reserved" : "mapped");
	csv_str(csv, row->who);
	csv_u64(csv, count);
	if (count > 1)
		csv_hex(csv, row->stride);
	else
		csv_str(csv, NULL);
	csv_row_end(csv);
}
