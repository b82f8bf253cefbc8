/* SPDX-License-Identifier: GPL-2.0-only */
/* The names and values of a walk and of a comparison, in the order of their JSON. */
#include "vtd/values.h"

#include "base/sid.h"
#include "vtd/compare.h"
#include "vtd/print.h"
#include "vtd/snapshot.h"

/*
 * Spaces and runs in all, each of them some hundred bytes of memory: a few pages that refer to each other make as many
 * as one likes.
 */
#define MAX_ITEMS 150000u

/* Runs are many: each is an array [first, last, pa, permissions]; as many as *@left allows. */
static void tell_runs(const struct iommu_listener *to, const struct vtd_walk_result *r, const struct iommu_space *s,
		      size_t *left)
{
	size_t n, i;
	const struct iommu_run *run = iommu_space_runs(&r->base, s, &n);
	char perm[5];

	to->open_list(to->ctx, "runs");
	for (i = 0; i < n && *left; i++, run++, --*left) {
		to->open_list(to->ctx, NULL);
		to->address(to->ctx, NULL, run->iova_start);
		to->address(to->ctx, NULL, run->iova_last);
		to->address(to->ctx, NULL, run->pa_start);
		to->text(to->ctx, NULL, iommu_perm_text(run->perm, perm));
		to->close_list(to->ctx);
	}
	to->close_list(to->ctx);
	if (i < n)
		to->number(to->ctx, "runs_left_out", n - i);
}

static void tell_space(const struct iommu_listener *to, const struct vtd_walk_result *r, const struct iommu_space *s,
		       bool runs, size_t *left)
{
	to->open_object(to->ctx, NULL);
	if (s->pasid != IOMMU_NO_PASID)
		to->number(to->ctx, "pasid", s->pasid);
	to->text(to->ctx, "type", iommu_space_type_name(s->type));
	to->number(to->ctx, "did", s->did);
	to->number(to->ctx, "levels", s->levels);
	to->address(to->ctx, "root", s->root);
	if (s->tree < r->base.n_trees) {
		to->number(to->ctx, "leaves", r->base.trees[s->tree].leaves);
		to->number(to->ctx, "pages", r->base.trees[s->tree].pages);
		to->number(to->ctx, "run_count", r->base.trees[s->tree].n_runs);
	}
	if (runs)
		tell_runs(to, r, s, left);
	to->close_object(to->ctx);
}

/* What there was no room for: the spaces of context @i from *@s on. */
static void tell_left_out(const struct iommu_listener *to, const struct vtd_walk_result *r, size_t *s, size_t i)
{
	size_t from = *s;

	while (*s < r->base.n_spaces && r->base.spaces[*s].context == i)
		++*s;
	if (*s > from)
		to->number(to->ctx, "spaces_left_out", *s - from);
}

static void tell_contexts(const struct iommu_listener *to, const struct vtd_walk_result *r, bool runs)
{
	size_t s = 0, left = MAX_ITEMS;
	char bdf[16];

	to->open_list(to->ctx, "contexts");
	for (size_t i = 0; i < r->base.n_requesters; i++) {
		const struct vtd_context *c = &r->contexts[i];

		to->open_object(to->ctx, NULL);
		to->text(to->ctx, "bdf", sid_text((uint16_t)(c->bus << 8 | c->devfn), bdf));
		to->address(to->ctx, "table", c->table);
		to->number(to->ctx, "slot", c->slot);
		if (c->scalable) {
			to->text(to->ctx, "half", c->upper ? "upper" : "lower");
			to->address(to->ctx, "pasid_dir", c->pasid_dir);
			to->number(to->ctx, "rid_pasid", c->rid_pasid);
		} else {
			to->number(to->ctx, "tt", c->tt);
			to->number(to->ctx, "aw", c->aw);
			to->number(to->ctx, "did", c->did);
			to->address(to->ctx, "root", c->pt_root);
		}
		to->open_list(to->ctx, "raw");
		for (unsigned k = 0; k < (c->scalable ? 4u : 2u); k++)
			to->address(to->ctx, NULL, c->raw[k]);
		to->close_list(to->ctx);
		to->open_list(to->ctx, "spaces");
		for (; left && s < r->base.n_spaces && r->base.spaces[s].context == i; s++) {
			left--;
			tell_space(to, r, &r->base.spaces[s], runs, &left);
		}
		to->close_list(to->ctx);
		tell_left_out(to, r, &s, i);
		to->close_object(to->ctx);
	}
	to->close_list(to->ctx);
}

static void tell_irtes(const struct iommu_listener *to, const struct vtd_walk_result *r)
{
	to->open_list(to->ctx, "irtes");
	for (size_t i = 0; i < r->n_irtes; i++) {
		to->open_object(to->ctx, NULL);
		to->number(to->ctx, "index", r->irtes[i].index);
		to->address(to->ctx, "hi", r->irtes[i].hi);
		to->address(to->ctx, "lo", r->irtes[i].lo);
		to->close_object(to->ctx);
	}
	to->close_list(to->ctx);
}

static void tell_defects(const struct iommu_listener *to, const struct vtd_walk_result *r)
{
	char line[256];

	to->open_object(to->ctx, "defects");
	for (unsigned k = 0; k < VTD_DEFECT_KINDS; k++)
		if (r->defect_counts[k])
			to->number(to->ctx, vtd_defect_kind_name(k), r->defect_counts[k]);
	to->close_object(to->ctx);
	to->open_list(to->ctx, "defect_samples");
	for (size_t i = 0; i < r->n_samples; i++) {
		vtd_defect_text(&r->defects[i], line, sizeof(line));
		to->text(to->ctx, NULL, line);
	}
	to->close_list(to->ctx);
}

static void tell_registers(const struct iommu_listener *to, const struct vtd_regs *regs)
{
	to->open_object(to->ctx, "registers");
	to->address(to->ctx, "ver", regs->ver);
	to->address(to->ctx, "cap", regs->cap);
	to->address(to->ctx, "ecap", regs->ecap);
	to->address(to->ctx, "gsts", regs->gsts);
	to->address(to->ctx, "rtaddr", regs->rtaddr);
	to->address(to->ctx, "fsts", regs->fsts);
	to->address(to->ctx, "irta", regs->irta);
	to->address(to->ctx, "iqa", regs->iqa);
	to->flag(to->ctx, "translation_on", regs->translation_on);
	to->flag(to->ctx, "interrupt_remapping_on", regs->ir_on);
	to->flag(to->ctx, "fault_free", vtd_regs_fault_free(regs));
	to->close_object(to->ctx);
}

void vtd_tell(const struct iommu_walk *w, const struct iommu_snapshot *s, bool runs, const struct iommu_listener *to)
{
	const struct vtd_walk_result *r = vtd_walk_of(w);
	struct vtd_regs regs;

	to->address(to->ctx, "root", r->base.root);
	to->text(to->ctx, "mode", vtd_ttm_name(r->ttm));
	to->address(to->ctx, "irta", r->irta);
	to->flag(to->ctx, "truncated", r->base.truncated);
	if (r->base.truncated)
		to->text(to->ctx, "truncated_by", r->base.truncated_by);
	to->number(to->ctx, "leaves", r->base.leaves);
	to->number(to->ctx, "tables", r->base.n_tables);
	to->number(to->ctx, "run_count", r->base.n_runs);
	to->number(to->ctx, "odd_contexts", r->odd_contexts);
	if (s) {
		vtd_regs_decode(vtd_snapshot_of(s)->regs, &regs);
		tell_registers(to, &regs);
	}
	tell_contexts(to, r, runs);
	tell_irtes(to, r);
	tell_defects(to, r);
}

static void tell_space_diffs(const struct iommu_listener *to, const struct vtd_compare *c)
{
	char bdf[16];

	to->open_list(to->ctx, "spaces");
	for (size_t i = 0; i < c->n_spaces; i++) {
		const struct iommu_space_diff *s = &c->spaces[i];

		to->open_object(to->ctx, NULL);
		to->text(to->ctx, "bdf", sid_text(s->sid, bdf));
		if (s->pasid != IOMMU_NO_PASID)
			to->number(to->ctx, "pasid", s->pasid);
		to->flag(to->ctx, "before", s->in_a);
		to->flag(to->ctx, "after", s->in_b);
		to->number(to->ctx, "same", s->same);
		to->number(to->ctx, "unmapped", s->unmapped);
		to->number(to->ctx, "new", s->new_pages);
		to->number(to->ctx, "retargeted", s->retargeted);
		to->number(to->ctx, "permission", s->permission);
		to->close_object(to->ctx);
	}
	to->close_list(to->ctx);
}

void vtd_tell_comparison(const struct iommu_comparison *comparison, const struct iommu_listener *to)
{
	const struct vtd_compare *c = vtd_compare_of(comparison);

	to->flag(to->ctx, "same", c->base.same);
	to->flag(to->ctx, "truncated", c->base.truncated);
	to->number(to->ctx, "contexts_before", c->contexts_a);
	to->number(to->ctx, "contexts_after", c->contexts_b);
	to->number(to->ctx, "contexts_same", c->contexts_same);
	to->number(to->ctx, "pages_same", c->pages_same);
	to->number(to->ctx, "pages_unmapped", c->pages_unmapped);
	to->number(to->ctx, "pages_new", c->pages_new);
	to->number(to->ctx, "pages_retargeted", c->pages_retargeted);
	to->number(to->ctx, "pages_permission", c->pages_permission);
	to->number(to->ctx, "irtes_same", c->irtes_same);
	to->open_object(to->ctx, "counts");
	for (unsigned k = 0; k < VTD_DIFF_KINDS; k++)
		if (c->counts[k])
			to->number(to->ctx, vtd_diff_kind_name(k), c->counts[k]);
	to->close_object(to->ctx);
	tell_space_diffs(to, c);
	to->open_list(to->ctx, "differences");
	for (size_t i = 0; i < c->n_diffs; i++) {
		to->open_object(to->ctx, NULL);
		to->text(to->ctx, "kind", vtd_diff_kind_name(c->diffs[i].kind));
		to->text(to->ctx, "text", c->diffs[i].text);
		to->close_object(to->ctx);
	}
	to->close_list(to->ctx);
	to->number(to->ctx, "left_out", c->diffs_left_out);
}
