/* SPDX-License-Identifier: GPL-2.0-only */
/* Translation tables of a dead kernel: what the files of this feature share. */
#ifndef INTEL_KDUMP_INTERNAL_H
#define INTEL_KDUMP_INTERNAL_H

#include <linux/iommu.h>
#include <linux/iova.h>
#include <linux/list.h>
#include <linux/mutex.h>

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
	u32 contexts, trees, dids;
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
	bool reserved;		/* in the DMA domain of a device */
};

struct kdump_span {
	unsigned long lo, hi;	/* pages of an IOVA domain, inclusive */
};

/* What was done for one device when its DMA domain was made. */
struct kdump_device {
	struct list_head list;
	char name[24];
	u64 ranges, pages, overlapped, failed, over, t_reserve;
	u64 runs, mapped, skipped, graft_failed, t_graft;
	/* All nodes of the IOVA domain right after the reservation. */
	u64 nr_spans;		/* 0 also if there was no memory to keep them */
	struct kdump_span *spans;
};

struct kdump {
	enum kdump_mode mode;
	unsigned int log_lines;	/* range lines of a requester, 0: all */
	struct kdc kdc;
	struct list_head units;
	struct list_head devices;
	/* Held while anything here is used after the boot of the units; nests in group locks. */
	struct mutex lock;
};

extern struct kdump intel_kdump;

/* kdump_oldmem.c */
int intel_kdump_oldmem_init(const char **why);
unsigned int intel_kdump_oldmem_ranges(void);
void intel_kdump_oldmem_range(unsigned int i, u64 *first, u64 *last);
const void *intel_kdump_old_page(void *ctx, u64 pa);
void intel_kdump_oldmem_release(void);

/* kdump_resv.c */
int intel_kdump_reserve_range(struct iova_domain *iovad, unsigned long pfn_lo,
			      unsigned long pfn_hi);
void intel_kdump_reserve(struct iova_domain *iovad, const struct kdc_range *ranges, u32 nr,
			 struct kdump_device *stat);
void intel_kdump_snapshot(struct iova_domain *iovad, struct kdump_device *stat);

#define KDUMP_WHO_SIZE	32

/* kdump.c: "unit=0 dev=00:05.0" of an entry, in buf. */
const char *intel_kdump_who(const struct kdump_entry *entry, char buf[KDUMP_WHO_SIZE]);
/* kdump.c: pages of the budget, false if they are not there. */
bool intel_kdump_charge(u64 pages);

#endif
