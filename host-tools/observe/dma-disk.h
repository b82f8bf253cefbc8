/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The account of the NVMe disk's DMA in flight: each read that completes between the jump and the
 * driver's probe must leave its data at the PAs that the tables at the panic give, and its completion
 * entry in the old kernel's completion queue. QEMU translates the data pages when a command is submitted
 * and the completion entry when it completes, so it is the latter that proves the copied tables.
 */
#ifndef VTDLAB_OBSERVE_DMA_DISK_H
#define VTDLAB_OBSERVE_DMA_DISK_H

struct attempt;
struct disk_dma;

/* disk_dma_new - listens to the disk's trace from now on: before the main loop runs, so from power-on. @a is borrowed. */
struct disk_dma *disk_dma_new(struct attempt *a);
/* disk_dma_free - once the machine has gone. NULL is fine. */
void disk_dma_free(struct disk_dma *d);

/* disk_dma_begin - at the jump: what is in flight, and what stands in queues and buffers. */
void disk_dma_begin(struct disk_dma *d);
/* disk_dma_close - just before the driver's probe: the account goes into the evidence, once. */
void disk_dma_close(struct disk_dma *d);

/* disk_dma_inflight - reads that have been submitted and not completed. */
unsigned disk_dma_inflight(const struct disk_dma *d);
/* disk_dma_after_copy - reads completed since the root switch. */
unsigned disk_dma_after_copy(const struct disk_dma *d);

#endif
