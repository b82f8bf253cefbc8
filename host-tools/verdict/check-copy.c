/* SPDX-License-Identifier: GPL-2.0-only */
/* Checks of the copy: translation stayed on, and the tables after it say what they said before. */
#include "verdict/check.h"
#include "evidence/evidence.h"

#include <inttypes.h>
#include <string.h>

#include "verdict/check-common.h"
#include "vtd/compare.h"
#include "vtd/walk.h"

/* Both snapshots there, complete, and with something in them; otherwise says what is missing. */
static bool comparable(const struct vtd_walk_result *before, const struct vtd_walk_result *after, GString *detail)
{
	if (!before)
		g_string_append(detail, "no tables were read at the panic");
	else if (!after)
		g_string_append(detail, "no tables were read after the copy");
	else if (before->truncated || after->truncated)
		g_string_append_printf(detail, "the walk met a limit (%s)",
				       before->truncated ? before->truncated_by : after->truncated_by);
	else if (!before->n_contexts)
		g_string_append(detail, "no context entry was present at the panic");
	else
		return true;
	return false;
}

/* Appends the first difference of one of the kinds, and how many there are in all. */
static void first_difference(const struct vtd_compare *c, const bool kinds[VTD_DIFF_KINDS], GString *detail)
{
	uint64_t n = 0;

	for (int k = 0; k < VTD_DIFF_KINDS; k++)
		n += kinds[k] ? c->counts[k] : 0;
	g_string_append_printf(detail, "%" PRIu64 " difference%s", n, n == 1 ? "" : "s");
	for (size_t i = 0; i < c->n_diffs; i++)
		if (kinds[c->diffs[i].kind]) {
			g_string_append_printf(detail, ": %s", c->diffs[i].text);
			break;
		}
}

enum check_result check_translation_stayed_on(const struct vtd_walk_result *before, const struct vtd_walk_result *after,
					      const struct evidence *ev, GString *detail)
{
	int64_t end = ev->poweroff_ns ? ev->poweroff_ns : INT64_MAX;

	(void)before;
	(void)after;
	if (check_no_iommu(ev, detail))
		return CHECK_SKIP;
	if (!ev->jump_ns) {
		g_string_append(detail, "the jump was not seen, so there is no moment to judge from");
		return CHECK_NO_EVIDENCE;
	}
	for (unsigned i = 0; i < ev->events->len; i++) {
		struct evidence_event *e = &g_array_index(ev->events, struct evidence_event, i);

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
	if (!ev->copied.regs.translation_on) {
		g_string_append(detail, "GSTS.TES=0 after the root switch");
		return CHECK_FAIL;
	}
	g_string_append_printf(detail, "no switch-off from the jump on; root %#" PRIx64 " -> %#" PRIx64 " at +%.3f s",
			       ev->at_panic.root, ev->copied.root, (double)(ev->root_switch_ns - ev->jump_ns) / 1e9);
	return CHECK_PASS;
}

enum check_result check_context_same_slot(const struct vtd_walk_result *before, const struct vtd_walk_result *after,
					  const struct evidence *ev, GString *detail)
{
	static const bool kinds[VTD_DIFF_KINDS] = { [VTD_DIFF_MODE] = true,
						    [VTD_DIFF_CONTEXT_MISSING] = true,
						    [VTD_DIFF_CONTEXT_EXTRA] = true,
						    [VTD_DIFF_CONTEXT_SLOT] = true };
	const struct vtd_compare_options opt = { .skip_mappings = true, .skip_irtes = true };
	struct vtd_compare *c;
	enum check_result result = CHECK_FAIL;

	if (check_no_iommu(ev, detail))
		return CHECK_SKIP;
	if (!comparable(before, after, detail))
		return CHECK_NO_EVIDENCE;
	if (vtd_compare(before, after, &opt, &c))
		g_error("out of memory");
	if (c->counts[VTD_DIFF_MODE] || c->counts[VTD_DIFF_CONTEXT_MISSING] || c->counts[VTD_DIFF_CONTEXT_EXTRA] ||
	    c->counts[VTD_DIFF_CONTEXT_SLOT]) {
		first_difference(c, kinds, detail);
	} else {
		g_string_append_printf(detail, "%zu of %zu slots", c->contexts_b, c->contexts_a);
		result = CHECK_PASS;
	}
	vtd_compare_free(c);
	return result;
}

enum check_result check_context_same_fields(const struct vtd_walk_result *before, const struct vtd_walk_result *after,
					    const struct evidence *ev, GString *detail)
{
	static const bool kinds[VTD_DIFF_KINDS] = { [VTD_DIFF_CONTEXT_FIELD] = true,
						    [VTD_DIFF_PASID_MISSING] = true,
						    [VTD_DIFF_PASID_EXTRA] = true,
						    [VTD_DIFF_PASID_FIELD] = true };
	/* A deep copy has tables of its own; leaves-equal says whether they hold the same. */
	const struct vtd_compare_options opt = {
		.skip_mappings = true,
		.skip_irtes = true,
		.roots_may_differ = g_strcmp0(evidence_kdump_mode(ev), "deep") == 0,
	};
	struct vtd_compare *c;
	enum check_result result = CHECK_FAIL;

	if (check_no_iommu(ev, detail))
		return CHECK_SKIP;
	if (!comparable(before, after, detail))
		return CHECK_NO_EVIDENCE;
	if (vtd_compare(before, after, &opt, &c))
		g_error("out of memory");
	if (c->counts[VTD_DIFF_CONTEXT_FIELD] || c->counts[VTD_DIFF_PASID_MISSING] || c->counts[VTD_DIFF_PASID_EXTRA] ||
	    c->counts[VTD_DIFF_PASID_FIELD]) {
		first_difference(c, kinds, detail);
	} else if (!c->contexts_same) {
		g_string_append(detail, "no entry is present both at the panic and after the copy");
	} else {
		g_string_append_printf(detail, "%zu of %zu context entries", c->contexts_same, c->contexts_a);
		if (c->pasids_a)
			g_string_append_printf(detail, ", %zu of %zu PASID entries", c->pasids_same, c->pasids_a);
		result = CHECK_PASS;
	}
	vtd_compare_free(c);
	return result;
}

/* What first.workload had mapped, among the pages that were compared. */
static void name_workload(const struct evidence *ev, const struct vtd_walk_result *before,
			  const struct vtd_walk_result *after, GString *detail)
{
	for (unsigned i = 0; i < ev->workloads->len; i++) {
		uint16_t sid = g_array_index(ev->workloads, struct evidence_workload, i).sid;
		struct vtd_space_diff diff = { 0 };
		char bdf[16];

		vtd_compare_space(before, vtd_walk_space(before, sid, VTD_NO_PASID), after,
				  vtd_walk_space(after, sid, VTD_NO_PASID), &diff);
		g_string_append_printf(detail, ", %" PRIu64 " pages of %s among them", diff.same, sid_text(sid, bdf));
	}
}

static size_t identity_spaces(const struct vtd_walk_result *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n_spaces; i++)
		n += r->spaces[i].type == VTD_SPACE_PASS_THROUGH;
	return n;
}

enum check_result check_leaves_equal(const struct vtd_walk_result *before, const struct vtd_walk_result *after,
				     const struct evidence *ev, GString *detail)
{
	static const bool kinds[VTD_DIFF_KINDS] = {
		[VTD_DIFF_MODE] = true, [VTD_DIFF_SPACE_TYPE] = true, [VTD_DIFF_UNMAPPED] = true,
		[VTD_DIFF_NEW] = true,	[VTD_DIFF_RETARGETED] = true, [VTD_DIFF_PERMISSION] = true,
	};
	const struct vtd_compare_options opt = { .skip_contexts = true, .skip_irtes = true };
	enum check_result result = CHECK_FAIL;
	struct vtd_compare *c;
	uint64_t bad;

	if (check_no_iommu(ev, detail))
		return CHECK_SKIP;
	if (!comparable(before, after, detail))
		return CHECK_NO_EVIDENCE;
	if (!before->n_runs) {
		g_string_append(detail, "nothing was mapped at the panic");
		return CHECK_NO_EVIDENCE;
	}
	if (vtd_compare(before, after, &opt, &c))
		g_error("out of memory");
	bad = c->counts[VTD_DIFF_MODE] + c->counts[VTD_DIFF_SPACE_TYPE] + c->counts[VTD_DIFF_UNMAPPED] +
	      c->counts[VTD_DIFF_NEW] + c->counts[VTD_DIFF_RETARGETED] + c->counts[VTD_DIFF_PERMISSION];
	if (bad) {
		first_difference(c, kinds, detail);
	} else if (c->truncated || !c->pages_same) {
		g_string_append_printf(detail, "the comparison was given up after %" PRIu64 " equal pages",
				       c->pages_same);
		result = CHECK_NO_EVIDENCE;
	} else {
		g_string_append_printf(detail, "%" PRIu64 " of %" PRIu64 " leaves", after->leaves, before->leaves);
		if (identity_spaces(before))
			g_string_append_printf(detail, ", %zu identity runs", identity_spaces(before));
		name_workload(ev, before, after, detail);
		result = CHECK_PASS;
	}
	vtd_compare_free(c);
	return result;
}
