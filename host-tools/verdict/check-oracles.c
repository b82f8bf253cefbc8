/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The check `oracles-agree`: what a lab kernel says of the tables (its log, files of debugfs and sysfs) and what
 * the host's walk found there are made by code that shares nothing, and must be the same.
 */
#include "verdict/check-common.h"

#include <inttypes.h>

#include "base/cmdline.h"
#include "evidence/fields.h"
#include "iommu/mem.h"
#include "iommu/ranges.h"

#define SAID_MAX 4 /* disagreements that are told in full */

static const char host_walk[] = "the host's walk";
static const char in_log[] = "the kernel's log";
static const char in_debugfs[] = "debugfs kdump/ranges";
static const char in_reserved[] = "debugfs kdump/reserved";
static const char in_regions[] = "reserved_regions";
static const char in_translation[] = "domain_translation_struct";

struct judge {
	const struct evidence *ev;
	GString *detail;
	unsigned disagreements;
	uint64_t requesters, ranges, refused, regions, devices, mappings;
	struct iommu_ranges standing; /* reserved by every kernel, for any device; empty: not known */
};

/* A disagreement: true for the first few, which are to be told. */
static bool disagree(struct judge *j, uint16_t sid)
{
	char text[16];

	if (j->disagreements++ >= SAID_MAX)
		return false;
	check_separate(j->detail);
	g_string_append_printf(j->detail, "%s: ", sid_text(sid, text));
	return true;
}

/* The part of @a that @b lacks, by the names of both. */
static void lacks(struct judge *j, uint16_t sid, const struct iommu_ranges *a, const char *a_name,
		  const struct iommu_ranges *b, const char *b_name)
{
	struct iommu_ranges less = { 0 };

	check_memory(iommu_ranges_subtract(a, b, &less));
	if (less.n && disagree(j, sid))
		g_string_append_printf(
			j->detail, "%" PRIu64 " pages, the first range %#" PRIx64 "-%#" PRIx64 ", in %s and not in %s",
			iommu_ranges_pages(&less), less.v[0].start, less.v[0].last, a_name, b_name);
	iommu_ranges_clear(&less);
}

/* The number that the kernel's files give a request without PASID in legacy mode. */
static unsigned kernel_pasid(const struct iommu_space *s)
{
	return s->pasid == IOMMU_NO_PASID ? 0 : s->pasid;
}

static void collect(const struct judge *j, enum evidence_oracle_source source, uint16_t sid, unsigned pasid,
		    struct iommu_ranges *out)
{
	for_each_evidence(const struct evidence_oracle_range, r, j->ev->oracle_ranges)
		if (r->source == source && r->sid == sid && r->pasid == pasid && r->start <= r->last)
			check_memory(iommu_ranges_add(out, r->start, r->last));
}

static const struct evidence_kdump_context *logged(const struct evidence *ev, uint16_t sid, unsigned pasid)
{
	for_each_evidence(const struct evidence_kdump_context, c, ev->kdump_contexts)
		if (c->sid == sid && c->pasid == pasid)
			return c;
	return NULL;
}

static const struct evidence_oracle *asked(const struct evidence *ev, enum evidence_oracle_source source, int sid)
{
	for_each_evidence(const struct evidence_oracle, o, ev->oracles)
		if (o->source == source && (sid < 0 || o->sid == sid))
			return o;
	return NULL;
}

/* ---- at the panic: the log, debugfs kdump/ranges, reserved_regions ---- */

/* The first @n members. */
static struct iommu_ranges head(const struct iommu_ranges *set, uint64_t n)
{
	return (struct iommu_ranges){ .v = set->v, .n = MIN(set->n, n), .cap = set->cap };
}

/*
 * The log shows the first of many ranges, and says how many there are. What a limit of the kernel has joined
 * (over) may be more than was mapped.
 * @own: of requests without PASID; of others the log has the number only
 */
static void judge_log(struct judge *j, const struct evidence_kdump_context *c, bool own,
		      const struct iommu_ranges *host)
{
	const struct iommu_ranges shown = head(host, c->over ? SIZE_MAX : c->shown);
	struct iommu_ranges log = { 0 };

	collect(j, ORACLE_LOG, c->sid, c->pasid, &log);
	if (!c->over && c->ranges != host->n && disagree(j, c->sid))
		g_string_append_printf(j->detail, "%zu ranges in %s, %" PRIu64 " in %s", host->n, host_walk, c->ranges,
				       in_log);
	if (own && (!c->over || c->shown == c->ranges))
		lacks(j, c->sid, &shown, host_walk, &log, in_log);
	if (!c->over)
		lacks(j, c->sid, &log, in_log, host, host_walk);
	iommu_ranges_clear(&log);
}

static void judge_debugfs(struct judge *j, const struct evidence_kdump_context *c, const struct iommu_ranges *host)
{
	struct iommu_ranges set = { 0 };

	collect(j, ORACLE_RANGES, c->sid, c->pasid, &set);
	lacks(j, c->sid, host, host_walk, &set, in_debugfs);
	if (!c->over)
		lacks(j, c->sid, &set, in_debugfs, host, host_walk);
	iommu_ranges_clear(&set);
}

/*
 * What is shown of a device's reservation beside what the host found: nothing less, and nothing more but what every
 * kernel reserves, if that was seen. Devices of one group had one domain, and so the same ranges.
 * @want: of @host, what must be shown
 */
static void judge_shown(struct judge *j, const struct evidence_kdump_context *c, const struct iommu_ranges *host,
			const struct iommu_ranges *want, const struct iommu_ranges *shown, const char *name)
{
	struct iommu_ranges own = { 0 };

	lacks(j, c->sid, want, host_walk, shown, name);
	if (!j->standing.n || j->ev->reservations_lost || c->over)
		return;
	check_memory(iommu_ranges_subtract(shown, &j->standing, &own));
	lacks(j, c->sid, &own, name, host, host_walk);
	iommu_ranges_clear(&own);
}

/* How many pages both have. */
static uint64_t pages_of(const struct iommu_ranges *a, const struct iommu_ranges *b)
{
	struct iommu_ranges both = { 0 };
	uint64_t n;

	check_memory(iommu_ranges_intersect(a, b, &both));
	n = iommu_ranges_pages(&both);
	iommu_ranges_clear(&both);
	return n;
}

/* Was the crash kernel asked to put so many ranges of a device into reserved_regions? All, or none. */
static bool regions_wanted(const struct evidence *ev, uint64_t n)
{
	unsigned int most;

	return cmdline_kdump_number(ev->crash_cmdline, "regions", &most) && n <= most;
}

static void judge_reserved(struct judge *j, const struct evidence_kdump_context *c, const struct iommu_ranges *host)
{
	const struct iommu_ranges wanted = head(host, regions_wanted(j->ev, host->n) ? host->n : 0);
	const struct evidence_oracle *o = asked(j->ev, ORACLE_REGIONS, c->sid);
	struct iommu_ranges shown = { 0 }, reserved = { 0 };

	collect(j, ORACLE_REGIONS, c->sid, 0, &shown);
	collect(j, ORACLE_RESERVED, c->sid, 0, &reserved);
	if (o && !*o->problem) {
		/* By itself it is silent: what it does show must be right. */
		if (pages_of(&shown, host)) {
			j->regions++;
			judge_shown(j, c, host, host, &shown, in_regions);
		} else if (reserved.n) {
			lacks(j, c->sid, &wanted, host_walk, &shown, in_regions);
		}
	}
	/* A device of a group that another one filled the allocator of has no lines of its own. */
	if (reserved.n)
		judge_shown(j, c, host, host, &reserved, in_reserved);
	iommu_ranges_clear(&shown);
	iommu_ranges_clear(&reserved);
}

static void judge_space(struct judge *j, const struct iommu_walk *before, const struct iommu_space *s)
{
	const struct evidence_kdump_context *c = logged(j->ev, s->sid, kernel_pasid(s));
	struct iommu_ranges host = { 0 };
	bool through = s->type == IOMMU_SPACE_PASS_THROUGH;
	bool own = iommu_walk_space(before, s->sid, IOMMU_NO_PASID) == s;

	if (!c) {
		if ((own || !j->ev->kdump_hidden) && disagree(j, s->sid))
			g_string_append_printf(j->detail, "PASID %u in %s and not in %s", kernel_pasid(s), host_walk,
					       in_log);
		return;
	}
	if (c->refused) {
		j->refused++;
		return;
	}
	j->requesters++;
	if (through != (c->type == KDUMP_PASS_THROUGH)) {
		if (disagree(j, s->sid))
			g_string_append_printf(j->detail, "%s in %s, %s in %s", iommu_space_type_name(s->type),
					       host_walk, word_of(evidence_kdump_types, c->type), in_log);
		return;
	}
	if (through)
		return;
	check_memory(iommu_space_ranges(before, s, &host));
	j->ranges += host.n;
	judge_log(j, c, own, &host);
	judge_debugfs(j, c, &host);
	if (evidence_kdump_mode(j->ev) && own)
		judge_reserved(j, c, &host);
	iommu_ranges_clear(&host);
}

static const struct iommu_space *find_space(const struct iommu_walk *r, uint16_t sid, unsigned pasid)
{
	for (size_t i = 0; i < r->n_spaces; i++)
		if (r->spaces[i].sid == sid && kernel_pasid(&r->spaces[i]) == pasid)
			return &r->spaces[i];
	return NULL;
}

/* What the kernel has found and the host has not. */
static void judge_others(struct judge *j, const struct iommu_walk *before)
{
	uint32_t last = UINT32_MAX;

	for_each_evidence(const struct evidence_kdump_context, c, j->ev->kdump_contexts)
		if (!c->refused && !find_space(before, c->sid, c->pasid) && disagree(j, c->sid))
			g_string_append_printf(j->detail, "PASID %u in %s and not in %s", c->pasid, in_log, host_walk);
	for_each_evidence(const struct evidence_oracle_range, r, j->ev->oracle_ranges) {
		if (r->source != ORACLE_RANGES || r->sid == last || find_space(before, r->sid, r->pasid))
			continue;
		last = r->sid;
		if (disagree(j, r->sid))
			g_string_append_printf(j->detail, "%#" PRIx64 "-%#" PRIx64 " in %s and not in %s", r->start,
					       r->last, in_debugfs, host_walk);
	}
}

/* ---- at the end: domain_translation_struct ---- */

/* The next run from *@i on, whatever its permissions; false: there is none. */
static bool next_run(const struct iommu_run *runs, size_t n, size_t *i, struct evidence_oracle_range *out)
{
	if (*i >= n)
		return false;
	out->start = runs[*i].iova_start;
	out->last = runs[*i].iova_last;
	out->pa = runs[*i].pa_start;
	for (++*i; *i < n && runs[*i].iova_start == out->last + 1 &&
		   runs[*i].pa_start == out->pa + (out->last + 1 - out->start);
	     ++*i)
		out->last = runs[*i].iova_last;
	return true;
}

/* The next mapping of @sid from *@i on; NULL: there is none. */
static const struct evidence_oracle_range *next_mapping(const struct evidence *ev, uint16_t sid, unsigned *i)
{
	while (*i < ev->oracle_ranges->len) {
		const struct evidence_oracle_range *r =
			&g_array_index(ev->oracle_ranges, struct evidence_oracle_range, (*i)++);

		if (r->source == ORACLE_TRANSLATION && r->sid == sid)
			return r;
	}
	return NULL;
}

static void say_mapping(struct judge *j, const struct evidence_oracle_range *r, const char *where)
{
	if (r)
		g_string_append_printf(j->detail, "%#" PRIx64 "-%#" PRIx64 " to %#" PRIx64 " in %s", r->start, r->last,
				       r->pa, where);
	else
		g_string_append_printf(j->detail, "nothing more in %s", where);
}

/* Run for run: both are in ascending order. */
static void judge_mappings(struct judge *j, const struct iommu_walk *end, const struct iommu_space *s)
{
	const struct evidence_oracle_range *r;
	struct evidence_oracle_range host;
	size_t at = 0, n;
	const struct iommu_run *runs = iommu_space_runs(end, s, &n);
	unsigned i = 0;

	for (;;) {
		bool more = next_run(runs, n, &at, &host);

		r = next_mapping(j->ev, s->sid, &i);
		if (!more && !r)
			return;
		if (more && r && host.start == r->start && host.last == r->last && host.pa == r->pa) {
			j->mappings++;
			continue;
		}
		if (disagree(j, s->sid)) {
			say_mapping(j, more ? &host : NULL, host_walk);
			g_string_append(j->detail, ", ");
			say_mapping(j, r, in_translation);
		}
		return;
	}
}

/*
 * Each device that the kernel told of, and of which the hardware goes by the tables that it walked: 6.1 walks those
 * of the new domain, which a device that is not attached does not use yet.
 */
static void judge_translations(struct judge *j, const struct iommu_walk *end)
{
	for_each_evidence(const struct evidence_oracle, o, j->ev->oracles) {
		const struct evidence_device *dev = evidence_device_find(j->ev, o->sid);
		const struct iommu_space *s;

		if (o->source != ORACLE_TRANSLATION || *o->problem)
			continue;
		s = iommu_walk_space(end, o->sid, IOMMU_NO_PASID);
		if (!s || s->root != o->root) {
			if (dev && dev->sid == o->sid && dev->wanted && dev->attach_ns && disagree(j, o->sid))
				g_string_append_printf(j->detail, "tables at %#" PRIx64 " in %s, at %#" PRIx64 " in %s",
						       s ? s->root : 0, host_walk, o->root, in_translation);
			continue;
		}
		j->devices++;
		judge_mappings(j, end, s);
	}
}

/* ---- the verdict ---- */

/* An oracle that was not asked or gave nothing cannot agree; true: it says so in the detail. */
static bool is_missing(const struct evidence *ev, enum evidence_oracle_source source, const char *name, GString *detail)
{
	const struct evidence_oracle *o = NULL;

	for_each_evidence(const struct evidence_oracle, one, ev->oracles) {
		if (one->source != source)
			continue;
		if (!*one->problem)
			return false;
		o = o ? o : one;
	}
	check_separate(detail);
	g_string_append_printf(detail, "%s %s%s", name, o ? "gave nothing: " : "was not asked", o ? o->problem : "");
	return true;
}

static bool is_incomplete(const struct evidence *ev, const struct iommu_walk *before, GString *detail)
{
	if (!ev->kdump_lines)
		g_string_append(detail, "the crash kernel logged nothing of its copy: has it intel_iommu=kdump_MODE?");
	else if (ev->kdump_bad)
		g_string_append_printf(detail,
				       "%" PRIu64 " of %" PRIu64 " lines of the log are not understood, "
				       "the first is '%s'",
				       ev->kdump_bad, ev->kdump_lines, ev->kdump_bad_line ? ev->kdump_bad_line : "");
	if (detail->len)
		return true;
	is_missing(ev, ORACLE_RANGES, in_debugfs, detail);
	if (evidence_kdump_mode(ev)) {
		is_missing(ev, ORACLE_REGIONS, in_regions, detail);
		is_missing(ev, ORACLE_RESERVED, in_reserved, detail);
	}
	/* What passes through has no tables to tell of. */
	if (!check_all_passed_through(before))
		is_missing(ev, ORACLE_TRANSLATION, in_translation, detail);
	return detail->len;
}

static enum check_result conclude(struct judge *j, const struct iommu_walk *before)
{
	if (j->disagreements) {
		if (j->disagreements > SAID_MAX)
			g_string_append_printf(j->detail, "; and %u more", j->disagreements - SAID_MAX);
		return CHECK_FAIL;
	}
	g_string_append_printf(j->detail, "log and debugfs: %" PRIu64 " requesters, %" PRIu64 " ranges", j->requesters,
			       j->ranges);
	if (j->refused)
		g_string_append_printf(j->detail, " (%" PRIu64 " refused)", j->refused);
	if (j->regions)
		g_string_append_printf(j->detail, "; %s of %" PRIu64 " devices", in_regions, j->regions);
	g_string_append_printf(j->detail, "; %s: %" PRIu64 " devices, %" PRIu64 " runs", in_translation, j->devices,
			       j->mappings);
	if (j->requesters && (j->devices || check_all_passed_through(before)))
		return CHECK_PASS;
	g_string_append(j->detail, ": too little to agree on");
	return CHECK_NO_EVIDENCE;
}

static enum check_result oracles_agree(const struct evidence *ev, GString *detail)
{
	const struct iommu_walk *before = ev->at_panic.walk;
	struct judge j = { .ev = ev, .detail = detail };

	if (is_incomplete(ev, before, detail))
		return CHECK_NO_EVIDENCE;
	for_each_evidence(const struct evidence_reservation, r, ev->reservations)
		check_add_reservation(r, &j.standing, NULL);
	for (size_t i = 0; i < before->n_spaces; i++)
		judge_space(&j, before, &before->spaces[i]);
	judge_others(&j, before);
	judge_translations(&j, ev->end.walk);
	iommu_ranges_clear(&j.standing);
	return conclude(&j, before);
}

const struct check check_oracles_agree = {
	.name = "oracles-agree",
	.outcome = OUTCOME_COPY_WRONG,
	.proves = "lab kernels: its log, its debugfs files, reserved_regions and the host's walk tell the same",
	.needs = NEED(IOMMU) | NEED(KDUMP_LOG) | NEED(CRASH_KERNEL) | NEED(PANIC) | NEED(END),
	.run = oracles_agree,
};
