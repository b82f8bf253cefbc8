/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the guest finds: page tables, descriptors, registers. It starts in 64-bit mode at once, so
 * no code of ring 0 has to run: a KVM that interprets ring 0 runs ring 3 as it is. There is no IDT;
 * an exception ends the guest, and the test.
 */
#include "perf_vm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

/* The small slot; nothing is at 0, so that a null pointer of the payload's faults. */
#define CODE_GPA 0x10000ULL
#define STOP_GPA 0x11000ULL
#define GDT_GPA 0x12000ULL
#define TSS_GPA 0x12800ULL
#define TABLES_GPA 0x13000ULL

#define PTE_PRESENT 0x1ULL
#define PTE_WRITE 0x2ULL
#define PTE_USER 0x4ULL
#define PTE_ACCESSED 0x20ULL
#define PTE_DIRTY 0x40ULL
#define PTE_LARGE 0x80ULL
/* Accessed and dirty from the start: the CPU then never writes to the tables. */
#define PTE_TABLE (PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_ACCESSED)
#define PTE_LEAF (PTE_TABLE | PTE_DIRTY)

#define SEL_CODE0 PAYLOAD_CODE0
#define SEL_DATA0 0x10
#define SEL_CODE3 0x18
#define SEL_DATA3 0x20
#define SEL_TSS 0x28

#define RFLAGS_IOPL3 0x3000ULL

struct builder {
	struct perf_vm *vm;
	uint64_t next; /* address of the next table */
};

static uint64_t table_pages(const struct perf_vm *vm, uint64_t sys_size)
{
	const struct geometry *g = &vm->cfg.geo;
	uint64_t n = 2 + 1 + round_up(sys_size, PAGE_2M) / PAGE_2M + 2 + 1;

	if (g->guest_page < PAGE_1G)
		n += round_up(g->memory, PAGE_1G) / PAGE_1G;
	if (g->guest_page < PAGE_2M)
		n += round_up(g->memory, PAGE_2M) / PAGE_2M;
	return n;
}

/* Decides where everything goes; returns the size of the small slot. */
uint64_t guest_layout(struct perf_vm *vm)
{
	struct vm_config *cfg = &vm->cfg;
	uint64_t pages = slice_of(&cfg->geo, 0).pages, samples, size = 0, last;

	/* of payload_touch_all: the times between which the accesses are */
	if (cfg->samples < pages + 1)
		cfg->samples = pages + 1;
	samples = round_up(cfg->samples * sizeof(uint64_t), PAGE_4K) * cfg->geo.vcpus;
	vm->stop_gpa = STOP_GPA;
	vm->gdt_gpa = GDT_GPA;
	vm->tss_gpa = TSS_GPA;
	vm->cr3 = TABLES_GPA;
	/* The tables map themselves: a second round at most. */
	do {
		last = size;
		vm->samples_gpa = TABLES_GPA + table_pages(vm, last) * PAGE_4K;
		size = vm->samples_gpa + samples;
	} while (size != last);
	if (size > GIB)
		cannot("so many samples do not fit: less --memory, or more --vcpus");
	return size;
}

static uint64_t *entry(struct builder *b, uint64_t table, uint64_t gva, unsigned int shift)
{
	return (uint64_t *)(b->vm->sys + table) + (gva >> shift & 511);
}

static uint64_t descend(struct builder *b, uint64_t table, uint64_t gva, unsigned int shift)
{
	uint64_t *e = entry(b, table, gva, shift);

	if (!*e) {
		*e = b->next | PTE_TABLE;
		b->next += PAGE_4K;
	}
	return *e & ~0xfffULL;
}

static void map_pages(struct builder *b, uint64_t gva, uint64_t gpa, uint64_t size, uint64_t page)
{
	uint64_t table;

	for (uint64_t done = 0; done < size; done += page) {
		table = descend(b, b->vm->cr3, gva + done, 39);
		if (page == PAGE_1G) {
			*entry(b, table, gva + done, 30) = (gpa + done) | PTE_LEAF | PTE_LARGE;
			continue;
		}
		table = descend(b, table, gva + done, 30);
		if (page == PAGE_2M) {
			*entry(b, table, gva + done, 21) = (gpa + done) | PTE_LEAF | PTE_LARGE;
			continue;
		}
		table = descend(b, table, gva + done, 21);
		*entry(b, table, gva + done, 12) = (gpa + done) | PTE_LEAF;
	}
}

static void fill_gdt(struct perf_vm *vm)
{
	uint64_t *gdt = (uint64_t *)(vm->sys + vm->gdt_gpa), tss = vm->tss_gpa;

	gdt[SEL_CODE0 / 8] = 0x00af9b000000ffffULL;
	gdt[SEL_DATA0 / 8] = 0x00cf93000000ffffULL;
	gdt[SEL_CODE3 / 8] = 0x00affb000000ffffULL;
	gdt[SEL_DATA3 / 8] = 0x00cff3000000ffffULL;
	gdt[SEL_TSS / 8] = 0x67 | (tss & 0xffffff) << 16 | 0x8bULL << 40 | (tss >> 24 & 0xff) << 56;
	gdt[SEL_TSS / 8 + 1] = tss >> 32;
}

void guest_build(struct perf_vm *vm)
{
	struct builder b = { vm, vm->cr3 + PAGE_4K };
	const struct geometry *g = &vm->cfg.geo;

	memcpy(vm->sys + CODE_GPA, payload_start, (size_t)(payload_end - payload_start));
	fill_gdt(vm);
	map_pages(&b, 0, 0, vm->sys_size, PAGE_4K);
	map_pages(&b, MMIO_GPA, MMIO_GPA, PAGE_4K, PAGE_4K);
	map_pages(&b, SPARE_GVA, vm->spare_gpa, 2 * PAGE_2M, PAGE_2M);
	map_pages(&b, TEST_GVA, vm->test_gpa, g->memory, g->guest_page);
	if (b.next > vm->samples_gpa)
		fail("the guest's tables need more room than was counted");
}

static struct kvm_segment segment(uint16_t selector, uint8_t type, unsigned int dpl, bool code)
{
	return (struct kvm_segment){
		.limit = 0xffffffff,
		.selector = selector,
		.type = type,
		.present = 1,
		.dpl = (uint8_t)dpl,
		.db = !code,
		.s = 1,
		.l = code,
		.g = 1,
	};
}

static void set_sregs(struct vcpu *v)
{
	struct perf_vm *vm = v->vm;
	unsigned int ring = vm->cfg.ring;
	struct kvm_sregs s;

	if (ioctl(v->fd, KVM_GET_SREGS, &s))
		fail("KVM_GET_SREGS: %s", strerror(errno));
	s.cs = segment(ring ? SEL_CODE3 | 3 : SEL_CODE0, 11, ring, true);
	s.ss = segment(ring ? SEL_DATA3 | 3 : SEL_DATA0, 3, ring, false);
	s.ds = s.es = s.fs = s.gs = s.ss;
	s.tr = (struct kvm_segment){
		.base = vm->tss_gpa, .limit = 0x67, .selector = SEL_TSS, .type = 11, .present = 1
	};
	s.ldt = (struct kvm_segment){ .unusable = 1 };
	s.gdt.base = vm->gdt_gpa;
	s.gdt.limit = SEL_TSS + 16 - 1;
	s.idt.base = 0;
	s.idt.limit = 0;
	s.cr0 = 0x80050033; /* PG AM WP NE ET MP PE */
	s.cr4 = 0x620;	    /* PAE OSFXSR OSXMMEXCPT */
	s.cr3 = vm->cr3;
	s.efer = 0xd01; /* NX LMA LME SCE */
	if (ioctl(v->fd, KVM_SET_SREGS, &s))
		fail("KVM_SET_SREGS: %s", strerror(errno));
}

/* All pages in their order are written by a loop of its own, of a third of the instructions. */
bool guest_writes_all(const struct job *j)
{
	return j->entry == payload_touch && j->percent == 100 && !j->random;
}

/* Registers of the vCPU's job. The first time also those that stay. */
void guest_enter(struct vcpu *v)
{
	struct perf_vm *vm = v->vm;
	const struct job *j = &v->job;
	const char *entry = guest_writes_all(j) ? payload_touch_all : j->entry;
	uint64_t samples = vm->samples_gpa + round_up(vm->cfg.samples * sizeof(uint64_t), PAGE_4K) * v->id;
	struct kvm_regs r = {
		.rip = CODE_GPA + (uint64_t)(entry - payload_start),
		.rflags = 0x2 | RFLAGS_IOPL3,
		.rdi = j->base,
		.rsi = j->count,
		.rbp = j->stride,
		.rbx = j->seed,
		.r8 = j->sampled ? samples : 0,
		.r11 = j->percent,
		.r12 = j->stop,
	};

	if (j->random && j->count > 1) {
		r.r9 = (1ULL << (64 - __builtin_clzll(j->count - 1))) - 1;
		r.r10 = j->count / 3;
	}
	if (!v->samples) {
		v->samples = (uint64_t *)(vm->sys + samples);
		set_sregs(v);
	}
	if (ioctl(v->fd, KVM_SET_REGS, &r))
		fail("KVM_SET_REGS: %s", strerror(errno));
}

struct kvm_cpuid2 *guest_cpuid(int kvm)
{
	unsigned int n = 256;
	struct kvm_cpuid2 *c = xcalloc(1, sizeof(*c) + n * sizeof(c->entries[0]));

	c->nent = n;
	if (ioctl(kvm, KVM_GET_SUPPORTED_CPUID, c))
		cannot("KVM_GET_SUPPORTED_CPUID: %s", strerror(errno));
	return c;
}

/*
 * The first address above what the guest can have: its physical address bits, but at most 46 (so
 * four levels always suffice), and below the range that AMD reserves under 1 TiB.
 */
uint64_t guest_top(int kvm)
{
	struct kvm_cpuid2 *c = guest_cpuid(kvm);
	unsigned int bits = 36, guest;
	uint64_t top;

	for (uint32_t i = 0; i < c->nent; i++) {
		if (c->entries[i].function != 0x80000008)
			continue;
		bits = c->entries[i].eax & 0xff;
		guest = c->entries[i].eax >> 16 & 0xff;
		if (guest && guest < bits)
			bits = guest;
	}
	free(c);
	top = 1ULL << (bits > 46 ? 46 : bits);
	return top == 1024 * GIB ? 0xfd00000000ULL / PAGE_1G * PAGE_1G : top;
}
