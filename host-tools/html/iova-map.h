/* SPDX-License-Identifier: GPL-2.0-only */
/* Who had which IOVAs, before and after: the dead kernel's mappings, what was reserved, the crash kernel's mappings. */
#ifndef VTDLAB_HTML_IOVA_MAP_H
#define VTDLAB_HTML_IOVA_MAP_H

#include <glib.h>

#include "evidence/evidence.h"

/* html_domains - a table of all requesters: type, domain id and pages at the panic, after the copy and at the end. */
void html_domains(GString *out, const struct evidence *ev);

/* html_iova_maps - a map for each requester that a driver of the crash kernel took over, or that did DMA. */
void html_iova_maps(GString *out, const struct evidence *ev);

#endif
