/* SPDX-License-Identifier: GPL-2.0-only */
#include "html/timeline.h"

#include <math.h>
#include <string.h>

#include "base/text.h"
#include "html/markup.h"
#include "html/trace-bins.h"

/* A unit is a tenth of a pixel, so that whole numbers do. Names of lanes stand before them; on a phone, above them. */
#define WIDTH 10000
#define LEFT 1500 /* where time begins */
#define WIDTH_NARROW 4000
#define NAME_NARROW 140 /* height of a name above its lane */
#define LANE 240
#define GAP 60
#define LETTER 74			   /* width of a letter */
#define SPAN_MAX INT64_C(1000000000000000) /* ns; a recorded run says what it likes */
#define MARK_ROWS 5			   /* numbers of moments that are close stand one above the other */

struct moment {
	int64_t ns; /* host CLOCK_REALTIME */
	char *what; /* owned */
};

struct drawing {
	GString *out;
	int64_t start_ns, end_ns; /* host CLOCK_REALTIME */
	GArray *moments;	  /* struct moment, in the order of time */
	int left, width;	  /* where time begins, and where it ends */
	int y;			  /* where the next lane begins */
};

static int x_of(const struct drawing *d, int64_t ns)
{
	double part = (double)(ns - d->start_ns) / (double)(d->end_ns - d->start_ns);

	return d->left + (int)(CLAMP(part, 0.0, 1.0) * (d->width - d->left));
}

static void add_moment(struct drawing *d, int64_t ns, const char *format, ...) G_GNUC_PRINTF(3, 4);
static void add_moment(struct drawing *d, int64_t ns, const char *format, ...)
{
	struct moment m = { .ns = ns };
	va_list args;

	if (ns < d->start_ns || ns > d->end_ns)
		return;
	va_start(args, format);
	m.what = g_strdup_vprintf(format, args);
	va_end(args);
	g_array_append_val(d->moments, m);
}

static int by_time(const void *a, const void *b)
{
	const struct moment *x = a, *y = b;

	return x->ns < y->ns ? -1 : x->ns > y->ns;
}

static void clear_moment(void *data)
{
	g_free(((struct moment *)data)->what);
}

/* Phases that are too short for their name to be read in the drawing. */
static void add_phases(struct drawing *d, const struct run_report *r)
{
	static const struct {
		const char *phase, *what;
	} told[] = { { "copied", "the copied tables are read from outside" }, { "dump", "the dump is asked for" } };

	for (guint i = 0; i < r->phases->len; i++) {
		const struct report_phase *p = r->phases->pdata[i];

		for (size_t k = 0; k < G_N_ELEMENTS(told); k++)
			if (strcmp(p->name, told[k].phase) == 0)
				add_moment(d, d->start_ns + CLAMP(p->start_ns, 0, SPAN_MAX), "%s", told[k].what);
	}
}

static void find_moments(struct drawing *d, const struct run_report *r, const struct evidence *ev)
{
	bool faulted = false;

	add_phases(d, r);
	add_moment(d, ev->trigger_ns, "the panic is asked for");
	add_moment(d, ev->jump_ns, "a CPU is in the crash kernel's memory");
	add_moment(d, ev->root_switch_ns, "the crash kernel's root table is in force");
	add_moment(d, ev->crash_hello_ns, "the crash kernel's agent speaks");
	for_each_evidence(const struct evidence_device, dev, ev->devices) {
		add_moment(d, dev->driver_ns, "%s: driver %s is asked for", dev->bdf, dev->driver);
		add_moment(d, dev->reset_ns, "%s: reset by its driver", dev->bdf);
		add_moment(d, dev->attach_ns, "%s: its entry has changed", dev->bdf);
		add_moment(d, dev->first_dma_ns, "%s: its new driver lets it do DMA", dev->bdf);
	}
	for_each_evidence(const struct evidence_event, e, ev->events)
		if (!faulted && e->kind == EVENT_FAULT && ev->jump_ns > 0 && e->host_ns > ev->jump_ns) {
			add_moment(d, e->host_ns, "the first fault after the jump");
			faulted = true;
		}
	add_moment(d, ev->poweroff_ns, "poweroff or reboot is asked for");
	add_moment(d, ev->again_hello_ns, "the first kernel's agent speaks again");
	g_array_sort(d->moments, by_time);
}

static void lane_name(struct drawing *d, const char *name)
{
	text_markup(d->out, "<text x=\"0\" y=\"%d\">%s</text>\n", d->y + (d->left ? LANE - 70 : NAME_NARROW - 30),
		    name);
	d->y += d->left ? 0 : NAME_NARROW;
}

static void put_axis(struct drawing *d, int bottom)
{
	double seconds = (double)(d->end_ns - d->start_ns) / 1e9, step = pow(10, floor(log10(seconds)));

	if (seconds / step < 3)
		step /= 5;
	else if (seconds / step < 6)
		step /= 2;
	for (unsigned i = 0; (double)i * step <= seconds && i < 100; i++) {
		int x = x_of(d, d->start_ns + (int64_t)((double)i * step * 1e9));
		unsigned tenths = (unsigned)((double)i * step * 10 + 0.5);

		text_markup(d->out, "<path class=\"axis\" d=\"M%d %dV%d\"/>", x, d->y, bottom);
		if (x < d->width - 6 * LETTER)
			text_markup(d->out, "<text class=\"dim\" x=\"%d\" y=\"%d\">%u.%u s</text>\n", x + 20,
				    bottom + 130, tenths / 10, tenths % 10);
	}
}

/* The number of each moment at its place: beside one another where there is room, else one row lower. */
static void put_marks(struct drawing *d, int bottom)
{
	int free_at[MARK_ROWS] = { 0 };

	for (guint i = 0; i < d->moments->len; i++) {
		const struct moment *m = &g_array_index(d->moments, struct moment, i);
		int x = x_of(d, m->ns), row = 0;

		while (row < MARK_ROWS - 1 && free_at[row] > x)
			row++;
		x = MAX(x, free_at[row]);
		free_at[row] = x + (i < 9 ? 2 : 3) * LETTER;
		text_markup(d->out, "<path class=\"mark\" d=\"M%d %dV%d\"/><text x=\"%d\" y=\"%d\">%u</text>\n",
			    x_of(d, m->ns), d->y + 130 * (row + 1), bottom, MIN(x, d->width - 2 * LETTER),
			    d->y + 120 + row * 130, i + 1);
	}
}

static void put_phases(struct drawing *d, const struct run_report *r, const struct evidence *ev, bool crash)
{
	unsigned n = 0;

	lane_name(d, crash ? "crash kernel" : "first kernel");
	for (guint i = 0; i < r->phases->len; i++) {
		const struct report_phase *p = r->phases->pdata[i];
		int64_t from = d->start_ns + CLAMP(p->start_ns, 0, SPAN_MAX);
		int64_t to = p->end_ns < p->start_ns ? d->end_ns : d->start_ns + CLAMP(p->end_ns, 0, SPAN_MAX);
		int x = x_of(d, from), width = MAX(x_of(d, to) - x, 10);

		if ((ev->jump_ns > 0 && to > ev->jump_ns && from >= ev->jump_ns - 1000000) != crash)
			continue;
		text_markup(
			d->out,
			"<rect class=\"%s%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"><title>%s</title></rect>",
			crash ? "crash" : "first", n++ % 2 ? " alt" : "", x, d->y, width, LANE, p->name);
		if ((int)strlen(p->name) * LETTER + 60 < width)
			text_markup(d->out, "<text class=\"in\" x=\"%d\" y=\"%d\">%s</text>\n", x + 40,
				    d->y + LANE - 70, p->name);
	}
	d->y += LANE + GAP;
}

/* Events of one group as columns, of the height of their number's logarithm. */
static void put_events(struct drawing *d, const struct trace_bins *bins, enum trace_group group, const char *name)
{
	uint32_t most = 1, all = 0;

	for (unsigned i = 0; i < TRACE_BINS; i++) {
		most = MAX(most, bins->n[group][i]);
		all += bins->n[group][i];
	}
	lane_name(d, name);
	text_markup(d->out, "<path class=\"axis\" d=\"M%d %dH%d\"/>", d->left, d->y + LANE, d->width);
	for (unsigned i = 0; i < TRACE_BINS; i++) {
		int x = d->left + (int)i * (d->width - d->left) / TRACE_BINS,
		    next = d->left + (int)(i + 1) * (d->width - d->left) / TRACE_BINS;
		int height = bins->n[group][i] ? 40 + (int)(log1p(bins->n[group][i]) / log1p(most) * (LANE - 40)) : 0;

		if (height)
			text_markup(d->out, "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>",
				    group == TRACE_GROUP_FAULTS ? "clash" : "resv", x, d->y + LANE - height,
				    MAX(next - x - 6, 8), height);
	}
	if (!all)
		text_markup(d->out, "<text class=\"dim\" x=\"%d\" y=\"%d\">none</text>", d->left + 40,
			    d->y + LANE - 70);
	g_string_append_c(d->out, '\n');
	d->y += LANE + GAP;
}

static const struct {
	enum trace_group group;
	const char *name;
} lanes[] = {
	{ TRACE_GROUP_DISK_DMA, "disk DMA" },	     { TRACE_GROUP_NIC_DMA, "NIC DMA" },
	{ TRACE_GROUP_TRANSLATIONS, "IOTLB fills" }, { TRACE_GROUP_INVALIDATIONS, "invalidations" },
	{ TRACE_GROUP_FAULTS, "DMA faults" },
};

static void put_svg(struct drawing *d, const struct run_report *r, const struct evidence *ev,
		    const struct trace_bins *bins, bool narrow)
{
	int top = MARK_ROWS * 130 + GAP, n = 2 + (bins ? (int)G_N_ELEMENTS(lanes) : 0);
	int bottom = top + n * (LANE + GAP + (narrow ? NAME_NARROW : 0));

	d->left = narrow ? 0 : LEFT;
	d->width = narrow ? WIDTH_NARROW : WIDTH;
	d->y = 0;
	g_string_append(d->out, narrow ? "<div class=\"narrow\">" : "<div class=\"wide broad\" tabindex=\"0\">");
	text_markup(
		d->out,
		"<svg viewBox=\"0 0 %d %d\" role=\"img\" "
		"aria-label=\"Phases of both kernels, numbered moments, and events of QEMU's trace over %.1f seconds; the "
		"tables below say the same\">\n",
		d->width, bottom + 180, (double)(d->end_ns - d->start_ns) / 1e9);
	put_axis(d, bottom);
	put_marks(d, bottom);
	d->y = top;
	put_phases(d, r, ev, false);
	put_phases(d, r, ev, true);
	for (size_t i = 0; bins && i < G_N_ELEMENTS(lanes); i++)
		put_events(d, bins, lanes[i].group, lanes[i].name);
	g_string_append(d->out, "</svg></div>\n");
}

static void put_drawing(struct drawing *d, const struct run_report *r, const struct evidence *ev,
			const struct trace_bins *bins)
{
	g_string_append(d->out, "<figure>");
	put_svg(d, r, ev, bins, false);
	put_svg(d, r, ev, bins, true);
	g_string_append(d->out, "<figcaption>Numbers are the moments listed below. ");
	if (bins)
		text_markup(d->out, "Columns: events of QEMU's trace in each %.0f ms, their height by the logarithm%s.",
			    (double)(d->end_ns - d->start_ns) / 1e6 / TRACE_BINS,
			    bins->cut ? "; the log is longer than what was read" : "");
	else
		g_string_append(d->out, "QEMU's log is not in the run directory: no events are drawn.");
	g_string_append(d->out, "</figcaption></figure>\n");
}

static void put_moments(struct drawing *d)
{
	g_string_append(d->out, "<table><thead><tr><th class=\"n\" scope=\"col\">no.</th>"
				"<th class=\"n\" scope=\"col\">s</th><th scope=\"col\">moment</th></tr></thead>\n");
	for (guint i = 0; i < d->moments->len; i++) {
		const struct moment *m = &g_array_index(d->moments, struct moment, i);

		text_markup(d->out, "<tr><td class=\"n\">%u</td><td class=\"n\">%.3f</td><td>", i + 1,
			    (double)(m->ns - d->start_ns) / 1e9);
		html_text(d->out, m->what);
		g_string_append(d->out, "</td></tr>\n");
	}
	g_string_append(d->out, "</table>\n");
}

static void put_phase_table(struct drawing *d, const struct run_report *r)
{
	g_string_append(d->out,
			"<details><summary>Phases</summary>\n<table><thead><tr><th scope=\"col\">phase</th>"
			"<th class=\"n\" scope=\"col\">from, s</th><th class=\"n\" scope=\"col\">lasts, s</th></tr>"
			"</thead>\n");
	for (guint i = 0; i < r->phases->len; i++) {
		const struct report_phase *p = r->phases->pdata[i];

		text_markup(d->out, "<tr><td>%s</td><td class=\"n\">%.3f</td><td class=\"n\">", p->name,
			    (double)p->start_ns / 1e9);
		if (p->end_ns >= p->start_ns)
			text_markup(d->out, "%.3f", (double)(p->end_ns - p->start_ns) / 1e9);
		else
			g_string_append(d->out, "never ended");
		g_string_append(d->out, "</td></tr>\n");
	}
	g_string_append(d->out, "</table></details>\n");
}

void html_timeline(GString *out, const struct run_report *report, const struct evidence *ev, const char *log)
{
	struct drawing d = { .out = out };
	g_autofree struct trace_bins *bins = g_new(struct trace_bins, 1);

	d.start_ns = g_date_time_to_unix(report->started) * 1000000000 +
		     (int64_t)g_date_time_get_microsecond(report->started) * 1000;
	d.end_ns = d.start_ns + (int64_t)(CLAMP(report->duration_s, 0, 1e6) * 1e9);
	g_string_append(out, "<section aria-labelledby=\"timeline\"><h2 id=\"timeline\">Timeline</h2>\n");
	if (d.end_ns <= d.start_ns || !report->phases->len) {
		g_string_append(out, "<p>The run has no record of its time.</p></section>\n");
		return;
	}
	d.moments = g_array_new(FALSE, FALSE, sizeof(struct moment));
	g_array_set_clear_func(d.moments, clear_moment);
	find_moments(&d, report, ev);
	bins->start_ns = d.start_ns;
	bins->end_ns = d.end_ns;
	put_drawing(&d, report, ev, trace_bins_read(bins, log) ? bins : NULL);
	put_moments(&d);
	put_phase_table(&d, report);
	g_string_append(out, "</section>\n");
	g_array_unref(d.moments);
}
