/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The account of canary frames for a NIC without a receive trace (e1000, virtio): no IOVA is known, so
 * RAM is searched for the frames themselves. Each must lie where the NIC's tables at the panic lead.
 */
#ifndef VTDLAB_OBSERVE_DMA_NIC_SEARCH_H
#define VTDLAB_OBSERVE_DMA_NIC_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

struct attempt;
struct evidence_dma;

/*
 * A ring that is full, or a device that is reset, keeps QEMU from reading the socket, but for frames that it had read before it
 * noticed: so many of the last frames may be missing without being lost.
 */
#define HELD_BY_QEMU 2

/*
 * nic_search_seen - have frames reached the guest's memory? @looked_us: when it was last looked for them
 * (monotonic; 0: never), since RAM is not searched all the time.
 */
bool nic_search_seen(struct attempt *a, int64_t *looked_us);

/* nic_search_judge - the account of the frames from number @first on. */
void nic_search_judge(struct attempt *a, uint32_t first, struct evidence_dma *dma);

#endif
