/* SPDX-License-Identifier: GPL-2.0-only */
#include "html/markup.h"

#include "base/text.h"
#include "html/style.h"

/* Nothing of the page may load anything or run: what a guest wrote cannot, even if it came through. */
#define POLICY "default-src 'none'; style-src 'unsafe-inline'; img-src data:"

GString *html_begin(const char *title)
{
	GString *out =
		g_string_new("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
			     "<meta http-equiv=\"Content-Security-Policy\" content=\"" POLICY "\">\n"
			     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");

	html_text(out, title);
	g_string_append(out, "</title>\n<style>\n");
	g_string_append(out, html_style);
	g_string_append(out, "</style>\n</head>\n<body>\n<main>\n");
	return out;
}

char *html_end(GString *out)
{
	g_string_append(out, "</main>\n</body>\n</html>\n");
	return g_string_free(out, FALSE);
}

void html_text(GString *out, const char *text)
{
	g_autofree char *line = text_one_line(text ? text : "");
	g_autofree char *escaped = g_markup_escape_text(line, -1);

	g_string_append(out, escaped);
}

void html_row(GString *out, const char *label, const char *text)
{
	if (!text || !*text)
		return;
	text_markup(out, "<tr><th scope=\"row\">%s</th><td>", label);
	html_text(out, text);
	g_string_append(out, "</td></tr>\n");
}
