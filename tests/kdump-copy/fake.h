/* SPDX-License-Identifier: GPL-2.0-only */
/* A dead kernel's RAM and a crash kernel's allocator, for tests of the deep copy's core. */
#ifndef KDUMP_FAKE_H
#define KDUMP_FAKE_H

#include "kdump_copy.h"
#include "table-builder.h"
#include "vtd/formats.h"
#include "vtd/walk.h"

/* Where pages of our own are: above all old RAM, below the host address width. */
#define FAKE_OWN UINT64_C(0x1000000000)
#define FAKE_PA_END (UINT64_C(1) << 39)

struct fake_page {
	void *mem; /* NULL: freed, or not the first of its allocation */
	unsigned order;
};

struct fake {
	struct tables ram;
	struct kdc kdc;
	struct kdc_ops ops;

	struct fake_page *own; /* slot n is the page at FAKE_OWN + n * 4096 */
	size_t n_own;
	size_t live_pages;
	size_t live_bytes; /* of resize() */
	size_t max_pages;  /* the most live_pages and arrays (in pages) ever were together */

	size_t allocations;  /* calls of alloc() and growing resize() so far */
	size_t fail_at;	     /* the one that fails, from 1; 0: none */
	bool fail_all_after; /* and all after it */
	bool fail_resize_only;

	size_t walk_max_runs;		  /* of the walker; 0: its default */
	size_t old_reads;		  /* calls of old_page() */
	size_t flushed;			  /* pages */
	uint64_t crash_first, crash_last; /* old_page() refuses these: the crash kernel's own area */
	bool unread;			  /* old_page() cannot see this page; for meddle() to set */
	/* Called before each old_page(): memory that changes under the reader. */
	void (*meddle)(struct fake *f, uint64_t pa);
	size_t meddle_at; /* for the use of meddle() */
	uint64_t meddle_pa, meddle_value;
	uint64_t clock;
};

/* Limits with everything supported and plenty of budget; @n_pages of old RAM. */
void fake_init(struct fake *f, size_t n_pages);
/* Everything the core held is released; aborts if anything was leaked. */
void fake_free(struct fake *f);
/* The same old RAM, and a core that has seen nothing. */
void fake_again(struct fake *f);

void *fake_own_page(void *ctx, u64 pa);
/* Old RAM and own pages together, for the independent walker. */
struct iommu_mem fake_mem(struct fake *f);

/* An entry as it would be decoded. */
struct kdc_entry fake_entry(uint64_t root, enum kdc_format format, unsigned levels);

/*
 * The independent walker's runs of the tree at @root (old or copied): a result that holds just this
 * tree, or one with n_trees 0 if it could not be walked at all.
 */
struct vtd_walk_result *fake_walk(struct fake *f, uint64_t root, enum kdc_format format, unsigned levels);

/*
 * Does the core say what the walker says of the tree at @root (the old one or the copy)? 0 if so;
 * else how often not, and the first reason in *@why. If the walker's result is truncated: 0.
 */
size_t fake_compare_runs(struct fake *f, const struct kdc_tree *t, uint64_t root, const char **why);
size_t fake_compare_ranges(struct fake *f, const struct kdc_tree *t, uint64_t root, const char **why);
/* The same of what is written of the copy's lowest tables for a domain that has entries like the dead kernel's, or others. */
size_t fake_compare_written(struct fake *f, const struct kdc_tree *t, const char **why);

#endif
