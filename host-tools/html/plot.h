/* SPDX-License-Identifier: GPL-2.0-only */
/* Figures as a picture, drawn by gnuplot. What it shows stands in a table of the page too: a picture is never alone. */
#ifndef VTDLAB_HTML_PLOT_H
#define VTDLAB_HTML_PLOT_H

#include <glib.h>
#include <stdbool.h>

/* One figure and how far it was spread. */
struct plot_point {
	unsigned at; /* which of the labels, from 0; with x in the plot: a number above 0 */
	double value, low, high;
};

struct plot_series {
	char *name;
	GArray *points; /* struct plot_point, by ascending @at */
};

struct plot {
	const char *alt;   /* what a person sees in it, for those who do not */
	const char *unit;  /* of the values */
	const char *x;	   /* what is counted from left to right, by the logarithm; NULL: places with labels */
	bool lines;	   /* joined: the labels are an order; false: each label has a row of its own */
	bool log;	   /* a logarithmic scale; values are above 0 then */
	GPtrArray *labels; /* char * */
	GPtrArray *series; /* struct plot_series * */
};

/* plot_init - no labels, no series; plot_clear() releases what was added to them. */
void plot_init(struct plot *plot);
void plot_clear(struct plot *plot);

/* plot_add - one more series, empty. */
struct plot_series *plot_add(struct plot *plot, const char *name);

/* plot_point - one more point of it. */
void plot_point(struct plot_series *series, unsigned at, double value, double low, double high);

/*
 * plot_svg - the picture; the caller frees it. Labels and names may be anything: what gnuplot could take for a word of its
 * own is replaced. Errors (VTDLAB_ERROR_CANNOT_JUDGE): gnuplot is not installed, or its own last line; nothing to draw.
 */
char *plot_svg(const struct plot *plot, GError **error);

/* html_plot - appends it with a caption; where it cannot be drawn, a line that says why. */
void html_plot(GString *out, const struct plot *plot, const char *caption);

#endif
