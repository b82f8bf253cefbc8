/* SPDX-License-Identifier: GPL-2.0-only */
#include "observe/iommu-events.h"

#include "evidence/iommus.h"
#include "machine/trace.h"
#include "observe/attempt.h"
#include "observe/clock.h"
#include "observe/guest.h"
#include "observe/snapshot.h"
#include "vtd/regs.h"

/* Of one requester. */
struct faults {
	unsigned kept;
	int64_t last_ns; /* of the last one kept */
};

struct iommu_events {
	struct attempt *a;
	/* root table in force, by the trace (latched at SRTP) */
	bool root_known;
	uint64_t root;
	bool root_scalable;
	unsigned invalidations; /* kept in the evidence */
	GHashTable *faults;	/* requester id -> struct faults */
};

static void keep_event(struct iommu_events *ie, struct evidence_event event, const struct trace_event *e)
{
	event.host_ns = e->host_ns;
	g_array_append_val(ie->a->ev->events, event);
}

/* Invalidations come by the hundreds each second: those of the first kernel are left out. */
static void keep_invalidation(struct iommu_events *ie, struct evidence_event event, const struct trace_event *e)
{
	struct evidence *ev = ie->a->ev;

	if (!ev->jump_ns || e->host_ns < ev->jump_ns)
		return;
	if (ie->invalidations++ < EVIDENCE_INVALIDATIONS_MAX)
		keep_event(ie, event, e);
	else
		ev->events_dropped++;
}

/* Caches: queued invalidations, but for those of single pages, and context entries; false: the event is none. */
static bool on_cache(struct iommu_events *ie, const struct trace_event *e)
{
	/* Device-selective: the function mask says how many bits of the function number do not count. */
	static const uint64_t function_bits[] = { 0, 4, 6, 7 };
	static const enum evidence_event_kind kinds[TRACE_KINDS] = {
		[TRACE_INV_CC_GLOBAL] = EVENT_CC_GLOBAL,
		[TRACE_INV_CC_DOMAIN] = EVENT_CC_DOMAIN,
		[TRACE_INV_CC_DEVICES] = EVENT_CC_DEVICE,
		[TRACE_INV_IOTLB_GLOBAL] = EVENT_IOTLB_GLOBAL,
		[TRACE_INV_IOTLB_DOMAIN] = EVENT_IOTLB_DOMAIN,
		[TRACE_INV_IOTLB_PASID] = EVENT_IOTLB_PASID,
		[TRACE_CC_FILL] = EVENT_CC_FILL,
	};
	struct evidence_event event = { .kind = kinds[e->kind] };

	if (!event.kind)
		return false;
	if (event.kind == EVENT_CC_FILL) {
		event.sid = (uint16_t)(e->a << 8 | (e->b & 0xff));
		event.addr = e->d;
	} else if (event.kind == EVENT_CC_DEVICE) {
		event.sid = (uint16_t)e->a;
		event.addr = function_bits[e->b & 3];
	} else if (event.kind != EVENT_CC_GLOBAL && event.kind != EVENT_IOTLB_GLOBAL) {
		event.did = (uint16_t)e->a;
		event.pasid = event.kind == EVENT_IOTLB_PASID ? (uint32_t)e->b : 0;
	}
	keep_invalidation(ie, event, e);
	return true;
}

/* A requester id that does DMA, be it one that no device has. */
static void note_requester(struct iommu_events *ie, uint16_t sid, const struct trace_event *e)
{
	struct evidence_requester fresh = { .sid = sid, .first_ns = e->host_ns };
	GArray *seen = ie->a->ev->requesters;
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
static void note_reset(struct iommu_events *ie, uint16_t sid, const struct trace_event *e)
{
	struct evidence_device *dev = evidence_device_find(ie->a->ev, sid);

	if (!dev || dev->reset_ns || !ie->a->ev->jump_ns || e->host_ns < ie->a->ev->jump_ns)
		return;
	dev->reset_ns = e->host_ns;
	clock_moment(ie->a->clock, "device-reset", e->host_ns, "crash", -1, "trace");
}

/* The crash kernel's driver lets the device do DMA again. */
static void note_first_dma(struct iommu_events *ie, uint16_t sid, const struct trace_event *e)
{
	struct evidence_device *dev = evidence_device_find(ie->a->ev, sid);

	if (dev && dev->reset_ns && !dev->first_dma_ns && e->host_ns >= dev->reset_ns)
		dev->first_dma_ns = e->host_ns;
}

static void on_root(struct iommu_events *ie, const struct trace_event *e)
{
	struct evidence *ev = ie->a->ev;

	ie->root_known = true;
	ie->root = e->a;
	ie->root_scalable = e->b;
	keep_event(ie, (struct evidence_event){ .kind = EVENT_ROOT, .addr = e->a }, e);
	if (ev->jump_ns && e->host_ns >= ev->jump_ns && !ev->root_switch_ns) {
		ev->root_switch_ns = e->host_ns;
		clock_moment(ie->a->clock, "root-switch", e->host_ns, "crash", -1, "trace");
	}
}

/*
 * A device that tries the same again and again makes millions of faults. Of a requester with very many one a millisecond is
 * kept: in whatever span of time faults are looked for, they are there.
 */
static bool too_many(struct iommu_events *ie, const struct trace_event *e)
{
	void *sid = GUINT_TO_POINTER((uint16_t)e->a);
	struct faults *f = g_hash_table_lookup(ie->faults, sid);

	if (!f) {
		f = g_new0(struct faults, 1);
		g_hash_table_insert(ie->faults, sid, f);
	}
	if (f->kept >= EVIDENCE_FAULTS_MAX && e->host_ns - f->last_ns < 1000000)
		return true;
	f->kept++;
	f->last_ns = e->host_ns;
	return false;
}

enum evidence_leaf iommu_events_leaf(const struct iommu *iommu, const struct iommu_mem *mem, uint64_t root,
				     unsigned mode, uint16_t sid, uint64_t iova)
{
	static const enum evidence_leaf leaves[] = { LEAF_NONE, LEAF_READ, LEAF_WRITE, LEAF_READ_WRITE };
	struct iommu_translation t = { 0 };
	bool refused = iommu->translate(mem, root, mode, sid, IOMMU_NO_PASID, iova, false, &t);

	if (!t.page_size)
		return refused ? LEAF_NONE : LEAF_READ_WRITE;
	return leaves[t.perm & (IOMMU_PERM_READ | IOMMU_PERM_WRITE)];
}

/* Nobody has looked at the first kernel's tables before the panic: what a fault met is seen now, or never. */
static enum evidence_leaf first_leaf(const struct iommu_events *ie, uint16_t sid, uint64_t iova)
{
	struct iommu_mem mem = snapshot_mem(ie->a);
	uint64_t root;
	unsigned mode;

	if (ie->a->ev->trigger_ns || !ie->a->m || !iommu_events_root(ie, &root, &mode))
		return LEAF_UNKNOWN;
	return iommu_events_leaf(iommu_detect(ie->a->plan->scenario), &mem, root, mode, sid, iova);
}

static void on_fault(struct iommu_events *ie, const struct trace_event *e)
{
	struct evidence_event event = {
		.kind = EVENT_FAULT, .sid = (uint16_t)e->a, .reason = (int)e->b, .addr = e->c, .on = e->d
	};

	if (!too_many(ie, e)) {
		event.leaf = first_leaf(ie, event.sid, event.addr);
		keep_event(ie, event, e);
	}
	note_requester(ie, event.sid, e);
}

/* The state of the unit, and faults; false: the event is about something else. */
static bool on_unit(struct iommu_events *ie, const struct trace_event *e)
{
	struct evidence *ev = ie->a->ev;

	switch (e->kind) {
	case TRACE_DMAR_ROOT:
		on_root(ie, e);
		return true;
	case TRACE_DMAR_ENABLE:
		keep_event(ie, (struct evidence_event){ .kind = EVENT_TRANSLATION, .on = e->a }, e);
		if (ev->jump_ns && e->host_ns >= ev->jump_ns && !e->a && !ev->poweroff_ns)
			ev->translation_dropped = true;
		return true;
	case TRACE_IR_ROOT:
		keep_event(ie, (struct evidence_event){ .kind = EVENT_IR_ROOT, .addr = e->a }, e);
		return true;
	case TRACE_IR_ENABLE:
		keep_event(ie, (struct evidence_event){ .kind = EVENT_IR_ENABLE, .on = e->a }, e);
		return true;
	case TRACE_DMAR_FAULT:
		on_fault(ie, e);
		return true;
	case TRACE_FAULT_DISABLED:
		keep_event(ie, (struct evidence_event){ .kind = EVENT_FAULT_DISABLED }, e);
		return true;
	default:
		return false;
	}
}

#define RCTL_EN 2 /* e1000e: the receiver is on */

static void on_device(struct iommu_events *ie, const struct trace_event *e)
{
	switch (e->kind) {
	case TRACE_IOTLB_UPDATE:
		note_requester(ie, (uint16_t)e->a, e);
		break;
	case TRACE_E1000E_SW_RESET:
		note_reset(ie, guest_nic_sid(ie->a), e);
		break;
	case TRACE_E1000E_RCTL:
		if (e->a & RCTL_EN)
			note_first_dma(ie, guest_nic_sid(ie->a), e);
		break;
	case TRACE_NVME_STOP:
		note_reset(ie, guest_disk_sid(), e);
		break;
	case TRACE_NVME_START:
		note_first_dma(ie, guest_disk_sid(), e);
		break;
	default:
		break;
	}
}

void iommu_events_take(struct iommu_events *ie, const struct trace_event *e)
{
	if (on_unit(ie, e) || on_cache(ie, e))
		ie->a->ev->trace_events++;
	else
		on_device(ie, e);
}

static void on_trace(const struct trace_event *e, void *data)
{
	iommu_events_take(data, e);
}

struct iommu_events *iommu_events_new(struct attempt *a)
{
	struct iommu_events *ie = g_new0(struct iommu_events, 1);

	ie->a = a;
	ie->faults = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	if (a->m && machine_trace(a->m))
		trace_subscribe(machine_trace(a->m), on_trace, ie);
	return ie;
}

void iommu_events_free(struct iommu_events *ie)
{
	if (ie)
		g_hash_table_unref(ie->faults);
	g_free(ie);
}

bool iommu_events_root(const struct iommu_events *ie, uint64_t *root, unsigned *ttm)
{
	if (!ie->root_known)
		return false;
	*root = ie->root;
	*ttm = ie->root_scalable ? VTD_TTM_SCALABLE : VTD_TTM_LEGACY;
	return true;
}
