/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Deep copy of a dead kernel's VT-d translation tables: the core.
 *
 * Plain C without a kernel service of its own: what it needs (reading old
 * memory, pages for the copy) comes through struct kdc_ops, so that the very
 * file the kernel builds is also built, tested and fuzzed on the host.
 *
 * Everything read through kdc_ops.old_page() is untrusted: it may hold any
 * bytes, and may change between two reads (devices still write).
 */
#ifndef KDUMP_COPY_H
#define KDUMP_COPY_H

#ifdef __KERNEL__
#include <linux/errno.h>
#include <linux/types.h>
#else
#include "kdump_copy_host.h"	/* u8..u64, bool, errno: tests/kdump-copy/ */
#endif

#define KDC_PAGE_SIZE	4096u
#define KDC_UNREAD	((const void *)1ul)	/* see kdc_ops.old_page() */

/**
 * enum kdc_format - page-table formats, VT-d spec 9.7 and 9.8
 * @KDC_SECOND_STAGE: second-stage
 * @KDC_FIRST_STAGE: first-stage
 */
enum kdc_format { KDC_SECOND_STAGE, KDC_FIRST_STAGE };

/**
 * enum kdc_kind - what a context entry or a scalable-mode PASID entry says
 * @KDC_NOT_PRESENT: nothing
 * @KDC_TREE: one page-table tree
 * @KDC_PASS_THROUGH: no translation
 * @KDC_PASID_DIR: a scalable-mode context entry: root is the directory
 * @KDC_REFUSED: reserved or unsupported values; why says which
 */
enum kdc_kind {
	KDC_NOT_PRESENT,
	KDC_TREE,
	KDC_PASS_THROUGH,
	KDC_PASID_DIR,
	KDC_REFUSED,
};

/**
 * struct kdc_entry - a context or PASID entry, decoded
 * @kind: what it says
 * @format: of KDC_TREE
 * @levels: of KDC_TREE: 2..5
 * @did: domain id
 * @pasid_dir_order: of KDC_PASID_DIR: log2 of the directory's 4K pages
 * @pasid_dir_bits: of KDC_PASID_DIR: log2 of its entries (7 fill a quarter page)
 * @device_tlb: the device may cache translations
 * @fpd: faults are not recorded
 * @root: physical address of the tree or of the directory
 * @why: of KDC_REFUSED: a few words, static
 */
struct kdc_entry {
	enum kdc_kind kind;
	enum kdc_format format;
	u8 levels;
	u16 did;
	u8 pasid_dir_order;
	u8 pasid_dir_bits;
	bool device_tlb;
	bool fpd;
	u64 root;
	const char *why;
};

/**
 * struct kdc_range - 4K pages of IOVA, or of memory
 * @first: number of the first page
 * @last: number of the last page
 */
struct kdc_range {
	u64 first;
	u64 last;
};

/**
 * struct kdc_limits - what the unit's hardware can do, and what the copy may cost
 * @sagaw: CAP.SAGAW: bit n set: n + 2 levels are supported
 * @first_5level: CAP.FL5LP
 * @second_2m: CAP.SLLPS, 2 MiB
 * @second_1g: CAP.SLLPS, 1 GiB
 * @first_1g: CAP.FL1GP
 * @pa_end: first address above the host address width; a power of two
 * @mgaw: IOVA bits of the second stage, CAP.MGAW; 0: any
 * @max_pages: 4K pages of all copied tables and range arrays together
 * @copy_pages: with so many used no table is copied; 0: @max_pages
 * @max_visits: for one tree or directory; 0: by @max_pages
 * @max_ranges: of one tree; above, neighbours are joined and counted; 0: any
 * @own: pages that this kernel runs in: a copy translates to none of them
 * @nr_own: how many ranges @own has
 * @ram_pages: of the dead kernel; 0: no tree counts as identity
 *
 * May be set anew for each unit.
 */
struct kdc_limits {
	u8 sagaw;
	bool first_5level;
	bool second_2m, second_1g;
	bool first_1g;
	u64 pa_end;
	u8 mgaw;
	u64 max_pages;
	u64 copy_pages;
	u64 max_visits;
	u32 max_ranges;
	const struct kdc_range *own;
	u32 nr_own;
	u64 ram_pages;
};

/**
 * struct kdc_ops - what the copy needs of the kernel
 * @old_page: a 4K page of the dead kernel's memory, or NULL if pa is not in its
 *            RAM (or lies in the crash kernel's), or KDC_UNREAD if it is and
 *            cannot be seen. Stays readable until the whole copy is over.
 * @alloc: 2^order naturally aligned pages of our own, of any content; NULL: none left
 * @free: of what @alloc gave
 * @own_page: the page of our own at pa (one that @alloc gave)
 * @flush: write back the caches for a unit that does not snoop; may be NULL
 * @resize: krealloc of an array (of many MiB, maybe); size 0 frees. NULL: no
 *          memory, the old one stays.
 * @relax: called every now and then, so that others may run; may be NULL
 * @now: nanoseconds, for ns_scan and ns_copy; may be NULL
 *
 * ctx is that of struct kdc.
 */
struct kdc_ops {
	const void *(*old_page)(void *ctx, u64 pa);
	void *(*alloc)(void *ctx, unsigned int order, u64 *pa);
	void (*free)(void *ctx, void *page, unsigned int order);
	void *(*own_page)(void *ctx, u64 pa);
	void (*flush)(void *ctx, const void *page, unsigned int order);
	void *(*resize)(void *ctx, void *old, u64 old_size, u64 size);
	void (*relax)(void *ctx);
	u64 (*now)(void *ctx);
};

/**
 * struct kdc_tree - one page-table tree of the dead kernel
 * @next: in &kdc.trees
 * @old_root: physical address
 * @format: of the tables
 * @levels: of the tables
 * @users: context or PASID entries that refer to it
 * @unused: of these, as kdc_tree_unused() was told
 * @error: of the scan: 0, -EUCLEAN corrupt, -ENOSPC budget, -ENOMEM, -EIO unread
 * @why: of @error: a few words, static
 * @where: of @error: physical address of the bad (first) entry or table
 * @bad_entries: skipped: the hardware would fault on them
 * @tables: how many there are
 * @leaves_4k: how many there are
 * @leaves_2m: how many there are
 * @leaves_1g: how many there are
 * @ranges: what is mapped: ascending, not adjacent
 * @nr_ranges: how many there are
 * @ranges_size: how many there is memory for
 * @over_pages: in the ranges, but not mapped (joined gaps)
 * @unread_pages: what tables that were not read may map; in the ranges, but for a root's
 * @alike: what all entries of the lowest tables have beside the address, or are 0; 0: some differ
 * @snoop: a second-stage leaf forces snooping
 * @identity: leads to where it comes from, for most of the RAM
 * @new_root: physical address of the copy; 0: none
 * @new_tables: of the copy
 * @own_leaves: left out of the copy: they lead into this kernel's memory
 *
 * However many entries point to it (on however many units): found again by
 * (old_root, format, levels).
 */
struct kdc_tree {
	struct kdc_tree *next;
	/* private: */
	struct kdc_tree *prev, *hash_next;
	/* public: */
	u64 old_root;
	enum kdc_format format;
	u8 levels;
	u32 users;
	u32 unused;

	/* The result of the scan. */
	int error;
	const char *why;
	u64 where;
	u64 bad_entries;
	u32 tables;
	u64 leaves_4k, leaves_2m, leaves_1g;
	struct kdc_range *ranges;
	u32 nr_ranges;
	u32 ranges_size;
	u64 over_pages;
	u64 unread_pages;
	u64 alike;
	bool snoop;
	bool identity;
	/* private: */
	u64 visits;
	/* public: */

	/* The copy, when it was made. */
	u64 new_root;
	u32 new_tables;
	u64 own_leaves;
};

/**
 * struct kdc - all trees, and the budget
 * @ops: what it needs
 * @ctx: handed to @ops
 * @limits: of the hardware and of the cost
 * @used_pages: of &kdc_limits.max_pages
 * @trees: all of them
 * @ns_scan: spent so far, if &kdc_ops.now
 * @ns_copy: spent so far, if &kdc_ops.now
 *
 * The caller fills ops, ctx and limits, and sees to it that there is one call
 * at a time; all else begins as zero. Any context that the ops can be called in.
 */
struct kdc {
	const struct kdc_ops *ops;
	void *ctx;
	struct kdc_limits limits;
	u64 used_pages;
	struct kdc_tree *trees;
	u64 ns_scan, ns_copy;
	/* private: */
	u64 visits;		/* old tables looked at so far */
	struct kdc_tree *hash[64];
};

/*
 * What bounds the time: so many old tables are looked at, per page of
 * limits.max_pages, for one tree, and KDC_VISITS_TREES times as many in all. Then
 * each further tree has a few of its own, so that no other can take them away.
 */
#define KDC_VISITS_PER_PAGE	8u
#define KDC_VISITS_TREES	16u
#define KDC_VISITS_OWN		1024u

/**
 * kdc_decode_context() - decode a legacy-mode context entry, VT-d spec 9.3
 * @limits: of its unit
 * @ce: entry
 * @out: what it says
 *
 * Reads no other memory.
 */
void kdc_decode_context(const struct kdc_limits *limits, const u64 ce[2], struct kdc_entry *out);

/**
 * kdc_decode_scalable_context() - decode a scalable-mode context entry, VT-d spec 9.4
 * @limits: of its unit
 * @ce: entry
 * @out: what it says
 *
 * Reads no other memory.
 */
void kdc_decode_scalable_context(const struct kdc_limits *limits, const u64 ce[4],
				 struct kdc_entry *out);

/**
 * kdc_decode_pasid() - decode a scalable-mode PASID entry, VT-d spec 9.6
 * @limits: of its unit
 * @pe: entry
 * @out: what it says
 *
 * Reads no other memory.
 */
void kdc_decode_pasid(const struct kdc_limits *limits, const u64 pe[8], struct kdc_entry *out);

/**
 * kdc_context_set_root() - point a context entry at another tree or directory
 * @ce: entry; the address is replaced (never ORed), FPD cleared
 * @root: physical address
 */
void kdc_context_set_root(u64 *ce, u64 root);

/**
 * kdc_pasid_set_root() - point a PASID entry at another tree
 * @pe: entry; the address is replaced (never ORed), FPD cleared
 * @format: of the tree
 * @root: physical address
 */
void kdc_pasid_set_root(u64 pe[8], enum kdc_format format, u64 root);

/**
 * kdc_tree_get() - the tree of an entry
 * @c: all trees
 * @entry: decoded entry, of KDC_TREE
 * @deep: copy it
 *
 * It is scanned at its first use (counted against the budget before anything is
 * allocated for a copy). If its error is set then new_root is 0 and the caller
 * keeps the shallow copy; its ranges are those that could be read, and after
 * -ENOSPC whatever the tables that were not read may map: unread_pages.
 *
 * The ranges of a copied tree are read from the finished copy: whatever the old
 * memory did meanwhile, they are what the copy maps. A first-stage IOVA of the
 * upper half is sign-extended, so its page number has 52 bits.
 *
 * Return: the tree, to be put; NULL: no memory for the bookkeeping.
 */
struct kdc_tree *kdc_tree_get(struct kdc *c, const struct kdc_entry *entry, bool deep);

/**
 * struct kdc_dir - what kdc_pasids() made of a directory
 * @root: physical address of the copy; 0: none
 * @why: of an error: a few words, static
 * @partial: there may be PASID entries that were not visited
 */
struct kdc_dir {
	u64 root;
	const char *why;
	bool partial;
};

/**
 * typedef kdc_visit_pasid - told of a PASID entry
 * @arg: of kdc_pasids()
 * @pasid: its number
 * @entry: what it says; may be KDC_REFUSED or KDC_PASS_THROUGH
 * @pe: the copy of it, which may be changed
 *
 * Return: not 0: no further entry is visited.
 */
typedef int (*kdc_visit_pasid)(void *arg, u32 pasid, const struct kdc_entry *entry, u64 pe[8]);

/**
 * kdc_pasids() - visit every present PASID entry of a directory
 * @c: all trees
 * @dir: decoded scalable-mode context entry, of KDC_PASID_DIR
 * @deep: copy the directory and its tables
 * @visit: called for each entry
 * @arg: handed to @visit
 * @out: what came of it
 *
 * Nothing of the copy is left if an error is returned (but trees that @visit took
 * are its caller's to put). Whatever is wrong with the directory, a table or the
 * copy, what can be read is visited before an error is returned.
 *
 * Return: 0, or the first error: a negative code, or what @visit returned.
 */
int kdc_pasids(struct kdc *c, const struct kdc_entry *dir, bool deep, kdc_visit_pasid visit,
	       void *arg, struct kdc_dir *out);

/**
 * struct kdc_run - leaves that are contiguous in IOVA and PA with equal permissions
 * @iova: first address
 * @pa: where it leads
 * @size: bytes
 * @read: permission that remains after all levels
 * @write: permission that remains after all levels
 * @snoop: second stage: SNP
 */
struct kdc_run {
	u64 iova;
	u64 pa;
	u64 size;
	bool read, write;
	bool snoop;
};

/**
 * typedef kdc_visit_run - told of a run
 * @arg: of kdc_walk_runs() or kdc_walk_tables()
 * @run: the run
 *
 * Return: not 0: the walk ends.
 */
typedef int (*kdc_visit_run)(void *arg, const struct kdc_run *run);

/**
 * kdc_walk_runs() - visit the leaves of a copied tree as runs, ascending
 * @c: all trees
 * @tree: tree
 * @visit: called for each run
 * @arg: handed to @visit
 *
 * Return: 0, what @visit returned, or -EINVAL: there is no copy.
 */
int kdc_walk_runs(struct kdc *c, const struct kdc_tree *tree, kdc_visit_run visit, void *arg);

/**
 * struct kdc_table - a table of the lowest level of a copied tree
 * @entries: its 512 entries
 * @iova: of its first entry
 * @present: an entry with any of these bits is
 * @perm: that the levels above leave: 1 read, 2 write
 * @alike: as in &struct kdc_tree
 */
struct kdc_table {
	const u64 *entries;
	u64 iova;
	u64 present;
	u8 perm;
	u64 alike;
};

/**
 * typedef kdc_take_table - offered a table of the lowest level
 * @arg: of kdc_walk_tables()
 * @table: the table
 *
 * Return: true: taken, no runs are made of its entries.
 */
typedef bool (*kdc_take_table)(void *arg, const struct kdc_table *table);

/**
 * kdc_walk_tables() - as kdc_walk_runs(), but each table of the lowest level is offered first
 * @c: all trees
 * @tree: tree
 * @take: called for each table of the lowest level
 * @visit: called for each run of what was not taken
 * @arg: handed to both
 *
 * Return: 0, what @visit returned, or -EINVAL: there is no copy.
 */
int kdc_walk_tables(struct kdc *c, const struct kdc_tree *tree, kdc_take_table take,
		    kdc_visit_run visit, void *arg);

/**
 * struct kdc_fill - such a table in the making, somewhere else and in another format
 * @to: 512 entries; may be NULL as long as no bits are known
 * @bits: of an entry beside its address, by permissions; 0: not known
 * @next: entry to be written
 * @pages: entries that are written and present
 */
struct kdc_fill {
	u64 *to;
	u64 bits[4];
	unsigned int next;
	unsigned int pages;
};

/**
 * kdc_table_write() - write entries, with 0 for what is not there
 * @table: what they are written of
 * @fill: from &kdc_fill.next on
 *
 * Return: 0: all are written; or the permissions (1 read, 2 write) of the first
 * whose bits are not known, where it stopped.
 */
unsigned int kdc_table_write(const struct kdc_table *table, struct kdc_fill *fill);

/**
 * struct kdc_joining - which gaps between ranges are given up
 * @class: of gaps; all below it are
 * @need: how many of that class are
 */
struct kdc_joining {
	unsigned int class;
	u32 need;
};

/**
 * kdc_join_plan() - plan to join ranges that are too many
 * @ranges: ascending
 * @nr: how many of them
 * @drop: how many gaps to give up
 * @j: the plan
 *
 * The smallest gaps go first by powers of two, and those below 4 GiB, which
 * devices with 32-bit masks live on, after all others.
 */
void kdc_join_plan(const struct kdc_range *ranges, u32 nr, u32 drop, struct kdc_joining *j);

/**
 * kdc_joins() - is a gap given up?
 * @j: the plan; it must be asked for all gaps in ascending order
 * @last: page before the gap
 * @first: page behind it
 *
 * Return: true if it is.
 */
bool kdc_joins(struct kdc_joining *j, u64 last, u64 first);

/**
 * kdc_tree_unused() - hardware uses a tree for one user less
 * @c: all trees
 * @tree: tree; without any such user the copy is freed, its ranges stay
 */
void kdc_tree_unused(struct kdc *c, struct kdc_tree *tree);

/**
 * kdc_tree_put() - release one user of a tree
 * @c: all trees
 * @tree: tree; freed with its copy when it was the last
 */
void kdc_tree_put(struct kdc *c, struct kdc_tree *tree);

/**
 * kdc_free_pasids() - free the copy of a PASID directory and of its tables
 * @c: all trees
 * @new_dir: physical address, of &kdc_dir.root
 * @order: of &kdc_entry.pasid_dir_order
 */
void kdc_free_pasids(struct kdc *c, u64 new_dir, u8 order);

/**
 * kdc_destroy() - free all trees, whoever uses them
 * @c: all trees
 */
void kdc_destroy(struct kdc *c);

#endif
