/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KVMPERF_PAYLOAD_H
#define KVMPERF_PAYLOAD_H

/* Shared with payload.S. */
#define PAYLOAD_PORT_DONE 0xd0
#define PAYLOAD_PORT_DATA 0xd4
#define PAYLOAD_LCG_MUL 1664525
#define PAYLOAD_LCG_ADD 1013904223

/* For a guest that runs a guest. Its VMCB is a page; the one behind it begins with two addresses. */
#define PAYLOAD_VMCB_PA 0x1000
#define PAYLOAD_HSAVE_PA 0x1008
#define PAYLOAD_MSR_EFER 0xc0000080
#define PAYLOAD_EFER_SVME 0x1000
#define PAYLOAD_MSR_HSAVE 0xc0010117
#define PAYLOAD_MSR_KERNEL_GS 0xc0000102
/* What the guest puts there before it lets an L3 run. */
#define PAYLOAD_KERNEL_GS 0x5a5a1234
#define PAYLOAD_CODE0 0x08 /* selector of code of privilege level 0 */
#define UD_GATE 0x60	   /* in an IDT */

/* Where things are in a VMCB (AMD64 Architecture Programmer's Manual, volume 2, appendix B). */
#define VMCB_EXITCODE 0x070
#define VMCB_EFER 0x4d0
#define VMCB_CR4 0x548
#define VMCB_CR3 0x550
#define VMCB_CR0 0x558
#define VMCB_RIP 0x578
/* The exit code of a VMMCALL, and its length. */
#define VMEXIT_VMMCALL 0x81
#define VMMCALL_BYTES 3

#ifndef __ASSEMBLER__
extern const char payload_start[], payload_end[];
extern const char payload_touch[], payload_touch_all[], payload_verify[], payload_load[], payload_warm[];
extern const char payload_pio_write[], payload_pio_read[], payload_mmio_write[], payload_mmio_read[];
extern const char payload_cpuid[], payload_hlt[], payload_nothing[];
extern const char payload_nested_warm[], payload_nested_touch[], payload_nested_trips[];
extern const char payload_nested_check[], payload_invlpga[];
extern const char payload_l3_vmmcall[], payload_l3_vmsave[], payload_l3_sti_out[];
#endif

#endif
