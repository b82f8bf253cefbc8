/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KVMPERF_TEST_NESTED_H
#define KVMPERF_TEST_NESTED_H

#include "base.h"

struct perf_vm;

/*
 * What a guest that runs a guest of its own (an L3) needs in its memory: for each vCPU a VMCB, the
 * page with addresses behind it (payload.h) and the area where the CPU keeps the state of who runs
 * the L3; and nested page tables, which map addresses to themselves. All of it lies in one piece.
 */
struct svm_area {
	unsigned char *mem; /* as we see it */
	uint64_t gpa, size; /* as the guest sees it */
	unsigned int vcpus;
	uint64_t next; /* offset of the next table */
};

/* The layout of a VMCB (test-nested-vmcb.c says whose). The control area. */
#define EXCEPTIONS 0x008 /* a bit each */
#define INTERCEPTS 0x00c
#define INTERCEPT_SHUTDOWN (1U << 31)
#define INTERCEPTS_SVM 0x010
#define INTERCEPT_VMRUN (1U << 0) /* or VMRUN refuses */
#define INTERCEPT_VMMCALL (1U << 1)
#define ASID 0x058
#define INT_STATE 0x068
#define INT_SHADOW (1U << 0)
#define EXITINFO1 0x078
#define EVENTINJ 0x0a8
#define EVENTINJ_VALID (1U << 31)
#define NESTED_CONTROL 0x090
#define NESTED_PAGING 0x1U
#define NESTED_CR3 0x0b0
/* The state: segments of 16 bytes (selector, attributes, limit, base), then registers. */
#define SEG_ES 0x400
#define SEG_CS 0x410
#define SEG_SS 0x420
#define SEG_DS 0x430
#define DR7 0x560
#define DR6 0x568
#define RFLAGS 0x570
#define RAX 0x5f8
#define KERNEL_GS 0x620
#define G_PAT 0x668
/* Bits 55-52 and 47-40 of a descriptor beside each other. */
#define ATTR_CODE64 0xa9b
#define ATTR_CODE32 0xc9b
#define ATTR_BOTH 0xe9b /* of 64 and of 32 bits */
#define ATTR_DATA 0xc93

#define SVM_PAGES_OF_VCPU 3
#define SVM_AREA_SIZE (2 * PAGE_2M) /* all that is mapped at SPARE_GVA */
/* Of the page tables: present, writable, for user accesses (which all nested ones are), accessed
 * and dirty. */
#define NPT_FLAGS 0x67ULL
#define NPT_LARGE 0x80ULL

void svm_area_init(struct svm_area *a, unsigned char *mem, uint64_t gpa, uint64_t size, unsigned int vcpus);
/* Bytes from the beginning of the area. */
uint64_t svm_vmcb(unsigned int vcpu);
uint64_t svm_tables(const struct svm_area *a);
/* Maps [from, to) to itself by pages of 4K or 2M, `from` being a multiple of them; ends the test
 * when there is no room for the tables. */
void svm_map(struct svm_area *a, uint64_t from, uint64_t to, uint64_t page);
/* The VMCB of a vCPU, but for what the vCPU writes itself. npt: with the nested page tables. */
void svm_vmcb_fill(struct svm_area *a, unsigned int vcpu, bool npt);

/* Ends the test where KVM gives its guests no SVM, or no nested paging that is wanted. */
void svm_need(const struct perf_vm *vm, bool paging);
/* An area in a slot of its own, with a VMCB for each vCPU, and tables if wanted; ends the test when there is no memory. */
void svm_area_new(struct svm_area *a, struct perf_vm *vm, bool paging);
void svm_area_free(struct svm_area *a);
/* A field of a VMCB, 4 or 8 bytes at @at. */
void vmcb_put32(unsigned char *vmcb, unsigned int at, uint32_t value);
void vmcb_put64(unsigned char *vmcb, unsigned int at, uint64_t value);
uint64_t vmcb_get64(const unsigned char *vmcb, unsigned int at);

#endif
