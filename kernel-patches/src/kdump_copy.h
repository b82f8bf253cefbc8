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

/* Page-table formats, VT-d spec 9.7 (first-stage) and 9.8 (second-stage). */
enum kdc_format { KDC_SECOND_STAGE, KDC_FIRST_STAGE };

/* What a context entry or a scalable-mode PASID entry says. */
enum kdc_kind {
	KDC_NOT_PRESENT,
	KDC_TREE,		/* one page-table tree */
	KDC_PASS_THROUGH,
	KDC_PASID_DIR,		/* scalable-mode context entry: root is the directory */
	KDC_REFUSED,		/* reserved or unsupported values; why says which */
};

struct kdc_entry {
	enum kdc_kind kind;
	enum kdc_format format;	/* of KDC_TREE */
	u8 levels;		/* of KDC_TREE: 2..5 */
	u16 did;
	u8 pasid_dir_order;	/* of KDC_PASID_DIR: log2 of the directory's 4K pages */
	u8 pasid_dir_bits;	/* of KDC_PASID_DIR: log2 of its entries (7 fill a quarter page) */
	bool device_tlb;
	bool fpd;
	u64 root;		/* physical address of the tree or of the directory */
	const char *why;	/* of KDC_REFUSED: a few words, static */
};

/* Inclusive numbers of 4K IOVA pages. */
struct kdc_range {
	u64 first;
	u64 last;
};

/* What the unit's hardware can do (may be set anew for each), and what the copy may cost. */
struct kdc_limits {
	u8 sagaw;		/* CAP.SAGAW: bit n set: n + 2 levels are supported */
	bool first_5level;	/* CAP.FL5LP */
	bool second_2m, second_1g;	/* CAP.SLLPS */
	bool first_1g;		/* CAP.FL1GP */
	u64 pa_end;		/* first address above the host address width; a power of two */
	u8 mgaw;		/* IOVA bits of the second stage, CAP.MGAW; 0: any */
	u64 max_pages;		/* 4K pages of all copied tables and range arrays together */
	u64 copy_pages;		/* with so many used no table is copied; 0: max_pages */
	u64 max_visits;		/* for one tree or directory; 0: by max_pages */
	u32 max_ranges;		/* of one tree; above, neighbours are joined and counted; 0: any */
	/* Pages this kernel runs in: a copy translates to none of them. */
	const struct kdc_range *own;
	u32 nr_own;
	u64 ram_pages;		/* of the dead kernel; 0: no tree counts as identity */
};

struct kdc_ops {
	/*
	 * A 4K page of the dead kernel's memory, or NULL if pa is not in its
	 * RAM (or lies in the crash kernel's), or KDC_UNREAD if it is and cannot
	 * be seen. Stays readable until the whole copy is over.
	 */
	const void *(*old_page)(void *ctx, u64 pa);
	/* 2^order naturally aligned pages of our own, of any content; NULL: none left. */
	void *(*alloc)(void *ctx, unsigned int order, u64 *pa);
	void (*free)(void *ctx, void *page, unsigned int order);
	/* The page of our own at pa (one alloc() gave). */
	void *(*own_page)(void *ctx, u64 pa);
	/* Write back the caches for a unit that does not snoop; may be NULL. */
	void (*flush)(void *ctx, const void *page, unsigned int order);
	/* krealloc of an array (of many MiB, maybe); size 0 frees. NULL: no memory, old stays. */
	void *(*resize)(void *ctx, void *old, u64 old_size, u64 size);
	/* Called every now and then, so that others may run; may be NULL. */
	void (*relax)(void *ctx);
	/* Nanoseconds, for ns_scan and ns_copy; may be NULL. */
	u64 (*now)(void *ctx);
};

/*
 * One page-table tree of the dead kernel, however many entries point to it
 * (on however many units): found again by (old_root, format, levels).
 */
struct kdc_tree {
	struct kdc_tree *next;
	struct kdc_tree *prev, *hash_next;	/* private */
	u64 old_root;
	enum kdc_format format;
	u8 levels;
	u32 users;		/* context or PASID entries that refer to it */
	u32 unused;		/* of these, as kdc_tree_unused() was told */

	/* The result of the scan. */
	int error;		/* 0, -EUCLEAN corrupt, -ENOSPC budget, -ENOMEM, -EIO unread */
	const char *why;	/* of error: a few words, static */
	u64 where;		/* of error: physical address of the bad (first) entry or table */
	u64 bad_entries;	/* skipped: the hardware would fault on them */
	u32 tables;
	u64 leaves_4k, leaves_2m, leaves_1g;
	struct kdc_range *ranges;	/* ascending, not adjacent */
	u32 nr_ranges;
	u32 ranges_size;	/* allocated */
	u64 over_pages;		/* in the ranges, but not mapped (joined gaps) */
	/* What tables that were not read may map; in the ranges, but for a root's. */
	u64 unread_pages;
	bool snoop;		/* a second-stage leaf forces snooping */
	bool identity;		/* leads to where it comes from, for most of the RAM */
	u64 visits;		/* private */

	/* The copy, when it was made. */
	u64 new_root;		/* 0: none */
	u32 new_tables;
	u64 own_leaves;		/* left out of the copy: they lead into this kernel's memory */
};

/* The caller fills ops, ctx and limits; all else begins as zero. */
struct kdc {
	const struct kdc_ops *ops;
	void *ctx;
	struct kdc_limits limits;
	u64 used_pages;		/* of limits.max_pages */
	struct kdc_tree *trees;
	u64 ns_scan, ns_copy;	/* spent so far, if ops->now */
	/* Private. */
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

/* Decoding: VT-d spec 9.3, 9.4, 9.6. Never reads memory. */
void kdc_decode_context(const struct kdc_limits *limits, const u64 ce[2], struct kdc_entry *out);
void kdc_decode_scalable_context(const struct kdc_limits *limits, const u64 ce[4],
				 struct kdc_entry *out);
void kdc_decode_pasid(const struct kdc_limits *limits, const u64 pe[8], struct kdc_entry *out);

/* Point an entry at another tree or directory: address replaced (never ORed), FPD cleared. */
void kdc_context_set_root(u64 *ce, u64 root);
void kdc_pasid_set_root(u64 pe[8], enum kdc_format format, u64 root);

/*
 * The tree of an entry: scanned at its first use (counted against the budget
 * before anything is allocated for a copy), and copied if deep. Returns the
 * tree, also when its ->error is set (then new_root is 0 and the caller keeps
 * the shallow copy; its ranges are those that could be read, and after -ENOSPC
 * whatever the tables that were not read may map: unread_pages). NULL: no memory
 * for the bookkeeping.
 *
 * The ranges of a copied tree are read from the finished copy: whatever the old
 * memory did meanwhile, they are what the copy maps. A first-stage IOVA of the
 * upper half is sign-extended, so its page number has 52 bits.
 */
struct kdc_tree *kdc_tree_get(struct kdc *c, const struct kdc_entry *entry, bool deep);

/* What kdc_pasids() made of a directory. */
struct kdc_dir {
	u64 root;		/* of the copy; 0: none */
	const char *why;	/* of an error: a few words, static */
	bool partial;		/* there may be PASID entries that were not visited */
};

/*
 * The PASID directory of a scalable-mode context entry: visit every present
 * PASID entry of its tables. With deep, the directory and its tables are
 * copied, and visit() may change its copy of the entry (pe); nothing of the
 * copy is left if an error is returned (but trees that visit() took are
 * visit()'s to put). visit() also sees entries that are KDC_REFUSED or
 * KDC_PASS_THROUGH. Whatever is wrong with the directory, a table or the copy,
 * what can be read is visited before an error is returned. visit() returning
 * non-zero ends it.
 */
typedef int (*kdc_visit_pasid)(void *arg, u32 pasid, const struct kdc_entry *entry, u64 pe[8]);
int kdc_pasids(struct kdc *c, const struct kdc_entry *dir, bool deep, kdc_visit_pasid visit,
	       void *arg, struct kdc_dir *out);

/*
 * The leaves of a copied tree as runs that are contiguous in IOVA and PA with
 * equal permissions (those that remain after all levels), ascending. visit()
 * returning non-zero ends the walk. -EINVAL: there is no copy.
 */
struct kdc_run {
	u64 iova;
	u64 pa;
	u64 size;		/* bytes */
	bool read, write;
	bool snoop;		/* second stage: SNP */
};

typedef int (*kdc_visit_run)(void *arg, const struct kdc_run *run);
int kdc_walk_runs(struct kdc *c, const struct kdc_tree *tree, kdc_visit_run visit, void *arg);

/* A table of the lowest level of a copied tree. */
struct kdc_table {
	const u64 *entries;
	u64 iova;		/* of its first entry */
	u64 present;		/* an entry with any of these bits is */
	u8 perm;		/* that the levels above leave: 1 read, 2 write */
};

/*
 * As kdc_walk_runs(), but each table of the lowest level is offered to take()
 * first: if that returns true, no runs are made of its entries.
 */
typedef bool (*kdc_take_table)(void *arg, const struct kdc_table *table);
int kdc_walk_tables(struct kdc *c, const struct kdc_tree *tree, kdc_take_table take,
		    kdc_visit_run visit, void *arg);

/* Such a table in the making, somewhere else and in another format. */
struct kdc_fill {
	u64 *to;		/* 512 entries */
	u64 bits[4];		/* of an entry beside its address, by permissions; 0: not known */
	unsigned int next;	/* entry to be written */
	unsigned int pages;
};

/*
 * Writes the entries from fill->next on, with 0 for what is not there. Stops at
 * the first whose bits are not known and returns its permissions (1 read, 2
 * write); 0: all are written.
 */
unsigned int kdc_table_write(const struct kdc_table *table, struct kdc_fill *fill);

/*
 * Ranges that are too many, joined: drop of the gaps between nr of them, the
 * smallest first by powers of two, and those below 4 GiB, which devices with
 * 32-bit masks live on, after all others. Asked in ascending order, kdc_joins()
 * says whether the gap between the page last and the page first is one of them.
 */
struct kdc_joining {
	unsigned int class;
	u32 need;		/* of that class; all below it */
};

void kdc_join_plan(const struct kdc_range *ranges, u32 nr, u32 drop, struct kdc_joining *j);
bool kdc_joins(struct kdc_joining *j, u64 last, u64 first);

/* Hardware uses the tree for one user less: without any, the copy is freed; its ranges stay. */
void kdc_tree_unused(struct kdc *c, struct kdc_tree *tree);

/* Release one user of a tree, the copy when it was the last; and everything. */
void kdc_tree_put(struct kdc *c, struct kdc_tree *tree);
void kdc_free_pasids(struct kdc *c, u64 new_dir, u8 order);
void kdc_destroy(struct kdc *c);

#endif
