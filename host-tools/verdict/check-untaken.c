/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The check `untaken-kept`: at the end, what no driver of the crash kernel has taken over is what it was at the
 * panic. The checks of the copy end with the copy; a device that nobody resets may do DMA until poweroff.
 */
#include "verdict/check-common.h"

#include "iommu/iommu.h"

static struct vtd_compare *compare_with_end(const struct evidence *ev, const struct iommu_compare_options *opt)
{
	struct vtd_compare *c;

	check_memory(vtd_compare(vtd_walk_of(ev->at_panic.walk), vtd_walk_of(ev->end.walk), opt, &c));
	return c;
}

/* Are its context and PASID entries, and all they lead to? If not, @detail says how they differ. */
static bool kept(const struct evidence *ev, uint16_t sid, GString *detail)
{
	/* A deep copy has tables of its own. */
	const struct iommu_compare_options opt = {
		.skip_irtes = true,
		.roots_may_differ = g_strcmp0(evidence_kdump_mode(ev), "deep") == 0,
		.one_sid = true,
		.sid = sid,
	};
	g_autoptr(check_comparison) c = compare_with_end(ev, &opt);

	return !check_differences(c, ~UINT64_C(0), detail);
}

static enum check_result irtes_kept(const struct evidence *ev, GString *detail)
{
	const struct iommu_compare_options opt = { .skip_contexts = true,
						   .skip_mappings = true,
						   .extra_irtes_ok = true };
	g_autoptr(check_comparison) c = NULL;

	if (!ev->scenario->iommu.intremap || !check_regs(&ev->at_panic).ir_on)
		return CHECK_SKIP;
	check_separate(detail);
	if (!check_regs(&ev->end).ir_on) {
		g_string_append(detail, "interrupt remapping is off at the end");
		return CHECK_NO_EVIDENCE;
	}
	c = compare_with_end(ev, &opt);
	if (check_differences(c, CHECK_DIFF(IRTE_MISSING) | CHECK_DIFF(IRTE_CHANGED) | CHECK_DIFF(EIME), detail))
		return CHECK_FAIL;
	g_string_append_printf(detail, "%zu of %zu old interrupt-remapping entries", c->irtes_same, c->irtes_a);
	return CHECK_PASS;
}

#define TOLD_MAX 4 /* requesters whose differences are told */

static enum check_result untaken_kept(const struct evidence *ev, GString *detail)
{
	const struct iommu_walk *before = ev->at_panic.walk;
	enum check_result result = CHECK_SKIP;
	unsigned n = 0, differ = 0;

	if (ev->translation_dropped) {
		g_string_append(detail, "translation was begun anew: no old entry is in force");
		return CHECK_SKIP;
	}
	for (size_t i = 0; i < before->n_requesters; i++) {
		uint16_t sid = before->iommu->requester(before, i);
		enum evidence_owner owner = check_new_owner(ev, sid);
		g_autoptr(GString) how = g_string_new(NULL);

		if (owner == OWNER_CRASH)
			continue;
		n++;
		if (kept(ev, sid, how)) {
			result = check_worse(result, CHECK_PASS);
			continue;
		}
		/* one of which it is not known whose doing it was hides no other that nobody took over */
		result = check_worse(result, owner == OWNER_OTHER ? CHECK_FAIL : CHECK_NO_EVIDENCE);
		if (differ++ >= TOLD_MAX)
			continue;
		check_separate(detail);
		g_string_append(detail, how->str);
	}
	if (differ > TOLD_MAX)
		g_string_append_printf(detail, "; and those of %u more requesters", differ - TOLD_MAX);
	if (!differ)
		g_string_append_printf(detail, "%u of %zu requesters that nobody took over", n, before->n_requesters);
	return check_worse(result, irtes_kept(ev, detail));
}

const struct check check_untaken_kept = {
	.name = "untaken-kept",
	.outcome = OUTCOME_COPY_WRONG,
	.proves = "at the end, entries of devices without a driver, and old IRTEs, are those of the panic",
	.needs = NEED(IOMMU) | NEED(CRASH_KERNEL) | NEED(CRASH_MEMORY) | NEED(ROOT_SWITCH) | NEED(PANIC) |
		 NEED(ENTRIES) | NEED(END),
	.traces = TRACES(UNIT),
	.run = untaken_kept,
};
