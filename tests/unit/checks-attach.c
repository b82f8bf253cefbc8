/* SPDX-License-Identifier: GPL-2.0-only */
/* The check `requesters-repointed`. */
#include "evidence-fixture.h"

#include <inttypes.h>

#define REPOINTED "requesters-repointed"

static void named(void **state)
{
	want(*state, REPOINTED, CHECK_PASS, "0000:00:02.0 DID 1 -> 4", "0000:00:01.0 DID 2 -> 5", NULL);
}

/* Devices without a driver are named and left out. */
static void without_driver(void **state)
{
	struct good_run *f = *state;
	uint64_t *entry = good_entry(f, AT_END, SATA);

	want(f, REPOINTED, CHECK_PASS, "; 0000:00:1f.2 without a driver left out", NULL);
	/* a driver that the lab did not ask for has a domain in the crash kernel's memory */
	entry[0] = (CRASH_START + 0x5000) | (entry[0] & 0xfff);
	good_walk(f, AT_END, NULL);
	want(f, REPOINTED, CHECK_PASS, "; 0000:00:1f.2 with a driver that was not asked for, not judged", NULL);
	want_not(f, "without");
}

static void pass_through(void **state)
{
	want(*state, REPOINTED, CHECK_PASS, "0000:00:02.0 pass-through", "0000:00:01.0 pass-through", NULL);
}

static void no_iommu(void **state)
{
	struct good_run *f = *state;

	f->sc->iommu.mode = MACHINE_IOMMU_OFF;
	want(f, REPOINTED, CHECK_SKIP, "no IOMMU", NULL);
}

static void no_crash_kernel(void **state)
{
	struct good_run *f = *state;

	f->ev->crash_hello_ns = 0;
	want(f, REPOINTED, CHECK_NO_EVIDENCE, "did not come up", NULL);
}

static void no_tables_at_panic(void **state)
{
	struct good_run *f = *state;

	good_no_walk(f, AT_PANIC);
	want(f, REPOINTED, CHECK_NO_EVIDENCE, "at the panic", NULL);
}

static void no_tables_after(void **state)
{
	struct good_run *f = *state;

	good_no_walk(f, AFTER_NIC);
	want(f, REPOINTED, CHECK_NO_EVIDENCE, "0000:00:01.0 no tables were read", NULL);
}

static void no_device_used(void **state)
{
	struct good_run *f = *state;

	good_device(f, NIC)->wanted = false;
	want(f, REPOINTED, CHECK_NO_EVIDENCE, "0000:00:01.0 (e1000e) was not used in the crash kernel", NULL);
	want(f, "iova-not-retargeted", CHECK_NO_EVIDENCE, "0000:00:01.0", NULL);
	want(f, "devices-work", CHECK_NO_EVIDENCE, "0000:00:01.0", NULL);
	g_array_set_size(f->ev->devices, 1);
	good_device(f, DISK)->wanted = true;
	want(f, REPOINTED, CHECK_NO_EVIDENCE, "of the scenario's 2 devices 1 is known", NULL);
}

/* A walk that met a limit may just not have come to the entry. */
static void truncated(void **state)
{
	struct good_run *f = *state;
	const struct vtd_walk_options limits = { .max_visits = 2 };

	good_walk(f, AFTER_DISK, &limits);
	assert_null(iommu_walk_space(good_state(f, AFTER_DISK)->walk, DISK, IOMMU_NO_PASID));
	want(f, REPOINTED, CHECK_NO_EVIDENCE, "0000:00:02.0", "limit", NULL);
}

/* The device was used, and its entry still is what was copied. */
static void stale(void **state)
{
	struct good_run *f = *state;
	g_autofree char *root = g_strdup_printf("%#" PRIx64, good_pt_root(f, AT_PANIC, NIC));

	memcpy(good_entry(f, AFTER_NIC, NIC), good_entry(f, AT_PANIC, NIC), 16);
	good_walk(f, AFTER_NIC, NULL);
	want(f, REPOINTED, CHECK_FAIL, "0000:00:01.0 still points to the dead kernel's tables", root, NULL);
	want_outcome(f, "stale-attach", 1);
}

/* Another DID on the same tables is as stale. */
static void stale_with_new_did(void **state)
{
	struct good_run *f = *state;
	uint64_t *entry = good_entry(f, AFTER_DISK, DISK);

	memcpy(entry, good_entry(f, AT_PANIC, DISK), 16);
	entry[1] ^= 0x3000;
	good_walk(f, AFTER_DISK, NULL);
	want(f, REPOINTED, CHECK_FAIL, "0000:00:02.0 still points to the dead kernel's tables", NULL);
}

static void stale_scalable(void **state)
{
	struct good_run *f = *state;

	good_pasid(f, AFTER_NIC, NIC)[0] = good_pasid(f, AT_PANIC, NIC)[0];
	good_walk(f, AFTER_NIC, NULL);
	want(f, REPOINTED, CHECK_FAIL, "0000:00:01.0 still points to the dead kernel's tables", NULL);
}

static void stale_first_level(void **state)
{
	struct good_run *f = *state;

	good_pasid(f, AFTER_NIC, NIC)[2] = good_pasid(f, AT_PANIC, NIC)[2];
	good_walk(f, AFTER_NIC, NULL);
	want(f, REPOINTED, CHECK_FAIL, "0000:00:01.0 still points to the dead kernel's tables", NULL);
}

static void not_present(void **state)
{
	struct good_run *f = *state;

	good_entry(f, AFTER_NIC, NIC)[0] &= ~VTD_CTX_P;
	good_walk(f, AFTER_NIC, NULL);
	want(f, REPOINTED, CHECK_FAIL, "0000:00:01.0 has no present entry", NULL);
}

static void pasid_not_present(void **state)
{
	struct good_run *f = *state;

	good_pasid(f, AFTER_DISK, DISK)[0] &= ~VTD_PASID_P;
	good_walk(f, AFTER_DISK, NULL);
	want(f, REPOINTED, CHECK_FAIL, "0000:00:02.0 has no present entry", NULL);
}

/* Other tables, but of another dead device: not the crash kernel's. */
static void outside_crash_memory(void **state)
{
	struct good_run *f = *state;
	uint64_t *entry = good_entry(f, AFTER_NIC, NIC), sata = good_pt_root(f, AT_PANIC, SATA);
	g_autofree char *root = g_strdup_printf("%#" PRIx64, sata);

	entry[0] = (entry[0] & 0xfff) | sata;
	good_walk(f, AFTER_NIC, NULL);
	want(f, REPOINTED, CHECK_FAIL, "0000:00:01.0", root, "outside crash memory", NULL);
}

static void crash_memory_edges(void **state)
{
	struct good_run *f = *state;
	uint64_t root = good_pt_root(f, AFTER_NIC, NIC);

	f->ev->crash_start = root;
	want(f, REPOINTED, CHECK_FAIL, "0000:00:02.0", "outside crash memory", NULL);
	want_not(f, "0000:00:01.0 points");
	f->ev->crash_start = CRASH_START;
	f->ev->crash_end = root - 1;
	want(f, REPOINTED, CHECK_FAIL, "0000:00:01.0", "outside crash memory", NULL);
	want_not(f, "0000:00:02.0 points");
}

/* Where crash memory lies is not known: that proves neither. */
static void crash_memory_unknown(void **state)
{
	struct good_run *f = *state;

	f->ev->crash_start = f->ev->crash_end = 0;
	want(f, REPOINTED, CHECK_NO_EVIDENCE, "crash memory", NULL);
}

/* Crash memory may be more than one reservation. */
static void crash_memory_in_ranges(void **state)
{
	struct good_run *f = *state;
	const struct evidence_range rest = { CRASH_START, CRASH_END };

	f->ev->crash_start = f->ev->crash_end = CRASH_END + 1;
	want(f, REPOINTED, CHECK_FAIL, "outside crash memory", NULL);
	g_free(f->ev->first_cmdline);
	f->ev->first_cmdline = g_strdup("crashkernel=512M,cma");
	want(f, REPOINTED, CHECK_NO_EVIDENCE, "where crash memory lies is not known", NULL);
	g_array_append_val(f->ev->crash_ranges, rest);
	want(f, REPOINTED, CHECK_PASS, NULL);
	want(f, "panic-seen", CHECK_PASS, NULL);
}

/* An entry of a kind that makes every request fault leads nowhere. */
static void invalid(void **state)
{
	struct good_run *f = *state;

	good_entry(f, AFTER_NIC, NIC)[1] = 5 << 8;
	good_walk(f, AFTER_NIC, NULL);
	want(f, REPOINTED, CHECK_FAIL, "0000:00:01.0", NULL);
}

static void make_identity(struct good_run *f, const char *type)
{
	struct evidence_device *dev = good_device(f, NIC);

	tables_legacy(&f->ram[AFTER_NIC], f->new_root, NIC, VTD_TT_PASS_THROUGH, 1, 5, 0);
	good_walk(f, AFTER_NIC, NULL);
	g_free(dev->group_type);
	dev->group_type = g_strdup(type);
}

/* Pass-through is right only where the crash kernel's group is an identity group. */
static void identity_group(void **state)
{
	struct good_run *f = *state;

	make_identity(f, "identity");
	want(f, REPOINTED, CHECK_PASS, "0000:00:01.0 pass-through", NULL);
}

static void not_identity_group(void **state)
{
	struct good_run *f = *state;

	make_identity(f, "DMA-FQ");
	want(f, REPOINTED, CHECK_FAIL, "0000:00:01.0 pass-through", "DMA-FQ", NULL);
	want_outcome(f, "stale-attach", 1);
}

static void unknown_group(void **state)
{
	struct good_run *f = *state;

	make_identity(f, NULL);
	want(f, REPOINTED, CHECK_NO_EVIDENCE, "0000:00:01.0 pass-through", NULL);
}

/* A failure is not hidden by a device of which nothing is known, whichever comes first. */
static void fail_beats_nothing(void **state)
{
	struct good_run *f = *state;

	good_no_walk(f, AFTER_DISK);
	good_entry(f, AFTER_NIC, NIC)[0] = 0;
	good_walk(f, AFTER_NIC, NULL);
	want(f, REPOINTED, CHECK_FAIL, "0000:00:01.0 has no present entry", NULL);
}

static void fail_then_nothing(void **state)
{
	struct good_run *f = *state;

	good_entry(f, AFTER_DISK, DISK)[0] = 0;
	good_walk(f, AFTER_DISK, NULL);
	good_no_walk(f, AFTER_NIC);
	want(f, REPOINTED, CHECK_FAIL, "0000:00:02.0 has no present entry", NULL);
}

/* A device that the first kernel did not use has no old entry to be rid of. */
static void new_device(void **state)
{
	struct good_run *f = *state;

	good_entry(f, AT_PANIC, NIC)[0] = 0;
	good_walk(f, AT_PANIC, NULL);
	want(f, REPOINTED, CHECK_PASS, "0000:00:01.0", "5", NULL);
}

int checks_attach_tests(void)
{
	const struct CMUnitTest tests[] = {
		LEGACY(named),
		SCALABLE(named),
		FIRST_LEVEL(named),
		LEGACY(without_driver),
		PASS_THROUGH(pass_through),
		LEGACY(no_iommu),
		LEGACY(no_crash_kernel),
		LEGACY(no_tables_at_panic),
		LEGACY(no_tables_after),
		LEGACY(no_device_used),
		LEGACY(truncated),
		LEGACY(stale),
		LEGACY(stale_with_new_did),
		SCALABLE(stale_scalable),
		FIRST_LEVEL(stale_first_level),
		LEGACY(not_present),
		SCALABLE(pasid_not_present),
		LEGACY(outside_crash_memory),
		LEGACY(crash_memory_edges),
		LEGACY(crash_memory_unknown),
		LEGACY(crash_memory_in_ranges),
		LEGACY(invalid),
		LEGACY(identity_group),
		LEGACY(not_identity_group),
		LEGACY(unknown_group),
		LEGACY(fail_beats_nothing),
		LEGACY(fail_then_nothing),
		LEGACY(new_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
