/* SPDX-License-Identifier: GPL-2.0-only */
/* A walk result as JSON. */
#ifndef VTDLAB_CMD_WALK_JSON_H
#define VTDLAB_CMD_WALK_JSON_H

#include <json-glib/json-glib.h>

#include "vtd/compare.h"
#include "vtd/walk.h"

/*
 * walk_to_json - everything of @r: contexts with their spaces and (if @runs) runs, IRTEs, defects.
 * Addresses and raw words are strings "0x...". @regs may be NULL. The caller owns the node.
 */
JsonNode *walk_to_json(const struct vtd_walk_result *r, const struct vtd_regs *regs, gboolean runs);

/* compare_to_json - a comparison: counts, pages by kind and by space, the differences kept. */
JsonNode *compare_to_json(const struct vtd_compare *c);

/* json_print - @node to stdout, indented, with a newline. Frees @node. */
void json_print(JsonNode *node);

#endif
