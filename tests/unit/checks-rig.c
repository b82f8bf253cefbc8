/* SPDX-License-Identifier: GPL-2.0-only */
/* The checks `rig` and `mode-in-effect`. */
#include "evidence-fixture.h"
#include "vtd/print.h"

static void rig_broke(void **state)
{
	struct good_run *f = *state;

	want(f, "rig", CHECK_PASS, "9 trace events", NULL);
	f->ev->rig_error = g_strdup("QEMU ended with signal 6");
	want(f, "rig", CHECK_FAIL, "QEMU ended with signal 6", NULL);
	want_outcome(f, "inconclusive", 125);
}

static void rig_without_agent(void **state)
{
	struct good_run *f = *state;

	f->ev->first_hello = false;
	want(f, "rig", CHECK_FAIL, "first kernel's agent never spoke", NULL);
}

static void rig_without_crash_kernel(void **state)
{
	struct good_run *f = *state;

	f->ev->crash_loaded = false;
	want(f, "rig", CHECK_FAIL, "no crash kernel was loaded", NULL);
}

static void rig_without_trace(void **state)
{
	struct good_run *f = *state;

	f->ev->trace_events = 0;
	want(f, "rig", CHECK_FAIL, "no IOMMU event", NULL);
}

/* Events that a QEMU lacks are said, and no reason to fail. */
static void rig_trace_missing(void **state)
{
	struct good_run *f = *state;

	f->ev->trace_missing = g_strdup("vtd_fault_disabled");
	want(f, "rig", CHECK_PASS, "lacks vtd_fault_disabled", NULL);
}

#define MODE "mode-in-effect"

static void mode_named(void **state)
{
	want(*state, MODE, CHECK_PASS, "TES on", "TTM legacy", "2 requesters", "IR off", "CM 0", "39 bits", NULL);
}

static void mode_scalable(void **state)
{
	want(*state, MODE, CHECK_PASS, "TTM scalable", "2 requesters", NULL);
}

static void mode_first_level(void **state)
{
	want(*state, MODE, CHECK_PASS, "TTM scalable", iommu_space_type_name(IOMMU_SPACE_FIRST_LEVEL), NULL);
}

static void mode_pass_through(void **state)
{
	want(*state, MODE, CHECK_PASS, "TTM legacy", iommu_space_type_name(IOMMU_SPACE_PASS_THROUGH), NULL);
}

static void set_first_cmdline(struct good_run *f, const char *cmdline)
{
	g_free(f->ev->first_cmdline);
	f->ev->first_cmdline = g_strdup(cmdline);
}

/* What the user asks the first kernel for counts, not what the scenario's file would. */
static void mode_by_first_cmdline(void **state)
{
	struct good_run *f = *state;

	f->sc->iommu.mode = MACHINE_IOMMU_SCALABLE;
	want(f, MODE, CHECK_PASS, "chosen by the first kernel: TTM legacy instead of scalable", NULL);
	set_first_cmdline(f, "intel_iommu=on,sm_on intel_iommu=sm_off");
	want(f, MODE, CHECK_PASS, "TTM legacy", "asked for by first.cmdline", NULL);
	want_not(f, "chosen");
	set_first_cmdline(f, "intel_iommu=on,sm_off intel_iommu=kdump_deep");
	want(f, MODE, CHECK_PASS, "TTM legacy", "asked for by first.cmdline", NULL);
	set_first_cmdline(f, "intel_iommu=sm_off intel_iommu=on,sm_on");
	want(f, MODE, CHECK_PASS, "chosen by the first kernel: TTM legacy instead of scalable", NULL);
	set_first_cmdline(f, "intel_iommu=on,sm_on,kdump_deep intel_iommu=kdump_max=9");
	want(f, MODE, CHECK_PASS, "chosen by the first kernel: TTM legacy instead of scalable", NULL);
	f->sc->iommu.mode = MACHINE_IOMMU_LEGACY;
	want(f, MODE, CHECK_PASS, "chosen by the first kernel: TTM legacy instead of scalable", NULL);
}

/* iommu= is a list. */
static void mode_pass_through_words(void **state)
{
	struct good_run *f = *state;

	set_first_cmdline(f, "iommu=force,pt");
	want(f, MODE, CHECK_PASS, "TTM legacy", iommu_space_type_name(IOMMU_SPACE_PASS_THROUGH), NULL);
	set_first_cmdline(f, "iommu=pt,nopt,force");
	want(f, MODE, CHECK_PASS, "0000:00:02.0 pass-through instead of second-level", NULL);
}

/* A kernel that does not know the parameter says nothing of it. */
static void mode_no_deep_copy(void **state)
{
	struct good_run *f = *state;

	good_crash_cmdline(f, "intel_iommu=kdump_deep");
	f->ev->kdump_lines = 0;
	want(f, MODE, CHECK_FAIL, "intel_iommu=kdump_deep", "has no such copy", NULL);
	want_outcome(f, "inconclusive", 125);
	good_crash_cmdline(f, "intel_iommu=off,on,kdump_log");
	f->ev->kdump_lines = 0;
	want(f, MODE, CHECK_FAIL, "asked for log", NULL);
	/* as older kernels of ours were asked, and recorded runs of them */
	good_crash_cmdline(f, "intel_iommu_kdump=reserve");
	f->ev->kdump_lines = 0;
	want(f, MODE, CHECK_FAIL, "asked for reserve", "does not know the word", "intel_iommu=kdump_reserve", NULL);
	f->ev->kdump_lines = 1;
	want(f, MODE, CHECK_PASS, NULL);
}

static void mode_off(void **state)
{
	struct good_run *f = *state;

	f->sc->iommu.mode = MACHINE_IOMMU_OFF;
	want(f, MODE, CHECK_SKIP, "no IOMMU", NULL);
}

static void mode_no_tables(void **state)
{
	struct good_run *f = *state;

	good_no_walk(f, AT_PANIC);
	want(f, MODE, CHECK_NO_EVIDENCE, "at the panic", NULL);
}

static void mode_no_registers(void **state)
{
	struct good_run *f = *state;

	f->ev->at_panic.has_regs = false;
	want(f, MODE, CHECK_NO_EVIDENCE, "no registers", NULL);
}

static void mode_no_devices(void **state)
{
	struct good_run *f = *state;

	g_array_set_size(f->ev->devices, 0);
	want(f, MODE, CHECK_NO_EVIDENCE, "no device of the lab", NULL);
}

/* The devices exist, but the first kernel used none of them. */
static void mode_devices_not_used(void **state)
{
	struct good_run *f = *state;

	good_device(f, DISK)->first_translated = false;
	good_device(f, NIC)->first_translated = false;
	want(f, MODE, CHECK_NO_EVIDENCE, "no device of the lab", NULL);
}

/* A walk that met a limit says nothing, though what it holds looks right. */
static void mode_truncated(void **state)
{
	struct good_run *f = *state;
	const struct vtd_walk_options limits = { .max_runs = 8 };

	good_walk(f, AT_PANIC, &limits);
	assert_true(f->ev->at_panic.walk->truncated);
	assert_non_null(iommu_walk_space(f->ev->at_panic.walk, DISK, IOMMU_NO_PASID));
	want(f, MODE, CHECK_NO_EVIDENCE, "runs", NULL);
}

/* Nor is a device absent that the walk did not come to. */
static void mode_truncated_early(void **state)
{
	struct good_run *f = *state;
	const struct vtd_walk_options limits = { .max_visits = 3 };

	good_walk(f, AT_PANIC, &limits);
	assert_null(iommu_walk_space(f->ev->at_panic.walk, DISK, IOMMU_NO_PASID));
	want(f, MODE, CHECK_NO_EVIDENCE, "visits", NULL);
}

static void mode_translation_off(void **state)
{
	struct good_run *f = *state;

	vtd_regs_set32(f->raw[AT_PANIC], VTD_REG_GSTS, 1u << 30 | 1u << 26);
	good_regs(f, AT_PANIC);
	want(f, MODE, CHECK_FAIL, "translation is off", NULL);
}

/* What was asked for and what the first kernel chose are two things: the copy is judged by what stood at the panic. */
static void mode_chosen(void **state)
{
	struct good_run *f = *state;
	struct verdict *v;

	f->sc->iommu.mode = MACHINE_IOMMU_SCALABLE;
	want(f, MODE, CHECK_PASS, "chosen by the first kernel: TTM legacy instead of scalable", NULL);
	want_not(f, "0000:00:02.0");
	want_outcome(f, "preserved", 0);
	v = good_verdict(f);
	assert_non_null(strstr(v->words, "Judged is what the first kernel chose against what was asked for: TTM legacy "
					 "instead of scalable."));
	verdict_free(v);
	f->sc->iommu.mode = MACHINE_IOMMU_FIRST_LEVEL;
	want(f, MODE, CHECK_PASS, "chosen by the first kernel: TTM legacy instead of scalable", NULL);
	want_not(f, "0000:00:02.0");
	/* a copy that is wrong is wrong in whichever mode */
	good_entry(f, COPIED, SATA)[0] = 0;
	good_walk(f, COPIED, NULL);
	want_outcome(f, "copy-wrong", 1);
}

static void mode_chosen_scalable(void **state)
{
	struct good_run *f = *state;

	f->sc->iommu.mode = MACHINE_IOMMU_LEGACY;
	want(f, MODE, CHECK_PASS, "chosen by the first kernel: TTM scalable instead of legacy", NULL);
}

/* The register and what was read by it. */
static void mode_read_otherwise(void **state)
{
	struct good_run *f = *state;

	f->ev->at_panic.ttm = VTD_TTM_SCALABLE;
	want(f, MODE, CHECK_FAIL, "TTM is scalable, the tables were read as legacy", NULL);
	want_outcome(f, "inconclusive", 125);
}

/* Mode 3 of RTADDR (abort DMA) is no legacy mode. */
static void mode_abort(void **state)
{
	struct good_run *f = *state;

	vtd_regs_set64(f->raw[AT_PANIC], VTD_REG_RTADDR, f->old_root | VTD_TTM_ABORT << 10);
	good_regs(f, AT_PANIC);
	want(f, MODE, CHECK_FAIL, "TTM is abort DMA", NULL);
}

static void mode_wrong_pgtt(void **state)
{
	struct good_run *f = *state;

	f->sc->iommu.mode = MACHINE_IOMMU_FIRST_LEVEL;
	want(f, MODE, CHECK_PASS, "0000:00:02.0 second-level instead of first-level",
	     "0000:00:01.0 second-level instead of first-level", NULL);
}

static void mode_ir_missing(void **state)
{
	struct good_run *f = *state;

	f->sc->iommu.intremap = true;
	want(f, MODE, CHECK_FAIL, "interrupt remapping is off", NULL);
}

static void mode_ir_unwanted(void **state)
{
	struct good_run *f = *state;

	vtd_regs_set32(f->raw[AT_PANIC], VTD_REG_GSTS, 1u << 31 | 1u << 30 | 1u << 26 | 1u << 25);
	good_regs(f, AT_PANIC);
	want(f, MODE, CHECK_FAIL, "interrupt remapping is on", NULL);
	f->sc->iommu.intremap = true;
	want(f, MODE, CHECK_PASS, "IR on", NULL);
}

static void mode_caching(void **state)
{
	struct good_run *f = *state;

	f->sc->iommu.caching_mode = true;
	want(f, MODE, CHECK_FAIL, "CAP.CM=0", NULL);
	good_flip(&f->ev->at_panic, VTD_REG_CAP, 1u << 7);
	want(f, MODE, CHECK_PASS, "CM 1", NULL);
	f->sc->iommu.caching_mode = false;
	want(f, MODE, CHECK_FAIL, "CAP.CM=1", NULL);
}

static void mode_ats(void **state)
{
	struct good_run *f = *state;

	f->sc->iommu.ats = true;
	want(f, MODE, CHECK_FAIL, "ECAP.DT=0", NULL);
	good_flip(&f->ev->at_panic, VTD_REG_ECAP, 1u << 2);
	want(f, MODE, CHECK_PASS, "ATS on for no device", NULL);
	((struct vtd_walk_result *)vtd_walk_of(f->ev->at_panic.walk))->contexts[0].tt = VTD_TT_DEVICE_TLB;
	want(f, MODE, CHECK_PASS, "ATS on for 0000:00:0", NULL);
	f->sc->iommu.ats = false;
	want(f, MODE, CHECK_FAIL, "ECAP.DT=1", NULL);
}

static void mode_aw_bits(void **state)
{
	struct good_run *f = *state;

	f->sc->iommu.aw_bits = 48;
	want(f, MODE, CHECK_FAIL, "39 bits", "wanted 48", NULL);
	f->sc->iommu.aw_bits = 39;
	want(f, MODE, CHECK_PASS, NULL);
}

static void mode_fault_pending(void **state)
{
	struct good_run *f = *state;

	vtd_regs_set32(f->raw[AT_PANIC], VTD_REG_FSTS, VTD_FSTS_PPF);
	good_regs(f, AT_PANIC);
	want(f, MODE, CHECK_FAIL, "already pending", "FSTS=0x2", NULL);
}

/* FSTS says nothing, but a fault record is filled. */
static void mode_fault_recorded(void **state)
{
	struct good_run *f = *state;

	vtd_regs_set64(f->raw[AT_PANIC], 0x228, UINT64_C(1) << 63 | NIC);
	good_regs(f, AT_PANIC);
	want(f, MODE, CHECK_FAIL, "already pending", NULL);
}

static void mode_entry_missing(void **state)
{
	struct good_run *f = *state;

	good_entry(f, AT_PANIC, NIC)[0] = 0;
	good_walk(f, AT_PANIC, NULL);
	want(f, MODE, CHECK_FAIL, "0000:00:01.0 has no present entry", NULL);
	want_not(f, "00:02.0");
}

/* The scenario asks for tables, the first kernel passes one device through. */
static void mode_pass_through_unwanted(void **state)
{
	struct good_run *f = *state;

	tables_legacy(&f->ram[AT_PANIC], f->old_root, DISK, VTD_TT_PASS_THROUGH, 1, 1, 0);
	good_walk(f, AT_PANIC, NULL);
	want(f, MODE, CHECK_PASS, "0000:00:02.0 pass-through instead of second-level", NULL);
	want_not(f, "00:01.0");
}

/* The scenario asks for pass-through, the devices have tables. */
static void mode_pass_through_missing(void **state)
{
	struct good_run *f = *state;

	g_free(f->ev->first_cmdline);
	f->ev->first_cmdline = g_strdup("intel_iommu=on iommu=pt");
	want(f, MODE, CHECK_PASS, "0000:00:02.0 second-level instead of pass-through", NULL);
}

static void flushing(struct good_run *f, const char *cmdline, const char *types)
{
	g_free(f->ev->first_cmdline);
	g_free(f->ev->group_types);
	f->ev->first_cmdline = g_strdup(cmdline);
	f->ev->group_types = g_strdup(types);
}

static void mode_strict(void **state)
{
	struct good_run *f = *state;

	flushing(f, "iommu.strict=1", "DMA-FQ");
	want(f, MODE, CHECK_FAIL, "iommu.strict=1", "DMA-FQ", NULL);
	flushing(f, "iommu.strict=1", "DMA identity");
	want(f, MODE, CHECK_PASS, NULL);
	flushing(f, "iommu.strict=0", "DMA");
	want(f, MODE, CHECK_FAIL, "iommu.strict=0", "no group is DMA-FQ", NULL);
	flushing(f, "iommu.strict=0", "DMA-FQ");
	want(f, MODE, CHECK_PASS, NULL);
	/* the later word counts */
	flushing(f, "iommu.strict=1 iommu.strict=0", "DMA-FQ");
	want(f, MODE, CHECK_PASS, NULL);
	flushing(f, "iommu.strict=1 iommu.strict=0", "DMA");
	want(f, MODE, CHECK_FAIL, "iommu.strict=0", "no group is DMA-FQ", NULL);
}

/* Asked for, but nobody knows whether it came. */
static void mode_strict_unknown(void **state)
{
	struct good_run *f = *state;

	flushing(f, "iommu.strict=1", NULL);
	want(f, MODE, CHECK_NO_EVIDENCE, "strict", NULL);
	flushing(f, "iommu.strict=0", NULL);
	want(f, MODE, CHECK_NO_EVIDENCE, "strict", NULL);
}

/* All that is wrong is said, not only the first thing. */
static void mode_says_all(void **state)
{
	struct good_run *f = *state;

	f->sc->iommu.intremap = true;
	f->sc->iommu.aw_bits = 48;
	want(f, MODE, CHECK_FAIL, "interrupt remapping is off; CAP.MGAW", NULL);
}

int checks_rig_tests(void)
{
	const struct CMUnitTest tests[] = {
		LEGACY(rig_broke),
		LEGACY(rig_without_agent),
		LEGACY(rig_without_crash_kernel),
		LEGACY(rig_without_trace),
		LEGACY(rig_trace_missing),
		LEGACY(mode_named),
		SCALABLE(mode_scalable),
		FIRST_LEVEL(mode_first_level),
		PASS_THROUGH(mode_pass_through),
		LEGACY(mode_by_first_cmdline),
		PASS_THROUGH(mode_pass_through_words),
		LEGACY(mode_no_deep_copy),
		LEGACY(mode_off),
		LEGACY(mode_no_tables),
		LEGACY(mode_no_registers),
		LEGACY(mode_no_devices),
		LEGACY(mode_devices_not_used),
		LEGACY(mode_truncated),
		LEGACY(mode_truncated_early),
		LEGACY(mode_translation_off),
		LEGACY(mode_chosen),
		LEGACY(mode_read_otherwise),
		SCALABLE(mode_chosen_scalable),
		LEGACY(mode_abort),
		SCALABLE(mode_wrong_pgtt),
		LEGACY(mode_ir_missing),
		LEGACY(mode_ir_unwanted),
		LEGACY(mode_caching),
		LEGACY(mode_ats),
		LEGACY(mode_aw_bits),
		LEGACY(mode_fault_pending),
		LEGACY(mode_fault_recorded),
		LEGACY(mode_entry_missing),
		LEGACY(mode_pass_through_unwanted),
		LEGACY(mode_pass_through_missing),
		LEGACY(mode_strict),
		LEGACY(mode_strict_unknown),
		LEGACY(mode_says_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
