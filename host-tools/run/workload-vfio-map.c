/* SPDX-License-Identifier: GPL-2.0-only */
/* first.workload=vfio-map in the guest: dma-load. */
#include <inttypes.h>

#include "evidence/evidence.h"
#include "machine/agent.h"
#include "run/workload.h"

static void add_number(JsonArray *argv, const char *name, uint64_t value)
{
	g_autofree char *text = g_strdup_printf("%s=%" PRIu64, name, value);

	json_array_add_string_element(argv, text);
}

static void arguments(const struct workload *w, JsonArray *argv)
{
	add_number(argv, "pages", w->pages);
	add_number(argv, "stride", w->stride);
	add_number(argv, "iova", w->iova);
	json_array_add_string_element(argv, w->size == 4096 ? "size=4k" : "size=2m");
}

static bool take(const struct workload *w, JsonObject *report, struct evidence_workload *e)
{
	e->dma = agent_bool(report, "dma", false);
	return agent_int(report, "pages", 0) == (int64_t)w->pages;
}

static char *summary(const struct workload *w, JsonObject *report)
{
	return g_strdup_printf("%" PRIu64 " pages in %" PRId64 " maps, %.2f s", w->pages, agent_int(report, "maps", 0),
			       (double)agent_int(report, "ns", 0) / 1e9);
}

const struct workload_ops workload_ops_vfio_map = {
	.kind = &workload_vfio_map,
	.program = "/sbin/dma-load",
	.took = "ns",
	.arguments = arguments,
	.take = take,
	.summary = summary,
};
