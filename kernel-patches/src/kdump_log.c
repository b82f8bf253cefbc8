// SPDX-License-Identifier: GPL-2.0-only
/*
 * Translation tables of a dead kernel: what is said of them on the console.
 *
 * By default what went wrong, in a few lines and without an address of memory;
 * with kdump_lines= all that was found.
 */
#define pr_fmt(fmt) "DMAR: kdump: " fmt

#include <linux/init.h>
#include <linux/mm.h>

#include "kdump_internal.h"

static const char *type_name(const struct kdc_entry *e)
{
	if (e->kind == KDC_PASS_THROUGH)
		return "pass-through";
	return e->format == KDC_FIRST_STAGE ? "first" : "second";
}

const char *intel_kdump_who(const struct kdump_entry *entry, char buf[KDUMP_WHO_SIZE])
{
	snprintf(buf, KDUMP_WHO_SIZE, "unit=%d dev=%02x:%02x.%x", entry->unit->iommu->seq_id,
		 entry->sid >> 8, entry->sid >> 3 & 0x1f, entry->sid & 7);
	return buf;
}

/* Lines that a unit may have: garbage tables must not keep the console busy for minutes. */
static unsigned int max_lines(void)
{
	return intel_kdump.log_lines ? 4096 : 16;
}

static bool may_log(struct kdump_unit *unit)
{
	return unit->lines < max_lines() && ++unit->lines;
}

/* One line of the log of a unit, if it may have more. */
#define log_line(unit, fmt, ...) do {				\
	if (may_log(unit))					\
		pr_info(fmt, ##__VA_ARGS__);			\
} while (0)

static void log_ranges(const struct kdump_entry *entry, const struct kdc_tree *tree,
		       const char *who)
{
	u32 i, shown = min(tree->nr_ranges, intel_kdump.log_lines);
	u32 left = max_lines() - min(entry->unit->lines, max_lines());

	shown = min(shown, left);
	for (i = 0; i < shown; i++)
		log_line(entry->unit, "range %s pasid=%u first=0x%llx last=0x%llx\n", who,
			 entry->pasid, tree->ranges[i].first << 12,
			 (tree->ranges[i].last << 12) + 0xfff);
	if (shown < tree->nr_ranges)
		log_line(entry->unit, "ranges %s shown=%u of=%u\n", who, shown, tree->nr_ranges);
}

static void log_refused(const struct kdump_entry *entry, const char *who)
{
	if (entry->why)
		log_line(entry->unit, "refused %s pasid=%u where=0x%llx why=\"%s\"\n", who,
			 entry->pasid, intel_kdump_shown(entry->where), entry->why);
}

static void log_entry(const struct kdump_entry *entry)
{
	const struct kdc_tree *tree = entry->tree;
	const char *result = intel_kdump_modes[intel_kdump.mode];
	static const struct kdc_tree none;
	char buf[KDUMP_WHO_SIZE];
	const char *who = intel_kdump_who(entry, buf);

	log_refused(entry, who);
	if (entry->e.kind != KDC_TREE && entry->e.kind != KDC_PASS_THROUGH)
		return;
	if (!tree)
		tree = &none;
	if (intel_kdump.mode == KDUMP_DEEP && !entry->deep)
		result = "shallow";
	log_line(entry->unit,
		 "ctx %s mode=%s pasid=%u did=%u type=%s levels=%u old_root=0x%llx new_root=0x%llx tables=%u leaves=%llu ranges=%u over=%llu shared=%u result=%s\n",
		 who, entry->scalable ? "scalable" : "legacy", entry->pasid,
		 entry->e.did, type_name(&entry->e), entry->e.levels, entry->e.root,
		 entry->deep ? tree->new_root : 0, tree->tables,
		 tree->leaves_4k + tree->leaves_2m + tree->leaves_1g, tree->nr_ranges,
		 tree->over_pages, tree->users > 1, result);
	if (tree->own_leaves || tree->unread_pages || tree->identity)
		log_line(entry->unit, "edges %s pasid=%u own=%llu unread=%llu identity=%u\n", who,
			 entry->pasid, tree->own_leaves, tree->unread_pages, tree->identity);
	if (entry->no_pasid)
		log_ranges(entry, tree, who);
}

/* Those of requests without a PASID first: what is refused in garbage may come by the million. */
static u32 log_entries(struct kdump_unit *unit, bool first)
{
	const struct kdump_entry *entry;
	u32 shown = 0;

	list_for_each_entry(entry, &unit->entries, list) {
		if (unit->lines >= max_lines())
			break;
		if ((entry->no_pasid && entry->e.kind != KDC_REFUSED) == first) {
			log_entry(entry);
			shown++;
		}
	}
	return shown;
}

/* What stays as mainline copies it is told without being asked for. */
static u32 log_all_refused(struct kdump_unit *unit, u32 *shown)
{
	const struct kdump_entry *entry;
	char who[KDUMP_WHO_SIZE];
	u32 nr = 0;

	list_for_each_entry(entry, &unit->entries, list) {
		if (!entry->why)
			continue;
		*shown += unit->lines < max_lines();
		log_refused(entry, intel_kdump_who(entry, who));
		nr++;
	}
	return nr;
}

static void log_unit(struct kdump_unit *unit)
{
	u32 shown = 0, nr = unit->nr_entries;

	if (intel_kdump.log_lines) {
		shown = log_entries(unit, true);
		shown += log_entries(unit, false);
	} else {
		nr = log_all_refused(unit, &shown);
	}
	if (shown < nr)
		pr_info("entries unit=%d shown=%u of=%u\n", unit->iommu->seq_id, shown, nr);
	if (unit->lost)
		pr_warn("short unit=%d entries=%u\n", unit->iommu->seq_id, unit->lost);
	pr_info("copy unit=%d err=%d contexts=%u trees=%u tables=%llu leaves=%llu ranges=%llu bytes=%llu t_scan_ns=%llu t_copy_ns=%llu t_total_ns=%llu\n",
		unit->iommu->seq_id, unit->err, unit->contexts, unit->trees, unit->tables,
		unit->leaves, unit->ranges, unit->pages << PAGE_SHIFT, unit->t_scan,
		unit->t_copy, unit->t_total);
}

/* Behind intel_iommu_init(): until the new root is in force nothing is to be waited for. */
static int __init kdump_log(void)
{
	struct kdump_unit *unit;

	mutex_lock(&intel_kdump.lock);
	list_for_each_entry(unit, &intel_kdump.units, list)
		log_unit(unit);
	mutex_unlock(&intel_kdump.lock);
	return 0;
}
rootfs_initcall(kdump_log);
