/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VMCBs and nested page tables. The layout is that of the AMD64 Architecture Programmer's Manual,
 * volume 2, appendix B; what VMRUN refuses is in its chapter 15.5.
 */
#include "test-nested.h"

#include "payload/payload.h"
#include "perf_vm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define CPUID_SVM (1U << 2)	   /* 0x80000001, ECX */
#define CPUID_SVM_PAGING (1U << 0) /* 0x8000000a, EDX */

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

void vmcb_put32(unsigned char *vmcb, unsigned int at, uint32_t value)
{
	memcpy(vmcb + at, &value, sizeof(value));
}

void vmcb_put64(unsigned char *vmcb, unsigned int at, uint64_t value)
{
	memcpy(vmcb + at, &value, sizeof(value));
}

uint64_t vmcb_get64(const unsigned char *vmcb, unsigned int at)
{
	uint64_t value;

	memcpy(&value, vmcb + at, sizeof(value));
	return value;
}

static void put_segment(unsigned char *vmcb, unsigned int at, uint16_t selector, uint16_t attributes)
{
	vmcb_put32(vmcb, at, selector | (uint32_t)attributes << 16);
	vmcb_put32(vmcb, at + 4, 0xffffffff);
}

void svm_vmcb_fill(struct svm_area *a, unsigned int vcpu, bool npt)
{
	unsigned char *vmcb = a->mem + svm_vmcb(vcpu);
	uint64_t gpa = a->gpa + svm_vmcb(vcpu);

	memset(vmcb, 0, SVM_PAGES_OF_VCPU * PAGE_4K);
	/* The L3 has no IDT: an exception of it is an exit, and then a failure with a name. */
	vmcb_put32(vmcb, EXCEPTIONS, 0xffffffff);
	vmcb_put32(vmcb, INTERCEPTS, INTERCEPT_SHUTDOWN);
	vmcb_put32(vmcb, INTERCEPTS_SVM, INTERCEPT_VMRUN | INTERCEPT_VMMCALL);
	/* 0 is that of who runs the L3. */
	vmcb_put32(vmcb, ASID, spoilt("l3-asid") ? 0 : 1);
	if (npt) {
		vmcb_put64(vmcb, NESTED_CONTROL, NESTED_PAGING);
		vmcb_put64(vmcb, NESTED_CR3, a->gpa + svm_tables(a));
	}
	put_segment(vmcb, SEG_CS, 0x08, ATTR_CODE64);
	put_segment(vmcb, SEG_SS, 0x10, ATTR_DATA);
	put_segment(vmcb, SEG_DS, 0x10, ATTR_DATA);
	put_segment(vmcb, SEG_ES, 0x10, ATTR_DATA);
	vmcb_put64(vmcb, DR6, 0xffff0ff0);
	vmcb_put64(vmcb, DR7, 0x400);
	vmcb_put64(vmcb, RFLAGS, 0x2);
	vmcb_put64(vmcb, G_PAT, 0x0007040600070406ULL);
	vmcb_put64(vmcb, PAYLOAD_VMCB_PA, gpa);
	vmcb_put64(vmcb, PAYLOAD_HSAVE_PA, gpa + 2 * PAGE_4K);
}

void svm_need(const struct perf_vm *vm, bool paging)
{
	struct kvm_cpuid2 *c = guest_cpuid(vm->kvm);
	bool svm = false, nested_paging = false;

	for (uint32_t i = 0; i < c->nent; i++) {
		if (c->entries[i].function == 0x80000001)
			svm = c->entries[i].ecx & CPUID_SVM;
		if (c->entries[i].function == 0x8000000a)
			nested_paging = c->entries[i].edx & CPUID_SVM_PAGING;
	}
	free(c);
	if (!svm)
		cannot("this KVM gives its guests no SVM (that of an AMD CPU does, with "
		       "kvm_amd.nested=1)");
	if (paging && !nested_paging)
		cannot("this KVM gives its guests no nested paging (kvm_amd.npt=0?): --l3-paging "
		       "direct");
}

void svm_area_new(struct svm_area *a, struct perf_vm *vm, bool paging)
{
	uint64_t page = vm->cfg.geo.guest_page == PAGE_4K ? PAGE_4K : PAGE_2M;
	unsigned char *mem = mmap(NULL, SVM_AREA_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int err;

	if (mem == MAP_FAILED)
		cannot("no memory for VMCBs and nested page tables: %s", strerror(errno));
	madvise(mem, SVM_AREA_SIZE, MADV_NOHUGEPAGE);
	memset(mem, 0, SVM_AREA_SIZE);
	err = vm_region(vm, TEST_SLOT + vm->cfg.geo.slots, 0, vm->spare_gpa, SVM_AREA_SIZE, mem);
	if (err)
		cannot("the slot for VMCBs: KVM_SET_USER_MEMORY_REGION: %s", strerror(-err));
	svm_area_init(a, mem, vm->spare_gpa, SVM_AREA_SIZE, vm->cfg.geo.vcpus);
	if (paging) {
		svm_map(a, 0, vm->sys_size, PAGE_2M);
		svm_map(a, vm->test_gpa, vm->test_gpa + vm->mem.size, page);
	}
	for (unsigned int i = 0; i < vm->cfg.geo.vcpus; i++)
		svm_vmcb_fill(a, i, paging);
}

void svm_area_free(struct svm_area *a)
{
	munmap(a->mem, SVM_AREA_SIZE);
}
