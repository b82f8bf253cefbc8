/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KVMPERF_PERF_VM_H
#define KVMPERF_PERF_VM_H

#include "backing.h"
#include "hist.h"
#include "payload/payload.h"
#include "slices.h"
#include "stats.h"

#include <linux/kvm.h>
#include <pthread.h>

/*
 * The guest. Physical: a small slot of ours from 0 (code, tables, samples), nothing at 2 GiB
 * (MMIO), and the memory under test in slots at the top. Virtual: the small slot at its own
 * addresses, MMIO too, the memory under test always at TEST_GVA.
 */
#define TEST_GVA (256 * GIB)
#define MMIO_GPA (2 * GIB)
#define SPARE_GVA (128 * GIB) /* 4 MiB, two places for a slot of 2 MiB */
#define TEST_MEMORY_MAX (128 * GIB)
#define TEST_SLOT 1 /* the first of them; slot 0 is ours, one behind them is free */

struct vm_config {
	struct geometry geo;
	enum backing_kind backing;
	bool alias;		 /* a second mapping of the memory, for us */
	unsigned int ring;	 /* privilege level the payload runs in: 3 or 0 */
	uint32_t dirty_ring;	 /* bytes of each vCPU's dirty ring; 0 for bitmaps */
	uint32_t manual_protect; /* flags of KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2, 0 for none */
	uint64_t samples;	 /* a vCPU, at least a slice's pages and one */
};

/* One piece of work of a vCPU: where it enters, and what it finds in its registers (payload.S). */
struct job {
	const char *entry; /* NULL: this vCPU rests */
	uint64_t base, count, stride, seed;
	bool sampled, random;
	unsigned int percent;
	uint64_t stop; /* guest address of the stop word */
};

struct answer {
	uint64_t done, value, first_bad; /* r13, r15, r10 */
	uint64_t start_ns, end_ns;
	uint64_t exits; /* that were neither the last one nor a full ring */
	uint64_t ring_full;
};

struct vcpu {
	struct perf_vm *vm;
	unsigned int id;
	int fd;
	struct kvm_run *run;
	struct kvm_dirty_gfn *ring;
	uint32_t ring_next;
	pthread_t thread;
	struct job job;
	struct answer answer;
	uint64_t *samples;
	struct stats stats;
};

/* One moment by both clocks: that of the system, and between which values the time stamp counter was. */
struct clock_pair {
	uint64_t before, ns, after;
};

struct perf_vm {
	struct vm_config cfg;
	int kvm, fd;
	size_t run_size;
	unsigned char *sys; /* our slot */
	uint64_t sys_size, samples_gpa, stop_gpa, cr3, gdt_gpa, tss_gpa;
	uint64_t test_gpa, spare_gpa, tsc_khz;
	struct backing mem;
	struct vcpu *vcpu;
	struct stats stats;
	pthread_barrier_t begin, ready, finish;
	bool leave;
	bool served; /* userfaultfd brings its pages */
	struct clock_pair began;
	/* What to do with an exit that is not the end of a job: true to go on, false when it makes
	 * no sense. */
	bool (*on_exit)(struct vcpu *v);
	/* A vCPU's dirty ring is full; called in its thread. */
	void (*on_ring_full)(struct vcpu *v);
	void *context; /* of both */
};

/* Opens /dev/kvm, or what KVMPERF_DEV names. */
int kvm_open(void);
void kvm_limits(int kvm, struct limits *l);
/* Checks the configuration against this KVM; ends the test when it does not fit. */
struct perf_vm *vm_new(const struct vm_config *cfg);
void vm_free(struct perf_vm *vm);

/* One slot of the memory under test, with flags (KVM_MEM_LOG_DIRTY_PAGES) or of size 0 to remove
 * it. */
void vm_slot(struct perf_vm *vm, unsigned int slot, uint32_t flags, bool present);
void vm_slots_flags(struct perf_vm *vm, uint32_t flags);
/* Any slot; -errno instead of ending the test. */
int vm_region(struct perf_vm *vm, unsigned int number, uint32_t flags, uint64_t gpa, uint64_t size, void *mem);

/* The job that goes over a vCPU's slice, page by page. */
struct job slice_job(struct perf_vm *vm, unsigned int vcpu, const char *entry, uint64_t seed);
/* Gives every vCPU its job (already in ->job), lets them all start at once, and waits. */
void vm_start(struct perf_vm *vm);
void vm_wait(struct perf_vm *vm);
void vm_run(struct perf_vm *vm);
/* From the first start to the last end. */
uint64_t vm_elapsed(const struct perf_vm *vm);
/* Lets KVM map the small slot, so that only the memory under test faults later. */
void vm_warm(struct perf_vm *vm);
void vm_stop_word(struct perf_vm *vm, uint32_t value);

/* Every vCPU reads its slice back, and we read all of it too; ends the test at the first
 * difference. */
void vm_verify(struct perf_vm *vm, uint64_t seed);
/* The two halves of that: what the vCPUs read, and what we do. */
void vm_check_answers(const struct perf_vm *vm);
void vm_check_values(const struct perf_vm *vm, uint64_t seed);
/* And after them: a test of huge pages that got none has measured something else, and is skipped. */
void vm_check_backing(const struct perf_vm *vm);
/* The samples of the last job, converted to nanoseconds; ends the test when they are longer than the job took. */
void vm_samples(const struct perf_vm *vm, struct hist *into);

struct clock_pair clock_pair(void);
/* Do two moments lie as far apart by both clocks, within 5 %? However long either reading was interrupted. */
bool clocks_agree(const struct clock_pair *from, const struct clock_pair *to, uint64_t khz);

/* KVM's counters of the VM and of all its vCPUs together. */
struct counters {
	struct stats vm, vcpus;
};

void vm_counters(struct perf_vm *vm, struct counters *c);
void counters_delta(const struct counters *before, const struct counters *after, struct counters *out);

/* guest.c: tables, descriptors and registers */
uint64_t guest_layout(struct perf_vm *vm);
void guest_build(struct perf_vm *vm);
void guest_enter(struct vcpu *v);
/* Does the job write all pages in their order? Its samples are times then, one more than accesses. */
bool guest_writes_all(const struct job *j);
uint64_t guest_top(int kvm);
struct kvm_cpuid2 *guest_cpuid(int kvm);

/* vcpu.c */
void vcpu_new(struct perf_vm *vm, unsigned int id, const struct kvm_cpuid2 *cpuid);
void vcpu_free(struct vcpu *v);

#endif
