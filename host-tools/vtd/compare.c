/* SPDX-License-Identifier: GPL-2.0-only */
/* Comparing two walks: entries (FPD aside), mappings, interrupt remapping; the words for what differs, and the print. */
#include "vtd/compare.h"
#include "vtd/print.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/sid.h"
#include "iommu/u64map.h"
#include "vtd/formats.h"

/* Stretches of IOVAs looked at in one comparison: twice what two walks at their default limit have. */
#define MAX_STEPS (UINT64_C(1) << 24)

/* Bits of a legacy context entry that hardware ignores and kernels use as they like. */
#define LEGACY_Q1_AVAIL VTD_MASK(6, 3)

struct comparison {
	const struct vtd_walk_result *a, *b;
	struct iommu_compare_options o;
	struct vtd_compare *c;
	uint64_t steps_left;	   /* stretches still to be looked at: trees that many share could cost hours */
	struct u64map equal_trees; /* (tree in A, tree in B) found equal -> index in c->spaces */
};

static struct vtd_diff *note(struct comparison *x, enum vtd_diff_kind kind, uint16_t sid, uint32_t pasid,
			     const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Count a difference; if it is to be kept, returns it with its text, else NULL. */
static struct vtd_diff *note(struct comparison *x, enum vtd_diff_kind kind, uint16_t sid, uint32_t pasid,
			     const char *format, ...)
{
	struct vtd_compare *c = x->c;
	struct vtd_diff *d;
	va_list args;

	c->counts[kind]++;
	if (c->n_diffs >= x->o.max_diffs) {
		c->diffs_left_out++;
		return NULL;
	}
	d = &c->diffs[c->n_diffs++];
	*d = (struct vtd_diff){ .kind = kind, .sid = sid, .pasid = pasid };
	va_start(args, format);
	vsnprintf(d->text, sizeof(d->text), format, args);
	va_end(args);
	return d;
}

/*
 * Two lists in the order of their keys, side by side: @pair gets each key that is in either, with its place in each
 * list (NOWHERE: not in that one). What concerns a requester that the options leave out is passed over.
 */
#define NOWHERE SIZE_MAX

static int side_by_side(struct comparison *x, size_t n_a, size_t n_b,
			uint64_t (*key)(const struct vtd_walk_result *walk, size_t i),
			int (*pair)(struct comparison *x, uint64_t key, size_t a, size_t b))
{
	int ret = 0;

	for (size_t i = 0, j = 0; !ret && (i < n_a || j < n_b);) {
		uint64_t p = i < n_a ? key(x->a, i) : UINT64_MAX, q = j < n_b ? key(x->b, j) : UINT64_MAX;

		ret = pair(x, p < q ? p : q, p <= q ? i : NOWHERE, q <= p ? j : NOWHERE);
		i += p <= q;
		j += q <= p;
	}
	return ret;
}

/* Requester and PASID in one key, and back. */
static uint64_t space_key(uint16_t sid, uint32_t pasid)
{
	return (uint64_t)sid << 32 | pasid;
}

static bool left_out(const struct comparison *x, uint64_t key)
{
	return x->o.one_sid && x->o.sid != key >> 32;
}

/* ---- context and PASID entries: the same slots, the same fields ---- */

static uint16_t sid_of(const struct vtd_context *c)
{
	return (uint16_t)(c->bus << 8 | c->devfn);
}

/* An entry that is only on one side. */
static void note_one_sided(struct comparison *x, enum vtd_diff_kind kind, uint64_t key, const char *what)
{
	uint16_t sid = (uint16_t)(key >> 32);
	uint32_t pasid = (uint32_t)key;
	char name[16], extra[24] = "";

	if (pasid != IOMMU_NO_PASID)
		snprintf(extra, sizeof(extra), " PASID %u", pasid);
	note(x, kind, sid, pasid, "%s%s: %s entry is %s", sid_text(sid, name), extra,
	     pasid == IOMMU_NO_PASID ? "context" : "PASID", what);
}

/* Append " what old -> new" to a text if the values differ: addresses. */
static void field(char *text, size_t len, const char *what, uint64_t a, uint64_t b)
{
	size_t used = strlen(text);

	if (a != b && used < len)
		snprintf(text + used, len - used, " %s 0x%" PRIx64 " -> 0x%" PRIx64, what, a, b);
}

/* The same of numbers. */
static void number(char *text, size_t len, const char *what, unsigned a, unsigned b)
{
	size_t used = strlen(text);

	if (a != b && used < len)
		snprintf(text + used, len - used, " %s %u -> %u", what, a, b);
}

/* The same of a value that has a word. */
static void word(char *text, size_t len, const char *what, const char *a, const char *b)
{
	size_t used = strlen(text);

	if (strcmp(a, b) != 0 && used < len)
		snprintf(text + used, len - used, " %s %s -> %s", what, a, b);
}

static void context_text(struct vtd_diff *d, const struct vtd_context *a, const struct vtd_context *b, bool roots)
{
	size_t len = sizeof(d->text), start = strlen(d->text);
	char *t = d->text;

	if (a->scalable) {
		if (roots)
			field(t, len, "PASID directory", a->pasid_dir, b->pasid_dir);
		number(t, len, "directory size", a->pasid_dir_entries, b->pasid_dir_entries);
		number(t, len, "RID_PASID", a->rid_pasid, b->rid_pasid);
		number(t, len, "DTE", a->dte, b->dte);
		number(t, len, "PASIDE", a->paside, b->paside);
		number(t, len, "PRE", a->pre, b->pre);
	} else {
		word(t, len, "translation type", vtd_tt_name(a->tt), vtd_tt_name(b->tt));
		number(t, len, "address width", vtd_aw_bits(a->aw), vtd_aw_bits(b->aw));
		number(t, len, "DID", a->did, b->did);
		if (roots)
			field(t, len, "page-table root", a->pt_root, b->pt_root);
	}
	if (strlen(t) == start)
		snprintf(t + start, len - start, " other bits of the context entry differ");
}

/* Words of an entry that differ, FPD, AVAIL and (if roots may differ) addresses aside. */
static bool context_fields_equal(const struct comparison *x, const struct vtd_context *a, const struct vtd_context *b)
{
	uint64_t q0 = ~VTD_CTX_FPD, q1 = a->scalable ? ~UINT64_C(0) : ~LEGACY_Q1_AVAIL;

	if (x->o.roots_may_differ)
		q0 &= ~VTD_MASK(63, 12);
	return !((a->raw[0] ^ b->raw[0]) & q0) && !((a->raw[1] ^ b->raw[1]) & q1) && a->raw[2] == b->raw[2] &&
	       a->raw[3] == b->raw[3];
}

static void compare_context(struct comparison *x, const struct vtd_context *a, const struct vtd_context *b)
{
	bool moved = a->upper != b->upper || a->slot != b->slot, equal = context_fields_equal(x, a, b);
	struct vtd_diff *d = NULL;
	char name[16];

	if (a->scalable != b->scalable)
		return; /* noted as VTD_DIFF_MODE */
	sid_text(sid_of(a), name);
	if (moved)
		note(x, VTD_DIFF_CONTEXT_SLOT, sid_of(a), IOMMU_NO_PASID, "%s: %s slot %u became %s slot %u", name,
		     a->upper ? "upper" : "lower", a->slot, b->upper ? "upper" : "lower", b->slot);
	if (!equal)
		d = note(x, VTD_DIFF_CONTEXT_FIELD, sid_of(a), IOMMU_NO_PASID, "%s:", name);
	if (d)
		context_text(d, a, b, !x->o.roots_may_differ);
	x->c->contexts_same += !moved && equal;
}

static uint64_t context_key(const struct vtd_walk_result *walk, size_t i)
{
	return space_key(sid_of(&walk->contexts[i]), IOMMU_NO_PASID);
}

static int context_pair(struct comparison *x, uint64_t key, size_t a, size_t b)
{
	if (left_out(x, key))
		return 0;
	if (b == NOWHERE)
		note_one_sided(x, VTD_DIFF_CONTEXT_MISSING, key, "gone");
	else if (a == NOWHERE)
		note_one_sided(x, VTD_DIFF_CONTEXT_EXTRA, key, "new");
	else
		compare_context(x, &x->a->contexts[a], &x->b->contexts[b]);
	return 0;
}

static void compare_pasid(struct comparison *x, const struct vtd_pasid *a, const struct vtd_pasid *b)
{
	struct vtd_diff *d;
	uint64_t differ = 0;
	char name[16];

	for (unsigned k = 0; k < 8; k++) {
		uint64_t mask = k == 0 ? ~VTD_PASID_FPD : ~UINT64_C(0);

		if (x->o.roots_may_differ && (k == 0 || k == 2))
			mask &= ~VTD_MASK(63, 12);
		differ |= (a->raw[k] ^ b->raw[k]) & mask;
	}
	if (!differ) {
		x->c->pasids_same++;
		return;
	}
	d = note(x, VTD_DIFF_PASID_FIELD, a->sid, a->pasid, "%s PASID %u:", sid_text(a->sid, name), a->pasid);
	if (!d)
		return;
	word(d->text, sizeof(d->text), "PGTT", vtd_pgtt_name(a->pgtt), vtd_pgtt_name(b->pgtt));
	number(d->text, sizeof(d->text), "address width", vtd_aw_bits(a->aw), vtd_aw_bits(b->aw));
	number(d->text, sizeof(d->text), "DID", a->did, b->did);
	number(d->text, sizeof(d->text), "FLPM", a->flpm, b->flpm);
	if (!x->o.roots_may_differ) {
		field(d->text, sizeof(d->text), "second-level root", a->sl_root, b->sl_root);
		field(d->text, sizeof(d->text), "first-level root", a->fl_root, b->fl_root);
	}
	if (d->text[strlen(d->text) - 1] == ':')
		strcat(d->text, " other bits of the PASID entry differ");
}

static uint64_t pasid_key(const struct vtd_walk_result *walk, size_t i)
{
	return space_key(walk->pasids[i].sid, walk->pasids[i].pasid);
}

static int pasid_pair(struct comparison *x, uint64_t key, size_t a, size_t b)
{
	if (left_out(x, key))
		return 0;
	if (b == NOWHERE)
		note_one_sided(x, VTD_DIFF_PASID_MISSING, key, "gone");
	else if (a == NOWHERE)
		note_one_sided(x, VTD_DIFF_PASID_EXTRA, key, "new");
	else
		compare_pasid(x, &x->a->pasids[a], &x->b->pasids[b]);
	return 0;
}

/* ---- mappings ---- */

/* Report what differs on @s. */
static void note_stretch(void *x, const struct iommu_space_diff *of, const struct iommu_stretch *s)
{
	enum vtd_diff_kind kind = VTD_DIFF_UNMAPPED + (s->kind - IOMMU_DIFF_UNMAPPED);
	struct vtd_diff *d;
	char sid[16], pa[5], pb[5], where[96], pasid[24] = "", how[96];

	iommu_perm_text(s->perm_a, pa);
	iommu_perm_text(s->perm_b, pb);
	if (of->pasid != IOMMU_NO_PASID)
		snprintf(pasid, sizeof(pasid), " PASID %u", of->pasid);
	snprintf(where, sizeof(where), "%s%s: iova 0x%" PRIx64 "-0x%" PRIx64, sid_text(of->sid, sid), pasid, s->start,
		 s->last);
	if (s->kind == IOMMU_DIFF_UNMAPPED)
		snprintf(how, sizeof(how), "mapped only before -> 0x%" PRIx64 " %s", s->pa_a, pa);
	else if (s->kind == IOMMU_DIFF_NEW)
		snprintf(how, sizeof(how), "mapped only after -> 0x%" PRIx64 " %s", s->pa_b, pb);
	else if (s->kind == IOMMU_DIFF_RETARGETED)
		snprintf(how, sizeof(how), "went to 0x%" PRIx64 " %s, now to 0x%" PRIx64 " %s", s->pa_a, pa, s->pa_b,
			 pb);
	else
		snprintf(how, sizeof(how), "-> 0x%" PRIx64 " was %s, is %s", s->pa_a, pa, pb);
	d = note(x, kind, of->sid, of->pasid, "%s %s", where, how);
	if (!d)
		return;
	d->start = s->start;
	d->last = s->last;
	d->pa_a = s->pa_a;
	d->pa_b = s->pa_b;
}

static uint64_t sum(uint64_t a, uint64_t b)
{
	return a + b < a ? UINT64_MAX : a + b;
}

/*
 * The mappings of a space. Trees are shared by many requesters: a pair of trees that was found
 * equal is not swept again. (Differing ones are: each requester's differences are reported.)
 */
static int compare_mappings(struct comparison *x, const struct iommu_space *a, const struct iommu_space *b,
			    struct iommu_space_diff *out)
{
	struct vtd_compare *c = x->c;
	bool trees = a && b && a->tree < x->a->base.n_trees && b->tree < x->b->base.n_trees;
	uint64_t key = trees ? (uint64_t)a->tree << 32 | b->tree : 0;
	uint32_t known = trees ? u64map_get(&x->equal_trees, key) : U64MAP_NONE;

	if (known != U64MAP_NONE) {
		out->same = c->spaces[known].same;
		return 0;
	}
	if (!iommu_compare_runs(&x->a->base, a, &x->b->base, b, out, &x->steps_left, note_stretch, x))
		c->base.truncated = true;
	if (!trees || out->unmapped || out->new_pages || out->retargeted || out->permission)
		return 0;
	return u64map_put(&x->equal_trees, key, (uint32_t)(out - c->spaces));
}

static uint64_t key_of_space(const struct vtd_walk_result *walk, size_t i)
{
	return space_key(walk->base.spaces[i].sid, walk->base.spaces[i].pasid);
}

/* One (sid, pasid) that exists on at least one side: 0 or -ENOMEM. */
static int space_pair(struct comparison *x, uint64_t key, size_t at_a, size_t at_b)
{
	const struct iommu_space *a = at_a == NOWHERE ? NULL : &x->a->base.spaces[at_a];
	const struct iommu_space *b = at_b == NOWHERE ? NULL : &x->b->base.spaces[at_b];
	struct vtd_compare *c = x->c;
	struct iommu_space_diff *out = &c->spaces[c->n_spaces];
	char sid[16];
	int ret;

	if (left_out(x, key))
		return 0;
	*out = (struct iommu_space_diff){
		.sid = (uint16_t)(key >> 32), .pasid = (uint32_t)key, .in_a = a != NULL, .in_b = b != NULL
	};
	c->n_spaces++;
	if (a && b && a->type != b->type)
		note(x, VTD_DIFF_SPACE_TYPE, out->sid, out->pasid, "%s: translation was %s, is %s",
		     sid_text(out->sid, sid), iommu_space_type_name(a->type), iommu_space_type_name(b->type));
	ret = compare_mappings(x, a, b, out);
	c->pages_same = sum(c->pages_same, out->same);
	c->pages_unmapped = sum(c->pages_unmapped, out->unmapped);
	c->pages_new = sum(c->pages_new, out->new_pages);
	c->pages_retargeted = sum(c->pages_retargeted, out->retargeted);
	c->pages_permission = sum(c->pages_permission, out->permission);
	return ret;
}

static int compare_spaces(struct comparison *x)
{
	size_t n_a = x->a->base.n_spaces, n_b = x->b->base.n_spaces;

	x->c->spaces = calloc(n_a + n_b + 1, sizeof(*x->c->spaces));
	return x->c->spaces ? side_by_side(x, n_a, n_b, key_of_space, space_pair) : -ENOMEM;
}

/* ---- interrupt-remapping entries ---- */

static uint64_t irte_key(const struct vtd_walk_result *walk, size_t i)
{
	return walk->irtes[i].index;
}

static int irte_pair(struct comparison *x, uint64_t key, size_t at_a, size_t at_b)
{
	const struct vtd_irte *a = at_a == NOWHERE ? NULL : &x->a->irtes[at_a];
	const struct vtd_irte *b = at_b == NOWHERE ? NULL : &x->b->irtes[at_b], *e = a ? a : b;
	unsigned index = (unsigned)key;
	struct vtd_diff *d = NULL;

	if (a && b && a->lo == b->lo && a->hi == b->hi)
		x->c->irtes_same++;
	else if (a && b)
		d = note(x, VTD_DIFF_IRTE_CHANGED, 0, IOMMU_NO_PASID,
			 "irte %u: 0x%016" PRIx64 "%016" PRIx64 " became 0x%016" PRIx64 "%016" PRIx64, index, a->hi,
			 a->lo, b->hi, b->lo);
	else if (a || !x->o.extra_irtes_ok)
		d = note(x, a ? VTD_DIFF_IRTE_MISSING : VTD_DIFF_IRTE_EXTRA, 0, IOMMU_NO_PASID,
			 "irte %u: present only %s: 0x%016" PRIx64 "%016" PRIx64, index, a ? "before" : "after", e->hi,
			 e->lo);
	if (d)
		d->start = d->last = index;
	return 0;
}

static void compare_irtes(struct comparison *x)
{
	if ((x->a->irta ^ x->b->irta) & VTD_IRTA_EIME)
		note(x, VTD_DIFF_EIME, 0, IOMMU_NO_PASID, "extended interrupt mode was %s, is %s",
		     x->a->irta & VTD_IRTA_EIME ? "on" : "off", x->b->irta & VTD_IRTA_EIME ? "on" : "off");
	side_by_side(x, x->a->n_irtes, x->b->n_irtes, irte_key, irte_pair);
}

int vtd_compare(const struct vtd_walk_result *a, const struct vtd_walk_result *b,
		const struct iommu_compare_options *opt, struct vtd_compare **out)
{
	struct comparison x = { .a = a, .b = b, .steps_left = MAX_STEPS };
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
	x.c->base.iommu = a->base.iommu;
	x.c->contexts_a = a->base.n_requesters;
	x.c->contexts_b = b->base.n_requesters;
	x.c->pasids_a = a->n_pasids;
	x.c->pasids_b = b->n_pasids;
	x.c->irtes_a = a->n_irtes;
	x.c->irtes_b = b->n_irtes;
	x.c->base.truncated = a->base.truncated || b->base.truncated;
	if (a->ttm != b->ttm)
		note(&x, VTD_DIFF_MODE, 0, IOMMU_NO_PASID, "translation table mode was %s, is %s", vtd_ttm_name(a->ttm),
		     vtd_ttm_name(b->ttm));
	if (!x.o.skip_contexts) {
		side_by_side(&x, a->base.n_requesters, b->base.n_requesters, context_key, context_pair);
		side_by_side(&x, a->n_pasids, b->n_pasids, pasid_key, pasid_pair);
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
		x.c->base.differences += x.c->counts[k];
	x.c->base.same = !x.c->base.differences && !x.c->base.truncated;
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
	fprintf(out, "%s%s\n", c->base.same ? "same" : "different",
		c->base.truncated ? " (a side is incomplete: a limit was met)" : "");
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
