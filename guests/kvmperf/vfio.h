/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KVMPERF_VFIO_H
#define KVMPERF_VFIO_H

#include "base.h"

/* QEMU's edu device through VFIO type 1. */
struct edu {
	char name[32]; /* 0000:00:05.0 */
	int container, group, device;
	uint64_t page_sizes; /* of the IOMMU, a bit each */
	uint64_t bar_offset, bar_size, config_offset;
};

/* What edu can hold, and what one transfer of ours moves: its own check of 4096 bytes is one byte
 * too strict. */
#define EDU_TRANSFER 2048
/* It drives 28 address bits unless told otherwise. */
#define EDU_IOVA_MAX (256 * MIB)

/* `name` may be NULL: the first edu that is bound to vfio-pci. Ends the test when there is none. */
void edu_open(struct edu *e, const char *name);
void edu_close(struct edu *e);
/* Moves EDU_TRANSFER bytes from `from` through the device to `to`, both IOVAs; false when it does
 * not come to an end. */
bool edu_copy(struct edu *e, uint64_t from, uint64_t to);

/* Nanoseconds that the call took. */
uint64_t vfio_map(struct edu *e, void *mem, uint64_t iova, uint64_t size);
uint64_t vfio_unmap(struct edu *e, uint64_t iova, uint64_t size);

#endif
