/* SPDX-License-Identifier: GPL-2.0-only */
/* What the user sees while a run lasts: a live line per phase, or plain lines. */
#include "results/progress.h"

#include <string.h>
#include <unistd.h>

#include "base/fold.h"
#include "base/text.h"

#define REDRAW_MS 200
#define PHASE_WIDTH 20

struct progress {
	FILE *out;
	enum progress_style style; /* never AUTO nor BRIEF */
	bool brief;		   /* only the live line */
	char *phase;		   /* NULL between phases */
	char *note;
	char *title;
	char **expected; /* phases; NULL: not known */
	double *seconds; /* of each of them, -1 where it is not known */
	int at;		 /* the open phase among them, or the last one that was; -1: none was yet */
	bool lost;	 /* the open phase is none of them */
	gint64 start_us; /* monotonic */
	guint timer;
	bool drawn; /* a live line stands on the terminal */
};

static enum progress_style choose(FILE *out, enum progress_style style)
{
	const char *term = g_getenv("TERM");

	enum progress_style log = style == PROGRESS_BRIEF ? PROGRESS_QUIET : PROGRESS_PLAIN;

	if (style != PROGRESS_AUTO && style != PROGRESS_BRIEF)
		return style;
	if (!isatty(fileno(out)) || !term || !*term || strcmp(term, "dumb") == 0)
		return log;
	return PROGRESS_LIVE;
}

/* Columns of the terminal, less one so that no line wraps. */
static int columns(const struct progress *p)
{
	return fold_columns(p->out, 80) - 1;
}

/* A terminal that has no room for columns of ours. */
static bool narrow(const struct progress *p)
{
	return p->style == PROGRESS_LIVE && fold_columns(p->out, FOLD_BELOW) < FOLD_BELOW;
}

void progress_clear(struct progress *p)
{
	if (!p || !p->drawn)
		return;
	fputs("\r\033[K", p->out);
	fflush(p->out);
	p->drawn = false;
}

/* "  crash-boot              3.2 s  <text>"; control characters of the text become spaces. */
static char *format_line(const struct progress *p, const char *text)
{
	g_autofree char *clean = text_one_line(text ? text : "");
	double seconds = (double)(g_get_monotonic_time() - p->start_us) / 1e6;
	int width = narrow(p) ? 0 : PHASE_WIDTH;

	return g_strdup_printf("  %-*s %*.1f s%s%s", width, p->phase, width ? 7 : 0, seconds, *clean ? "  " : "",
			       clean);
}

/* A line that stays. */
static void put_whole(const struct progress *p, const char *line)
{
	g_autofree char *folded = narrow(p) ? fold_text(line, columns(p)) : g_strdup(line);

	fprintf(p->out, "%s\n", folded);
	fflush(p->out);
}

/* Seconds until the last phase should have ended; -1: not known. A phase that takes longer than ever is about to end. */
static double seconds_left(const struct progress *p)
{
	double open = (double)(g_get_monotonic_time() - p->start_us) / 1e6, sum = 0;

	for (int i = p->at; p->expected[i]; i++) {
		if (p->seconds[i] < 0)
			return -1;
		sum += i == p->at ? MAX(p->seconds[i] - open, 0) : p->seconds[i];
	}
	return sum;
}

/* "2 of 12, kdump: phase 5 of 11, about 12 s left", of what is known. */
static char *format_state(const struct progress *p)
{
	GString *out = g_string_new(p->title);
	bool numbered = p->expected && !p->lost;
	double left = numbered ? seconds_left(p) : -1;

	if (numbered)
		g_string_append_printf(out, narrow(p) ? "%s%d/%u" : "%sphase %d of %u", out->len ? ": " : "", p->at + 1,
				       g_strv_length(p->expected));
	if (left >= 0.5)
		g_string_append_printf(out, narrow(p) ? ", ~%.0f s" : ", about %.0f s left", left);
	if (p->note)
		g_string_append_printf(out, "%s%s", out->len ? "; " : "", p->note);
	return g_string_free(out, FALSE);
}

static void draw(struct progress *p)
{
	if (p->style != PROGRESS_LIVE || !p->phase)
		return;
	g_autofree char *state = format_state(p), *line = format_line(p, state);
	g_autofree char *valid = g_utf8_make_valid(line, -1);
	g_autofree char *cut = g_utf8_substring(valid, 0, MIN(columns(p), g_utf8_strlen(valid, -1)));

	fprintf(p->out, "\r%s\033[K", cut);
	fflush(p->out);
	p->drawn = true;
}

/* The open phase is one of those still to come, or none. */
static void find_phase(struct progress *p)
{
	p->lost = true;
	for (int i = p->at + 1; p->lost && p->expected && p->expected[i]; i++)
		if (strcmp(p->expected[i], p->phase) == 0) {
			p->at = i;
			p->lost = false;
		}
}

static gboolean redraw(gpointer data)
{
	draw(data);
	return G_SOURCE_CONTINUE;
}

struct progress *progress_new(FILE *out, enum progress_style style)
{
	struct progress *p = g_new0(struct progress, 1);

	p->out = out ? out : stderr;
	p->brief = style == PROGRESS_BRIEF;
	p->style = choose(p->out, style);
	if (p->style == PROGRESS_LIVE)
		p->timer = g_timeout_add(REDRAW_MS, redraw, p);
	return p;
}

bool progress_live(const struct progress *p)
{
	return p && p->style == PROGRESS_LIVE;
}

void progress_title(struct progress *p, const char *title)
{
	if (!p)
		return;
	g_free(p->title);
	p->title = g_strdup(title);
	draw(p);
}

void progress_expect(struct progress *p, const char *const *phases, const double *seconds)
{
	guint n = phases ? g_strv_length((char **)phases) : 0;

	if (!p)
		return;
	g_strfreev(p->expected);
	g_free(p->seconds);
	p->expected = g_strdupv((char **)phases);
	p->seconds = g_new(double, n);
	for (guint i = 0; i < n; i++)
		p->seconds[i] = seconds ? seconds[i] : -1;
	p->at = -1;
	p->lost = true;
	if (p->phase)
		find_phase(p);
	draw(p);
}

void progress_begin(struct progress *p, const char *phase)
{
	if (!p)
		return;
	if (p->phase)
		progress_end(p, NULL);
	p->phase = g_strdup(phase);
	find_phase(p);
	p->start_us = g_get_monotonic_time();
	draw(p);
}

void progress_since(struct progress *p, double seconds)
{
	if (!p || !p->phase)
		return;
	p->start_us = g_get_monotonic_time() - (gint64)(seconds * 1e6);
	draw(p);
}

void progress_note(struct progress *p, const char *format, ...)
{
	va_list args;

	if (!p)
		return;
	va_start(args, format);
	g_free(p->note);
	p->note = g_strdup_vprintf(format, args);
	va_end(args);
	draw(p);
}

void progress_end(struct progress *p, const char *format, ...)
{
	g_autofree char *result = NULL;
	va_list args;

	if (!p || !p->phase)
		return;
	if (format) {
		va_start(args, format);
		result = g_strdup_vprintf(format, args);
		va_end(args);
	}
	if (p->brief)
		progress_clear(p);
	else if (p->style != PROGRESS_QUIET) {
		g_autofree char *line = format_line(p, result);

		progress_clear(p);
		put_whole(p, line);
	}
	g_clear_pointer(&p->phase, g_free);
	g_clear_pointer(&p->note, g_free);
}

static void put_line(struct progress *p, const char *before, const char *format, va_list args)
{
	g_autofree char *text = g_strdup_vprintf(format, args), *clean = text_lines(text),
			*line = g_strconcat(before, clean, NULL);

	progress_clear(p);
	put_whole(p, line);
	draw(p);
}

void progress_line(struct progress *p, const char *format, ...)
{
	va_list args;

	if (!p || p->style == PROGRESS_QUIET || p->brief)
		return;
	va_start(args, format);
	put_line(p, "  ", format, args);
	va_end(args);
}

void progress_warn(struct progress *p, const char *format, ...)
{
	va_list args;

	if (!p)
		return;
	va_start(args, format);
	put_line(p, "warning: ", format, args);
	va_end(args);
}

void progress_free(struct progress *p)
{
	if (!p)
		return;
	progress_clear(p);
	if (p->timer)
		g_source_remove(p->timer);
	g_free(p->phase);
	g_free(p->note);
	g_free(p->title);
	g_strfreev(p->expected);
	g_free(p->seconds);
	g_free(p);
}
