/* SPDX-License-Identifier: GPL-2.0-only */
/* Recorded runs in memory, and changing their table pages. */
#ifndef META_WORLD_H
#define META_WORLD_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "evidence/file.h"
#include "vtd/snapshot.h"

/* One golden run. */
struct world {
	char *name;   /* "scalable-6.1" */
	char *expect; /* path of the file with the expected results */
	struct evidence_file *file;
	struct evidence *ev; /* = file->ev */
};

/*
 * worlds_load - every run recorded in @dir (NAME.tar.xz), in the order of their names; NULL with a message
 * on stderr when there is none or one cannot be read. Free with g_ptr_array_unref().
 */
GPtrArray *worlds_load(const char *dir);

/* world_write - change @len bytes of a page of a snapshot; 0, or -1 if it has no such page. */
int world_write(void *snapshot, uint64_t pa, const void *buf, size_t len);
/* world_add_page - a page of zeroes beyond all others; its address. */
uint64_t world_add_page(struct iommu_snapshot *s);
/* world_word - the 64-bit word at @pa; 0 if the snapshot has no such page. */
uint64_t world_word(const struct iommu_snapshot *s, uint64_t pa);
bool world_put(struct iommu_snapshot *s, uint64_t pa, uint64_t value);

/* world_rewalk - walk a state's snapshot again after a change. */
void world_rewalk(struct evidence_state *state);

/* world_corrupt - apply a corruption of corrupt.h to a state; false if it has nothing of the kind. */
bool world_corrupt(struct evidence_state *state, const char *what);

#endif
