/* SPDX-License-Identifier: GPL-2.0-only */
/* Every vCPU writes every page of its slice for the first time; who brings the page is the option
 * --uffd. */
#include "tests.h"
#include "uffd.h"

#include <string.h>

static unsigned int rounds;

static void check_marks(const struct perf_vm *vm)
{
	uint64_t mark;

	for (uint64_t at = 0; at < vm->mem.size; at += PAGE_4K) {
		memcpy(&mark, vm->mem.mem + at + sizeof(mark), sizeof(mark));
		if (mark != UFFD_MARK)
			fail("page %llu is not the one that userfaultfd brought", (unsigned long long)(at / PAGE_4K));
	}
}

static void check_uffd(const struct perf_vm *vm, const struct uffd_totals *t)
{
	uint64_t pages = vm->mem.size / vm->mem.unit - spoilt("uffd-pages");

	result_count("uffd_events", t->events);
	result_count("uffd_served", t->served);
	result_count("uffd_raced", t->raced);
	result_latency("uffd", &t->latency);
	if (t->events != t->served + t->raced + spoilt("uffd-events"))
		fail("userfaultfd: %llu messages, but %llu served and %llu raced", (unsigned long long)t->events,
		     (unsigned long long)t->served, (unsigned long long)t->raced);
	/* With --overlap two vCPUs may ask for the same page, and a page may be unprotected twice.
	 */
	if (vm->cfg.geo.overlap ? t->events < pages : t->served != pages || t->raced)
		fail("userfaultfd served %llu of %llu pages (%llu messages)", (unsigned long long)t->served,
		     (unsigned long long)pages, (unsigned long long)t->events);
}

static void check_kvm(const struct perf_vm *vm, const struct counters *c)
{
	const uint64_t *taken = stats_find(&c->vcpus, "pf_taken");
	uint64_t unit = vm->cfg.backing == BACKING_THP ? PAGE_2M : vm->mem.unit;
	uint64_t least = vm->mem.size / unit;

	result_kvm(c);
	if (!taken)
		return;
	if (spoilt("kvm-faults"))
		least = *taken + 1;
	result_count("kvm_faults", *taken);
	if (*taken < least)
		fail("KVM counts %llu page faults, at least %llu were needed", (unsigned long long)*taken,
		     (unsigned long long)least);
}

static void round_(const struct options *o)
{
	struct vm_config cfg = options_vm(o);
	uint64_t seed = seed_of(rounds++, 0), done = 0;
	struct counters before, after, delta;
	struct uffd_totals totals;
	struct uffd_set set;
	struct perf_vm *vm;
	struct hist latency;

	cfg.alias = o->uffd == UFFD_MINOR;
	vm = vm_new(&cfg);
	if (o->uffd)
		uffd_start(&set, vm, o);
	vm_warm(vm);
	hist_init(&latency);
	for (unsigned int i = 0; i < cfg.geo.vcpus; i++) {
		vm->vcpu[i].job = slice_job(vm, i, payload_touch, seed);
		vm->vcpu[i].job.sampled = true;
		vm->vcpu[i].job.random = o->random;
	}
	vm_counters(vm, &before);
	vm_run(vm);
	vm_counters(vm, &after);
	result_job("populate", vm);
	counters_delta(&before, &after, &delta);
	vm_samples(vm, &latency);
	result_latency("touch", &latency);
	for (unsigned int i = 0; i < cfg.geo.vcpus; i++)
		done += vm->vcpu[i].answer.value;
	result_count("pages", vm->mem.size / PAGE_4K);
	result_count("pages_written", done);
	check_kvm(vm, &delta);
	vm_verify(vm, seed);
	if (o->uffd) {
		uffd_stop(&set, &totals);
		check_uffd(vm, &totals);
		if (spoilt("uffd-mark"))
			memset(vm->mem.mem + vm->mem.size / 2, 0, 16);
		check_marks(vm);
	}
	vm_free(vm);
}

const struct test test_demand_paging = {
	.name = "demand-paging",
	.summary = "the first write to every page, brought by the kernel or by userfaultfd",
	.groups = TAKES_ALWAYS | TAKES_MEMORY | TAKES_ORDER | TAKES_UFFD,
	.round = round_,
};
