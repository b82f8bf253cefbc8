/* SPDX-License-Identifier: GPL-2.0-only */
/* A walk, and a comparison of two, as JSON. */
#ifndef VTDLAB_CMD_WALK_JSON_H
#define VTDLAB_CMD_WALK_JSON_H

#include <json-glib/json-glib.h>

#include "iommu/iommu.h"

/*
 * walk_to_json - everything of @w: contexts with their spaces and (if @runs) runs, IRTEs, defects.
 * Addresses and raw words are strings "0x...". @s: the snapshot it is of, for its registers; may be NULL. The caller
 * owns the node.
 */
JsonNode *walk_to_json(const struct iommu_walk *w, const struct iommu_snapshot *s, gboolean runs);

/* compare_to_json - a comparison: counts, pages by kind and by space, the differences kept. */
JsonNode *compare_to_json(const struct iommu_comparison *c);

/* json_print - @node to stdout, indented, with a newline. Frees @node. */
void json_print(JsonNode *node);

#endif
