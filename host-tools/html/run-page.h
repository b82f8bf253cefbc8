/* SPDX-License-Identifier: GPL-2.0-only */
/* report.html: one run as a page that can be attached to a mail. */
#ifndef VTDLAB_HTML_RUN_PAGE_H
#define VTDLAB_HTML_RUN_PAGE_H

#include "evidence/evidence.h"
#include "results/report.h"

/*
 * html_run_page - the page of a run that was judged (report_judge()); the caller frees it.
 * @dir: where its files are now: QEMU's log is read for the timeline
 */
char *html_run_page(const struct run_report *report, const struct evidence *ev, const char *dir);

#endif
