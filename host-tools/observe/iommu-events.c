/* SPDX-License-Identifier: GPL-2.0-only */
/* What QEMU's trace and the console say while the guest runs, as events of the evidence. */
#include "run/run-priv.h"

#include <string.h>

#include "evidence/kdump-log.h"

static void keep_event(struct run *run, struct evidence_event event, const struct trace_event *e)
{
	event.host_ns = e->host_ns;
	g_array_append_val(run->ev->events, event);
}

/* Invalidations come by the hundreds each second: those of the first kernel are left out. */
static void keep_invalidation(struct run *run, struct evidence_event event, const struct trace_event *e)
{
	struct evidence *ev = run->ev;

	if (!ev->jump_ns || e->host_ns < ev->jump_ns)
		return;
	if (run->invalidations++ < EVIDENCE_INVALIDATIONS_MAX)
		keep_event(run, event, e);
	else
		ev->events_dropped++;
}

/* Device-selective: the function mask says how many bits of the function number do not count. */
static uint64_t function_bits(uint64_t mask)
{
	static const uint64_t bits[] = { 0, 4, 6, 7 };

	return bits[mask & 3];
}

/* Queued invalidations, but for those of single pages; false: the event is none. */
static bool on_invalidation(struct run *run, const struct trace_event *e)
{
	struct evidence_event event = { 0 };

	switch (e->kind) {
	case TRACE_INV_CC_GLOBAL:
		event.kind = EVENT_CC_GLOBAL;
		break;
	case TRACE_INV_CC_DOMAIN:
		event.kind = EVENT_CC_DOMAIN;
		event.did = (uint16_t)e->a;
		break;
	case TRACE_INV_CC_DEVICES:
		event.kind = EVENT_CC_DEVICE;
		event.sid = (uint16_t)e->a;
		event.addr = function_bits(e->b);
		break;
	case TRACE_INV_IOTLB_GLOBAL:
		event.kind = EVENT_IOTLB_GLOBAL;
		break;
	case TRACE_INV_IOTLB_DOMAIN:
		event.kind = EVENT_IOTLB_DOMAIN;
		event.did = (uint16_t)e->a;
		break;
	case TRACE_INV_IOTLB_PASID:
		event.kind = EVENT_IOTLB_PASID;
		event.did = (uint16_t)e->a;
		event.pasid = (uint32_t)e->b;
		break;
	default:
		return false;
	}
	keep_invalidation(run, event, e);
	return true;
}

/* A requester id that does DMA, be it one that no device has. */
static void note_requester(struct run *run, uint16_t sid, const struct trace_event *e)
{
	struct evidence_requester fresh = { .sid = sid, .first_ns = e->host_ns };
	GArray *seen = run->ev->requesters;
	struct evidence_requester *r;
	unsigned i = 0;

	while (i < seen->len && g_array_index(seen, struct evidence_requester, i).sid != sid)
		i++;
	if (i == seen->len)
		g_array_append_val(seen, fresh);
	r = &g_array_index(seen, struct evidence_requester, i);
	r->last_ns = e->host_ns;
	r->count++;
}

/* The crash kernel's driver took the device: the dead kernel's DMA ends here. */
static void note_reset(struct run *run, uint16_t sid, const struct trace_event *e)
{
	struct evidence_device *dev = evidence_device_find(run->ev, sid);

	if (!dev || dev->reset_ns || !run->ev->jump_ns || e->host_ns < run->ev->jump_ns)
		return;
	dev->reset_ns = e->host_ns;
	run_moment(run, "device-reset", e->host_ns, "crash", -1, "trace");
}

/* The crash kernel's driver lets the device do DMA again. */
static void note_first_dma(struct run *run, uint16_t sid, const struct trace_event *e)
{
	struct evidence_device *dev = evidence_device_find(run->ev, sid);

	if (dev && dev->reset_ns && !dev->first_dma_ns && e->host_ns >= dev->reset_ns)
		dev->first_dma_ns = e->host_ns;
}

static void on_root(struct run *run, const struct trace_event *e)
{
	struct evidence *ev = run->ev;

	run->root_known = true;
	run->root = e->a;
	run->root_scalable = e->b;
	keep_event(run, (struct evidence_event){ .kind = EVENT_ROOT, .addr = e->a }, e);
	if (ev->jump_ns && e->host_ns >= ev->jump_ns && !ev->root_switch_ns) {
		ev->root_switch_ns = e->host_ns;
		run_moment(run, "root-switch", e->host_ns, "crash", -1, "trace");
	}
}

static void on_fault(struct run *run, const struct trace_event *e)
{
	struct evidence_event event = {
		.kind = EVENT_FAULT, .sid = (uint16_t)e->a, .reason = (int)e->b, .addr = e->c, .on = e->d
	};

	keep_event(run, event, e);
	note_requester(run, event.sid, e);
}

/* The state of the unit, and faults; false: the event is about something else. */
static bool on_unit(struct run *run, const struct trace_event *e)
{
	struct evidence *ev = run->ev;

	switch (e->kind) {
	case TRACE_DMAR_ROOT:
		on_root(run, e);
		return true;
	case TRACE_DMAR_ENABLE:
		keep_event(run, (struct evidence_event){ .kind = EVENT_TRANSLATION, .on = e->a }, e);
		if (ev->jump_ns && e->host_ns >= ev->jump_ns && !e->a && !ev->poweroff_ns)
			ev->translation_dropped = true;
		return true;
	case TRACE_IR_ROOT:
		keep_event(run, (struct evidence_event){ .kind = EVENT_IR_ROOT, .addr = e->a }, e);
		return true;
	case TRACE_IR_ENABLE:
		keep_event(run, (struct evidence_event){ .kind = EVENT_IR_ENABLE, .on = e->a }, e);
		return true;
	case TRACE_DMAR_FAULT:
		on_fault(run, e);
		return true;
	case TRACE_FAULT_DISABLED:
		keep_event(run, (struct evidence_event){ .kind = EVENT_FAULT_DISABLED }, e);
		return true;
	default:
		return false;
	}
}

#define RCTL_EN 2 /* e1000e: the receiver is on */

static void on_device(struct run *run, const struct trace_event *e)
{
	switch (e->kind) {
	case TRACE_IOTLB_UPDATE:
		note_requester(run, (uint16_t)e->a, e);
		break;
	case TRACE_E1000E_SW_RESET:
		note_reset(run, run_nic_sid(run), e);
		break;
	case TRACE_E1000E_RCTL:
		if (e->a & RCTL_EN)
			note_first_dma(run, run_nic_sid(run), e);
		break;
	case TRACE_NVME_STOP:
		note_reset(run, run_disk_sid(run), e);
		break;
	case TRACE_NVME_START:
		note_first_dma(run, run_disk_sid(run), e);
		break;
	default:
		break;
	}
}

void run_trace_event(const struct trace_event *e, void *data)
{
	struct run *run = data;

	if (on_unit(run, e) || on_invalidation(run, e))
		run->ev->trace_events++;
	else
		on_device(run, e);
}

/*
 * The crash kernel's account of its copy, and the last line that tells why a kernel gave up: no verdict rests on
 * that one, but a reader wants it.
 */
static void on_console(const char *line, int64_t host_ns, void *data)
{
	static const char *const words[] = { "Kernel panic", "BUG:", "Oops", "Out of memory", "out of memory" };
	struct run *run = data;

	(void)host_ns;
	if (run->ev->jump_ns)
		kdump_log_line(run->ev, line);
	for (unsigned i = 0; i < G_N_ELEMENTS(words); i++)
		if (strstr(line, words[i]) && !strstr(line, "---[ end")) {
			g_free(run->last_words);
			run->last_words = g_strdup(line);
			return;
		}
}

void run_follow(struct run *run)
{
	if (machine_trace(run->m))
		trace_subscribe(machine_trace(run->m), run_trace_event, run);
	console_subscribe(machine_console(run->m), on_console, run);
}
