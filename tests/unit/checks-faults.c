/* SPDX-License-Identifier: GPL-2.0-only */
/* The check `no-faults`. */
#include "evidence-fixture.h"

#define FAULTS "no-faults"
#define ALIAS 0x0500
/* When the fixture has the entry's invalidation: 1.5 ms before the host saw the change. */
#define T_NIC_CHANGE (T_NIC_ATTACH - 1500000)

static void named(void **state)
{
	want(*state, FAULTS, CHECK_PASS, "0 faults during 72 DMAs of 2 requesters", NULL);
}

static void one_requester(void **state)
{
	struct good_run *f = *state;

	f->sc->devices.dma = CONF_DMA_NIC;
	g_array_remove_index(f->ev->dma, 0);
	want(f, FAULTS, CHECK_PASS, "60 DMAs of 1 requester", NULL);
}

static void no_iommu(void **state)
{
	struct good_run *f = *state;

	f->sc->iommu.mode = MACHINE_IOMMU_OFF;
	want(f, FAULTS, CHECK_SKIP, "no IOMMU", NULL);
}

static void no_dma_asked(void **state)
{
	struct good_run *f = *state;

	f->sc->devices.dma = CONF_DMA_NONE;
	want(f, FAULTS, CHECK_SKIP, "no DMA", NULL);
}

static void no_jump(void **state)
{
	struct good_run *f = *state;

	f->ev->jump_ns = 0;
	want(f, FAULTS, CHECK_NO_EVIDENCE, "jump was not seen", NULL);
}

static void no_trace(void **state)
{
	struct good_run *f = *state;

	f->ev->trace_events = 0;
	want(f, FAULTS, CHECK_NO_EVIDENCE, "no events", NULL);
}

/* Events that were lost since cannot have been faults, or none, of any requester. */
static void no_events(void **state)
{
	struct good_run *f = *state;

	g_array_set_size(f->ev->events, 0);
	want(f, FAULTS, CHECK_NO_EVIDENCE, "not all there", NULL);
}

/* Nothing faulted because nothing was sent. */
static void no_dma_seen(void **state)
{
	struct good_run *f = *state;

	g_array_set_size(f->ev->dma, 0);
	want(f, FAULTS, CHECK_NO_EVIDENCE, "no DMA was in flight", NULL);
}

static void nothing_sent(void **state)
{
	struct good_run *f = *state;

	good_dma(f, DISK)->sent = good_dma(f, NIC)->sent = 0;
	want(f, FAULTS, CHECK_NO_EVIDENCE, "no DMA was in flight", NULL);
}

static void no_registers(void **state)
{
	struct good_run *f = *state;

	f->ev->copied.has_regs = false;
	want(f, FAULTS, CHECK_NO_EVIDENCE, "no registers", NULL);
}

static void known_device(void **state)
{
	struct good_run *f = *state;

	good_fault(f, AT(1050), NIC, 0xfffd2000);
	good_fault(f, AT(1150), NIC, 0xfffd3000);
	want(f, FAULTS, CHECK_FAIL, "2 faults", "0000:00:01.0", "0xfffd2000", "write",
	     "reason 0x02: present bit in the context entry is clear", "1.000 s after the jump", NULL);
	want_outcome(f, "dma-fault", 1);
}

/* Each requester is named once, the first with all that is known. */
static void several_devices(void **state)
{
	struct good_run *f = *state;

	good_fault(f, AT(1050), NIC, 0xfffd2000);
	good_fault(f, AT(1150), NIC, 0xfffd3000);
	want(f, FAULTS, CHECK_FAIL, "2 faults", NULL);
	want_not(f, "others");
	good_fault(f, AT(1250), DISK, 0xffff0000);
	good_fault(f, AT(1350), SATA, 0xfffc0000);
	good_fault(f, AT(1450), DISK, 0xffff1000);
	good_fault_disabled(f, AT(1500), 0, 0);
	want(f, FAULTS, CHECK_FAIL, "6 faults", "0000:00:01.0", "; others by 0000:00:02.0, 0000:00:1f.2", NULL);
}

static void read_fault(void **state)
{
	struct good_run *f = *state;

	good_fault(f, AT(1050), DISK, 0xffff0000);
	g_array_index(f->ev->events, struct evidence_event, f->ev->events->len - 1).on = false;
	want(f, FAULTS, CHECK_FAIL, "0000:00:02.0", "0xffff0000", "read", NULL);
}

/* A device that nobody knows never attaches: its faults count until poweroff. */
static void unknown_device(void **state)
{
	struct good_run *f = *state;

	good_fault(f, AT(5900), 0x0603, 0xdead000);
	want(f, FAULTS, CHECK_FAIL, "1 fault", "0000:06:00.3", "0xdead000", NULL);
}

static void device_without_driver(void **state)
{
	struct good_run *f = *state;

	good_fault(f, AT(5000), SATA, SATA_IOVA);
	want(f, FAULTS, CHECK_FAIL, "0000:00:1f.2", NULL);
}

static void fault_at_jump(void **state)
{
	struct good_run *f = *state;

	good_fault(f, T_JUMP, DISK, DISK_IOVA);
	want(f, FAULTS, CHECK_FAIL, "0.000 s after the jump", NULL);
}

/* Faults of the first kernel's own life, and those of poweroff, are not the copy's. */
static void outside_window(void **state)
{
	struct good_run *f = *state;

	good_fault(f, T_JUMP - 1, DISK, DISK_IOVA);
	good_fault(f, T_POWEROFF, DISK, DISK_IOVA);
	good_fault(f, AT(7000), NIC, NIC_IOVA);
	want(f, FAULTS, CHECK_PASS, "0 faults", NULL);
	want_not(f, "after the attach");
}

static void until_reset(void **state)
{
	struct good_run *f = *state;

	good_fault(f, T_NIC_RESET - 1, NIC, NIC_IOVA);
	want(f, FAULTS, CHECK_FAIL, "1 fault", "0000:00:01.0", NULL);
}

/*
 * Where the reset comes first, it is the change of the entry that ends the dead kernel's DMA: its
 * invalidation, since the host may see it late.
 */
static void until_attach(void **state)
{
	struct good_run *f = *state;

	good_device(f, NIC)->reset_ns = T_NIC_CHANGE - 1000;
	good_fault(f, T_NIC_CHANGE, NIC, NIC_IOVA);
	want(f, FAULTS, CHECK_PASS, "1 after the attach", NULL);
	good_fault(f, T_NIC_CHANGE - 1, NIC, NIC_IOVA);
	want(f, FAULTS, CHECK_FAIL, "1 fault", "0000:00:01.0", NULL);
}

static void forget_invalidation(struct good_run *f)
{
	for (unsigned i = f->ev->events->len; i > 0; i--) {
		struct evidence_event *e = &g_array_index(f->ev->events, struct evidence_event, i - 1);

		if (e->kind == EVENT_CC_DEVICE && e->sid == NIC)
			g_array_remove_index(f->ev->events, i - 1);
	}
}

/* The host was busy between its two looks at the entry, and no invalidation tells the moment. */
static void attach_undated(void **state)
{
	struct good_run *f = *state;

	good_device(f, NIC)->reset_ns = 0;
	forget_invalidation(f);
	good_fault(f, T_NIC_ATTACH, NIC, NIC_IOVA);
	want(f, FAULTS, CHECK_PASS, "1 after the attach", NULL);
	good_fault(f, T_NIC_ATTACH - 1, NIC, NIC_IOVA);
	want(f, FAULTS, CHECK_NO_EVIDENCE, "1 fault while the entry was changing", NULL);
	good_fault(f, good_device(f, NIC)->unchanged_ns, NIC, NIC_IOVA);
	want(f, FAULTS, CHECK_FAIL, "1 fault before the attach", NULL);
}

/* An invalidation of another entry dates nothing; one of the alias, or of all entries, does. */
static void attach_dated_by_others(void **state)
{
	struct good_run *f = *state;

	good_device(f, NIC)->reset_ns = 0;
	forget_invalidation(f);
	good_fault(f, T_NIC_ATTACH - 1, NIC, NIC_IOVA);
	good_invalidate(f, T_NIC_CHANGE, EVENT_CC_DEVICE, DISK, 0);
	good_invalidate(f, good_device(f, NIC)->unchanged_ns, EVENT_CC_GLOBAL, 0, 0);
	want(f, FAULTS, CHECK_NO_EVIDENCE, "1 fault while the entry was changing", NULL);
	good_invalidate(f, T_NIC_CHANGE, EVENT_CC_DEVICE, ALIAS, 0);
	good_device(f, NIC)->has_alias = true;
	good_device(f, NIC)->alias_sid = ALIAS;
	want(f, FAULTS, CHECK_PASS, "1 after the attach", NULL);
	good_device(f, NIC)->has_alias = false;
	want(f, FAULTS, CHECK_NO_EVIDENCE, NULL);
	good_invalidate(f, T_NIC_CHANGE, EVENT_CC_GLOBAL, 0, 0);
	want(f, FAULTS, CHECK_PASS, "1 after the attach", NULL);
}

/* Each requester has an attach of its own. */
static void after_attach(void **state)
{
	struct good_run *f = *state;

	good_fault(f, T_DISK_RESET, DISK, DISK_IOVA);
	good_fault(f, AT(3500), DISK, DISK_IOVA);
	want(f, FAULTS, CHECK_PASS, "0 faults", "2 after the attach", NULL);
	want_outcome(f, "preserved", 0);
	good_fault(f, AT(3500), NIC, NIC_IOVA);
	want(f, FAULTS, CHECK_FAIL, "1 fault", "0000:00:01.0", NULL);
}

/* Neither a change of the entry nor a reset was seen: the driver's probe counts. */
static void attach_not_seen(void **state)
{
	struct good_run *f = *state;

	good_device(f, NIC)->attach_ns = good_device(f, NIC)->reset_ns = 0;
	good_fault(f, T_NIC_DRIVER, NIC, NIC_IOVA);
	want(f, FAULTS, CHECK_PASS, "1 after the attach", NULL);
	good_fault(f, T_NIC_DRIVER - 1, NIC, NIC_IOVA);
	want(f, FAULTS, CHECK_FAIL, "0000:00:01.0", NULL);
}

/* No reset was seen: the change of the entry counts, if it comes after the probe. */
static void reset_not_seen(void **state)
{
	struct good_run *f = *state;

	good_device(f, NIC)->reset_ns = 0;
	good_fault(f, T_NIC_CHANGE, NIC, NIC_IOVA);
	want(f, FAULTS, CHECK_PASS, "1 after the attach", NULL);
	good_fault(f, T_NIC_CHANGE - 1, NIC, NIC_IOVA);
	want(f, FAULTS, CHECK_FAIL, "1 fault", "0000:00:01.0", NULL);
}

/* Neither attached nor asked for: the dead kernel's until poweroff. */
static void never_attached(void **state)
{
	struct good_run *f = *state;

	good_device(f, NIC)->attach_ns = good_device(f, NIC)->reset_ns = 0;
	good_device(f, NIC)->driver_ns = 0;
	good_fault(f, AT(5999), NIC, NIC_IOVA);
	want(f, FAULTS, CHECK_FAIL, "0000:00:01.0", NULL);
	f->ev->poweroff_ns = 0;
	want(f, FAULTS, CHECK_FAIL, "0000:00:01.0", NULL);
}

/*
 * A kernel that copies nothing changes the entry long before a driver takes the device: what
 * faults in between is the dead kernel's DMA.
 */
static void torn_down_early(void **state)
{
	struct good_run *f = *state;

	good_device(f, NIC)->attach_ns = AT(901);
	f->ev->translation_dropped = true;
	good_fault(f, AT(950), NIC, NIC_IOVA);
	want(f, FAULTS, CHECK_FAIL, "1 fault", "0000:00:01.0", NULL);
	want_outcome(f, "dma-fault", 1);
}

/* The same, with a driver that resets nothing that could be seen. */
static void torn_down_no_reset(void **state)
{
	struct good_run *f = *state;

	good_device(f, NIC)->attach_ns = AT(901);
	good_device(f, NIC)->reset_ns = 0;
	good_fault(f, AT(950), NIC, NIC_IOVA);
	want(f, FAULTS, CHECK_FAIL, "1 fault", "0000:00:01.0", NULL);
}

/* The same, and the run ended before a driver came. */
static void torn_down_no_driver(void **state)
{
	struct good_run *f = *state;

	good_device(f, NIC)->attach_ns = AT(901);
	good_device(f, NIC)->reset_ns = good_device(f, NIC)->driver_ns = 0;
	good_fault(f, AT(950), NIC, NIC_IOVA);
	want(f, FAULTS, CHECK_FAIL, "1 fault", "0000:00:01.0", NULL);
}

/* The driver is built in: it took the device before the run asked for it. That is an attach. */
static void driver_built_in(void **state)
{
	struct good_run *f = *state;

	good_device(f, NIC)->attach_ns = AT(2000);
	good_device(f, NIC)->reset_ns = AT(2010);
	good_fault(f, AT(2020), NIC, NIC_IOVA);
	want(f, FAULTS, CHECK_PASS, "1 after the attach", NULL);
}

/* Fault processing disabled hides a fault from the registers, not from the check. */
static void disabled(void **state)
{
	struct good_run *f = *state;

	good_fault_disabled(f, AT(1000), DISK, 0xffff1000);
	want(f, FAULTS, CHECK_FAIL, "1 fault", "0000:00:02.0", "0xffff1000", NULL);
}

/* QEMU's trace of these does not tell the requester: no innocent one may be named. */
static void disabled_unknown(void **state)
{
	struct good_run *f = *state;

	good_fault_disabled(f, AT(1000), 0, 0);
	want(f, FAULTS, CHECK_FAIL, "1 fault", "disabled", NULL);
	want_not(f, "0000:00:00.0");
}

/* Once a new driver has a device, it may be its doing: unknown is not the dead kernel's. */
static void disabled_after_an_attach(void **state)
{
	struct good_run *f = *state;

	good_fault_disabled(f, T_DISK_RESET, 0, 0);
	want(f, FAULTS, CHECK_NO_EVIDENCE, "1 fault of unknown owner", NULL);
	good_fault_disabled(f, T_DISK_RESET - 1, 0, 0);
	want(f, FAULTS, CHECK_FAIL, "1 fault before the attach", "disabled", NULL);
}

/* A driver that was not asked for took the device at a moment that only its entry's invalidation tells. */
static void driver_not_asked_for(void **state)
{
	struct good_run *f = *state;
	uint64_t *entry = good_entry(f, AT_END, SATA);

	entry[0] = (CRASH_START + 0x5000) | (entry[0] & 0xfff);
	good_walk(f, AT_END, NULL);
	good_invalidate(f, AT(2000), EVENT_CC_DEVICE, SATA, 0);
	good_fault(f, AT(2000), SATA, SATA_IOVA);
	good_fault(f, AT(5000), SATA, SATA_IOVA);
	want(f, FAULTS, CHECK_NO_EVIDENCE, "2 faults of unknown owner", NULL);
	good_fault(f, AT(2000) - 1, SATA, SATA_IOVA);
	want(f, FAULTS, CHECK_FAIL, "1 fault before the attach", "0000:00:1f.2", NULL);
}

/* The same, and not even that was seen. */
static void driver_not_asked_for_undated(void **state)
{
	struct good_run *f = *state;
	uint64_t *entry = good_entry(f, AT_END, SATA);

	entry[0] = (CRASH_START + 0x5000) | (entry[0] & 0xfff);
	good_walk(f, AT_END, NULL);
	good_fault(f, T_ROOT, SATA, SATA_IOVA);
	want(f, FAULTS, CHECK_NO_EVIDENCE, "1 fault of unknown owner", NULL);
	good_fault(f, T_ROOT - 1, SATA, SATA_IOVA);
	want(f, FAULTS, CHECK_FAIL, "1 fault before the attach", "0000:00:1f.2", NULL);
}

static void status_pending(void **state)
{
	struct good_run *f = *state;

	vtd_regs_set32(f->raw[COPIED], VTD_REG_FSTS, VTD_FSTS_PPF | VTD_FSTS_PFO);
	good_regs(f, COPIED);
	want(f, FAULTS, CHECK_FAIL, "after the copy", "FSTS=0x3", NULL);
	/* it may be an old one, for all that is known */
	f->ev->at_panic.has_regs = false;
	want(f, FAULTS, CHECK_NO_EVIDENCE, "FSTS=0x3", "whether it was before the panic is not known", NULL);
}

static void record_filled(void **state)
{
	struct good_run *f = *state;

	vtd_regs_set64(f->raw[COPIED], 0x220, NIC_IOVA);
	vtd_regs_set64(f->raw[COPIED], 0x228, UINT64_C(1) << 63 | UINT64_C(5) << 32 | NIC);
	good_regs(f, COPIED);
	want(f, FAULTS, CHECK_FAIL, "after the copy", NULL);
}

int checks_faults_tests(void)
{
	const struct CMUnitTest tests[] = {
		LEGACY(named),
		LEGACY(one_requester),
		LEGACY(no_iommu),
		LEGACY(no_dma_asked),
		LEGACY(no_jump),
		LEGACY(no_trace),
		LEGACY(no_events),
		LEGACY(no_dma_seen),
		LEGACY(nothing_sent),
		LEGACY(no_registers),
		LEGACY(known_device),
		LEGACY(several_devices),
		LEGACY(read_fault),
		LEGACY(unknown_device),
		LEGACY(device_without_driver),
		LEGACY(fault_at_jump),
		LEGACY(outside_window),
		LEGACY(until_reset),
		LEGACY(until_attach),
		LEGACY(after_attach),
		LEGACY(attach_undated),
		LEGACY(attach_dated_by_others),
		LEGACY(attach_not_seen),
		LEGACY(reset_not_seen),
		LEGACY(never_attached),
		LEGACY(torn_down_early),
		LEGACY(torn_down_no_reset),
		LEGACY(torn_down_no_driver),
		LEGACY(driver_built_in),
		LEGACY(disabled),
		LEGACY(disabled_unknown),
		LEGACY(disabled_after_an_attach),
		LEGACY(driver_not_asked_for),
		LEGACY(driver_not_asked_for_undated),
		LEGACY(status_pending),
		LEGACY(record_filled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
