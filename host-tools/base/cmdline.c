/* SPDX-License-Identifier: GPL-2.0-only */
/* The words of a kernel's command line, as lib/cmdline.c and kernel/params.c of Linux read them. */
#include "base/cmdline.h"

#include <glib.h>

char *cmdline_next(const char **line)
{
	const char *p = *line, *start;
	bool quoted = false;
	char *word;

	while (g_ascii_isspace(*p))
		p++;
	for (start = p; *p && (quoted || !g_ascii_isspace(*p)); p++)
		if (*p == '"')
			quoted = !quoted;
	*line = p;
	word = p > start ? g_strndup(start, p - start) : NULL;
	if (g_strcmp0(word, "--") == 0)
		g_clear_pointer(&word, g_free);
	return word;
}

const char *cmdline_is(const char *word, const char *name)
{
	for (; *name; word++, name++)
		if (*word != *name && !(strchr("-_", *name) && *word && strchr("-_", *word)))
			return NULL;
	return *word == '=' ? word + 1 : NULL;
}

char *cmdline_value(const char *line, const char *name)
{
	char *value = NULL, *word;

	while (line && (word = cmdline_next(&line))) {
		const char *is = cmdline_is(word, name);

		if (is) {
			g_free(value);
			value = g_strdup(is);
		}
		g_free(word);
	}
	return value;
}

bool cmdline_bool(const char *value, bool *on)
{
	char c = g_ascii_tolower(*value), second = c == 'o' ? g_ascii_tolower(value[1]) : c;

	if (!second || !strchr(c == 'o' ? "nf" : "1yt0nf", second))
		return false;
	*on = strchr(c == 'o' ? "n" : "1yt", second) != NULL;
	return true;
}

bool cmdline_switch(const char *line, const char *name, bool *on)
{
	bool found = false;
	char *word;

	while (line && (word = cmdline_next(&line))) {
		const char *is = cmdline_is(word, name);

		found |= is && cmdline_bool(is, on);
		g_free(word);
	}
	return found;
}
