/* SPDX-License-Identifier: GPL-2.0-only */
/* Damaging leaves and what leads to them. */
#include "corrupt/corrupt.h"

#include <inttypes.h>

#include "base/sid.h"
#include "vtd/formats.h"

/* Where the leaf of an IOVA is. */
struct leaf {
	const struct iommu_space *space;
	uint64_t iova;	    /* of its first byte */
	uint64_t pa, value; /* of the entry */
	uint64_t parent;    /* of the entry that leads to its table; 0: none does */
	unsigned level;
};

static bool first_level(const struct iommu_space *s)
{
	return s->type == IOMMU_SPACE_FIRST_LEVEL;
}

/* Goes down to the leaf of @iova; false where the tables have none. */
static bool find_leaf(const struct corrupt_target *t, const struct iommu_space *s, uint64_t iova, struct leaf *leaf)
{
	uint64_t table = s->root;

	*leaf = (struct leaf){ .space = s, .iova = iova };
	for (unsigned level = s->levels; level >= 1; level--) {
		uint64_t pa = table + 8 * (iova >> vtd_level_shift(level) & 511);
		uint64_t value = corrupt_read(t, pa);

		if (first_level(s) ? !(value & VTD_FL_P) : !vtd_sl_present(value))
			return false;
		leaf->parent = leaf->pa;
		leaf->pa = pa;
		leaf->value = value;
		leaf->level = level;
		leaf->iova = iova >> vtd_level_shift(level) << vtd_level_shift(level);
		if (level == 1 || (level <= 3 && (value & VTD_PTE_PS)))
			return true;
		table = value & VTD_PTE_ADDR;
	}
	return false;
}

/* Spaces with tables of their own: the one with most leaves first. */
static int by_leaves(const void *a, const void *b, void *data)
{
	const struct vtd_walk_result *r = data;
	const struct iommu_space *x = *(const struct iommu_space *const *)a;
	const struct iommu_space *y = *(const struct iommu_space *const *)b;
	uint64_t i = r->base.trees[x->tree].leaves, k = r->base.trees[y->tree].leaves;

	if (i != k)
		return i > k ? -1 : 1;
	return (x->sid > y->sid) - (x->sid < y->sid);
}

static GPtrArray *candidates(const struct vtd_walk_result *r, int sid)
{
	GPtrArray *out = g_ptr_array_new();

	for (size_t i = 0; i < r->base.n_spaces; i++) {
		const struct iommu_space *s = &r->base.spaces[i];

		if (s->tree != UINT32_MAX && s->levels && s->type != IOMMU_SPACE_NESTED && (sid < 0 || s->sid == sid))
			g_ptr_array_add(out, (gpointer)s);
	}
	g_ptr_array_sort_with_data(out, by_leaves, (gpointer)r);
	return out;
}

typedef bool (*leaf_test)(const struct corrupt_target *t, const struct leaf *leaf);

static bool pick_of_space(const struct corrupt_target *t, const struct vtd_walk_result *r, const struct iommu_space *s,
			  leaf_test wanted, struct leaf *leaf)
{
	size_t n;
	const struct iommu_run *runs = iommu_space_runs(&r->base, s, &n);

	for (size_t i = 0; i < n; i++) {
		uint64_t iova = runs[i].iova_start;

		while (iova >= runs[i].iova_start && iova <= runs[i].iova_last) {
			if (!find_leaf(t, s, iova, leaf))
				break;
			if (wanted(t, leaf))
				return true;
			iova = leaf->iova + (UINT64_C(1) << vtd_level_shift(leaf->level));
		}
	}
	return false;
}

/* The first leaf that is wanted: of requester @sid, or (-1) of the one with most leaves that has one. */
static bool pick_leaf(const struct corrupt_target *t, const struct vtd_walk_result *r, int sid, leaf_test wanted,
		      struct leaf *leaf)
{
	g_autoptr(GPtrArray) spaces = candidates(r, sid);

	for (guint i = 0; i < spaces->len; i++)
		if (pick_of_space(t, r, spaces->pdata[i], wanted, leaf))
			return true;
	return false;
}

static bool is_page(const struct corrupt_target *t, const struct leaf *l)
{
	(void)t;
	return l->level == 1;
}

static bool is_superpage(const struct corrupt_target *t, const struct leaf *l)
{
	(void)t;
	return l->level > 1;
}

static bool is_writable(const struct corrupt_target *t, const struct leaf *l)
{
	(void)t;
	return l->value & (first_level(l->space) ? VTD_FL_RW : VTD_SL_W);
}

/* Another leaf of the same table that leads elsewhere, 0: there is none. */
static uint64_t other_leaf(const struct corrupt_target *t, const struct leaf *l)
{
	for (uint64_t pa = l->pa + 8; pa & 0xfff; pa += 8) {
		uint64_t value = corrupt_read(t, pa);

		if ((value & 1) && ((value ^ l->value) & VTD_PTE_ADDR))
			return pa;
	}
	return 0;
}

static bool has_other(const struct corrupt_target *t, const struct leaf *l)
{
	return l->level == 1 && other_leaf(t, l);
}

/* The first free entry of the same table, 0: there is none. */
static uint64_t free_entry(const struct corrupt_target *t, const struct leaf *l)
{
	for (uint64_t pa = l->pa & IOMMU_PAGE_MASK; pa <= (l->pa | 0xfff); pa += 8)
		if (!corrupt_read(t, pa))
			return pa;
	return 0;
}

static bool has_room(const struct corrupt_target *t, const struct leaf *l)
{
	return l->level == 1 && free_entry(t, l);
}

static void say(GString *done, const struct leaf *l, const char *what)
{
	char text[16];

	g_string_append_printf(done, "%s: IOVA %#" PRIx64 " %s (entry at %#" PRIx64 ")", sid_text(l->space->sid, text),
			       l->iova, what, l->pa);
}

/* pick_leaf(), and what becomes of the leaf. */
static bool take_leaf(const struct corrupt_target *t, const struct vtd_walk_result *r, int sid, leaf_test wanted,
		      const char *what, struct leaf *leaf, GString *done)
{
	bool found = pick_leaf(t, r, sid, wanted, leaf);

	if (found)
		say(done, leaf, what);
	return found;
}

bool corrupt_drop_pte(const struct corrupt_target *t, const struct vtd_walk_result *r, int sid, GString *done)
{
	struct leaf l;

	return take_leaf(t, r, sid, is_page, "unmapped", &l, done) && corrupt_put(t, l.pa, 0);
}

bool corrupt_shift_pte(const struct corrupt_target *t, const struct vtd_walk_result *r, int sid, GString *done)
{
	struct leaf l;

	return take_leaf(t, r, sid, is_page, "shifted by one page", &l, done) &&
	       corrupt_put(t, l.pa, l.value ^ IOMMU_PAGE_SIZE);
}

bool corrupt_drop_write(const struct corrupt_target *t, const struct vtd_walk_result *r, int sid, GString *done)
{
	struct leaf l;

	if (!take_leaf(t, r, sid, is_writable, "made read-only", &l, done))
		return false;
	/* A second-level leaf that was write-only would vanish: that is drop-pte. */
	return corrupt_put(t, l.pa, first_level(l.space) ? l.value & ~VTD_FL_RW : (l.value & ~VTD_SL_W) | VTD_SL_R);
}

bool corrupt_swap_ptes(const struct corrupt_target *t, const struct vtd_walk_result *r, int sid, GString *done)
{
	struct leaf l;
	uint64_t pa;

	if (!take_leaf(t, r, sid, has_other, "exchanged with another", &l, done))
		return false;
	pa = other_leaf(t, &l);
	return corrupt_put(t, l.pa, corrupt_read(t, pa)) && corrupt_put(t, pa, l.value);
}

bool corrupt_add_mapping(const struct corrupt_target *t, const struct vtd_walk_result *r, int sid, GString *done)
{
	struct leaf l;

	if (!pick_leaf(t, r, sid, has_room, &l))
		return false;
	l.pa = free_entry(t, &l);
	l.iova = (l.iova & ~UINT64_C(0x1fffff)) + (l.pa & 0xfff) / 8 * IOMMU_PAGE_SIZE;
	say(done, &l, "mapped");
	return corrupt_put(t, l.pa, l.value);
}

bool corrupt_drop_table(const struct corrupt_target *t, const struct vtd_walk_result *r, int sid, GString *done)
{
	struct leaf l;

	if (!pick_leaf(t, r, sid, is_page, &l) || !l.parent)
		return false;
	l.pa = l.parent;
	say(done, &l, "and all of its table unmapped");
	return corrupt_put(t, l.parent, 0);
}

bool corrupt_drop_superpage(const struct corrupt_target *t, const struct vtd_walk_result *r, int sid, GString *done)
{
	struct leaf l;

	return take_leaf(t, r, sid, is_superpage, "unmapped, a superpage", &l, done) && corrupt_put(t, l.pa, 0);
}

bool corrupt_shorten_superpage(const struct corrupt_target *t, const struct vtd_walk_result *r, int sid, GString *done)
{
	struct leaf l;
	uint64_t step;

	if (!t->spare || !take_leaf(t, r, sid, is_superpage, "shortened, a superpage", &l, done))
		return false;
	step = UINT64_C(1) << vtd_level_shift(l.level - 1);
	for (unsigned i = 0; i < 511; i++)
		if (!corrupt_put(t, t->spare + 8 * i, (l.value & ~(l.level == 2 ? VTD_PTE_PS : 0)) + i * step))
			return false;
	return corrupt_put(t, l.pa, t->spare | (l.value & 7));
}

/* --- aimed at what copies tables: what none of today's kernels writes --- */

/* The last free entry of the topmost table of a space that has more levels than one, and one that is taken. */
static bool pick_top(const struct corrupt_target *t, const struct vtd_walk_result *r, int sid, struct leaf *top,
		     uint64_t *taken)
{
	g_autoptr(GPtrArray) spaces = candidates(r, sid);

	for (guint i = 0; i < spaces->len; i++) {
		const struct iommu_space *s = spaces->pdata[i];

		*top = (struct leaf){ .space = s, .level = s->levels };
		*taken = 0;
		for (unsigned slot = 0; slot < 512; slot++) {
			uint64_t pa = s->root + 8 * slot, value = corrupt_read(t, pa);

			if (!value) {
				top->pa = pa;
				top->iova = (uint64_t)slot << vtd_level_shift(s->levels);
			} else if (value & 1) {
				*taken = value;
			}
		}
		if (s->levels > 1 && top->pa && *taken)
			return true;
	}
	return false;
}

bool corrupt_stray_upper(const struct corrupt_target *t, const struct vtd_walk_result *r, int sid, GString *done)
{
	struct leaf top;
	uint64_t taken;

	if (!pick_top(t, r, sid, &top, &taken))
		return false;
	say(done, &top, "and on mapped, by a stray entry of the topmost table");
	return corrupt_put(t, top.pa, taken);
}

bool corrupt_self_loop(const struct corrupt_target *t, const struct vtd_walk_result *r, int sid, GString *done)
{
	struct leaf top;
	uint64_t taken;

	if (!pick_top(t, r, sid, &top, &taken))
		return false;
	say(done, &top, "and on led back to the topmost table");
	return corrupt_put(t, top.pa, (taken & ~(VTD_PTE_ADDR | VTD_PTE_PS)) | (top.pa & IOMMU_PAGE_MASK));
}

bool corrupt_reserved_bit(const struct corrupt_target *t, const struct vtd_walk_result *r, int sid, GString *done)
{
	struct leaf l;

	/* an address bit that is above those of any machine of the lab, so reserved */
	return take_leaf(t, r, sid, is_page, "given a reserved bit", &l, done) &&
	       corrupt_put(t, l.pa, l.value | UINT64_C(1) << 51);
}

bool corrupt_into_own(const struct corrupt_target *t, const struct vtd_walk_result *r, int sid, GString *done)
{
	struct leaf l;

	return t->own && take_leaf(t, r, sid, is_page, "led into the crash kernel's memory", &l, done) &&
	       corrupt_put(t, l.pa, (l.value & ~VTD_PTE_ADDR) | (t->own & VTD_PTE_ADDR));
}
