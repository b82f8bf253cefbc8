/* SPDX-License-Identifier: GPL-2.0-only */
/* The checks `context-same-slot` and `context-same-fields` on legacy tables. */
#include "evidence-fixture.h"

#include <inttypes.h>

#define SLOT "context-same-slot"
#define FIELDS "context-same-fields"

static const char *const both[] = { SLOT, FIELDS };

static void named(void **state)
{
	want(*state, SLOT, CHECK_PASS, "3 of 3 slots", NULL);
	want(*state, FIELDS, CHECK_PASS, "3 of 3 context entries", NULL);
}

static void no_iommu(void **state)
{
	struct good_run *f = *state;

	f->sc->iommu.mode = MACHINE_IOMMU_OFF;
	for (unsigned i = 0; i < G_N_ELEMENTS(both); i++)
		want(f, both[i], CHECK_SKIP, "no IOMMU", NULL);
}

static void no_tables_at_panic(void **state)
{
	struct good_run *f = *state;

	good_no_walk(f, AT_PANIC);
	for (unsigned i = 0; i < G_N_ELEMENTS(both); i++)
		want(f, both[i], CHECK_NO_EVIDENCE, "at the panic", NULL);
}

static void no_tables_after_copy(void **state)
{
	struct good_run *f = *state;

	good_no_walk(f, COPIED);
	for (unsigned i = 0; i < G_N_ELEMENTS(both); i++)
		want(f, both[i], CHECK_NO_EVIDENCE, "after the copy", NULL);
	want_outcome(f, "inconclusive", 125);
}

static void truncated(void **state)
{
	struct good_run *f = *state;
	const struct vtd_walk_options visits = { .max_visits = 4 }, runs = { .max_runs = 1 };

	good_walk(f, AT_PANIC, &visits);
	for (unsigned i = 0; i < G_N_ELEMENTS(both); i++)
		want(f, both[i], CHECK_NO_EVIDENCE, "limit", "visits", NULL);
	good_walk(f, AT_PANIC, NULL);
	good_walk(f, COPIED, &runs);
	for (unsigned i = 0; i < G_N_ELEMENTS(both); i++)
		want(f, both[i], CHECK_NO_EVIDENCE, "limit", "runs", NULL);
}

/* Two empty sets are equal, which proves nothing. */
static void nothing_present(void **state)
{
	struct good_run *f = *state;

	*tables_word(&f->ram[AT_PANIC], f->old_root, 0) = 0;
	*tables_word(&f->ram[COPIED], f->new_root, 0) = 0;
	good_walk(f, AT_PANIC, NULL);
	good_walk(f, COPIED, NULL);
	for (unsigned i = 0; i < G_N_ELEMENTS(both); i++)
		want(f, both[i], CHECK_NO_EVIDENCE, "no context entry", NULL);
}

static void missing(void **state)
{
	struct good_run *f = *state;

	good_entry(f, COPIED, NIC)[0] &= ~VTD_CTX_P;
	good_walk(f, COPIED, NULL);
	want(f, SLOT, CHECK_FAIL, "1 difference", "00:01.0", "is gone", NULL);
	want(f, FIELDS, CHECK_PASS, "2 of 3", NULL);
	want_outcome(f, "copy-wrong", 1);
}

/* The one without a driver counts as well. */
static void missing_without_driver(void **state)
{
	struct good_run *f = *state;

	memset(good_entry(f, COPIED, SATA), 0, 16);
	good_walk(f, COPIED, NULL);
	want(f, SLOT, CHECK_FAIL, "1 difference", "00:1f.2", NULL);
}

static void all_missing(void **state)
{
	struct good_run *f = *state;

	*tables_word(&f->ram[COPIED], f->new_root, 0) = 0;
	good_walk(f, COPIED, NULL);
	want(f, SLOT, CHECK_FAIL, "3 differences", NULL);
	want(f, FIELDS, CHECK_FAIL, "no entry is present both", NULL);
}

static void extra(void **state)
{
	struct good_run *f = *state;
	uint64_t pt = good_pt_root(f, COPIED, NIC);

	tables_legacy(&f->ram[COPIED], f->new_root, 0x0020, VTD_TT_UNTRANSLATED, 1, 9, pt);
	good_walk(f, COPIED, NULL);
	want(f, SLOT, CHECK_FAIL, "1 difference", "00:04.0", "is new", NULL);
	want(f, FIELDS, CHECK_PASS, NULL);
}

static void extra_bus(void **state)
{
	struct good_run *f = *state;
	uint64_t pt = good_pt_root(f, COPIED, NIC);

	tables_legacy(&f->ram[COPIED], f->new_root, 0x0508, VTD_TT_UNTRANSLATED, 1, 9, pt);
	good_walk(f, COPIED, NULL);
	want(f, SLOT, CHECK_FAIL, "05:01.0", "is new", NULL);
}

/* Right entry, wrong place: copied one slot too far. */
static void shifted(void **state)
{
	struct good_run *f = *state;
	uint64_t *entry = good_entry(f, COPIED, DISK);

	entry[2] = entry[0];
	entry[3] = entry[1];
	entry[0] = entry[1] = 0;
	good_walk(f, COPIED, NULL);
	want(f, SLOT, CHECK_FAIL, "2 differences", "00:02.0", NULL);
}

/* The whole context table hangs off the next bus. */
static void wrong_bus(void **state)
{
	struct good_run *f = *state;
	uint64_t *root = tables_word(&f->ram[COPIED], f->new_root, 0);

	root[2] = root[0];
	root[0] = 0;
	good_walk(f, COPIED, NULL);
	want(f, SLOT, CHECK_FAIL, "6 differences", "00:01.0", NULL);
}

static void other_mode(void **state)
{
	struct good_run *f = *state;

	vtd_regs_set64(f->raw[COPIED], VTD_REG_RTADDR, f->new_root | VTD_TTM_ABORT << 10);
	good_regs(f, COPIED);
	good_walk(f, COPIED, NULL);
	want(f, SLOT, CHECK_FAIL, "mode was legacy, is abort DMA", NULL);
}

/* The slots are those of the panic, but in tables of the other mode. */
static void scalable_now(void **state)
{
	struct good_run *f = *state, *other = good_run_new(GOOD_SCALABLE);

	good_no_walk(f, COPIED);
	good_regs(f, COPIED);
	f->ev->copied.walk = g_steal_pointer(&other->ev->copied.walk);
	good_run_free(other);
	want(f, SLOT, CHECK_FAIL, "1 difference", "mode was legacy, is scalable", NULL);
}

static void other_did(void **state)
{
	struct good_run *f = *state;

	good_entry(f, COPIED, DISK)[1] ^= 0x700;
	good_walk(f, COPIED, NULL);
	want(f, SLOT, CHECK_PASS, NULL);
	want(f, FIELDS, CHECK_FAIL, "1 difference", "00:02.0", "DID 1 -> 6", NULL);
	want_not(f, "root");
	want_outcome(f, "copy-wrong", 1);
}

static void other_aw(void **state)
{
	struct good_run *f = *state;

	good_entry(f, COPIED, NIC)[1] ^= 3;
	good_walk(f, COPIED, NULL);
	want(f, FIELDS, CHECK_FAIL, "00:01.0", "address width 39 -> 48", NULL);
}

static void other_type(void **state)
{
	struct good_run *f = *state;

	good_entry(f, COPIED, NIC)[0] |= VTD_TT_DEVICE_TLB << 2;
	good_walk(f, COPIED, NULL);
	want(f, FIELDS, CHECK_FAIL, "00:01.0", "translation type translated -> translated, device TLB", NULL);
}

static void pass_through_now(void **state)
{
	struct good_run *f = *state;

	good_entry(f, COPIED, DISK)[0] |= VTD_TT_PASS_THROUGH << 2;
	good_walk(f, COPIED, NULL);
	want(f, FIELDS, CHECK_FAIL, "00:02.0", "translation type translated -> pass-through", NULL);
}

static void other_root(void **state)
{
	struct good_run *f = *state;
	uint64_t *entry = good_entry(f, COPIED, SATA);
	g_autofree char *change =
		g_strdup_printf("root %#" PRIx64 " -> %#" PRIx64, VTD_ADDR(entry[0]), VTD_ADDR(entry[0]) + 0x3000);

	entry[0] += 0x3000;
	good_walk(f, COPIED, NULL);
	want(f, FIELDS, CHECK_FAIL, "00:1f.2", change, NULL);
}

static void reserved_bits(void **state)
{
	struct good_run *f = *state;

	good_entry(f, COPIED, NIC)[1] |= UINT64_C(1) << 40;
	good_walk(f, COPIED, NULL);
	want(f, FIELDS, CHECK_FAIL, "00:01.0", "other bits", NULL);
}

/* Fault processing disabled, and bits that hardware ignores, are the kernel's to change. */
static void ignored_bits(void **state)
{
	struct good_run *f = *state;

	good_entry(f, COPIED, NIC)[0] |= VTD_CTX_FPD;
	good_entry(f, COPIED, DISK)[1] |= 1u << 3;
	good_walk(f, COPIED, NULL);
	want(f, SLOT, CHECK_PASS, NULL);
	want(f, FIELDS, CHECK_PASS, "3 of 3", NULL);
}

/* Several at once: all are counted, the first is shown. */
static void several(void **state)
{
	struct good_run *f = *state;

	good_entry(f, COPIED, DISK)[1] ^= 0x100;
	good_entry(f, COPIED, NIC)[1] ^= 0x100;
	good_walk(f, COPIED, NULL);
	want(f, FIELDS, CHECK_FAIL, "2 differences", "00:01.0", NULL);
}

/* A host that stood still reads the copied tables when a driver has changed them: that is no evidence of the copy. */
static void read_too_late(void **state)
{
	struct good_run *f = *state;
	struct evidence_device *nic = good_device(f, NIC);

	/* the entry is other than at the panic, which a wrong copy would be as well */
	nic->attach_ns = f->ev->root_switch_ns + 1000;
	nic->unchanged_ns = f->ev->root_switch_ns - 1000;
	want(f, SLOT, CHECK_PASS, "3 of 3", NULL);
	nic->unchanged_ns = f->ev->root_switch_ns + 500;
	want(f, SLOT, CHECK_NO_EVIDENCE, "00:01.0 was taken over already", NULL);
	want(f, FIELDS, CHECK_NO_EVIDENCE, "were read 0.005 s after it", NULL);
	want(f, "no-faults", CHECK_NO_EVIDENCE, "right after the copy", NULL);
	want_outcome(f, "inconclusive", 125);
	/* not copied is not copied, however late it was looked */
	f->ev->translation_dropped = true;
	want(f, SLOT, CHECK_PASS, "3 of 3", NULL);
}

/* The same by a device that was reset, and by an entry's invalidation, of whatever device. */
static void read_after_reset(void **state)
{
	struct good_run *f = *state;
	struct evidence_device *disk = good_device(f, DISK);
	int64_t reset = disk->reset_ns;

	disk->reset_ns = f->ev->root_switch_ns - 1;
	want(f, SLOT, CHECK_PASS, "3 of 3", NULL);
	disk->reset_ns = f->ev->copied.host_ns;
	want(f, SLOT, CHECK_NO_EVIDENCE, "00:02.0 was taken over", NULL);
	disk->reset_ns = reset;
	good_invalidate(f, f->ev->copied.host_ns + 1, EVENT_CC_DEVICE, 0xf8, 0);
	want(f, SLOT, CHECK_PASS, "3 of 3", NULL);
	good_invalidate(f, f->ev->copied.host_ns, EVENT_CC_DEVICE, 0xf8, 0);
	want(f, SLOT, CHECK_NO_EVIDENCE, "00:1f.0 was taken over", NULL);
}

int checks_copy_tests(void)
{
	const struct CMUnitTest tests[] = {
		LEGACY(named),
		LEGACY(no_iommu),
		LEGACY(no_tables_at_panic),
		LEGACY(no_tables_after_copy),
		LEGACY(truncated),
		LEGACY(nothing_present),
		LEGACY(missing),
		LEGACY(missing_without_driver),
		LEGACY(all_missing),
		LEGACY(extra),
		LEGACY(extra_bus),
		LEGACY(shifted),
		LEGACY(wrong_bus),
		LEGACY(other_mode),
		LEGACY(scalable_now),
		LEGACY(other_did),
		LEGACY(other_aw),
		LEGACY(other_type),
		LEGACY(pass_through_now),
		LEGACY(other_root),
		LEGACY(reserved_bits),
		LEGACY(ignored_bits),
		LEGACY(several),
		LEGACY(read_too_late),
		LEGACY(read_after_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
