/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VMCBs and nested page tables. The layout is that of the AMD64 Architecture Programmer's Manual,
 * volume 2, appendix B; what VMRUN refuses is in its chapter 15.5.
 */
#include "test-nested.h"

#include "payload/payload.h"

#include <string.h>

/* The control area. */
#define EXCEPTIONS 0x008 /* a bit each */
#define INTERCEPTS 0x00c
#define INTERCEPT_SHUTDOWN (1U << 31)
#define INTERCEPTS_SVM 0x010
#define INTERCEPT_VMRUN (1U << 0) /* or VMRUN refuses */
#define INTERCEPT_VMMCALL (1U << 1)
#define ASID 0x058
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
#define G_PAT 0x668
/* Bits 55-52 and 47-40 of a descriptor beside each other. */
#define ATTR_CODE64 0xa9b
#define ATTR_DATA 0xc93

void svm_area_init(struct svm_area *a, unsigned char *mem, uint64_t gpa, uint64_t size, unsigned int vcpus)
{
	*a = (struct svm_area){ .mem = mem, .gpa = gpa, .size = size, .vcpus = vcpus };
	a->next = svm_tables(a) + PAGE_4K;
}

uint64_t svm_vmcb(unsigned int vcpu)
{
	return (uint64_t)vcpu * SVM_PAGES_OF_VCPU * PAGE_4K;
}

uint64_t svm_tables(const struct svm_area *a)
{
	return svm_vmcb(a->vcpus);
}

static uint64_t *descend(struct svm_area *a, uint64_t *e)
{
	if (!*e) {
		if (a->next + PAGE_4K > a->size)
			cannot("the nested page tables need more than %llu MiB: less --memory, or "
			       "--guest-page 2m",
			       (unsigned long long)(a->size / MIB));
		*e = (a->gpa + a->next) | NPT_FLAGS;
		a->next += PAGE_4K;
	}
	return (uint64_t *)(a->mem + ((*e & ~0xfffULL) - a->gpa));
}

void svm_map(struct svm_area *a, uint64_t from, uint64_t to, uint64_t page)
{
	unsigned int leaf = page == PAGE_4K ? 12 : 21;

	for (uint64_t at = from; at < to; at += page) {
		uint64_t *table = (uint64_t *)(a->mem + svm_tables(a));

		for (unsigned int shift = 39; shift > leaf; shift -= 9)
			table = descend(a, &table[at >> shift & 511]);
		table[at >> leaf & 511] = at | NPT_FLAGS | (page == PAGE_4K ? 0 : NPT_LARGE);
	}
}

static void put32(unsigned char *vmcb, unsigned int at, uint32_t value)
{
	memcpy(vmcb + at, &value, sizeof(value));
}

static void put64(unsigned char *vmcb, unsigned int at, uint64_t value)
{
	memcpy(vmcb + at, &value, sizeof(value));
}

static void put_segment(unsigned char *vmcb, unsigned int at, uint16_t selector, uint16_t attributes)
{
	put32(vmcb, at, selector | (uint32_t)attributes << 16);
	put32(vmcb, at + 4, 0xffffffff);
}

void svm_vmcb_fill(struct svm_area *a, unsigned int vcpu, bool npt)
{
	unsigned char *vmcb = a->mem + svm_vmcb(vcpu);
	uint64_t gpa = a->gpa + svm_vmcb(vcpu);

	memset(vmcb, 0, SVM_PAGES_OF_VCPU * PAGE_4K);
	/* The L3 has no IDT: an exception of it is an exit, and then a failure with a name. */
	put32(vmcb, EXCEPTIONS, 0xffffffff);
	put32(vmcb, INTERCEPTS, INTERCEPT_SHUTDOWN);
	put32(vmcb, INTERCEPTS_SVM, INTERCEPT_VMRUN | INTERCEPT_VMMCALL);
	/* 0 is that of who runs the L3. */
	put32(vmcb, ASID, spoilt("l3-asid") ? 0 : 1);
	if (npt) {
		put64(vmcb, NESTED_CONTROL, NESTED_PAGING);
		put64(vmcb, NESTED_CR3, a->gpa + svm_tables(a));
	}
	put_segment(vmcb, SEG_CS, 0x08, ATTR_CODE64);
	put_segment(vmcb, SEG_SS, 0x10, ATTR_DATA);
	put_segment(vmcb, SEG_DS, 0x10, ATTR_DATA);
	put_segment(vmcb, SEG_ES, 0x10, ATTR_DATA);
	put64(vmcb, DR6, 0xffff0ff0);
	put64(vmcb, DR7, 0x400);
	put64(vmcb, RFLAGS, 0x2);
	put64(vmcb, G_PAT, 0x0007040600070406ULL);
	put64(vmcb, PAYLOAD_VMCB_PA, gpa);
	put64(vmcb, PAYLOAD_HSAVE_PA, gpa + 2 * PAGE_4K);
}
