/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading iova.csv: a file of a run directory, which anybody may have edited. */
#include "results/iova-table.h"

#include "base/error.h"
#include "results/csv.h"

#define COLUMNS 13
/* the header of runs made before a row could stand for several ranges */
#define OLD_HEADER "kernel,requester,pasid,did,phase,iova_start,iova_end_inclusive,pages,perm,source,who"
#define OLD_COLUMNS 11
#define RANGES_MAX 4000000u
/* Few ranges stay a row each, which is easier to read. */
#define SERIES_MIN 16

static bool bad(GError **error, const char *name, unsigned line, const char *what)
{
	g_set_error(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE, "%s: line %u: %s", name, line, what);
	return false;
}

/* Cuts a line in place; false: not @columns cells. Quoted cells lose their quotes. */
static bool cut(char *line, char *cells[COLUMNS], unsigned columns)
{
	char *p = line, *to;

	for (unsigned n = 0; n < columns; n++) {
		cells[n] = to = p;
		if (*p == '"') {
			p++;
			while (*p && (*p != '"' || p[1] == '"')) {
				p += *p == '"';
				*to++ = *p++;
			}
			if (*p++ != '"')
				return false;
		} else {
			while (*p && *p != ',')
				*to++ = *p++;
		}
		if (n + 1 < columns ? *p != ',' : *p != '\0')
			return false;
		p++;
		*to = '\0';
	}
	return true;
}

static bool take_address(const char *cell, uint64_t *value)
{
	size_t digits;

	if (cell[0] != '0' || cell[1] != 'x')
		return false;
	digits = strspn(cell + 2, "0123456789abcdef");
	*value = g_ascii_strtoull(cell + 2, NULL, 16);
	return digits > 0 && digits <= 16 && !cell[2 + digits];
}

/* A word of a cell into a field: what is longer, or could not be printed, is no row of ours. */
static bool take_word(const char *cell, char *field, size_t cap)
{
	for (const char *c = cell; *c; c++)
		if (!g_ascii_isgraph(*c))
			return false;
	return g_strlcpy(field, cell, cap) < cap;
}

static const char *take_row(char *cells[COLUMNS], struct iova_row *row)
{
	memset(row, 0, sizeof(*row));
	row->crash = strcmp(cells[0], "crash") == 0;
	if (!row->crash && strcmp(cells[0], "first") != 0)
		return "kernel is neither first nor crash";
	if (!take_word(cells[1], row->requester, sizeof(row->requester)) ||
	    !take_word(cells[2], row->pasid, sizeof(row->pasid)) ||
	    !take_word(cells[4], row->phase, sizeof(row->phase)) || !take_word(cells[8], row->perm, sizeof(row->perm)))
		return "a requester, PASID, phase or permission that is none";
	if (!take_address(cells[5], &row->start) || !take_address(cells[6], &row->last) || row->start > row->last)
		return "no range of addresses";
	row->count = 1;
	row->reserved = strcmp(cells[9], "reserved") == 0;
	if (!row->reserved && strcmp(cells[9], "mapped") != 0)
		return "source is neither mapped nor reserved";
	return NULL;
}

/* How many ranges a row stands for, and how far apart they are. */
static const char *take_series(char *cells[COLUMNS], struct iova_row *row)
{
	guint64 count;

	if (!g_ascii_string_to_unsigned(cells[11], 10, 1, RANGES_MAX, &count, NULL))
		return "a count of ranges that is none";
	row->count = count;
	if (count == 1)
		return *cells[12] ? "a stride of one range" : NULL;
	if (!take_address(cells[12], &row->stride) || row->stride <= row->last - row->start ||
	    row->stride > (UINT64_MAX - row->last) / (count - 1))
		return "a stride that is none";
	return NULL;
}

static const char *take_line(char *line, unsigned columns, struct iova_row *row)
{
	char *cells[COLUMNS];
	const char *wrong;

	if (!cut(line, cells, columns))
		return columns == COLUMNS ? "not 13 cells" : "not 11 cells";
	wrong = take_row(cells, row);
	if (!wrong && columns == COLUMNS)
		wrong = take_series(cells, row);
	return wrong;
}

GArray *iova_table_parse(const char *text, const char *name, GError **error)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(struct iova_row));
	bool old = lines[0] && strcmp(lines[0], OLD_HEADER) == 0;
	uint64_t ranges = 0;
	struct iova_row row;

	if (!old && (!lines[0] || strcmp(lines[0], CSV_IOVA_HEADER) != 0)) {
		bad(error, name, 1, "not the header of an iova.csv");
		return NULL;
	}
	for (unsigned i = 1; lines[i]; i++) {
		const char *wrong;

		if (!*lines[i] && !lines[i + 1])
			break;
		wrong = take_line(lines[i], old ? OLD_COLUMNS : COLUMNS, &row);
		ranges += wrong ? 0 : row.count;
		if (!wrong && ranges > RANGES_MAX)
			wrong = "more ranges than a run has";
		if (wrong) {
			bad(error, name, i + 1, wrong);
			return NULL;
		}
		g_array_append_val(rows, row);
	}
	return g_steal_pointer(&rows);
}

GArray *iova_table_load(const char *path, GError **error)
{
	g_autofree char *text = NULL;
	g_autoptr(GError) why = NULL;
	gsize len;

	if (!g_file_get_contents(path, &text, &len, &why)) {
		g_set_error(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE, "%s", why->message);
		return NULL;
	}
	if (memchr(text, '\0', len)) {
		g_set_error(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE, "%s: not text", path);
		return NULL;
	}
	return iova_table_parse(text, path, error);
}

size_t iova_series(const struct iommu_run *runs, size_t n)
{
	uint64_t stride = n > 1 ? runs[1].iova_start - runs[0].iova_start : 0;
	size_t i = 1;

	while (i < n && runs[i].iova_start - runs[i - 1].iova_start == stride && runs[i].perm == runs[0].perm &&
	       runs[i].iova_last - runs[i].iova_start == runs[0].iova_last - runs[0].iova_start)
		i++;
	return i < SERIES_MIN ? 1 : i;
}
