/* SPDX-License-Identifier: GPL-2.0-only */
/* What several files of checks ask of the evidence. */
#include "verdict/check-common.h"

#include <inttypes.h>

#include "iommu/iommu.h"
#include "iommu/mem.h"

void check_separate(GString *detail)
{
	if (detail->len)
		g_string_append(detail, "; ");
}

enum check_result check_worse(enum check_result a, enum check_result b)
{
	static const enum check_result order[] = { CHECK_FAIL, CHECK_NO_EVIDENCE, CHECK_PASS };

	for (unsigned i = 0; i < G_N_ELEMENTS(order); i++)
		if (a == order[i] || b == order[i])
			return order[i];
	return CHECK_SKIP;
}

bool check_requesters(const struct evidence *ev, check_requester_fn judge, enum check_result *result, GString *detail)
{
	bool seen = false;

	*result = CHECK_SKIP;
	for_each_wanted_device(dev, ev) {
		seen = true;
		*result = check_worse(*result, judge(ev, dev, dev->sid, detail));
		if (dev->has_alias)
			*result = check_worse(*result, judge(ev, dev, dev->alias_sid, detail));
	}
	return seen;
}

enum check_result check_no_device(const struct evidence *ev, GString *detail)
{
	check_separate(detail);
	if (ev->scenario->devices.nic == MACHINE_NIC_NONE && ev->scenario->devices.disk == MACHINE_DISK_NONE) {
		g_string_append(detail, "the scenario has no device with a driver");
		return CHECK_SKIP;
	}
	g_string_append(detail, "no device was used in the crash kernel");
	return CHECK_NO_EVIDENCE;
}

bool check_all_passed_through(const struct iommu_walk *walk)
{
	for (size_t i = 0; i < walk->n_spaces; i++)
		if (walk->spaces[i].type != IOMMU_SPACE_PASS_THROUGH)
			return false;
	return walk->n_spaces != 0;
}

void check_memory(int err)
{
	if (err == -ENOMEM)
		g_error("out of memory");
}

void check_add_reservation(const struct evidence_reservation *r, struct iommu_ranges *standing,
			   struct iommu_ranges *reserved)
{
	struct iommu_ranges *set = r->standing || r->kernel == EVIDENCE_FIRST ? standing : reserved;

	if (set && r->start <= r->last && r->last <= UINT64_MAX >> IOMMU_PAGE_SHIFT)
		check_memory(iommu_ranges_add(set, r->start << IOMMU_PAGE_SHIFT,
					      (r->last << IOMMU_PAGE_SHIFT) | (IOMMU_PAGE_SIZE - 1)));
}

void check_say_fault(const struct evidence_event *fault, GString *detail)
{
	unsigned reason = (unsigned)fault->reason;
	char text[16];

	g_string_append_printf(detail, "by %s at %#" PRIx64 " (%s, reason %#04x%s)", sid_text(fault->sid, text),
			       fault->addr, fault->on ? "write" : "read", reason, vtd_fault_reason_name(reason));
}

static bool has_driver(const struct evidence *ev, uint16_t sid)
{
	for_each_wanted_device(dev, ev)
		if (dev->sid == sid || (dev->has_alias && dev->alias_sid == sid))
			return true;
	return false;
}

static bool leads_to(const struct iommu_walk *walk, uint16_t sid, const struct iommu_space *now)
{
	const struct iommu_space *then = walk ? iommu_walk_space(walk, sid, IOMMU_NO_PASID) : NULL;

	return then && then->type == now->type && then->root == now->root;
}

enum evidence_owner check_new_owner(const struct evidence *ev, uint16_t sid)
{
	const struct iommu_space *now = iommu_walk_space(ev->end.walk, sid, IOMMU_NO_PASID);

	if (has_driver(ev, sid))
		return OWNER_CRASH;
	if (!now || leads_to(ev->at_panic.walk, sid, now) || leads_to(ev->copied.walk, sid, now))
		return OWNER_OTHER;
	/* A pass-through has no tables that would tell whose it is. */
	return now->type == IOMMU_SPACE_PASS_THROUGH ? OWNER_UNKNOWN : evidence_owner(ev, now->root);
}

struct vtd_regs check_regs(const struct evidence_state *state)
{
	struct vtd_regs regs = { 0 };

	if (state->has_regs)
		vtd_regs_decode(state->regs, &regs);
	return regs;
}

struct vtd_compare *check_compare(const struct evidence *ev, const struct iommu_compare_options *opt)
{
	struct vtd_compare *c;

	if (vtd_compare(vtd_walk_of(ev->at_panic.walk), vtd_walk_of(ev->copied.walk), opt, &c))
		g_error("out of memory");
	return c;
}

uint64_t check_differences(const struct vtd_compare *c, uint64_t kinds, GString *detail)
{
	uint64_t n = 0, shown = 0;

	for (int k = 0; k < VTD_DIFF_KINDS; k++)
		n += kinds >> k & 1 ? c->counts[k] : 0;
	if (!n)
		return 0;
	g_string_append_printf(detail, "%" PRIu64 " difference%s", n, n == 1 ? "" : "s");
	for (size_t i = 0; i < c->n_diffs && shown < 6; i++)
		if (kinds >> c->diffs[i].kind & 1)
			g_string_append_printf(detail, "%s%s", shown++ ? ", " : ": ", c->diffs[i].text);
	if (shown < n)
		g_string_append_printf(detail, ", and %" PRIu64 " more", n - shown);
	return n;
}
