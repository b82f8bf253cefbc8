/* SPDX-License-Identifier: GPL-2.0-only */
/* The needs of checks, one row each: its words, and what is wrong where it is not met. */
#include "verdict/need.h"

#include <inttypes.h>

#include "base/sid.h"
#include "base/trace-group.h"
#include "evidence/evidence.h"
#include "iommu/iommu.h"

bool need_lacks_tables(const struct evidence *ev, const struct evidence_state *state, const char *when, GString *detail)
{
	if (evidence_state_tables(ev, state))
		return false;
	if (!state->walk)
		g_string_append_printf(detail, "no tables were read %s", when);
	else if (state->walk->truncated)
		g_string_append_printf(detail, "no complete tables were read %s: the walk met a limit (%s)", when,
				       state->walk->truncated_by);
	else
		g_string_append_printf(detail, "translation was off %s: the tables were not in force", when);
	return true;
}

/* Says @text where @met is not so. */
static bool lacks(bool met, const char *text, GString *detail)
{
	if (!met)
		g_string_append(detail, text);
	return !met;
}

/* True: what was read after the copy was read too late to be evidence of it. */
static bool late(const struct evidence *ev, GString *detail)
{
	char text[16];
	uint16_t sid;

	if (!evidence_copied_late(ev, &sid))
		return false;
	g_string_append_printf(detail,
			       "the tables after the copy were read %.3f s after it, when %s was taken over already",
			       (double)(ev->copied.host_ns - ev->root_switch_ns) / 1e9, sid_text(sid, text));
	return true;
}

static bool asked_deep(const struct evidence *ev)
{
	return g_strcmp0(evidence_kdump_mode(ev), "deep") == 0;
}

/* A device that the crash kernel's driver never used, or that the evidence has lost, would count as one without fault. */
static bool lacks_devices(const struct evidence *ev, GString *detail)
{
	unsigned asked = (ev->scenario->devices.nic != MACHINE_NIC_NONE) +
			 (ev->scenario->devices.disk != MACHINE_DISK_NONE) + (scenario_edu_functions(ev->scenario) > 1);

	/* what an initramfs of somebody else uses is its own affair */
	for_each_evidence(const struct evidence_device, dev, ev->devices)
		if (!dev->wanted && !*ev->scenario->crash.initrd) {
			g_string_append_printf(detail, "%s (%s) was not used in the crash kernel", dev->bdf,
					       dev->driver);
			return true;
		}
	if (ev->devices->len >= asked)
		return false;
	g_string_append_printf(detail, "of the scenario's %u devices %u %s known", asked, ev->devices->len,
			       ev->devices->len == 1 ? "is" : "are");
	return true;
}

/* True: it is not met, and @detail says why. */
static bool is_unmet(enum need need, const struct evidence *ev, GString *detail)
{
	const struct scenario *sc = ev->scenario;
	const struct iommu_snapshot *old = ev->at_panic.snapshot;

	switch (need) {
	case NEED_DMA:
		return lacks(sc->devices.dma != CONF_DMA_NONE, "the scenario asks for no DMA", detail);
	case NEED_IOMMU:
		return lacks(sc->iommu.mode != MACHINE_IOMMU_OFF, "the scenario has no IOMMU", detail);
	case NEED_INTREMAP:
		return lacks(sc->iommu.intremap, "the scenario has no interrupt remapping", detail);
	case NEED_CACHING_MODE:
		return lacks(sc->iommu.caching_mode, "the scenario has no caching mode", detail);
	case NEED_WORKLOAD:
		return lacks(*sc->first.workload, "the scenario has no first.workload", detail);
	case NEED_KDUMP_LOG:
		return lacks(evidence_kdump_asked(ev), "the crash kernel was not asked to tell what it finds", detail);
	case NEED_RESERVE:
		return lacks(evidence_kdump_mode(ev), "the crash kernel was not asked to reserve old IOVAs", detail);
	case NEED_DEEP:
		return lacks(asked_deep(ev), "the crash kernel was not asked for a deep copy", detail);
	case NEED_DUMP:
		return lacks(sc->crash.dump != CONF_DUMP_NONE, "the scenario asks for no dump", detail);
	case NEED_AGENT:
		return lacks(!*sc->crash.initrd, "the crash initramfs has no agent to ask", detail);
	case NEED_REBOOT:
		return lacks(sc->crash.end == CONF_END_REBOOT, "the scenario ends by poweroff", detail);
	case NEED_LAB_KERNEL:
		return lacks(evidence_is_lab(ev, EVIDENCE_FIRST) || evidence_is_lab(ev, EVIDENCE_CRASH),
			     "neither kernel is known to be the lab's own (-lab)", detail);
	case NEED_JUMP:
		return lacks(ev->jump_ns, "the jump was not seen, so there is no moment to judge from", detail);
	case NEED_CRASH_KERNEL:
		return lacks(ev->crash_hello_ns, "the crash kernel did not come up", detail);
	case NEED_DEVICES:
		return lacks_devices(ev, detail);
	case NEED_CRASH_MEMORY:
		return lacks(ev->crash_end, "where the crash kernel's memory lies is not known", detail);
	case NEED_ROOT_SWITCH:
		return lacks(ev->root_switch_ns, "the crash kernel never latched a root table of its own", detail);
	case NEED_PANIC_REGS:
		return lacks(ev->at_panic.has_regs, "no registers were read at the panic", detail);
	case NEED_PANIC_WALK:
		return lacks(ev->at_panic.walk, "no tables were read at the panic", detail);
	case NEED_PANIC:
		return need_lacks_tables(ev, &ev->at_panic, "at the panic", detail);
	case NEED_ENTRIES:
		return lacks(ev->at_panic.walk && ev->at_panic.walk->n_requesters,
			     "no context entry was present at the panic", detail);
	case NEED_COPIED_REGS:
		return lacks(ev->copied.has_regs, "no registers were read after the copy", detail) || late(ev, detail);
	case NEED_COPIED:
		return need_lacks_tables(ev, &ev->copied, "after the copy", detail) || late(ev, detail);
	case NEED_END:
		return need_lacks_tables(ev, &ev->end, "at the end", detail);
	case NEED_OLD_TABLES:
		return lacks(old && old->n_pages, "no table pages were kept at the panic", detail) ||
		       lacks(ev->old_tables, "the old table pages were not read again at the end", detail);
	case NEEDS:
		break;
	}
	return false;
}

char *need_list(unsigned needs, unsigned traces)
{
	static const char *const words[NEEDS] = {
		[NEED_DMA] = "DMA",
		[NEED_IOMMU] = "IOMMU",
		[NEED_INTREMAP] = "interrupt remapping",
		[NEED_CACHING_MODE] = "caching mode",
		[NEED_WORKLOAD] = "first.workload",
		[NEED_KDUMP_LOG] = "lab kernel",
		[NEED_RESERVE] = "lab kernel: reserve or deep",
		[NEED_DEEP] = "lab kernel: deep",
		[NEED_DUMP] = "dump",
		[NEED_AGENT] = "agent in the crash kernel",
		[NEED_REBOOT] = "end=reboot",
		[NEED_LAB_KERNEL] = "a lab kernel",
		[NEED_JUMP] = "jump",
		[NEED_CRASH_KERNEL] = "crash kernel up",
		[NEED_DEVICES] = "devices used",
		[NEED_CRASH_MEMORY] = "place of crash memory",
		[NEED_ROOT_SWITCH] = "root switch",
		[NEED_PANIC_REGS] = "registers at the panic",
		[NEED_PANIC_WALK] = "some tables at the panic",
		[NEED_PANIC] = "tables at the panic",
		[NEED_ENTRIES] = "entries at the panic",
		[NEED_COPIED_REGS] = "registers after the copy",
		[NEED_COPIED] = "tables after the copy",
		[NEED_END] = "tables at the end",
		[NEED_OLD_TABLES] = "old table pages at the end",
	};
	GString *list = g_string_new(NULL);

	for (int n = 0; n < NEEDS; n++)
		if (needs & 1u << n)
			g_string_append_printf(list, "%s%s", list->len ? ", " : "", words[n]);
	for (int g = 0; g < TRACE_GROUPS; g++)
		if (traces & 1u << g)
			g_string_append_printf(list, "%strace of %s", list->len ? ", " : "",
					       word_of(trace_group_words, (enum trace_group)g));
	return g_string_free(list, FALSE);
}

/* Does the run have the device that makes these events? */
static bool group_applies(enum trace_group group, const struct scenario *sc)
{
	switch (group) {
	case TRACE_GROUP_NIC_DMA:
		if (sc->devices.dma != CONF_DMA_NIC && sc->devices.dma != CONF_DMA_BOTH)
			return false;
		/* fall through */
	case TRACE_GROUP_NIC_RESETS:
		return sc->devices.nic == MACHINE_NIC_E1000E;
	case TRACE_GROUP_DISK_DMA:
		if (sc->devices.dma != CONF_DMA_DISK && sc->devices.dma != CONF_DMA_BOTH)
			return false;
		/* fall through */
	case TRACE_GROUP_DISK_RESETS:
		return sc->devices.disk == MACHINE_DISK_NVME;
	default:
		return true;
	}
}

/* Every kernel with an IOMMU latches a root table, and a root that was switched has left its event. */
static bool lacks_roots(const struct evidence *ev, GString *detail)
{
	for_each_evidence(const struct evidence_event, e, ev->events)
		if (e->kind == EVENT_ROOT && (!ev->root_switch_ns || e->host_ns == ev->root_switch_ns))
			return false;
	g_string_append(detail, "the events of the IOMMU are not all there: they lack that of the root table");
	return true;
}

/*
 * An event that QEMU cannot write, or wrote in a form that is not known, is evidence lost: a fault among them would
 * pass for none.
 */
static bool lacks_trace(unsigned traces, const struct evidence *ev, GString *detail)
{
	/* recorded before there were groups: any may lack what is missing */
	if (traces && !ev->traces->len && ev->trace_missing) {
		g_string_append_printf(detail, "this QEMU does not trace %s", ev->trace_missing);
		return true;
	}
	for_each_evidence(const struct evidence_trace, t, ev->traces) {
		const char *words = word_of(trace_group_words, (enum trace_group)t->group);

		if (t->group >= TRACE_GROUPS || !(traces & 1u << t->group) ||
		    !group_applies((enum trace_group)t->group, ev->scenario))
			continue;
		if (t->malformed)
			g_string_append_printf(detail,
					       "QEMU wrote %" PRIu64 " trace event%s of %s in a form that is not known",
					       t->malformed, t->malformed == 1 ? "" : "s", words);
		else if (t->missing)
			g_string_append_printf(detail, "this QEMU does not trace %s: it lacks %s", words, t->missing);
		else
			continue;
		return true;
	}
	return traces & TRACES(UNIT) && lacks_roots(ev, detail);
}

/* The first unmet one of @from to @to, not including it. */
static bool any_unmet(unsigned needs, int from, int to, const struct evidence *ev, GString *detail)
{
	for (int n = from; n < to; n++)
		if (needs & 1u << n && is_unmet((enum need)n, ev, detail))
			return true;
	return false;
}

enum check_result need_unmet(unsigned needs, unsigned traces, const struct evidence *ev, GString *detail)
{
	if (any_unmet(needs, 0, NEED_JUMP, ev, detail))
		return CHECK_SKIP;
	if (lacks_trace(traces, ev, detail) || any_unmet(needs, NEED_JUMP, NEEDS, ev, detail))
		return CHECK_NO_EVIDENCE;
	return CHECK_PASS;
}
