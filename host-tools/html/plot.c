/* SPDX-License-Identifier: GPL-2.0-only */
#include "html/plot.h"

#include <gio/gio.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "html/markup.h"

#define WIDTH 900
#define ROW 26	   /* of a label that has one to itself */
#define HEIGHT 420 /* where labels stand beside each other */
#define MARGIN 110

static void series_free(void *p)
{
	struct plot_series *series = p;

	g_free(series->name);
	g_array_unref(series->points);
	g_free(series);
}

void plot_init(struct plot *plot)
{
	memset(plot, 0, sizeof(*plot));
	plot->labels = g_ptr_array_new_with_free_func(g_free);
	plot->series = g_ptr_array_new_with_free_func(series_free);
}

void plot_clear(struct plot *plot)
{
	g_clear_pointer(&plot->labels, g_ptr_array_unref);
	g_clear_pointer(&plot->series, g_ptr_array_unref);
}

struct plot_series *plot_add(struct plot *plot, const char *name)
{
	struct plot_series *series = g_new0(struct plot_series, 1);

	series->name = g_strdup(name);
	series->points = g_array_new(FALSE, FALSE, sizeof(struct plot_point));
	g_ptr_array_add(plot->series, series);
	return series;
}

void plot_point(struct plot_series *series, unsigned at, double value, double low, double high)
{
	const struct plot_point point = { at, value, low, high };

	g_array_append_val(series->points, point);
}

/* Inside the double quotes of gnuplot a backslash and a quote mean something, inside a block of data a line does. */
static void put_word(GString *script, const char *text)
{
	g_autofree char *line = text_one_line(text);

	g_strcanon(line, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS " ._=+:/(),%'-", '_');
	g_string_append_printf(script, "\"%s\"", line);
}

static void put_number(GString *script, double value)
{
	char text[G_ASCII_DTOSTR_BUF_SIZE];

	g_string_append_printf(script, " %s", g_ascii_formatd(text, sizeof(text), "%.6g", value));
}

/* Each label has a place of its own; series of one label lie beside each other. */
static double place_of(const struct plot *plot, unsigned series, unsigned at)
{
	double apart = plot->series->len > 1 && !plot->lines && !plot->x ? 0.5 / (plot->series->len - 1) : 0;

	return at + apart * series - (apart > 0 ? 0.25 : 0);
}

static void put_data(GString *script, const struct plot *plot)
{
	for (guint s = 0; s < plot->series->len; s++) {
		const struct plot_series *series = plot->series->pdata[s];

		g_string_append_printf(script, "$d%u << END_OF_DATA\n", s);
		for (guint i = 0; i < series->points->len; i++) {
			const struct plot_point *p = &g_array_index(series->points, struct plot_point, i);

			put_number(script, place_of(plot, s, p->at));
			put_number(script, p->value);
			put_number(script, p->low);
			put_number(script, p->high);
			g_string_append_c(script, '\n');
		}
		g_string_append(script, "END_OF_DATA\n");
	}
}

static void put_labels(GString *script, const struct plot *plot)
{
	g_string_append_printf(script, "set %stics noenhanced %s(", plot->lines ? "x" : "y",
			       plot->lines ? "rotate by -25 " : "");
	for (guint i = 0; i < plot->labels->len; i++) {
		g_string_append(script, i ? ", " : "");
		put_word(script, plot->labels->pdata[i]);
		g_string_append_printf(script, " %u", i);
	}
	/* the first row is the uppermost one */
	if (plot->lines)
		g_string_append_printf(script, ")\nset xrange [-0.3:%u.3]\n", plot->labels->len - 1);
	else
		g_string_append_printf(script, ")\nset yrange [%u.6:-0.6]\n", plot->labels->len - 1);
}

/* With room beside the outermost points. */
static void put_range(GString *script, const struct plot *plot)
{
	unsigned least = 0, most = 0;

	for (guint s = 0; s < plot->series->len; s++) {
		const struct plot_series *series = plot->series->pdata[s];

		for (guint i = 0; i < series->points->len; i++) {
			unsigned at = g_array_index(series->points, struct plot_point, i).at;

			least = least ? MIN(least, at) : at;
			most = MAX(most, at);
		}
	}
	g_string_append(script, "set xrange [");
	put_number(script, least / 1.5);
	g_string_append_c(script, ':');
	put_number(script, most * 1.5);
	g_string_append(script, "]\n");
}

static char *script_of(const struct plot *plot)
{
	GString *script = g_string_new(NULL);
	bool upright = plot->lines || plot->x;
	const char *value = upright ? "y" : "x";

	g_string_append_printf(script,
			       "set terminal svg size %d,%u dynamic font \"monospace,13\" background \"#ffffff\"\n"
			       "set encoding utf8\nset grid\nset key %s noenhanced\nset bars 0.5\n",
			       WIDTH, upright ? HEIGHT : MARGIN + ROW * plot->labels->len,
			       upright || plot->series->len > 1 ? "outside below" : "off");
	if (plot->log)
		g_string_append_printf(script, "set logscale %s\n", value);
	g_string_append_printf(script, "set %slabel ", value);
	put_word(script, plot->unit);
	g_string_append(script, " noenhanced\n");
	if (plot->x) {
		g_string_append(script, "set logscale x\nset xlabel ");
		put_word(script, plot->x);
		g_string_append(script, " noenhanced\n");
		put_range(script, plot);
	} else {
		put_labels(script, plot);
	}
	put_data(script, plot);
	g_string_append(script, "plot");
	for (guint s = 0; s < plot->series->len; s++) {
		g_string_append_printf(script, "%s $d%u using %s linewidth 1.5 pointsize 1.1 title ", s ? "," : "", s,
				       plot->x	   ? "1:2:3:4 with yerrorbars" :
				       plot->lines ? "1:2:3:4 with yerrorlines" :
						     "2:1:3:4 with xerrorbars");
		put_word(script, ((const struct plot_series *)plot->series->pdata[s])->name);
	}
	g_string_append_c(script, '\n');
	return g_string_free(script, FALSE);
}

/* From "<svg" on: what stands before it is for files. */
static char *run_gnuplot(const char *script, GError **error)
{
	const char *const argv[] = { "gnuplot", "-", NULL };
	g_autofree char *out = NULL, *err = NULL, *last = NULL;
	g_autoptr(GSubprocess) child = NULL;
	g_autoptr(GError) why = NULL;
	const char *svg;

	child = g_subprocess_newv(
		argv, G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE,
		&why);
	if (!child) {
		vtdlab_unjudged(error, "gnuplot is not installed (package gnuplot-nox)");
		return NULL;
	}
	if (!g_subprocess_communicate_utf8(child, script, NULL, &out, &err, &why)) {
		vtdlab_unjudged(error, "gnuplot: %s", why->message);
		return NULL;
	}
	svg = strstr(out, "<svg");
	if (g_subprocess_get_successful(child) && svg && strstr(svg, "</svg>"))
		return g_strdup(svg);
	last = text_last_words(err);
	vtdlab_unjudged(error, "gnuplot: %s", *last ? last : "it drew nothing");
	return NULL;
}

char *plot_svg(const struct plot *plot, GError **error)
{
	g_autofree char *script = NULL;

	if ((!plot->labels->len && !plot->x) || !plot->series->len) {
		vtdlab_unjudged(error, "there is nothing to draw");
		return NULL;
	}
	script = script_of(plot);
	return run_gnuplot(script, error);
}

void html_plot(GString *out, const struct plot *plot, const char *caption)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *svg = plot_svg(plot, &error), *data = NULL;

	g_string_append(out, "<figure>");
	if (svg) {
		/* as an image it keeps its names and its style to itself */
		data = g_base64_encode((const guchar *)svg, strlen(svg));
		text_markup(out,
			    "<div class=\"wide\" tabindex=\"0\"><img class=\"plot\" alt=\"%s\" "
			    "src=\"data:image/svg+xml;base64,",
			    plot->alt);
		g_string_append(out, data);
		g_string_append(out, "\"></div>");
	}
	g_string_append(out, "<figcaption>");
	html_text(out, caption);
	if (error) {
		g_string_append(out, " No picture: ");
		html_text(out, error->message);
		g_string_append(out, ".");
	}
	g_string_append(out, "</figcaption></figure>\n");
}
