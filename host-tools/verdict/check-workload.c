/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The check of first.workload: what it was to map was mapped when the first kernel died, and
 * whoever was to use it did. Without that there is nothing for the other checks to be about.
 */
#include "verdict/check-common.h"

#include <inttypes.h>

/* All of it, in leaves of the size asked for; no more and no less. */
static bool all_mapped(const struct evidence_workload *w, const struct iommu_walk *walk, GString *detail)
{
	const struct iommu_space *space = iommu_walk_space(walk, w->sid, IOMMU_NO_PASID);
	const struct iommu_tree *tree = space && space->tree < walk->n_trees ? &walk->trees[space->tree] : NULL;
	uint64_t wanted = w->pages * (w->page_bytes >> 12);
	char bdf[16];

	sid_text(w->sid, bdf);
	if (!tree || !tree->levels) {
		g_string_append_printf(detail, "%s has no tables at the panic", bdf);
		return false;
	}
	g_string_append_printf(detail,
			       "%s: %" PRIu64 " of %" PRIu64 " pages mapped at the panic, by %" PRIu64 " leaves", bdf,
			       tree->pages, wanted, tree->leaves);
	if (tree->pages != wanted)
		return false;
	if (tree->leaves == w->pages)
		return true;
	g_string_append_printf(detail, " instead of %" PRIu64 " of %" PRIu64 " KiB", w->pages, w->page_bytes >> 10);
	return false;
}

/* The trace showed the device doing DMA before the panic. */
static bool dma_seen(const struct evidence *ev, const struct evidence_workload *w, GString *detail)
{
	for_each_evidence(const struct evidence_requester, r, ev->requesters)
		if (r->sid == w->sid && r->first_ns < ev->trigger_ns)
			return true;
	g_string_append(detail, "; the trace shows no DMA of it before the panic");
	return false;
}

static bool guest_alive(const struct evidence *ev, const struct evidence_workload *w, GString *detail)
{
	uint64_t wanted = w->pages * (w->page_bytes >> 12);

	if (!w->seen_ns || w->seen_ns > ev->trigger_ns || w->pass_now <= w->pass_then)
		g_string_append(detail, "; the guest was not seen to write before the panic");
	else if (w->copies_now <= w->copies_then)
		g_string_append(detail, "; no copy by the device was seen in the guest's memory");
	else if (w->marked != wanted)
		g_string_append_printf(detail, "; %" PRIu64 " of them lead to what the guest wrote", w->marked);
	else if (w->pass_high > w->pass_low + 1)
		g_string_append_printf(detail,
				       "; they hold words of passes %" PRIu64 " to %" PRIu64
				       ", but the guest writes one page after the other",
				       w->pass_low, w->pass_high);
	else if (w->pass_low < w->pass_now || w->copies_last < w->copies_now)
		g_string_append_printf(detail,
				       "; they lead to an older state of the guest (pass %" PRIu64 ", copy %" PRIu64
				       ") than was seen before (pass %" PRIu64 ", copy %" PRIu64 ")",
				       w->pass_low, w->copies_last, w->pass_now, w->copies_now);
	else
		return true;
	return false;
}

static enum check_result workload_alive(const struct evidence *ev, GString *detail)
{
	const struct iommu_walk *before = ev->at_panic.walk;
	const struct evidence_workload *w;

	if (!ev->workloads->len)
		g_string_append(detail, "it never said that it had begun");
	else if (!ev->trigger_ns)
		g_string_append(detail, "the panic was never asked for");
	if (detail->len)
		return CHECK_NO_EVIDENCE;
	w = &g_array_index(ev->workloads, struct evidence_workload, 0);
	if (!all_mapped(w, before, detail) || (w->dma && !dma_seen(ev, w, detail)) ||
	    (w->nested && !guest_alive(ev, w, detail)))
		return CHECK_FAIL;
	if (w->nested)
		g_string_append_printf(detail,
				       ", to the memory of L2 in pass %" PRIu64 "; copy %" PRIu64 " by the device",
				       w->pass_high, w->copies_last);
	return CHECK_PASS;
}

const struct check check_workload_alive = {
	.name = "workload-alive",
	.outcome = OUTCOME_INCONCLUSIVE,
	.proves = "what first.workload maps was mapped at the panic, and its guest and its device were at work",
	.needs = NEED(WORKLOAD) | NEED(PANIC),
	.traces = TRACES(TRANSLATIONS),
	.run = workload_alive,
};
