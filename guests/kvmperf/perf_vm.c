/* SPDX-License-Identifier: GPL-2.0-only */
/* A VM with its memory; the vCPUs are in vcpu.c, what the guest finds in its memory in guest.c. */
#include "perf_vm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

int kvm_open(void)
{
	const char *path = getenv("KVMPERF_DEV");
	int fd, version;

	if (!path || !*path)
		path = "/dev/kvm";
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0 && errno == EACCES)
		cannot("%s: permission denied: be root, or in the group that owns it", path);
	if (fd < 0 && (errno == ENOENT || errno == ENXIO || errno == ENODEV))
		cannot("%s: %s: load kvm-amd or kvm-intel (inside a VM it needs a CPU with SVM or "
		       "VMX)",
		       path, strerror(errno));
	if (fd < 0)
		cannot("%s: %s", path, strerror(errno));
	version = ioctl(fd, KVM_GET_API_VERSION, 0);
	if (version != KVM_API_VERSION)
		cannot("%s: not a KVM of API version %d", path, KVM_API_VERSION);
	return fd;
}

void kvm_limits(int kvm, struct limits *l)
{
	int vcpus = ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_MAX_VCPUS);
	int slots = ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_NR_MEMSLOTS);
	uint64_t top = guest_top(kvm);

	l->vcpus = vcpus > 0 && vcpus < MAX_VCPUS ? (unsigned int)vcpus : MAX_VCPUS;
	/* One is ours, and one has to stay free. */
	l->slots = slots > 2 && slots - 2 < MAX_SLOTS ? (unsigned int)slots - 2 : MAX_SLOTS;
	l->memory = top / 2 < TEST_MEMORY_MAX ? top / 2 : TEST_MEMORY_MAX;
}

int vm_region(struct perf_vm *vm, unsigned int number, uint32_t flags, uint64_t gpa, uint64_t size, void *mem)
{
	struct kvm_userspace_memory_region r = {
		.slot = number,
		.flags = flags,
		.guest_phys_addr = gpa,
		.memory_size = size,
		.userspace_addr = (uintptr_t)mem,
	};

	return ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &r) ? -errno : 0;
}

void vm_slot(struct perf_vm *vm, unsigned int slot, uint32_t flags, bool present)
{
	struct slice s = slot_of(&vm->cfg.geo, slot);
	uint64_t offset = s.first * PAGE_4K;
	int err = vm_region(vm, TEST_SLOT + slot, flags, vm->test_gpa + offset, present ? s.pages * PAGE_4K : 0,
			    vm->mem.mem + offset);

	if (err)
		fail("memory slot %u: KVM_SET_USER_MEMORY_REGION: %s", TEST_SLOT + slot, strerror(-err));
}

void vm_slots_flags(struct perf_vm *vm, uint32_t flags)
{
	for (unsigned int i = 0; i < vm->cfg.geo.slots; i++)
		vm_slot(vm, i, flags, true);
}

static void check(struct perf_vm *vm)
{
	struct limits limits;
	char why[256];

	kvm_limits(vm->kvm, &limits);
	if (geometry_check(&vm->cfg.geo, &limits, why, sizeof(why)))
		cannot("%s", why);
}

static void enable(struct perf_vm *vm, uint32_t cap, uint64_t arg, const char *what)
{
	struct kvm_enable_cap c = { .cap = cap, .args = { arg } };

	if (ioctl(vm->fd, KVM_ENABLE_CAP, &c))
		cannot("this KVM refuses %s: %s", what, strerror(errno));
}

static void enable_dirty(struct perf_vm *vm)
{
	uint32_t ring = KVM_CAP_DIRTY_LOG_RING;
	int most, flags;

	if (vm->cfg.dirty_ring) {
		most = ioctl(vm->fd, KVM_CHECK_EXTENSION, ring);
		if (most <= 0) {
			ring = KVM_CAP_DIRTY_LOG_RING_ACQ_REL;
			most = ioctl(vm->fd, KVM_CHECK_EXTENSION, ring);
		}
		if (most <= 0)
			cannot("this KVM has no dirty ring");
		if (vm->cfg.dirty_ring > (uint32_t)most)
			cannot("--ring-entries: at most %zu are possible here",
			       (size_t)most / sizeof(struct kvm_dirty_gfn));
		enable(vm, ring, vm->cfg.dirty_ring, "this size of dirty ring");
	}
	if (vm->cfg.manual_protect) {
		flags = ioctl(vm->fd, KVM_CHECK_EXTENSION, KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2);
		if ((flags & (int)vm->cfg.manual_protect) != (int)vm->cfg.manual_protect)
			cannot("this KVM has no manual protection of the dirty log");
		enable(vm, KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2, vm->cfg.manual_protect,
		       "manual protection of the dirty log");
	}
}

static void make_memory(struct perf_vm *vm)
{
	uint64_t size = vm->cfg.geo.memory, span = round_up(size, PAGE_1G);
	int err;

	vm->sys_size = guest_layout(vm);
	vm->sys = mmap(NULL, vm->sys_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (vm->sys == MAP_FAILED)
		cannot("no memory for the guest's tables: %s", strerror(errno));
	madvise(vm->sys, vm->sys_size, MADV_NOHUGEPAGE);
	memset(vm->sys, 0, vm->sys_size);
	err = vm_region(vm, 0, 0, 0, vm->sys_size, vm->sys);
	if (err)
		cannot("KVM takes no memory: %s", strerror(-err));
	vm->test_gpa = (guest_top(vm->kvm) - span) / PAGE_1G * PAGE_1G;
	vm->spare_gpa = vm->test_gpa - PAGE_1G;
	backing_new(&vm->mem, vm->cfg.backing, size, vm->cfg.alias);
	vm_slots_flags(vm, 0);
	guest_build(vm);
}

struct perf_vm *vm_new(const struct vm_config *cfg)
{
	struct perf_vm *vm = xcalloc(1, sizeof(*vm));
	struct kvm_cpuid2 *cpuid;
	unsigned int n = cfg->geo.vcpus;

	vm->cfg = *cfg;
	vm->kvm = kvm_open();
	check(vm);
	vm->fd = ioctl(vm->kvm, KVM_CREATE_VM, 0);
	if (vm->fd < 0)
		cannot("KVM_CREATE_VM: %s", strerror(errno));
	/* Intel's need for a hole of three pages; others refuse it. */
	ioctl(vm->fd, KVM_SET_TSS_ADDR, 0xfffbd000UL);
	enable_dirty(vm);
	vm->run_size = (size_t)ioctl(vm->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	make_memory(vm);
	stats_open(&vm->stats, vm->fd);
	pthread_barrier_init(&vm->begin, NULL, n + 1);
	pthread_barrier_init(&vm->ready, NULL, n);
	pthread_barrier_init(&vm->finish, NULL, n + 1);
	vm->vcpu = xcalloc(n, sizeof(*vm->vcpu));
	cpuid = guest_cpuid(vm->kvm);
	for (unsigned int i = 0; i < n; i++)
		vcpu_new(vm, i, cpuid);
	free(cpuid);
	vm->began = clock_pair();
	return vm;
}

void vm_free(struct perf_vm *vm)
{
	struct clock_pair now = clock_pair();

	if (!clocks_agree(&vm->began, &now, vm->tsc_khz))
		fail("CLOCK_MONOTONIC and the time stamp counter (%llu kHz, says KVM) disagree by more than 5 %%",
		     (unsigned long long)vm->tsc_khz);
	vm->leave = true;
	pthread_barrier_wait(&vm->begin);
	for (unsigned int i = 0; i < vm->cfg.geo.vcpus; i++)
		vcpu_free(&vm->vcpu[i]);
	pthread_barrier_destroy(&vm->begin);
	pthread_barrier_destroy(&vm->ready);
	pthread_barrier_destroy(&vm->finish);
	stats_close(&vm->stats);
	close(vm->fd);
	close(vm->kvm);
	backing_free(&vm->mem);
	munmap(vm->sys, vm->sys_size);
	free(vm->vcpu);
	free(vm);
}

struct job slice_job(struct perf_vm *vm, unsigned int vcpu, const char *entry, uint64_t seed)
{
	struct slice s = slice_of(&vm->cfg.geo, vcpu);

	return (struct job){
		.entry = entry,
		.base = TEST_GVA + s.first * PAGE_4K,
		.count = s.pages,
		.stride = PAGE_4K,
		.seed = seed,
		.percent = 100,
	};
}

void vm_start(struct perf_vm *vm)
{
	pthread_barrier_wait(&vm->begin);
}

void vm_wait(struct perf_vm *vm)
{
	pthread_barrier_wait(&vm->finish);
}

void vm_run(struct perf_vm *vm)
{
	vm_start(vm);
	vm_wait(vm);
}

uint64_t vm_elapsed(const struct perf_vm *vm)
{
	uint64_t first = UINT64_MAX, last = 0;

	for (unsigned int i = 0; i < vm->cfg.geo.vcpus; i++) {
		const struct vcpu *v = &vm->vcpu[i];

		if (!v->job.entry)
			continue;
		if (v->answer.start_ns < first)
			first = v->answer.start_ns;
		if (v->answer.end_ns > last)
			last = v->answer.end_ns;
	}
	return last - first;
}

/* vCPU by vCPU: each has TLB and, with shadow paging, roots of its own; the pages are the same. */
void vm_warm(struct perf_vm *vm)
{
	for (unsigned int i = 0; i < vm->cfg.geo.vcpus; i++)
		vm->vcpu[i].job = (struct job){
			.entry = payload_warm,
			.count = vm->sys_size / PAGE_4K,
			.stride = PAGE_4K,
		};
	vm_run(vm);
}

void vm_stop_word(struct perf_vm *vm, uint32_t value)
{
	__atomic_store_n((uint32_t *)(vm->sys + vm->stop_gpa), value, __ATOMIC_SEQ_CST);
}

void vm_check_answers(const struct perf_vm *vm)
{
	for (unsigned int i = 0; i < vm->cfg.geo.vcpus; i++) {
		const struct vcpu *v = &vm->vcpu[i];

		if (v->answer.done != v->job.count || v->answer.value)
			fail("vCPU %u reads other values than were written in %llu of %llu pages, "
			     "the first is %lld",
			     i, (unsigned long long)v->answer.value, (unsigned long long)v->job.count,
			     (long long)v->answer.first_bad);
	}
}

void vm_check_values(const struct perf_vm *vm, uint64_t seed)
{
	uint64_t pages = vm->cfg.geo.memory / PAGE_4K, have;

	for (uint64_t i = 0; i < pages; i++) {
		memcpy(&have, vm->mem.mem + i * PAGE_4K, sizeof(have));
		if (have != TEST_GVA + i * PAGE_4K + seed)
			fail("page %llu holds %#llx, the guest wrote %#llx", (unsigned long long)i,
			     (unsigned long long)have, (unsigned long long)(TEST_GVA + i * PAGE_4K + seed));
	}
}

void vm_check_backing(const struct perf_vm *vm)
{
	/* pages that userfaultfd brings one by one stay small */
	if (vm->mem.kind == BACKING_THP && !vm->served && !backing_huge(&vm->mem))
		cannot("--backing thp: the kernel gave not one huge page: try more memory (2M at least), or free some");
}

void vm_verify(struct perf_vm *vm, uint64_t seed)
{
	if (spoilt("guest-value"))
		vm->mem.mem[vm->mem.size - PAGE_4K] ^= 1;
	for (unsigned int i = 0; i < vm->cfg.geo.vcpus; i++)
		vm->vcpu[i].job = slice_job(vm, i, payload_verify, seed);
	vm_run(vm);
	vm_check_answers(vm);
	if (spoilt("host-value"))
		vm->mem.mem[vm->mem.size - PAGE_4K] ^= 1;
	vm_check_values(vm, seed);
	vm_check_backing(vm);
}

void vm_samples(const struct perf_vm *vm, struct hist *into)
{
	uint64_t elapsed = vm_elapsed(vm);

	for (unsigned int i = 0; i < vm->cfg.geo.vcpus; i++) {
		const struct vcpu *v = &vm->vcpu[i];
		bool times = guest_writes_all(&v->job);
		uint64_t before = into->sum, sum;

		for (uint64_t k = 0; v->job.sampled && k < v->answer.done; k++) {
			uint64_t cycles = times ? v->samples[k + 1] - v->samples[k] : v->samples[k];

			hist_add(into, (uint64_t)((unsigned __int128)cycles * 1000000 / vm->tsc_khz));
		}
		/* The guest measured inside of what we measured: by another clock, but it cannot be more. */
		sum = into->sum - before;
		if (sum > elapsed + elapsed / 20 + 1000)
			fail("vCPU %u measured %llu ns by its time stamp counter, which took %llu ns by CLOCK_MONOTONIC",
			     i, (unsigned long long)sum, (unsigned long long)elapsed);
	}
}

struct clock_pair clock_pair(void)
{
	struct clock_pair p;

	p.before = __builtin_ia32_rdtsc();
	p.ns = now_ns();
	p.after = __builtin_ia32_rdtsc();
	return p;
}

bool clocks_agree(const struct clock_pair *from, const struct clock_pair *to, uint64_t khz)
{
	unsigned __int128 cycles = (unsigned __int128)(to->ns - from->ns) * khz / 1000000;

	/* whatever came between two readings, the true number lies between these two */
	return cycles + cycles / 20 + 1000 >= to->before - from->after &&
	       cycles <= (to->after - from->before) / 20 * 21 + 1000;
}

void vm_counters(struct perf_vm *vm, struct counters *c)
{
	memset(&c->vcpus, 0, sizeof(c->vcpus));
	for (unsigned int i = 0; i < vm->cfg.geo.vcpus; i++) {
		stats_read(&vm->vcpu[i].stats);
		stats_add(&c->vcpus, &vm->vcpu[i].stats);
	}
	stats_read(&vm->stats);
	c->vm = vm->stats;
}

void counters_delta(const struct counters *before, const struct counters *after, struct counters *out)
{
	stats_delta(&before->vm, &after->vm, &out->vm);
	stats_delta(&before->vcpus, &after->vcpus, &out->vcpus);
}
