/* SPDX-License-Identifier: GPL-2.0-only */
/* Page-table trees into runs: both formats, 3 to 5 levels, shared subtrees walked once. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "iommu/run-array.h"
#include "vtd/walk-internal.h"

#define PTES 512u
#define MANY_RUNS 16384u /* from here on the array of runs is allocated at its full size */

static inline const struct vtd_pt_format *format_of(const struct walker *w)
{
	return vtd_pt_format(w->first_level);
}

static enum vtd_table_kind kind_of(const struct walker *w)
{
	return w->first_level ? VTD_TABLE_FIRST_LEVEL : VTD_TABLE_SECOND_LEVEL;
}

static uint64_t level_span(unsigned level)
{
	return UINT64_C(1) << vtd_level_shift(level);
}

/*
 * The IOVA of entry @index of a page at @level that begins at @base; the first level sign-extends.
 */
static uint64_t entry_iova(const struct walker *w, uint64_t base, unsigned level, unsigned index)
{
	uint64_t iova = base + ((uint64_t)index << vtd_level_shift(level));

	if (w->first_level && level == w->root_level && index >= PTES / 2)
		iova |= ~UINT64_C(0) << vtd_levels_width(level);
	return iova;
}

/* Room for all the runs there may be. False if this cannot be had. */
static bool reserve_all_runs(struct walker *w)
{
	struct iommu_walk *r = &w->r->base;
	struct iommu_run *runs = iommu_run_array(w->o.max_runs);

	if (!runs)
		return false;
	memcpy(runs, r->runs, r->n_runs * sizeof(*runs));
	free(r->runs);
	r->runs = runs;
	r->array_runs = w->o.max_runs;
	w->cap_runs = w->o.max_runs;
	return true;
}

/* Make room for at least one more run: false if the limit on runs was met or memory ran out. */
static bool more_runs(struct walker *w)
{
	struct vtd_walk_result *r = w->r;
	void *grown;

	if (r->base.n_runs >= w->o.max_runs) {
		walk_truncate(w, "runs");
		w->count_only = true;
		return false;
	}
	if (r->base.n_runs < MANY_RUNS || !reserve_all_runs(w)) {
		grown = walk_room(w, r->base.runs, r->base.n_runs, &w->cap_runs, sizeof(*r->base.runs));
		if (!grown)
			return false;
		r->base.runs = grown;
	}
	w->run_limit = w->cap_runs < w->o.max_runs ? w->cap_runs : w->o.max_runs;
	return true;
}

/* The last run of the tree that is walked, or NULL. */
static inline struct iommu_run *last_run(const struct walker *w)
{
	const struct iommu_walk *r = &w->r->base;

	return r->n_runs > w->tree_first_run ? &r->runs[r->n_runs - 1] : NULL;
}

/* Where the next run has no room any more; NULL: none has, yet. */
static inline struct iommu_run *end_of_room(const struct walker *w)
{
	struct iommu_run *runs = w->r->base.runs;

	return runs ? runs + w->run_limit : NULL;
}

static inline bool continues(const struct iommu_run *run, uint64_t iova, uint64_t pa, uint32_t perm)
{
	return run->iova_last + 1 == iova && run->perm == perm && run->pa_start + (iova - run->iova_start) == pa;
}

/* Append [iova, iova + len) -> pa, merged with the run before it if it continues that one. */
static inline void emit(struct walker *w, uint64_t iova, uint64_t len, uint64_t pa, uint32_t perm)
{
	struct vtd_walk_result *r = w->r;
	struct iommu_run *run = last_run(w);

	if (run && continues(run, iova, pa, perm)) {
		run->iova_last += len;
		return;
	}
	if (r->base.n_runs >= w->run_limit && !more_runs(w))
		return;
	r->base.runs[r->base.n_runs++] = (struct iommu_run){ iova, iova + len - 1, pa, perm };
}

/* A present entry that has bits it must not have: false. */
static bool entry_bits_ok(struct walker *w, uint64_t page, unsigned level, unsigned i, uint64_t pte)
{
	enum vtd_defect_kind kind = vtd_pte_defect(format_of(w), pte, level, w->addr_excess);

	if (kind == VTD_DEFECT_KINDS)
		return true;
	walk_defect(w, kind, kind_of(w), level, page, i, pte);
	return false;
}

/*
 * Level 1: 512 leaves. Stretches of consecutive equal entries are taken in one step. This loop is what a walk spends its
 * time in: all it needs is in local variables, the place of the last run among them.
 */
static void leaf_table(struct walker *w, uint64_t page, const uint64_t *t, uint32_t perm, uint64_t base,
		       struct pt_counts *c)
{
	const struct vtd_pt_format f = *format_of(w);
	const uint64_t addr_mask = w->addr_mask, excess = w->addr_excess;
	const uint64_t same = addr_mask | excess | f.present | f.perm | f.snoop;
	const uint64_t end = addr_mask + IOMMU_PAGE_SIZE;
	struct iommu_walk *r = &w->r->base;
	struct iommu_run *run = last_run(w), *limit = end_of_room(w);
	uint64_t leaves = 0, pages = 0;
	unsigned n;

	for (unsigned i = 0; i < PTES; i += n) {
		uint64_t pte = t[i], pa = pte & addr_mask, next = pte & same, iova, len;
		uint32_t p = (uint32_t)(pte & f.perm & perm);

		n = 1;
		if (!(pte & f.present))
			continue;
		if ((pte & excess) && !entry_bits_ok(w, page, 1, i, pte))
			continue;
		while (i + n < PTES && (t[i + n] & same) == (next += IOMMU_PAGE_SIZE) &&
		       pa + (uint64_t)n * IOMMU_PAGE_SIZE < end)
			n++;
		leaves += n;
		if (!(p & (IOMMU_PERM_READ | IOMMU_PERM_WRITE)))
			continue;
		p |= (pte & f.snoop) ? IOMMU_PERM_SNOOP : 0;
		pages += n;
		if (w->count_only)
			continue;
		iova = base + (uint64_t)i * IOMMU_PAGE_SIZE;
		len = (uint64_t)n * IOMMU_PAGE_SIZE;
		if (run && run + 1 < limit && !continues(run, iova, pa, p)) {
			*++run = (struct iommu_run){ iova, iova + len - 1, pa, p };
			r->n_runs++;
			continue;
		}
		emit(w, iova, len, pa, p); /* may move the array */
		run = last_run(w);
		limit = end_of_room(w);
	}
	c->at[1] += leaves;
	c->pages += pages;
}

/* Emit again, at @iova, the runs of a subtree that was walked before. */
static void replay(struct walker *w, const struct pt_memo *m, uint64_t iova, uint64_t span)
{
	for (size_t k = m->first_run; k < m->end_run && !w->count_only && !w->err; k++) {
		struct iommu_run run = w->r->base.runs[k]; /* a copy: the array may move */
		uint64_t start = run.iova_start, last = run.iova_last;

		if (start < m->base)
			start = m->base;
		if (last > m->base + (span - 1))
			last = m->base + (span - 1);
		if (start > last)
			continue;
		emit(w, iova + (start - m->base), last - start + 1, run.pa_start + (start - run.iova_start), run.perm);
	}
}

static void add_counts(struct pt_counts *to, const struct pt_counts *from)
{
	for (unsigned i = 1; i < 4; i++)
		to->at[i] = sat_add(to->at[i], from->at[i]);
	to->pages = sat_add(to->pages, from->pages);
}

static void table_page(struct walker *w, uint64_t page, const uint64_t *t, unsigned level, uint32_t perm, uint64_t base,
		       struct pt_counts *c);

static void remember(struct walker *w, uint64_t key, const struct pt_memo *m)
{
	struct pt_memo *grown = walk_room(w, w->memos, w->n_memos, &w->cap_memos, sizeof(*m));

	if (!grown)
		return;
	w->memos = grown;
	w->memos[w->n_memos] = *m;
	if (u64map_put(&w->memos_seen, key, (uint32_t)w->n_memos))
		w->err = -ENOMEM;
	w->n_memos++;
}

/*
 * The table at @page, seen from entry @index of @parent one level up. Known subtrees are replayed;
 * as the level always falls, a table that refers to itself cannot make this endless.
 */
static void subtree(struct walker *w, uint64_t page, unsigned level, uint32_t perm, uint64_t iova, uint64_t parent,
		    unsigned index, struct pt_counts *c)
{
	uint64_t key = page | level << 4 | (w->first_level ? 8u : 0u) | perm;
	uint32_t known = u64map_get(&w->memos_seen, key);
	uint64_t t[PTES];
	struct pt_memo m = { .base = iova };

	for (unsigned up = level + 1; up <= w->root_level; up++) {
		if (w->path[up] == page) {
			walk_defect(w, VTD_DEFECT_LOOP, kind_of(w), level + 1, parent, index, page);
			break;
		}
	}
	if (known != U64MAP_NONE) {
		m = w->memos[known];
		replay(w, &m, iova, level_span(level + 1));
		add_counts(c, &m.counts);
		return;
	}
	if (!walk_read(w, page, kind_of(w), level, t, parent, index))
		return;
	m.first_run = w->r->base.n_runs > w->tree_first_run ? w->r->base.n_runs - 1 : w->r->base.n_runs;
	table_page(w, page, t, level, perm, iova, &m.counts);
	m.end_run = w->r->base.n_runs;
	remember(w, key, &m);
	add_counts(c, &m.counts);
}

/* Any page: leaves go into runs, the rest down. */
static void table_page(struct walker *w, uint64_t page, const uint64_t *t, unsigned level, uint32_t perm, uint64_t base,
		       struct pt_counts *c)
{
	const struct vtd_pt_format *f = format_of(w);

	if (level == 1) {
		leaf_table(w, page, t, perm, base, c);
		return;
	}
	w->path[level] = page;
	for (unsigned i = 0; i < PTES && !w->err; i++) {
		uint64_t pte = t[i], iova = entry_iova(w, base, level, i);
		uint32_t p = (uint32_t)(pte & f->perm & perm);
		bool leaf = pte & VTD_PTE_PS;

		if (!(pte & f->present) || !entry_bits_ok(w, page, level, i, pte))
			continue;
		if (leaf)
			c->at[level] = sat_add(c->at[level], 1);
		if (!(p & (IOMMU_PERM_READ | IOMMU_PERM_WRITE)))
			continue;
		if (!leaf) {
			subtree(w, pte & w->addr_mask, level - 1, p, iova, page, i, c);
			continue;
		}
		c->pages = sat_add(c->pages, level_span(level) >> 12);
		p |= (pte & f->snoop) ? IOMMU_PERM_SNOOP : 0;
		if (!w->count_only)
			emit(w, iova, level_span(level), pte & w->addr_mask & ~(level_span(level) - 1), p);
	}
}

static uint32_t new_tree(struct walker *w, uint64_t root, bool is_first_level, unsigned levels)
{
	struct iommu_tree *tree = WALK_PUSH(w, base.trees, base.n_trees, cap_trees);

	if (!tree)
		return UINT32_MAX;
	tree->root = root;
	tree->levels = (uint8_t)levels;
	tree->first_level = is_first_level;
	tree->first_run = w->r->base.n_runs;
	w->tree_first_run = w->r->base.n_runs;
	return (uint32_t)(w->r->base.n_trees - 1);
}

uint32_t walk_tree(struct walker *w, uint64_t root, bool is_first_level, unsigned levels)
{
	uint64_t key = root | levels << 1 | is_first_level;
	uint32_t at = u64map_get(&w->trees_seen, key);
	struct pt_counts c = { 0 };
	struct iommu_tree *tree;
	uint64_t t[PTES];

	if (at != U64MAP_NONE)
		return at;
	at = new_tree(w, root, is_first_level, levels);
	if (at == UINT32_MAX)
		return at;
	if (u64map_put(&w->trees_seen, key, at)) {
		w->err = -ENOMEM;
		return UINT32_MAX;
	}
	w->first_level = is_first_level;
	w->root_level = levels;
	if (walk_read(w, root, kind_of(w), levels, t, root, 0))
		table_page(w, root, t, levels, (uint32_t)format_of(w)->perm, 0, &c);

	tree = &w->r->base.trees[at];
	tree->n_runs = w->r->base.n_runs - tree->first_run;
	tree->pages = c.pages;
	for (unsigned i = 1; i < 4; i++) {
		tree->leaves = sat_add(tree->leaves, c.at[i]);
		w->r->base.leaves_at[i] = sat_add(w->r->base.leaves_at[i], c.at[i]);
	}
	w->r->base.tree_leaves = sat_add(w->r->base.tree_leaves, tree->leaves);
	return at;
}

uint32_t walk_identity_tree(struct walker *w)
{
	uint64_t key = UINT64_C(1) << 62; /* no root has this address and zero levels */
	uint32_t at = u64map_get(&w->trees_seen, key);
	uint64_t size = UINT64_C(1) << w->o.haw;

	if (at != U64MAP_NONE)
		return at;
	at = new_tree(w, 0, false, 0);
	if (at == UINT32_MAX)
		return at;
	if (u64map_put(&w->trees_seen, key, at)) {
		w->err = -ENOMEM;
		return UINT32_MAX;
	}
	emit(w, 0, size, 0, IOMMU_PERM_READ | IOMMU_PERM_WRITE);
	w->r->base.trees[at].n_runs = w->r->base.n_runs - w->r->base.trees[at].first_run;
	w->r->base.trees[at].pages = size >> 12;
	return at;
}
