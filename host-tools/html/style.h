/* SPDX-License-Identifier: GPL-2.0-only */
/* How the pages look: light and dark, wide and narrow, and never by colour alone. */
#ifndef VTDLAB_HTML_STYLE_H
#define VTDLAB_HTML_STYLE_H

extern const char html_style[];

#endif
