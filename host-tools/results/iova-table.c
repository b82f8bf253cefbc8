/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading iova.csv: a file of a run directory, which anybody may have edited. */
#include "results/iova-table.h"

#include <string.h>

#include "base/error.h"
#include "results/csv.h"

#define COLUMNS 11
#define ROWS_MAX 4000000u

static bool bad(GError **error, const char *name, unsigned line, const char *what)
{
	g_set_error(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE, "%s: line %u: %s", name, line, what);
	return false;
}

/* Cuts a line in place; false: not COLUMNS cells. Quoted cells lose their quotes. */
static bool cut(char *line, char *cells[COLUMNS])
{
	char *p = line, *to;

	for (unsigned n = 0; n < COLUMNS; n++) {
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
		if (n + 1 < COLUMNS ? *p != ',' : *p != '\0')
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
	    !take_word(cells[4], row->phase, sizeof(row->phase)) ||
	    !take_word(cells[8], row->perm, sizeof(row->perm)))
		return "a requester, PASID, phase or permission that is none";
	if (!take_address(cells[5], &row->start) || !take_address(cells[6], &row->last) ||
	    row->start > row->last)
		return "no range of addresses";
	row->reserved = strcmp(cells[9], "reserved") == 0;
	if (!row->reserved && strcmp(cells[9], "mapped") != 0)
		return "source is neither mapped nor reserved";
	return NULL;
}

GArray *iova_table_parse(const char *text, const char *name, GError **error)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(struct iova_row));
	char *cells[COLUMNS];
	struct iova_row row;

	if (!lines[0] || strcmp(lines[0], CSV_IOVA_HEADER) != 0) {
		bad(error, name, 1, "not the header of an iova.csv");
		return NULL;
	}
	for (unsigned i = 1; lines[i]; i++) {
		const char *wrong = NULL;

		if (!*lines[i] && !lines[i + 1])
			break;
		if (!cut(lines[i], cells))
			wrong = "not 11 cells";
		else
			wrong = take_row(cells, &row);
		if (!wrong && rows->len >= ROWS_MAX)
			wrong = "more rows than a run has";
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
