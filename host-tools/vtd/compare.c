/* SPDX-License-Identifier: GPL-2.0-only */
/* Comparing two walks: the frame, interrupt-remapping entries, words and print. */
#include "vtd/compare.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "vtd/compare-internal.h"
#include "vtd/formats.h"

/*
 * Stretches of IOVAs looked at in one comparison: twice what two walks at their default limit have.
 */
#define MAX_STEPS (UINT64_C(1) << 24)

struct vtd_diff *compare_note(struct comparison *x, enum vtd_diff_kind kind, uint16_t sid, uint32_t pasid)
{
	struct vtd_compare *c = x->c;
	struct vtd_diff *d;

	c->counts[kind]++;
	if (c->n_diffs >= x->o.max_diffs) {
		c->diffs_left_out++;
		return NULL;
	}
	d = &c->diffs[c->n_diffs++];
	*d = (struct vtd_diff){ .kind = kind, .sid = sid, .pasid = pasid };
	return d;
}

/* An entry that is only on one side. */
static void note_irte(struct comparison *x, enum vtd_diff_kind kind, const struct vtd_irte *e)
{
	struct vtd_diff *d = compare_note(x, kind, 0, IOMMU_NO_PASID);

	if (!d)
		return;
	d->start = d->last = e->index;
	snprintf(d->text, sizeof(d->text), "irte %u: present only %s: 0x%016" PRIx64 "%016" PRIx64, e->index,
		 kind == VTD_DIFF_IRTE_MISSING ? "before" : "after", e->hi, e->lo);
}

static void compare_irte(struct comparison *x, const struct vtd_irte *a, const struct vtd_irte *b)
{
	struct vtd_diff *d;

	if (a->lo == b->lo && a->hi == b->hi) {
		x->c->irtes_same++;
		return;
	}
	d = compare_note(x, VTD_DIFF_IRTE_CHANGED, 0, IOMMU_NO_PASID);
	if (!d)
		return;
	d->start = d->last = a->index;
	snprintf(d->text, sizeof(d->text), "irte %u: 0x%016" PRIx64 "%016" PRIx64 " became 0x%016" PRIx64 "%016" PRIx64,
		 a->index, a->hi, a->lo, b->hi, b->lo);
}

void compare_irtes(struct comparison *x)
{
	const struct vtd_walk_result *a = x->a, *b = x->b;
	size_t i = 0, j = 0;

	if ((a->irta ^ b->irta) & VTD_IRTA_EIME) {
		struct vtd_diff *d = compare_note(x, VTD_DIFF_EIME, 0, IOMMU_NO_PASID);

		if (d)
			snprintf(d->text, sizeof(d->text), "extended interrupt mode was %s, is %s",
				 a->irta & VTD_IRTA_EIME ? "on" : "off", b->irta & VTD_IRTA_EIME ? "on" : "off");
	}
	while (i < a->n_irtes || j < b->n_irtes) {
		uint32_t p = i < a->n_irtes ? a->irtes[i].index : UINT32_MAX;
		uint32_t q = j < b->n_irtes ? b->irtes[j].index : UINT32_MAX;

		if (p < q)
			note_irte(x, VTD_DIFF_IRTE_MISSING, &a->irtes[i]);
		else if (q < p && !x->o.extra_irtes_ok)
			note_irte(x, VTD_DIFF_IRTE_EXTRA, &b->irtes[j]);
		else if (p == q)
			compare_irte(x, &a->irtes[i], &b->irtes[j]);
		i += p <= q;
		j += q <= p;
	}
}

static void note_mode(struct comparison *x)
{
	struct vtd_diff *d;

	if (x->a->ttm == x->b->ttm)
		return;
	d = compare_note(x, VTD_DIFF_MODE, 0, IOMMU_NO_PASID);
	if (d)
		snprintf(d->text, sizeof(d->text), "translation table mode was %s, is %s", vtd_ttm_name(x->a->ttm),
			 vtd_ttm_name(x->b->ttm));
}

int vtd_compare(const struct vtd_walk_result *a, const struct vtd_walk_result *b, const struct vtd_compare_options *opt,
		struct vtd_compare **out)
{
	struct comparison x = { .a = a, .b = b, .steps_left = MAX_STEPS };
	uint64_t differences = 0;
	int ret = 0;

	*out = NULL;
	if (opt)
		x.o = *opt;
	if (!x.o.max_diffs)
		x.o.max_diffs = 256;
	x.c = calloc(1, sizeof(*x.c));
	if (!x.c)
		return -ENOMEM;
	x.c->diffs = calloc(x.o.max_diffs, sizeof(*x.c->diffs));
	if (!x.c->diffs) {
		free(x.c);
		return -ENOMEM;
	}
	x.c->contexts_a = a->base.n_requesters;
	x.c->contexts_b = b->base.n_requesters;
	x.c->pasids_a = a->n_pasids;
	x.c->pasids_b = b->n_pasids;
	x.c->irtes_a = a->n_irtes;
	x.c->irtes_b = b->n_irtes;
	x.c->truncated = a->base.truncated || b->base.truncated;
	note_mode(&x);
	if (!x.o.skip_contexts) {
		compare_contexts(&x);
		compare_pasids(&x);
	}
	if (!x.o.skip_mappings)
		ret = compare_spaces(&x);
	u64map_clear(&x.equal_trees);
	if (ret) {
		vtd_compare_free(x.c);
		return ret;
	}
	if (!x.o.skip_irtes)
		compare_irtes(&x);
	for (unsigned k = 0; k < VTD_DIFF_KINDS; k++)
		differences += x.c->counts[k];
	x.c->same = !differences && !x.c->truncated;
	*out = x.c;
	return 0;
}

void vtd_compare_free(struct vtd_compare *c)
{
	if (!c)
		return;
	free(c->spaces);
	free(c->diffs);
	free(c);
}

const char *vtd_diff_kind_name(unsigned kind)
{
	static const char *const names[VTD_DIFF_KINDS] = {
		[VTD_DIFF_MODE] = "mode",
		[VTD_DIFF_CONTEXT_MISSING] = "context-missing",
		[VTD_DIFF_CONTEXT_EXTRA] = "context-extra",
		[VTD_DIFF_CONTEXT_SLOT] = "context-slot",
		[VTD_DIFF_CONTEXT_FIELD] = "context-field",
		[VTD_DIFF_PASID_MISSING] = "pasid-missing",
		[VTD_DIFF_PASID_EXTRA] = "pasid-extra",
		[VTD_DIFF_PASID_FIELD] = "pasid-field",
		[VTD_DIFF_SPACE_TYPE] = "translation-type",
		[VTD_DIFF_UNMAPPED] = "unmapped",
		[VTD_DIFF_NEW] = "newly-mapped",
		[VTD_DIFF_RETARGETED] = "retargeted",
		[VTD_DIFF_PERMISSION] = "permission",
		[VTD_DIFF_IRTE_MISSING] = "irte-missing",
		[VTD_DIFF_IRTE_EXTRA] = "irte-extra",
		[VTD_DIFF_IRTE_CHANGED] = "irte-changed",
		[VTD_DIFF_EIME] = "extended-interrupt-mode",
	};

	return kind < VTD_DIFF_KINDS ? names[kind] : "unknown";
}

void vtd_compare_print(const struct vtd_compare *c, FILE *out)
{
	fprintf(out, "%s%s\n", c->same ? "same" : "different",
		c->truncated ? " (a side is incomplete: a limit was met)" : "");
	fprintf(out, "contexts: %zu before, %zu after, %zu same\n", c->contexts_a, c->contexts_b, c->contexts_same);
	if (c->pasids_a || c->pasids_b)
		fprintf(out, "pasids: %zu before, %zu after, %zu same\n", c->pasids_a, c->pasids_b, c->pasids_same);
	fprintf(out,
		"pages: %" PRIu64 " same, %" PRIu64 " unmapped, %" PRIu64 " new, %" PRIu64 " retargeted, %" PRIu64
		" with other permissions\n",
		c->pages_same, c->pages_unmapped, c->pages_new, c->pages_retargeted, c->pages_permission);
	if (c->irtes_a || c->irtes_b)
		fprintf(out, "irtes: %zu before, %zu after, %zu same\n", c->irtes_a, c->irtes_b, c->irtes_same);
	for (unsigned k = 0; k < VTD_DIFF_KINDS; k++)
		if (c->counts[k])
			fprintf(out, "%s: %" PRIu64 "\n", vtd_diff_kind_name(k), c->counts[k]);
	for (size_t i = 0; i < c->n_diffs; i++)
		fprintf(out, "  %s\n", c->diffs[i].text);
	if (c->diffs_left_out)
		fprintf(out, "  ... and %" PRIu64 " more\n", c->diffs_left_out);
}
