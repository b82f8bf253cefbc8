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

/* What a member of intel_iommu= says: of the number @name, or, with NULL, the mode. NULL: nothing of it. */
static const char *kdump_member(const char *member, const char *name)
{
	static const char *const numbers[] = { "max", "lines", "regions" };

	if (!g_str_has_prefix(member, "kdump_"))
		return NULL;
	member += strlen("kdump_");
	if (name)
		return cmdline_is(member, name);
	for (unsigned int i = 0; i < G_N_ELEMENTS(numbers); i++)
		if (cmdline_is(member, numbers[i]))
			return NULL;
	return member;
}

static bool is_number(const char *text, unsigned int *n)
{
	char *end;
	guint64 value = g_ascii_strtoull(text, &end, 0);

	if (!g_ascii_isdigit(*text) || *end || value > G_MAXUINT)
		return false;
	*n = value;
	return true;
}

/* @said becomes the *last, but for a number that is none. */
static void take(char **last, const char *said, const char *name)
{
	unsigned int n;

	if (!said || (name && !is_number(said, &n)))
		return;
	g_free(*last);
	*last = g_strdup(said);
}

/* The last that @line says of it; NULL: nothing. */
static char *kdump_last(const char *line, const char *name)
{
	g_autofree char *old = g_strconcat("intel_iommu_kdump", name ? "_" : NULL, name, NULL);
	char *last = NULL, *word;

	while (line && (word = cmdline_next(&line))) {
		const char *is = cmdline_is(word, "intel_iommu");
		g_auto(GStrv) members = g_strsplit(is ? is : "", ",", -1);

		for (char **member = members; *member; member++)
			take(&last, kdump_member(*member, name), name);
		take(&last, cmdline_is(word, old), name);
		g_free(word);
	}
	return last;
}

char *cmdline_kdump_mode(const char *line)
{
	return kdump_last(line, NULL);
}

bool cmdline_kdump_number(const char *line, const char *name, unsigned int *n)
{
	g_autofree char *last = kdump_last(line, name);

	return last && is_number(last, n);
}
