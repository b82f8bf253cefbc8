/* SPDX-License-Identifier: GPL-2.0-only */
/* Checks of the DMA in flight between the panic and each device's attach: no faults, nothing lost. */
#include "verdict/check-common.h"

#include <inttypes.h>

#include "vtd/regs.h"

static bool is_fault(const struct evidence_event *e)
{
	return e->kind == EVENT_FAULT || e->kind == EVENT_FAULT_DISABLED;
}

#define OTHERS_MAX 4

/* Faults, of each requester: from the jump to its attach, from there to poweroff, between, and by whom nobody knows. */
struct fault_counts {
	uint64_t early, late, undated, unowned;
	uint16_t others[OTHERS_MAX]; /* requesters of early ones beside that of the first */
	unsigned n_others;
};

/* From when on DMA of a requester may be that of a driver that the lab did not ask for. */
struct unasked {
	int sid; /* of the last answer, -1: none yet */
	int64_t from;
};

/*
 * When the crash kernel's own driver may have taken @sid, of which no look at its entry tells: from its entry's
 * invalidation on, or from the root switch if there was none. INT64_MAX: none did, as far as the tables tell.
 */
static int64_t taken_unasked(const struct evidence *ev, uint16_t sid)
{
	if (evidence_device_find(ev, sid) || !evidence_state_tables(ev, &ev->end) ||
	    check_new_owner(ev, sid) != OWNER_CRASH)
		return INT64_MAX;
	for_each_evidence(const struct evidence_event, e, ev->events)
		if (e->kind == EVENT_CC_DEVICE && e->host_ns > ev->root_switch_ns &&
		    evidence_invalidates_context(e, sid))
			return e->host_ns;
	return ev->root_switch_ns;
}

/* When the first of the devices that were used was attached. */
static int64_t first_attach(const struct evidence *ev)
{
	int64_t first = INT64_MAX;

	for_each_wanted_device(dev, ev)
		first = MIN(first, evidence_attach_ns(ev, dev->sid));
	return first;
}

/* QEMU's event of a fault with fault processing disabled tells neither requester nor address. */
static bool is_nameless(const struct evidence_event *e)
{
	return e->kind == EVENT_FAULT_DISABLED && !e->sid;
}

/* May the fault @e, of which no attach is known that came before it, be DMA of a new driver all the same? */
static bool is_unowned(const struct evidence *ev, const struct evidence_event *e, int64_t attached, struct unasked *u)
{
	if (is_nameless(e))
		return e->host_ns >= attached;
	/* a device that tries again and again faults very often */
	if (u->sid != e->sid)
		*u = (struct unasked){ e->sid, taken_unasked(ev, e->sid) };
	return e->host_ns >= u->from;
}

static void note_other(struct fault_counts *n, const struct evidence_event *first, const struct evidence_event *e)
{
	if (is_nameless(e) || (e->sid == first->sid && !is_nameless(first)) || n->n_others >= OTHERS_MAX)
		return;
	for (unsigned i = 0; i < n->n_others; i++)
		if (n->others[i] == e->sid)
			return;
	n->others[n->n_others++] = e->sid;
}

/* The first of the early ones, or NULL. */
static const struct evidence_event *count_faults(const struct evidence *ev, struct fault_counts *n)
{
	const struct evidence_event *first = NULL;
	int64_t end = ev->poweroff_ns ? ev->poweroff_ns : INT64_MAX;
	int64_t attached = first_attach(ev);
	struct unasked unasked = { .sid = -1 };

	*n = (struct fault_counts){ 0 };
	for_each_evidence(const struct evidence_event, e, ev->events) {
		if (!is_fault(e) || e->host_ns < ev->jump_ns || e->host_ns >= end)
			continue;
		if (evidence_attached(ev, e->sid, e->host_ns)) {
			n->late++;
			continue;
		}
		if (evidence_attach_undated(ev, e->sid, e->host_ns)) {
			n->undated++;
			continue;
		}
		if (is_unowned(ev, e, attached, &unasked)) {
			n->unowned++;
			continue;
		}
		n->early++;
		if (first)
			note_other(n, first, e);
		else
			first = e;
	}
	return first;
}

static uint64_t total_sent(const struct evidence *ev, unsigned *requesters)
{
	uint64_t sent = 0;

	*requesters = 0;
	for_each_evidence(const struct evidence_dma, d, ev->dma) {
		sent += d->sent;
		*requesters += d->sent != 0;
	}
	return sent;
}

static void describe_faults(const struct evidence *ev, const struct evidence_event *first,
			    const struct fault_counts *faults, GString *detail)
{
	uint64_t n = faults->early;
	char text[16];

	g_string_append_printf(detail, "%" PRIu64 " fault%s before the attach, the first ", n, n == 1 ? "" : "s");
	if (is_nameless(first))
		g_string_append(detail, "by an unknown requester");
	else if (first->kind == EVENT_FAULT_DISABLED)
		g_string_append_printf(detail, "by %s at %#" PRIx64, sid_text(first->sid, text), first->addr);
	else
		check_say_fault(first, detail);
	if (first->kind == EVENT_FAULT_DISABLED)
		g_string_append(detail, " (fault processing disabled)");
	g_string_append_printf(detail, " %.3f s after the jump", (double)(first->host_ns - ev->jump_ns) / 1e9);
	for (unsigned i = 0; i < faults->n_others; i++)
		g_string_append_printf(detail, "%s%s", i ? ", " : "; others by ", sid_text(faults->others[i], text));
}

static bool fault_free(const struct evidence_state *state)
{
	const struct vtd_regs regs = check_regs(state);

	return vtd_regs_fault_free(&regs);
}

static enum check_result no_faults(const struct evidence *ev, GString *detail)
{
	const struct evidence_event *first;
	struct fault_counts faults;
	bool regs;
	unsigned requesters;
	uint64_t sent;
	uint16_t sid;

	regs = ev->copied.has_regs && !evidence_copied_late(ev, &sid);
	if (!ev->trace_events) {
		g_string_append(detail, "the trace gave no events");
		return CHECK_NO_EVIDENCE;
	}
	first = count_faults(ev, &faults);
	sent = total_sent(ev, &requesters);
	if (first) {
		describe_faults(ev, first, &faults, detail);
		return CHECK_FAIL;
	}
	if (regs && !fault_free(&ev->copied) && (!ev->at_panic.has_regs || fault_free(&ev->at_panic))) {
		g_string_append_printf(detail, "a fault is recorded after the copy (FSTS=%#x)",
				       check_regs(&ev->copied).fsts);
		if (ev->at_panic.has_regs)
			return CHECK_FAIL;
		g_string_append(detail, "; whether it was before the panic is not known");
		return CHECK_NO_EVIDENCE;
	}
	if (faults.undated) {
		g_string_append_printf(detail,
				       "%" PRIu64 " fault%s while the entry was changing: the host looked too "
				       "rarely to tell whether before or after the attach",
				       faults.undated, faults.undated == 1 ? "" : "s");
		return CHECK_NO_EVIDENCE;
	}
	if (faults.unowned) {
		g_string_append_printf(detail,
				       "%" PRIu64
				       " fault%s of unknown owner: the trace names no requester, or a driver "
				       "took it that was not asked for",
				       faults.unowned, faults.unowned == 1 ? "" : "s");
		return CHECK_NO_EVIDENCE;
	}
	if (!sent || !regs || ev->translation_dropped) {
		g_string_append(detail, !sent ? "no DMA was in flight after the panic" :
					regs  ? "translation was switched off: what is not translated does not fault" :
						"no registers were read right after the copy");
		return CHECK_NO_EVIDENCE;
	}
	g_string_append_printf(detail, "0 faults during %" PRIu64 " DMAs of %u requester%s", sent, requesters,
			       requesters == 1 ? "" : "s");
	if (faults.late)
		g_string_append_printf(detail, " (%" PRIu64 " after the attach)", faults.late);
	return CHECK_PASS;
}

const struct check check_no_faults = {
	.name = "no-faults",
	.outcome = OUTCOME_DMA_FAULT,
	.proves = "no DMA of a requester faulted between the panic and its attach",
	.needs = NEED(IOMMU) | NEED(DMA) | NEED(JUMP),
	.traces = TRACES(UNIT) | TRACES(FAULTS) | TRACES(INVALIDATIONS) | TRACES(NIC_RESETS) | TRACES(DISK_RESETS),
	.run = no_faults,
};

/* One requester's account into @detail: nothing may be lost, misplaced or unaccounted for. */
static enum check_result account(const struct evidence_dma *d, GString *detail)
{
	uint64_t landed = d->landed_before_copy + d->landed_after_copy;
	bool ok = !d->lost && !d->misplaced && d->sent == landed + d->no_room + d->unknown;
	char text[16];

	check_separate(detail);
	g_string_append_printf(detail, "%s %s: %" PRIu64 " sent, %" PRIu64 "+%" PRIu64 " landed",
			       sid_text(d->sid, text), d->what, d->sent, d->landed_before_copy, d->landed_after_copy);
	if (d->no_room)
		g_string_append_printf(detail, ", %" PRIu64 " no room", d->no_room);
	if (d->lost)
		g_string_append_printf(detail, ", %" PRIu64 " LOST", d->lost);
	if (d->misplaced)
		g_string_append_printf(detail, ", %" PRIu64 " MISPLACED", d->misplaced);
	if (d->unknown)
		g_string_append_printf(detail, ", %" PRIu64 " not known", d->unknown);
	if ((!ok || d->unknown) && d->problem)
		g_string_append_printf(detail, " (%s)", d->problem);
	return !ok ? CHECK_FAIL : d->unknown ? CHECK_NO_EVIDENCE : CHECK_PASS;
}

static enum check_result dma_landed(const struct evidence *ev, GString *detail)
{
	unsigned wanted = ev->scenario->devices.dma == CONF_DMA_BOTH ? 2 : 1;
	enum check_result result = CHECK_PASS;
	bool after_copy = true;

	for_each_evidence(const struct evidence_dma, d, ev->dma) {
		result = check_worse(result, account(d, detail));
		after_copy &= d->landed_after_copy > 0;
	}
	if (result != CHECK_PASS)
		return result;
	if (ev->dma->len < wanted || !after_copy) {
		g_string_append(detail, !ev->dma->len ? "no DMA was seen after the panic" :
					!after_copy   ? "; a requester did no DMA after the copy" :
							"; there is no account of the other device");
		return CHECK_NO_EVIDENCE;
	}
	return CHECK_PASS;
}

const struct check check_dma_landed = {
	.name = "dma-landed",
	.outcome = OUTCOME_DMA_LOST,
	.proves = "DMA after the panic is found in RAM where the tables say, and nowhere else",
	.needs = NEED(IOMMU) | NEED(DMA),
	.traces = TRACES(UNIT) | TRACES(NIC_DMA) | TRACES(DISK_DMA) | TRACES(DISK_RESETS),
	.per_device = true,
	.run = dma_landed,
};
