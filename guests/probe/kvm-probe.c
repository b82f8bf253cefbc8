/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One instrument for two programs: linked into any program that uses KVM with
 * -Wl,--wrap=ioctl,--wrap=_exit, it notes what each KVM_RUN, each change of a memory slot and each
 * look at a dirty log took, between the two readings of the clock right before and after the system
 * call, and how many page faults KVM counted meanwhile. The program itself stays as it is. At its
 * end it writes one line for each on stderr:
 *
 *	probe 1
 *	run vm=0 vcpu=1 n=0 start=NS end=NS cpu=NS faults=N
 *	slot vm=0 slot=1 flags=0 size=BYTES ns=NS cpu=NS
 *	get ns=NS
 *	clear ns=NS
 *	end vcpus=N runs=N lost=N
 *
 * start and end are of CLOCK_MONOTONIC, cpu is the thread's own time (all of its instructions, in
 * user space, the kernel and the guest); faults is KVM's pf_taken of that vCPU, read before the
 * first and after the second reading. runs counts the KVM_RUNs that ended by themselves, lost the
 * records there was no room for: a vCPU that runs without an end (while slots change) keeps its
 * first ones.
 */
#include <errno.h>
#include <linux/kvm.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define FDS 1024
#define VCPUS 64
#define RUNS 32	   /* kept of each vCPU */
#define CALLS 4096 /* kept of all the others together */
#define NAME_SIZE_MAX 256

int __real_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);
void __real__exit(int status) __attribute__((noreturn));
void __wrap__exit(int status) __attribute__((noreturn));

struct run {
	uint64_t start, end, cpu, faults;
};

struct probed_vcpu {
	unsigned int vm, id;
	int stats;     /* its file of counters, -1: none */
	uint64_t at;   /* where pf_taken is in it */
	uint64_t runs; /* that ended by themselves; the first RUNS are kept */
	struct run run[RUNS];
};

struct call {
	unsigned long request;
	unsigned int vm, slot, flags;
	uint64_t size, ns, cpu;
};

static struct probed_vcpu vcpus[VCPUS];
static struct call calls[CALLS];
static unsigned int n_vcpus, n_vms, n_calls, lost;
/* What a file descriptor is: 0, or one more than the number of a VM or of an element of vcpus. */
static unsigned char vm_of[FDS], vcpu_of[FDS];
static bool reported;

static uint64_t clock_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Where pf_taken is in a vCPU's file of counters. */
static void find_counter(struct probed_vcpu *v)
{
	char text[sizeof(struct kvm_stats_desc) + NAME_SIZE_MAX + 1] = "";
	struct kvm_stats_header h;
	struct kvm_stats_desc d;
	size_t step;

	if (v->stats < 0 || pread(v->stats, &h, sizeof(h), 0) != sizeof(h) || h.name_size > NAME_SIZE_MAX)
		return;
	step = sizeof(d) + h.name_size;
	for (uint32_t i = 0; i < h.num_desc; i++) {
		if (pread(v->stats, text, step, h.desc_offset + i * step) != (ssize_t)step)
			return;
		if (strcmp(text + sizeof(d), "pf_taken"))
			continue;
		memcpy(&d, text, sizeof(d));
		v->at = h.data_offset + d.offset;
	}
}

static uint64_t faults(const struct probed_vcpu *v)
{
	uint64_t n = 0;

	return v->at && pread(v->stats, &n, sizeof(n), (off_t)v->at) == sizeof(n) ? n : 0;
}

static void add_vcpu(int vm_fd, int fd, unsigned int id)
{
	struct probed_vcpu *v = &vcpus[n_vcpus];

	if (fd < 0 || fd >= FDS || vm_fd >= FDS || n_vcpus == VCPUS) {
		lost += fd >= 0;
		return;
	}
	v->vm = vm_of[vm_fd] ? vm_of[vm_fd] - 1U : 0;
	v->id = id;
	v->stats = __real_ioctl(fd, KVM_GET_STATS_FD, NULL);
	find_counter(v);
	/* touched now, not in the middle of a measurement */
	memset(v->run, 0, sizeof(v->run));
	vcpu_of[fd] = (unsigned char)++n_vcpus;
}

static int run(int fd, unsigned long request, void *arg)
{
	struct probed_vcpu *v = fd < FDS && vcpu_of[fd] ? &vcpus[vcpu_of[fd] - 1] : NULL;
	uint64_t before, start, end, cpu;
	int result;

	if (!v)
		return __real_ioctl(fd, request, arg);
	before = faults(v);
	cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	start = clock_ns(CLOCK_MONOTONIC);
	result = __real_ioctl(fd, request, arg);
	end = clock_ns(CLOCK_MONOTONIC);
	/* one that was told to return at once (immediate_exit), to finish the last instruction's
	 * emulation */
	if (result)
		return result;
	cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
	if (v->runs < RUNS)
		v->run[v->runs] = (struct run){ start, end, cpu, faults(v) - before };
	v->runs++;
	return result;
}

static int call(int fd, unsigned long request, void *arg)
{
	uint64_t cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	uint64_t start = clock_ns(CLOCK_MONOTONIC), ns;
	int result = __real_ioctl(fd, request, arg), why = errno;
	unsigned int i;

	ns = clock_ns(CLOCK_MONOTONIC) - start;
	cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
	i = __atomic_fetch_add(&n_calls, 1, __ATOMIC_SEQ_CST);
	if (i >= CALLS)
		return result;
	calls[i] = (struct call){
		.request = request, .ns = ns, .cpu = cpu, .vm = fd < FDS && vm_of[fd] ? vm_of[fd] - 1U : 0
	};
	if (request == KVM_SET_USER_MEMORY_REGION) {
		const struct kvm_userspace_memory_region *r = arg;

		calls[i].slot = r->slot;
		calls[i].flags = r->flags;
		calls[i].size = r->memory_size;
	}
	errno = why;
	return result;
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *arg;
	int result;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	switch (request) {
	case KVM_RUN:
		return run(fd, request, arg);
	case KVM_SET_USER_MEMORY_REGION:
	case KVM_GET_DIRTY_LOG:
	case KVM_CLEAR_DIRTY_LOG:
		return call(fd, request, arg);
	}
	result = __real_ioctl(fd, request, arg);
	if (request == KVM_CREATE_VM && result >= 0 && result < FDS)
		vm_of[result] = (unsigned char)++n_vms;
	else if (request == KVM_CREATE_VCPU)
		add_vcpu(fd, result, (unsigned int)(uintptr_t)arg);
	return result;
}

static void report_call(const struct call *c)
{
	if (c->request == KVM_SET_USER_MEMORY_REGION)
		fprintf(stderr, "slot vm=%u slot=%u flags=%u size=%llu ns=%llu cpu=%llu\n", c->vm, c->slot, c->flags,
			(unsigned long long)c->size, (unsigned long long)c->ns, (unsigned long long)c->cpu);
	else
		fprintf(stderr, "%s ns=%llu\n", c->request == KVM_GET_DIRTY_LOG ? "get" : "clear",
			(unsigned long long)c->ns);
}

static void report(void)
{
	uint64_t runs = 0;

	for (unsigned int i = 0; i < n_vcpus; i++)
		runs += vcpus[i].runs;
	/* the parent of the process that does it has nothing to tell */
	if (reported || !runs)
		return;
	reported = true;
	fprintf(stderr, "probe 1\n");
	for (unsigned int i = 0; i < n_vcpus; i++) {
		const struct probed_vcpu *v = &vcpus[i];

		for (unsigned int n = 0; n < RUNS && n < v->runs; n++)
			fprintf(stderr, "run vm=%u vcpu=%u n=%u start=%llu end=%llu cpu=%llu faults=%llu\n", v->vm,
				v->id, n, (unsigned long long)v->run[n].start, (unsigned long long)v->run[n].end,
				(unsigned long long)v->run[n].cpu, (unsigned long long)v->run[n].faults);
	}
	for (unsigned int i = 0; i < n_calls && i < CALLS; i++)
		report_call(&calls[i]);
	lost += n_calls > CALLS ? n_calls - CALLS : 0;
	fprintf(stderr, "end vcpus=%u runs=%llu lost=%u\n", n_vcpus, (unsigned long long)runs, lost);
	fflush(stderr);
}

void __wrap__exit(int status)
{
	report();
	__real__exit(status);
}

static void __attribute__((destructor)) at_exit(void)
{
	report();
}
