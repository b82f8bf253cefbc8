/* SPDX-License-Identifier: GPL-2.0-only */
/* The check `untaken-kept`. */
#include "evidence-fixture.h"

#define KEPT "untaken-kept"

static void good(void **state)
{
	want(*state, KEPT, CHECK_PASS, "requesters that nobody took over", NULL);
}

static void no_iommu(void **state)
{
	struct good_run *f = *state;

	f->sc->iommu.mode = MACHINE_IOMMU_OFF;
	want(f, KEPT, CHECK_SKIP, "no IOMMU", NULL);
}

static void no_end(void **state)
{
	struct good_run *f = *state;

	good_no_walk(f, AT_END);
	want(f, KEPT, CHECK_NO_EVIDENCE, "at the end", NULL);
}

/* Of no tables is in force what stood at the panic: other checks say so. */
static void begun_anew(void **state)
{
	struct good_run *f = *state;

	f->ev->translation_dropped = true;
	want(f, KEPT, CHECK_SKIP, "begun anew", NULL);
}

static void cleared(void **state)
{
	struct good_run *f = *state;

	good_entry(f, AT_END, SATA)[0] = 0;
	good_walk(f, AT_END, NULL);
	want(f, KEPT, CHECK_FAIL, "00:1f.2", "only before", NULL);
	want_outcome(f, "copy-wrong", 1);
}

/* That of a device with a driver is its driver's. */
static void taken_by_its_driver(void **state)
{
	struct good_run *f = *state;

	good_entry(f, AT_END, NIC)[0] = 0;
	good_walk(f, AT_END, NULL);
	want(f, KEPT, CHECK_PASS, NULL);
}

/* A driver that the lab did not ask for: its domain lies in the crash kernel's memory, nowhere else. */
static void taken_by_another(void **state)
{
	struct good_run *f = *state;
	uint64_t *entry = good_entry(f, AT_END, SATA);

	entry[0] = (CRASH_START + 0x5000) | (entry[0] & 0xfff);
	good_walk(f, AT_END, NULL);
	want(f, KEPT, CHECK_SKIP, "0 of 3", NULL);
	entry[0] = (CRASH_END + 0x5001) | (entry[0] & 0xfff);
	good_walk(f, AT_END, NULL);
	want(f, KEPT, CHECK_FAIL, "00:1f.2", NULL);
}

/* Whether a driver or an accident let all its DMA through cannot be seen: that is no pass. */
static void passed_through_now(void **state)
{
	struct good_run *f = *state;

	good_entry(f, AT_END, SATA)[0] = UINT64_C(2) << 2 | 1;
	good_walk(f, AT_END, NULL);
	want(f, KEPT, CHECK_NO_EVIDENCE, "00:1f.2", NULL);
}

/* One whose fate is not known hides no other, and what is told is all that differs, not the first. */
static void one_unknown_one_cleared(void **state)
{
	struct good_run *f = *state;

	good_device(f, DISK)->wanted = false;
	good_entry(f, AT_END, DISK)[0] = UINT64_C(2) << 2 | 1;
	good_walk(f, AT_END, NULL);
	want(f, KEPT, CHECK_NO_EVIDENCE, "00:02.0", NULL);
	good_entry(f, AT_END, SATA)[0] = 0;
	good_walk(f, AT_END, NULL);
	want(f, KEPT, CHECK_FAIL, "00:02.0", "00:1f.2", "only before", NULL);
}

static void irtes(void **state)
{
	struct good_run *f = *state;

	good_intremap(f);
	want(f, KEPT, CHECK_PASS, "old interrupt-remapping entries", NULL);
	good_irte(f, AT_END, 6)[0] ^= 0x100;
	good_walk(f, AT_END, NULL);
	want(f, KEPT, CHECK_FAIL, "irte 6", NULL);
	good_flip(&f->ev->end, VTD_REG_GSTS, 1u << 25);
	want(f, KEPT, CHECK_NO_EVIDENCE, "off at the end", NULL);
}

int checks_untaken_tests(void)
{
	const struct CMUnitTest tests[] = {
		LEGACY(good),
		SCALABLE(good),
		LEGACY(no_iommu),
		LEGACY(no_end),
		LEGACY(begun_anew),
		LEGACY(cleared),
		LEGACY(taken_by_its_driver),
		LEGACY(taken_by_another),
		LEGACY(passed_through_now),
		LEGACY(one_unknown_one_cleared),
		LEGACY(irtes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
