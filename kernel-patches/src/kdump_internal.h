/* SPDX-License-Identifier: GPL-2.0-only */
/* Translation tables of a dead kernel: what the files of this feature share. */
#ifndef INTEL_KDUMP_INTERNAL_H
#define INTEL_KDUMP_INTERNAL_H

#include <linux/iommu.h>
#include <linux/iova.h>
#include <linux/list.h>
#include <linux/mutex.h>

#include "../iova-exact.h"
#include "iommu.h"
#include "kdump.h"
#include "kdump_compat.h"
#include "kdump_copy.h"

/* Ordered: each mode does what the ones before it do. */
enum kdump_mode { KDUMP_OFF, KDUMP_LOG, KDUMP_RESERVE, KDUMP_DEEP };

/**
 * struct kdump_unit - a remapping unit that was translating when this kernel began
 * @list: in &kdump.units
 * @iommu: the unit
 * @entries: of struct kdump_entry, as they were found
 * @gone: a bit a requester whose old context entry is used no more
 * @nr_entries: how many are remembered
 * @lines: how many are told of in the log
 * @lost: entries that there was no memory to remember
 * @contexts: context entries
 * @trees: page-table trees that were seen at this unit first
 * @dids: domain ids that only this code keeps from being given out
 * @tables: of the trees
 * @leaves: of the trees
 * @ranges: of the trees
 * @pages: of our memory
 * @t_scan: ns that reading took
 * @t_copy: ns that copying took
 * @t_total: ns in all
 * @err: of the driver's copy of the context tables
 */
struct kdump_unit {
	struct list_head list;
	struct intel_iommu *iommu;
	struct list_head entries;
	unsigned long *gone;
	u32 nr_entries, lines;
	u32 lost;
	u32 contexts, trees, dids;
	u64 tables, leaves, ranges;
	u64 pages;
	u64 t_scan, t_copy, t_total;
	int err;
};

/**
 * struct kdump_entry - a context entry; in scalable mode also a PASID entry
 * @list: in &kdump_unit.entries
 * @picked: the next entry of the device that is looked at, see kdump_domain.c
 * @unit: where it was found
 * @tree: what it leads to, or NULL
 * @e: what it says; of a context entry of scalable mode KDC_PASID_DIR
 * @new_dir: physical address of the copy of a KDC_PASID_DIR, or 0
 * @why: why it was refused, or NULL
 * @where: physical address of what is wrong
 * @pasid: of a PASID entry
 * @sid: requester, bus << 8 | devfn
 * @scalable: it is of scalable mode
 * @no_pasid: it translates requests without a PASID
 * @deep: the hardware gets the copy
 * @partial: a KDC_PASID_DIR that may have had more entries
 * @reserved: its ranges are, in the DMA domain of a device
 * @drop: it was gone before the flush that is under way
 * @unused: hardware reads it no more, see intel_kdump_context_gone()
 */
struct kdump_entry {
	struct list_head list;
	struct kdump_entry *picked;
	struct kdump_unit *unit;
	struct kdc_tree *tree;
	struct kdc_entry e;
	u64 new_dir;
	const char *why;
	u64 where;
	u32 pasid;
	u16 sid;
	bool scalable;
	bool no_pasid;
	bool deep;
	bool partial;
	bool reserved;
	bool drop;
	bool unused;
};

/**
 * struct kdump_domain - a DMA domain of this kernel: what was put into it, and what that cost
 * @list: in &kdump.domains; empty if there is no memory to remember it
 * @iovad: where its IOVAs come from
 * @standing: nodes that it had before
 * @nodes: nodes that were made here
 * @low_free: pages below 4 GiB that it may hand out
 * @grafts: of struct kdump_graft
 */
struct kdump_domain {
	struct list_head list;
	struct iova_domain *iovad;
	u64 standing;
	u64 nodes;
	u64 low_free;
	struct list_head grafts;
};

/**
 * struct kdump_graft - a tree that was grafted, once into a domain, whichever device asks
 * @list: in &kdump_domain.grafts
 * @tree: the tree
 * @pages: of the budget
 */
struct kdump_graft {
	struct list_head list;
	const struct kdc_tree *tree;
	u64 pages;
};

/**
 * struct kdump_device - what was done for a device when its DMA domain was made
 * @list: in &kdump.devices
 * @name: of the device
 * @domain: its DMA domain
 * @ranges: that were to be reserved
 * @pages: of the ranges
 * @overlapped: pages that were taken already
 * @failed: ranges that are not reserved, or not known
 * @over: pages that were reserved beyond the ranges
 * @t_reserve: ns
 * @runs: pieces that were to be mapped
 * @mapped: pages
 * @skipped: pages that led there already
 * @graft_failed: pages that could not be mapped
 * @t_graft: ns
 * @nr_spans: how many @spans there are; 0 also if there was no memory to keep them
 * @spans: all nodes of the IOVA domain right after the reservation
 * @span_pages: of the budget, for @spans
 */
struct kdump_device {
	struct list_head list;
	char name[24];
	const struct kdump_domain *domain;
	u64 ranges, pages, overlapped, failed, over, t_reserve;
	u64 runs, mapped, skipped, graft_failed, t_graft;
	u64 nr_spans;
	struct iova_span *spans;
	u64 span_pages;
};

/**
 * struct kdump - all that is known of the dead kernel's tables
 * @mode: what is asked for; set before the units are initialised
 * @log_lines: range lines of a requester; 0: only what must be known is logged
 * @max_mib: what all of it may cost; 0: a quarter of what is free at first
 * @max_regions: ranges that a device may have for them to be shown as reserved regions
 * @kdc: the copy, its limits and the budget
 * @units: of struct kdump_unit
 * @domains: of struct kdump_domain
 * @devices: of struct kdump_device
 * @lock: held while anything here is used after the boot of the units; nests in group locks
 */
struct kdump {
	enum kdump_mode mode;
	unsigned int log_lines, max_mib, max_regions;
	struct kdc kdc;
	struct list_head units;
	struct list_head domains;
	struct list_head devices;
	struct mutex lock;	/* of all but the mode and the log */
};

extern struct kdump intel_kdump;

/* What went as it should is told when it was asked for: debugfs has it all. */
#define kdump_info(fmt, ...) do {				\
	if (intel_kdump.log_lines)				\
		pr_info(fmt, ##__VA_ARGS__);			\
} while (0)

/* kdump_oldmem.c */

/**
 * intel_kdump_oldmem_init() - learn what RAM the dead kernel had
 * @why: set to a few static words if there is none to be read
 *
 * From core_initcall() on, before /proc/vmcore frees the ELF core header.
 *
 * Return: 0 or a negative error code.
 */
int intel_kdump_oldmem_init(const char **why);

/**
 * intel_kdump_oldmem_ranges() - how many ranges of old RAM there are
 *
 * Any context.
 *
 * Return: the number of them.
 */
unsigned int intel_kdump_oldmem_ranges(void);

/**
 * intel_kdump_oldmem_range() - one of the ranges of old RAM
 * @i: which, in ascending order
 * @first: set to its first 4K page
 * @last: set to its last one
 *
 * Any context.
 */
void intel_kdump_oldmem_range(unsigned int i, u64 *first, u64 *last);

/**
 * intel_kdump_oldmem_own() - the RAM that this kernel runs in
 * @nr: set to the number of ranges
 *
 * Any context.
 *
 * Return: the ranges, of 4K pages. They stay.
 */
const struct kdc_range *intel_kdump_oldmem_own(u32 *nr);

/**
 * intel_kdump_old_page() - see a page of the dead kernel's memory
 * @ctx: unused
 * @pa: its physical address
 *
 * Until intel_kdump_oldmem_release(), while the units are initialised; may sleep.
 *
 * Return: as &kdc_ops.old_page.
 */
const void *intel_kdump_old_page(void *ctx, u64 pa);

/**
 * intel_kdump_oldmem_release() - unmap the old memory
 *
 * The ranges stay known. Process context, once nothing reads it any more.
 */
void intel_kdump_oldmem_release(void);

/* kdump_resv.c */

/**
 * intel_kdump_reserve() - keep ranges of IOVAs from being handed out
 * @d: domain
 * @ranges: ascending, not overlapping
 * @nr: how many of them
 * @stat: what was done is added to it
 *
 * If the budget or the memory does not suffice, ranges are joined at the smallest
 * gaps. With intel_kdump.lock held; may sleep.
 */
void intel_kdump_reserve(struct kdump_domain *d, const struct kdc_range *ranges, u32 nr,
			 struct kdump_device *stat);

/**
 * intel_kdump_unreserve() - give back what the nodes of a domain have cost
 * @d: domain, whose nodes are gone or about to go
 *
 * With intel_kdump.lock held.
 */
void intel_kdump_unreserve(const struct kdump_domain *d);

/**
 * intel_kdump_domain_init() - look at what is in a domain before anything of ours
 * @d: is filled in
 * @iovad: where the domain's IOVAs come from
 *
 * With intel_kdump.lock held.
 */
void intel_kdump_domain_init(struct kdump_domain *d, struct iova_domain *iovad);

/**
 * intel_kdump_snapshot() - keep what is in a domain, for debugfs
 * @d: domain
 * @stat: is given the nodes, if there is memory to spare
 *
 * With intel_kdump.lock held; may sleep.
 */
void intel_kdump_snapshot(const struct kdump_domain *d, struct kdump_device *stat);

/* kdump_link.c */

/**
 * struct kdump_link - what a domain's entries have beside the address; begins as zero
 * @bits: of a page, by permissions (1 read, 2 write); 0: not known
 * @table: of a lowest table
 * @touched: something is mapped of a table that was not taken
 */
struct kdump_link {
	u64 bits[4];
	u64 table;
	bool touched;
};

/**
 * intel_kdump_link() - map all pages of a table, if nothing is mapped there
 * @domain: domain that no device uses yet
 * @table: copied table of the lowest level
 * @link: what is known of the domain's entries
 * @stat: what was mapped is added to it
 *
 * With intel_kdump.lock held; may sleep.
 *
 * Return: true if all are mapped; false: they are still to be.
 */
bool intel_kdump_link(struct iommu_domain *domain, const struct kdc_table *table,
		      struct kdump_link *link, struct kdump_device *stat);

/**
 * intel_kdump_lookup() - where an IOVA leads
 * @domain: domain that no device uses yet
 * @iova: address
 * @size: bytes that are of interest; set to how many of them, from @iova on, lead
 *        nowhere, or to what lies side by side
 *
 * With intel_kdump.lock held.
 *
 * Return: the physical address, or U64_MAX: nowhere.
 */
u64 intel_kdump_lookup(struct iommu_domain *domain, u64 iova, u64 *size);

/**
 * intel_kdump_tables() - how many tables a domain has
 * @domain: domain that no device uses yet
 *
 * With intel_kdump.lock held.
 *
 * Return: the number, each a 4K page.
 */
u64 intel_kdump_tables(struct iommu_domain *domain);

/* kdump.c: by enum kdump_mode. */
extern const char * const intel_kdump_modes[];

#define KDUMP_WHO_SIZE	32

/**
 * intel_kdump_who() - an entry in words
 * @entry: entry
 * @buf: where they are put
 *
 * Any context.
 *
 * Return: @buf, as "unit=0 dev=00:05.0".
 */
const char *intel_kdump_who(const struct kdump_entry *entry, char buf[KDUMP_WHO_SIZE]);

/**
 * intel_kdump_shown() - an address of memory, as the log may have it
 * @pa: physical address
 *
 * Any context.
 *
 * Return: @pa, to those who asked for the log; else 0.
 */
static inline u64 intel_kdump_shown(u64 pa)
{
	return intel_kdump.log_lines ? pa : 0;
}

/* kdump.c */

/**
 * intel_kdump_charge() - take pages of the budget
 * @pages: 4K pages
 * @reservation: for a reservation, which may have a share that nothing else may
 *
 * With intel_kdump.lock held, or while the units are initialised.
 *
 * Return: false if they are not there; then none is taken.
 */
bool intel_kdump_charge(u64 pages, bool reservation);

/**
 * intel_kdump_refund() - give pages of the budget back
 * @pages: 4K pages that were charged
 *
 * Context as of intel_kdump_charge().
 */
void intel_kdump_refund(u64 pages);

/**
 * intel_kdump_free_dir() - free the copy of an entry's PASID directory
 * @entry: entry, with or without one
 *
 * Context as of intel_kdump_charge(). No hardware may read it any more.
 */
void intel_kdump_free_dir(struct kdump_entry *entry);

#endif
