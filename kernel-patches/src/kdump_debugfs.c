// SPDX-License-Identifier: GPL-2.0-only
/*
 * Translation tables of a dead kernel, in iommu/intel/kdump of debugfs:
 *
 * ranges    unit requester pasid first last: every old range
 * reserved  device first last: every node of its IOVA domain, right after the reservation
 * stats     key=value, as in the log
 *
 * Addresses are IOVAs, inclusive. There may be a million lines, so the first
 * two files are iterated, and never held in memory as text.
 */
#include <linux/debugfs.h>
#include <linux/init.h>
#include <linux/seq_file.h>

#include "kdump_internal.h"

/* Where an iteration is: a list element, and an index into its array. */
struct cursor {
	struct list_head *at;
	u64 index;
};

/* One file: a list of things that each have a number of lines. */
struct kdump_file {
	struct list_head *(*first)(void);
	struct list_head *(*next)(struct list_head *at);
	u64 (*lines)(struct list_head *at);
};

static struct list_head *settle(const struct kdump_file *f, struct cursor *c)
{
	while (c->at && c->index >= f->lines(c->at)) {
		c->index -= f->lines(c->at);
		c->at = f->next(c->at);
	}
	return c->at;
}

static void *cursor_start(struct seq_file *m, loff_t *pos, const struct kdump_file *f)
{
	struct cursor *c = m->private;

	mutex_lock(&intel_kdump.lock);
	c->at = f->first();
	c->index = *pos;
	return settle(f, c) ? c : NULL;
}

static void *cursor_next(struct seq_file *m, loff_t *pos, const struct kdump_file *f)
{
	struct cursor *c = m->private;

	++*pos;
	c->index++;
	return settle(f, c) ? c : NULL;
}

static void cursor_stop(struct seq_file *m, void *v)
{
	mutex_unlock(&intel_kdump.lock);
}

/* The entries of this unit, or of the first unit after it that has any. */
static struct list_head *entry_of_units(struct list_head *units)
{
	struct kdump_unit *unit;

	for (; units != &intel_kdump.units; units = units->next) {
		unit = list_entry(units, struct kdump_unit, list);
		if (!list_empty(&unit->entries))
			return unit->entries.next;
	}
	return NULL;
}

static struct list_head *ranges_first(void)
{
	return entry_of_units(intel_kdump.units.next);
}

static struct list_head *ranges_next(struct list_head *at)
{
	struct kdump_unit *unit = list_entry(at, struct kdump_entry, list)->unit;

	return at->next != &unit->entries ? at->next : entry_of_units(unit->list.next);
}

static u64 ranges_lines(struct list_head *at)
{
	const struct kdc_tree *tree = list_entry(at, struct kdump_entry, list)->tree;

	return tree ? tree->nr_ranges : 0;
}

static const struct kdump_file ranges_file = {
	.first = ranges_first, .next = ranges_next, .lines = ranges_lines,
};

static void *ranges_seq_start(struct seq_file *m, loff_t *pos)
{
	return cursor_start(m, pos, &ranges_file);
}

static void *ranges_seq_next(struct seq_file *m, void *v, loff_t *pos)
{
	return cursor_next(m, pos, &ranges_file);
}

static int ranges_show(struct seq_file *m, void *v)
{
	struct cursor *c = v;
	const struct kdump_entry *entry = list_entry(c->at, struct kdump_entry, list);
	const struct kdc_range *r = &entry->tree->ranges[c->index];

	seq_printf(m, "%d %02x:%02x.%x %u 0x%llx 0x%llx\n", entry->unit->iommu->seq_id,
		   entry->sid >> 8, entry->sid >> 3 & 0x1f, entry->sid & 7, entry->pasid,
		   r->first << 12, (r->last << 12) + 0xfff);
	return 0;
}

static struct list_head *reserved_first(void)
{
	return list_empty(&intel_kdump.devices) ? NULL : intel_kdump.devices.next;
}

static struct list_head *reserved_next(struct list_head *at)
{
	return at->next != &intel_kdump.devices ? at->next : NULL;
}

static u64 reserved_lines(struct list_head *at)
{
	return list_entry(at, struct kdump_device, list)->nr_spans;
}

static const struct kdump_file reserved_file = {
	.first = reserved_first, .next = reserved_next, .lines = reserved_lines,
};

static void *reserved_seq_start(struct seq_file *m, loff_t *pos)
{
	return cursor_start(m, pos, &reserved_file);
}

static void *reserved_seq_next(struct seq_file *m, void *v, loff_t *pos)
{
	return cursor_next(m, pos, &reserved_file);
}

static int reserved_show(struct seq_file *m, void *v)
{
	struct cursor *c = v;
	const struct kdump_device *dev = list_entry(c->at, struct kdump_device, list);
	const struct iova_span *span = &dev->spans[c->index];

	seq_printf(m, "%s 0x%llx 0x%llx\n", dev->name, (u64)span->lo << 12,
		   ((u64)span->hi << 12) + 0xfff);
	return 0;
}

static const struct seq_operations ranges_sops = {
	.start = ranges_seq_start, .next = ranges_seq_next, .stop = cursor_stop,
	.show = ranges_show,
};

static const struct seq_operations reserved_sops = {
	.start = reserved_seq_start, .next = reserved_seq_next, .stop = cursor_stop,
	.show = reserved_show,
};

static int ranges_open(struct inode *inode, struct file *file)
{
	return seq_open_private(file, &ranges_sops, sizeof(struct cursor));
}

static int reserved_open(struct inode *inode, struct file *file)
{
	return seq_open_private(file, &reserved_sops, sizeof(struct cursor));
}

static const struct file_operations ranges_fops = {
	.open = ranges_open, .read = seq_read, .llseek = seq_lseek, .release = seq_release_private,
};

static const struct file_operations reserved_fops = {
	.open = reserved_open, .read = seq_read, .llseek = seq_lseek,
	.release = seq_release_private,
};

static int stats_show(struct seq_file *m, void *v)
{
	const struct kdump_device *dev;
	const struct kdump_unit *unit;

	mutex_lock(&intel_kdump.lock);
	seq_printf(m, "budget max_pages=%llu used_pages=%llu\n",
		   intel_kdump.kdc.limits.max_pages, intel_kdump.kdc.used_pages);
	list_for_each_entry(unit, &intel_kdump.units, list)
		seq_printf(m, "copy unit=%d err=%d contexts=%u trees=%u tables=%llu leaves=%llu ranges=%llu bytes=%llu t_scan_ns=%llu t_copy_ns=%llu t_total_ns=%llu\n",
			   unit->iommu->seq_id, unit->err, unit->contexts, unit->trees,
			   unit->tables, unit->leaves, unit->ranges, unit->pages << PAGE_SHIFT,
			   unit->t_scan, unit->t_copy, unit->t_total);
	list_for_each_entry(dev, &intel_kdump.devices, list) {
		seq_printf(m, "reserve dev=%s ranges=%llu pages=%llu overlapped=%llu failed=%llu over=%llu t_ns=%llu nodes=%llu\n",
			   dev->name, dev->ranges, dev->pages, dev->overlapped, dev->failed,
			   dev->over, dev->t_reserve, dev->nr_spans);
		if (intel_kdump.mode == KDUMP_DEEP)
			seq_printf(m, "graft dev=%s runs=%llu pages=%llu skipped=%llu failed=%llu t_ns=%llu\n",
				   dev->name, dev->runs, dev->mapped, dev->skipped,
				   dev->graft_failed, dev->t_graft);
	}
	mutex_unlock(&intel_kdump.lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

static int __init kdump_debugfs_init(void)
{
	struct dentry *intel, *dir;

	if (intel_kdump.mode == KDUMP_OFF || list_empty(&intel_kdump.units))
		return 0;
	intel = debugfs_lookup("intel", iommu_debugfs_dir);
	if (!intel)
		return 0;
	dir = debugfs_create_dir("kdump", intel);
	dput(intel);
	debugfs_create_file("ranges", 0400, dir, NULL, &ranges_fops);
	debugfs_create_file("reserved", 0400, dir, NULL, &reserved_fops);
	debugfs_create_file("stats", 0400, dir, NULL, &stats_fops);
	return 0;
}
late_initcall(kdump_debugfs_init);
