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

/* One remapping unit that was translating when this kernel began. */
struct kdump_unit {
	struct list_head list;
	struct intel_iommu *iommu;
	struct list_head entries;
	unsigned long *gone;	/* a bit a requester whose old context entry is used no more */
	u32 nr_entries, lines;	/* remembered, and told of in the log */
	u32 lost;		/* entries that there was no memory to remember */
	u32 contexts, trees, dids;	/* dids: that only this code keeps from being given out */
	u64 tables, leaves, ranges;
	u64 pages;		/* of our memory */
	u64 t_scan, t_copy, t_total;	/* ns */
	int err;
};

/* A context entry; in scalable mode (then KDC_PASID_DIR), also a PASID entry. */
struct kdump_entry {
	struct list_head list;
	struct kdump_entry *picked;	/* see kdump_domain.c */
	struct kdump_unit *unit;
	struct kdc_tree *tree;
	struct kdc_entry e;
	u64 new_dir;		/* of KDC_PASID_DIR, if it was copied */
	const char *why;	/* refused: why */
	u64 where;
	u32 pasid;
	u16 sid;		/* requester: bus << 8 | devfn */
	bool scalable;
	bool no_pasid;		/* translates requests without a PASID */
	bool deep;		/* the hardware gets the copy */
	bool partial;		/* of KDC_PASID_DIR: it may have had more entries */
	bool reserved;		/* in the DMA domain of a device */
	bool drop;		/* gone before the flush that is under way */
	bool unused;		/* by hardware: see intel_kdump_context_gone() */
};

/* A DMA domain of this kernel: what was put into it, and what that cost. */
struct kdump_domain {
	struct list_head list;
	struct iova_domain *iovad;
	u64 standing;		/* nodes that it had before */
	u64 nodes;		/* made by us */
	u64 low_free;		/* pages below 4 GiB that it may hand out */
	struct list_head grafts;
};

/* A tree is grafted once into a domain, whichever device asks. */
struct kdump_graft {
	struct list_head list;
	const struct kdc_tree *tree;
	u64 pages;		/* of the budget */
};

/* What was done for one device when its DMA domain was made. */
struct kdump_device {
	struct list_head list;
	char name[24];
	const struct kdump_domain *domain;
	u64 ranges, pages, overlapped, failed, over, t_reserve;
	u64 runs, mapped, skipped, graft_failed, t_graft;
	/* All nodes of the IOVA domain right after the reservation. */
	u64 nr_spans;		/* 0 also if there was no memory to keep them */
	struct iova_span *spans;
	u64 span_pages;		/* of the budget */
};

struct kdump {
	enum kdump_mode mode;
	unsigned int log_lines;	/* range lines of a requester; 0: only what must be known */
	struct kdc kdc;
	struct list_head units;
	struct list_head domains;
	struct list_head devices;
	/* Held while anything here is used after the boot of the units; nests in group locks. */
	struct mutex lock;
};

extern struct kdump intel_kdump;

/* What went as it should is told when it was asked for: debugfs has it all. */
#define kdump_info(fmt, ...) do {				\
	if (intel_kdump.log_lines)				\
		pr_info(fmt, ##__VA_ARGS__);			\
} while (0)

/* kdump_oldmem.c */
int intel_kdump_oldmem_init(const char **why);
unsigned int intel_kdump_oldmem_ranges(void);
void intel_kdump_oldmem_range(unsigned int i, u64 *first, u64 *last);
/* Pages that this kernel runs in. */
const struct kdc_range *intel_kdump_oldmem_own(u32 *nr);
const void *intel_kdump_old_page(void *ctx, u64 pa);
void intel_kdump_oldmem_release(void);

/* kdump_resv.c */
void intel_kdump_reserve(struct kdump_domain *d, const struct kdc_range *ranges, u32 nr,
			 struct kdump_device *stat);
/* The nodes of a domain are gone: so is what they cost. */
void intel_kdump_unreserve(const struct kdump_domain *d);
void intel_kdump_domain_init(struct kdump_domain *d, struct iova_domain *iovad);
void intel_kdump_snapshot(const struct kdump_domain *d, struct kdump_device *stat);

/* What a domain's entries have beside the address; begins as zero. */
struct kdump_link {
	u64 bits[4];		/* of a page, by permissions (1 read, 2 write); 0: not known */
	u64 table;		/* of a lowest table */
	bool touched;		/* something is mapped of a table that was not taken */
};

/*
 * kdump_link.c: maps all pages of the table in a domain that no device uses yet,
 * if nothing is mapped there. False: they are still to be mapped.
 */
bool intel_kdump_link(struct iommu_domain *domain, const struct kdc_table *table,
		      struct kdump_link *link, struct kdump_device *stat);
/*
 * Where iova leads in such a domain, U64_MAX: nowhere; and how many bytes from
 * there on, of *size, lead nowhere, or to what lies side by side.
 */
u64 intel_kdump_lookup(struct iommu_domain *domain, u64 iova, u64 *size);
/* How many tables the domain has. */
u64 intel_kdump_tables(struct iommu_domain *domain);

/* kdump.c: by enum kdump_mode. */
extern const char * const intel_kdump_modes[];

#define KDUMP_WHO_SIZE	32

/* kdump_log.c: "unit=0 dev=00:05.0" of an entry, in buf. */
const char *intel_kdump_who(const struct kdump_entry *entry, char buf[KDUMP_WHO_SIZE]);

/* Where something is in memory is told to those who asked for the log. */
static inline u64 intel_kdump_shown(u64 pa)
{
	return intel_kdump.log_lines ? pa : 0;
}

/* kdump.c: pages of the budget, false if they are not there; a share of it is for reservations. */
bool intel_kdump_charge(u64 pages, bool reservation);
void intel_kdump_refund(u64 pages);
/* The copy of an entry's PASID directory, if there is one. */
void intel_kdump_free_dir(struct kdump_entry *entry);

#endif
