/* SPDX-License-Identifier: GPL-2.0-only */
/* Checks of the first kernel: up, and its devices at work behind the IOMMU, until it is told to panic. */
#include "verdict/check-common.h"

#define REQUESTERS_MAX 3 /* that are named */

/* The first fault of @sid (EVIDENCE_ANY: of any) at or behind place @from; NULL: there is none before the panic. */
static const struct evidence_event *first_fault(const struct evidence *ev, guint from, int sid)
{
	for (guint i = from; i < ev->events->len; i++) {
		const struct evidence_event *e = &g_array_index(ev->events, struct evidence_event, i);

		if (e->kind == EVENT_FAULT && (sid == EVIDENCE_ANY || e->sid == sid) &&
		    (!ev->trigger_ns || e->host_ns < ev->trigger_ns))
			return e;
	}
	return NULL;
}

static void say_requester(const struct evidence *ev, const struct evidence_event *first, GString *detail)
{
	static const char *const leaves[] = {
		[LEAF_UNKNOWN] = "",
		[LEAF_NONE] = ", where nothing is mapped",
		[LEAF_READ] = ", mapped for reading only",
		[LEAF_WRITE] = ", mapped for writing only",
		[LEAF_READ_WRITE] = ", mapped for both a moment later",
	};
	unsigned faults = evidence_first_faults(ev, first->sid);

	g_string_append_printf(detail, faults == 1 ? "%u " : "%u, the first ", faults);
	check_say_fault(first, detail);
	g_string_append(detail, leaves[first->leaf]);
}

/* Faults before the panic was asked for, by requester. */
static void say_faults(const struct evidence *ev, GString *detail)
{
	unsigned faults = evidence_first_faults(ev, EVIDENCE_ANY), named = 0;
	const struct evidence_event *all = (const void *)ev->events->data, *e = first_fault(ev, 0, EVIDENCE_ANY);

	if (faults)
		g_string_append_printf(detail, "; %u fault%s before the panic: ", faults, faults == 1 ? "" : "s");
	for (; e; e = first_fault(ev, (guint)(e - all) + 1, EVIDENCE_ANY)) {
		if (e != first_fault(ev, 0, e->sid))
			continue;
		if (named++ == REQUESTERS_MAX) {
			g_string_append(detail, "; and others");
			break;
		}
		g_string_append(detail, named > 1 ? "; " : "");
		say_requester(ev, e, detail);
	}
}

/* It gave no sign: bad only if another kernel did, in the same place. */
static enum check_result failed(const struct evidence *ev, GString *detail)
{
	g_string_append(detail, ev->first_failure);
	say_faults(ev, detail);
	if (ev->reference) {
		g_string_append_printf(detail, "; %s came through on the same machine", ev->reference);
		return CHECK_FAIL;
	}
	g_string_append_printf(detail, "; whose doing cannot be told: %s",
			       ev->reference_failure ? ev->reference_failure : "no reference was run");
	return CHECK_NO_EVIDENCE;
}

static enum check_result first_kernel_up(const struct evidence *ev, GString *detail)
{
	if (ev->first_failure && !ev->first_failure_device)
		return failed(ev, detail);
	if (ev->first_hello) {
		g_string_append(detail, "its agent spoke");
		return CHECK_PASS;
	}
	g_string_append(detail, "the run ended before its agent could speak");
	return CHECK_NO_EVIDENCE;
}

const struct check check_first_kernel_up = {
	.name = "first-kernel-up",
	.outcome = OUTCOME_FIRST_KERNEL_DEAD,
	.proves = "the first kernel came up behind the IOMMU, and lived until it was told to panic",
	.run = first_kernel_up,
};

static enum check_result first_devices_work(const struct evidence *ev, GString *detail)
{
	unsigned devices = 0;

	if (ev->first_failure && ev->first_failure_device)
		return failed(ev, detail);
	if (!ev->trigger_ns) {
		g_string_append(detail, "the run ended before they were seen at work");
		return CHECK_NO_EVIDENCE;
	}
	for_each_evidence(const struct evidence_device, dev, ev->devices)
		devices += dev->first_translated;
	if (!devices || ev->scenario->devices.dma == CONF_DMA_NONE) {
		g_string_append(detail, devices ? "no device was to do DMA" : "the first kernel used no device");
		return CHECK_SKIP;
	}
	/* without DMA in flight there would have been no trigger */
	g_string_append_printf(
		detail, "%u device%s up, DMA of %s in flight until the panic", devices, devices == 1 ? "" : "s",
		ev->scenario->devices.dma == CONF_DMA_BOTH ? "NIC and disk" :
							     word_of(conf_dma_words, (int)ev->scenario->devices.dma));
	say_faults(ev, detail);
	return CHECK_PASS;
}

const struct check check_first_devices_work = {
	.name = "first-devices-work",
	.outcome = OUTCOME_FIRST_DEVICE_DEAD,
	.proves = "the devices of the first kernel came up behind the IOMMU and did DMA, before it was told to panic",
	.run = first_devices_work,
};
