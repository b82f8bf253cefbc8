/* SPDX-License-Identifier: GPL-2.0-only */
/* What the user sees while a run lasts: a live line per phase, or plain lines. */
#include "results/progress.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.h"

#define REDRAW_MS 200
#define PHASE_WIDTH 20

struct progress {
	FILE *out;
	enum progress_style style; /* never AUTO nor BRIEF */
	bool brief;		   /* only the live line */
	char *phase;		   /* NULL between phases */
	char *note;
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
	struct winsize size;

	if (ioctl(fileno(p->out), TIOCGWINSZ, &size) == 0 && size.ws_col > 20)
		return size.ws_col - 1;
	return 79;
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

	return g_strdup_printf("  %-*s %7.1f s%s%s", PHASE_WIDTH, p->phase, seconds, *clean ? "  " : "", clean);
}

static void draw(struct progress *p)
{
	if (p->style != PROGRESS_LIVE || !p->phase)
		return;
	g_autofree char *line = format_line(p, p->note);
	g_autofree char *valid = g_utf8_make_valid(line, -1);
	g_autofree char *cut = g_utf8_substring(valid, 0, MIN(columns(p), g_utf8_strlen(valid, -1)));

	fprintf(p->out, "\r%s\033[K", cut);
	fflush(p->out);
	p->drawn = true;
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

void progress_begin(struct progress *p, const char *phase)
{
	if (!p)
		return;
	if (p->phase)
		progress_end(p, NULL);
	p->phase = g_strdup(phase);
	p->start_us = g_get_monotonic_time();
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
		fprintf(p->out, "%s\n", line);
		fflush(p->out);
	}
	g_clear_pointer(&p->phase, g_free);
	g_clear_pointer(&p->note, g_free);
}

static void put_line(struct progress *p, const char *before, const char *format, va_list args)
{
	g_autofree char *text = g_strdup_vprintf(format, args), *clean = text_lines(text);

	progress_clear(p);
	fprintf(p->out, "%s%s\n", before, clean);
	fflush(p->out);
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
	g_free(p);
}
