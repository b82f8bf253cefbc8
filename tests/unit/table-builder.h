/* SPDX-License-Identifier: GPL-2.0-only */
/* Synthetic VT-d tables in a small fake RAM, for tests and benchmarks. */
#ifndef TABLE_BUILDER_H
#define TABLE_BUILDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "iommu/mem.h"

/*
 * Fake RAM from physical address 0 on. Page 0 is never handed out, so that address 0 means "none".
 */
struct tables {
	struct iommu_ram ram;
	uint8_t *bytes;
	size_t n_pages, next_page;
};

/* @n_pages of zeroed RAM; aborts when memory runs out. tables_free() undoes it. */
void tables_init(struct tables *t, size_t n_pages);
void tables_free(struct tables *t);

/* The RAM as the walker reads it. */
struct iommu_mem tables_mem(struct tables *t);

/* @n consecutive zero pages: the physical address of the first. Aborts when RAM is used up. */
uint64_t tables_alloc(struct tables *t, size_t n);

/* 64-bit word @index of the page (or of what follows it) at @pa. */
uint64_t *tables_word(struct tables *t, uint64_t pa, size_t index);

/*
 * Entries. Missing tables on the way (context table, PASID directory and table, page tables) are
 * made. Each setter overwrites what is there and returns the address of the page it wrote to.
 */
uint64_t tables_legacy(struct tables *t, uint64_t root, uint16_t sid, unsigned tt, unsigned aw, uint16_t did,
		       uint64_t pt_root);
/*
 * A scalable context with a directory of 2^(pdts+7) entries, made if @dir is 0. Returns the
 * directory.
 */
uint64_t tables_scalable(struct tables *t, uint64_t root, uint16_t sid, uint64_t dir, unsigned pdts,
			 uint32_t rid_pasid);
uint64_t tables_pasid(struct tables *t, uint64_t dir, uint32_t pasid, unsigned pgtt, unsigned aw, uint16_t did,
		      uint64_t sl_root, unsigned flpm, uint64_t fl_root);

/*
 * Map @iova to @pa by a leaf at level @leaf (1: 4 KiB, 2: 2 MiB, 3: 1 GiB) with the low bits @bits,
 * in a tree of @levels levels. Tables on the way get all permissions. Returns the leaf's page.
 */
uint64_t tables_map(struct tables *t, uint64_t pt_root, unsigned levels, unsigned leaf, uint64_t iova, uint64_t pa,
		    uint64_t bits);
/* @n consecutive leaves. */
void tables_map_many(struct tables *t, uint64_t pt_root, unsigned levels, unsigned leaf, uint64_t iova, uint64_t pa,
		     uint64_t bits, size_t n);

/* A reproducible stream of random words. */
uint64_t tables_random(uint64_t *state);

#endif
