/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KVMPERF_TEST_NESTED_H
#define KVMPERF_TEST_NESTED_H

#include "base.h"

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

#define SVM_PAGES_OF_VCPU 3
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

#endif
