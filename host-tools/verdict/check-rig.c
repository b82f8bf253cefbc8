/* SPDX-License-Identifier: GPL-2.0-only */
/* Checks of the run itself: the rig, the mode in effect, the panic, the crash kernel. */
#include "verdict/check-common.h"

#include <inttypes.h>
#include <string.h>

#include "base/cmdline.h"
#include "base/sid.h"
#include "vtd/formats.h"

static enum check_result rig(const struct evidence *ev, GString *detail)
{
	if (ev->rig_error)
		g_string_append(detail, ev->rig_error);
	else if (ev->first_failure) {
		/* QEMU was well: it is for the next two checks to say whose doing it was */
		g_string_append_printf(detail, "the first kernel did not come as far as the panic: %s",
				       ev->first_failure);
		if (ev->reference_failure)
			g_string_append_printf(detail, "; whose doing cannot be told: %s", ev->reference_failure);
		return CHECK_NO_EVIDENCE;
	} else if (!ev->first_hello)
		g_string_append(detail, "the first kernel's agent never spoke");
	else if (!ev->crash_loaded)
		g_string_append(detail, "no crash kernel was loaded");
	else if (!ev->trace_events && ev->scenario->iommu.mode != MACHINE_IOMMU_OFF)
		g_string_append(detail, "QEMU's trace gave no IOMMU event: no evidence of faults or switches");
	else {
		g_string_append_printf(detail, "crash kernel loaded, %" PRIu64 " trace events", ev->trace_events);
		if (ev->trace_missing)
			g_string_append_printf(detail, " (this QEMU lacks %s)", ev->trace_missing);
		return CHECK_PASS;
	}
	return CHECK_FAIL;
}

const struct check check_rig = {
	.name = "rig",
	.outcome = OUTCOME_INCONCLUSIVE,
	.proves = "QEMU stayed up, the first kernel's agent spoke, a crash kernel was loaded, the trace gave events",
	.run = rig,
};

/* The type that the tables of the lab's own devices must have. */
static enum iommu_space_type wanted_type(const struct evidence *ev)
{
	if (evidence_passthrough(ev))
		return IOMMU_SPACE_PASS_THROUGH;
	return evidence_mode(ev) == MACHINE_IOMMU_FIRST_LEVEL ? IOMMU_SPACE_FIRST_LEVEL : IOMMU_SPACE_SECOND_LEVEL;
}

static void complain(GString *detail, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void complain(GString *detail, const char *format, ...)
{
	va_list args;

	if (detail->len)
		g_string_append(detail, "; ");
	va_start(args, format);
	g_string_append_vprintf(detail, format, args);
	va_end(args);
}

static void mode_registers(const struct evidence *ev, GString *wrong)
{
	const struct scenario *sc = ev->scenario;
	const struct vtd_regs regs = check_regs(&ev->at_panic);
	unsigned read_as = vtd_walk_of(ev->at_panic.walk)->ttm;

	if (!regs.translation_on)
		complain(wrong, "translation is off (GSTS.TES=0)");
	if (ev->at_panic.ttm != read_as)
		complain(wrong, "TTM is %s, the tables were read as %s", vtd_ttm_name(ev->at_panic.ttm),
			 vtd_ttm_name(read_as));
	if (regs.ir_on != sc->iommu.intremap)
		complain(wrong, "interrupt remapping is %s", regs.ir_on ? "on" : "off");
	if (regs.caching_mode != sc->iommu.caching_mode)
		complain(wrong, "CAP.CM=%d", regs.caching_mode);
	if (regs.ecap_dt != sc->iommu.ats)
		complain(wrong, "ECAP.DT=%d", regs.ecap_dt);
	if (sc->iommu.aw_bits && regs.mgaw != sc->iommu.aw_bits)
		complain(wrong, "CAP.MGAW says %u bits, wanted %u", regs.mgaw, sc->iommu.aw_bits);
	if (!vtd_regs_fault_free(&regs))
		complain(wrong, "a fault was already pending (FSTS=%#x)", regs.fsts);
}

char *check_mode_chosen(const struct evidence *ev)
{
	unsigned asked = evidence_mode(ev) == MACHINE_IOMMU_LEGACY ? VTD_TTM_LEGACY : VTD_TTM_SCALABLE;
	const struct iommu_walk *before = ev->at_panic.walk;
	enum iommu_space_type type = wanted_type(ev);
	GString *chosen = g_string_new(NULL);

	if (before && ev->at_panic.ttm != asked)
		complain(chosen, "TTM %s instead of %s", vtd_ttm_name(ev->at_panic.ttm), vtd_ttm_name(asked));
	for_each_evidence(const struct evidence_device, dev, ev->devices) {
		const struct iommu_space *space = before ? iommu_walk_space(before, dev->sid, IOMMU_NO_PASID) : NULL;

		/* there is no first level in legacy mode */
		if (space && dev->first_translated && space->type != type &&
		    (type != IOMMU_SPACE_FIRST_LEVEL || ev->at_panic.ttm == asked))
			complain(chosen, "%s %s instead of %s", dev->bdf, iommu_space_type_name(space->type),
				 iommu_space_type_name(type));
	}
	return g_string_free(chosen, !chosen->len);
}

/* What the crash kernel was asked for and has nothing to say of: it is not a lab kernel, or of another version. */
static void mode_kdump(const struct evidence *ev, GString *wrong)
{
	const char *asked = evidence_kdump_asked(ev);

	if (asked && ev->crash_hello_ns && ev->root_switch_ns && !ev->translation_dropped && !ev->kdump_lines)
		complain(
			wrong,
			"the crash kernel was asked for %s and logged nothing of it: it has no such copy, or does not know the "
			"word (lab kernels have, as intel_iommu=kdump_%s: --kernel lab-6.12)",
			asked, asked);
}

/* iommu.strict= of the command line against the type of the groups; false: asked for, but not known. */
static bool mode_flushing(const struct evidence *ev, GString *wrong)
{
	bool lazy, strict;

	if (!cmdline_switch(ev->first_cmdline, "iommu.strict", &strict) || evidence_passthrough(ev))
		return true;
	if (!ev->group_types)
		return false;
	lazy = strstr(ev->group_types, "DMA-FQ");
	if (strict && lazy)
		complain(wrong, "iommu.strict=1, but groups are DMA-FQ");
	if (!strict && !lazy)
		complain(wrong, "iommu.strict=0, but no group is DMA-FQ");
	return true;
}

/* How many of the lab's devices had tables; of which type those of the first are goes to @type. */
static unsigned mode_spaces(const struct evidence *ev, const struct iommu_walk *before, enum iommu_space_type *type,
			    GString *wrong)
{
	unsigned seen = 0;

	for_each_evidence(const struct evidence_device, dev, ev->devices) {
		const struct iommu_space *space = iommu_walk_space(before, dev->sid, IOMMU_NO_PASID);

		if (!dev->first_translated)
			continue;
		if (!space)
			complain(wrong, "%s has no present entry", dev->bdf);
		else if (space->type == IOMMU_SPACE_INVALID)
			complain(wrong, "%s has an entry that makes every request fault", dev->bdf);
		else if (!seen++)
			*type = space->type;
	}
	return seen;
}

/* Whether to use ATS is the kernel's choice: told, and no complaint. */
static void tell_ats(const struct evidence *ev, GString *detail)
{
	const struct vtd_walk_result *before = vtd_walk_of(ev->at_panic.walk);
	GString *with = g_string_new(NULL);

	for (size_t i = 0; i < before->base.n_requesters; i++) {
		const struct vtd_context *c = &before->contexts[i];
		char bdf[16];

		if (c->scalable ? c->dte : c->tt == VTD_TT_DEVICE_TLB)
			g_string_append_printf(with, " %s", sid_text((uint16_t)(c->bus << 8 | c->devfn), bdf));
	}
	g_string_append_printf(detail, "; ATS on for%s", with->len ? with->str : " no device, though it could be");
	g_string_free(with, TRUE);
}

static enum check_result mode_in_effect(const struct evidence *ev, GString *detail)
{
	const struct iommu_walk *before = ev->at_panic.walk;
	g_autoptr(GString) wrong = g_string_new(NULL);
	g_autofree char *chosen = check_mode_chosen(ev);
	enum iommu_space_type type = wanted_type(ev);
	unsigned seen = 0;
	bool flushing;

	mode_registers(ev, wrong);
	mode_kdump(ev, wrong);
	flushing = mode_flushing(ev, wrong);
	if (!before->truncated)
		seen = mode_spaces(ev, before, &type, wrong);
	if (wrong->len) {
		g_string_append(detail, wrong->str);
		return CHECK_FAIL;
	}
	if (before->truncated)
		g_string_append_printf(detail, "the walk met a limit (%s)", before->truncated_by);
	else if (!seen)
		g_string_append(detail, "no device of the lab had tables to look at");
	else if (!flushing)
		g_string_append(detail, "iommu.strict= is asked for, but the type of no group is known");
	if (detail->len)
		return CHECK_NO_EVIDENCE;
	g_string_append_printf(detail, "TES on, TTM %s, %s for %u requester%s, IR %s, CM %d, %u bits",
			       vtd_ttm_name(ev->at_panic.ttm), iommu_space_type_name(type), seen, seen == 1 ? "" : "s",
			       check_regs(&ev->at_panic).ir_on ? "on" : "off", check_regs(&ev->at_panic).caching_mode,
			       check_regs(&ev->at_panic).mgaw);
	if (ev->scenario->iommu.ats)
		tell_ats(ev, detail);
	if (evidence_mode(ev) != ev->scenario->iommu.mode)
		g_string_append(detail, "; asked for by first.cmdline, against iommu.mode");
	if (chosen)
		g_string_append_printf(detail, "; chosen by the first kernel: %s", chosen);
	return CHECK_PASS;
}

const struct check check_mode_in_effect = {
	.name = "mode-in-effect",
	.outcome = OUTCOME_INCONCLUSIVE,
	.proves =
		"what the hardware was asked for is what it shows at the panic, and which mode the first kernel chose",
	.needs = NEED(IOMMU) | NEED(PANIC_REGS) | NEED(PANIC_WALK),
	.run = mode_in_effect,
};

static enum check_result panic_seen(const struct evidence *ev, GString *detail)
{
	if (!ev->trigger_ns) {
		g_string_append(detail, "the panic was never asked for");
		return CHECK_NO_EVIDENCE;
	}
	if (ev->jump_ns && evidence_owner(ev, ev->jump_rip) == OWNER_CRASH) {
		g_string_append_printf(
			detail, "RIP %#" PRIx64 " in crash memory %#" PRIx64 "-%#" PRIx64 ", %.0f ms after the trigger",
			ev->jump_rip, ev->crash_start, ev->crash_end, (double)(ev->jump_ns - ev->trigger_ns) / 1e6);
		return CHECK_PASS;
	}
	if (ev->crash_hello_ns) {
		g_string_append(detail, "the crash kernel's agent spoke, but the jump itself was missed");
		return CHECK_PASS;
	}
	if (!ev->crash_end || (ev->jump_ns && evidence_owner(ev, ev->jump_rip) == OWNER_UNKNOWN)) {
		g_string_append(detail, "where the crash kernel's memory lies is not known");
		return CHECK_NO_EVIDENCE;
	}
	g_string_append(detail, "no CPU was seen in the crash kernel's memory");
	if (ev->jump_rip)
		g_string_append_printf(detail, " (%#" PRIx64 "-%#" PRIx64 "), one was at %#" PRIx64, ev->crash_start,
				       ev->crash_end, ev->jump_rip);
	return CHECK_FAIL;
}

const struct check check_panic_seen = {
	.name = "panic-seen",
	.outcome = OUTCOME_NO_PANIC,
	.proves = "the first kernel stopped running: a CPU was seen executing in the crash kernel's memory",
	.run = panic_seen,
};

static enum outcome how_it_ended(const struct evidence *ev)
{
	return ev->crash_panicked ? OUTCOME_CRASH_KERNEL_PANIC : OUTCOME_CRASH_KERNEL_HANG;
}

static enum check_result crash_kernel_booted(const struct evidence *ev, GString *detail)
{
	if (ev->crash_hello_ns) {
		g_string_append_printf(
			detail, "%s %.1f s after the %s",
			*ev->scenario->crash.initrd ? "a foreign initramfs was started" : "its agent spoke",
			(double)(ev->crash_hello_ns - (ev->jump_ns ? ev->jump_ns : ev->trigger_ns)) / 1e9,
			ev->jump_ns ? "jump" : "trigger");
		return CHECK_PASS;
	}
	if (!ev->jump_ns) {
		g_string_append(detail, "the jump into it was never seen");
		return CHECK_NO_EVIDENCE;
	}
	/* a run that ended by itself meanwhile has not seen it fail */
	g_string_append(detail, ev->crash_failure ? ev->crash_failure : "its agent had not spoken when the run ended");
	return ev->crash_failure ? CHECK_FAIL : CHECK_NO_EVIDENCE;
}

const struct check check_crash_kernel_booted = {
	.name = "crash-kernel-booted",
	.outcome = OUTCOME_CRASH_KERNEL_HANG,
	.proves = "the agent of the crash kernel said hello",
	.run = crash_kernel_booted,
	.outcome_of = how_it_ended,
};
