/* SPDX-License-Identifier: GPL-2.0-only */
/* Checks of table pages: nothing wrote into the old ones, and a deep copy's lie in crash memory. */
#include "verdict/check-common.h"

#include <inttypes.h>

#include "iommu/iommu.h"

#define TOLD_MAX 8 /* pages that are named */

static const char *kind_of(const struct iommu_snapshot *s, uint64_t pa)
{
	for (size_t i = 0; i < s->n_pages; i++)
		if (s->pages[i].pa == pa)
			return s->iommu->table_kind_name(s->pages[i].kind);
	return "?";
}

static enum check_result old_tables_unchanged(const struct evidence *ev, GString *detail)
{
	const struct iommu_snapshot *old = ev->at_panic.snapshot;
	struct iommu_mem now;
	uint64_t which[TOLD_MAX];
	size_t changed;

	now = iommu_snapshot_mem(ev->old_tables);
	changed = old->iommu->changed(old, &now, which, TOLD_MAX);
	if (changed) {
		g_string_append_printf(detail, "%zu of %zu old table pages changed:", changed, old->n_pages);
		for (size_t i = 0; i < MIN(changed, TOLD_MAX); i++)
			g_string_append_printf(detail, "%s %#" PRIx64 " (%s)", i ? "," : "", which[i],
					       kind_of(old, which[i]));
		if (changed > TOLD_MAX)
			g_string_append_printf(detail, " and %zu more", changed - TOLD_MAX);
		return CHECK_FAIL;
	}
	if (ev->old_tables->n_pages < old->n_pages) {
		g_string_append_printf(detail, "%zu of %zu old table pages were read again at the end",
				       ev->old_tables->n_pages, old->n_pages);
		return CHECK_NO_EVIDENCE;
	}
	if (old->meta.truncated) {
		g_string_append_printf(detail, "the walk at the panic met a limit after %zu pages", old->n_pages);
		return CHECK_NO_EVIDENCE;
	}
	g_string_append_printf(detail, "%zu of %zu old table pages as they were", old->n_pages, old->n_pages);
	return CHECK_PASS;
}

const struct check check_old_tables_unchanged = {
	.name = "old-tables-unchanged",
	.outcome = OUTCOME_COPY_WRONG,
	.proves = "nothing wrote into the old table pages",
	.needs = NEED(IOMMU) | NEED(OLD_TABLES),
	.run = old_tables_unchanged,
};

/* The table pages that were looked at, those outside crash memory, and those of which that is not known. */
struct pages {
	uint64_t seen, bad, unknown;
};

/* The table pages of one state; false: no complete tables were read. */
static bool outside(const struct evidence *ev, const struct evidence_state *state, const char *when, struct pages *n,
		    GString *detail)
{
	const struct iommu_walk *walk = evidence_state_tables(ev, state);

	if (!walk)
		return false;
	for (size_t i = 0; i < walk->n_tables; i++) {
		const struct iommu_table *t = &walk->tables[i];

		enum evidence_owner owner = evidence_owner(ev, t->pa);

		n->seen++;
		n->unknown += owner == OWNER_UNKNOWN;
		if (owner == OWNER_OTHER && !n->bad++)
			g_string_append_printf(detail, "%s: the %s page at %#" PRIx64 " is outside crash memory", when,
					       walk->iommu->table_kind_name(t->kind), t->pa);
	}
	return walk->n_tables != 0;
}

static enum check_result tables_in_crash_memory(const struct evidence *ev, GString *detail)
{
	bool copied, end;
	struct pages n = { 0 };

	copied = outside(ev, &ev->copied, "after the copy", &n, detail);
	end = outside(ev, &ev->end, "at the end", &n, detail);
	if (n.bad) {
		if (n.bad > 1)
			g_string_append_printf(detail, ", and %" PRIu64 " more", n.bad - 1);
		return CHECK_FAIL;
	}
	if (n.unknown) {
		g_string_append_printf(detail, "of %" PRIu64 " table pages it is not known whose memory they are in",
				       n.unknown);
		return CHECK_NO_EVIDENCE;
	}
	if (!copied || !end) {
		g_string_append_printf(detail, "no complete tables were read %s",
				       copied ? "at the end" : "after the copy");
		return CHECK_NO_EVIDENCE;
	}
	g_string_append_printf(detail, "%" PRIu64 " table pages in %#" PRIx64 "-%#" PRIx64, n.seen, ev->crash_start,
			       ev->crash_end);
	if (ev->crash_ranges->len)
		g_string_append_printf(detail, " and %u more range%s", ev->crash_ranges->len,
				       ev->crash_ranges->len == 1 ? "" : "s");
	return CHECK_PASS;
}

const struct check check_tables_in_crash_memory = {
	.name = "tables-in-crash-memory",
	.outcome = OUTCOME_COPY_WRONG,
	.proves = "deep copy: every table page in use lies in the crash kernel's memory",
	.needs = NEED(IOMMU) | NEED(DEEP) | NEED(CRASH_MEMORY),
	.traces = TRACES(UNIT),
	.run = tables_in_crash_memory,
};
