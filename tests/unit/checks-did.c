/* SPDX-License-Identifier: GPL-2.0-only */
/* The check `did-consistent`. */
#include "evidence-fixture.h"

#define DIDS "did-consistent"

/* Sets the DID of the entry that counts: of the context (legacy), or of the PASID entry. */
static void set_did(struct good_run *f, enum good_stage stage, uint16_t sid, uint64_t did)
{
	uint64_t *word;

	if (f->mode == GOOD_SCALABLE || f->mode == GOOD_FIRST_LEVEL) {
		word = &good_pasid(f, stage, sid)[1];
		*word = (*word & ~UINT64_C(0xffff)) | did;
	} else {
		word = &good_entry(f, stage, sid)[1];
		*word = (*word & ~UINT64_C(0xffff00)) | did << 8;
	}
	good_walk(f, stage, NULL);
}

static void named(void **state)
{
	want(*state, DIDS, CHECK_PASS, "after the copy 3 entries, 3 DIDs", "at the end 3 entries, 3 DIDs", NULL);
}

static void no_iommu(void **state)
{
	struct good_run *f = *state;

	f->sc->iommu.mode = MACHINE_IOMMU_OFF;
	want(f, DIDS, CHECK_SKIP, "no IOMMU", NULL);
}

static void no_tables(void **state)
{
	struct good_run *f = *state;
	const struct vtd_walk_options limits = { .max_visits = 2 };

	good_no_walk(f, AT_END);
	want(f, DIDS, CHECK_NO_EVIDENCE, "at the end", NULL);
	good_walk(f, AFTER_DISK, &limits);
	want(f, DIDS, CHECK_NO_EVIDENCE, "after the attach of 0000:00:02.0", NULL);
	good_no_walk(f, COPIED);
	want(f, DIDS, CHECK_NO_EVIDENCE, "after the copy", NULL);
}

/* No entries, no clash: that proves nothing. */
static void no_entries(void **state)
{
	struct good_run *f = *state;

	*tables_word(&f->ram[COPIED], f->new_root, 0) = 0;
	good_walk(f, COPIED, NULL);
	want(f, DIDS, CHECK_NO_EVIDENCE, "after the copy", NULL);
}

/* A clash is one whatever else is not known. */
static void fail_beats_nothing(void **state)
{
	struct good_run *f = *state;

	good_no_walk(f, AT_END);
	set_did(f, COPIED, NIC, 3);
	want(f, DIDS, CHECK_FAIL, "after the copy: DID 3 is that of 0000:00:01.0", "0000:00:1f.2", NULL);
}

/* What mainline does in scalable mode: new domains take the ids of copied entries. */
static void clash_after_attach(void **state)
{
	struct good_run *f = *state;

	set_did(f, AFTER_DISK, DISK, 3);
	want(f, DIDS, CHECK_FAIL, "after the attach of 0000:00:02.0: DID 3 is that of 0000:00:02.0",
	     "and of 0000:00:1f.2", NULL);
	want_outcome(f, "did-clash", 1);
}

static void clash_at_end(void **state)
{
	struct good_run *f = *state;

	set_did(f, AT_END, NIC, 4);
	want(f, DIDS, CHECK_FAIL, "at the end: DID 4", "0000:00:02.0", "0000:00:01.0", NULL);
	want_not(f, "more");
}

static void several(void **state)
{
	struct good_run *f = *state;

	set_did(f, AFTER_NIC, NIC, 3);
	set_did(f, AT_END, NIC, 3);
	want(f, DIDS, CHECK_FAIL, "after the attach of 0000:00:01.0", "1 more in all states", NULL);
	want_not(f, "at the end");
}

/* Of one state all are told. */
static void several_at_once(void **state)
{
	struct good_run *f = *state;

	set_did(f, AT_END, NIC, 0);
	set_did(f, AT_END, DISK, 3);
	want(f, DIDS, CHECK_FAIL, "at the end: 0000:00:01.0", "has DID 0, DID 3 is that of 0000:00:02.0",
	     "0000:00:1f.2", NULL);
	want_not(f, "more");
}

static void did_zero(void **state)
{
	struct good_run *f = *state;

	set_did(f, COPIED, SATA, 0);
	want(f, DIDS, CHECK_FAIL, "after the copy: 0000:00:1f.2", "has DID 0", NULL);
}

static void beyond_the_unit(void **state)
{
	struct good_run *f = *state;

	/* ND 0: 16 domains */
	vtd_regs_set64(f->raw[AT_END], VTD_REG_CAP, vtd_regs_get64(f->raw[AT_END], VTD_REG_CAP) & ~UINT64_C(7));
	good_regs(f, AT_END);
	set_did(f, AT_END, SATA, 15);
	want(f, DIDS, CHECK_PASS, NULL);
	set_did(f, AT_END, SATA, 16);
	want(f, DIDS, CHECK_FAIL, "at the end: 0000:00:1f.2", "has DID 16", NULL);
}

/* Devices of one domain share its tables, or have tables that say the same. */
static void shared_domain(void **state)
{
	struct good_run *f = *state;
	uint64_t pt = tables_alloc(&f->ram[AT_END], 1);
	uint64_t *disk, *nic;

	set_did(f, AT_END, NIC, 4);
	disk = good_entry(f, AT_END, DISK);
	nic = good_entry(f, AT_END, NIC);
	nic[0] = disk[0];
	good_walk(f, AT_END, NULL);
	want(f, DIDS, CHECK_PASS, "at the end 3 entries, 2 DIDs", NULL);
	memcpy(tables_word(&f->ram[AT_END], pt, 0), tables_word(&f->ram[AT_END], VTD_ADDR(disk[0]), 0), 4096);
	nic[0] = (disk[0] & 0xfff) | pt;
	good_walk(f, AT_END, NULL);
	want(f, DIDS, CHECK_PASS, NULL);
	*tables_word(&f->ram[AT_END], pt, 3) = 0;
	good_walk(f, AT_END, NULL);
	want(f, DIDS, CHECK_FAIL, "at the end: DID 4 is that of 0000:00:01.0", NULL);
}

/* 6.12 and 7.3 give every pass-through entry DID 1. */
static void pass_through_shares(void **state)
{
	struct good_run *f = *state;

	for (int stage = COPIED; stage < STAGES; stage++) {
		set_did(f, stage, DISK, 1);
		set_did(f, stage, NIC, 1);
		set_did(f, stage, SATA, 1);
	}
	want(f, DIDS, CHECK_PASS, "3 entries, 1 DID", NULL);
}

static void pass_through_and_tables(void **state)
{
	struct good_run *f = *state;

	good_entry(f, AT_END, NIC)[0] |= VTD_TT_PASS_THROUGH << 2;
	set_did(f, AT_END, NIC, 4);
	want(f, DIDS, CHECK_FAIL, "at the end: DID 4", "0000:00:01.0 (pass-through)", NULL);
}

/* Scalable mode: the DIDs of context entries mean nothing, those of PASID entries do. */
static void pasid_did(void **state)
{
	struct good_run *f = *state;

	good_entry(f, COPIED, DISK)[1] |= 0x300;
	set_did(f, COPIED, NIC, 1);
	want(f, DIDS, CHECK_FAIL, "after the copy: DID 1", "0000:00:01.0", "0000:00:02.0", NULL);
}

/* First-level translations are told apart by PASID as well. */
static void first_level_pasids(void **state)
{
	struct good_run *f = *state;
	uint64_t *entry = good_pasid(f, AT_END, NIC);

	memcpy(entry + 5 * 8, entry, 64);
	entry[5 * 8 + 2] = good_pasid(f, AT_END, DISK)[2];
	good_walk(f, AT_END, NULL);
	want(f, DIDS, CHECK_PASS, "at the end 4 entries, 3 DIDs", NULL);
	set_did(f, AT_END, NIC, 4);
	want(f, DIDS, CHECK_FAIL, "at the end: DID 4", NULL);
}

/* An entry that makes every request fault is cached by nobody. */
static void invalid_entry(void **state)
{
	struct good_run *f = *state;

	good_entry(f, AT_END, SATA)[1] = 5 << 8;
	good_walk(f, AT_END, NULL);
	want(f, DIDS, CHECK_PASS, "at the end 2 entries", NULL);
}

int checks_did_tests(void)
{
	const struct CMUnitTest tests[] = {
		LEGACY(named),
		SCALABLE(named),
		FIRST_LEVEL(named),
		PASS_THROUGH(named),
		LEGACY(no_iommu),
		LEGACY(no_tables),
		LEGACY(no_entries),
		LEGACY(fail_beats_nothing),
		LEGACY(clash_after_attach),
		SCALABLE(clash_after_attach),
		FIRST_LEVEL(clash_after_attach),
		LEGACY(clash_at_end),
		LEGACY(several),
		LEGACY(several_at_once),
		LEGACY(did_zero),
		SCALABLE(did_zero),
		LEGACY(beyond_the_unit),
		LEGACY(shared_domain),
		PASS_THROUGH(pass_through_shares),
		LEGACY(pass_through_and_tables),
		SCALABLE(pasid_did),
		FIRST_LEVEL(first_level_pasids),
		LEGACY(invalid_entry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
