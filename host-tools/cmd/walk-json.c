/* SPDX-License-Identifier: GPL-2.0-only */
/* A walk result, and a comparison of two, as JSON. */
#include "cmd/walk-json.h"
#include "vtd/print.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/sid.h"

static void put_hex(JsonBuilder *b, uint64_t value)
{
	char text[20];

	snprintf(text, sizeof(text), "0x%" PRIx64, value);
	json_builder_add_string_value(b, text);
}

static void add_hex(JsonBuilder *b, const char *name, uint64_t value)
{
	json_builder_set_member_name(b, name);
	put_hex(b, value);
}

/* JSON numbers here are signed: what does not fit (a saturated count) is the largest that does. */
static void add_int(JsonBuilder *b, const char *name, uint64_t value)
{
	json_builder_set_member_name(b, name);
	json_builder_add_int_value(b, value > INT64_MAX ? INT64_MAX : (gint64)value);
}

static void add_bool(JsonBuilder *b, const char *name, gboolean value)
{
	json_builder_set_member_name(b, name);
	json_builder_add_boolean_value(b, value);
}

static void add_text(JsonBuilder *b, const char *name, const char *value)
{
	json_builder_set_member_name(b, name);
	json_builder_add_string_value(b, value);
}

static void begin_array(JsonBuilder *b, const char *name)
{
	json_builder_set_member_name(b, name);
	json_builder_begin_array(b);
}

/*
 * Spaces and runs in all, each of them some hundred bytes of memory: a few pages that refer to each other make as many
 * as one likes.
 */
#define MAX_ITEMS 150000u

/* Runs are many: each is an array [first, last, pa, permissions]; as many as *@left allows. */
static void add_runs(JsonBuilder *b, const struct vtd_walk_result *r, const struct iommu_space *s, size_t *left)
{
	size_t n, i;
	const struct iommu_run *run = iommu_space_runs(&r->base, s, &n);
	char perm[5];

	begin_array(b, "runs");
	for (i = 0; i < n && *left; i++, run++, --*left) {
		json_builder_begin_array(b);
		put_hex(b, run->iova_start);
		put_hex(b, run->iova_last);
		put_hex(b, run->pa_start);
		json_builder_add_string_value(b, iommu_perm_text(run->perm, perm));
		json_builder_end_array(b);
	}
	json_builder_end_array(b);
	if (i < n)
		add_int(b, "runs_left_out", n - i);
}

static void add_space(JsonBuilder *b, const struct vtd_walk_result *r, const struct iommu_space *s, gboolean runs,
		      size_t *left)
{
	json_builder_begin_object(b);
	if (s->pasid != IOMMU_NO_PASID)
		add_int(b, "pasid", s->pasid);
	add_text(b, "type", iommu_space_type_name(s->type));
	add_int(b, "did", s->did);
	add_int(b, "levels", s->levels);
	add_hex(b, "root", s->root);
	if (s->tree < r->base.n_trees) {
		add_int(b, "leaves", r->base.trees[s->tree].leaves);
		add_int(b, "pages", r->base.trees[s->tree].pages);
		add_int(b, "run_count", r->base.trees[s->tree].n_runs);
	}
	if (runs)
		add_runs(b, r, s, left);
	json_builder_end_object(b);
}

/* What there was no room for: the spaces of context @i from *@s on. */
static void add_left_out(JsonBuilder *b, const struct vtd_walk_result *r, size_t *s, size_t i)
{
	size_t from = *s;

	while (*s < r->base.n_spaces && r->base.spaces[*s].context == i)
		++*s;
	if (*s > from)
		add_int(b, "spaces_left_out", *s - from);
}

static void add_contexts(JsonBuilder *b, const struct vtd_walk_result *r, gboolean runs)
{
	size_t s = 0, left = MAX_ITEMS;
	char bdf[16];

	begin_array(b, "contexts");
	for (size_t i = 0; i < r->base.n_requesters; i++) {
		const struct vtd_context *c = &r->contexts[i];

		json_builder_begin_object(b);
		add_text(b, "bdf", sid_text((uint16_t)(c->bus << 8 | c->devfn), bdf));
		add_hex(b, "table", c->table);
		add_int(b, "slot", c->slot);
		if (c->scalable) {
			add_text(b, "half", c->upper ? "upper" : "lower");
			add_hex(b, "pasid_dir", c->pasid_dir);
			add_int(b, "rid_pasid", c->rid_pasid);
		} else {
			add_int(b, "tt", c->tt);
			add_int(b, "aw", c->aw);
			add_int(b, "did", c->did);
			add_hex(b, "root", c->pt_root);
		}
		begin_array(b, "raw");
		for (unsigned k = 0; k < (c->scalable ? 4u : 2u); k++)
			put_hex(b, c->raw[k]);
		json_builder_end_array(b);
		begin_array(b, "spaces");
		for (; left && s < r->base.n_spaces && r->base.spaces[s].context == i; s++) {
			left--;
			add_space(b, r, &r->base.spaces[s], runs, &left);
		}
		json_builder_end_array(b);
		add_left_out(b, r, &s, i);
		json_builder_end_object(b);
	}
	json_builder_end_array(b);
}

static void add_irtes(JsonBuilder *b, const struct vtd_walk_result *r)
{
	begin_array(b, "irtes");
	for (size_t i = 0; i < r->n_irtes; i++) {
		json_builder_begin_object(b);
		add_int(b, "index", r->irtes[i].index);
		add_hex(b, "hi", r->irtes[i].hi);
		add_hex(b, "lo", r->irtes[i].lo);
		json_builder_end_object(b);
	}
	json_builder_end_array(b);
}

static void add_defects(JsonBuilder *b, const struct vtd_walk_result *r)
{
	char line[256];

	json_builder_set_member_name(b, "defects");
	json_builder_begin_object(b);
	for (unsigned k = 0; k < VTD_DEFECT_KINDS; k++)
		if (r->defect_counts[k])
			add_int(b, vtd_defect_kind_name(k), r->defect_counts[k]);
	json_builder_end_object(b);
	begin_array(b, "defect_samples");
	for (size_t i = 0; i < r->n_samples; i++) {
		vtd_defect_text(&r->defects[i], line, sizeof(line));
		json_builder_add_string_value(b, line);
	}
	json_builder_end_array(b);
}

static void add_registers(JsonBuilder *b, const struct vtd_regs *regs)
{
	json_builder_set_member_name(b, "registers");
	json_builder_begin_object(b);
	add_hex(b, "ver", regs->ver);
	add_hex(b, "cap", regs->cap);
	add_hex(b, "ecap", regs->ecap);
	add_hex(b, "gsts", regs->gsts);
	add_hex(b, "rtaddr", regs->rtaddr);
	add_hex(b, "fsts", regs->fsts);
	add_hex(b, "irta", regs->irta);
	add_hex(b, "iqa", regs->iqa);
	add_bool(b, "translation_on", regs->translation_on);
	add_bool(b, "interrupt_remapping_on", regs->ir_on);
	add_bool(b, "fault_free", vtd_regs_fault_free(regs));
	json_builder_end_object(b);
}

JsonNode *walk_to_json(const struct vtd_walk_result *r, const struct vtd_regs *regs, gboolean runs)
{
	g_autoptr(JsonBuilder) b = json_builder_new();

	json_builder_begin_object(b);
	add_hex(b, "root", r->base.root);
	add_text(b, "mode", vtd_ttm_name(r->ttm));
	add_hex(b, "irta", r->irta);
	add_bool(b, "truncated", r->base.truncated);
	if (r->base.truncated)
		add_text(b, "truncated_by", r->base.truncated_by);
	add_int(b, "leaves", r->base.leaves);
	add_int(b, "tables", r->base.n_tables);
	add_int(b, "run_count", r->base.n_runs);
	add_int(b, "odd_contexts", r->odd_contexts);
	if (regs)
		add_registers(b, regs);
	add_contexts(b, r, runs);
	add_irtes(b, r);
	add_defects(b, r);
	json_builder_end_object(b);
	return json_builder_get_root(b);
}

static void add_space_diffs(JsonBuilder *b, const struct vtd_compare *c)
{
	char bdf[16];

	begin_array(b, "spaces");
	for (size_t i = 0; i < c->n_spaces; i++) {
		const struct iommu_space_diff *s = &c->spaces[i];

		json_builder_begin_object(b);
		add_text(b, "bdf", sid_text(s->sid, bdf));
		if (s->pasid != IOMMU_NO_PASID)
			add_int(b, "pasid", s->pasid);
		add_bool(b, "before", s->in_a);
		add_bool(b, "after", s->in_b);
		add_int(b, "same", s->same);
		add_int(b, "unmapped", s->unmapped);
		add_int(b, "new", s->new_pages);
		add_int(b, "retargeted", s->retargeted);
		add_int(b, "permission", s->permission);
		json_builder_end_object(b);
	}
	json_builder_end_array(b);
}

JsonNode *compare_to_json(const struct vtd_compare *c)
{
	g_autoptr(JsonBuilder) b = json_builder_new();

	json_builder_begin_object(b);
	add_bool(b, "same", c->same);
	add_bool(b, "truncated", c->truncated);
	add_int(b, "contexts_before", c->contexts_a);
	add_int(b, "contexts_after", c->contexts_b);
	add_int(b, "contexts_same", c->contexts_same);
	add_int(b, "pages_same", c->pages_same);
	add_int(b, "pages_unmapped", c->pages_unmapped);
	add_int(b, "pages_new", c->pages_new);
	add_int(b, "pages_retargeted", c->pages_retargeted);
	add_int(b, "pages_permission", c->pages_permission);
	add_int(b, "irtes_same", c->irtes_same);
	json_builder_set_member_name(b, "counts");
	json_builder_begin_object(b);
	for (unsigned k = 0; k < VTD_DIFF_KINDS; k++)
		if (c->counts[k])
			add_int(b, vtd_diff_kind_name(k), c->counts[k]);
	json_builder_end_object(b);
	add_space_diffs(b, c);
	begin_array(b, "differences");
	for (size_t i = 0; i < c->n_diffs; i++) {
		json_builder_begin_object(b);
		add_text(b, "kind", vtd_diff_kind_name(c->diffs[i].kind));
		add_text(b, "text", c->diffs[i].text);
		json_builder_end_object(b);
	}
	json_builder_end_array(b);
	add_int(b, "left_out", c->diffs_left_out);
	json_builder_end_object(b);
	return json_builder_get_root(b);
}

void json_print(JsonNode *node)
{
	g_autofree char *text = json_to_string(node, TRUE);

	puts(text);
	json_node_unref(node);
}
