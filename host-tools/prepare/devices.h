/* SPDX-License-Identifier: GPL-2.0-only */
/* What the devices of a scenario are, who drives them, and how fast their DMA flows. */
#ifndef VTDLAB_PREPARE_DEVICES_H
#define VTDLAB_PREPARE_DEVICES_H

#include <stdbool.h>

struct scenario;

/*
 * DMA in flight, while the first kernel runs and again once the tables have been copied; in between, the
 * slow rates: nobody refills a ring or submits a read after the panic, so what is there (1024 descriptors,
 * 64 reads) must outlast the crash kernel's boot, minutes on a loaded machine: the slow rates fall with what is used up.
 */
#define DMA_DISK_BPS 400000
#define DMA_DISK_BPS_SLOW (128 << 10)
/* devices.dma-spread: a read in two minutes. More would be over what the crash kernel has got before it has said so. */
#define DMA_DISK_BPS_STALLED 1024
#define DMA_FRAMES_PER_SECOND 40.0
#define DMA_FRAMES_PER_SECOND_SLOW 12.0
/*
 * A virtio NIC has a ring of 256 only. After the copy its time is short: a crash kernel with virtio_pci built in
 * resets it some 100 ms later, unasked.
 */
#define DMA_FRAMES_PER_SECOND_VIRTIO 10.0
#define DMA_FRAMES_PER_SECOND_VIRTIO_LAST 200.0

bool devices_has_nic_dma(const struct scenario *sc);
bool devices_has_disk_dma(const struct scenario *sc);
/* Frames a second that this scenario's NIC can be given until the copy where another would get @wanted. */
double devices_frame_rate(const struct scenario *sc, double wanted);
/* Frames after which a slow rate halves: an eighth of the ring. */
unsigned devices_frame_ration(const struct scenario *sc);
/* The module that drives the scenario's NIC or disk, NULL where there is none. */
const char *devices_nic_module(const struct scenario *sc);
const char *devices_disk_module(const struct scenario *sc);
/* Those of them that drive a PCI function itself: loaded without being bound, they do nothing. A NULL ends them; g_strfreev(). */
char **devices_pci_modules(const struct scenario *sc);
/* The config options that they need, ' ' between them. The caller frees it. */
char *devices_options(const struct scenario *sc);

#endif
