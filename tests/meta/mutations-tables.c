/* SPDX-License-Identifier: GPL-2.0-only */
/* Mutations of table pages: after the copy, in the old tables, after an attach. */
#include "mutations.h"

#include <string.h>

#include "verdict/check-common.h"
#include "vtd/formats.h"
#include "vtd/walk.h"

static uint64_t entry_pa(const struct iommu_walk *walk, uint16_t sid)
{
	for (size_t i = 0; walk && i < walk->n_requesters; i++) {
		const struct vtd_context *c = &vtd_walk_of(walk)->contexts[i];

		if (walk->iommu->requester(walk, i) == sid)
			return c->table + c->slot * (c->scalable ? 32u : 16u);
	}
	return 0;
}

/* The word of the context or PASID entry of @s that holds its domain id, and the shift in it. */
static uint64_t did_pa(const struct iommu_walk *walk, const struct iommu_space *s, unsigned *shift)
{
	const struct vtd_pasid *p = s->pasid_index == SIZE_MAX ? NULL : &vtd_walk_of(walk)->pasids[s->pasid_index];

	*shift = p ? 0 : 8;
	return p ? p->table + (p->pasid & 63) * 64 + 8 : entry_pa(walk, s->sid) + 8;
}

static bool set_did(struct evidence_state *state, const struct iommu_space *s, uint16_t did)
{
	unsigned shift;
	uint64_t pa = did_pa(state->walk, s, &shift), word = world_word(state->snapshot, pa);

	return world_put(state->snapshot, pa, (word & ~(UINT64_C(0xffff) << shift)) | (uint64_t)did << shift);
}

/* An empty address space gets the domain id of one that is not. */
static bool clash(struct evidence_state *state)
{
	const struct iommu_walk *walk = state->walk;
	const struct iommu_space *full = NULL;
	size_t n;

	for (size_t i = 0; walk && state->snapshot && i < walk->n_spaces; i++)
		if (walk->spaces[i].tree != UINT32_MAX && walk->trees[walk->spaces[i].tree].levels &&
		    (iommu_space_runs(walk, &walk->spaces[i], &n), n) > 1)
			full = &walk->spaces[i];
	for (size_t i = 0; full && i < walk->n_spaces; i++)
		if (walk->spaces[i].tree != full->tree && walk->spaces[i].did != full->did) {
			set_did(state, &walk->spaces[i], full->did);
			world_rewalk(state);
			return true;
		}
	return false;
}

static bool did_clash(struct world *w)
{
	return clash(&w->ev->copied);
}

static bool did_clash_at_end(struct world *w)
{
	return clash(&w->ev->end);
}

static bool did_clash_after_attach(struct world *w)
{
	struct evidence_device *dev = first_wanted(w);

	return dev && clash(&dev->after);
}

static bool did_zero(struct world *w)
{
	struct evidence_state *state = &w->ev->copied;

	if (!state->snapshot || !state->walk || !state->walk->n_spaces)
		return false;
	set_did(state, &state->walk->spaces[0], 0);
	world_rewalk(state);
	return true;
}

/* --- the old tables --- */

static bool overwrite_old(struct world *w, unsigned kind)
{
	struct iommu_snapshot *old = w->ev->old_tables;

	for (size_t i = 0; old && i < old->n_pages; i++)
		if (old->pages[i].kind == kind)
			return world_put(old, old->pages[i].pa + 0x7f8,
					 world_word(old, old->pages[i].pa + 0x7f8) ^ UINT64_C(0x1000));
	return false;
}

static bool overwrite_old_leaf(struct world *w)
{
	return overwrite_old(w, VTD_TABLE_SECOND_LEVEL) || overwrite_old(w, VTD_TABLE_FIRST_LEVEL);
}

static bool overwrite_old_context(struct world *w)
{
	return overwrite_old(w, VTD_TABLE_CONTEXT);
}

static bool free_old_page(struct world *w)
{
	static const uint8_t garbage[IOMMU_PAGE_SIZE] = "reused by somebody else";
	struct iommu_snapshot *old = w->ev->old_tables;

	return old && old->n_pages && world_write(old, old->pages[old->n_pages - 1].pa, garbage, sizeof(garbage)) == 0;
}

/* --- interrupt remapping --- */

static bool ir_off(struct world *w)
{
	struct evidence_state *state = &w->ev->copied;

	if (!check_regs(state).ir_on)
		return false;
	vtd_regs_set32(state->regs, VTD_REG_GSTS, vtd_regs_get32(state->regs, VTD_REG_GSTS) & ~(1u << 25));
	return true;
}

static bool eime_changed(struct world *w)
{
	struct evidence_state *state = &w->ev->copied;

	if (!state->snapshot || !state->snapshot->meta.irta)
		return false;
	state->snapshot->meta.irta ^= VTD_IRTA_EIME;
	world_rewalk(state);
	return true;
}

/* The crash kernel did not touch it. */
static bool irt_not_taken_over(struct world *w)
{
	struct evidence *ev = w->ev;

	uint64_t irta = vtd_regs_get64(ev->at_panic.regs, VTD_REG_IRTA);

	if (!check_regs(&ev->at_panic).ir_on || !ev->copied.has_regs || !ev->end.has_regs)
		return false;
	vtd_regs_set64(ev->copied.regs, VTD_REG_IRTA, irta);
	vtd_regs_set64(ev->end.regs, VTD_REG_IRTA, irta);
	return true;
}

static bool irt_elsewhere(struct world *w)
{
	struct evidence_state *state = &w->ev->copied;

	if (!state->snapshot || !state->snapshot->meta.irta)
		return false;
	state->snapshot->meta.irta = (state->snapshot->meta.irta & 0xfff) | world_add_page(state->snapshot);
	world_rewalk(state);
	return true;
}

/* --- mode --- */

static bool other_ttm(struct world *w)
{
	struct evidence_state *state = &w->ev->copied;

	if (!state->snapshot)
		return false;
	state->snapshot->meta.mode ^= VTD_TTM_SCALABLE;
	world_rewalk(state);
	return true;
}

static bool other_type_at_panic(struct world *w)
{
	const struct evidence_device *dev = first_wanted(w);
	char what[64];

	if (!dev || !dev->first_translated)
		return false;
	g_snprintf(what, sizeof(what), "change-type %02x:%02x.%x", dev->sid >> 8, dev->sid >> 3 & 31, dev->sid & 7);
	if (world_corrupt(&w->ev->at_panic, what))
		return true;
	g_snprintf(what, sizeof(what), "change-pasid-type %02x:%02x.%x", dev->sid >> 8, dev->sid >> 3 & 31,
		   dev->sid & 7);
	return world_corrupt(&w->ev->at_panic, what);
}

/* --- after an attach --- */

static bool damage_after(struct world *w, const char *what)
{
	struct evidence_device *dev = first_wanted(w);
	g_autofree char *one = NULL;

	if (!dev)
		return false;
	one = g_strdup_printf("%s %02x:%02x.%x", what, dev->sid >> 8, dev->sid >> 3 & 31, dev->sid & 7);
	return world_corrupt(&dev->after, one);
}

static bool absent_after(struct world *w)
{
	return damage_after(w, "zap-context");
}

/* The entry that the dead kernel had made is in force again, or still. */
static bool stale_attach(struct world *w)
{
	struct evidence_device *dev = first_wanted(w);
	const struct iommu_walk *old = w->ev->at_panic.walk;
	const struct iommu_space *was = dev && old ? iommu_walk_space(old, dev->sid, IOMMU_NO_PASID) : NULL;
	const struct iommu_space *is = was ? iommu_walk_space(dev->after.walk, dev->sid, IOMMU_NO_PASID) : NULL;
	const uint64_t *raw;
	uint64_t pa;
	unsigned n;

	if (!is || was->type == IOMMU_SPACE_PASS_THROUGH)
		return false;
	if (was->pasid_index != SIZE_MAX) {
		const struct vtd_pasid *p = &vtd_walk_of(dev->after.walk)->pasids[is->pasid_index];

		raw = vtd_walk_of(old)->pasids[was->pasid_index].raw;
		pa = p->table + (p->pasid & 63) * 64;
		n = 8;
	} else {
		raw = vtd_walk_of(old)->contexts[was->context].raw;
		pa = entry_pa(dev->after.walk, dev->sid);
		n = 2;
	}
	for (unsigned i = 0; i < n; i++)
		world_put(dev->after.snapshot, pa + 8 * i, raw[i]);
	world_rewalk(&dev->after);
	return true;
}

/* Its new tables lie in the dead kernel's memory. */
static bool outside_after(struct world *w)
{
	struct evidence_device *dev = first_wanted(w);
	const struct iommu_space *s = dev ? iommu_walk_space(dev->after.walk, dev->sid, IOMMU_NO_PASID) : NULL;

	if (!s || s->type != IOMMU_SPACE_SECOND_LEVEL)
		return false;
	if (s->pasid_index != SIZE_MAX) {
		const struct vtd_pasid *p = &vtd_walk_of(dev->after.walk)->pasids[s->pasid_index];

		world_put(dev->after.snapshot, p->table + (p->pasid & 63) * 64, (p->raw[0] & 0xfff) | 0x4000);
	} else {
		uint64_t pa = entry_pa(dev->after.walk, dev->sid);

		world_put(dev->after.snapshot, pa, (world_word(dev->after.snapshot, pa) & 0xfff) | 0x4000);
	}
	world_rewalk(&dev->after);
	return true;
}

/* Behind a bridge: requests with the bridge's id are still seen, and its entry is the dead kernel's. */
static bool stale_alias(struct world *w)
{
	const struct iommu_walk *old = w->ev->at_panic.walk, *end = w->ev->end.walk;

	for (guint i = 0; old && end && i < w->ev->functions->len; i++) {
		struct evidence_function *f = &g_array_index(w->ev->functions, struct evidence_function, i);
		const struct iommu_space *was = iommu_walk_space(old, f->sid, IOMMU_NO_PASID);
		const struct iommu_space *is = iommu_walk_space(end, f->sid, IOMMU_NO_PASID);
		struct evidence_requester r = {
			.sid = f->sid, .first_ns = w->ev->jump_ns, .last_ns = w->ev->poweroff_ns, .count = 9
		};

		if (evidence_device_find(w->ev, f->sid) || !was || !is || was->root != is->root ||
		    was->type == IOMMU_SPACE_PASS_THROUGH)
			continue;
		f->bridge = true;
		g_array_append_val(w->ev->requesters, r);
		return true;
	}
	return false;
}

static bool wrong_identity(struct world *w)
{
	struct evidence_device *dev = first_wanted(w);
	const struct iommu_space *s = dev ? iommu_walk_space(dev->after.walk, dev->sid, IOMMU_NO_PASID) : NULL;

	if (!s || s->type != IOMMU_SPACE_PASS_THROUGH)
		return false;
	dev->group_type = g_strdup("DMA-FQ");
	return true;
}

/* A device that was passed through gets tables in which one old IOVA leads elsewhere. */
static bool retarget(struct world *w)
{
	struct evidence_device *dev = first_wanted(w);
	const struct iommu_space *s = dev ? iommu_walk_space(dev->after.walk, dev->sid, IOMMU_NO_PASID) : NULL;
	struct iommu_snapshot *snap = dev ? dev->after.snapshot : NULL;
	uint64_t pa, table[3];

	if (!s || s->type != IOMMU_SPACE_PASS_THROUGH || s->pasid_index != SIZE_MAX)
		return false;
	pa = entry_pa(dev->after.walk, dev->sid);
	for (int i = 0; i < 3; i++)
		table[i] = world_add_page(snap);
	world_put(snap, table[0], table[1] | 3);
	world_put(snap, table[1], table[2] | 3);
	world_put(snap, table[2] + 8 * 5, UINT64_C(0x7654000) | 3);
	world_put(snap, pa, table[0] | VTD_CTX_P);
	world_put(snap, pa + 8, (world_word(snap, pa + 8) & ~UINT64_C(7)) | 1);
	world_rewalk(&dev->after);
	return true;
}

/* --- a deep copy --- */

/* The last table page of @state moves out of the crash kernel's memory. */
static bool table_outside(struct world *w, const struct evidence_state *state)
{
	const struct iommu_walk *walk = state->walk;
	uint64_t last = 0, before = 0;

	for (size_t i = 0; i < walk->n_tables; i++)
		last = MAX(last, walk->tables[i].pa);
	for (size_t i = 0; i < walk->n_tables; i++)
		if (walk->tables[i].pa != last)
			before = MAX(before, walk->tables[i].pa);
	g_array_set_size(w->ev->crash_ranges, 0);
	w->ev->crash_end = before + IOMMU_PAGE_SIZE - 1;
	return before != 0;
}

static bool table_outside_copied(struct world *w)
{
	return table_outside(w, &w->ev->copied);
}

static bool old_table_in_use(struct world *w)
{
	/* crash memory as it was before the variant was made: the old page tables lie outside */
	w->ev->crash_start = w->ev->copied.root;
	w->ev->crash_end = w->ev->copied.root + 0xfff;
	g_array_set_size(w->ev->crash_ranges, 0);
	return true;
}

static bool leaf_dropped_after(struct world *w)
{
	return damage_after(w, "drop-pte");
}

static bool leaf_shifted_after(struct world *w)
{
	return damage_after(w, "shift-pte");
}

static bool write_dropped_after(struct world *w)
{
	return damage_after(w, "drop-write");
}

/* What may be written now could only be read at the panic. */
static bool write_added_after(struct world *w)
{
	struct evidence_device *dev = first_wanted(w);
	g_autofree char *one = NULL;

	if (!dev)
		return false;
	one = g_strdup_printf("drop-write %02x:%02x.%x", dev->sid >> 8, dev->sid >> 3 & 31, dev->sid & 7);
	return world_corrupt(&w->ev->at_panic, one);
}

/* A table of leaves goes with all that it held. */
static bool not_grafted(struct world *w)
{
	return damage_after(w, "drop-table");
}

/* An idle requester is an alias of a device in use, and has its new domain without the mappings that it had itself. */
static bool alias_not_grafted(struct world *w)
{
	struct evidence_device *dev = first_wanted(w);
	const struct iommu_walk *before = w->ev->at_panic.walk;
	size_t n = 0;

	for (size_t i = 0; dev && before && i < before->n_spaces; i++) {
		const struct iommu_space *s = &before->spaces[i];
		uint64_t own = entry_pa(dev->after.walk, dev->sid), alias = entry_pa(dev->after.walk, s->sid);

		if (s->type == IOMMU_SPACE_PASS_THROUGH || evidence_device_find(w->ev, s->sid) || !own || !alias ||
		    (iommu_space_runs(before, s, &n), !n))
			continue;
		for (unsigned k = 0; k < 16; k += 8)
			world_put(dev->after.snapshot, alias + k, world_word(dev->after.snapshot, own + k));
		world_rewalk(&dev->after);
		dev->has_alias = true;
		dev->alias_sid = s->sid;
		return true;
	}
	return false;
}

/* --- after the copy, what nobody took over --- */

/* The end of the run with @what done to the last requester at the panic that no driver used. */
static bool spoil_idle(struct world *w, const char *what)
{
	const struct iommu_walk *before = w->ev->at_panic.walk;
	g_autofree char *one = NULL;
	char bdf[16];

	for (size_t i = before ? before->n_requesters : 0; i-- > 0 && !one;) {
		uint16_t sid = before->iommu->requester(before, i);

		if (!evidence_device_find(w->ev, sid))
			one = g_strdup_printf("%s %s", what, sid_text(sid, bdf));
	}
	return one && world_corrupt(&w->ev->end, one);
}

static bool idle_cleared(struct world *w)
{
	return spoil_idle(w, "zap-context");
}

static bool idle_did_changed(struct world *w)
{
	return spoil_idle(w, "change-did");
}

static bool idle_leaf_dropped(struct world *w)
{
	return spoil_idle(w, "drop-pte");
}

static bool idle_pasid_cleared(struct world *w)
{
	return spoil_idle(w, "zap-pasid");
}

/* The last one of the panic: behind it the crash kernel may have put its own. */
static bool irte_cleared(struct world *w)
{
	const struct vtd_walk_result *before = (const struct vtd_walk_result *)w->ev->at_panic.walk;
	struct vtd_walk_result *end = (struct vtd_walk_result *)w->ev->end.walk;
	bool any = false;

	for (size_t i = 0; before && before->n_irtes && end && i < end->n_irtes; i++)
		if (end->irtes[i].index == before->irtes[before->n_irtes - 1].index) {
			memmove(&end->irtes[i], &end->irtes[i + 1], (end->n_irtes - i - 1) * sizeof(end->irtes[0]));
			end->n_irtes--;
			any = true;
		}
	return any;
}

/* The crash kernel has got a page that a device of the dead kernel may still write to. */
static bool crash_memory_mapped(struct world *w)
{
	const struct iommu_walk *before = w->ev->at_panic.walk;
	size_t n;

	for (size_t i = 0; before && i < before->n_spaces; i++) {
		const struct iommu_run *runs = iommu_space_runs(before, &before->spaces[i], &n);

		for (size_t k = 0; k < n && before->spaces[i].type != IOMMU_SPACE_PASS_THROUGH; k++)
			if (runs[k].perm & IOMMU_PERM_WRITE) {
				const struct evidence_range page = { runs[k].pa_start, runs[k].pa_start + 0xfff };

				g_array_append_val(w->ev->crash_ranges, page);
				return true;
			}
	}
	return false;
}

const struct mutation table_mutations[] = {
#define CORRUPT(what, check, variant)            \
	{                                        \
		what, check, variant, NULL, what \
	}
	CORRUPT("zap-root", "context-same-slot", AS_RECORDED),
	CORRUPT("zap-context", "context-same-slot", AS_RECORDED),
	CORRUPT("move-context", "context-same-slot", AS_RECORDED),
	CORRUPT("move-half", "context-same-slot", AS_RECORDED),
	CORRUPT("add-context", "context-same-slot", AS_RECORDED),
	{ "tables of another mode", "context-same-slot", AS_RECORDED, other_ttm, NULL },
	CORRUPT("change-did", "context-same-fields", AS_RECORDED),
	CORRUPT("change-width", "context-same-fields", AS_RECORDED),
	CORRUPT("change-type", "context-same-fields", AS_RECORDED),
	CORRUPT("change-root", "context-same-fields", AS_RECORDED),
	CORRUPT("zap-pasid", "context-same-fields", AS_RECORDED),
	CORRUPT("change-pasid-did", "context-same-fields", AS_RECORDED),
	CORRUPT("change-pasid-type", "context-same-fields", AS_RECORDED),
	CORRUPT("change-pasid-root", "context-same-fields", AS_RECORDED),
	CORRUPT("drop-pte", "leaves-equal", AS_RECORDED),
	CORRUPT("shift-pte", "leaves-equal", AS_RECORDED),
	CORRUPT("drop-write", "leaves-equal", AS_RECORDED),
	CORRUPT("swap-ptes", "leaves-equal", AS_RECORDED),
	CORRUPT("add-mapping", "leaves-equal", AS_RECORDED),
	CORRUPT("drop-table", "leaves-equal", AS_RECORDED),
	CORRUPT("drop-superpage", "leaves-equal", WITH_SUPERPAGE),
	CORRUPT("shorten-superpage", "leaves-equal", WITH_SUPERPAGE),
	{ "a leaf of a deep copy dropped", "leaves-equal", DEEP, NULL, "drop-pte" },
	{ "the DID of a deep copy changed", "context-same-fields", DEEP, NULL, "change-did" },
	CORRUPT("drop-irte", "irte-equal", AS_RECORDED),
	CORRUPT("change-irte", "irte-equal", AS_RECORDED),
	CORRUPT("move-irte", "irte-equal", AS_RECORDED),
	{ "interrupt remapping off", "irte-equal", AS_RECORDED, ir_off, NULL },
	{ "EIME changed", "irte-equal", AS_RECORDED, eime_changed, NULL },
	{ "the dead kernel's remapping table", "irte-equal", AS_RECORDED, irt_not_taken_over, NULL },
	{ "an empty remapping table", "irte-equal", AS_RECORDED, irt_elsewhere, NULL },
	{ "an old leaf dropped at attach", "old-mappings-kept", AS_RECORDED, leaf_dropped_after, NULL },
	{ "an old leaf to another page", "old-mappings-kept", AS_RECORDED, leaf_shifted_after, NULL },
	{ "an old leaf made read-only", "old-mappings-kept", AS_RECORDED, write_dropped_after, NULL },
	{ "an old leaf made writable", "old-mappings-kept", AS_RECORDED, write_added_after, NULL },
	{ "old leaves not grafted", "old-mappings-kept", AS_RECORDED, not_grafted, NULL },
	{ "an alias not grafted", "old-mappings-kept", AS_RECORDED, alias_not_grafted, NULL },
	{ "an idle entry cleared later", "untaken-kept", AS_RECORDED, idle_cleared, NULL },
	{ "an idle DID changed later", "untaken-kept", AS_RECORDED, idle_did_changed, NULL },
	{ "an idle leaf dropped later", "untaken-kept", AS_RECORDED, idle_leaf_dropped, NULL },
	{ "an idle PASID entry cleared", "untaken-kept", AS_RECORDED, idle_pasid_cleared, NULL },
	{ "an old IRTE cleared later", "untaken-kept", AS_RECORDED, irte_cleared, NULL },
	{ "an old leaf overwritten", "old-tables-unchanged", AS_RECORDED, overwrite_old_leaf, NULL },
	{ "an old context overwritten", "old-tables-unchanged", AS_RECORDED, overwrite_old_context, NULL },
	{ "an old table page reused", "old-tables-unchanged", AS_RECORDED, free_old_page, NULL },
	{ "two translations, one DID", "did-consistent", AS_RECORDED, did_clash, NULL },
	{ "one DID for two after attach", "did-consistent", AS_RECORDED, did_clash_after_attach, NULL },
	{ "one DID for two at the end", "did-consistent", AS_RECORDED, did_clash_at_end, NULL },
	{ "DID 0", "did-consistent", AS_RECORDED, did_zero, NULL },
	{ "another type at the panic", "context-same-fields", AS_RECORDED, other_type_at_panic, NULL },
	{ "crash memory still mapped", "dma-outside-crash-memory", AS_RECORDED, crash_memory_mapped, NULL },
	{ "stale after its attach", "requesters-repointed", AS_RECORDED, stale_attach, NULL },
	{ "no entry after its attach", "requesters-repointed", AS_RECORDED, absent_after, NULL },
	{ "new tables in old memory", "requesters-repointed", AS_RECORDED, outside_after, NULL },
	{ "a stale bridge", "requesters-repointed", AS_RECORDED, stale_alias, NULL },
	{ "passed through unasked", "requesters-repointed", AS_RECORDED, wrong_identity, NULL },
	{ "an old IOVA leads elsewhere", "iova-not-retargeted", AS_RECORDED, retarget, NULL },
	{ "a table outside crash memory", "tables-in-crash-memory", DEEP, table_outside_copied, NULL },
	{ "old page tables in use", "tables-in-crash-memory", DEEP, old_table_in_use, NULL },
	{ 0 },
};
