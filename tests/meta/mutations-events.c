/* SPDX-License-Identifier: GPL-2.0-only */
/* Mutations of what the trace said: switches, invalidations, faults; and of the registers. */
#include "mutations.h"

#include "vtd/regs.h"

#define MS INT64_C(1000000)

static bool is_kind(const struct evidence_event *e, enum evidence_event_kind a, enum evidence_event_kind b,
		    enum evidence_event_kind c)
{
	return e->kind == a || e->kind == b || e->kind == c;
}

static bool is_context_flush(const struct evidence_event *e)
{
	return is_kind(e, EVENT_CC_GLOBAL, EVENT_CC_DOMAIN, EVENT_CC_DEVICE);
}

static bool is_iotlb_flush(const struct evidence_event *e)
{
	return is_kind(e, EVENT_IOTLB_GLOBAL, EVENT_IOTLB_DOMAIN, EVENT_IOTLB_PASID);
}

static bool is_flush(const struct evidence_event *e)
{
	return is_context_flush(e) || is_iotlb_flush(e);
}

static bool is_global_context(const struct evidence_event *e)
{
	return e->kind == EVENT_CC_GLOBAL;
}

static bool is_global_iotlb(const struct evidence_event *e)
{
	return e->kind == EVENT_IOTLB_GLOBAL;
}

static bool is_root(const struct evidence_event *e)
{
	return e->kind == EVENT_ROOT;
}

static bool no_flush(struct world *w)
{
	return remove_events(w->ev, w->ev->jump_ns, INT64_MAX, is_flush);
}

static bool no_global_context(struct world *w)
{
	return remove_events(w->ev, w->ev->root_switch_ns, w->ev->root_switch_ns + 500 * MS, is_global_context);
}

static bool no_global_iotlb(struct world *w)
{
	return remove_events(w->ev, w->ev->root_switch_ns, w->ev->root_switch_ns + 500 * MS, is_global_iotlb);
}

/* From when on the invalidations at a device's attach come; INT64_MAX: it has not attached. */
static int64_t attach_begin(const struct world *w)
{
	const struct evidence_device *dev = first_wanted(w);

	if (!dev || !dev->attach_ns || w->ev->translation_dropped)
		return INT64_MAX;
	return MAX((dev->unchanged_ns ? dev->unchanged_ns : dev->attach_ns) - 500 * MS,
		   w->ev->root_switch_ns + 500 * MS);
}

static bool no_attach_iotlb(struct world *w)
{
	return remove_events(w->ev, attach_begin(w), INT64_MAX, is_iotlb_flush);
}

static bool no_attach_context(struct world *w)
{
	return remove_events(w->ev, attach_begin(w), INT64_MAX, is_context_flush);
}

static bool wrong_domain(struct world *w)
{
	int64_t from = attach_begin(w);
	bool any = false;

	for (guint i = 0; i < w->ev->events->len; i++) {
		struct evidence_event *e = &g_array_index(w->ev->events, struct evidence_event, i);

		if (e->host_ns < from || !is_iotlb_flush(e))
			continue;
		if (e->kind == EVENT_IOTLB_GLOBAL)
			e->kind = EVENT_IOTLB_DOMAIN;
		e->did ^= 0x80;
		any = true;
	}
	return any;
}

/* In caching mode: what was cached of there having been no entry stays. */
static bool no_new_domain_flush(struct world *w)
{
	const struct evidence_device *dev = first_wanted(w);
	const struct iommu_space *now;
	bool any = false;

	if (!dev || !dev->after.walk)
		return false;
	now = iommu_walk_space(dev->after.walk, dev->sid, IOMMU_NO_PASID);
	for (guint i = 0; now && i < w->ev->events->len; i++) {
		struct evidence_event *e = &g_array_index(w->ev->events, struct evidence_event, i);

		if (e->host_ns < attach_begin(w) || e->kind != EVENT_IOTLB_DOMAIN || (e->did && e->did != now->did))
			continue;
		e->did ^= 0x80;
		any = true;
	}
	return any;
}

/* The old context entry of a device, cached once more behind all that was invalidated. */
static bool cached_again(struct world *w)
{
	const struct evidence_device *dev = first_wanted(w);
	struct evidence_event fill = { .kind = EVENT_CC_FILL, .addr = 0x1234001 };

	if (!dev || !dev->unchanged_ns || !dev->attach_ns || w->ev->translation_dropped)
		return false;
	fill.sid = dev->has_alias ? dev->alias_sid : dev->sid;
	fill.host_ns = dev->unchanged_ns - 1;
	add_event(w->ev, fill);
	fill.host_ns = dev->attach_ns + 1000 * MS;
	add_event(w->ev, fill);
	return true;
}

static bool switched_off(struct world *w)
{
	add_event(w->ev, (struct evidence_event){ .kind = EVENT_TRANSLATION, .host_ns = w->ev->jump_ns + 700 * MS });
	return w->ev->jump_ns;
}

/* Keep these bits of a register, and turn those round. */
static bool regs32(struct evidence_state *state, unsigned reg, uint32_t keep, uint32_t flip)
{
	vtd_regs_set32(state->regs, reg, (vtd_regs_get32(state->regs, reg) & keep) ^ flip);
	return state->has_regs;
}

#define TES (1u << 31)
#define IRES (1u << 25)
#define CM (1u << 7)
#define DT (1u << 2)
#define MGAW(bits) (((bits)-1u) << 16)

static bool off_after_copy(struct world *w)
{
	return regs32(&w->ev->copied, VTD_REG_GSTS, ~TES, 0);
}

static bool root_never_switched(struct world *w)
{
	w->ev->root_switch_ns = 0;
	return remove_events(w->ev, w->ev->jump_ns, INT64_MAX, is_root);
}

/* --- faults --- */

static bool fault(struct world *w, enum evidence_event_kind kind, int64_t ns, uint16_t sid)
{
	add_event(w->ev, (struct evidence_event){
				 .kind = kind, .host_ns = ns, .sid = sid, .addr = 0xdead000, .reason = 5, .on = true });
	return ns > 0;
}

static bool fault_before_attach(struct world *w)
{
	const struct evidence_device *dev = first_wanted(w);

	return dev && fault(w, EVENT_FAULT, w->ev->root_switch_ns + MS, dev->sid);
}

static bool fault_before_copy(struct world *w)
{
	const struct evidence_device *dev = first_wanted(w);

	return dev && fault(w, EVENT_FAULT, w->ev->jump_ns, dev->sid);
}

static bool fault_just_before_attach(struct world *w)
{
	const struct evidence_device *dev = first_wanted(w);

	return dev && fault(w, EVENT_FAULT, evidence_attach_ns(w->ev, dev->sid) - 1, dev->sid);
}

static bool fault_of_idle_device(struct world *w)
{
	return fault(w, EVENT_FAULT, w->ev->root_switch_ns + MS, 0xfa);
}

static bool fault_unreported(struct world *w)
{
	return fault(w, EVENT_FAULT_DISABLED, w->ev->root_switch_ns + MS, 0);
}

static bool fault_recorded(struct world *w)
{
	return regs32(&w->ev->copied, VTD_REG_FSTS, ~VTD_FSTS_PPF, VTD_FSTS_PPF);
}

/* --- what the registers say at the panic --- */

static bool off_at_panic(struct world *w)
{
	return regs32(&w->ev->at_panic, VTD_REG_GSTS, ~TES, 0);
}

static bool other_ttm_at_panic(struct world *w)
{
	w->ev->at_panic.ttm ^= VTD_TTM_SCALABLE;
	return w->ev->at_panic.has_regs;
}

static bool ir_otherwise(struct world *w)
{
	return regs32(&w->ev->at_panic, VTD_REG_GSTS, ~0u, IRES);
}

static bool caching_otherwise(struct world *w)
{
	return regs32(&w->ev->at_panic, VTD_REG_CAP, ~0u, CM);
}

static bool ats_otherwise(struct world *w)
{
	return regs32(&w->ev->at_panic, VTD_REG_ECAP, ~0u, DT);
}

static bool width_otherwise(struct world *w)
{
	regs32(&w->ev->at_panic, VTD_REG_CAP, ~MGAW(64), MGAW(57));
	return w->file->scenario->iommu.aw_bits && w->file->scenario->iommu.aw_bits != 57;
}

static bool fault_at_panic(struct world *w)
{
	return regs32(&w->ev->at_panic, VTD_REG_FSTS, ~VTD_FSTS_PFO, VTD_FSTS_PFO);
}

static bool lazy_not_strict(struct world *w)
{
	w->ev->group_types = g_strdup("DMA-FQ");
	return w->ev->first_cmdline && g_strrstr(w->ev->first_cmdline, "iommu.strict=1");
}

const struct mutation event_mutations[] = {
#define M(name, check, fn)                         \
	{                                          \
		name, check, AS_RECORDED, fn, NULL \
	}
	M("an old entry cached again", "flushed", cached_again),
	M("no invalidation at all", "flushed", no_flush),
	M("no global context flush", "flushed", no_global_context),
	M("no global IOTLB flush", "flushed", no_global_iotlb),
	M("no IOTLB flush at attach", "flushed", no_attach_iotlb),
	M("no context flush at attach", "flushed", no_attach_context),
	M("another domain flushed", "flushed", wrong_domain),
	M("no new domain flushed", "new-entry-flushed", no_new_domain_flush),
	M("translation switched off", "translation-stayed-on", switched_off),
	M("translation off after copy", "translation-stayed-on", off_after_copy),
	M("root never switched", "translation-stayed-on", root_never_switched),
	M("a fault before the attach", "no-faults", fault_before_attach),
	M("a fault before the copy", "no-faults", fault_before_copy),
	M("a fault 1 ns before attach", "no-faults", fault_just_before_attach),
	M("a fault of an idle device", "no-faults", fault_of_idle_device),
	M("a fault that is not reported", "no-faults", fault_unreported),
	M("a fault only in FSTS", "no-faults", fault_recorded),
	M("translation off at the panic", "mode-in-effect", off_at_panic),
	M("another mode at the panic", "mode-in-effect", other_ttm_at_panic),
	M("IR on for off, off for on", "mode-in-effect", ir_otherwise),
	M("CM on for off, off for on", "mode-in-effect", caching_otherwise),
	M("a device IOTLB nobody asked for, or none", "mode-in-effect", ats_otherwise),
	M("another address width", "mode-in-effect", width_otherwise),
	M("a fault before the panic", "mode-in-effect", fault_at_panic),
	M("lazy instead of strict", "mode-in-effect", lazy_not_strict),
	{ 0 },
#undef M
};
