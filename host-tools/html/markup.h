/* SPDX-License-Identifier: GPL-2.0-only */
/* A page of HTML that needs nothing but itself: no script, no font, no image from elsewhere. */
#ifndef VTDLAB_HTML_MARKUP_H
#define VTDLAB_HTML_MARKUP_H

#include <glib.h>

/* html_begin - the head and the beginning of the body of a page called @title; more of it is appended. */
GString *html_begin(const char *title);

/* html_end - the end of the page: its text, which the caller frees; @out is gone. */
char *html_end(GString *out);

/* html_text - appends text that others wrote: one line of valid UTF-8, without control characters, and with entities. */
void html_text(GString *out, const char *text);

/* html_row - a row of a table of two columns, where there is a text. */
void html_row(GString *out, const char *label, const char *text);

#endif
