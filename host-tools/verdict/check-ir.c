/* SPDX-License-Identifier: GPL-2.0-only */
/* The check `irte-equal`: the interrupt-remapping table of the crash kernel has the dead kernel's entries. */
#include "verdict/check-common.h"

#include <inttypes.h>

#include "vtd/formats.h"

static enum check_result compare_irtes(const struct evidence *ev, GString *detail)
{
	const struct vtd_compare_options opt = { .skip_contexts = true, .skip_mappings = true, .extra_irtes_ok = true };
	const uint64_t kinds = CHECK_DIFF(IRTE_MISSING) | CHECK_DIFF(IRTE_CHANGED) | CHECK_DIFF(EIME);
	g_autoptr(check_comparison) c = check_compare(ev, &opt);

	if (check_differences(c, kinds, detail))
		return CHECK_FAIL;
	g_string_append_printf(detail, "%zu of %zu entries at %#" PRIx64 " -> %#" PRIx64, c->irtes_same, c->irtes_a,
			       VTD_ADDR(vtd_walk_of(ev->at_panic.walk)->irta),
			       VTD_ADDR(vtd_walk_of(ev->copied.walk)->irta));
	if (c->irtes_b > c->irtes_same)
		g_string_append_printf(detail, ", %zu new in free slots", c->irtes_b - c->irtes_same);
	return CHECK_PASS;
}

static enum check_result irte_equal(const struct evidence *ev, GString *detail)
{
	if (!ev->at_panic.regs.ir_on) {
		g_string_append(detail, "interrupt remapping was off at the panic");
		return CHECK_NO_EVIDENCE;
	}
	if (!ev->copied.regs.ir_on) {
		g_string_append(detail, "interrupt remapping is off after the copy (GSTS.IRES=0)");
		return CHECK_FAIL;
	}
	if (!vtd_walk_of(ev->at_panic.walk)->n_irtes) {
		g_string_append(detail, "no interrupt-remapping entry was present at the panic");
		return CHECK_NO_EVIDENCE;
	}
	return compare_irtes(ev, detail);
}

const struct check check_irte_equal = {
	.name = "irte-equal",
	.outcome = OUTCOME_COPY_WRONG,
	.proves = "every interrupt-remapping entry stands bit for bit at the same "
		  "index; EIME is unchanged",
	.needs = NEED(IOMMU) | NEED(INTREMAP) | NEED(PANIC_REGS) | NEED(PANIC) | NEED(COPIED_REGS) | NEED(COPIED),
	.traces = TRACES(UNIT),
	.run = irte_equal,
};
