/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * QEMU's edu device: a DMA engine with one buffer of its own, driven by four registers of eight bytes. Constants only:
 * dma-load and kvmperf drive it by code of their own, since one maps the registers and the other measures.
 */
#ifndef VTDLAB_EDU_H
#define VTDLAB_EDU_H

#include <stdint.h>

#define EDU_VENDOR 0x1234
#define EDU_DEVICE 0x11e8

/** Four bytes: what says that it is edu. */
#define EDU_ID 0x00
#define EDU_ID_MASK 0xffff
#define EDU_ID_VALUE 0x00ed

#define EDU_DMA_SRC 0x80
#define EDU_DMA_DST 0x88
#define EDU_DMA_COUNT 0x90
/** Reads as started until the transfer has ended. */
#define EDU_DMA_CMD 0x98
#define EDU_CMD_START UINT64_C(1)
#define EDU_CMD_TO_RAM UINT64_C(2)

/** Where a DMA address is the buffer of the device, not memory; the BAR goes at least as far. */
#define EDU_BUFFER 0x40000

#endif
