/* SPDX-License-Identifier: GPL-2.0-only */
/* The check `flushed`: when it applies, and the invalidations after the root switch. */
#include "evidence-fixture.h"

#define FLUSHED "flushed"
#define MS INT64_C(1000000)

static void named(void **state)
{
	want(*state, FLUSHED, CHECK_PASS, "context cache and IOTLB", "after the root switch", "0000:00:02.0 DID 1",
	     "0000:00:01.0 DID 2", NULL);
}

static void no_iommu(void **state)
{
	struct good_run *f = *state;

	f->sc->iommu.mode = MACHINE_IOMMU_OFF;
	want(f, FLUSHED, CHECK_SKIP, "no IOMMU", NULL);
}

static void nothing_seen(void **state)
{
	struct good_run *f = *state;

	f->ev->jump_ns = 0;
	want(f, FLUSHED, CHECK_NO_EVIDENCE, "jump", NULL);
}

static void no_root_switch(void **state)
{
	struct good_run *f = *state;

	f->ev->root_switch_ns = 0;
	want(f, FLUSHED, CHECK_NO_EVIDENCE, "never latched", NULL);
}

/* A root switch of which there is no event cannot be said to have been followed by anything. */
static void root_event_lost(void **state)
{
	struct good_run *f = *state;

	assert_int_equal(good_drop(f, EVENT_ROOT, T_JUMP, T_POWEROFF), 1);
	want(f, FLUSHED, CHECK_NO_EVIDENCE, "not all there", NULL);
}

static void no_tables(void **state)
{
	struct good_run *f = *state;

	good_no_walk(f, AT_PANIC);
	want(f, FLUSHED, CHECK_NO_EVIDENCE, "at the panic", NULL);
}

static void no_registers(void **state)
{
	struct good_run *f = *state;

	good_no_walk(f, COPIED);
	want(f, FLUSHED, CHECK_NO_EVIDENCE, "no registers", NULL);
}

/* Invalidations through registers leave no vtd_inv_desc_* behind. */
static void no_queue(void **state)
{
	struct good_run *f = *state;

	vtd_regs_set32(f->raw[COPIED], VTD_REG_GSTS, 1u << 31 | 1u << 30);
	good_regs(f, COPIED);
	want(f, FLUSHED, CHECK_NO_EVIDENCE, "queued invalidation", NULL);
}

static void not_traced(void **state)
{
	struct good_run *f = *state;
	struct evidence_trace t = { .group = TRACE_GROUP_INVALIDATIONS, .missing = g_strdup("vtd_inv_desc_cc_global") };

	g_array_append_val(f->ev->traces, t);
	want(f, FLUSHED, CHECK_NO_EVIDENCE, "does not trace invalidations", "lacks vtd_inv_desc_cc_global", NULL);
}

/* A run that was recorded before there were groups. */
static void not_traced_then(void **state)
{
	struct good_run *f = *state;

	f->ev->trace_missing = g_strdup("vtd_inv_desc_iotlb_global");
	want(f, FLUSHED, CHECK_NO_EVIDENCE, "does not trace", NULL);
}

static void root_no_iotlb(void **state)
{
	struct good_run *f = *state;

	assert_int_equal(good_drop(f, EVENT_IOTLB_GLOBAL, T_ROOT, T_HELLO), 1);
	want(f, FLUSHED, CHECK_FAIL, "no global invalidation of the IOTLB after the root switch", NULL);
	want_outcome(f, "stale-cache", 1);
}

static void root_no_context(void **state)
{
	struct good_run *f = *state;

	good_drop(f, EVENT_CC_GLOBAL, T_ROOT, T_HELLO);
	want(f, FLUSHED, CHECK_FAIL, "no global invalidation of the context cache, and then of the IOTLB,", NULL);
}

static void root_none(void **state)
{
	struct good_run *f = *state;

	good_drop(f, EVENT_CC_GLOBAL, T_ROOT, T_HELLO);
	good_drop(f, EVENT_IOTLB_GLOBAL, T_ROOT, T_HELLO);
	want(f, FLUSHED, CHECK_FAIL, "context cache, and then of the IOTLB, after the root switch", NULL);
}

/* Of one domain is not of all. */
static void root_one_domain(void **state)
{
	struct good_run *f = *state;

	good_drop(f, EVENT_IOTLB_GLOBAL, T_ROOT, T_HELLO);
	good_invalidate(f, T_ROOT + 2000, EVENT_IOTLB_DOMAIN, 0, 1);
	want(f, FLUSHED, CHECK_FAIL, "IOTLB after the root switch", NULL);
}

/* What came before the switch does not count. */
static void root_before(void **state)
{
	struct good_run *f = *state;
	struct evidence_event e = { .kind = EVENT_IOTLB_GLOBAL, .host_ns = T_ROOT - 1000 };

	good_drop(f, EVENT_IOTLB_GLOBAL, T_ROOT, T_HELLO);
	g_array_prepend_val(f->ev->events, e);
	want(f, FLUSHED, CHECK_FAIL, "IOTLB after the root switch", NULL);
}

/* Global ones at an attach say nothing of the root switch. */
static void root_only_at_attach(void **state)
{
	struct good_run *f = *state;

	good_drop(f, EVENT_IOTLB_GLOBAL, T_ROOT, T_HELLO);
	good_invalidate(f, T_DISK_ATTACH - MS, EVENT_IOTLB_GLOBAL, 0, 0);
	want(f, FLUSHED, CHECK_FAIL, "no global invalidation of the IOTLB after the root switch", NULL);
}

static int by_time(const void *a, const void *b)
{
	const struct evidence_event *x = a, *y = b;

	return (x->host_ns > y->host_ns) - (x->host_ns < y->host_ns);
}

/* Where the trace would have it, before what comes later. */
static void global_at(struct good_run *f, int64_t ns, enum evidence_event_kind kind)
{
	good_invalidate(f, ns, kind, 0, 0);
	g_array_sort(f->ev->events, by_time);
}

/*
 * An attach that follows at once, by a driver that is built in: an invalidation just before it may be either's, however
 * long the host stood still in between; none is still none, and one of the first half is the root switch's.
 */
static void root_or_attach(void **state)
{
	static const int64_t stalls[] = { 260, 1290 }; /* ms behind the switch */
	struct good_run *f = *state;
	struct evidence_device *dev = good_device(f, DISK);

	dev->driver_ns = dev->reset_ns = 0;
	dev->unchanged_ns = T_ROOT + 50 * MS;
	dev->attach_ns = T_ROOT + 60 * MS;
	f->ev->copied.host_ns = T_ROOT + MS;
	want(f, FLUSHED, CHECK_PASS, "after the root switch", NULL);
	good_drop(f, EVENT_IOTLB_GLOBAL, T_ROOT, T_HELLO);
	want(f, FLUSHED, CHECK_FAIL, "no global invalidation of the IOTLB after the root switch", NULL);
	global_at(f, T_ROOT + 45 * MS, EVENT_IOTLB_GLOBAL);
	good_invalidate(f, T_ROOT + 45 * MS, EVENT_CC_DEVICE, DISK, 0);
	good_invalidate(f, T_ROOT + 45 * MS, EVENT_IOTLB_DOMAIN, 0, 1);
	want(f, FLUSHED, CHECK_NO_EVIDENCE, "45.0 ms after the root switch, where it may be that of an attach", NULL);
	good_drop(f, EVENT_CC_GLOBAL, T_ROOT, T_HELLO);
	want(f, FLUSHED, CHECK_FAIL, "no global invalidation of the context cache", NULL);
	/* after the first look at the new entry it is surely the attach's */
	global_at(f, T_ROOT + 61 * MS, EVENT_CC_GLOBAL);
	global_at(f, T_ROOT + 61 * MS, EVENT_IOTLB_GLOBAL);
	want(f, FLUSHED, CHECK_FAIL, "no global invalidation of the context cache", NULL);
	/* a QEMU that stands still for 250 ms of every 350, just behind the root switch; or for seconds, once */
	for (size_t i = 0; i < G_N_ELEMENTS(stalls); i++) {
		dev->unchanged_ns = T_ROOT + (stalls[i] + 40) * MS;
		dev->attach_ns = T_ROOT + (stalls[i] + 50) * MS;
		good_drop(f, EVENT_CC_GLOBAL, T_ROOT, T_HELLO);
		good_drop(f, EVENT_IOTLB_GLOBAL, T_ROOT, T_HELLO);
		global_at(f, T_ROOT + stalls[i] * MS, EVENT_CC_GLOBAL);
		global_at(f, T_ROOT + stalls[i] * MS, EVENT_IOTLB_GLOBAL);
		want(f, FLUSHED, CHECK_NO_EVIDENCE, "may be that of an attach", NULL);
	}
}

/* A driver that was asked for comes after all that the root switch brings, be it by a millisecond. */
static void root_then_asked(void **state)
{
	struct good_run *f = *state;

	good_drop(f, EVENT_CC_GLOBAL, T_ROOT, T_HELLO);
	good_drop(f, EVENT_IOTLB_GLOBAL, T_ROOT, T_HELLO);
	good_device(f, DISK)->driver_ns = T_DISK_ATTACH - 10 * MS;
	global_at(f, T_DISK_ATTACH - 11 * MS, EVENT_CC_GLOBAL);
	global_at(f, T_DISK_ATTACH - 11 * MS, EVENT_IOTLB_GLOBAL);
	want(f, FLUSHED, CHECK_PASS, "after the root switch", NULL);
	good_device(f, DISK)->driver_ns = T_DISK_ATTACH - 12 * MS;
	want(f, FLUSHED, CHECK_FAIL, "no global invalidation of the context cache", NULL);
}

/* What was not kept may have been the invalidation. */
static void root_events_dropped(void **state)
{
	struct good_run *f = *state;

	good_drop(f, EVENT_IOTLB_GLOBAL, T_ROOT, T_HELLO);
	f->ev->events_dropped = 1;
	want(f, FLUSHED, CHECK_NO_EVIDENCE, "no global invalidation of the IOTLB", "some were not kept", NULL);
}

/* Each root that is latched, not only the first. */
static void second_root(void **state)
{
	struct good_run *f = *state;
	struct evidence_event e = { .kind = EVENT_ROOT, .host_ns = AT(5000), .addr = f->new_root };

	g_array_append_val(f->ev->events, e);
	want(f, FLUSHED, CHECK_FAIL, "no global invalidation", NULL);
}

/* Poweroff's own changes are nobody's business any more. */
static void root_after_poweroff(void **state)
{
	struct good_run *f = *state;
	struct evidence_event e = { .kind = EVENT_ROOT, .host_ns = T_POWEROFF + 1000 };

	g_array_append_val(f->ev->events, e);
	want(f, FLUSHED, CHECK_PASS, NULL);
}

static void too_late_for_translation(void **state)
{
	struct good_run *f = *state;
	struct evidence_event *e = NULL, on = { .kind = EVENT_TRANSLATION, .host_ns = T_ROOT + 500, .on = true };

	for (unsigned i = 0; i < f->ev->events->len && !e; i++) {
		e = &g_array_index(f->ev->events, struct evidence_event, i);
		if (e->kind == EVENT_CC_GLOBAL)
			g_array_insert_val(f->ev->events, i, on);
		else
			e = NULL;
	}
	want(f, FLUSHED, CHECK_FAIL, "no global invalidation", NULL);
}

/*
 * With translation off nothing is cached and no attach can be the reason, however soon after the root switch
 * it comes or however late the host gets to see its events; with it on the same tells nothing of the switch.
 */
static void root_while_off(void **state)
{
	struct good_run *f = *state;
	struct evidence_event off = { .kind = EVENT_TRANSLATION, .host_ns = T_ROOT - 500 };

	good_device(f, DISK)->unchanged_ns = T_ROOT + 2;
	good_device(f, DISK)->attach_ns = T_ROOT + 3;
	want(f, FLUSHED, CHECK_NO_EVIDENCE, "taken over already", NULL);
	f->ev->translation_dropped = true;
	for (unsigned i = 0; i < f->ev->events->len; i++)
		if (g_array_index(f->ev->events, struct evidence_event, i).host_ns == T_ROOT) {
			g_array_insert_val(f->ev->events, i, off);
			break;
		}
	want(f, FLUSHED, CHECK_PASS, "after the root switch", NULL);
}

/* Units that flush by themselves at the root switch (ESRTPS) need nothing there, but at the attach. */
static void esrtps(void **state)
{
	struct good_run *f = *state;
	uint64_t cap = vtd_regs_get64(f->raw[COPIED], VTD_REG_CAP);

	good_drop(f, EVENT_CC_GLOBAL, T_ROOT, T_HELLO);
	good_drop(f, EVENT_IOTLB_GLOBAL, T_ROOT, T_HELLO);
	vtd_regs_set64(f->raw[COPIED], VTD_REG_CAP, cap | UINT64_C(1) << 63);
	good_regs(f, COPIED);
	want(f, FLUSHED, CHECK_PASS, "ESRTPS", NULL);
	good_drop(f, EVENT_IOTLB_DOMAIN, T_JUMP, T_POWEROFF);
	want(f, FLUSHED, CHECK_FAIL, "0000:00:02.0 no invalidation", NULL);
}

static void root_wrong_order(void **state)
{
	struct good_run *f = *state;

	for (unsigned i = 1; i < f->ev->events->len; i++) {
		struct evidence_event *e = &g_array_index(f->ev->events, struct evidence_event, i);

		if (e->kind == EVENT_IOTLB_GLOBAL) {
			e[-1].kind = EVENT_IOTLB_GLOBAL;
			e->kind = EVENT_CC_GLOBAL;
			break;
		}
	}
	want(f, FLUSHED, CHECK_FAIL, "no global invalidation of the IOTLB after the root switch", NULL);
}

/* Translation begun anew: only the flush after the root switch counts. */
static void nothing_copied(void **state)
{
	struct good_run *f = *state;

	f->ev->translation_dropped = true;
	good_drop(f, EVENT_IOTLB_DOMAIN, T_JUMP, T_POWEROFF);
	want(f, FLUSHED, CHECK_PASS, "begun anew", NULL);
	good_drop(f, EVENT_IOTLB_GLOBAL, T_JUMP, T_POWEROFF);
	want(f, FLUSHED, CHECK_FAIL, "after the root switch", NULL);
}

/* The crash kernel hung after the copy: half of it was seen. */
static void crash_kernel_hung(void **state)
{
	struct good_run *f = *state;

	f->ev->crash_hello_ns = 0;
	want(f, FLUSHED, CHECK_NO_EVIDENCE, "did not come up", NULL);
	good_drop(f, EVENT_IOTLB_GLOBAL, T_ROOT, T_HELLO);
	want(f, FLUSHED, CHECK_FAIL, NULL);
}

static void no_device_used(void **state)
{
	struct good_run *f = *state;

	good_device(f, DISK)->wanted = good_device(f, NIC)->wanted = false;
	want(f, FLUSHED, CHECK_NO_EVIDENCE, "no device was used", NULL);
	f->sc->devices.nic = MACHINE_NIC_NONE;
	f->sc->devices.disk = MACHINE_DISK_NONE;
	want(f, FLUSHED, CHECK_PASS, "no device with a driver", NULL);
}

int checks_flush_tests(void)
{
	const struct CMUnitTest tests[] = {
		LEGACY(named),
		SCALABLE(named),
		FIRST_LEVEL(named),
		PASS_THROUGH(named),
		LEGACY(no_iommu),
		LEGACY(nothing_seen),
		LEGACY(no_root_switch),
		LEGACY(root_event_lost),
		LEGACY(no_tables),
		LEGACY(no_registers),
		LEGACY(no_queue),
		LEGACY(not_traced),
		LEGACY(not_traced_then),
		LEGACY(root_no_iotlb),
		LEGACY(root_no_context),
		LEGACY(root_none),
		LEGACY(root_one_domain),
		LEGACY(root_before),
		LEGACY(root_only_at_attach),
		LEGACY(root_or_attach),
		LEGACY(root_then_asked),
		LEGACY(root_events_dropped),
		LEGACY(second_root),
		LEGACY(root_after_poweroff),
		LEGACY(too_late_for_translation),
		LEGACY(root_while_off),
		LEGACY(esrtps),
		LEGACY(root_wrong_order),
		LEGACY(nothing_copied),
		LEGACY(crash_kernel_hung),
		LEGACY(no_device_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
