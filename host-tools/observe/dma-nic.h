/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The account of the NIC's DMA in flight: each canary frame sent between the jump and the driver's probe
 * must lie in RAM at the PA that the tables at the panic give for the IOVA that the trace names, and
 * nowhere else.
 */
#ifndef VTDLAB_OBSERVE_DMA_NIC_H
#define VTDLAB_OBSERVE_DMA_NIC_H

#include <glib.h>
#include <stdbool.h>

struct attempt;
struct nic_dma;

/* nic_dma_new - for a machine that has been started; @a is borrowed. */
struct nic_dma *nic_dma_new(struct attempt *a);
/* nic_dma_free - NULL is fine. */
void nic_dma_free(struct nic_dma *d);

/* nic_dma_begin - at the jump: frames sent from now on are accounted for. */
void nic_dma_begin(struct nic_dma *d);
/* nic_dma_close - just before the driver's probe: the account goes into the evidence, once. */
bool nic_dma_close(struct nic_dma *d, GError **error);

/* nic_dma_seen - have frames reached the guest's memory? By the trace, or by a look into RAM where there is none. */
bool nic_dma_seen(struct nic_dma *d);
/* nic_dma_after_copy - may the driver take the NIC now, as far as DMA through the copied tables is to be seen before? */
bool nic_dma_after_copy(const struct nic_dma *d);

#endif
