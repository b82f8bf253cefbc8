/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Nested once more: our guest runs in ring 0 and is itself a hypervisor, of a guest (here called
 * L3) that goes out by VMMCALL, and touches the memory under test for the first time. With nested
 * page tables of our guest's own, or without, when the L3's page tables lead to our guest's
 * physical memory at once.
 */
#include "test-nested.h"

#include "tests.h"

static unsigned int rounds;

struct nest {
	struct perf_vm *vm;
	struct svm_area area;
	uint64_t entries; /* VMRUNs of one vCPU so far */
};

/* How the L3 of each vCPU left it last. */
static void check_exits(const struct nest *n, const char *step)
{
	for (unsigned int i = 0; i < n->vm->cfg.geo.vcpus; i++) {
		uint64_t code = n->vm->vcpu[i].answer.first_bad,
			 info = vmcb_get64(n->area.mem + svm_vmcb(i), EXITINFO1);

		if (code != VMEXIT_VMMCALL)
			fail("%s: the L3 of vCPU %u left by exit code %#llx (%#llx), not by "
			     "VMMCALL",
			     step, i, (unsigned long long)code, (unsigned long long)info);
	}
}

/* Gives every vCPU the job with its VMCB, and runs it; `entries` is how many VMRUNs it takes. */
static void run(struct nest *n, const char *step, uint64_t entries)
{
	for (unsigned int i = 0; i < n->vm->cfg.geo.vcpus; i++)
		n->vm->vcpu[i].job.stop = SPARE_GVA + svm_vmcb(i);
	vm_run(n->vm);
	n->entries += entries;
	check_exits(n, step);
}

/* The L3's code, tables and samples are mapped before anything is measured. */
static void warm(struct nest *n)
{
	for (unsigned int i = 0; i < n->vm->cfg.geo.vcpus; i++)
		n->vm->vcpu[i].job = (struct job){
			.entry = payload_nested_warm,
			.count = n->vm->sys_size / PAGE_4K,
			.stride = PAGE_4K,
		};
	run(n, "warm", 1);
}

static void trips(struct nest *n, const struct options *o)
{
	uint64_t total = 0, want = o->count + spoilt("l3-trips");
	struct hist latency;

	hist_init(&latency);
	for (unsigned int i = 0; i < o->vcpus; i++)
		n->vm->vcpu[i].job = (struct job){ .entry = payload_nested_trips, .count = o->count, .sampled = true };
	run(n, "trips", o->count);
	for (unsigned int i = 0; i < o->vcpus; i++) {
		const struct answer *a = &n->vm->vcpu[i].answer;

		total += a->done;
		/* As who runs the L3 has counted, and as the L3 has. */
		if (a->done != want || a->value != want)
			fail("vCPU %u: %llu exits of the L3, which made %llu VMMCALLs, of %llu", i,
			     (unsigned long long)a->done, (unsigned long long)a->value, (unsigned long long)want);
	}
	result_count("l3_exits", total);
	result_job("trips", n->vm);
	vm_samples(n->vm, &latency);
	result_latency("trip", &latency);
}

static void touch(struct nest *n, const char *step, uint64_t seed)
{
	struct perf_vm *vm = n->vm;
	struct hist latency;
	uint64_t done = 0, want = spoilt("l3-pages");

	hist_init(&latency);
	for (unsigned int i = 0; i < vm->cfg.geo.vcpus; i++) {
		vm->vcpu[i].job = slice_job(vm, i, payload_nested_touch, seed);
		vm->vcpu[i].job.sampled = true;
	}
	run(n, step, 1);
	result_job(step, vm);
	vm_samples(vm, &latency);
	result_latency(step, &latency);
	for (unsigned int i = 0; i < vm->cfg.geo.vcpus; i++) {
		done += vm->vcpu[i].answer.done;
		want += vm->vcpu[i].job.count;
	}
	if (done != want)
		fail("%s: the L3 wrote %llu pages instead of %llu", step, (unsigned long long)done,
		     (unsigned long long)want);
	if (spoilt("l3-value"))
		vm->mem.mem[0] ^= 1;
	vm_verify(vm, seed);
}

/* KVM counts VMRUNs too. */
static void check_kvm(const struct nest *n, const struct counters *c, uint64_t entries)
{
	const uint64_t *runs = stats_find(&c->vcpus, "nested_run");
	uint64_t want = entries * n->vm->cfg.geo.vcpus + spoilt("l3-runs");

	result_kvm(c);
	if (!runs)
		return;
	result_count("kvm_nested_runs", *runs);
	if (*runs != want)
		fail("KVM counts %llu VMRUNs, there were %llu", (unsigned long long)*runs, (unsigned long long)want);
}

static void round_(const struct options *o)
{
	struct vm_config cfg = options_vm(o);
	uint64_t seed = seed_of(rounds++, 0), start;
	struct counters before, after, delta;
	struct nest n = { 0 };

	if (o->ring)
		cannot("a hypervisor runs at privilege level 0: --ring 0");
	cfg.samples = o->count;
	n.vm = vm_new(&cfg);
	svm_need(n.vm, !o->l3_direct);
	svm_area_new(&n.area, n.vm, !o->l3_direct);
	vm_warm(n.vm);
	warm(&n);
	vm_counters(n.vm, &before);
	start = n.entries;
	trips(&n, o);
	touch(&n, "populate", seed);
	touch(&n, "again", seed_of(rounds - 1, 1));
	vm_counters(n.vm, &after);
	counters_delta(&before, &after, &delta);
	result_count("pages", n.vm->mem.size / PAGE_4K);
	check_kvm(&n, &delta, n.entries - start);
	vm_free(n.vm);
	svm_area_free(&n.area);
}

static void nested_defaults(struct options *o)
{
	o->ring = 0;
	o->memory = 4 * MIB;
	o->count = 200;
}

const struct test test_nested = {
	.name = "nested",
	.summary = "the guest runs a guest of its own (SVM): the way in and out, and its first writes",
	.groups = TAKES_ALWAYS | TAKES_MEMORY | TAKES_COUNT | TAKES_NESTED,
	.defaults = nested_defaults,
	.round = round_,
};
