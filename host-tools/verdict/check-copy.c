/* SPDX-License-Identifier: GPL-2.0-only */
/* Checks of the copy: translation stayed on, and the tables after it say what they said before. */
#include "verdict/check-common.h"

#include <inttypes.h>

static enum check_result translation_stayed_on(const struct evidence *ev, GString *detail)
{
	int64_t end = ev->poweroff_ns ? ev->poweroff_ns : INT64_MAX;

	for_each_evidence(const struct evidence_event, e, ev->events) {
		if (e->kind == EVENT_TRANSLATION && !e->on && e->host_ns >= ev->jump_ns && e->host_ns < end) {
			g_string_append_printf(detail, "switched off %.3f s after the jump (trace vtd_dmar_enable 0)",
					       (double)(e->host_ns - ev->jump_ns) / 1e9);
			return CHECK_FAIL;
		}
	}
	if (!ev->root_switch_ns) {
		g_string_append(detail, "the crash kernel never latched a root table of its own");
		return ev->crash_hello_ns ? CHECK_FAIL : CHECK_NO_EVIDENCE;
	}
	if (!ev->copied.has_regs) {
		g_string_append(detail, "no registers were read after the copy");
		return CHECK_NO_EVIDENCE;
	}
	if (!check_regs(&ev->copied).translation_on) {
		g_string_append(detail, "GSTS.TES=0 after the root switch");
		return CHECK_FAIL;
	}
	g_string_append_printf(detail, "no switch-off from the jump on; root %#" PRIx64 " -> %#" PRIx64 " at +%.3f s",
			       ev->at_panic.root, ev->copied.root, (double)(ev->root_switch_ns - ev->jump_ns) / 1e9);
	return CHECK_PASS;
}

/* Left on, with the dead kernel's root: that is something else than switched off. */
static enum outcome how_it_was_left(const struct evidence *ev)
{
	return ev->root_switch_ns || ev->translation_dropped ? OUTCOME_NOT_COPIED : OUTCOME_NOT_TAKEN_OVER;
}

const struct check check_translation_stayed_on = {
	.name = "translation-stayed-on",
	.outcome = OUTCOME_NOT_COPIED,
	.proves = "DMA translation was never switched off between the panic and poweroff, and was taken over",
	.needs = NEED(IOMMU) | NEED(JUMP),
	.traces = TRACES(UNIT),
	.run = translation_stayed_on,
	.outcome_of = how_it_was_left,
};

static enum check_result context_same_slot(const struct evidence *ev, GString *detail)
{
	const uint64_t kinds =
		CHECK_DIFF(MODE) | CHECK_DIFF(CONTEXT_MISSING) | CHECK_DIFF(CONTEXT_EXTRA) | CHECK_DIFF(CONTEXT_SLOT);
	const struct iommu_compare_options opt = { .skip_mappings = true, .skip_irtes = true };
	g_autoptr(check_comparison) c = check_compare(ev, &opt);

	if (check_differences(c, kinds, detail))
		return CHECK_FAIL;
	g_string_append_printf(detail, "%zu of %zu slots", c->contexts_b, c->contexts_a);
	return CHECK_PASS;
}

const struct check check_context_same_slot = {
	.name = "context-same-slot",
	.outcome = OUTCOME_COPY_WRONG,
	.proves = "the present (bus, devfn) slots after the copy are those at the panic, same table half",
	.needs = NEED(IOMMU) | NEED(PANIC) | NEED(ENTRIES) | NEED(COPIED),
	.traces = TRACES(UNIT),
	.run = context_same_slot,
};

static enum check_result context_same_fields(const struct evidence *ev, GString *detail)
{
	const uint64_t kinds = CHECK_DIFF(CONTEXT_FIELD) | CHECK_DIFF(PASID_MISSING) | CHECK_DIFF(PASID_EXTRA) |
			       CHECK_DIFF(PASID_FIELD);
	/* A deep copy has tables of its own; leaves-equal says whether they hold the same. */
	const struct iommu_compare_options opt = {
		.skip_mappings = true,
		.skip_irtes = true,
		.roots_may_differ = g_strcmp0(evidence_kdump_mode(ev), "deep") == 0,
	};
	g_autoptr(check_comparison) c = check_compare(ev, &opt);

	if (check_differences(c, kinds, detail))
		return CHECK_FAIL;
	if (!c->contexts_same) {
		g_string_append(detail, "no entry is present both at the panic and after the copy");
		return CHECK_FAIL;
	}
	g_string_append_printf(detail, "%zu of %zu context entries", c->contexts_same, c->contexts_a);
	if (c->pasids_a)
		g_string_append_printf(detail, ", %zu of %zu PASID entries", c->pasids_same, c->pasids_a);
	return CHECK_PASS;
}

const struct check check_context_same_fields = {
	.name = "context-same-fields",
	.outcome = OUTCOME_COPY_WRONG,
	.proves = "each slot keeps its translation type, address width, DID and table root",
	.needs = NEED(IOMMU) | NEED(PANIC) | NEED(ENTRIES) | NEED(COPIED),
	.traces = TRACES(UNIT),
	.run = context_same_fields,
};

/* What first.workload had mapped, among the pages that were compared. */
static void name_workload(const struct evidence *ev, const struct iommu_walk *before, const struct iommu_walk *after,
			  GString *detail)
{
	for_each_evidence(const struct evidence_workload, w, ev->workloads) {
		struct iommu_space_diff diff = { 0 };
		char bdf[16];

		iommu_compare_space(before, iommu_walk_space(before, w->sid, IOMMU_NO_PASID), after,
				    iommu_walk_space(after, w->sid, IOMMU_NO_PASID), &diff);
		g_string_append_printf(detail, ", %" PRIu64 " pages of %s among them", diff.same,
				       sid_text(w->sid, bdf));
	}
}

static size_t identity_spaces(const struct iommu_walk *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n_spaces; i++)
		n += r->spaces[i].type == IOMMU_SPACE_PASS_THROUGH;
	return n;
}

static enum check_result leaves_equal(const struct evidence *ev, GString *detail)
{
	const struct iommu_walk *before = ev->at_panic.walk, *after = ev->copied.walk;
	const uint64_t kinds = CHECK_DIFF(MODE) | CHECK_DIFF(SPACE_TYPE) | CHECK_DIFF(UNMAPPED) | CHECK_DIFF(NEW) |
			       CHECK_DIFF(RETARGETED) | CHECK_DIFF(PERMISSION);
	const struct iommu_compare_options opt = { .skip_contexts = true, .skip_irtes = true };
	g_autoptr(check_comparison) c = NULL;

	if (!before->n_runs) {
		g_string_append(detail, "nothing was mapped at the panic");
		return CHECK_NO_EVIDENCE;
	}
	c = check_compare(ev, &opt);
	if (check_differences(c, kinds, detail))
		return CHECK_FAIL;
	if (c->base.truncated || !c->pages_same) {
		g_string_append_printf(detail, "the comparison was given up after %" PRIu64 " equal pages",
				       c->pages_same);
		return CHECK_NO_EVIDENCE;
	}
	g_string_append_printf(detail, "%" PRIu64 " of %" PRIu64 " leaves", after->leaves, before->leaves);
	if (identity_spaces(before))
		g_string_append_printf(detail, ", %zu identity runs", identity_spaces(before));
	name_workload(ev, before, after, detail);
	return CHECK_PASS;
}

const struct check check_leaves_equal = {
	.name = "leaves-equal",
	.outcome = OUTCOME_COPY_WRONG,
	.proves = "the runs of (requester, PASID, IOVA, PA, permission) are equal at the panic and after the copy",
	.needs = NEED(IOMMU) | NEED(PANIC) | NEED(ENTRIES) | NEED(COPIED),
	.traces = TRACES(UNIT),
	.run = leaves_equal,
};
