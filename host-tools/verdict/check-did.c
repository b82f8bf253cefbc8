/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The check `did-consistent`: what caches tag with one domain id must have one translation. The ids are those
 * of legacy context entries, or of PASID entries in scalable mode, of one unit at one moment.
 */
#include "verdict/check-common.h"

#include <inttypes.h>
#include <stdlib.h>

#define TOLD_MAX 4 /* clashes that are put into words */

/* What one state showed. What is wrong in the first state that has something wrong is put into words. */
struct dids {
	size_t entries, distinct;
	uint64_t bad, told; /* clashes and ids that no entry may have; of these, those in words */
	bool tell;
};

static int by_tag(const void *a, const void *b)
{
	const struct iommu_space *x = *(const struct iommu_space *const *)a;
	const struct iommu_space *y = *(const struct iommu_space *const *)b;

	if (x->did != y->did)
		return x->did < y->did ? -1 : 1;
	if (x->pasid != y->pasid)
		return x->pasid < y->pasid ? -1 : 1;
	return (x->sid > y->sid) - (x->sid < y->sid);
}

/* Other roots may still hold the same translation: equal ones have equal runs. Pass-through has only one. */
static bool same_translation(const struct iommu_walk *walk, const struct iommu_space *a, const struct iommu_space *b)
{
	const struct iommu_run *x, *y;
	size_t n, m;

	if (a->type != b->type)
		return false;
	if (a->tree == b->tree || a->type == IOMMU_SPACE_PASS_THROUGH)
		return true;
	x = iommu_space_runs(walk, a, &n);
	y = iommu_space_runs(walk, b, &m);
	if (n != m)
		return false;
	for (size_t i = 0; i < n; i++)
		if (x[i].iova_start != y[i].iova_start || x[i].iova_last != y[i].iova_last ||
		    x[i].pa_start != y[i].pa_start || x[i].perm != y[i].perm)
			return false;
	return true;
}

static void describe(const struct iommu_space *s, GString *text)
{
	char sid[16];

	g_string_append_printf(text, "%s", sid_text(s->sid, sid));
	if (s->pasid != IOMMU_NO_PASID && s->pasid != 0)
		g_string_append_printf(text, " pasid %#x", s->pasid);
	if (s->type == IOMMU_SPACE_PASS_THROUGH)
		g_string_append(text, " (pass-through)");
	else
		g_string_append_printf(text, " (%#" PRIx64 ")", s->root);
}

/* Counts what is wrong; true: it is to be told, and @detail is ready for it. */
static bool note(struct dids *dids, const char *when, GString *detail)
{
	dids->bad++;
	if (!dids->tell || dids->told >= TOLD_MAX)
		return false;
	g_string_append_printf(detail, "%s ", dids->told++ ? "," : when);
	return true;
}

static void note_clash(struct dids *dids, const char *when, const struct iommu_space *a, const struct iommu_space *b,
		       GString *detail)
{
	if (!note(dids, when, detail))
		return;
	g_string_append_printf(detail, "DID %u is that of ", a->did);
	describe(a, detail);
	g_string_append(detail, " and of ");
	describe(b, detail);
}

static void note_bad_id(struct dids *dids, const char *when, const struct iommu_space *s, GString *detail)
{
	if (!note(dids, when, detail))
		return;
	describe(s, detail);
	g_string_append_printf(detail, " has DID %u", s->did);
}

/*
 * First-level translations are cached by (DID, PASID), all others by DID alone. Mainline gives every
 * pass-through entry, and every first-level entry of a process, DID 1.
 */
static void judge_sorted(const struct iommu_walk *walk, const struct iommu_space **spaces, size_t n, uint64_t max_did,
			 const char *when, struct dids *dids, GString *detail)
{
	const struct iommu_space *of_did = NULL, *of_tag = NULL;

	for (size_t i = 0; i < n; i++) {
		const struct iommu_space *s = spaces[i];
		bool first_level = s->type == IOMMU_SPACE_FIRST_LEVEL;

		if (!i || spaces[i - 1]->did != s->did) {
			dids->distinct++;
			of_did = of_tag = NULL;
			if (s->did == 0 || s->did > max_did)
				note_bad_id(dids, when, s, detail);
		}
		if (of_tag && of_tag->pasid != s->pasid)
			of_tag = NULL;
		if (of_tag && !same_translation(walk, of_tag, s))
			note_clash(dids, when, of_tag, s, detail);
		else if (!first_level && of_did && !same_translation(walk, of_did, s))
			note_clash(dids, when, of_did, s, detail);
		if (!of_tag)
			of_tag = s;
		if (!first_level && !of_did)
			of_did = s;
	}
}

/* Judges one state; false: there are no complete tables of it. */
static bool judge_state(const struct evidence *ev, const struct evidence_state *state, const char *when,
			struct dids *dids, GString *detail)
{
	const struct iommu_walk *walk = evidence_state_tables(ev, state);
	uint64_t max_did = state->has_regs ? check_regs(state).domains - 1 : UINT16_MAX;
	g_autofree const struct iommu_space **spaces = NULL;
	size_t n = 0;

	*dids = (struct dids){ .tell = !detail->len };
	if (!walk)
		return false;
	spaces = g_new(const struct iommu_space *, walk->n_spaces + 1);
	for (size_t i = 0; i < walk->n_spaces; i++)
		if (walk->spaces[i].type != IOMMU_SPACE_INVALID)
			spaces[n++] = &walk->spaces[i];
	qsort(spaces, n, sizeof(*spaces), by_tag);
	dids->entries = n;
	judge_sorted(walk, spaces, n, max_did, when, dids, detail);
	return true;
}

static void sum_up(const char *when, const struct dids *dids, GString *detail)
{
	check_separate(detail);
	g_string_append_printf(detail, "%s %zu entries, %zu DID%s", when, dids->entries, dids->distinct,
			       dids->distinct == 1 ? "" : "s");
}

static void add(struct dids *all, const struct dids *dids)
{
	all->bad += dids->bad;
	all->told += dids->told;
}

/* After each attach; returns a device of which there are no complete tables, or NULL. */
static const struct evidence_device *judge_attaches(const struct evidence *ev, struct dids *all, GString *detail)
{
	const struct evidence_device *unknown = NULL;
	struct dids dids;

	for_each_wanted_device(dev, ev) {
		g_autofree char *when = g_strdup_printf("after the attach of %s:", dev->bdf);

		if (!judge_state(ev, &dev->after, when, &dids, detail) && !unknown)
			unknown = dev;
		else
			add(all, &dids);
	}
	return unknown;
}

static enum check_result did_consistent(const struct evidence *ev, GString *detail)
{
	g_autoptr(GString) wrong = g_string_new(NULL), good = g_string_new(NULL);
	const struct evidence_device *unknown;
	bool copied, end;
	struct dids dids, all = { 0 };

	copied = judge_state(ev, &ev->copied, "after the copy:", &dids, wrong);
	sum_up("after the copy", &dids, good);
	if (copied && !dids.entries)
		copied = false;
	add(&all, &dids);
	unknown = judge_attaches(ev, &all, wrong);
	end = judge_state(ev, &ev->end, "at the end:", &dids, wrong);
	sum_up("at the end", &dids, good);
	add(&all, &dids);
	if (all.bad) {
		g_string_append(detail, wrong->str);
		if (all.bad > all.told)
			g_string_append_printf(detail, ", and %" PRIu64 " more in all states", all.bad - all.told);
		return CHECK_FAIL;
	}
	if (!copied)
		g_string_append(detail, "no complete tables with entries were read after the copy");
	else if (unknown)
		g_string_append_printf(detail, "no complete tables were read after the attach of %s", unknown->bdf);
	else if (!end)
		g_string_append(detail, "no complete tables were read at the end");
	if (detail->len)
		return CHECK_NO_EVIDENCE;
	g_string_append(detail, good->str);
	return CHECK_PASS;
}

const struct check check_did_consistent = {
	.name = "did-consistent",
	.outcome = OUTCOME_DID_CLASH,
	.proves = "all entries of one DID have the same translation",
	.needs = NEED(IOMMU) | NEED(ROOT_SWITCH),
	.traces = TRACES(UNIT),
	.run = did_consistent,
};
