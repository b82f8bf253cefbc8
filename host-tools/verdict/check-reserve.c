/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The check `reserved-equals-mapped`: a crash kernel that reserves the dead kernel's IOVAs reserves exactly
 * those, apart from what every kernel reserves (the standing ones), so that it hands out none of them.
 */
#include "verdict/check-common.h"

#include <inttypes.h>

#include "iommu/mem.h"
#include "iommu/ranges.h"

/* Of one device, in bytes. */
struct sets {
	struct iommu_ranges mapped; /* by the dead kernel, for any of its requester ids */
	struct iommu_ranges standing;
	struct iommu_ranges reserved;
};

static void sets_clear(struct sets *s)
{
	iommu_ranges_clear(&s->mapped);
	iommu_ranges_clear(&s->standing);
	iommu_ranges_clear(&s->reserved);
}

/* Whose domain is judged: one requester, or two that a bridge makes one. */
struct owner {
	const char *bdf;
	uint16_t sid, alias_sid; /* equal: there is no alias */
};

static bool is_of(const struct owner *owner, const struct evidence_reservation *r)
{
	return r->sid_known && (r->sid == owner->sid || r->sid == owner->alias_sid);
}

/* The rows of one device. */
static void read_reservations(const struct evidence *ev, const struct owner *owner, struct sets *s)
{
	for_each_evidence(const struct evidence_reservation, r, ev->reservations)
		if (is_of(owner, r))
			check_add_reservation(r, &s->standing, &s->reserved);
}

static uint64_t crash_rows(const struct evidence *ev, uint64_t *unknown)
{
	uint64_t n = 0;

	*unknown = 0;
	for_each_evidence(const struct evidence_reservation, r, ev->reservations) {
		n += r->kernel == EVIDENCE_CRASH;
		*unknown += r->kernel == EVIDENCE_CRASH && !r->sid_known && !r->standing;
	}
	return n;
}

/* Appends "N pages <what>, the first at <IOVA>" if @set has any. */
static bool complain(const struct iommu_ranges *set, const char *bdf, const char *what, GString *detail)
{
	uint64_t n = iommu_ranges_pages(set);

	if (!n)
		return false;
	check_separate(detail);
	g_string_append_printf(detail, "%s: %" PRIu64 " page%s %s, the first at %#" PRIx64, bdf, n, n == 1 ? "" : "s",
			       what, set->v[0].start);
	return true;
}

/* Are both sides equal, the standing reservations left out of both? */
static enum check_result judge_sets(const struct sets *s, const char *bdf, GString *detail)
{
	struct iommu_ranges want = { 0 }, got = { 0 }, less = { 0 }, more = { 0 };
	enum check_result result = CHECK_PASS;

	check_memory(iommu_ranges_subtract(&s->mapped, &s->standing, &want));
	check_memory(iommu_ranges_subtract(&s->reserved, &s->standing, &got));
	check_memory(iommu_ranges_subtract(&want, &got, &less));
	check_memory(iommu_ranges_subtract(&got, &want, &more));
	if (complain(&less, bdf, "mapped but not reserved", detail))
		result = CHECK_FAIL;
	if (complain(&more, bdf, "reserved but never mapped", detail))
		result = CHECK_FAIL;
	if (result == CHECK_PASS) {
		check_separate(detail);
		g_string_append_printf(detail, "%s %" PRIu64 " pages", bdf, iommu_ranges_pages(&want));
	}
	iommu_ranges_clear(&want);
	iommu_ranges_clear(&got);
	iommu_ranges_clear(&less);
	iommu_ranges_clear(&more);
	return result;
}

/* The mappings of one requester id; false: pass-through, which maps everything. */
static bool add_mapped(const struct iommu_walk *before, uint16_t sid, struct sets *s)
{
	const struct iommu_space *space = iommu_walk_space(before, sid, IOMMU_NO_PASID);

	if (space && space->type == IOMMU_SPACE_PASS_THROUGH)
		return false;
	if (space)
		check_memory(iommu_space_ranges(before, space, &s->mapped));
	return true;
}

static enum check_result judge_owner(const struct evidence *ev, const struct iommu_walk *before,
				     const struct owner *owner, bool quiet, GString *detail)
{
	struct sets sets = { { 0 }, { 0 }, { 0 } };
	enum check_result result;
	gsize len = detail->len;

	if (add_mapped(before, owner->sid, &sets) &&
	    (owner->alias_sid == owner->sid || add_mapped(before, owner->alias_sid, &sets))) {
		read_reservations(ev, owner, &sets);
		result = judge_sets(&sets, owner->bdf, detail);
	} else {
		check_separate(detail);
		g_string_append_printf(detail, "%s was passed through", owner->bdf);
		result = CHECK_SKIP;
	}
	if (quiet && result != CHECK_FAIL)
		g_string_truncate(detail, len);
	sets_clear(&sets);
	return result;
}

static bool is_bridge(const struct evidence *ev, uint16_t sid)
{
	for_each_evidence(const struct evidence_function, f, ev->functions)
		if (f->sid == sid)
			return f->bridge;
	return ev->functions->len != 0; /* an id that no function has is a bridge's too */
}

/*
 * A function that the crash kernel has no use for has a domain of its own all the same, with what the dead
 * kernel had mapped for it reserved there. What is behind a bridge is judged with its device.
 */
static bool judge_idle(const struct evidence *ev, const struct iommu_walk *before, GString *detail)
{
	unsigned n = 0;
	bool ok = true;

	for (size_t i = 0; i < before->n_spaces; i++) {
		uint16_t sid = before->spaces[i].sid;
		struct owner owner = { NULL, sid, sid };
		char bdf[16];

		if ((i && before->spaces[i - 1].sid == sid) || evidence_device_find(ev, sid) || is_bridge(ev, sid))
			continue;
		owner.bdf = sid_text(sid, bdf);
		n++;
		ok &= judge_owner(ev, before, &owner, true, detail) != CHECK_FAIL;
	}
	if (n && ok) {
		check_separate(detail);
		g_string_append_printf(detail, "%u without a driver alike", n);
	}
	return ok;
}

static enum check_result judge_devices(const struct evidence *ev, const struct iommu_walk *before, GString *detail)
{
	enum check_result result = CHECK_SKIP;
	unsigned seen = 0;

	for_each_wanted_device(dev, ev) {
		const struct owner owner = { dev->bdf, dev->sid, dev->has_alias ? dev->alias_sid : dev->sid };

		seen++;
		result = check_worse(result, judge_owner(ev, before, &owner, false, detail));
	}
	if (!seen) {
		g_string_append(detail, "no device was used in the crash kernel");
		return CHECK_NO_EVIDENCE;
	}
	if (judge_idle(ev, before, detail))
		return result;
	if (ev->functions->len)
		return CHECK_FAIL;
	g_string_append(detail, "; it may be an alias: the functions of the machine are not known");
	return check_worse(result, CHECK_NO_EVIDENCE);
}

static enum check_result reserved_equals_mapped(const struct evidence *ev, GString *detail)
{
	const struct iommu_walk *before = ev->at_panic.walk;
	enum check_result result;
	uint64_t unknown = 0;

	if (check_all_passed_through(before) && !crash_rows(ev, &unknown)) {
		/* Their domains stay identity: no IOVA is handed out, so no reservation is seen either. */
		g_string_append(detail, "every requester was passed through: nothing was mapped");
		return CHECK_SKIP;
	}
	if (!crash_rows(ev, &unknown))
		g_string_append(detail, "no reservation of the crash kernel was seen (are the probes on?)");
	else if (ev->reservations_lost)
		g_string_append_printf(detail,
				       "%" PRIu64 " records of the crash kernel's probes are missing: "
				       "what is not among the rest may have been reserved",
				       ev->reservations_lost);
	if (detail->len)
		return CHECK_NO_EVIDENCE;
	result = judge_devices(ev, before, detail);
	if (unknown) {
		check_separate(detail);
		g_string_append_printf(detail, "but %" PRIu64 " reservations are of unknown devices", unknown);
		return CHECK_NO_EVIDENCE;
	}
	return result;
}

const struct check check_reserved_equals_mapped = {
	.name = "reserved-equals-mapped",
	.outcome = OUTCOME_IOVA_REUSED,
	.proves = "reserve/deep copy: exactly the old mappings are reserved",
	.needs = NEED(IOMMU) | NEED(RESERVE) | NEED(CRASH_KERNEL) | NEED(PANIC),
	.run = reserved_equals_mapped,
};
