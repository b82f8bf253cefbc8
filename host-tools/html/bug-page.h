/* SPDX-License-Identifier: GPL-2.0-only */
/* report.html of a reproduced bug: what each side came to, and the way to its runs. */
#ifndef VTDLAB_HTML_BUG_PAGE_H
#define VTDLAB_HTML_BUG_PAGE_H

#include <json-glib/json-glib.h>

#define BUG_JSON_SCHEMA 1

/*
 * html_bug_page - the page; the caller frees it.
 * @bug: bug.json, which nobody vouches for; @text: bug.txt
 */
char *html_bug_page(JsonObject *bug, const char *text);

#endif
