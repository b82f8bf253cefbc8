/* SPDX-License-Identifier: GPL-2.0-only */
/* The entry point of a walk: root and context tables, limits, defects, interrupt remapping. */
#include "vtd/walk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vtd/backend.h"
#include "vtd/walk-internal.h"

void *walk_room(struct walker *w, void *array, size_t n, size_t *cap, size_t size)
{
	size_t more = *cap ? *cap * 2 : 16;
	void *bigger;

	if (n < *cap)
		return array;
	bigger = more > SIZE_MAX / size ? NULL : realloc(array, more * size);
	if (!bigger) {
		w->err = -ENOMEM;
		return NULL;
	}
	*cap = more;
	return bigger;
}

void walk_truncate(struct walker *w, const char *which)
{
	if (!w->r->base.truncated)
		w->r->base.truncated_by = which;
	w->r->base.truncated = true;
}

void walk_defect(struct walker *w, enum vtd_defect_kind kind, enum vtd_table_kind table_kind, unsigned level,
		 uint64_t table, uint32_t index, uint64_t value)
{
	struct vtd_walk_result *r = w->r;

	r->defect_counts[kind]++;
	r->base.n_defects++;
	if (r->n_samples >= w->o.max_samples)
		return;
	r->defects[r->n_samples++] = (struct vtd_defect){
		.kind = (uint8_t)kind,
		.table_kind = (uint8_t)table_kind,
		.level = (uint8_t)level,
		.sid = w->sid,
		.pasid = w->pasid,
		.table = table,
		.index = index,
		.value = value,
	};
}

/* List a page the first time it is used as (kind, level). */
static void note_table(struct walker *w, uint64_t pa, enum vtd_table_kind kind, unsigned level)
{
	uint64_t key = (pa & VTD_MASK(61, 12)) | (uint64_t)kind << 4 | level;
	struct iommu_table *t;

	if (u64map_get(&w->tables_seen, key) != U64MAP_NONE)
		return;
	t = WALK_PUSH(w, base.tables, base.n_tables, cap_tables);
	if (!t)
		return;
	t->pa = pa;
	t->kind = (uint8_t)kind;
	t->level = (uint8_t)level;
	if (u64map_put(&w->tables_seen, key, 0))
		w->err = -ENOMEM;
}

bool walk_read(struct walker *w, uint64_t pa, enum vtd_table_kind kind, unsigned level, void *page, uint64_t from,
	       uint32_t index)
{
	if (w->err)
		return false;
	if (w->r->base.visits >= w->o.max_visits) {
		walk_truncate(w, "visits");
		return false;
	}
	w->r->base.visits++;
	/* Page 0 is a table of nobody: a pointer to it was never set, and what lies there is rubbish. */
	if (!VTD_ADDR(pa) || (pa & VTD_MASK(63, 52)) || w->mem.read_page(w->mem.ctx, pa, page)) {
		walk_defect(w, VTD_DEFECT_OUTSIDE_RAM, kind, level, from, index, pa);
		return false;
	}
	note_table(w, pa, kind, level);
	if (w->o.on_page)
		w->o.on_page(w->o.on_page_ctx, pa, kind, level, page);
	return !w->err;
}

bool walk_aw_ok(const struct walker *w, unsigned aw)
{
	return vtd_aw_levels(aw) && (!w->o.sagaw || vtd_bit(w->o.sagaw, aw));
}

void walk_add_space(struct walker *w, enum iommu_space_type type, uint16_t did, unsigned levels, uint64_t root,
		    size_t pasid_index)
{
	struct iommu_space *s = WALK_PUSH(w, base.spaces, base.n_spaces, cap_spaces);
	uint32_t tree = UINT32_MAX;

	if (!s)
		return;
	s->sid = w->sid;
	s->pasid = w->pasid;
	s->type = type;
	s->did = did;
	s->levels = (uint8_t)levels;
	s->root = root;
	s->context = w->r->base.n_requesters - 1;
	s->pasid_index = pasid_index;
	s->rid = w->pasid == (pasid_index == SIZE_MAX ? IOMMU_NO_PASID : w->r->contexts[s->context].rid_pasid);
	s->tree = UINT32_MAX;
	if (w->o.skip_page_tables || type == IOMMU_SPACE_INVALID)
		return;
	if (type == IOMMU_SPACE_PASS_THROUGH)
		tree = walk_identity_tree(w);
	else
		tree = walk_tree(w, root, type == IOMMU_SPACE_FIRST_LEVEL, levels);
	w->r->base.spaces[w->r->base.n_spaces - 1].tree = tree;
	if (tree != UINT32_MAX)
		w->r->base.leaves = sat_add(w->r->base.leaves, w->r->base.trees[tree].leaves);
}

/* Legacy context entry: judge, walk what it points to. */
static void legacy_context(struct walker *w, struct vtd_context *c)
{
	uint64_t q0 = c->raw[0], q1 = c->raw[1], root = c->pt_root;
	enum iommu_space_type type = IOMMU_SPACE_SECOND_LEVEL;
	unsigned levels = vtd_aw_levels(c->aw);

	if ((q0 & VTD_CTX_Q0_RESERVED) || (q1 & VTD_CTX_Q1_RESERVED))
		walk_defect(w, VTD_DEFECT_CONTEXT_RESERVED, VTD_TABLE_CONTEXT, 0, c->table, c->slot,
			    q0 & VTD_CTX_Q0_RESERVED ? q0 : q1);
	if (c->tt == VTD_TT_RESERVED) {
		walk_defect(w, VTD_DEFECT_CONTEXT_TYPE, VTD_TABLE_CONTEXT, 0, c->table, c->slot, q0);
		type = IOMMU_SPACE_INVALID;
	} else if (!walk_aw_ok(w, c->aw)) {
		walk_defect(w, VTD_DEFECT_ADDRESS_WIDTH, VTD_TABLE_CONTEXT, 0, c->table, c->slot, q1);
		type = IOMMU_SPACE_INVALID;
	} else if (c->tt == VTD_TT_PASS_THROUGH) {
		type = IOMMU_SPACE_PASS_THROUGH;
	}
	if (type != IOMMU_SPACE_SECOND_LEVEL)
		levels = 0, root = 0;
	walk_add_space(w, type, c->did, levels, root, SIZE_MAX);
}

/* Scalable context entry: judge, walk its PASID directory. */
static void scalable_context(struct walker *w, struct vtd_context *c)
{
	uint64_t q0 = c->raw[0], q1 = c->raw[1];

	c->first_pasid = w->r->n_pasids;
	if ((q0 & VTD_SCTX_Q0_RESERVED) || (q1 & VTD_SCTX_Q1_RESERVED))
		walk_defect(w, VTD_DEFECT_CONTEXT_RESERVED, VTD_TABLE_CONTEXT, 0, c->table, c->slot,
			    q0 & VTD_SCTX_Q0_RESERVED ? q0 : q1);
	walk_pasid_dir(w, w->r->base.n_requesters - 1);
}

/* One context-table page. @upper: the table of devfn 80-ff of scalable mode. */
static void context_table(struct walker *w, uint64_t pa, unsigned bus, bool upper, uint32_t index)
{
	bool scalable = w->r->ttm == VTD_TTM_SCALABLE;
	unsigned words = scalable ? 4 : 2, entries = 512 / words;
	uint64_t page[512];

	if (!walk_read(w, pa, VTD_TABLE_CONTEXT, 0, page, w->r->base.root, index))
		return;
	for (unsigned i = 0; i < entries && !walk_stopped(w); i++) {
		const uint64_t *q = page + (size_t)i * words;
		struct vtd_context *c;

		if (!(q[0] & VTD_CTX_P)) {
			if (q[0] | q[1] | (scalable ? q[2] | q[3] : 0))
				w->r->odd_contexts++;
			continue;
		}
		c = WALK_PUSH(w, contexts, base.n_requesters, cap_contexts);
		if (!c)
			return;
		c->bus = (uint8_t)bus;
		c->devfn = (uint8_t)(i + (upper ? 0x80 : 0));
		c->scalable = scalable;
		c->upper = upper;
		c->slot = (uint16_t)i;
		c->table = pa;
		memcpy(c->raw, q, words * sizeof(*q));
		vtd_context_decode(c);
		w->sid = (uint16_t)(bus << 8 | c->devfn);
		w->pasid = IOMMU_NO_PASID;
		if (scalable)
			scalable_context(w, c);
		else
			legacy_context(w, c);
	}
	if (walk_stopped(w) && !w->err)
		walk_truncate(w, "visits");
}

/* The root table: 256 entries of two words. */
static void root_table(struct walker *w)
{
	bool scalable = w->r->ttm == VTD_TTM_SCALABLE;
	uint64_t page[512];

	if (!walk_read(w, w->r->base.root, VTD_TABLE_ROOT, 0, page, w->r->base.root, 0))
		return;
	for (unsigned bus = 0; bus < 256 && !w->err; bus++) {
		for (unsigned half = 0; half < 2; half++) {
			uint64_t q = page[2 * bus + half];
			bool used = scalable || !half;

			w->sid = (uint16_t)(bus << 8);
			w->pasid = IOMMU_NO_PASID;
			if (q && (!used || (q & VTD_ROOT_RESERVED)))
				walk_defect(w, VTD_DEFECT_ROOT_RESERVED, VTD_TABLE_ROOT, 0, w->r->base.root,
					    2 * bus + half, q);
			if (used && (q & VTD_ROOT_P))
				context_table(w, VTD_ADDR(q), bus, half, 2 * bus + half);
		}
	}
}

static void walk_irt(struct walker *w, uint64_t irta)
{
	uint32_t entries = vtd_irta_entries(irta);
	uint64_t page[512];

	w->sid = 0;
	w->pasid = IOMMU_NO_PASID;
	for (uint32_t i = 0; i < entries; i++) {
		const uint64_t *q = page + (size_t)(i % 256) * 2;
		struct vtd_irte *e;

		if (i % 256 == 0 &&
		    !walk_read(w, VTD_ADDR(irta) + (uint64_t)i * 16, VTD_TABLE_IRT, 0, page, VTD_ADDR(irta), i)) {
			i += 255;
			continue;
		}
		if (!(q[0] & VTD_IRTE_P))
			continue;
		if (!(q[0] & VTD_IRTE_POSTED) && (q[1] & VTD_IRTE_Q1_RESERVED))
			walk_defect(w, VTD_DEFECT_IRTE_RESERVED, VTD_TABLE_IRT, 0, VTD_ADDR(irta), i, q[1]);
		e = WALK_PUSH(w, irtes, n_irtes, cap_irtes);
		if (!e)
			return;
		*e = (struct vtd_irte){ .index = i, .lo = q[0], .hi = q[1] };
	}
}

/* Fill in the defaults and what follows from them. */
static void set_limits(struct walker *w, const struct vtd_walk_options *opt)
{
	if (opt)
		w->o = *opt;
	if (!w->o.haw || w->o.haw > 52)
		w->o.haw = 52;
	if (w->o.haw < 13)
		w->o.haw = 13;
	if (!w->o.max_runs)
		w->o.max_runs = 4194304;
	if (!w->o.max_visits)
		w->o.max_visits = 262144;
	if (!w->o.max_pasids)
		w->o.max_pasids = 262144;
	if (!w->o.max_samples)
		w->o.max_samples = 64;
	w->addr_mask = VTD_PTE_ADDR & VTD_MASK(w->o.haw - 1, 12);
	w->addr_excess = VTD_PTE_ADDR & ~w->addr_mask;
}

int vtd_walk(const struct iommu_mem *mem, uint64_t root, unsigned ttm, uint64_t irta,
	     const struct vtd_walk_options *opt, struct vtd_walk_result **out)
{
	struct walker w = { .mem = *mem, .pasid = IOMMU_NO_PASID };

	*out = NULL;
	set_limits(&w, opt);
	w.r = calloc(1, sizeof(*w.r));
	if (!w.r)
		return -ENOMEM;
	w.r->defects = calloc(w.o.max_samples, sizeof(*w.r->defects));
	if (!w.r->defects) {
		free(w.r);
		return -ENOMEM;
	}
	w.r->base.iommu = &vtd_iommu;
	w.r->base.root = VTD_ADDR(root);
	w.r->ttm = ttm;
	w.r->irta = irta;
	if (!w.r->base.root)
		; /* no root table was ever set */
	else if (ttm == VTD_TTM_LEGACY || ttm == VTD_TTM_SCALABLE)
		root_table(&w);
	else
		walk_defect(&w, VTD_DEFECT_MODE, VTD_TABLE_ROOT, 0, w.r->base.root, 0, ttm);
	if (irta && !w.err)
		walk_irt(&w, irta);

	free(w.memos);
	u64map_clear(&w.tables_seen);
	u64map_clear(&w.trees_seen);
	u64map_clear(&w.memos_seen);
	if (w.err) {
		vtd_walk_free(w.r);
		return w.err;
	}
	*out = w.r;
	return 0;
}

struct vtd_walk_options vtd_walk_options_from_regs(const struct vtd_regs *regs)
{
	return (struct vtd_walk_options){ .sagaw = regs->sagaw };
}

void vtd_walk_free(struct vtd_walk_result *r)
{
	if (!r)
		return;
	iommu_walk_clear(&r->base);
	free(r->contexts);
	free(r->pasids);
	free(r->irtes);
	free(r->defects);
	free(r);
}
