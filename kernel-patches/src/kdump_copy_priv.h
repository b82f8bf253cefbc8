/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the copy's core share, and nobody else needs. */
#ifndef KDUMP_COPY_PRIV_H
#define KDUMP_COPY_PRIV_H

#ifdef __KERNEL__
#include <linux/bitops.h>
#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/kernel.h>
#include <linux/string.h>
#endif

#include "kdump_copy.h"

#define KDC_PTES	512u
#define KDC_LEVELS_MAX	5u
#define KDC_LOW_PAGES	BIT_ULL(20)		/* of IOVA, below 4 GiB */
#define KDC_ADDR	GENMASK_ULL(51, 12)	/* of a paging entry */
#define KDC_ROOT	GENMASK_ULL(63, 12)	/* of a context, directory or PASID entry */
#define KDC_FPD		BIT_ULL(1)
#define KDC_R		BIT_ULL(0)		/* first stage: P */
#define KDC_W		BIT_ULL(1)
#define KDC_PS		BIT_ULL(7)
#define KDC_SNP		BIT_ULL(11)
#define KDC_TM		BIT_ULL(62)

/* How the entries of one format are read on this hardware; VT-d spec 9.7 and 9.8. */
struct kdc_rules {
	u64 present;		/* any of these: the entry is present */
	u64 bad;		/* address bits above the host address width */
	u64 table_bad;		/* and reserved in an entry that refers to a table */
	u64 low_2m, low_1g;	/* must be clear in the address of a superpage */
	u64 pfn_end;		/* first IOVA page that the hardware refuses */
	bool has_2m, has_1g;
	bool sign_extend;
};

enum kdc_class { KDC_ABSENT, KDC_LEAF, KDC_TABLE, KDC_BAD };

/* A table on the way down: one of each level, so never more than KDC_LEVELS_MAX. */
struct kdc_frame {
	const u64 *entries;
	u64 *copy;
	u64 pa;
	u64 pfn;		/* IOVA page of entry 0 */
	u16 index;		/* next entry */
	u8 perm;		/* R and W that all levels above grant */
};

/* The first thing that went wrong. */
struct kdc_fault {
	int error;
	const char *why;
	u64 where;
};

static inline int kdc_fail(struct kdc_fault *f, int error, const char *why, u64 where)
{
	if (!f->error) {
		f->error = error;
		f->why = why;
		f->where = where;
	}
	return error;
}

/* A page of old memory. 0, or the error in f: what refers to it, at where, cannot be followed. */
static inline int kdc_old_page(const struct kdc *c, u64 pa, const u64 **page, u64 where,
			       struct kdc_fault *f)
{
	*page = c->ops->old_page(c->ctx, pa);
	if (!*page)
		return kdc_fail(f, -EUCLEAN, "table outside old memory", where);
	if (*page == KDC_UNREAD)
		return kdc_fail(f, -EIO, "old memory that cannot be seen", where);
	return 0;
}

/* Address bits above the host address width, of any field up to bit 63. */
static inline u64 kdc_above(const struct kdc_limits *limits)
{
	return limits->pa_end ? ~(limits->pa_end - 1) : 0;
}

static inline u64 kdc_read(const u64 *p)
{
	return READ_ONCE(*p);
}

/* Pages of an array. */
static inline u64 kdc_pages(u64 bytes)
{
	return (bytes + KDC_PAGE_SIZE - 1) / KDC_PAGE_SIZE;
}

/* The first IOVA page of entry index of a table at level. */
static inline u64 kdc_entry_pfn(const struct kdc_rules *r, const struct kdc_frame *f,
				unsigned int level, bool root, unsigned int index)
{
	u64 pfn = f->pfn + ((u64)index << (9 * (level - 1)));

	if (root && r->sign_extend && index >= KDC_PTES / 2)
		pfn |= GENMASK_ULL(51, 9 * level);
	return pfn;
}

/* Go on to the next entry that is present. False: there is none, the table is done. */
static inline bool kdc_next_present(const struct kdc_rules *r, struct kdc_frame *f)
{
	const u64 *entries = f->entries, present = r->present;
	unsigned int i = f->index;

	/* Upper tables are mostly empty: four at a time. */
	while (i + 4 <= KDC_PTES && !((kdc_read(&entries[i]) | kdc_read(&entries[i + 1]) |
				       kdc_read(&entries[i + 2]) | kdc_read(&entries[i + 3])) &
				      present))
		i += 4;
	while (i < KDC_PTES && !(kdc_read(&entries[i]) & present))
		i++;
	f->index = i;
	return i < KDC_PTES;
}

/* Is pa a table that leads to the one on top of the stack, or that itself? */
static inline bool kdc_is_ancestor(const struct kdc_frame *frames, unsigned int depth, u64 pa)
{
	while (depth--)
		if (frames[depth].pa == pa)
			return true;
	return false;
}

void kdc_rules_init(struct kdc_rules *r, const struct kdc_limits *limits, enum kdc_format format);

void kdc_rules_own(struct kdc_rules *r, enum kdc_format format);
enum kdc_class kdc_classify(const struct kdc_rules *r, u64 pte, u64 pfn, unsigned int level,
			    u8 perm, const char **why);

/* One more old table is looked at, visits of this tree so far: false if that is too many. */
static inline bool kdc_visit(struct kdc *c, u64 *visits)
{
	u64 own = c->limits.max_visits ?: c->limits.max_pages * KDC_VISITS_PER_PAGE;

	if (c->visits >= own * KDC_VISITS_TREES && own > KDC_VISITS_OWN)
		own = KDC_VISITS_OWN;
	if (*visits >= own)
		return false;
	++*visits;
	if (!(++c->visits % 256) && c->ops->relax)
		c->ops->relax(c->ctx);
	return true;
}

/* May so many pages be taken for a copy? The rest is kept for ranges, and for whom they are. */
static inline bool kdc_may_copy(const struct kdc *c, u64 pages)
{
	return c->used_pages + pages <= (c->limits.copy_pages ?: c->limits.max_pages);
}

/* Is any of these pages this kernel's own? */
static inline bool kdc_is_own(const struct kdc_limits *limits, u64 pfn, u64 pages)
{
	u32 i;

	for (i = 0; i < limits->nr_own; i++)
		if (pfn <= limits->own[i].last && pfn + pages > limits->own[i].first)
			return true;
	return false;
}

/* Upper levels only: counts the tables, reads no leaf table. 0 or the error in f. */
int kdc_count(struct kdc *c, struct kdc_tree *t, u64 *tables, struct kdc_fault *f);

/* Ranges and counters of t, from its copy if it has one. 0 or the error in f. */
int kdc_scan(struct kdc *c, struct kdc_tree *t, struct kdc_fault *f);

#endif
