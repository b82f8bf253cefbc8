/* SPDX-License-Identifier: GPL-2.0-only */
/* Checks of what follows the copy: the attach of each device, its work, and the dump. */
#include "verdict/check-common.h"

#include <inttypes.h>
#include <string.h>

#include "iommu/iommu.h"

/* Where the entry of @sid leads after the first use of its device. */
static enum check_result leads(const struct evidence *ev, const struct evidence_device *dev,
			       const struct iommu_space *old, const struct iommu_space *copied,
			       const struct iommu_space *new, GString *detail)
{
	if (new->type == IOMMU_SPACE_PASS_THROUGH) {
		g_string_append_printf(detail, "pass-through, group %s",
				       dev->group_type ? dev->group_type : "of unknown type");
		if (!dev->group_type)
			return CHECK_NO_EVIDENCE;
		return strcmp(dev->group_type, "identity") == 0 ? CHECK_PASS : CHECK_FAIL;
	}
	if (new->type == IOMMU_SPACE_INVALID) {
		g_string_append(detail, "has an entry that makes every request fault");
		return CHECK_FAIL;
	}
	if (old && new->type == old->type &&new->root == old->root) {
		g_string_append_printf(detail, "still points to the dead kernel's tables at %#" PRIx64, new->root);
		return CHECK_FAIL;
	}
	/* A kernel that copied the page tables too (deep) leads from one place in crash memory to another. */
	if (evidence_kdump_mode(ev) && copied && new->type == copied->type &&new->root == copied->root) {
		g_string_append_printf(detail, "still points to the copied tables at %#" PRIx64, new->root);
		return CHECK_FAIL;
	}
	if (evidence_owner(ev, new->root) != OWNER_CRASH) {
		bool known = evidence_owner(ev, new->root) == OWNER_OTHER;

		g_string_append_printf(detail, "points to %#" PRIx64 ", %s", new->root,
				       known ? "outside crash memory" : "and where crash memory lies is not known");
		return known ? CHECK_FAIL : CHECK_NO_EVIDENCE;
	}
	g_string_append_printf(detail, "DID %u -> %u", old ? old->did : 0, new->did);
	return CHECK_PASS;
}

/*
 * One requester id of a device, its own or the alias that its requests carry. CHECK_FAIL: it still leads
 * into the dead kernel's tables, or nowhere; CHECK_NO_EVIDENCE: no tables were read after the first use.
 */
static enum check_result repointed(const struct evidence *ev, const struct evidence_device *dev, uint16_t sid,
				   GString *detail)
{
	const struct iommu_walk *copied = ev->copied.walk, *now = evidence_state_tables(ev, &dev->after);
	const struct iommu_space *new;
	enum check_result result;
	uint16_t early;
	char text[16];

	if (evidence_copied_late(ev, &early))
		copied = NULL;

	check_separate(detail);
	g_string_append_printf(detail, "%s ", sid_text(sid, text));
	if (sid != dev->sid)
		g_string_append_printf(detail, "(alias of %s) ", dev->bdf);
	if (need_lacks_tables(ev, &dev->after, "after its use", detail))
		return CHECK_NO_EVIDENCE;
	new = iommu_walk_space(now, sid, IOMMU_NO_PASID);
	if (!new) {
		g_string_append(detail, "has no present entry");
		return CHECK_FAIL;
	}
	result = leads(ev, dev, iommu_walk_space(ev->at_panic.walk, sid, IOMMU_NO_PASID),
		       copied ? iommu_walk_space(copied, sid, IOMMU_NO_PASID) : NULL, new, detail);
	/* a deep copy lies in crash memory, too: without its tables nobody knows whether these are they */
	if (result != CHECK_PASS || copied || new->type == IOMMU_SPACE_PASS_THROUGH ||
	    g_strcmp0(evidence_kdump_mode(ev), "deep") != 0)
		return result;
	g_string_append(detail, ", which may be the copied tables: where these lie is not known");
	return CHECK_NO_EVIDENCE;
}

static bool is_endpoint(const struct evidence *ev, uint16_t sid)
{
	for_each_evidence(const struct evidence_function, f, ev->functions)
		if (f->sid == sid)
			return !f->bridge;
	return false;
}

/* When the last device had been attached. */
static int64_t last_attach(const struct evidence *ev)
{
	int64_t last = 0;

	for_each_evidence(const struct evidence_device, dev, ev->devices)
		if (dev->wanted || dev->attach_ns)
			last = MAX(last, evidence_attach_ns(ev, dev->sid));
	return last;
}

/*
 * A requester id in the trace that no function owns (or that is a bridge's) stands for devices behind a
 * bridge: if it is still seen once all drivers have their devices, it must have left the old tables too.
 */
static enum check_result alias_repointed(const struct evidence *ev, const struct iommu_walk *before,
					 const struct evidence_requester *r, GString *detail)
{
	const struct iommu_walk *now = evidence_state_tables(ev, &ev->end);
	const struct iommu_space *old, *new;
	char text[16];

	check_separate(detail);
	g_string_append_printf(detail, "%s (seen in the trace) ", sid_text(r->sid, text));
	if (!ev->functions->len) {
		g_string_append(detail, "may be an alias: the functions of the machine are not known");
		return CHECK_NO_EVIDENCE;
	}
	if (need_lacks_tables(ev, &ev->end, "at the end", detail))
		return CHECK_NO_EVIDENCE;
	old = iommu_walk_space(before, r->sid, IOMMU_NO_PASID);
	new = iommu_walk_space(now, r->sid, IOMMU_NO_PASID);
	if (!new) {
		g_string_append(detail, "has no present entry");
		return CHECK_FAIL;
	}
	if (old && old->type == new->type && old->root == new->root &&new->type != IOMMU_SPACE_PASS_THROUGH) {
		g_string_append_printf(detail, "still points to the dead kernel's tables at %#" PRIx64, new->root);
		return CHECK_FAIL;
	}
	g_string_append_printf(detail, "DID %u -> %u", old ? old->did : 0, new->did);
	return CHECK_PASS;
}

static enum check_result aliases_repointed(const struct evidence *ev, const struct iommu_walk *before, GString *detail)
{
	int64_t attached = last_attach(ev);
	enum check_result result = CHECK_PASS;

	for_each_evidence(const struct evidence_requester, r, ev->requesters) {
		if (r->last_ns < attached || evidence_device_find(ev, r->sid) || is_endpoint(ev, r->sid))
			continue;
		result = check_worse(result, alias_repointed(ev, before, r, detail));
	}
	return result;
}

/* Has the crash kernel a driver at work on @sid that the lab did not ask for, as far as its tables tell? */
static bool driven_unasked(const struct evidence *ev, uint16_t sid)
{
	return evidence_state_tables(ev, &ev->end) && check_new_owner(ev, sid) == OWNER_CRASH;
}

/* Names the requesters with tables at the panic that the lab did not use: those with a driver, or those without. */
static void name_left_out(const struct evidence *ev, const struct iommu_walk *before, bool driven, GString *detail)
{
	unsigned left_out = 0;
	char text[16];

	for (size_t i = 0; i < before->n_requesters; i++) {
		uint16_t sid = before->iommu->requester(before, i);
		const struct evidence_device *dev = evidence_device_find(ev, sid);

		if ((dev && dev->wanted) || driven_unasked(ev, sid) != driven)
			continue;
		if (left_out++ < 4)
			g_string_append_printf(detail, "%s%s", left_out == 1 ? "; " : ", ", sid_text(sid, text));
	}
	if (left_out > 4)
		g_string_append_printf(detail, " and %u more", left_out - 4);
	if (left_out)
		g_string_append(detail, driven ? " with a driver that was not asked for, not judged" :
						 " without a driver left out");
}

static enum check_result requesters_repointed(const struct evidence *ev, GString *detail)
{
	const struct iommu_walk *before = ev->at_panic.walk;
	enum check_result result;

	if (!check_requesters(ev, repointed, &result, detail)) {
		g_string_append(detail, "no device was used in the crash kernel");
		return CHECK_NO_EVIDENCE;
	}
	result = check_worse(result, aliases_repointed(ev, before, detail));
	name_left_out(ev, before, true, detail);
	name_left_out(ev, before, false, detail);
	return result;
}

const struct check check_requesters_repointed = {
	.name = "requesters-repointed",
	.outcome = OUTCOME_STALE_ATTACH,
	.proves = "each requester in use points to the crash kernel's own domain after its first use",
	.needs = NEED(IOMMU) | NEED(CRASH_KERNEL) | NEED(DEVICES) | NEED(PANIC_WALK),
	.traces = TRACES(INVALIDATIONS) | TRACES(TRANSLATIONS) | TRACES(NIC_RESETS) | TRACES(DISK_RESETS),
	.per_device = true,
	.run = requesters_repointed,
};

/* Of the pages that were mapped at the panic. A pass-through maps all that there is, which is no number for people. */
struct retargeted {
	uint64_t pages, mapped; /* of page tables: that lead elsewhere, in all */
	uint64_t identity;	/* pages of a pass-through that lead elsewhere */
	bool passed_through;
};

/*
 * Compares what one device had mapped with what it has now; false: there are no tables to judge by. An
 * entry that is absent on either side maps nothing that could lead elsewhere.
 */
static bool add_retargeted(const struct evidence *ev, const struct evidence_device *dev, uint16_t sid,
			   struct retargeted *n)
{
	const struct iommu_walk *before = ev->at_panic.walk, *now = evidence_state_tables(ev, &dev->after);
	const struct iommu_space *old = iommu_walk_space(before, sid, IOMMU_NO_PASID);
	struct iommu_space_diff diff;

	if (!now)
		return false;
	iommu_compare_space(before, old, now, iommu_walk_space(now, sid, IOMMU_NO_PASID), &diff);
	if (old && old->type == IOMMU_SPACE_PASS_THROUGH) {
		n->passed_through = true;
		n->identity += diff.retargeted;
		return true;
	}
	n->pages += diff.retargeted;
	n->mapped += diff.same + diff.unmapped + diff.retargeted + diff.permission;
	return true;
}

static void add_unknown(uint16_t sid, GString *unknown)
{
	char text[16];

	g_string_append_printf(unknown, "%s%s", unknown->len ? ", " : "", sid_text(sid, text));
}

static enum check_result iova_not_retargeted(const struct evidence *ev, GString *detail)
{
	g_autoptr(GString) unknown = g_string_new(NULL);
	struct retargeted n = { 0 };

	for_each_wanted_device(dev, ev) {
		if (!add_retargeted(ev, dev, dev->sid, &n))
			add_unknown(dev->sid, unknown);
		if (dev->has_alias && !add_retargeted(ev, dev, dev->alias_sid, &n))
			add_unknown(dev->alias_sid, unknown);
	}
	if (n.mapped || !n.passed_through)
		g_string_append_printf(detail, "%" PRIu64 " of %" PRIu64 " old IOVA pages lead elsewhere", n.pages,
				       n.mapped);
	if (n.passed_through) {
		check_separate(detail);
		g_string_append_printf(detail, "%" PRIu64 " pages of identity lead elsewhere", n.identity);
	}
	if (unknown->len)
		g_string_append_printf(detail, "; no complete tables in force of %s", unknown->str);
	if (n.pages || n.identity)
		return CHECK_FAIL;
	return unknown->len || !(n.mapped || n.passed_through) ? CHECK_NO_EVIDENCE : CHECK_PASS;
}

const struct check check_iova_not_retargeted = {
	.name = "iova-not-retargeted",
	.outcome = OUTCOME_IOVA_REUSED,
	.proves = "no IOVA that the dead kernel had mapped leads to another PA after the attach",
	.needs = NEED(IOMMU) | NEED(CRASH_KERNEL) | NEED(DEVICES) | NEED(PANIC) | NEED(ROOT_SWITCH),
	.per_device = true,
	.run = iova_not_retargeted,
};

/* What has become of the old mappings of one requester id, in pages, and the IOVA of the first of each. */
struct kept {
	bool same_rights; /* more than before is wrong too */
	uint64_t lost, first_lost;
	uint64_t grown, first_grown;
};

static void count_kept(uint64_t *pages, uint64_t *first, const struct iommu_stretch *s)
{
	if (!*pages)
		*first = s->start;
	*pages += (s->last >> IOMMU_PAGE_SHIFT) - (s->start >> IOMMU_PAGE_SHIFT) + 1;
}

/* Is it another page, may less be done there than before, or more? */
static void note_kept(void *ctx, const struct iommu_space_diff *of, const struct iommu_stretch *s)
{
	const uint32_t rights = IOMMU_PERM_READ | IOMMU_PERM_WRITE;
	struct kept *kept = ctx;

	(void)of;
	if (s->kind == IOMMU_DIFF_NEW)
		return;
	if (s->kind != IOMMU_DIFF_PERMISSION || s->perm_a & ~s->perm_b & rights)
		count_kept(&kept->lost, &kept->first_lost, s);
	else if (kept->same_rights && s->perm_b & ~s->perm_a & rights)
		count_kept(&kept->grown, &kept->first_grown, s);
}

/*
 * Must the old mappings of @old have the very rights that they had? Not in tables of another format, where reading cannot be
 * denied, say; nor where @new also has to hold what another requester had in tables of its own (a group of several).
 */
static bool rights_are_its_own(const struct iommu_walk *before, const struct iommu_space *old,
			       const struct iommu_walk *now, const struct iommu_space *new)
{
	if (!new || new->type != old->type)
		return false;
	for (size_t i = 0; i < before->n_spaces; i++) {
		const struct iommu_space *other = &before->spaces[i];
		const struct iommu_space *shared = iommu_walk_space(now, other->sid, IOMMU_NO_PASID);

		if (other->root != old->root && shared && shared->type == new->type && shared->root == new->root)
			return false;
	}
	return true;
}

static void add_pages(uint64_t pages, uint64_t mapped, const char *what, uint64_t first, GString *detail)
{
	g_string_append_printf(detail, "%" PRIu64 " of %" PRIu64 " old IOVA pages %s, the first at %#" PRIx64, pages,
			       mapped, what, first);
}

/* One space of the panic beside that of the same requester id once @dev had been used. */
static enum check_result space_kept(const struct evidence *ev, const struct evidence_device *dev,
				    const struct iommu_space *old, GString *detail)
{
	const struct iommu_walk *before = ev->at_panic.walk, *now = evidence_state_tables(ev, &dev->after);
	const struct iommu_space *new = iommu_walk_space(now, old->sid, IOMMU_NO_PASID);
	struct kept kept = { .same_rights = rights_are_its_own(before, old, now, new) };
	struct iommu_space_diff diff = { 0 };
	uint64_t mapped;
	char text[16];

	iommu_compare_runs(before, old, now, new, &diff, NULL, note_kept, &kept);
	mapped = diff.same + diff.unmapped + diff.retargeted + diff.permission;
	if (!mapped)
		return CHECK_SKIP;
	check_separate(detail);
	g_string_append(detail, sid_text(old->sid, text));
	if (old->sid != dev->sid)
		g_string_append_printf(detail, " (alias of %s)", dev->bdf);
	if (!kept.lost && !kept.grown) {
		g_string_append_printf(detail, " %" PRIu64 " pages", mapped);
		return CHECK_PASS;
	}
	g_string_append(detail, ": ");
	if (kept.lost)
		add_pages(kept.lost, mapped, "no longer lead where they did", kept.first_lost, detail);
	if (kept.lost && kept.grown)
		g_string_append(detail, "; ");
	if (kept.grown)
		add_pages(kept.grown, mapped, "may be used for more than before", kept.first_grown, detail);
	return CHECK_FAIL;
}

/* Does @dev use the old space @s: by its own id, its alias, or another id that had the same tables (a group)? */
static bool used_by(const struct evidence_device *dev, const struct iommu_walk *before, const struct iommu_space *s)
{
	const struct iommu_space *own = iommu_walk_space(before, dev->sid, IOMMU_NO_PASID);

	if (s->type == IOMMU_SPACE_PASS_THROUGH || iommu_walk_space(before, s->sid, IOMMU_NO_PASID) != s)
		return false;
	return s->sid == dev->sid || (dev->has_alias && s->sid == dev->alias_sid) ||
	       (own && own->type == s->type && own->root == s->root);
}

static enum check_result old_mappings_kept(const struct evidence *ev, GString *detail)
{
	const struct iommu_walk *before = ev->at_panic.walk;
	enum check_result result = CHECK_SKIP;

	if (check_all_passed_through(before)) {
		g_string_append(detail, "every requester was passed through: nothing was mapped");
		return CHECK_SKIP;
	}
	for_each_wanted_device(dev, ev) {
		if (!evidence_state_tables(ev, &dev->after)) {
			check_separate(detail);
			g_string_append_printf(detail, "%s ", dev->bdf);
			need_lacks_tables(ev, &dev->after, "after its use", detail);
			result = check_worse(result, CHECK_NO_EVIDENCE);
			continue;
		}
		for (size_t i = 0; i < before->n_spaces; i++)
			if (used_by(dev, before, &before->spaces[i]))
				result = check_worse(result, space_kept(ev, dev, &before->spaces[i], detail));
	}
	if (result == CHECK_SKIP)
		g_string_append(detail, "the dead kernel had mapped nothing for the devices in use");
	return result == CHECK_SKIP ? CHECK_NO_EVIDENCE : result;
}

const struct check check_old_mappings_kept = {
	.name = "old-mappings-kept",
	.outcome = OUTCOME_COPY_WRONG,
	.proves =
		"deep copy: after the attach, all old IOVAs of a device and its aliases lead where they did, with the rights that "
		"they had",
	.needs = NEED(IOMMU) | NEED(DEEP) | NEED(CRASH_KERNEL) | NEED(DEVICES) | NEED(PANIC),
	.run = old_mappings_kept,
};

/* What QEMU's model of a dead disk found wrong itself: a cause to look for, and no verdict of its own. */
static void add_model_errors(const struct evidence *ev, const struct evidence_device *dev, GString *detail)
{
	for_each_evidence(const struct evidence_trace, t, ev->traces)
		if (t->group == TRACE_GROUP_DISK_ERRORS && t->seen && !dev->works && strcmp(dev->driver, "nvme") == 0)
			g_string_append_printf(detail,
					       " (QEMU's disk found %" PRIu64 " error%s itself: pci_nvme_err_* in "
					       "qemu.log)",
					       t->seen, t->seen == 1 ? "" : "s");
}

/* "nvme0n1" is of nvme, "e1000e" is not of e1000. */
static bool has_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = text; (at = strstr(at, word)); at += len)
		if ((at == text || !g_ascii_isalnum(at[-1])) && !g_ascii_isalpha(at[len]))
			return true;
	return false;
}

/* Does the crash kernel's line @complaint name the device? Which of several virtio devices it means is not told. */
static bool is_about(const char *complaint, const struct evidence_device *dev)
{
	return has_word(complaint, dev->driver) || strstr(complaint, dev->bdf) ||
	       (g_str_has_prefix(dev->driver, "virtio") && strstr(complaint, "virtio"));
}

/* The first that the crash kernel had to say against the device: as above, and of one that works just as well. */
static void add_complaint(const struct evidence *ev, const struct evidence_device *dev, GString *detail)
{
	unsigned n = 0;

	for_each_evidence(const struct evidence_complaint, c, ev->complaints)
		if (is_about(c->line, dev) && !n++)
			g_string_append_printf(detail, " (the crash kernel: \"%.160s\"", c->line);
	if (n > 1)
		g_string_append_printf(detail, " and %u more in console.log", n - 1);
	if (n)
		g_string_append_c(detail, ')');
}

static enum check_result devices_work(const struct evidence *ev, GString *detail)
{
	enum check_result result = CHECK_SKIP;

	for_each_wanted_device(dev, ev) {
		check_separate(detail);
		g_string_append_printf(detail, "%s: %s", dev->driver,
				       dev->works_detail ? dev->works_detail : "not tried");
		add_model_errors(ev, dev, detail);
		add_complaint(ev, dev, detail);
		result = check_worse(result, dev->works	       ? CHECK_PASS :
					     dev->works_detail ? CHECK_FAIL :
								 CHECK_NO_EVIDENCE);
	}
	return result == CHECK_SKIP ? check_no_device(ev, detail) : result;
}

const struct check check_devices_work = {
	.name = "devices-work",
	.outcome = OUTCOME_DEVICE_DEAD,
	.proves = "after the attach each device passes real data both ways",
	.needs = NEED(AGENT) | NEED(CRASH_KERNEL) | NEED(DEVICES),
	.per_device = true,
	.run = devices_work,
};

static enum check_result dump_readable(const struct evidence *ev, GString *detail)
{
	if (!ev->canary_written || !*ev->canary_written) {
		g_string_append(detail, "the first kernel wrote no canary");
		return CHECK_NO_EVIDENCE;
	}
	if (!ev->canary_read) {
		g_string_append(detail, ev->dump_error ? ev->dump_error : "/proc/vmcore was not read");
		return ev->dump_error ? CHECK_FAIL : CHECK_NO_EVIDENCE;
	}
	if (strcmp(ev->canary_read, ev->canary_written) != 0) {
		g_string_append_printf(detail, "/proc/vmcore holds %.16s..., wrote %.16s...", ev->canary_read,
				       ev->canary_written);
		return CHECK_FAIL;
	}
	g_string_append_printf(detail, "canary of %zu bytes read back through /proc/vmcore",
			       strlen(ev->canary_written) / 2);
	return CHECK_PASS;
}

const struct check check_dump_readable = {
	.name = "dump-readable",
	.outcome = OUTCOME_DUMP_FAILED,
	.proves = "the crash kernel reads the first kernel's canary through /proc/vmcore",
	.needs = NEED(DUMP) | NEED(AGENT) | NEED(CRASH_KERNEL),
	.run = dump_readable,
};
