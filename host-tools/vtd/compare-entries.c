/* SPDX-License-Identifier: GPL-2.0-only */
/* Comparing context and PASID entries: the same slots, the same fields (FPD aside). */
#include <inttypes.h>
#include <string.h>

#include "base/sid.h"
#include "vtd/compare-internal.h"
#include "vtd/formats.h"

/* Bits of a legacy context entry that hardware ignores and kernels use as they like. */
#define LEGACY_Q1_AVAIL VTD_MASK(6, 3)

static uint16_t sid_of(const struct vtd_context *c)
{
	return (uint16_t)(c->bus << 8 | c->devfn);
}

static void note_one_sided(struct comparison *x, enum vtd_diff_kind kind, uint16_t sid, uint32_t pasid)
{
	bool missing = kind == VTD_DIFF_CONTEXT_MISSING || kind == VTD_DIFF_PASID_MISSING;
	struct vtd_diff *d = compare_note(x, kind, sid, pasid);
	char name[8], extra[24] = "";

	if (!d)
		return;
	if (pasid != IOMMU_NO_PASID)
		snprintf(extra, sizeof(extra), " pasid 0x%x", pasid);
	snprintf(d->text, sizeof(d->text), "%s%s: %s entry present only %s", sid_short(sid, name), extra,
		 pasid == IOMMU_NO_PASID ? "context" : "PASID", missing ? "before" : "after");
}

/* Append " what old -> new" to a text if the values differ. */
static void field(char *text, size_t len, const char *what, uint64_t a, uint64_t b)
{
	size_t used = strlen(text);

	if (a != b && used < len)
		snprintf(text + used, len - used, " %s 0x%" PRIx64 " -> 0x%" PRIx64, what, a, b);
}

static void context_text(struct vtd_diff *d, const struct vtd_context *a, const struct vtd_context *b, bool roots)
{
	char name[8], *t = d->text;
	size_t len = sizeof(d->text), start;

	snprintf(t, len, "%s:", sid_short(sid_of(a), name));
	start = strlen(t);
	if (a->scalable) {
		if (roots)
			field(t, len, "PASID directory", a->pasid_dir, b->pasid_dir);
		field(t, len, "directory size", a->pasid_dir_entries, b->pasid_dir_entries);
		field(t, len, "RID_PASID", a->rid_pasid, b->rid_pasid);
		field(t, len, "DTE", a->dte, b->dte);
		field(t, len, "PASIDE", a->paside, b->paside);
		field(t, len, "PRE", a->pre, b->pre);
	} else {
		field(t, len, "translation type", a->tt, b->tt);
		field(t, len, "address width", a->aw, b->aw);
		field(t, len, "DID", a->did, b->did);
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
	struct vtd_diff *d;
	bool same = true;
	char name[8];

	if (a->scalable != b->scalable)
		return; /* noted as VTD_DIFF_MODE */
	if (a->upper != b->upper || a->slot != b->slot) {
		same = false;
		d = compare_note(x, VTD_DIFF_CONTEXT_SLOT, sid_of(a), IOMMU_NO_PASID);
		if (d)
			snprintf(d->text, sizeof(d->text), "%s: %s slot %u became %s slot %u",
				 sid_short(sid_of(a), name), a->upper ? "upper" : "lower", a->slot,
				 b->upper ? "upper" : "lower", b->slot);
	}
	if (!context_fields_equal(x, a, b)) {
		same = false;
		d = compare_note(x, VTD_DIFF_CONTEXT_FIELD, sid_of(a), IOMMU_NO_PASID);
		if (d)
			context_text(d, a, b, !x->o.roots_may_differ);
	}
	x->c->contexts_same += same;
}

void compare_contexts(struct comparison *x)
{
	const struct vtd_walk_result *a = x->a, *b = x->b;
	size_t i = 0, j = 0;

	while (i < a->base.n_requesters || j < b->base.n_requesters) {
		uint32_t p = i < a->base.n_requesters ? sid_of(&a->contexts[i]) : UINT32_MAX;
		uint32_t q = j < b->base.n_requesters ? sid_of(&b->contexts[j]) : UINT32_MAX;
		uint16_t sid = (uint16_t)(p < q ? p : q);
		bool skip = compare_skips(x, sid);

		if (!skip && p < q)
			note_one_sided(x, VTD_DIFF_CONTEXT_MISSING, sid, IOMMU_NO_PASID);
		else if (!skip && q < p)
			note_one_sided(x, VTD_DIFF_CONTEXT_EXTRA, sid, IOMMU_NO_PASID);
		else if (!skip)
			compare_context(x, &a->contexts[i], &b->contexts[j]);
		i += p <= q;
		j += q <= p;
	}
}

static void compare_pasid(struct comparison *x, const struct vtd_pasid *a, const struct vtd_pasid *b)
{
	struct vtd_diff *d;
	uint64_t differ = 0;
	char name[8];

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
	d = compare_note(x, VTD_DIFF_PASID_FIELD, a->sid, a->pasid);
	if (!d)
		return;
	snprintf(d->text, sizeof(d->text), "%s pasid 0x%x:", sid_short(a->sid, name), a->pasid);
	field(d->text, sizeof(d->text), "PGTT", a->pgtt, b->pgtt);
	field(d->text, sizeof(d->text), "address width", a->aw, b->aw);
	field(d->text, sizeof(d->text), "DID", a->did, b->did);
	field(d->text, sizeof(d->text), "FLPM", a->flpm, b->flpm);
	if (!x->o.roots_may_differ) {
		field(d->text, sizeof(d->text), "second-level root", a->sl_root, b->sl_root);
		field(d->text, sizeof(d->text), "first-level root", a->fl_root, b->fl_root);
	}
	if (d->text[strlen(d->text) - 1] == ':')
		strcat(d->text, " other bits of the PASID entry differ");
}

static uint64_t pasid_key(const struct vtd_pasid *p)
{
	return (uint64_t)p->sid << 32 | p->pasid;
}

void compare_pasids(struct comparison *x)
{
	const struct vtd_walk_result *a = x->a, *b = x->b;
	size_t i = 0, j = 0;

	while (i < a->n_pasids || j < b->n_pasids) {
		uint64_t p = i < a->n_pasids ? pasid_key(&a->pasids[i]) : UINT64_MAX;
		uint64_t q = j < b->n_pasids ? pasid_key(&b->pasids[j]) : UINT64_MAX;
		uint64_t key = p < q ? p : q;
		bool skip = compare_skips(x, (uint16_t)(key >> 32));

		if (!skip && p < q)
			note_one_sided(x, VTD_DIFF_PASID_MISSING, (uint16_t)(key >> 32), (uint32_t)key);
		else if (!skip && q < p)
			note_one_sided(x, VTD_DIFF_PASID_EXTRA, (uint16_t)(key >> 32), (uint32_t)key);
		else if (!skip)
			compare_pasid(x, &a->pasids[i], &b->pasids[j]);
		i += p <= q;
		j += q <= p;
	}
}
