/* SPDX-License-Identifier: GPL-2.0-only */
/* The checks of the copy on scalable-mode tables: halves, PASID directories and tables. */
#include "evidence-fixture.h"

#define SLOT "context-same-slot"
#define FIELDS "context-same-fields"
#define LEAVES "leaves-equal"

static void named(void **state)
{
	struct good_run *f = *state;

	want(f, SLOT, CHECK_PASS, "3 of 3 slots", NULL);
	want(f, FIELDS, CHECK_PASS, "3 of 3 context entries, 3 of 3 PASID entries", NULL);
	want(f, LEAVES, CHECK_PASS, "30 of 30 leaves", NULL);
}

/* The tables of devfn 80-ff hang off the low half as well: 1f.2 is now 0f.2. */
static void wrong_half(void **state)
{
	struct good_run *f = *state;
	uint64_t *low = good_entry(f, COPIED, SATA & 0x7f), *high = good_entry(f, COPIED, SATA);

	memcpy(low, high, 32);
	memset(high, 0, 32);
	good_walk(f, COPIED, NULL);
	want(f, SLOT, CHECK_FAIL, "2 differences", "00:0f.2", "is new", NULL);
	want_outcome(f, "copy-wrong", 1);
}

static void halves_swapped(void **state)
{
	struct good_run *f = *state;
	uint64_t *root = tables_word(&f->ram[COPIED], f->new_root, 0), low = root[0];

	root[0] = root[1];
	root[1] = low;
	good_walk(f, COPIED, NULL);
	want(f, SLOT, CHECK_FAIL, "6 differences", "00:01.0", NULL);
}

static void upper_half_missing(void **state)
{
	struct good_run *f = *state;

	tables_word(&f->ram[COPIED], f->new_root, 0)[1] = 0;
	good_walk(f, COPIED, NULL);
	want(f, SLOT, CHECK_FAIL, "1 difference", "00:1f.2", "is gone", NULL);
}

/* Scalable tables, read as legacy ones from now on. */
static void mode_lost(void **state)
{
	struct good_run *f = *state;

	vtd_regs_set64(f->raw[COPIED], VTD_REG_RTADDR, f->new_root);
	good_regs(f, COPIED);
	good_walk(f, COPIED, NULL);
	want(f, SLOT, CHECK_FAIL, "mode was scalable, is legacy", NULL);
	want(f, LEAVES, CHECK_FAIL, "mode was scalable, is legacy", NULL);
}

static void pasid_moved(void **state)
{
	struct good_run *f = *state;
	uint64_t *entry = good_pasid(f, COPIED, DISK);

	memcpy(entry + 8, entry, 64);
	memset(entry, 0, 64);
	good_walk(f, COPIED, NULL);
	want(f, SLOT, CHECK_PASS, NULL);
	want(f, FIELDS, CHECK_FAIL, "2 differences", "0000:00:02.0 PASID 0", "is gone", NULL);
	want(f, LEAVES, CHECK_FAIL, "00:02.0", NULL);
	want_outcome(f, "copy-wrong", 1);
}

static void pasid_missing(void **state)
{
	struct good_run *f = *state;

	good_pasid(f, COPIED, NIC)[0] &= ~VTD_PASID_P;
	good_walk(f, COPIED, NULL);
	want(f, FIELDS, CHECK_FAIL, "1 difference", "0000:00:01.0 PASID 0", "is gone", NULL);
}

static void pasid_extra(void **state)
{
	struct good_run *f = *state;
	uint64_t *entry = good_pasid(f, COPIED, NIC);

	memcpy(entry + 5 * 8, entry, 64);
	good_walk(f, COPIED, NULL);
	want(f, FIELDS, CHECK_FAIL, "1 difference", "0000:00:01.0 PASID 5", "is new", NULL);
	want(f, LEAVES, CHECK_FAIL, "0000:00:01.0 PASID 5", NULL);
}

static void pasid_other_did(void **state)
{
	struct good_run *f = *state;

	good_pasid(f, COPIED, DISK)[1] ^= 0x10;
	good_walk(f, COPIED, NULL);
	want(f, FIELDS, CHECK_FAIL, "0000:00:02.0 PASID 0", "DID 1 -> 17", NULL);
}

static void pasid_other_type(void **state)
{
	struct good_run *f = *state;

	good_pasid(f, COPIED, DISK)[0] ^= (VTD_PGTT_SECOND_LEVEL ^ VTD_PGTT_PASS_THROUGH) << 6;
	good_walk(f, COPIED, NULL);
	want(f, FIELDS, CHECK_FAIL, "0000:00:02.0 PASID 0", "PGTT second-level -> pass-through", NULL);
	want(f, LEAVES, CHECK_FAIL, "00:02.0", NULL);
}

/* Nested translation leads a guest to the same pages, and the device to others. */
static void pasid_nested(void **state)
{
	struct good_run *f = *state;

	good_pasid(f, COPIED, DISK)[0] |= (VTD_PGTT_SECOND_LEVEL ^ VTD_PGTT_NESTED) << 6;
	good_walk(f, COPIED, NULL);
	want(f, FIELDS, CHECK_FAIL, "0000:00:02.0 PASID 0", "PGTT second-level -> nested", NULL);
	want(f, LEAVES, CHECK_FAIL, "1 difference", "00:02.0", "translation was", NULL);
}

static void pasid_other_aw(void **state)
{
	struct good_run *f = *state;

	good_pasid(f, COPIED, NIC)[0] ^= 3 << 2;
	good_walk(f, COPIED, NULL);
	want(f, FIELDS, CHECK_FAIL, "00:01.0", "address width 39 -> 48", NULL);
}

static void pasid_other_root(void **state)
{
	struct good_run *f = *state;

	good_pasid(f, COPIED, NIC)[0] += 0x2000;
	good_walk(f, COPIED, NULL);
	want(f, FIELDS, CHECK_FAIL, "00:01.0", "second-level root", NULL);
}

static void pasid_ignored_bits(void **state)
{
	struct good_run *f = *state;

	good_pasid(f, COPIED, NIC)[0] |= VTD_PASID_FPD;
	good_entry(f, COPIED, DISK)[0] |= VTD_SCTX_FPD;
	good_walk(f, COPIED, NULL);
	want(f, FIELDS, CHECK_PASS, NULL);
}

static void other_directory(void **state)
{
	struct good_run *f = *state;
	uint64_t dir = tables_alloc(&f->ram[COPIED], 1), *entry = good_entry(f, COPIED, NIC);

	memcpy(tables_word(&f->ram[COPIED], dir, 0), tables_word(&f->ram[COPIED], VTD_ADDR(entry[0]), 0), 4096);
	entry[0] = (entry[0] & 0xfff) | dir;
	good_walk(f, COPIED, NULL);
	want(f, FIELDS, CHECK_FAIL, "1 difference", "00:01.0", "PASID directory", NULL);
	want(f, LEAVES, CHECK_PASS, NULL);
}

/* Requests without PASID would use another entry. */
static void other_rid_pasid(void **state)
{
	struct good_run *f = *state;

	good_entry(f, COPIED, DISK)[1] = 7;
	good_walk(f, COPIED, NULL);
	want(f, FIELDS, CHECK_FAIL, "00:02.0", "RID_PASID 0 -> 7", NULL);
}

static void directory_size(void **state)
{
	struct good_run *f = *state;

	good_entry(f, COPIED, DISK)[0] |= 1 << 9;
	good_walk(f, COPIED, NULL);
	want(f, FIELDS, CHECK_FAIL, "00:02.0", "directory size 128 -> 256", NULL);
}

static void first_level_root(void **state)
{
	struct good_run *f = *state;

	good_pasid(f, COPIED, DISK)[2] += 0x1000;
	good_walk(f, COPIED, NULL);
	want(f, FIELDS, CHECK_FAIL, "0000:00:02.0 PASID 0", "first-level root", NULL);
}

static void first_level_mode(void **state)
{
	struct good_run *f = *state;

	good_pasid(f, COPIED, DISK)[2] |= 1 << 2;
	good_walk(f, COPIED, NULL);
	want(f, FIELDS, CHECK_FAIL, "00:02.0", "FLPM 0 -> 1", NULL);
}

static void first_level_leaf(void **state)
{
	struct good_run *f = *state;

	*good_pte(f, COPIED, NIC, NIC_IOVA + 0x2000) &= ~VTD_FL_RW;
	good_walk(f, COPIED, NULL);
	want(f, FIELDS, CHECK_PASS, NULL);
	want(f, LEAVES, CHECK_FAIL, "1 difference", "00:01.0", "0xfffd2000-0xfffd2fff", NULL);
}

int checks_scalable_tests(void)
{
	const struct CMUnitTest tests[] = {
		SCALABLE(named),
		SCALABLE(wrong_half),
		SCALABLE(halves_swapped),
		SCALABLE(upper_half_missing),
		SCALABLE(mode_lost),
		SCALABLE(pasid_moved),
		SCALABLE(pasid_missing),
		SCALABLE(pasid_extra),
		SCALABLE(pasid_other_did),
		SCALABLE(pasid_other_type),
		SCALABLE(pasid_nested),
		SCALABLE(pasid_other_aw),
		SCALABLE(pasid_other_root),
		SCALABLE(pasid_ignored_bits),
		SCALABLE(other_directory),
		SCALABLE(other_rid_pasid),
		SCALABLE(directory_size),
		FIRST_LEVEL(named),
		FIRST_LEVEL(first_level_root),
		FIRST_LEVEL(first_level_mode),
		FIRST_LEVEL(first_level_leaf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
