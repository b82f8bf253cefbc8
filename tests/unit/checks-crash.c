/* SPDX-License-Identifier: GPL-2.0-only */
/* The checks `panic-seen`, `crash-kernel-booted` and `translation-stayed-on`. */
#include "evidence-fixture.h"

#include <inttypes.h>

#define PANIC "panic-seen"
#define BOOTED "crash-kernel-booted"
#define STAYED "translation-stayed-on"

/* A run that ended before the jump. */
static void no_jump(struct good_run *f)
{
	f->ev->jump_ns = f->ev->root_switch_ns = f->ev->crash_hello_ns = f->ev->poweroff_ns = 0;
	f->ev->jump_rip = 0;
	g_array_set_size(f->ev->events, 2);
}

static void panic_named(void **state)
{
	want(*state, PANIC, CHECK_PASS, "RIP 0x101234", "0x100000-0x1fffff", "50 ms", NULL);
}

static void panic_edges(void **state)
{
	struct good_run *f = *state;

	f->ev->jump_rip = CRASH_START;
	want(f, PANIC, CHECK_PASS, "RIP 0x100000 ", NULL);
	f->ev->jump_rip = CRASH_END;
	want(f, PANIC, CHECK_PASS, "RIP 0x1fffff ", NULL);
}

static void panic_not_asked(void **state)
{
	struct good_run *f = *state;

	f->ev->trigger_ns = 0;
	want(f, PANIC, CHECK_NO_EVIDENCE, "never asked", NULL);
}

static void panic_never(void **state)
{
	struct good_run *f = *state;

	no_jump(f);
	want(f, PANIC, CHECK_FAIL, "no CPU was seen", NULL);
	want_outcome(f, "no-panic", 125);
}

/* A CPU elsewhere is no jump; the address is said. */
static void panic_rip_outside(void **state)
{
	struct good_run *f = *state;

	f->ev->crash_hello_ns = 0;
	f->ev->jump_rip = CRASH_END + 1;
	want(f, PANIC, CHECK_FAIL, "0x200000", NULL);
	f->ev->jump_rip = CRASH_START - 1;
	want(f, PANIC, CHECK_FAIL, "0xfffff", NULL);
}

/* Nothing is inside a range that is not known; least of all an address that was never seen. */
static void panic_range_unknown(void **state)
{
	struct good_run *f = *state;

	f->ev->crash_hello_ns = 0;
	f->ev->crash_start = f->ev->crash_end = 0;
	want(f, PANIC, CHECK_NO_EVIDENCE, "crash kernel's memory", NULL);
	f->ev->jump_rip = 0;
	want(f, PANIC, CHECK_NO_EVIDENCE, "crash kernel's memory", NULL);
	f->ev->jump_ns = 0;
	want(f, PANIC, CHECK_NO_EVIDENCE, "crash kernel's memory", NULL);
}

/* The crash kernel was so fast that only its agent was seen. */
static void panic_by_hello(void **state)
{
	struct good_run *f = *state;

	f->ev->jump_ns = 0;
	f->ev->jump_rip = 0;
	want(f, PANIC, CHECK_PASS, "agent spoke", "missed", NULL);
}

static void booted_named(void **state)
{
	struct good_run *f = *state;

	want(f, BOOTED, CHECK_PASS, "2.5 s after the jump", NULL);
	f->ev->jump_ns = 0;
	want(f, BOOTED, CHECK_PASS, "2.5 s after the trigger", NULL);
}

/* What is left of the evidence when the crash kernel did not come up. */
static void no_hello(struct good_run *f, const char *failure)
{
	f->ev->crash_hello_ns = f->ev->poweroff_ns = 0;
	f->ev->crash_failure = g_strdup(failure);
	good_no_walk(f, AFTER_DISK);
	good_no_walk(f, AFTER_NIC);
	g_array_set_size(f->ev->dma, 0);
	g_clear_pointer(&f->ev->canary_read, g_free);
	for (unsigned i = 0; i < f->ev->devices->len; i++) {
		struct evidence_device *dev = &g_array_index(f->ev->devices, struct evidence_device, i);

		dev->wanted = dev->works = false;
		dev->driver_ns = dev->attach_ns = 0;
		g_clear_pointer(&dev->works_detail, g_free);
	}
}

static void booted_hang(void **state)
{
	struct good_run *f = *state;

	no_hello(f, "no progress: waited 20 s for the crash kernel's agent");
	want(f, BOOTED, CHECK_FAIL, "no progress: waited 20 s", NULL);
	want_outcome(f, "crash-kernel-hang", 1);
}

/* The run ended by itself, be it by the lab's own fault: nobody saw it hang. */
static void booted_unseen(void **state)
{
	struct good_run *f = *state;

	no_hello(f, NULL);
	want(f, BOOTED, CHECK_NO_EVIDENCE, "had not spoken when the run ended", NULL);
	want_outcome(f, "inconclusive", 125);
}

static void booted_panic(void **state)
{
	struct good_run *f = *state;

	no_hello(f, "it reset the machine (guest-reset); last lines: BUG");
	f->ev->crash_panicked = true;
	want(f, BOOTED, CHECK_FAIL, "guest-reset", NULL);
	want_outcome(f, "crash-kernel-panic", 1);
}

/* Without a jump there is no crash kernel to blame. */
static void booted_no_jump(void **state)
{
	struct good_run *f = *state;

	no_jump(f);
	want(f, BOOTED, CHECK_NO_EVIDENCE, "jump", NULL);
}

static void stayed_named(void **state)
{
	struct good_run *f = *state;
	g_autofree char *roots = g_strdup_printf("root %#" PRIx64 " -> %#" PRIx64, f->old_root, f->new_root);

	want(f, STAYED, CHECK_PASS, roots, "+0.850 s", NULL);
}

static void stayed_off_between(void **state)
{
	struct good_run *f = *state;

	good_translation(f, AT(800), false);
	good_translation(f, AT(850), true);
	want(f, STAYED, CHECK_FAIL, "switched off 0.750 s after the jump", NULL);
	want_outcome(f, "not-copied", 1);
}

/* The unit is told of no table any more: GSTS.TES=0. */
static void turn_off(struct good_run *f, enum good_stage stage)
{
	vtd_regs_set32(f->raw[stage], VTD_REG_GSTS, vtd_regs_get32(f->raw[stage], VTD_REG_GSTS) & ~(1u << 31));
	good_regs(f, stage);
}

/* intel_iommu=off in the crash kernel: the dead kernel's tables stand where they were, and nobody goes by them. */
static void tables_not_in_force(void **state)
{
	static const char *const checks[] = { "context-same-slot", "context-same-fields", "leaves-equal",
					      "did-consistent",	   "iova-not-retargeted", "requesters-repointed" };
	struct good_run *f = *state;

	good_translation(f, AT(800), false);
	f->ev->translation_dropped = true;
	for (enum good_stage stage = COPIED; stage < STAGES; stage++)
		turn_off(f, stage);
	for (unsigned i = 0; i < G_N_ELEMENTS(checks); i++)
		want(f, checks[i], CHECK_NO_EVIDENCE, NULL);
	want(f, "context-same-slot", CHECK_NO_EVIDENCE, "translation was off after the copy", NULL);
	want(f, "no-faults", CHECK_NO_EVIDENCE, "does not fault", NULL);
	want_outcome(f, "not-copied", 1);
}

/* Poweroff switches translation off; tables read after it were in force until then. */
static void tables_after_poweroff(void **state)
{
	struct good_run *f = *state;

	turn_off(f, AT_END);
	want(f, "did-consistent", CHECK_NO_EVIDENCE, "at the end", NULL);
	f->ev->poweroff_ns = f->ev->end.host_ns;
	want(f, "did-consistent", CHECK_PASS, NULL);
}

/* acpi=off in the crash kernel: it does not know of the IOMMU, which goes on with the old root. */
static void never_taken_over(void **state)
{
	struct good_run *f = *state;

	f->ev->root_switch_ns = 0;
	good_no_walk(f, COPIED);
	want(f, STAYED, CHECK_FAIL, "never latched a root table of its own", NULL);
	want(f, "iova-not-retargeted", CHECK_NO_EVIDENCE, "never latched", NULL);
	want(f, "did-consistent", CHECK_NO_EVIDENCE, "never latched", NULL);
	want_outcome(f, "not-taken-over", 1);
}

/* --set iommu.mode=off: what is about an IOMMU does not apply, and cannot be expected to fail either. */
static void without_an_iommu(void **state)
{
	struct good_run *f = *state;

	assert_true(scenario_set(f->sc, "scenario.expect-fail=iova-not-retargeted", NULL));
	f->sc->iommu.mode = MACHINE_IOMMU_OFF;
	f->ev->trace_events = 0;
	want_outcome(f, "no-iommu", 0);
	good_device(f, NIC)->works = false;
	want_outcome(f, "device-dead", 1);
}

static void stayed_off_at_jump(void **state)
{
	struct good_run *f = *state;

	good_translation(f, T_JUMP, false);
	want(f, STAYED, CHECK_FAIL, "switched off 0.000 s", NULL);
}

/* Long after the copy, too: until poweroff itself. */
static void stayed_off_late(void **state)
{
	struct good_run *f = *state;

	good_translation(f, T_POWEROFF - 1, false);
	want(f, STAYED, CHECK_FAIL, "switched off", NULL);
}

static void stayed_off_at_poweroff(void **state)
{
	struct good_run *f = *state;

	good_translation(f, T_POWEROFF, false);
	good_translation(f, AT(6100), false);
	want(f, STAYED, CHECK_PASS, NULL);
	want_outcome(f, "preserved", 0);
}

/* No poweroff was asked for, so none excuses it. */
static void stayed_off_without_poweroff(void **state)
{
	struct good_run *f = *state;

	f->ev->poweroff_ns = 0;
	good_translation(f, AT(6100), false);
	want(f, STAYED, CHECK_FAIL, "switched off", NULL);
}

/* The first kernel's boot switches translation as it likes, and so does it while it dies. */
static void stayed_off_before_jump(void **state)
{
	struct good_run *f = *state;

	good_translation(f, AT(-8000), false);
	good_translation(f, AT(-7999), true);
	want(f, STAYED, CHECK_PASS, NULL);
}

/* To switch it on again is no harm. */
static void stayed_on_again(void **state)
{
	struct good_run *f = *state;

	good_translation(f, AT(950), true);
	want(f, STAYED, CHECK_PASS, NULL);
}

static void stayed_no_jump(void **state)
{
	struct good_run *f = *state;

	no_jump(f);
	want(f, STAYED, CHECK_NO_EVIDENCE, "jump was not seen", NULL);
}

/* The crash kernel came up and never set a root table: intel_iommu=off, or no support. */
static void stayed_no_root_switch(void **state)
{
	struct good_run *f = *state;

	f->ev->root_switch_ns = 0;
	want(f, STAYED, CHECK_FAIL, "never latched a root table", NULL);
	f->ev->crash_hello_ns = 0;
	want(f, STAYED, CHECK_NO_EVIDENCE, "never latched a root table", NULL);
}

static void stayed_no_registers(void **state)
{
	struct good_run *f = *state;

	f->ev->copied.has_regs = false;
	want(f, STAYED, CHECK_NO_EVIDENCE, "no registers", NULL);
}

/* The trace missed the switch, the status register shows it. */
static void stayed_tes_clear(void **state)
{
	struct good_run *f = *state;

	vtd_regs_set32(f->raw[COPIED], VTD_REG_GSTS, 1u << 30 | 1u << 26);
	good_regs(f, COPIED);
	want(f, STAYED, CHECK_FAIL, "TES=0", NULL);
}

static void stayed_no_iommu(void **state)
{
	struct good_run *f = *state;

	f->sc->iommu.mode = MACHINE_IOMMU_OFF;
	want(f, STAYED, CHECK_SKIP, "no IOMMU", NULL);
}

int checks_crash_tests(void)
{
	const struct CMUnitTest tests[] = {
		LEGACY(panic_named),
		LEGACY(panic_edges),
		LEGACY(panic_not_asked),
		LEGACY(panic_never),
		LEGACY(panic_rip_outside),
		LEGACY(panic_range_unknown),
		LEGACY(panic_by_hello),
		LEGACY(booted_named),
		LEGACY(booted_hang),
		LEGACY(booted_unseen),
		LEGACY(booted_panic),
		LEGACY(booted_no_jump),
		LEGACY(stayed_named),
		LEGACY(stayed_off_between),
		LEGACY(stayed_off_at_jump),
		LEGACY(tables_not_in_force),
		LEGACY(tables_after_poweroff),
		LEGACY(never_taken_over),
		LEGACY(without_an_iommu),
		LEGACY(stayed_off_late),
		LEGACY(stayed_off_at_poweroff),
		LEGACY(stayed_off_without_poweroff),
		LEGACY(stayed_off_before_jump),
		LEGACY(stayed_on_again),
		LEGACY(stayed_no_jump),
		LEGACY(stayed_no_root_switch),
		LEGACY(stayed_no_registers),
		LEGACY(stayed_tes_clear),
		LEGACY(stayed_no_iommu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
