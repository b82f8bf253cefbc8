/* SPDX-License-Identifier: GPL-2.0-only */
/* A small open-addressing hash map, linear probing, at most half full. */
#include "iommu/u64map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The finaliser of splitmix64: table addresses are regular, the slots they go to must not be. */
static size_t hash(uint64_t key, size_t size)
{
	key ^= key >> 30;
	key *= UINT64_C(0xbf58476d1ce4e5b9);
	key ^= key >> 27;
	key *= UINT64_C(0x94d049bb133111eb);
	key ^= key >> 31;
	return (size_t)key & (size - 1);
}

/* The slot of stored key @key, or the free one where it would go. */
static struct u64map_slot *find(const struct u64map *map, uint64_t key)
{
	size_t i = hash(key, map->size);

	while (map->slots[i].key && map->slots[i].key != key)
		i = (i + 1) & (map->size - 1);
	return &map->slots[i];
}

uint32_t u64map_get(const struct u64map *map, uint64_t key)
{
	const struct u64map_slot *slot;

	if (!map->size)
		return U64MAP_NONE;
	slot = find(map, key + 1);
	return slot->key ? slot->value : U64MAP_NONE;
}

static int grow(struct u64map *map)
{
	struct u64map bigger = { .size = map->size ? map->size * 2 : 64, .used = map->used };

	bigger.slots = calloc(bigger.size, sizeof(*bigger.slots));
	if (!bigger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < map->size; i++)
		if (map->slots[i].key)
			*find(&bigger, map->slots[i].key) = map->slots[i];
	free(map->slots);
	*map = bigger;
	return 0;
}

int u64map_put(struct u64map *map, uint64_t key, uint32_t value)
{
	if (map->used * 2 >= map->size) {
		int ret = grow(map);

		if (ret)
			return ret;
	}
	*find(map, key + 1) = (struct u64map_slot){ key + 1, value };
	map->used++;
	return 0;
}

void u64map_clear(struct u64map *map)
{
	free(map->slots);
	memset(map, 0, sizeof(*map));
}
