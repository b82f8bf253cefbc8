/* SPDX-License-Identifier: GPL-2.0-only */
#include "html/trace-bins.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "base/lines.h"

/* So much of a log is read: some two million events. */
#define READ_MAX (INT64_C(256) << 20)
#define LINE_MAX_BYTES 4096

/* Which group an event is of, TRACE_GROUPS for none: asked of the patterns once for each name. */
static unsigned group_of(GHashTable *known, GRegex *const *groups, const char *event)
{
	gpointer value;
	unsigned group = 0;

	if (g_hash_table_lookup_extended(known, event, NULL, &value))
		return GPOINTER_TO_UINT(value);
	while (group < TRACE_GROUPS && !g_regex_match(groups[group], event, 0, NULL))
		group++;
	/* the names are QEMU's, and few; a log full of other things is not remembered */
	if (group < TRACE_GROUPS)
		g_hash_table_insert(known, g_strdup(event), GUINT_TO_POINTER(group));
	return group;
}

/* "pid@seconds.microseconds:event ...": its time and name; the name is cut off in place. */
static bool take_event(char *line, int64_t *ns, const char **event)
{
	char *p = strchr(line, '@'), *end;
	uint64_t s, us;

	if (!p || !g_ascii_isdigit(p[1]))
		return false;
	s = g_ascii_strtoull(p + 1, &end, 10);
	if (*end != '.' || !g_ascii_isdigit(end[1]))
		return false;
	us = g_ascii_strtoull(end + 1, &end, 10);
	if (*end != ':' || s > INT64_MAX / 1000000000 - 1 || us > 999999)
		return false;
	*event = ++end;
	end[strcspn(end, " \n")] = '\0';
	*ns = (int64_t)s * 1000000000 + (int64_t)us * 1000;
	return true;
}

/* What lines are counted by. */
struct counting {
	struct trace_bins *bins;
	GHashTable *known; /* event name -> group */
	GRegex *groups[TRACE_GROUPS];
};

static void count_line(void *data, const char *text, size_t len)
{
	struct counting *c = data;
	g_autofree char *line = g_strndup(text, len);
	int64_t ns, span = c->bins->end_ns - c->bins->start_ns;
	const char *event;
	unsigned group;

	if (!take_event(line, &ns, &event) || ns < c->bins->start_ns || ns >= c->bins->end_ns)
		return;
	group = group_of(c->known, c->groups, event);
	if (group < TRACE_GROUPS)
		c->bins->n[group][(size_t)((double)(ns - c->bins->start_ns) / (double)span * TRACE_BINS)]++;
}

static void no_event(void *data, const char *line, size_t len)
{
	(void)data;
	(void)line;
	(void)len;
}

bool trace_bins_read(struct trace_bins *bins, const char *path)
{
	g_autoptr(GHashTable) known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	struct counting c = { .bins = bins, .known = known };
	struct lines lines = { .max = LINE_MAX_BYTES };
	FILE *file = fopen(path, "re");
	int64_t left = READ_MAX;
	char buf[65536];
	size_t len;

	memset(bins->n, 0, sizeof(bins->n));
	bins->cut = false;
	if (!file)
		return false;
	for (unsigned g = 0; g < TRACE_GROUPS; g++)
		c.groups[g] = g_regex_new(trace_group_patterns[g], G_REGEX_RAW, G_REGEX_MATCH_ANCHORED, NULL);
	while (left > 0 && (len = fread(buf, 1, sizeof(buf), file)) > 0) {
		lines_feed(&lines, buf, len, count_line, no_event, &c);
		left -= (int64_t)len;
	}
	bins->cut = left <= 0;
	lines_clear(&lines);
	fclose(file);
	for (unsigned g = 0; g < TRACE_GROUPS; g++)
		g_regex_unref(c.groups[g]);
	return true;
}
