/* SPDX-License-Identifier: GPL-2.0-only */
/* The tables of a good run: the first kernel's, the copy, and those after each attach. */
#include "evidence-tables.h"

#include "evidence-fixture.h"

#define PAGES (CRASH_END / 4096 + 1)
#define RW UINT64_C(3)
#define FL_RWU (VTD_FL_P | VTD_FL_RW | VTD_FL_US)
#define AW_39 1

static bool is_scalable(const struct good_run *f)
{
	return f->mode == GOOD_SCALABLE || f->mode == GOOD_FIRST_LEVEL;
}

static unsigned levels(const struct good_run *f)
{
	return f->mode == GOOD_FIRST_LEVEL ? 4 : 3;
}

static uint64_t rw(const struct good_run *f)
{
	return f->mode == GOOD_FIRST_LEVEL ? FL_RWU : RW;
}

static uint64_t read_only(const struct good_run *f)
{
	return f->mode == GOOD_FIRST_LEVEL ? VTD_FL_P | VTD_FL_US : VTD_SL_R;
}

/* Point the entry of @sid under @root to page tables at @pt. */
static void set_entry(struct good_run *f, struct tables *t, uint64_t root, uint16_t sid, uint16_t did, uint64_t pt)
{
	uint64_t dir;

	switch (f->mode) {
	case GOOD_LEGACY:
		tables_legacy(t, root, sid, VTD_TT_UNTRANSLATED, AW_39, did, pt);
		break;
	case GOOD_PASS_THROUGH:
		tables_legacy(t, root, sid, VTD_TT_PASS_THROUGH, AW_39, did, 0);
		break;
	case GOOD_SCALABLE:
		dir = tables_scalable(t, root, sid, 0, 0, 0);
		tables_pasid(t, dir, 0, VTD_PGTT_SECOND_LEVEL, AW_39, did, pt, 0, 0);
		break;
	case GOOD_FIRST_LEVEL:
		dir = tables_scalable(t, root, sid, 0, 0, 0);
		tables_pasid(t, dir, 0, VTD_PGTT_FIRST_LEVEL, AW_39, did, 0, 0, pt);
		break;
	}
}

static void first_kernel(struct good_run *f, struct tables *t)
{
	uint64_t disk, nic, sata;

	f->old_root = tables_alloc(t, 1);
	disk = tables_alloc(t, 1);
	nic = tables_alloc(t, 1);
	sata = tables_alloc(t, 1);
	set_entry(f, t, f->old_root, DISK, 1, disk);
	set_entry(f, t, f->old_root, NIC, 2, nic);
	set_entry(f, t, f->old_root, SATA, 3, sata);
	if (f->mode == GOOD_PASS_THROUGH)
		return;
	tables_map_many(t, disk, levels(f), 1, DISK_IOVA, DISK_PA, rw(f), 16);
	tables_map(t, disk, levels(f), 1, DISK_READ_IOVA, 0x1234000, read_only(f));
	tables_map(t, disk, levels(f), 2, DISK_BIG_IOVA, DISK_BIG_PA, rw(f));
	for (unsigned i = 0; i < 8; i++)
		tables_map(t, nic, levels(f), 1, NIC_IOVA + i * UINT64_C(0x1000), NIC_PA + i * UINT64_C(0x5000), rw(f));
	tables_map_many(t, sata, levels(f), 1, SATA_IOVA, 0x5000000, rw(f), 4);
}

/* A copy of RAM, in which the crash kernel will allocate in its own memory. */
static void next_stage(struct tables *to, const struct tables *from)
{
	tables_init(to, from->n_pages);
	memcpy(to->bytes, from->bytes, from->n_pages * 4096);
	to->next_page = MAX(from->next_page, CRASH_START / 4096);
}

/* The shallow copy: root and context tables are the crash kernel's own, what is below is not. */
static void copy_tables(struct good_run *f, struct tables *t)
{
	f->new_root = tables_alloc(t, 1);
	for (unsigned i = 0; i < 512; i++) {
		uint64_t old = *tables_word(t, f->old_root, i), table;

		if (!(old & VTD_ROOT_P))
			continue;
		table = tables_alloc(t, 1);
		memcpy(tables_word(t, table, 0), tables_word(t, VTD_ADDR(old), 0), 4096);
		*tables_word(t, f->new_root, i) = table | VTD_ROOT_P;
	}
}

static void attach(struct good_run *f, struct tables *t, uint16_t sid, uint16_t did)
{
	uint64_t pt = tables_alloc(t, 1);

	set_entry(f, t, f->new_root, sid, did, pt);
	if (f->mode != GOOD_PASS_THROUGH)
		tables_map_many(t, pt, levels(f), 1, NEW_IOVA, CRASH_START + 0x80000 + did * UINT64_C(0x4000), rw(f),
				4);
}

void evidence_tables(struct good_run *f)
{
	tables_init(&f->ram[AT_PANIC], PAGES);
	first_kernel(f, &f->ram[AT_PANIC]);
	next_stage(&f->ram[COPIED], &f->ram[AT_PANIC]);
	copy_tables(f, &f->ram[COPIED]);
	next_stage(&f->ram[AFTER_DISK], &f->ram[COPIED]);
	attach(f, &f->ram[AFTER_DISK], DISK, 4);
	next_stage(&f->ram[AFTER_NIC], &f->ram[AFTER_DISK]);
	attach(f, &f->ram[AFTER_NIC], NIC, 5);
	next_stage(&f->ram[AT_END], &f->ram[AFTER_NIC]);
}

uint64_t good_root(const struct good_run *f, enum good_stage stage)
{
	return stage == AT_PANIC ? f->old_root : f->new_root;
}

uint64_t *good_entry(struct good_run *f, enum good_stage stage, uint16_t sid)
{
	struct tables *t = &f->ram[stage];
	bool scalable = is_scalable(f);
	size_t half = scalable && (sid & 0x80);
	size_t index = scalable ? (size_t)(sid & 0x7f) * 4 : (size_t)(sid & 0xff) * 2;
	uint64_t table = *tables_word(t, good_root(f, stage), (size_t)(sid >> 8) * 2 + half);

	assert_true(table & VTD_ROOT_P);
	return tables_word(t, VTD_ADDR(table), index);
}

uint64_t *good_pasid(struct good_run *f, enum good_stage stage, uint16_t sid)
{
	struct tables *t = &f->ram[stage];
	uint64_t dir = VTD_ADDR(good_entry(f, stage, sid)[0]);
	uint64_t table = *tables_word(t, dir, 0);

	assert_true(is_scalable(f) && (table & VTD_PDE_P));
	return tables_word(t, VTD_ADDR(table), 0);
}

uint64_t good_pt_root(struct good_run *f, enum good_stage stage, uint16_t sid)
{
	if (!is_scalable(f))
		return VTD_ADDR(good_entry(f, stage, sid)[0]);
	return VTD_ADDR(good_pasid(f, stage, sid)[f->mode == GOOD_FIRST_LEVEL ? 2 : 0]);
}

uint64_t *good_pte(struct good_run *f, enum good_stage stage, uint16_t sid, uint64_t iova)
{
	uint64_t table = good_pt_root(f, stage, sid);

	for (unsigned level = levels(f);; level--) {
		uint64_t *pte = tables_word(&f->ram[stage], table, iova >> vtd_level_shift(level) & 511);

		assert_true(*pte & 1);
		if (level == 1 || (*pte & VTD_PTE_PS))
			return pte;
		table = *pte & VTD_PTE_ADDR;
	}
}

void good_map(struct good_run *f, enum good_stage stage, uint16_t sid, uint64_t iova, uint64_t pa, size_t n)
{
	tables_map_many(&f->ram[stage], good_pt_root(f, stage, sid), levels(f), 1, iova, pa, rw(f), n);
}
