/* SPDX-License-Identifier: GPL-2.0-only */
/* first.workload=nested in the guest: kvmperf, whose L2 writes while the edu device copies. */
#include <inttypes.h>

#include "evidence/evidence.h"
#include "machine/agent.h"
#include "observe/workload-signs.h"
#include "run/workload.h"

#define FOR_EVER "86400" /* seconds */

static void arguments(const struct workload *w, JsonArray *argv)
{
	g_autofree char *memory = g_strdup_printf("%" PRIu64 "K", w->pages * w->size / 1024);
	const char *const words[] = {
		"vfio-dma", "--json",	"--hold", FOR_EVER,    "--deadline",
		FOR_EVER,   "--memory", memory,	  "--backing", w->size == 4096 ? "anon" : "hugetlb-2m"
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(words); i++)
		json_array_add_string_element(argv, words[i]);
}

static bool take(const struct workload *w, JsonObject *report, struct evidence_workload *e)
{
	e->nested = e->dma = true;
	e->mark = agent_hex64(report, "mark", 0);
	e->copies_at = agent_hex64(report, "copies_at", 0);
	return (uint64_t)agent_int(report, "bytes", 0) == w->pages * w->size &&
	       (uint64_t)agent_int(report, "page", 0) == w->size;
}

static char *summary(const struct workload *w, JsonObject *report)
{
	return g_strdup_printf("L2 with %" PRIu64 " MiB, assigned in %.2f s", w->pages * w->size >> 20,
			       (double)agent_int(report, "map_ns", 0) / 1e9);
}

const struct workload_ops workload_ops_nested = {
	.kind = &workload_nested,
	.program = "/sbin/kvmperf",
	.kvm = true,
	.took = "map_ns",
	.arguments = arguments,
	.take = take,
	.summary = summary,
	.alive = workload_alive,
	.at_panic = workload_at_panic,
};
