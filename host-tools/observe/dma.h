/* SPDX-License-Identifier: GPL-2.0-only */
/* How fast the DMA of the dead kernel's devices flows. */
#ifndef VTDLAB_OBSERVE_DMA_H
#define VTDLAB_OBSERVE_DMA_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct attempt;
struct evidence;
struct evidence_dma;
struct scenario;

/*
 * dma_pace - by what every rate is multiplied. The DMA of the dead kernel is in host time and must last until the
 * copy: with the virtual clock, every instruction counted, a crash kernel takes several times as long to come there.
 */
double dma_pace(const struct scenario *sc);

/* dma_rates - sets bytes a second of the disk (0: no limit) and frames a second of the NIC, at the machine's pace. */
bool dma_rates(struct attempt *a, uint64_t disk_bps, double frames, GError **error);

/* dma_found - counts in @dma whose memory @pa is, where a piece of the dead kernel's DMA was found after the jump. */
void dma_found(const struct evidence *ev, uint64_t pa, struct evidence_dma *dma);

/*
 * dma_slow - the rates at which what is in flight outlasts a crash kernel's boot, however busy the host is: they fall
 * with what has been used up. dma_rates() ends that.
 */
bool dma_slow(struct attempt *a, GError **error);

/* dma_slow_bps - the disk's share of it once @reads have completed. */
uint64_t dma_slow_bps(const struct scenario *sc, unsigned reads);

#endif
