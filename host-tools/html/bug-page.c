/* SPDX-License-Identifier: GPL-2.0-only */
#include "html/bug-page.h"

#include <string.h>

#include "base/error.h"
#include "base/json-line.h"
#include "base/text.h"
#include "html/markup.h"
#include "results/report.h"
#include "results/version.h"

/* A run lies in the directory of the bug, or in that of another one of the same series: no link leads elsewhere. */
static bool is_a_run(const char *run)
{
	const char *below = run + (g_str_has_prefix(run, "../") ? strlen("../") : 0);

	return *below && *below != '/' && !strstr(below, "..") && !strpbrk(below, "\\:?#%");
}

static void put_run(JsonArray *runs, guint i, JsonNode *node, void *data)
{
	JsonObject *o = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
	const char *run = o ? json_line_string(o, "run", "") : "";
	bool judged = o && json_line_bool(o, "verdict", false), stated = o && json_line_bool(o, "as_stated", false);
	GString *out = data;

	(void)runs;
	(void)i;
	if (!o)
		return;
	g_string_append(out, "<tr><th scope=\"row\">");
	html_text(out, json_line_string(o, "side", "?"));
	text_markup(out, " side</th><td class=\"%s\">%s</td><td>",
		    !judged ? "warn" :
		    stated  ? "good" :
			      "bad",
		    !judged ? "? no verdict" :
		    stated  ? "✓ as stated" :
			      "✗ NOT as stated");
	html_text(out, json_line_string(o, "seen", ""));
	g_string_append(out, "</td><td>");
	if (is_a_run(run)) {
		g_string_append(out, "<a href=\"");
		html_text(out, run);
		text_markup(out, "/%s\">", REPORT_HTML);
	}
	html_text(out, run);
	g_string_append(out, is_a_run(run) ? "</a></td></tr>\n" : "</td></tr>\n");
}

char *html_bug_page(JsonObject *bug, const char *text)
{
	const char *name = json_line_string(bug, "bug", "?");
	JsonArray *runs = json_line_array(bug, "runs");
	gint64 exit = json_line_int(bug, "exit", VTDLAB_EXIT_CANNOT_JUDGE);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	GString *out = html_begin(name);

	g_string_append(out, "<header><h1>");
	html_text(out, name);
	g_string_append(out, "</h1><p>");
	html_text(out, json_line_string(bug, "title", ""));
	text_markup(out,
		    "</p>\n<p class=\"verdict %s\"><strong>%s</strong> (exit status %" G_GINT64_FORMAT
		    ")</p></header>\n",
		    exit == VTDLAB_EXIT_OK  ? "good" :
		    exit == VTDLAB_EXIT_BAD ? "bad" :
					      "warn",
		    exit == VTDLAB_EXIT_OK  ? "✓ reproduced" :
		    exit == VTDLAB_EXIT_BAD ? "✗ NOT reproduced" :
					      "? no verdict",
		    exit);
	g_string_append(out, "<section aria-labelledby=\"runs\"><h2 id=\"runs\">Runs</h2>\n"
			     "<div class=\"wide\" tabindex=\"0\"><table><thead><tr><th scope=\"col\">side</th>"
			     "<th scope=\"col\">result</th><th scope=\"col\">seen</th><th scope=\"col\">run</th></tr>"
			     "</thead>\n");
	if (runs)
		json_array_foreach_element(runs, put_run, out);
	g_string_append(out,
			"</table></div></section>\n"
			"<section aria-labelledby=\"said\"><h2 id=\"said\">What it said</h2>\n<pre tabindex=\"0\">");
	for (char **line = lines; *line; line++) {
		g_string_append_printf(out, "%*s", (int)strspn(*line, " "), "");
		html_text(out, *line);
		g_string_append_c(out, '\n');
	}
	text_markup(out,
		    "</pre></section>\n<p class=\"dim\">vtdlab %s; bug.json beside it has the same for programs.</p>\n",
		    VTDLAB_VERSION);
	return html_end(out);
}
