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

void csv_cell(GString *csv, const char *value)
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
	csv_cell(csv, NULL);
}

static void put_hex(GString *csv, bool there, uint64_t value)
{
	if (there)
		g_string_append_printf(csv, "0x%" PRIx64, value);
	csv_cell(csv, NULL);
}

/* The last cell has no comma behind it. */
void csv_end(GString *csv)
{
	csv->str[csv->len - 1] = '\n';
}

void csv_timeline_row(GString *csv, const struct csv_timeline_row *row)
{
	csv_cell(csv, row->phase);
	put_number(csv, true, (uint64_t)row->host_ns);
	csv_cell(csv, row->kernel);
	put_number(csv, row->guest_ns >= 0, (uint64_t)row->guest_ns);
	csv_cell(csv, row->source);
	csv_end(csv);
}

void csv_iova_row(GString *csv, const struct csv_iova_row *row)
{
	char bdf[16];
	uint64_t pages = (row->iova_end >> 12) - (row->iova_start >> 12) + 1, count = MAX(row->count, 1);

	csv_cell(csv, row->kernel);
	csv_cell(csv, row->no_requester ? NULL : sid_text(row->requester, bdf));
	put_number(csv, row->pasid >= 0, (uint64_t)row->pasid);
	put_number(csv, !row->reserved, row->did);
	csv_cell(csv, row->phase);
	put_hex(csv, true, row->iova_start);
	put_hex(csv, true, row->iova_end);
	put_number(csv, true, pages * count);
	csv_cell(csv, row->perm);
	csv_cell(csv, row->reserved ? "reserved" : "mapped");
	csv_cell(csv, row->who);
	put_number(csv, true, count);
	put_hex(csv, count > 1, row->stride);
	csv_end(csv);
}
