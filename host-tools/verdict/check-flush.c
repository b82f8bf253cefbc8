/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The check `flushed`: what hardware may have cached of the dead kernel's tables is invalidated, all of it
 * after the root switch, and what belongs to a device when that device leaves the copied tables. The context
 * cache comes first: a stale context would fill an IOTLB that has just been emptied (specification, 6.5).
 * And the check `new-entry-flushed`: what a unit in caching mode may have cached of there having been no entry.
 */
#include "verdict/check-common.h"

/* CAP.ESRTPS: latching a root table invalidates all caches by itself. */
#define CAP_ESRTPS (UINT64_C(1) << 63)

/*
 * Kernels invalidate just before the entry changes (6.1) or just after it (6.12); the change is seen by looking every
 * few ms. How far the two are apart is for the host's load to say: what counts is the order, see window(). Where there
 * is nothing else to go by, so much before the last look that saw the old entry ...
 */
#define BEFORE_NS INT64_C(100000000)
/* ... and so much after the first that saw the new one. */
#define AFTER_NS INT64_C(1000000000)

static const struct evidence_event *event(const struct evidence *ev, unsigned i)
{
	return &g_array_index(ev->events, struct evidence_event, i);
}

/* Was translation off at the event @at, as far as the trace tells? */
static bool translation_off(const struct evidence *ev, unsigned at)
{
	for (unsigned i = at; i-- > 0;)
		if (event(ev, i)->kind == EVENT_TRANSLATION)
			return !event(ev, i)->on;
	return false;
}

/* Was @dev's driver asked for before its entry changed, last seen unchanged at @unchanged? One that is built in was not. */
static bool was_asked_for(const struct evidence_device *dev, int64_t unchanged)
{
	return dev->driver_ns && dev->driver_ns <= unchanged;
}

/* An invalidation that must be among the events is not: it was not asked for, unless events were dropped. */
static enum check_result not_seen(const struct evidence *ev, GString *detail)
{
	if (!ev->events_dropped)
		return CHECK_FAIL;
	g_string_append(detail, "; some were not kept");
	return CHECK_NO_EVIDENCE;
}

/*
 * Until when an invalidation is that of the root switch @switched: from the first attach on it may be the
 * attach's (6.12 invalidates globally there). While translation is off nothing is cached and no attach leaves
 * old tables: then it is soon enough before translation is switched on. A driver that was asked for came after all
 * of the switch. Of one that is built in, what comes from then until *@doubtful may be either's: a host that stands
 * still in between moves one as far as the other.
 */
static int64_t before_attaches(const struct evidence *ev, unsigned switched, int64_t *doubtful)
{
	int64_t start = event(ev, switched)->host_ns, limit = INT64_MAX;

	*doubtful = 0;
	if (translation_off(ev, switched))
		return INT64_MAX;
	for_each_evidence(const struct evidence_device, dev, ev->devices) {
		int64_t unchanged = dev->unchanged_ns ? dev->unchanged_ns : dev->attach_ns;

		if (unchanged <= start)
			continue;
		if (was_asked_for(dev, unchanged) && dev->driver_ns > start) {
			limit = MIN(limit, dev->driver_ns);
			continue;
		}
		limit = MIN(limit, MAX(unchanged - BEFORE_NS, start + (unchanged - start) / 2));
		*doubtful = MIN(*doubtful ? *doubtful : INT64_MAX, dev->attach_ns);
	}
	return limit;
}

/* One root switch: the invalidations between it and the next change of root, translation or an entry. */
static enum check_result flushed_after(const struct evidence *ev, unsigned switched, GString *detail)
{
	int64_t doubtful, start = event(ev, switched)->host_ns, limit = before_attaches(ev, switched, &doubtful);
	bool context = false, late_context = false;

	check_separate(detail);
	for (unsigned i = switched + 1; i < ev->events->len; i++) {
		const struct evidence_event *e = event(ev, i);

		if (e->kind == EVENT_ROOT || e->kind == EVENT_TRANSLATION || e->host_ns > MAX(limit, doubtful))
			break;
		context |= e->kind == EVENT_CC_GLOBAL && e->host_ns <= limit;
		late_context |= e->kind == EVENT_CC_GLOBAL;
		if (!late_context || e->kind != EVENT_IOTLB_GLOBAL)
			continue;
		g_string_append_printf(detail, "context cache and IOTLB %.1f ms after the root switch",
				       (double)(e->host_ns - start) / 1e6);
		if (e->host_ns <= limit)
			return CHECK_PASS;
		g_string_append(detail, ", where it may be that of an attach");
		return CHECK_NO_EVIDENCE;
	}
	g_string_append_printf(detail, "no global invalidation of the %s after the root switch",
			       context ? "IOTLB" : "context cache, and then of the IOTLB,");
	return not_seen(ev, detail);
}

/* The entry's domain id and PASID, as the dead kernel had them. */
struct old_entry {
	uint16_t sid, did;
	uint32_t pasid; /* IOMMU_NO_PASID in legacy mode */
};

static bool covers_context(const struct evidence_event *e, const struct old_entry *old)
{
	return evidence_invalidates_context(e, old->sid) || (e->kind == EVENT_CC_DOMAIN && e->did == old->did);
}

static bool covers_iotlb(const struct evidence_event *e, const struct old_entry *old)
{
	switch (e->kind) {
	case EVENT_IOTLB_GLOBAL:
		return true;
	case EVENT_IOTLB_DOMAIN:
		return e->did == old->did;
	case EVENT_IOTLB_PASID:
		return e->did == old->did && e->pasid == old->pasid;
	default:
		return false;
	}
}

/* When the caches were emptied after the last root switch before @when: what comes then is not the switch's any more. */
static int64_t root_flushed(const struct evidence *ev, int64_t when)
{
	bool context = false, done = true;
	int64_t at = when;

	for (unsigned i = 0; i < ev->events->len; i++) {
		const struct evidence_event *e = event(ev, i);

		if (e->host_ns > when)
			break;
		if (e->kind == EVENT_ROOT)
			done = context = false;
		context |= e->kind == EVENT_CC_GLOBAL;
		if (!done && context && e->kind == EVENT_IOTLB_GLOBAL) {
			done = true;
			at = e->host_ns + 1;
		}
	}
	return at;
}

/*
 * When an attach's invalidations have to come: from when its driver was asked for (one that is built in: from when the
 * root switch was done with) until the device was let do DMA, or was looked at after it had worked. One that did DMA
 * before its entry changed is stale; other checks tell that.
 */
static void window(const struct evidence *ev, const struct evidence_device *dev, int64_t *from, int64_t *to)
{
	int64_t unchanged = dev->unchanged_ns ? dev->unchanged_ns : dev->attach_ns;

	*from = MIN(unchanged - BEFORE_NS,
		    was_asked_for(dev, unchanged) ? dev->driver_ns : root_flushed(ev, unchanged));
	*to = MAX(dev->attach_ns + AFTER_NS, dev->after.host_ns);
	if (dev->first_dma_ns > unchanged)
		*to = dev->first_dma_ns;
}

/*
 * The index of the event with which the old context entry of @sid was cached for the last time, or -1: not seen. It is
 * the last one cached before a look that still saw it; where that is cached again, an earlier invalidation was in vain.
 */
static int last_old_fill(const struct evidence *ev, const struct evidence_device *dev, uint16_t sid)
{
	uint64_t old = 0;
	int last = -1;

	for (unsigned i = 0; i < ev->events->len; i++) {
		const struct evidence_event *e = event(ev, i);

		if (e->kind != EVENT_CC_FILL || e->sid != sid)
			continue;
		if (e->host_ns <= dev->unchanged_ns)
			old = e->addr;
		if (old && e->addr == old)
			last = (int)i;
	}
	return last;
}

/* What was invalidated instead, for a person to see where the kernel went wrong. */
static void name_instead(const struct evidence *ev, int64_t from, int64_t to, GString *detail)
{
	for (unsigned i = 0; i < ev->events->len; i++) {
		const struct evidence_event *e = event(ev, i);

		if (e->host_ns < from || e->host_ns > to || e->kind != EVENT_IOTLB_DOMAIN)
			continue;
		g_string_append_printf(detail, " (domain %u was)", e->did);
		return;
	}
}

static enum check_result attach_flushed(const struct evidence *ev, const struct evidence_device *dev,
					const struct old_entry *old, GString *detail)
{
	bool context = false, iotlb = false, in_vain = false;
	int filled = last_old_fill(ev, dev, old->sid);
	int64_t from, to;

	window(ev, dev, &from, &to);
	for (unsigned i = 0; i < ev->events->len; i++) {
		const struct evidence_event *e = event(ev, i);

		if (e->host_ns < from || e->host_ns > to)
			continue;
		if ((int)i < filled) {
			in_vain |= covers_context(e, old);
			continue;
		}
		context |= covers_context(e, old);
		iotlb |= context && covers_iotlb(e, old);
	}
	if (context && iotlb) {
		g_string_append_printf(detail, "DID %u", old->did);
		return CHECK_PASS;
	}
	g_string_append_printf(detail, "no invalidation of %sthe IOTLB of its old DID %u",
			       context ? "" : "its context entry, and then of ", old->did);
	g_string_append(detail, " at its attach");
	if (in_vain && !context)
		g_string_append(detail, " after the old entry was cached again: it was invalidated before it changed");
	if (context)
		name_instead(ev, from, to, detail);
	return not_seen(ev, detail);
}

/*
 * Is the entry of @sid still the copied one? Only a device's own entry is watched; of an alias, and of one that was not
 * seen to change, there is the snapshot after the attach.
 */
static enum {
	ENTRY_UNKNOWN,
	ENTRY_KEPT,
	ENTRY_CHANGED
} entry_after(const struct evidence *ev, const struct evidence_device *dev, uint16_t sid, const struct iommu_space *old)
{
	const struct iommu_space *now, *copied;

	if (sid == dev->sid && dev->attach_ns)
		return ENTRY_CHANGED;
	if (!dev->after.walk)
		return ENTRY_UNKNOWN;
	now = iommu_walk_space(dev->after.walk, sid, IOMMU_NO_PASID);
	copied = ev->copied.walk ? iommu_walk_space(ev->copied.walk, sid, IOMMU_NO_PASID) : NULL;
	if (now && now->type == old->type && now->did == old->did &&
	    (now->root == old->root || (copied && now->root == copied->root)))
		return ENTRY_KEPT;
	return dev->attach_ns ? ENTRY_CHANGED : ENTRY_UNKNOWN;
}

/* One requester id of a device that left the copied tables. */
static enum check_result requester_flushed(const struct evidence *ev, const struct evidence_device *dev, uint16_t sid,
					   GString *detail)
{
	const struct iommu_space *space = iommu_walk_space(ev->at_panic.walk, sid, IOMMU_NO_PASID);
	struct old_entry old = { .sid = sid };
	char text[16];

	check_separate(detail);
	g_string_append_printf(detail, "%s ", sid_text(sid, text));
	if (!space) {
		g_string_append(detail, "had no entry");
		return CHECK_SKIP;
	}
	switch (entry_after(ev, dev, sid, space)) {
	case ENTRY_KEPT:
		g_string_append(detail, "its entry never changed");
		return CHECK_SKIP;
	case ENTRY_UNKNOWN:
		g_string_append(detail, "whether and when its entry changed was not seen");
		return CHECK_NO_EVIDENCE;
	case ENTRY_CHANGED:
		break;
	}
	old.did = space->did;
	old.pasid = space->pasid;
	return attach_flushed(ev, dev, &old, detail);
}

static enum check_result attaches_flushed(const struct evidence *ev, GString *detail)
{
	enum check_result result;

	if (ev->translation_dropped) {
		check_separate(detail);
		g_string_append(detail, "translation was begun anew, so no attach leaves old tables");
		return CHECK_SKIP;
	}
	return check_requesters(ev, requester_flushed, &result, detail) ? result : check_no_device(ev, detail);
}

/* The function of the kernel that asks for an invalidation of context entries (4.2 to 7.3): machine.break=attach: stops there. */
#define ASKS_FOR_INVALIDATION "qi_flush_context"

/* The device whose context entry the first invalidation behind the break is of. NULL: there is none, or it is of more. */
static const struct evidence_event *asked_for(const struct evidence *ev)
{
	for_each_evidence(const struct evidence_event, e, ev->events)
		if (e->host_ns >= ev->at_break.host_ns &&
		    (e->kind == EVENT_CC_GLOBAL || e->kind == EVENT_CC_DOMAIN || e->kind == EVENT_CC_DEVICE))
			return e->kind == EVENT_CC_DEVICE ? e : NULL;
	return NULL;
}

/*
 * Where the run stopped at the invalidation of an attach: was the old entry gone by then? An entry that is still present may
 * be cached again until it goes, behind the only invalidation that there will be (specification, 6.5: first the entry, then
 * the caches), whether or not a device was quick enough to do so in this run.
 */
static enum check_result gone_when_flushed(const struct evidence *ev, GString *detail)
{
	const struct evidence_event *e = ev->at_break.host_ns ? asked_for(ev) : NULL;
	const struct iommu_walk *tables = evidence_state_tables(ev, &ev->at_break);
	const struct iommu_space *old, *now;
	const char *symbol;
	char text[16];

	if (scenario_break(ev->scenario, &symbol) != CONF_BREAK_ATTACH || strcmp(symbol, ASKS_FOR_INVALIDATION) != 0)
		return CHECK_SKIP;
	check_separate(detail);
	if (!e || !tables || ev->at_break.root != ev->copied.root || !ev->copied.walk) {
		g_string_append_printf(detail, "at the break %s",
				       !ev->at_break.host_ns ? "nothing was read" :
				       !e		     ? "no invalidation of one context entry was asked for" :
							       "the copied tables were not those in force");
		return CHECK_NO_EVIDENCE;
	}
	old = iommu_walk_space(ev->copied.walk, e->sid, IOMMU_NO_PASID);
	now = iommu_walk_space(tables, e->sid, IOMMU_NO_PASID);
	g_string_append_printf(detail, "at the break the entry of %s, about to be invalidated, was ",
			       sid_text(e->sid, text));
	if (!old) {
		g_string_append(detail, "no copied one");
		return CHECK_NO_EVIDENCE;
	}
	if (now && now->type == old->type && now->did == old->did && now->root == old->root) {
		g_string_append(detail, "still present: what caches it before it goes, keeps it");
		return CHECK_FAIL;
	}
	g_string_append(detail, now ? "another already" : "gone already");
	return CHECK_PASS;
}

static enum check_result roots_flushed(const struct evidence *ev, GString *detail)
{
	int64_t end = ev->poweroff_ns ? ev->poweroff_ns : INT64_MAX;
	enum check_result result = CHECK_SKIP;

	if (check_regs(&ev->copied).cap & CAP_ESRTPS) {
		g_string_append(detail, "the root switch itself invalidates (CAP.ESRTPS)");
		return CHECK_PASS;
	}
	for (unsigned i = 0; i < ev->events->len; i++) {
		const struct evidence_event *e = event(ev, i);

		if (e->kind != EVENT_ROOT || e->host_ns < ev->jump_ns || e->host_ns >= end)
			continue;
		result = check_worse(result, flushed_after(ev, i, detail));
	}
	if (result != CHECK_SKIP)
		return result;
	g_string_append(detail, "no root switch is among the events kept");
	return CHECK_NO_EVIDENCE;
}

static enum check_result flushed(const struct evidence *ev, GString *detail)
{
	enum check_result roots;

	if (!check_regs(&ev->copied).qi_on) {
		g_string_append(detail, "queued invalidation is off: the trace shows no other kind");
		return CHECK_NO_EVIDENCE;
	}
	roots = roots_flushed(ev, detail);
	if (!ev->crash_hello_ns) {
		check_separate(detail);
		g_string_append(detail, "the crash kernel did not come up");
		return check_worse(roots, CHECK_NO_EVIDENCE);
	}
	roots = check_worse(roots, attaches_flushed(ev, detail));
	return check_worse(roots, gone_when_flushed(ev, detail));
}

const struct check check_flushed = {
	.name = "flushed",
	.outcome = OUTCOME_STALE_CACHE,
	.proves = "global invalidation after the root switch, the old DID's at each attach",
	.needs = NEED(IOMMU) | NEED(JUMP) | NEED(ROOT_SWITCH) | NEED(PANIC) | NEED(COPIED_REGS),
	.traces = TRACES(UNIT) | TRACES(INVALIDATIONS) | TRACES(NIC_RESETS) | TRACES(DISK_RESETS),
	.per_device = true,
	.run = flushed,
};

/*
 * A unit in caching mode may have cached, under domain 0, that @sid had no entry, and goes on answering by that
 * (specification, 6.1). Kernels clear an old entry before they write the new one, and all that there are name domain 0
 * or the new one to the IOTLB then. That tells this invalidation from that of the old entry, which may come just before:
 * the trace has no domain where a context entry is invalidated. One of everything is taken for both.
 */
static enum check_result absence_flushed(const struct evidence *ev, const struct evidence_device *dev, uint16_t sid,
					 const struct iommu_space *now, GString *detail)
{
	const struct old_entry absent = { .sid = sid }, fresh = { sid, now->did, now->pasid };
	bool context = false;
	int64_t from, to;

	window(ev, dev, &from, &to);
	for_each_evidence(const struct evidence_event, e, ev->events) {
		if (e->host_ns < from || e->host_ns > to)
			continue;
		context |= covers_context(e, &absent);
		if (!context || !(covers_iotlb(e, &absent) || covers_iotlb(e, &fresh)))
			continue;
		g_string_append_printf(detail, "new DID %u", now->did);
		return CHECK_PASS;
	}
	g_string_append_printf(detail, "no invalidation of %sthe IOTLB of domain 0 or its new DID %u at its attach",
			       context ? "" : "its context entry, and then of ", now->did);
	if (context)
		name_instead(ev, from, to, detail);
	return not_seen(ev, detail);
}

/* One requester id of a device that got an entry of the crash kernel's own. */
static enum check_result new_entry_of(const struct evidence *ev, const struct evidence_device *dev, uint16_t sid,
				      GString *detail)
{
	const struct iommu_space *old = iommu_walk_space(ev->at_panic.walk, sid, IOMMU_NO_PASID), *now;
	char text[16];

	check_separate(detail);
	g_string_append_printf(detail, "%s ", sid_text(sid, text));
	if (old && entry_after(ev, dev, sid, old) == ENTRY_KEPT) {
		g_string_append(detail, "its entry never changed");
		return CHECK_SKIP;
	}
	now = dev->after.walk ? iommu_walk_space(dev->after.walk, sid, IOMMU_NO_PASID) : NULL;
	if (!dev->attach_ns || !now) {
		g_string_append(detail,
				dev->attach_ns ? "its new entry was not read" : "when it got its entry was not seen");
		return CHECK_NO_EVIDENCE;
	}
	return absence_flushed(ev, dev, sid, now, detail);
}

static enum check_result new_entry_flushed(const struct evidence *ev, GString *detail)
{
	enum check_result result;

	if (!check_regs(&ev->copied).qi_on) {
		g_string_append(detail, "queued invalidation is off: the trace shows no other kind");
		return CHECK_NO_EVIDENCE;
	}
	if (ev->translation_dropped) {
		g_string_append(detail, "translation was begun anew: its first entries come before it is on");
		return CHECK_SKIP;
	}
	return check_requesters(ev, new_entry_of, &result, detail) ? result : check_no_device(ev, detail);
}

const struct check check_new_entry_flushed = {
	.name = "new-entry-flushed",
	.outcome = OUTCOME_STALE_CACHE,
	.proves = "caching mode: what may be cached of there having been no entry is invalidated at each attach",
	.needs = NEED(IOMMU) | NEED(CACHING_MODE) | NEED(JUMP) | NEED(CRASH_KERNEL) | NEED(ROOT_SWITCH) | NEED(PANIC) |
		 NEED(COPIED_REGS),
	.traces = TRACES(UNIT) | TRACES(INVALIDATIONS) | TRACES(NIC_RESETS) | TRACES(DISK_RESETS),
	.per_device = true,
	.run = new_entry_flushed,
};
