/* SPDX-License-Identifier: GPL-2.0-only */
/* A vCPU and the thread it lives in. */
#include "perf_vm.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

static const char *exit_name(uint32_t reason)
{
	static const char *const names[] = {
		[KVM_EXIT_IO] = "I/O",
		[KVM_EXIT_MMIO] = "MMIO",
		[KVM_EXIT_HLT] = "HLT",
		[KVM_EXIT_SHUTDOWN] = "shutdown: the guest had an exception",
		[KVM_EXIT_FAIL_ENTRY] = "failed entry",
		[KVM_EXIT_INTERNAL_ERROR] = "internal error: KVM could not emulate an instruction",
		[KVM_EXIT_DIRTY_RING_FULL] = "dirty ring full",
	};

	return reason < ARRAY_SIZE(names) && names[reason] ? names[reason] : "not expected here";
}

static void __attribute__((noreturn)) stopped(struct vcpu *v)
{
	struct kvm_regs r;

	memset(&r, 0, sizeof(r));
	ioctl(v->fd, KVM_GET_REGS, &r);
	fail("vCPU %u stopped at %#llx after %llu accesses: exit reason %u (%s)", v->id, (unsigned long long)r.rip,
	     (unsigned long long)r.r13, v->run->exit_reason, exit_name(v->run->exit_reason));
}

static void run_job(struct vcpu *v)
{
	struct kvm_run *run = v->run;

	for (;;) {
		if (ioctl(v->fd, KVM_RUN, 0)) {
			if (errno == EINTR || errno == EAGAIN)
				continue;
			fail("vCPU %u: KVM_RUN: %s", v->id, strerror(errno));
		}
		if (run->exit_reason == KVM_EXIT_IO && run->io.port == PAYLOAD_PORT_DONE)
			return;
		if (run->exit_reason == KVM_EXIT_DIRTY_RING_FULL && v->vm->on_ring_full) {
			v->answer.ring_full++;
			v->vm->on_ring_full(v);
			continue;
		}
		v->answer.exits++;
		if (!v->vm->on_exit || !v->vm->on_exit(v))
			stopped(v);
	}
}

/* Finishes the last OUT inside KVM, so that it does not meddle with the registers of the next job.
 */
static void settle(struct vcpu *v)
{
	v->run->immediate_exit = 1;
	ioctl(v->fd, KVM_RUN, 0);
	v->run->immediate_exit = 0;
}

static void *vcpu_thread(void *data)
{
	struct vcpu *v = data;
	struct perf_vm *vm = v->vm;
	struct kvm_regs r;

	for (;;) {
		pthread_barrier_wait(&vm->begin);
		if (vm->leave)
			return NULL;
		memset(&v->answer, 0, sizeof(v->answer));
		if (v->job.entry)
			guest_enter(v);
		pthread_barrier_wait(&vm->ready);
		if (v->job.entry) {
			v->answer.start_ns = now_ns();
			run_job(v);
			v->answer.end_ns = now_ns();
			settle(v);
			if (ioctl(v->fd, KVM_GET_REGS, &r))
				fail("KVM_GET_REGS: %s", strerror(errno));
			v->answer.done = r.r13;
			v->answer.value = r.r15;
			v->answer.first_bad = r.r10;
		}
		pthread_barrier_wait(&vm->finish);
	}
}

void vcpu_new(struct perf_vm *vm, unsigned int id, const struct kvm_cpuid2 *cpuid)
{
	struct vcpu *v = &vm->vcpu[id];
	pthread_attr_t attr;
	long khz;
	int err;

	v->vm = vm;
	v->id = id;
	v->fd = ioctl(vm->fd, KVM_CREATE_VCPU, id);
	if (v->fd < 0)
		cannot("vCPU %u: KVM_CREATE_VCPU: %s", id, strerror(errno));
	v->run = mmap(NULL, vm->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, v->fd, 0);
	if (v->run == MAP_FAILED)
		fail("vCPU %u: mmap: %s", id, strerror(errno));
	if (vm->cfg.dirty_ring) {
		v->ring = mmap(NULL, vm->cfg.dirty_ring, PROT_READ | PROT_WRITE, MAP_SHARED, v->fd,
			       KVM_DIRTY_LOG_PAGE_OFFSET * (off_t)PAGE_4K);
		if (v->ring == MAP_FAILED)
			fail("vCPU %u: mmap of the dirty ring: %s", id, strerror(errno));
	}
	if (ioctl(v->fd, KVM_SET_CPUID2, cpuid))
		fail("vCPU %u: KVM_SET_CPUID2: %s", id, strerror(errno));
	khz = ioctl(v->fd, KVM_GET_TSC_KHZ, 0);
	if (khz <= 0)
		cannot("this KVM does not know the frequency of the guest's time stamp counter");
	vm->tsc_khz = (uint64_t)khz;
	stats_open(&v->stats, v->fd);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 256 * KIB);
	err = pthread_create(&v->thread, &attr, vcpu_thread, v);
	pthread_attr_destroy(&attr);
	if (err)
		cannot("vCPU %u: no thread: %s", id, strerror(err));
}

void vcpu_free(struct vcpu *v)
{
	pthread_join(v->thread, NULL);
	stats_close(&v->stats);
	if (v->ring)
		munmap(v->ring, v->vm->cfg.dirty_ring);
	munmap(v->run, v->vm->run_size);
	close(v->fd);
}
