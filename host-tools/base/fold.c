/* SPDX-License-Identifier: GPL-2.0-only */
/* Pages of 72 columns and tables of more on a terminal that has fewer. */
#include "base/fold.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>

#define CONTINUES 14 /* blanks before text that goes on from the line above: the width of a page's labels, or more */
#define SET_IN 4     /* blanks before what goes on below its line */
#define CELL 24	     /* columns that the text of a cell must have to go on below its beginning */

int fold_columns(FILE *out, int otherwise)
{
	struct winsize size;

	return ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : otherwise;
}

/* Columns of @len bytes; "\033[31m" takes none. */
static int width_of(const char *text, gsize len)
{
	int width = 0;

	for (const char *p = text; p < text + len; p = g_utf8_next_char(p)) {
		if (*p == '\033') {
			while (p + 1 < text + len && *p != 'm')
				p++;
			continue;
		}
		width += g_unichar_iswide(g_utf8_get_char(p)) ? 2 : 1;
	}
	return width;
}

static gsize blanks(const char *line)
{
	return strspn(line, " ");
}

/* A command that is to be copied. */
static bool stays_whole(const char *line)
{
	static const char *const labels[] = { "repeat ", "next ", "look at " };

	for (size_t i = 0; i < G_N_ELEMENTS(labels); i++)
		if (g_str_has_prefix(line, labels[i]))
			return true;
	return false;
}

/* "[first]" is none: it is a section of a file. */
static bool is_json(const char *line)
{
	return *line == '{' || (*line == '[' && line[1] && strchr("\n{[\"]", line[1]));
}

static bool continues(const char *line)
{
	return blanks(line) >= CONTINUES && line[blanks(line)];
}

/* A word with the @gap before it, on this line or the next one. */
static void put_word(GString *out, const char *word, gsize len, gsize gap, int columns, gsize set_in, int *at)
{
	int width = width_of(word, len);

	if (*at > 0 && *at + (int)gap + width > columns) {
		g_string_append_printf(out, "\n%*s", (int)set_in, "");
		*at = (int)set_in;
		gap = 0;
	}
	g_string_append_printf(out, "%*s", (int)gap, "");
	g_string_append_len(out, word, (gssize)len);
	*at += (int)gap + width;
}

static void put_line(GString *out, const char *line, int columns)
{
	gsize first = blanks(line), lead = MIN(first, SET_IN);
	const char *p = line + first;
	int at = 0;

	if (width_of(line, strlen(line)) <= columns) {
		g_string_append(out, line);
		return;
	}
	for (gsize gap = lead; *p; gap = MIN(blanks(p), 2), p += blanks(p)) {
		gsize len = strcspn(p, " ");

		put_word(out, p, len, gap, columns, lead + SET_IN, &at);
		p += len;
	}
}

/* Where the last cell of a row begins: behind its last gap. */
static gsize last_cell(const char *line)
{
	gsize at = blanks(line);

	for (const char *p = line + at; (p = strstr(p, "  ")); p += blanks(p))
		at = (gsize)(p - line) + blanks(p);
	return at;
}

static void put_row(GString *out, const char *line, int columns)
{
	gsize cell = last_cell(line), set_in = (int)cell + CELL > columns ? blanks(line) + SET_IN : cell;
	const char *p = line + cell;
	int at = width_of(line, cell);

	if (width_of(line, strlen(line)) <= columns) {
		g_string_append(out, line);
		return;
	}
	g_string_append_len(out, line, (gssize)cell);
	for (gsize gap = 0; *p; gap = blanks(p), p += gap) {
		gsize len = strcspn(p, " ");

		put_word(out, p, len, gap, columns, set_in, &at);
		p += len;
	}
}

static char *fold(const char *text, int columns, bool rows)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	g_auto(GStrv) lines = g_strsplit(valid, "\n", -1);
	GString *out;

	if (is_json(valid))
		return g_steal_pointer(&valid);
	out = g_string_new(NULL);
	for (char **line = lines; *line; line++) {
		g_autoptr(GString) whole = g_string_new(*line);

		if (line != lines)
			g_string_append_c(out, '\n');
		if (rows) {
			put_row(out, *line, columns);
			continue;
		}
		if (is_json(*line) || stays_whole(*line)) {
			g_string_append(out, *line);
			for (; line[1] && continues(line[1]); line++)
				g_string_append_printf(out, "\n%s", line[1]);
			continue;
		}
		while (*g_strchomp(*line) && line[1] && continues(line[1])) {
			line++;
			g_string_append_printf(whole, " %s", *line + blanks(*line));
		}
		put_line(out, whole->str, columns);
	}
	return g_string_free(out, FALSE);
}

char *fold_text(const char *text, int columns)
{
	return fold(text, columns, false);
}

char *fold_rows(const char *text, int columns)
{
	return fold(text, columns, true);
}
