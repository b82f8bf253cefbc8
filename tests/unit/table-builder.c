/* SPDX-License-Identifier: GPL-2.0-only */
/* Synthetic VT-d tables in a small fake RAM, after the specification, not after the walker. */
#include "table-builder.h"

#include <stdio.h>
#include <stdlib.h>

#define PAGE UINT64_C(4096)

void tables_init(struct tables *t, size_t n_pages)
{
	t->bytes = calloc(n_pages, PAGE);
	if (!t->bytes)
		abort();
	t->n_pages = n_pages;
	t->next_page = 1;
	t->ram.base = t->bytes;
	t->ram.len = n_pages * PAGE;
	t->ram.layout = (struct iommu_ram_layout){ t->ram.len, t->ram.len, UINT64_C(4) << 30 };
}

void tables_free(struct tables *t)
{
	free(t->bytes);
	t->bytes = NULL;
}

struct iommu_mem tables_mem(struct tables *t)
{
	return iommu_ram_mem(&t->ram);
}

uint64_t tables_alloc(struct tables *t, size_t n)
{
	uint64_t pa = t->next_page * PAGE;

	if (n > t->n_pages - t->next_page) {
		fprintf(stderr, "table-builder: out of fake RAM\n");
		abort();
	}
	t->next_page += n;
	return pa;
}

uint64_t *tables_word(struct tables *t, uint64_t pa, size_t index)
{
	if (pa / PAGE + index / 512 >= t->n_pages)
		abort();
	return (uint64_t *)(void *)(t->bytes + pa) + index;
}

/* The table that word @w points to, made (pointer | @flags) if bit 0 is clear. */
static uint64_t follow(struct tables *t, uint64_t *w, uint64_t flags)
{
	if (!(*w & 1))
		*w = tables_alloc(t, 1) | flags;
	return *w & ~(PAGE - 1);
}

uint64_t tables_legacy(struct tables *t, uint64_t root, uint16_t sid, unsigned tt, unsigned aw, uint16_t did,
		       uint64_t pt_root)
{
	uint64_t table = follow(t, tables_word(t, root, (size_t)(sid >> 8) * 2), 1);
	uint64_t *q = tables_word(t, table, (size_t)(sid & 0xff) * 2);

	q[0] = pt_root | (uint64_t)tt << 2 | 1;
	q[1] = (uint64_t)did << 8 | aw;
	return table;
}

uint64_t tables_scalable(struct tables *t, uint64_t root, uint16_t sid, uint64_t dir, unsigned pdts, uint32_t rid_pasid)
{
	size_t half = sid & 0x80 ? 1 : 0;
	uint64_t table = follow(t, tables_word(t, root, (size_t)(sid >> 8) * 2 + half), 1);
	uint64_t *q = tables_word(t, table, (size_t)(sid & 0x7f) * 4);

	if (!dir)
		dir = tables_alloc(t, ((size_t)8 << (pdts + 7)) / PAGE + 1);
	q[0] = dir | (uint64_t)pdts << 9 | 1;
	q[1] = rid_pasid;
	return dir;
}

uint64_t tables_pasid(struct tables *t, uint64_t dir, uint32_t pasid, unsigned pgtt, unsigned aw, uint16_t did,
		      uint64_t sl_root, unsigned flpm, uint64_t fl_root)
{
	uint64_t table = follow(t, tables_word(t, dir, pasid >> 6), 1);
	uint64_t *q = tables_word(t, table, (size_t)(pasid & 63) * 8);

	q[0] = sl_root | (uint64_t)pgtt << 6 | (uint64_t)aw << 2 | 1;
	q[1] = did;
	q[2] = fl_root | (uint64_t)flpm << 2;
	return table;
}

uint64_t tables_map(struct tables *t, uint64_t pt_root, unsigned levels, unsigned leaf, uint64_t iova, uint64_t pa,
		    uint64_t bits)
{
	uint64_t table = pt_root;

	for (unsigned level = levels; level > leaf; level--)
		table = follow(t, tables_word(t, table, (iova >> (3 + 9 * level)) & 511), 7);
	*tables_word(t, table, (iova >> (3 + 9 * leaf)) & 511) = pa | bits | (leaf > 1 ? 0x80 : 0);
	return table;
}

void tables_map_many(struct tables *t, uint64_t pt_root, unsigned levels, unsigned leaf, uint64_t iova, uint64_t pa,
		     uint64_t bits, size_t n)
{
	uint64_t size = UINT64_C(1) << (3 + 9 * leaf);

	for (size_t i = 0; i < n; i++)
		tables_map(t, pt_root, levels, leaf, iova + i * size, pa + i * size, bits);
}

uint64_t tables_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}
