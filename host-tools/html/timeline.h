/* SPDX-License-Identifier: GPL-2.0-only */
/* What happened when, as a drawing and as the tables that say the same. */
#ifndef VTDLAB_HTML_TIMELINE_H
#define VTDLAB_HTML_TIMELINE_H

#include <glib.h>

#include "evidence/evidence.h"
#include "results/report.h"

/*
 * html_timeline - phases of both kernels, moments, and the events of QEMU's log over the time of the run.
 * @log: QEMU's log; what is not there is left out, and the page says so
 */
void html_timeline(GString *out, const struct run_report *report, const struct evidence *ev, const char *log);

#endif
