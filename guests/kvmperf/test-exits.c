/* SPDX-License-Identifier: GPL-2.0-only */
/* What one exit costs, from the guest and back, by kind. Values are checked both ways, exits are
 * counted. */
#include "tests.h"

#include <string.h>

struct kind {
	const char *name, *entry;
	bool to_us; /* it comes to user space; otherwise KVM handles it */
};

static const struct kind kinds[] = {
	[EXIT_PIO_WRITE] = { "pio-write", payload_pio_write, true },
	[EXIT_PIO_READ] = { "pio-read", payload_pio_read, true },
	[EXIT_MMIO_WRITE] = { "mmio-write", payload_mmio_write, true },
	[EXIT_MMIO_READ] = { "mmio-read", payload_mmio_read, true },
	[EXIT_CPUID] = { "cpuid", payload_cpuid, false },
	[EXIT_HLT] = { "hlt", payload_hlt, true },
};

/* The n-th exit of a vCPU is of the kind that runs, in the right place, and carries n. */
static bool on_exit_(struct vcpu *v)
{
	const enum exit_kind *kind = v->vm->context;
	struct kvm_run *run = v->run;
	uint32_t n = (uint32_t)(v->answer.exits - 1), value;
	void *data = (char *)run + (run->exit_reason == KVM_EXIT_IO ? run->io.data_offset : 0);

	if (*kind == EXIT_HLT)
		return run->exit_reason == KVM_EXIT_HLT;
	if (*kind == EXIT_PIO_WRITE || *kind == EXIT_PIO_READ) {
		if (run->exit_reason != KVM_EXIT_IO || run->io.port != PAYLOAD_PORT_DATA || run->io.size != 4 ||
		    run->io.count != 1 || run->io.direction != (*kind == EXIT_PIO_WRITE))
			return false;
	} else {
		if (run->exit_reason != KVM_EXIT_MMIO || run->mmio.phys_addr != MMIO_GPA || run->mmio.len != 4 ||
		    run->mmio.is_write != (*kind == EXIT_MMIO_WRITE))
			return false;
		data = run->mmio.data;
	}
	if (*kind == EXIT_PIO_READ || *kind == EXIT_MMIO_READ) {
		n += spoilt("exit-read");
		memcpy(data, &n, sizeof(n));
		return true;
	}
	memcpy(&value, data, sizeof(value));
	if (value != n + spoilt("exit-write"))
		fail("vCPU %u: exit %u carries %u", v->id, n, value);
	return true;
}

static void check(struct perf_vm *vm, const struct options *o, enum exit_kind kind, const struct counters *delta)
{
	uint64_t sum = o->count * (o->count - 1) / 2, total = 0;
	const uint64_t *exits = stats_find(&delta->vcpus, "exits");
	char name[40];

	for (unsigned int i = 0; i < vm->cfg.geo.vcpus; i++) {
		const struct answer *a = &vm->vcpu[i].answer;

		total += a->exits;
		if (spoilt("exit-count") || a->done != o->count || a->exits != (kinds[kind].to_us ? o->count : 0))
			fail("%s: vCPU %u did %llu of %llu and came out %llu times", kinds[kind].name, i,
			     (unsigned long long)a->done, (unsigned long long)o->count, (unsigned long long)a->exits);
		if ((kind == EXIT_PIO_READ || kind == EXIT_MMIO_READ) && a->value != sum)
			fail("%s: vCPU %u read values that sum up to %llu instead of %llu", kinds[kind].name, i,
			     (unsigned long long)a->value, (unsigned long long)sum);
	}
	snprintf(name, sizeof(name), "%s_exits", kinds[kind].name);
	result_count(name, total);
	if (!exits)
		return;
	snprintf(name, sizeof(name), "%s_kvm_exits", kinds[kind].name);
	result_count(name, *exits);
}

/* False when this kind makes no exits on this KVM. */
static bool run_kind(struct perf_vm *vm, const struct options *o, enum exit_kind kind)
{
	struct counters before, after, delta;
	const uint64_t *exits;
	struct hist latency;
	char name[40];

	hist_init(&latency);
	vm->context = &kind;
	vm->on_exit = on_exit_;
	for (unsigned int i = 0; i < vm->cfg.geo.vcpus; i++)
		vm->vcpu[i].job = (struct job){
			.entry = kinds[kind].entry,
			.base = MMIO_GPA,
			.count = o->count,
			.sampled = true,
		};
	vm_counters(vm, &before);
	vm_run(vm);
	vm_counters(vm, &after);
	counters_delta(&before, &after, &delta);
	vm->on_exit = NULL;
	exits = stats_find(&delta.vcpus, "exits");
	if (!kinds[kind].to_us && (!exits || *exits < o->count * vm->cfg.geo.vcpus)) {
		snprintf(name, sizeof(name), "%s_kvm_exits", kinds[kind].name);
		result_count(name, exits ? *exits : 0);
		return false;
	}
	check(vm, o, kind, &delta);
	result_job(kinds[kind].name, vm);
	vm_samples(vm, &latency);
	result_latency(kinds[kind].name, &latency);
	result_kvm(&delta);
	return true;
}

/* What the two readings of the clock cost by themselves; to be taken off the others. */
static void run_nothing(struct perf_vm *vm, const struct options *o)
{
	struct hist latency;

	hist_init(&latency);
	for (unsigned int i = 0; i < vm->cfg.geo.vcpus; i++)
		vm->vcpu[i].job = (struct job){ .entry = payload_nothing, .count = o->count, .sampled = true };
	vm_run(vm);
	result_job("nothing", vm);
	vm_samples(vm, &latency);
	result_latency("nothing", &latency);
}

static void round_(const struct options *o)
{
	struct options mine = *o;
	struct vm_config cfg;
	struct perf_vm *vm;
	enum exit_kind first = (enum exit_kind)o->exit, last = first;

	if (o->exit == EXIT_ALL) {
		first = EXIT_PIO_WRITE;
		last = o->ring ? EXIT_CPUID : EXIT_HLT;
	}
	if (o->exit == EXIT_HLT && o->ring)
		cannot("HLT is for privilege level 0 only: --ring 0");
	mine.memory = o->vcpus * PAGE_4K;
	cfg = options_vm(&mine);
	cfg.samples = o->count;
	vm = vm_new(&cfg);
	vm_warm(vm);
	run_nothing(vm, o);
	for (enum exit_kind k = first; k <= last; k++)
		if (!run_kind(vm, o, k) && o->exit != EXIT_ALL)
			cannot("%s makes no exit on this KVM", kinds[k].name);
	vm_free(vm);
}

const struct test test_exits = {
	.name = "exits",
	.summary = "the way from the guest to the host and back: PIO, MMIO, CPUID, HLT",
	.groups = TAKES_ALWAYS | TAKES_COUNT | TAKES_EXITS,
	.round = round_,
};
