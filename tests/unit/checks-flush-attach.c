/* SPDX-License-Identifier: GPL-2.0-only */
/* The checks `flushed` and `new-entry-flushed`: the invalidations at each attach. */
#include "evidence-fixture.h"

#define FLUSHED "flushed"
#define MS INT64_C(1000000)

static void attach_no_iotlb(void **state)
{
	struct good_run *f = *state;

	assert_int_equal(good_drop(f, EVENT_IOTLB_DOMAIN, T_DISK_ATTACH - 5 * MS, T_DISK_ATTACH), 1);
	want(f, FLUSHED, CHECK_FAIL, "0000:00:02.0 no invalidation of the IOTLB of its old DID 1 at its attach",
	     "0000:00:01.0 DID 2", NULL);
	want_not(f, "context entry");
	want_outcome(f, "stale-cache", 1);
}

/*
 * Invalidated before it changed (as 6.1 does), and cached again while it was still the old one: in vain. What is
 * cached after the change is the new one, and what was cached before the invalidation is gone.
 */
static void attach_cached_again(void **state)
{
	const uint64_t old = 0x1234001, new = 0x5678001;
	struct good_run *f = *state;
	struct evidence_event fill = { .kind = EVENT_CC_FILL, .sid = DISK, .addr = old };
	unsigned i = 0;

	fill.host_ns = good_device(f, DISK)->unchanged_ns - 1;
	g_array_prepend_val(f->ev->events, fill);
	want(f, FLUSHED, CHECK_PASS, NULL);
	while (g_array_index(f->ev->events, struct evidence_event, i).host_ns < T_DISK_ATTACH - 2 * MS ||
	       g_array_index(f->ev->events, struct evidence_event, i).kind != EVENT_IOTLB_DOMAIN)
		i++;
	fill.host_ns = g_array_index(f->ev->events, struct evidence_event, i).host_ns;
	fill.addr = new;
	g_array_insert_val(f->ev->events, i + 1, fill);
	want(f, FLUSHED, CHECK_PASS, NULL);
	g_array_index(f->ev->events, struct evidence_event, i + 1).addr = old;
	want(f, FLUSHED, CHECK_FAIL, "0000:00:02.0", "cached again", NULL);
	want_outcome(f, "stale-cache", 1);
}

static void attach_no_context(void **state)
{
	struct good_run *f = *state;

	good_drop(f, EVENT_CC_DEVICE, T_NIC_ATTACH - 5 * MS, T_NIC_ATTACH);
	want(f, FLUSHED, CHECK_FAIL, "0000:00:01.0 no invalidation of its context entry", NULL);
}

/* The other way round, the old context can fill the IOTLB again in between. */
static void attach_wrong_order(void **state)
{
	struct good_run *f = *state;

	good_drop(f, EVENT_CC_DEVICE, T_NIC_ATTACH - 5 * MS, T_NIC_ATTACH);
	good_invalidate(f, T_NIC_ATTACH - MS, EVENT_CC_DEVICE, NIC, 0);
	want(f, FLUSHED, CHECK_FAIL, "0000:00:01.0 no invalidation of the IOTLB", NULL);
	good_invalidate(f, T_NIC_ATTACH, EVENT_IOTLB_DOMAIN, 0, 2);
	want(f, FLUSHED, CHECK_PASS, NULL);
}

/* What 6.1 does in scalable mode: the domain id is taken from where there is none. */
static void attach_wrong_domain(void **state)
{
	struct good_run *f = *state;

	good_drop(f, EVENT_IOTLB_DOMAIN, T_DISK_ATTACH - 5 * MS, T_DISK_ATTACH);
	good_invalidate(f, T_DISK_ATTACH - MS, EVENT_IOTLB_DOMAIN, 0, 0);
	want(f, FLUSHED, CHECK_FAIL, "0000:00:02.0", "old DID 1", "(domain 0 was)", NULL);
}

static void attach_new_domain(void **state)
{
	struct good_run *f = *state;

	good_drop(f, EVENT_IOTLB_DOMAIN, T_DISK_ATTACH - 5 * MS, T_DISK_ATTACH);
	good_invalidate(f, T_DISK_ATTACH + MS, EVENT_IOTLB_DOMAIN, 0, 4);
	want(f, FLUSHED, CHECK_FAIL, "0000:00:02.0", "old DID 1", NULL);
}

/* What 6.12 does in scalable mode. */
static void attach_global(void **state)
{
	struct good_run *f = *state;

	good_drop(f, EVENT_IOTLB_DOMAIN, T_JUMP, T_POWEROFF);
	good_invalidate(f, T_DISK_ATTACH - MS, EVENT_IOTLB_GLOBAL, 0, 0);
	good_invalidate(f, T_NIC_ATTACH + MS, EVENT_IOTLB_GLOBAL, 0, 0);
	want(f, FLUSHED, CHECK_PASS, NULL);
}

static void attach_context_domain(void **state)
{
	struct good_run *f = *state;

	good_drop(f, EVENT_CC_DEVICE, T_JUMP, T_POWEROFF);
	good_drop(f, EVENT_IOTLB_DOMAIN, T_JUMP, T_POWEROFF);
	good_invalidate(f, T_DISK_ATTACH, EVENT_CC_DOMAIN, 0, 1);
	good_invalidate(f, T_DISK_ATTACH, EVENT_IOTLB_DOMAIN, 0, 1);
	good_invalidate(f, T_NIC_ATTACH, EVENT_CC_GLOBAL, 0, 0);
	good_invalidate(f, T_NIC_ATTACH, EVENT_IOTLB_DOMAIN, 0, 2);
	want(f, FLUSHED, CHECK_PASS, NULL);
	good_drop(f, EVENT_CC_DOMAIN, T_JUMP, T_POWEROFF);
	good_invalidate(f, T_DISK_ATTACH, EVENT_CC_DOMAIN, 0, 2);
	want(f, FLUSHED, CHECK_FAIL, "0000:00:02.0", "context entry", NULL);
}

/* Function bits that do not count widen a device-selective invalidation. */
static void attach_function_mask(void **state)
{
	struct good_run *f = *state;
	struct evidence_event e = { .kind = EVENT_CC_DEVICE, .host_ns = T_DISK_ATTACH, .sid = DISK | 5 };

	good_drop(f, EVENT_CC_DEVICE, T_DISK_ATTACH - 5 * MS, T_DISK_ATTACH);
	g_array_append_val(f->ev->events, e);
	want(f, FLUSHED, CHECK_FAIL, "0000:00:02.0", "context entry", NULL);
	e.addr = 7;
	g_array_append_val(f->ev->events, e);
	good_invalidate(f, T_DISK_ATTACH, EVENT_IOTLB_DOMAIN, 0, 1);
	want(f, FLUSHED, CHECK_PASS, NULL);
}

/* PASID-selective, with the PASID that the device's requests have. */
static void attach_pasid(void **state)
{
	struct good_run *f = *state;
	struct evidence_event e = { .kind = EVENT_IOTLB_PASID, .host_ns = T_DISK_ATTACH, .did = 1, .pasid = 9 };

	good_drop(f, EVENT_IOTLB_DOMAIN, T_DISK_ATTACH - 5 * MS, T_DISK_ATTACH);
	g_array_append_val(f->ev->events, e);
	want(f, FLUSHED, CHECK_FAIL, "0000:00:02.0", "IOTLB", NULL);
	e.pasid = 0;
	g_array_append_val(f->ev->events, e);
	want(f, FLUSHED, CHECK_PASS, NULL);
}

/* Once the device does DMA it is too late, and so it is long before the attach. */
static void attach_too_late(void **state)
{
	struct good_run *f = *state;

	good_drop(f, EVENT_IOTLB_DOMAIN, T_DISK_ATTACH - 5 * MS, T_DISK_ATTACH);
	good_invalidate(f, T_DISK_ATTACH + FIRST_DMA_NS + 1, EVENT_IOTLB_DOMAIN, 0, 1);
	good_invalidate(f, T_DISK_ATTACH - 200 * MS, EVENT_IOTLB_DOMAIN, 0, 1);
	want(f, FLUSHED, CHECK_FAIL, "0000:00:02.0", NULL);
	good_invalidate(f, T_DISK_ATTACH + FIRST_DMA_NS, EVENT_IOTLB_DOMAIN, 0, 1);
	want(f, FLUSHED, CHECK_PASS, NULL);
}

/* A guest that stands still between the invalidation and the change is as right as one that does not. */
static void attach_stalled(void **state)
{
	struct good_run *f = *state;
	struct evidence_device *disk = good_device(f, DISK);

	good_drop(f, EVENT_CC_DEVICE, T_DISK_ATTACH - 5 * MS, T_DISK_ATTACH);
	good_drop(f, EVENT_IOTLB_DOMAIN, T_DISK_ATTACH - 5 * MS, T_DISK_ATTACH);
	disk->driver_ns = T_DISK_ATTACH - 900 * MS;
	good_invalidate(f, T_DISK_ATTACH - 1000 * MS, EVENT_CC_DEVICE, DISK, 0);
	good_invalidate(f, T_DISK_ATTACH - 1000 * MS, EVENT_IOTLB_DOMAIN, 0, 1);
	want(f, FLUSHED, CHECK_FAIL, "0000:00:02.0 no invalidation of its context entry", NULL);
	good_invalidate(f, T_DISK_ATTACH - 800 * MS, EVENT_CC_DEVICE, DISK, 0);
	good_invalidate(f, T_DISK_ATTACH - 800 * MS, EVENT_IOTLB_DOMAIN, 0, 1);
	want(f, FLUSHED, CHECK_PASS, NULL);
	/* built in: whatever came after the root switch was done with, which itself is none of the attach's */
	disk->driver_ns = T_DISK_ATTACH + MS;
	want(f, FLUSHED, CHECK_PASS, NULL);
	good_drop(f, EVENT_CC_DEVICE, T_ROOT, T_DISK_ATTACH);
	want(f, FLUSHED, CHECK_FAIL, "0000:00:02.0 no invalidation of its context entry", NULL);
}

/* When the first DMA was not seen, a second is all it gets. */
static void attach_dma_unseen(void **state)
{
	struct good_run *f = *state;

	good_device(f, DISK)->first_dma_ns = 0;
	good_drop(f, EVENT_IOTLB_DOMAIN, T_DISK_ATTACH - 5 * MS, T_DISK_ATTACH);
	good_invalidate(f, T_DISK_ATTACH + 1100 * MS, EVENT_IOTLB_DOMAIN, 0, 1);
	want(f, FLUSHED, CHECK_FAIL, "0000:00:02.0", NULL);
	good_invalidate(f, T_DISK_ATTACH + 900 * MS, EVENT_IOTLB_DOMAIN, 0, 1);
	want(f, FLUSHED, CHECK_PASS, NULL);
}

/* An entry that never changed has left nothing stale behind; the part is named, not passed over. */
static void unchanged(void **state)
{
	struct good_run *f = *state;

	good_device(f, DISK)->attach_ns = 0;
	good_drop(f, EVENT_IOTLB_DOMAIN, T_DISK_ATTACH - 5 * MS, T_DISK_ATTACH);
	/* it has, when nobody looked */
	want(f, FLUSHED, CHECK_NO_EVIDENCE, "0000:00:02.0 whether and when its entry changed was not seen", NULL);
	memcpy(good_entry(f, AFTER_DISK, DISK), good_entry(f, COPIED, DISK), 16);
	good_walk(f, AFTER_DISK, NULL);
	want(f, FLUSHED, CHECK_PASS, "0000:00:02.0 its entry never changed", NULL);
	good_no_walk(f, AFTER_DISK);
	want(f, FLUSHED, CHECK_NO_EVIDENCE, "0000:00:02.0 whether and when its entry changed was not seen", NULL);
}

static void no_old_entry(void **state)
{
	struct good_run *f = *state;

	good_entry(f, AT_PANIC, DISK)[0] = 0;
	good_walk(f, AT_PANIC, NULL);
	good_drop(f, EVENT_IOTLB_DOMAIN, T_DISK_ATTACH - 5 * MS, T_DISK_ATTACH);
	want(f, FLUSHED, CHECK_PASS, "0000:00:02.0 had no entry", NULL);
}

/* Both ids of a device behind a bridge. */
static void alias(void **state)
{
	struct good_run *f = *state;
	struct evidence_device *dev = good_device(f, NIC);

	dev->has_alias = true;
	dev->alias_sid = SATA;
	/* still the dead kernel's: requesters-repointed tells that it is stale */
	want(f, FLUSHED, CHECK_PASS, "0000:00:1f.2 its entry never changed", NULL);
	good_no_walk(f, AFTER_NIC);
	want(f, FLUSHED, CHECK_NO_EVIDENCE, "0000:00:1f.2 whether and when its entry changed was not seen", NULL);
	memcpy(good_entry(f, AFTER_NIC, SATA), good_entry(f, AFTER_NIC, NIC), 16);
	good_walk(f, AFTER_NIC, NULL);
	want(f, FLUSHED, CHECK_FAIL, "0000:00:1f.2 no invalidation of its context entry, and then of the", "DID 3",
	     NULL);
	good_invalidate(f, T_NIC_ATTACH, EVENT_CC_DEVICE, SATA, 0);
	good_invalidate(f, T_NIC_ATTACH, EVENT_IOTLB_DOMAIN, 0, 3);
	want(f, FLUSHED, CHECK_PASS, "0000:00:1f.2 DID 3", NULL);
}

/* Events beyond what is kept: what was not seen may have been there. */
static void dropped(void **state)
{
	struct good_run *f = *state;

	good_drop(f, EVENT_IOTLB_DOMAIN, T_DISK_ATTACH - 5 * MS, T_DISK_ATTACH);
	f->ev->events_dropped = 3;
	want(f, FLUSHED, CHECK_NO_EVIDENCE, "0000:00:02.0", "not kept", NULL);
}

/* The tables at the break: those of the copy, with @word as the first of the disk's entry. */
static void break_at_flush(struct good_run *f, uint64_t word)
{
	uint64_t *entry = good_entry(f, COPIED, DISK), old = entry[0];
	struct evidence_state *copied = &f->ev->copied;

	assert_true(scenario_set(f->sc, "machine.break=attach:qi_flush_context", NULL));
	evidence_state_clear(&f->ev->at_break);
	entry[0] = word;
	good_walk(f, COPIED, NULL);
	f->ev->at_break = *copied;
	f->ev->at_break.host_ns = T_DISK_ATTACH - 5 * MS;
	copied->walk = NULL;
	entry[0] = old;
	good_walk(f, COPIED, NULL);
}

/* The entry goes first and the caches then; the other way round leaves a moment to cache it again, which no run has to hit. */
static void break_order(void **state)
{
	struct good_run *f = *state;
	uint64_t old = good_entry(f, COPIED, DISK)[0];

	break_at_flush(f, 0);
	want(f, FLUSHED, CHECK_PASS, "0000:00:02.0, about to be invalidated, was gone already", NULL);
	break_at_flush(f, (old & 0xfff) | (CRASH_START + 0x5000));
	want(f, FLUSHED, CHECK_PASS, "was another already", NULL);
	break_at_flush(f, old);
	want(f, FLUSHED, CHECK_FAIL, "0000:00:02.0, about to be invalidated, was still present", NULL);
	want_outcome(f, "stale-cache", 1);
}

/* Elsewhere the entry may well be there still; and what was not seen says nothing. */
static void break_elsewhere(void **state)
{
	struct good_run *f = *state;

	break_at_flush(f, good_entry(f, COPIED, DISK)[0]);
	assert_true(scenario_set(f->sc, "machine.break=attach:intel_iommu_attach_device", NULL));
	want(f, FLUSHED, CHECK_PASS, NULL);
	want_not(f, "at the break");
	assert_true(scenario_set(f->sc, "machine.break=qi_flush_context", NULL));
	want(f, FLUSHED, CHECK_PASS, NULL);
	assert_true(scenario_set(f->sc, "machine.break=attach:qi_flush_context", NULL));
	f->ev->at_break.root += 0x1000;
	want(f, FLUSHED, CHECK_NO_EVIDENCE, "were not those in force", NULL);
	f->ev->at_break.root -= 0x1000;
	f->ev->at_break.host_ns = AT(5900);
	want(f, FLUSHED, CHECK_NO_EVIDENCE, "no invalidation of one context entry", NULL);
	evidence_state_clear(&f->ev->at_break);
	want(f, FLUSHED, CHECK_NO_EVIDENCE, "at the break nothing was read", NULL);
}

/* An invalidation of more than one device's entry does not say whose is about to go. */
static void break_global(void **state)
{
	struct good_run *f = *state;

	break_at_flush(f, 0);
	for (unsigned i = 0; i < f->ev->events->len; i++) {
		struct evidence_event *e = &g_array_index(f->ev->events, struct evidence_event, i);

		if (e->kind == EVENT_CC_DEVICE && e->sid == DISK)
			e->kind = EVENT_CC_GLOBAL;
	}
	want(f, FLUSHED, CHECK_NO_EVIDENCE, "no invalidation of one context entry", NULL);
}

#define NEW_ENTRY "new-entry-flushed"
#define CAP_CM (1u << 7)

/* A unit in caching mode, and a kernel that goes by it. Returns the new domain id of @sid, whose attach is the test's. */
static uint16_t caching(struct good_run *f, uint16_t sid)
{
	const uint16_t sids[] = { DISK, NIC };
	uint16_t did = 0;

	f->sc->iommu.caching_mode = true;
	for (unsigned stage = 0; stage < STAGES; stage++)
		good_flip(good_state(f, stage), VTD_REG_CAP, CAP_CM);
	for (unsigned i = 0; i < G_N_ELEMENTS(sids); i++) {
		struct evidence_device *dev = good_device(f, sids[i]);
		const struct iommu_space *now = iommu_walk_space(dev->after.walk, sids[i], IOMMU_NO_PASID);

		if (sids[i] == sid) {
			did = now->did;
			continue;
		}
		good_invalidate(f, dev->attach_ns - MS, EVENT_CC_DEVICE, sids[i], 0);
		good_invalidate(f, dev->attach_ns - MS, EVENT_IOTLB_DOMAIN, 0, now->did);
	}
	return did;
}

static void new_entry(void **state)
{
	struct good_run *f = *state;
	uint16_t did;

	want(f, NEW_ENTRY, CHECK_SKIP, "no caching mode", NULL);
	did = caching(f, DISK);
	want(f, NEW_ENTRY, CHECK_FAIL, "0000:00:02.0 no invalidation of the IOTLB of domain 0 or its new DID",
	     "(domain 1 was)", "0000:00:01.0 new DID", NULL);
	want(f, FLUSHED, CHECK_PASS, NULL);
	want_outcome(f, "stale-cache", 1);
	/* before the context entry is, it can be filled by the old one again */
	good_drop(f, EVENT_CC_DEVICE, T_DISK_ATTACH - 5 * MS, T_DISK_ATTACH);
	good_invalidate(f, T_DISK_ATTACH - 2 * MS, EVENT_IOTLB_DOMAIN, 0, did);
	want(f, NEW_ENTRY, CHECK_FAIL, "0000:00:02.0 no invalidation of its context entry, and then of the IOTLB",
	     NULL);
	good_invalidate(f, T_DISK_ATTACH, EVENT_CC_DEVICE, DISK, 0);
	want(f, NEW_ENTRY, CHECK_FAIL, "0000:00:02.0 no invalidation of the IOTLB", NULL);
	good_invalidate(f, T_DISK_ATTACH + FIRST_DMA_NS + 1, EVENT_IOTLB_DOMAIN, 0, did);
	want(f, NEW_ENTRY, CHECK_FAIL, "0000:00:02.0 no invalidation of the IOTLB", NULL);
	f->ev->events_dropped = 1;
	want(f, NEW_ENTRY, CHECK_NO_EVIDENCE, "some were not kept", NULL);
	good_invalidate(f, T_DISK_ATTACH + MS, EVENT_IOTLB_DOMAIN, 0, did);
	want(f, NEW_ENTRY, CHECK_PASS, "0000:00:02.0 new DID", NULL);
}

/* Domain 0 is that of what is absent: in scalable mode kernels name it. */
static void new_entry_by_domain_0(void **state)
{
	struct good_run *f = *state;

	caching(f, DISK);
	want(f, NEW_ENTRY, CHECK_FAIL, "0000:00:02.0", NULL);
	good_drop(f, EVENT_CC_DEVICE, T_DISK_ATTACH - 5 * MS, T_DISK_ATTACH);
	good_invalidate(f, T_DISK_ATTACH, EVENT_CC_DOMAIN, 0, 0);
	good_invalidate(f, T_DISK_ATTACH, EVENT_IOTLB_DOMAIN, 0, 0);
	want(f, NEW_ENTRY, CHECK_PASS, "0000:00:02.0 new DID", NULL);
}

static void new_entry_by_pasid(void **state)
{
	struct good_run *f = *state;
	struct evidence_event e = { .kind = EVENT_IOTLB_PASID, .host_ns = T_DISK_ATTACH, .pasid = 9 };

	e.did = caching(f, DISK);
	g_array_append_val(f->ev->events, e);
	want(f, NEW_ENTRY, CHECK_FAIL, "0000:00:02.0", NULL);
	e.pasid = 0;
	g_array_append_val(f->ev->events, e);
	want(f, NEW_ENTRY, CHECK_PASS, NULL);
}

/* A device that had no entry before is what the mode is about. */
static void new_entry_was_none(void **state)
{
	struct good_run *f = *state;
	uint16_t did = caching(f, DISK);

	good_entry(f, AT_PANIC, DISK)[0] = 0;
	good_walk(f, AT_PANIC, NULL);
	want(f, NEW_ENTRY, CHECK_FAIL, "0000:00:02.0", NULL);
	good_invalidate(f, T_DISK_ATTACH, EVENT_IOTLB_DOMAIN, 0, did);
	want(f, NEW_ENTRY, CHECK_PASS, NULL);
}

static void new_entry_unseen(void **state)
{
	struct good_run *f = *state;

	caching(f, DISK);
	good_device(f, DISK)->attach_ns = 0;
	want(f, NEW_ENTRY, CHECK_NO_EVIDENCE, "0000:00:02.0 when it got its entry was not seen", NULL);
	good_device(f, DISK)->attach_ns = T_DISK_ATTACH;
	good_no_walk(f, AFTER_DISK);
	want(f, NEW_ENTRY, CHECK_NO_EVIDENCE, "0000:00:02.0 its new entry was not read", NULL);
	f->ev->translation_dropped = true;
	want(f, NEW_ENTRY, CHECK_SKIP, "begun anew", NULL);
	good_flip(&f->ev->copied, VTD_REG_GSTS, 1u << 26);
	want(f, NEW_ENTRY, CHECK_NO_EVIDENCE, "queued invalidation is off", NULL);
}

static void new_entry_kept(void **state)
{
	struct good_run *f = *state;

	caching(f, DISK);
	good_device(f, DISK)->attach_ns = 0;
	memcpy(good_entry(f, AFTER_DISK, DISK), good_entry(f, COPIED, DISK), 16);
	good_walk(f, AFTER_DISK, NULL);
	want(f, NEW_ENTRY, CHECK_PASS, "0000:00:02.0 its entry never changed", NULL);
}

int checks_flush_attach_tests(void)
{
	const struct CMUnitTest tests[] = {
		LEGACY(attach_no_iotlb),
		LEGACY(attach_no_context),
		LEGACY(attach_cached_again),
		LEGACY(attach_wrong_order),
		SCALABLE(attach_wrong_domain),
		LEGACY(attach_new_domain),
		SCALABLE(attach_global),
		LEGACY(attach_context_domain),
		LEGACY(attach_function_mask),
		SCALABLE(attach_pasid),
		LEGACY(attach_too_late),
		LEGACY(attach_dma_unseen),
		LEGACY(attach_stalled),
		LEGACY(unchanged),
		LEGACY(no_old_entry),
		LEGACY(alias),
		LEGACY(dropped),
		LEGACY(break_order),
		LEGACY(break_elsewhere),
		LEGACY(break_global),
		LEGACY(new_entry),
		SCALABLE(new_entry_by_domain_0),
		SCALABLE(new_entry_by_pasid),
		LEGACY(new_entry_was_none),
		LEGACY(new_entry_unseen),
		LEGACY(new_entry_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
