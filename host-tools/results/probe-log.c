/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading what guests/probe and the kernel's selftests wrote. */
#include "results/probe-log.h"

#include <string.h>

#include "base/error.h"
#include "base/stats.h"

#define FIELDS_MAX 8
#define SHOWN_MAX 60
/* What a program may have told: the probe's own bounds, with room. */
#define LINES_MAX 10000

static bool wrong(GError **error, const char *what, const char *line)
{
	g_autofree char *shown = g_strndup(line, SHOWN_MAX), *plain = g_strescape(shown, NULL);

	return vtdlab_unjudged(error, "the probe's report: %s: '%s'", what, plain);
}

/* "KIND a=1 b=2": exactly these names, in this order. */
static bool read_fields(const char *line, const char *kind, const char *const *names, uint64_t *values)
{
	g_auto(GStrv) words = g_strsplit(line, " ", FIELDS_MAX + 2);
	unsigned n = g_strv_length((char **)names);

	if (g_strv_length(words) != n + 1 || strcmp(words[0], kind) != 0)
		return false;
	for (unsigned i = 0; i < n; i++) {
		const char *word = words[i + 1];
		size_t len = strlen(names[i]);

		if (strncmp(word, names[i], len) != 0 || word[len] != '=' ||
		    !g_ascii_string_to_unsigned(word + len + 1, 10, 0, G_MAXINT64, &values[i], NULL))
			return false;
	}
	return true;
}

static bool is_kind(const char *line, const char *kind)
{
	size_t len = strlen(kind);

	return strncmp(line, kind, len) == 0 && line[len] == ' ';
}

static bool add_run(struct probe_log *log, const char *line, GError **error)
{
	static const char *const names[] = { "vm", "vcpu", "n", "start", "end", "cpu", "faults", NULL };
	uint64_t v[G_N_ELEMENTS(names)];
	struct probe_run run;

	if (!read_fields(line, "run", names, v))
		return wrong(error, "a line that is none", line);
	run = (struct probe_run){ v[0], v[1], v[2], v[3], v[4], v[5], v[6] };
	if (run.end < run.start)
		return wrong(error, "a run that ends before it starts", line);
	g_array_append_val(log->runs, run);
	return true;
}

static bool add_call(struct probe_log *log, const char *line, GError **error)
{
	static const char *const slot[] = { "vm", "slot", "flags", "size", "ns", "cpu", NULL };
	static const char *const other[] = { "ns", NULL };
	uint64_t v[FIELDS_MAX];
	struct probe_call call = { .kind = PROBE_SLOT };

	if (read_fields(line, "slot", slot, v)) {
		call.slot = v[1];
		call.size = v[3];
		call.ns = v[4];
		call.cpu = v[5];
	} else if (read_fields(line, "get", other, v) || read_fields(line, "clear", other, v)) {
		call.kind = *line == 'g' ? PROBE_GET : PROBE_CLEAR;
		call.ns = v[0];
	} else {
		return wrong(error, "a line that is none", line);
	}
	g_array_append_val(log->calls, call);
	return true;
}

static bool at_end(const char *line, GError **error)
{
	static const char *const names[] = { "vcpus", "runs", "lost", NULL };
	uint64_t v[G_N_ELEMENTS(names)];

	if (!read_fields(line, "end", names, v))
		return wrong(error, "a line that is none", line);
	return !v[2] || wrong(error, "it had not room for all", line);
}

static bool read_lines(struct probe_log *log, char **lines, GError **error)
{
	unsigned n = 0;

	while (*lines && strcmp(*lines, "probe 1") != 0)
		lines++;
	if (!*lines)
		return wrong(error, "there is none", "");
	for (lines++; *lines; lines++) {
		if (is_kind(*lines, "end"))
			return at_end(*lines, error);
		if (++n > LINES_MAX)
			return wrong(error, "too many lines", *lines);
		if (is_kind(*lines, "run") ? !add_run(log, *lines, error) : !add_call(log, *lines, error))
			return false;
	}
	return wrong(error, "it has no end", "");
}

struct probe_log *probe_parse(const char *text, GError **error)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	struct probe_log *log = g_new0(struct probe_log, 1);

	log->runs = g_array_new(FALSE, FALSE, sizeof(struct probe_run));
	log->calls = g_array_new(FALSE, FALSE, sizeof(struct probe_call));
	if (!read_lines(log, lines, error))
		g_clear_pointer(&log, probe_free);
	return log;
}

void probe_free(struct probe_log *log)
{
	if (!log)
		return;
	g_array_unref(log->runs);
	g_array_unref(log->calls);
	g_free(log);
}

/* ---- the selftests' own lines ---- */

/* What of @line follows @what; NULL when it does not begin so. */
static const char *after(const char *line, const char *what)
{
	for (; *what; what++) {
		size_t digits = strspn(line, "0123456789");

		if (*what == '#' && !digits)
			return NULL;
		if (*what != '#' && *line != *what)
			return NULL;
		line += *what == '#' ? digits : 1;
	}
	return line;
}

/* "0.050602703s" and nothing behind it: whole seconds, and nine digits of nanoseconds. */
static bool read_seconds(const char *text, uint64_t *ns)
{
	g_auto(GStrv) parts = g_strsplit(text, ".", 2);
	guint64 seconds, rest;
	size_t len;

	if (g_strv_length(parts) != 2)
		return false;
	len = strlen(parts[1]);
	if (len != 10 || parts[1][9] != 's')
		return false;
	parts[1][9] = '\0';
	if (!g_ascii_string_to_unsigned(parts[0], 10, 0, G_MAXUINT32, &seconds, NULL) ||
	    !g_ascii_string_to_unsigned(parts[1], 10, 0, RATE_NS_A_SECOND - 1, &rest, NULL))
		return false;
	*ns = seconds * RATE_NS_A_SECOND + rest;
	return true;
}

unsigned selftest_times(const char *text, const char *what, GArray *ns)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	unsigned found = 0;

	for (char **line = lines; *line; line++) {
		const char *rest = after(g_strchomp(*line), what);
		uint64_t value;

		if (!rest || strncmp(rest, ": ", 2) != 0 || !read_seconds(rest + 2, &value))
			continue;
		g_array_append_val(ns, value);
		found++;
	}
	return found;
}
