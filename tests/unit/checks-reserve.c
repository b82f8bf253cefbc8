/* SPDX-License-Identifier: GPL-2.0-only */
/* The check `reserved-equals-mapped`. */
#include "evidence-fixture.h"

#define RESERVED "reserved-equals-mapped"
#define PFN(iova) ((iova) >> 12)

/* What a crash kernel that reserves reserves: the old mappings, and the standing ranges as all do. */
static void reserve_all(struct good_run *f)
{
	good_crash_cmdline(f, "intel_iommu=kdump_reserve");
	for (unsigned i = 0; i < 2; i++) {
		uint16_t sid = i ? NIC : DISK;

		good_reserve(f, EVIDENCE_FIRST, sid, 0xfee00, 0xfeeff, true);
		good_reserve(f, EVIDENCE_CRASH, sid, 0xfee00, 0xfeeff, true);
	}
	good_reserve(f, EVIDENCE_CRASH, DISK, PFN(DISK_IOVA), PFN(DISK_IOVA) + 15, false);
	good_reserve(f, EVIDENCE_CRASH, DISK, PFN(DISK_READ_IOVA), PFN(DISK_READ_IOVA), false);
	good_reserve(f, EVIDENCE_CRASH, DISK, PFN(DISK_BIG_IOVA), PFN(DISK_BIG_IOVA) + 511, false);
	good_reserve(f, EVIDENCE_CRASH, NIC, PFN(NIC_IOVA), PFN(NIC_IOVA) + 7, false);
	good_reserve(f, EVIDENCE_CRASH, SATA, PFN(SATA_IOVA), PFN(SATA_IOVA) + 3, false);
}

static struct evidence_reservation *row(struct good_run *f, uint16_t sid, uint64_t start)
{
	for (unsigned i = 0; i < f->ev->reservations->len; i++) {
		struct evidence_reservation *r = &g_array_index(f->ev->reservations, struct evidence_reservation, i);

		if (r->kernel == EVIDENCE_CRASH && r->sid == sid && r->start == start)
			return r;
	}
	fail_msg("no such row");
	return NULL;
}

static void named(void **state)
{
	reserve_all(*state);
	want(*state, RESERVED, CHECK_PASS, "0000:00:02.0 529 pages", "0000:00:01.0 8 pages", "1 without a driver alike",
	     NULL);
	good_crash_cmdline(*state, "intel_iommu=kdump_deep");
	want(*state, RESERVED, CHECK_PASS, NULL);
}

static void mainline(void **state)
{
	struct good_run *f = *state;

	want(f, RESERVED, CHECK_SKIP, "not asked to reserve", NULL);
	f->sc->iommu.mode = MACHINE_IOMMU_OFF;
	want(f, RESERVED, CHECK_SKIP, "no IOMMU", NULL);
}

static void no_probes(void **state)
{
	struct good_run *f = *state;

	good_crash_cmdline(f, "intel_iommu=kdump_reserve");
	want(f, RESERVED, CHECK_NO_EVIDENCE, "no reservation", NULL);
	good_reserve(f, EVIDENCE_FIRST, DISK, 0xfee00, 0xfeeff, true);
	want(f, RESERVED, CHECK_NO_EVIDENCE, "no reservation", NULL);
}

static void nothing_known(void **state)
{
	struct good_run *f = *state;
	const struct vtd_walk_options limits = { .max_visits = 4 };

	reserve_all(f);
	good_walk(f, AT_PANIC, &limits);
	want(f, RESERVED, CHECK_NO_EVIDENCE, "at the panic", NULL);
	good_no_walk(f, AT_PANIC);
	want(f, RESERVED, CHECK_NO_EVIDENCE, "at the panic", NULL);
	f->ev->crash_hello_ns = 0;
	want(f, RESERVED, CHECK_NO_EVIDENCE, "did not come up", NULL);
}

static void no_device_used(void **state)
{
	struct good_run *f = *state;

	reserve_all(f);
	good_device(f, DISK)->wanted = good_device(f, NIC)->wanted = false;
	want(f, RESERVED, CHECK_NO_EVIDENCE, "no device was used", NULL);
}

static void one_page_less(void **state)
{
	struct good_run *f = *state;

	reserve_all(f);
	row(f, NIC, PFN(NIC_IOVA))->last--;
	want(f, RESERVED, CHECK_FAIL, "0000:00:01.0: 1 page mapped but not reserved", "the first at 0xfffd7000", NULL);
	want_not(f, "never mapped");
	want_outcome(f, "iova-reused", 1);
}

static void one_page_more(void **state)
{
	struct good_run *f = *state;

	reserve_all(f);
	row(f, DISK, PFN(DISK_READ_IOVA))->last++;
	want(f, RESERVED, CHECK_FAIL, "0000:00:02.0: 1 page reserved but never mapped", "the first at 0xfffe1000",
	     "0000:00:01.0 8 pages", NULL);
}

/* A superpage is all of its pages. */
static void superpage_as_one(void **state)
{
	struct good_run *f = *state;

	reserve_all(f);
	row(f, DISK, PFN(DISK_BIG_IOVA))->last = PFN(DISK_BIG_IOVA);
	want(f, RESERVED, CHECK_FAIL, "511 pages mapped but not reserved", "0x40001000", NULL);
}

/* What one device had mapped is not to be taken from another's domain. */
static void other_device(void **state)
{
	struct good_run *f = *state;

	reserve_all(f);
	row(f, NIC, PFN(NIC_IOVA))->sid = DISK;
	want(f, RESERVED, CHECK_FAIL, "0000:00:02.0: 8 pages reserved but never mapped",
	     "0000:00:01.0: 8 pages mapped but not reserved", NULL);
}

/* A row not marked as standing is so if the first kernel made it too; an unheard-of one is not. */
static void standing(void **state)
{
	struct good_run *f = *state;

	reserve_all(f);
	good_reserve(f, EVIDENCE_FIRST, NIC, 0xa0, 0xbf, false);
	good_reserve(f, EVIDENCE_CRASH, NIC, 0xa0, 0xbf, false);
	want(f, RESERVED, CHECK_PASS, NULL);
	good_reserve(f, EVIDENCE_CRASH, NIC, 0xc0, 0xcf, false);
	want(f, RESERVED, CHECK_FAIL, "16 pages reserved but never mapped", NULL);
}

/* Mapped inside a standing range (an identity map of a direct region): reserved anyway. */
static void mapped_in_standing(void **state)
{
	struct good_run *f = *state;

	reserve_all(f);
	good_reserve(f, EVIDENCE_CRASH, NIC, PFN(FREE_IOVA), PFN(FREE_IOVA) + 3, true);
	good_map(f, AT_PANIC, NIC, FREE_IOVA + 0x1000, 0x6000000, 2);
	good_walk(f, AT_PANIC, NULL);
	want(f, RESERVED, CHECK_PASS, "0000:00:01.0 8 pages", NULL);
}

/* A function without a driver has a domain too; a bridge has none that anybody maps in. */
static void idle_device(void **state)
{
	struct good_run *f = *state;
	struct evidence_function sata = { .sid = SATA };

	reserve_all(f);
	row(f, SATA, PFN(SATA_IOVA))->last--;
	want(f, RESERVED, CHECK_NO_EVIDENCE, "0000:00:1f.2: 1 page mapped but not reserved", "it may be an alias",
	     NULL);
	g_array_append_val(f->ev->functions, sata);
	want(f, RESERVED, CHECK_FAIL, "0000:00:1f.2: 1 page mapped but not reserved", NULL);
	row(f, SATA, PFN(SATA_IOVA))->last += 2;
	want(f, RESERVED, CHECK_FAIL, "0000:00:1f.2: 1 page reserved but never mapped", NULL);
	g_array_index(f->ev->functions, struct evidence_function, 0).bridge = true;
	want(f, RESERVED, CHECK_PASS, NULL);
	want_not(f, "without a driver");
	g_array_index(f->ev->functions, struct evidence_function, 0).sid = NIC;
	want(f, RESERVED, CHECK_PASS, NULL); /* not among the functions: an alias */
}

/* A probe that was not set, or a trace that was too small: never a verdict, whatever the rest says. */
static void records_lost(void **state)
{
	struct good_run *f = *state;

	reserve_all(f);
	f->ev->reservations_lost = 3;
	want(f, RESERVED, CHECK_NO_EVIDENCE, "3 records of the crash kernel's probes are missing", NULL);
	row(f, NIC, PFN(NIC_IOVA))->last--;
	want(f, RESERVED, CHECK_NO_EVIDENCE, "3 records", NULL);
}

/* Rows that belong to nobody known may be anybody's. */
static void unknown_device(void **state)
{
	struct good_run *f = *state;

	reserve_all(f);
	row(f, NIC, PFN(NIC_IOVA))->sid_known = false;
	want(f, RESERVED, CHECK_NO_EVIDENCE, "1 reservations are of unknown devices", NULL);
}

/* An alias maps in the same domain. */
static void alias(void **state)
{
	struct good_run *f = *state;
	struct evidence_device *dev = good_device(f, NIC);

	reserve_all(f);
	row(f, SATA, PFN(SATA_IOVA))->sid = 0x3ff;
	dev->has_alias = true;
	dev->alias_sid = SATA;
	want(f, RESERVED, CHECK_FAIL, "0000:00:01.0: 4 pages mapped but not reserved", NULL);
	good_reserve(f, EVIDENCE_CRASH, SATA, PFN(SATA_IOVA), PFN(SATA_IOVA) + 3, false);
	want(f, RESERVED, CHECK_PASS, "0000:00:01.0 12 pages", NULL);
}

static void passed_through(void **state)
{
	struct good_run *f = *state;

	good_crash_cmdline(f, "intel_iommu=kdump_reserve");
	good_reserve(f, EVIDENCE_CRASH, NIC, 0xfee00, 0xfeeff, true);
	want(f, RESERVED, CHECK_SKIP, "0000:00:02.0 was passed through", NULL);
	/* An identity domain hands out nothing, so that there may be no reservation at all to be seen. */
	g_array_set_size(f->ev->reservations, 0);
	want(f, RESERVED, CHECK_SKIP, "every requester was passed through", NULL);
}

/* Rows that make no sense are left out, not followed. */
static void nonsense(void **state)
{
	struct good_run *f = *state;

	reserve_all(f);
	good_reserve(f, EVIDENCE_CRASH, NIC, 9, 8, false);
	good_reserve(f, EVIDENCE_CRASH, NIC, 1, UINT64_MAX, false);
	want(f, RESERVED, CHECK_PASS, NULL);
}

int checks_reserve_tests(void)
{
	const struct CMUnitTest tests[] = {
		LEGACY(named),
		SCALABLE(named),
		LEGACY(mainline),
		LEGACY(no_probes),
		LEGACY(nothing_known),
		LEGACY(no_device_used),
		LEGACY(one_page_less),
		LEGACY(one_page_more),
		LEGACY(superpage_as_one),
		LEGACY(other_device),
		LEGACY(standing),
		LEGACY(mapped_in_standing),
		LEGACY(unknown_device),
		LEGACY(alias),
		LEGACY(idle_device),
		LEGACY(records_lost),
		PASS_THROUGH(passed_through),
		LEGACY(nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
