/* SPDX-License-Identifier: GPL-2.0-only */
/* A small open-addressing hash map from 63-bit keys to 32-bit values; for walks and comparisons. */
#ifndef IOMMU_U64MAP_H
#define IOMMU_U64MAP_H

#include <stddef.h>
#include <stdint.h>

#define U64MAP_NONE UINT32_MAX

struct u64map_slot {
	uint64_t key; /* 0: free (keys are stored plus one) */
	uint32_t value;
};

/* Zero-initialise; u64map_clear() frees. @size is a power of two or 0. */
struct u64map {
	struct u64map_slot *slots;
	size_t size, used;
};

/* The value of @key, or U64MAP_NONE. @key must be below 2^64 - 1. */
uint32_t u64map_get(const struct u64map *map, uint64_t key);

/* Set @key (which must not be there yet) to @value. 0 or -ENOMEM. */
int u64map_put(struct u64map *map, uint64_t key, uint32_t value);

void u64map_clear(struct u64map *map);

#endif
