/* SPDX-License-Identifier: GPL-2.0-only */
/* The check `irte-equal`: the interrupt-remapping table of the crash kernel has the dead kernel's entries. */
#include "verdict/check-common.h"

#include <inttypes.h>

#include "vtd/formats.h"

static enum check_result compare_irtes(const struct evidence *ev, GString *detail)
{
	const struct iommu_compare_options opt = { .skip_contexts = true,
						   .skip_mappings = true,
						   .extra_irtes_ok = true };
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

/* The crash kernel takes over by a table in its own memory: one that still is the dead kernel's, it has not touched. */
static bool not_taken_over(const struct evidence *ev)
{
	return check_regs(&ev->copied).irt == check_regs(&ev->at_panic).irt;
}

static enum check_result dead_table(const struct evidence *ev, GString *detail)
{
	bool still = ev->end.has_regs && check_regs(&ev->end).ir_on &&
		     check_regs(&ev->end).irt == check_regs(&ev->at_panic).irt;

	g_string_append_printf(detail, "the dead kernel's table at %#" PRIx64 " was in force after the copy%s",
			       check_regs(&ev->copied).irt,
			       still ? ", and is at the end: interrupt remapping was never taken over" :
				       "; what became of it is not known");
	return still ? CHECK_FAIL : CHECK_NO_EVIDENCE;
}

/* What is the dead kernel's own table is not a wrong copy of it. */
static enum outcome how_it_was_left(const struct evidence *ev)
{
	return check_regs(&ev->copied).ir_on && not_taken_over(ev) ? OUTCOME_NOT_TAKEN_OVER : OUTCOME_COPY_WRONG;
}

static enum check_result irte_equal(const struct evidence *ev, GString *detail)
{
	if (!check_regs(&ev->at_panic).ir_on) {
		g_string_append(detail, "interrupt remapping was off at the panic");
		return CHECK_NO_EVIDENCE;
	}
	if (!check_regs(&ev->copied).ir_on) {
		g_string_append(detail, "interrupt remapping is off after the copy (GSTS.IRES=0)");
		return CHECK_FAIL;
	}
	if (!vtd_walk_of(ev->at_panic.walk)->n_irtes) {
		g_string_append(detail, "no interrupt-remapping entry was present at the panic");
		return CHECK_NO_EVIDENCE;
	}
	if (not_taken_over(ev))
		return dead_table(ev, detail);
	return compare_irtes(ev, detail);
}

const struct check check_irte_equal = {
	.name = "irte-equal",
	.outcome = OUTCOME_COPY_WRONG,
	.proves = "the crash kernel's own interrupt-remapping table has every old entry, bit for bit at the same "
		  "index; EIME is unchanged",
	.needs = NEED(IOMMU) | NEED(INTREMAP) | NEED(PANIC_REGS) | NEED(PANIC) | NEED(COPIED_REGS) | NEED(COPIED),
	.traces = TRACES(UNIT),
	.run = irte_equal,
	.outcome_of = how_it_was_left,
};
