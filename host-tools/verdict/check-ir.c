/* SPDX-License-Identifier: GPL-2.0-only */
/* The check `irte-equal`: the interrupt-remapping table of the crash kernel has the dead kernel's entries. */
#include "verdict/check.h"
#include "evidence/evidence.h"

#include <inttypes.h>

#include "verdict/check-common.h"
#include "vtd/compare.h"
#include "vtd/formats.h"
#include "vtd/walk.h"

/* Registers and tables of both moments, complete; otherwise says what is missing. */
static bool comparable(const struct vtd_walk_result *before, const struct vtd_walk_result *after,
		       const struct evidence *ev, GString *detail)
{
	if (!before || !ev->at_panic.has_regs)
		g_string_append(detail, "no registers or tables were read at the panic");
	else if (!after || !ev->copied.has_regs)
		g_string_append(detail, "no registers or tables were read after the copy");
	else if (before->truncated || after->truncated)
		g_string_append_printf(detail, "the walk met a limit (%s)",
				       before->truncated ? before->truncated_by : after->truncated_by);
	return !detail->len;
}

static enum check_result compare_irtes(const struct vtd_walk_result *before, const struct vtd_walk_result *after,
				       GString *detail)
{
	const struct vtd_compare_options opt = { .skip_contexts = true, .skip_mappings = true, .extra_irtes_ok = true };
	enum check_result result = CHECK_FAIL;
	struct vtd_compare *c;
	uint64_t bad;

	if (vtd_compare(before, after, &opt, &c))
		g_error("out of memory");
	bad = c->counts[VTD_DIFF_IRTE_MISSING] + c->counts[VTD_DIFF_IRTE_CHANGED] + c->counts[VTD_DIFF_EIME];
	if (bad) {
		g_string_append_printf(detail, "%" PRIu64 " difference%s", bad, bad == 1 ? "" : "s");
		for (size_t i = 0; i < c->n_diffs; i++)
			if (c->diffs[i].kind == VTD_DIFF_IRTE_MISSING || c->diffs[i].kind == VTD_DIFF_IRTE_CHANGED ||
			    c->diffs[i].kind == VTD_DIFF_EIME) {
				g_string_append_printf(detail, ": %s", c->diffs[i].text);
				break;
			}
	} else {
		g_string_append_printf(detail, "%zu of %zu entries at %#" PRIx64 " -> %#" PRIx64, c->irtes_same,
				       c->irtes_a, VTD_ADDR(before->irta), VTD_ADDR(after->irta));
		if (c->irtes_b > c->irtes_same)
			g_string_append_printf(detail, ", %zu new in free slots", c->irtes_b - c->irtes_same);
		result = CHECK_PASS;
	}
	vtd_compare_free(c);
	return result;
}

enum check_result check_irte_equal(const struct vtd_walk_result *before, const struct vtd_walk_result *after,
				   const struct evidence *ev, GString *detail)
{
	if (check_no_iommu(ev, detail))
		return CHECK_SKIP;
	if (!ev->scenario->iommu.intremap) {
		g_string_append(detail, "the scenario has no interrupt remapping");
		return CHECK_SKIP;
	}
	if (!comparable(before, after, ev, detail))
		return CHECK_NO_EVIDENCE;
	if (!ev->at_panic.regs.ir_on) {
		g_string_append(detail, "interrupt remapping was off at the panic");
		return CHECK_NO_EVIDENCE;
	}
	if (!ev->copied.regs.ir_on) {
		g_string_append(detail, "interrupt remapping is off after the copy (GSTS.IRES=0)");
		return CHECK_FAIL;
	}
	if (!before->n_irtes) {
		g_string_append(detail, "no interrupt-remapping entry was present at the panic");
		return CHECK_NO_EVIDENCE;
	}
	return compare_irtes(before, after, detail);
}
