/* SPDX-License-Identifier: GPL-2.0-only */
/* The CSV files of a run directory. */
#include "results/csv.h"

#include <inttypes.h>
#include <string.h>

#include "base/sid.h"

GString *csv_new(const char *header)
{
	return g_string_append_c(g_string_new(header), '\n');
}

/* A cell with the comma behind it; NULL: an empty one. */
static void put(GString *csv, const char *value)
{
	bool quoted = value && strpbrk(value, ",\"\r\n");

	g_string_append(csv, quoted ? "\"" : "");
	for (; value && *value; value++) {
		if (*value == '"')
			g_string_append_c(csv, '"');
		g_string_append_c(csv, *value);
	}
	g_string_append(csv, quoted ? "\"," : ",");
}

static void put_number(GString *csv, bool there, uint64_t value)
{
	if (there)
		g_string_append_printf(csv, "%" PRIu64, value);
	put(csv, NULL);
}

static void put_hex(GString *csv, bool there, uint64_t value)
{
	if (there)
		g_string_append_printf(csv, "0x%" PRIx64, value);
	put(csv, NULL);
}

/* The last cell has no comma behind it. */
static void end_row(GString *csv)
{
	csv->str[csv->len - 1] = '\n';
}

void csv_timeline_row(GString *csv, const struct csv_timeline_row *row)
{
	put(csv, row->phase);
	put_number(csv, true, (uint64_t)row->host_ns);
	put(csv, row->kernel);
	put_number(csv, row->guest_ns >= 0, (uint64_t)row->guest_ns);
	put(csv, row->source);
	end_row(csv);
}

void csv_iova_row(GString *csv, const struct csv_iova_row *row)
{
	char bdf[16];
	uint64_t pages = (row->iova_end >> 12) - (row->iova_start >> 12) + 1, count = MAX(row->count, 1);

	put(csv, row->kernel);
	put(csv, row->no_requester ? NULL : sid_text(row->requester, bdf));
	put_number(csv, row->pasid >= 0, (uint64_t)row->pasid);
	put_number(csv, !row->reserved, row->did);
	put(csv, row->phase);
	put_hex(csv, true, row->iova_start);
	put_hex(csv, true, row->iova_end);
	put_number(csv, true, pages * count);
	put(csv, row->perm);
	put(csv, row->reserved ? "reserved" : "mapped");
	put(csv, row->who);
	put_number(csv, true, count);
	put_hex(csv, count > 1, row->stride);
	end_row(csv);
}
