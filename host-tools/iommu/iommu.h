/* SPDX-License-Identifier: GPL-2.0-only */
/* The seam of the IOMMU: what the lab asks of one, whichever it is, and what it gets. */
#ifndef IOMMU_IOMMU_H
#define IOMMU_IOMMU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "iommu/compare.h"
#include "iommu/find.h"
#include "iommu/mem.h"
#include "iommu/model.h"
#include "iommu/show.h"

#define IOMMU_SNAPSHOT_PHASE_MAX 64

/* 64-bit words of the register block that are read of an IOMMU. */
#define IOMMU_REGS_WORDS 70

/* When, where and of what a snapshot was taken. */
struct iommu_snapshot_meta {
	char phase[IOMMU_SNAPSHOT_PHASE_MAX]; /* NUL-terminated printable ASCII, e.g. "panic" */
	int64_t host_ns;		      /* CLOCK_REALTIME of the host */
	struct iommu_ram_layout ram;
	uint64_t root;	/* root table in force (not necessarily the register's) */
	uint32_t mode;	/* its mode, as the IOMMU numbers them */
	uint64_t irta;	/* register of the interrupt-remapping table in force; 0: none, it is not captured */
	bool truncated; /* set by capture: the walk met a limit */
	uint64_t sum;	/* over all of its file, once saved or loaded; 0: neither */
};

/* One page. @data is NULL for a page of zeroes. Sorted by @pa, unique. */
struct iommu_snapshot_page {
	uint64_t pa;
	uint8_t kind; /* as in struct iommu_table, of its first use */
	const uint8_t *data;
};

/* Exactly the table pages that a walk reached; the head of what the IOMMU's own code keeps. Read-only for callers. */
struct iommu_snapshot {
	const struct iommu *iommu;
	struct iommu_snapshot_meta meta;
	struct iommu_snapshot_page *pages;
	size_t n_pages;
};

/* The snapshot as memory: pages it lacks read as "outside RAM". @s must outlive the use. */
struct iommu_mem iommu_snapshot_mem(const struct iommu_snapshot *s);

/* Where a request lands. Filled as far as the lookup came, also on a fault. */
struct iommu_translation {
	uint64_t pa;	    /* of the very byte asked for */
	uint64_t page_size; /* of the leaf; 0 for pass-through */
	uint32_t perm;
	uint16_t did;
	uint32_t pasid; /* the one used (that of requests without PASID resolved) */
	enum iommu_space_type type;
	uint64_t root;	/* page-table root used */
	uint8_t level;	/* level of the last paging entry read */
	uint64_t entry; /* that entry */
};

/* Words of all entries that decide how one requester is translated, at most. */
#define IOMMU_ENTRY_WORDS 12

/* An implementation. @regs is always the raw register block, as the machine reads it. @err may be NULL. */
struct iommu {
	const char *name;

	/* Is DMA translated, by these registers? What the hardware can do, as two words that it has for that. */
	bool (*translating)(const uint64_t *regs);
	void (*capabilities)(const uint64_t *regs, uint64_t words[2]);
	/* Set @meta's root, mode and irta to what the registers say. */
	void (*in_force)(const uint64_t *regs, struct iommu_snapshot_meta *meta);
	/* Walk what @meta names in @mem and keep every page, as it was read: 0 and both, or -errno with @err. */
	int (*capture)(const struct iommu_mem *mem, const uint64_t *regs, const struct iommu_snapshot_meta *meta,
		       struct iommu_snapshot **out, struct iommu_walk **walk, struct iommu_error *err);
	/*
	 * Read the pages of @a again, from @now: the same addresses and meta but for the phase, without
	 * the pages that @now cannot read. 0 or -errno with @err.
	 */
	int (*reread)(const struct iommu_snapshot *a, const struct iommu_mem *now, const char *phase,
		      struct iommu_snapshot **out, struct iommu_error *err);
	/* Write to @path atomically; read a file, every byte of it checked. Set meta.sum. 0 or -errno with @err. */
	int (*save)(struct iommu_snapshot *s, const char *path, struct iommu_error *err);
	int (*load)(const char *path, struct iommu_snapshot **out, struct iommu_error *err);
	/* Walk a snapshot from the root it names: 0 or -ENOMEM. Truncated if the capture was. */
	int (*walk)(const struct iommu_snapshot *s, struct iommu_walk **out);
	/* Pages of @a that differ in @now in what a driver wrote (accessed and dirty bits do not count, nor what @now does
	 * not have); the addresses of the first @room of them go to @which. */
	size_t (*changed)(const struct iommu_snapshot *a, const struct iommu_mem *now, uint64_t *which, size_t room);
	/* Source id of the @i-th of the requesters of @w, ascending. */
	uint16_t (*requester)(const struct iommu_walk *w, size_t i);
	void (*free_snapshot)(struct iommu_snapshot *s);
	void (*free_walk)(struct iommu_walk *w);

	/* Translate one request, without a walk of the rest: 0, or why it faults, as the IOMMU numbers it. */
	unsigned (*translate)(const struct iommu_mem *mem, uint64_t root, unsigned mode, uint16_t sid, uint32_t pasid,
			      uint64_t iova, bool write, struct iommu_translation *out);
	/* The entries of requests of @sid without PASID, for a watcher that polls; zeroes for what is not there. */
	void (*entry)(const struct iommu_mem *mem, uint64_t root, unsigned mode, uint16_t sid,
		      uint64_t words[IOMMU_ENTRY_WORDS]);

	/* Where a paging entry of @level (1 is the lowest) that is a leaf leads, and how much it maps. */
	uint64_t (*leaf)(uint64_t entry, unsigned level, uint64_t *size);

	/* Walk what @meta names in a memory of which no snapshot was taken: 0 or -ENOMEM. */
	int (*walk_memory)(const struct iommu_mem *mem, const struct iommu_snapshot_meta *meta,
			   struct iommu_walk **out);
	/*
	 * Look at every page of @pages for a root table of any mode. @ram: what is RAM, for what page tables lead to.
	 * @max_visits: table pages read in all, 0: some millions. 0 or -ENOMEM.
	 */
	int (*find)(const struct iommu_mem *mem, const struct iommu_ranges *pages, const struct iommu_ranges *ram,
		    uint64_t max_visits, struct iommu_roots *out);

	/*
	 * Tables of one requester made up for a measurement: @leaves of 4 KiB from IOVA 0 on lead to the pages that
	 * @frame numbers. @ram: zeroes, one page more than is returned; NULL: nothing is written. Sets @meta's root,
	 * mode and irta. Returns the number of table pages, which begin at the second.
	 */
	size_t (*lay_out)(uint64_t *ram, size_t leaves, uint64_t (*frame)(const void *ctx, size_t leaf),
			  const void *ctx, struct iommu_snapshot_meta *meta);

	/* Compare two walks of this IOMMU: 0 or -ENOMEM. @opt may be NULL. */
	int (*compare)(const struct iommu_walk *a, const struct iommu_walk *b, const struct iommu_compare_options *opt,
		       struct iommu_comparison **out);
	void (*free_comparison)(struct iommu_comparison *c);

	/* Text, a function of what is printed alone; @what of enum iommu_print. */
	void (*print)(const struct iommu_walk *w, unsigned what, FILE *out);
	void (*print_registers)(const struct iommu_snapshot *s, FILE *out);
	/* The entry of one requester and its spaces, with @what of IOMMU_PRINT_RUNS. False, and nothing: it has none. */
	bool (*print_requester)(const struct iommu_walk *w, uint16_t sid, unsigned what, FILE *out);
	void (*print_comparison)(const struct iommu_comparison *c, FILE *out);
	/* The members of an object; registers only if @s is not NULL, runs of spaces if @runs. */
	void (*tell)(const struct iommu_walk *w, const struct iommu_snapshot *s, bool runs,
		     const struct iommu_listener *to);
	void (*tell_comparison)(const struct iommu_comparison *c, const struct iommu_listener *to);

	/* Words for people; any value is accepted. */
	const char *(*table_kind_name)(unsigned kind);
	const char *(*mode_name)(unsigned mode);
};

/* Free; NULL is fine. */
void iommu_walk_free(struct iommu_walk *w);
void iommu_snapshot_free(struct iommu_snapshot *s);
void iommu_comparison_free(struct iommu_comparison *c);

#endif
