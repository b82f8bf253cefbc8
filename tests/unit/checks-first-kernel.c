/* SPDX-License-Identifier: GPL-2.0-only */
/* The checks of the first kernel: bad only where another one came through in its place. */
#include "evidence-fixture.h"

#define UP "first-kernel-up"
#define WORK "first-devices-work"

static void up_and_at_work(void **state)
{
	want(*state, UP, CHECK_PASS, "its agent spoke", NULL);
	want(*state, WORK, CHECK_PASS, "2 devices up, DMA of NIC and disk in flight", NULL);
}

/* The run stops where the first kernel did: nothing after it was ever seen. */
static void ended(struct good_run *f, bool device, const char *how)
{
	struct evidence *ev = f->ev;

	ev->first_hello = device;
	ev->first_failure_device = device;
	ev->first_failure = g_strdup(how);
	ev->trigger_ns = ev->jump_ns = ev->root_switch_ns = ev->crash_hello_ns = ev->poweroff_ns = 0;
	ev->crash_loaded = false;
	g_array_set_size(ev->events, 0);
	evidence_state_clear(&ev->at_panic);
	evidence_state_clear(&ev->copied);
	evidence_state_clear(&ev->end);
}

static void dead_with_a_reference(void **state)
{
	struct good_run *f = *state;

	ended(f, false, "the guest ended (guest-reset); its console: Kernel panic");
	f->ev->reference = g_strdup("6.12.9-amd64");
	want(f, "rig", CHECK_NO_EVIDENCE, "did not come as far as the panic", NULL);
	want(f, UP, CHECK_FAIL, "Kernel panic", "6.12.9-amd64 came through on the same machine", NULL);
	want(f, WORK, CHECK_NO_EVIDENCE, "ended before", NULL);
	want_outcome(f, "first-kernel-dead", 1);
}

static void dead_without_one(void **state)
{
	struct good_run *f = *state;

	ended(f, false, "waited 60 s in vain");
	want(f, UP, CHECK_NO_EVIDENCE, "no reference was run", NULL);
	f->ev->reference_failure = g_strdup("no other kernel is in the cache");
	want(f, "rig", CHECK_NO_EVIDENCE, "waited 60 s in vain", "no other kernel is in the cache", NULL);
	want(f, UP, CHECK_NO_EVIDENCE, "whose doing cannot be told", "no other kernel is in the cache", NULL);
	want_outcome(f, "inconclusive", 125);
}

static void device_dead(void **state)
{
	struct good_run *f = *state;
	struct evidence_event fault = { .kind = EVENT_FAULT, .sid = NIC, .reason = 5, .addr = 0xffff1000, .on = true };

	ended(f, true, "waited 40 s for DMA in flight in vain");
	g_array_append_val(f->ev->events, fault);
	want(f, WORK, CHECK_NO_EVIDENCE, "DMA in flight", "no reference was run", NULL);
	want_outcome(f, "inconclusive", 125);
	f->ev->reference = g_strdup("6.12.9-amd64");
	want(f, UP, CHECK_PASS, NULL);
	want(f, WORK, CHECK_FAIL,
	     "; 1 fault before the panic: 1 by 0000:00:01.0 at 0xffff1000 (write, reason 0x05: ", NULL);
	want_outcome(f, "first-device-dead", 1);
}

/* Also of a kernel that lived: by requester, with what was mapped there, and before the panic only. */
static void faults_are_told_by_requester(void **state)
{
	struct good_run *f = *state;
	struct evidence_event faults[] = {
		{ .kind = EVENT_FAULT, .sid = DISK, .addr = 0x1000, .on = true, .leaf = LEAF_READ },
		{ .kind = EVENT_FAULT, .sid = NIC, .addr = 0x2000, .leaf = LEAF_NONE },
		{ .kind = EVENT_FAULT, .sid = DISK, .addr = 0x3000, .leaf = LEAF_READ_WRITE },
		{ .kind = EVENT_FAULT, .sid = NIC, .addr = 0x4000, .leaf = LEAF_WRITE },
		{ .kind = EVENT_FAULT, .sid = 0x100, .addr = 0x5000, .leaf = LEAF_READ_WRITE },
		{ .kind = EVENT_FAULT, .sid = 0x101, .addr = 0x6000 },
	};

	g_array_set_size(f->ev->events, 0);
	for (size_t i = 0; i < G_N_ELEMENTS(faults); i++) {
		/* the second of the NIC's is too late */
		faults[i].host_ns = f->ev->trigger_ns + (i == 3 ? 1 : -100);
		g_array_append_val(f->ev->events, faults[i]);
	}
	want(f, WORK, CHECK_PASS,
	     "until the panic; 5 faults before the panic: "
	     "2, the first by 0000:00:02.0 at 0x1000 (write, ",
	     "), mapped for reading only; 1 by 0000:00:01.0 at 0x2000 (read, ",
	     "), where nothing is mapped; 1 by 0000:01:00.0 at 0x5000 (read, ",
	     "), mapped for both a moment later; and others", NULL);
	f->ev->events->len = 4;
	f->ev->trigger_ns += 2;
	want(f, WORK, CHECK_PASS, "2, the first by 0000:00:01.0 at 0x2000 (read, ", "), where nothing is mapped", NULL);
}

/* Of which device, and before the panic only. */
static void refused_requests_are_counted(void **state)
{
	struct good_run *f = *state;
	struct evidence_event fault = { .kind = EVENT_FAULT, .sid = NIC }, root = { .kind = EVENT_ROOT, .sid = NIC };

	g_array_set_size(f->ev->events, 0);
	g_array_append_val(f->ev->events, root);
	fault.host_ns = f->ev->trigger_ns - 1;
	g_array_append_val(f->ev->events, fault);
	assert_int_equal(evidence_first_faults(f->ev, NIC), 1);
	assert_int_equal(evidence_first_faults(f->ev, NIC + 1), 0);
	fault.host_ns = f->ev->trigger_ns;
	g_array_append_val(f->ev->events, fault);
	assert_int_equal(evidence_first_faults(f->ev, EVIDENCE_ANY), 1);
	f->ev->trigger_ns = 0;
	assert_int_equal(evidence_first_faults(f->ev, EVIDENCE_ANY), 2);
}

static void no_device(void **state)
{
	struct good_run *f = *state;

	f->sc->devices.dma = CONF_DMA_NIC;
	want(f, WORK, CHECK_PASS, "DMA of nic in flight", NULL);
	f->sc->devices.dma = CONF_DMA_NONE;
	want(f, WORK, CHECK_SKIP, "no device was to do DMA", NULL);

	for_each_evidence(struct evidence_device, dev, f->ev->devices)
		dev->first_translated = false;
	want(f, WORK, CHECK_SKIP, "used no device", NULL);
}

static void broken_rig_tells_nothing(void **state)
{
	struct good_run *f = *state;

	f->ev->first_hello = false;
	want(f, UP, CHECK_NO_EVIDENCE, "before its agent could speak", NULL);
}

int checks_first_tests(void)
{
	const struct CMUnitTest tests[] = {
		LEGACY(up_and_at_work), LEGACY(dead_with_a_reference),	      LEGACY(dead_without_one),
		LEGACY(device_dead),	LEGACY(faults_are_told_by_requester), LEGACY(refused_requests_are_counted),
		LEGACY(no_device),	LEGACY(broken_rig_tells_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
