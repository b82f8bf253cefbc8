/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KVMPERF_PAYLOAD_H
#define KVMPERF_PAYLOAD_H

/* Shared with payload.S. */
#define PAYLOAD_PORT_DONE 0xd0
#define PAYLOAD_PORT_DATA 0xd4
#define PAYLOAD_LCG_MUL 1664525
#define PAYLOAD_LCG_ADD 1013904223

#ifndef __ASSEMBLER__
extern const char payload_start[], payload_end[];
extern const char payload_touch[], payload_verify[], payload_load[], payload_warm[];
extern const char payload_pio_write[], payload_pio_read[], payload_mmio_write[],
	payload_mmio_read[];
extern const char payload_cpuid[], payload_hlt[], payload_nothing[];
#endif

#endif
