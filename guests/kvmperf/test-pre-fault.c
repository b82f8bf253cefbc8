/* SPDX-License-Identifier: GPL-2.0-only */
/* KVM_PRE_FAULT_MEMORY maps the memory before the guest touches it: the guest must then take no
 * fault at all. */
#include "tests.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#ifndef KVM_CAP_PRE_FAULT_MEMORY
#define KVM_CAP_PRE_FAULT_MEMORY 236
#define KVM_PRE_FAULT_MEMORY _IOWR(KVMIO, 0xd5, struct kvm_pre_fault_memory)
struct kvm_pre_fault_memory {
	__u64 gpa;
	__u64 size;
	__u64 flags;
	__u64 padding[5];
};
#endif

static unsigned int rounds;

static void pre_fault(struct perf_vm *vm, uint64_t chunk, struct hist *latency)
{
	uint64_t end = vm->test_gpa + vm->mem.size, start;

	for (uint64_t gpa = vm->test_gpa; gpa < end; gpa += chunk) {
		struct kvm_pre_fault_memory p = { .gpa = gpa, .size = chunk < end - gpa ? chunk : end - gpa };

		start = now_ns();
		/* It says how far it got: size is what is left. */
		while (p.size) {
			if (!ioctl(vm->vcpu[0].fd, KVM_PRE_FAULT_MEMORY, &p) || errno == EINTR || errno == EAGAIN)
				continue;
			if (errno == EOPNOTSUPP)
				cannot("this KVM can, but not without nested paging");
			fail("KVM_PRE_FAULT_MEMORY at %#llx: %s", (unsigned long long)p.gpa, strerror(errno));
		}
		hist_add(latency, now_ns() - start);
	}
}

static void round_(const struct options *o)
{
	struct vm_config cfg = options_vm(o);
	uint64_t seed = seed_of(rounds++, 0), start;
	struct counters before, after, delta;
	const uint64_t *taken;
	struct perf_vm *vm = vm_new(&cfg);
	struct hist latency, after_touch;

	if (ioctl(vm->fd, KVM_CHECK_EXTENSION, KVM_CAP_PRE_FAULT_MEMORY) <= 0)
		cannot("this KVM has no KVM_PRE_FAULT_MEMORY (Linux 6.11 and later do)");
	hist_init(&latency);
	hist_init(&after_touch);
	/* Written by us, or it would only find the page of zeroes. */
	memset(vm->mem.mem, 0, vm->mem.size);
	vm_warm(vm);
	start = now_ns();
	pre_fault(vm, o->chunk, &latency);
	result_ns("pre_fault", now_ns() - start);
	result_latency("pre_fault", &latency);
	vm_counters(vm, &before);
	for (unsigned int i = 0; i < cfg.geo.vcpus; i++) {
		vm->vcpu[i].job = slice_job(vm, i, payload_touch, seed);
		vm->vcpu[i].job.sampled = true;
	}
	vm_run(vm);
	vm_counters(vm, &after);
	counters_delta(&before, &after, &delta);
	result_job("touch", vm);
	vm_samples(vm, &after_touch);
	result_latency("touch", &after_touch);
	result_kvm(&delta);
	result_count("pages", vm->mem.size / PAGE_4K);
	taken = stats_find(&delta.vcpus, "pf_taken");
	if (taken) {
		result_count("kvm_faults", *taken);
		if (*taken || spoilt("pre-fault"))
			fail("the guest took %llu page faults in memory that was mapped before",
			     (unsigned long long)*taken);
	}
	vm_verify(vm, seed);
	vm_free(vm);
}

const struct test test_pre_fault = {
	.name = "pre-fault",
	.summary = "map the memory with KVM_PRE_FAULT_MEMORY, then touch it without a fault",
	.groups = TAKES_ALWAYS | TAKES_MEMORY | TAKES_PREFAULT,
	.round = round_,
};
