/* SPDX-License-Identifier: GPL-2.0-only */
/* KVM's own mappings: by 2M pages at first, split to 4K by dirty logging, and back again. KVM's
 * counters say which. */
#include "dirty.h"
#include "tests.h"

#include <string.h>

static unsigned int rounds;

struct pages {
	bool known;
	uint64_t of_4k, of_2m, of_1g;
};

static struct pages mapped(struct perf_vm *vm)
{
	struct counters c;
	const uint64_t *k, *m, *g;

	vm_counters(vm, &c);
	k = stats_find(&c.vm, "pages_4k");
	m = stats_find(&c.vm, "pages_2m");
	g = stats_find(&c.vm, "pages_1g");
	if (!k || !m || !g)
		return (struct pages){ .known = false };
	return (struct pages){ true, *k, *m, *g };
}

static void touch(struct perf_vm *vm, const struct options *o, const char *name, uint64_t seed)
{
	struct hist latency;

	hist_init(&latency);
	for (unsigned int i = 0; i < vm->cfg.geo.vcpus; i++) {
		vm->vcpu[i].job = slice_job(vm, i, payload_touch, seed);
		vm->vcpu[i].job.sampled = true;
		vm->vcpu[i].job.random = o->random;
	}
	vm_run(vm);
	result_job(name, vm);
	vm_samples(vm, &latency);
	result_latency(name, &latency);
	vm_verify(vm, seed);
}

/* Pages of the memory under test by 2M after mapping and collapsing; by 4K, all of them, while the
 * log is on. */
static void check_huge(const struct perf_vm *vm, const char *when, struct pages base, struct pages now)
{
	uint64_t huge = now.of_2m - base.of_2m + (now.of_1g - base.of_1g) * (PAGE_1G / PAGE_2M);
	char name[40];

	huge -= spoilt("huge-pages");
	snprintf(name, sizeof(name), "pages_2m_%s", when);
	result_count(name, now.of_2m - base.of_2m);
	if (huge < vm->mem.size / PAGE_2M)
		fail("after '%s' KVM maps %llu huge pages, not %llu", when, (unsigned long long)huge,
		     (unsigned long long)(vm->mem.size / PAGE_2M));
}

/* All pages are in the log, and mapped by 4K; none by more. */
static void check_split(const struct dirty_log *log, struct pages base, struct pages now)
{
	uint64_t dirty = 0;

	for (uint64_t i = 0; i < log->pages; i++)
		dirty += log->seen[i / 64] >> i % 64 & 1;
	result_count("pages_dirty", dirty);
	result_count("pages_4k_split", now.of_4k - base.of_4k);
	if (dirty != log->pages || spoilt("split-dirty"))
		fail("%llu of %llu pages are in the dirty log", (unsigned long long)dirty,
		     (unsigned long long)log->pages);
	if (now.of_4k - base.of_4k < log->pages || spoilt("small-pages") || now.of_2m != base.of_2m ||
	    now.of_1g != base.of_1g)
		fail("with dirty logging KVM maps %llu small pages of %llu, and %llu huge ones",
		     (unsigned long long)(now.of_4k - base.of_4k), (unsigned long long)log->pages,
		     (unsigned long long)(now.of_2m - base.of_2m));
}

static void split(struct perf_vm *vm, const struct options *o, struct pages base)
{
	struct dirty_log log;
	struct pages now;
	uint64_t start;

	dirty_open(&log, vm, o);
	dirty_begin(&log);
	start = now_ns();
	vm_slots_flags(vm, KVM_MEM_LOG_DIRTY_PAGES);
	result_ns("enable", now_ns() - start);
	touch(vm, o, "split", seed_of(rounds, 1));
	now = mapped(vm);
	dirty_collect(&log);
	check_split(&log, base, now);
	start = now_ns();
	vm_slots_flags(vm, 0);
	result_ns("disable", now_ns() - start);
	dirty_close(&log);
}

static void round_(const struct options *o)
{
	struct vm_config cfg = options_vm(o);
	struct counters before, after, delta;
	struct pages base, now;
	struct perf_vm *vm;
	uint64_t huge;

	if (cfg.geo.memory % PAGE_2M || (cfg.geo.memory / cfg.geo.slots) % PAGE_2M)
		cannot("needs slots of whole 2M pages: --memory 64M, say");
	vm = vm_new(&cfg);
	memset(vm->mem.mem, 0, vm->mem.size);
	huge = backing_huge(&vm->mem);
	if (huge < vm->mem.size)
		cannot("only %llu of %llu MiB are on huge pages here", (unsigned long long)(huge / MIB),
		       (unsigned long long)(vm->mem.size / MIB));
	vm_warm(vm);
	base = mapped(vm);
	if (!base.known)
		cannot("this KVM does not count the pages it maps (KVM_GET_STATS_FD)");
	vm_counters(vm, &before);
	result_count("pages", vm->mem.size / PAGE_4K);
	touch(vm, o, "map", seed_of(rounds, 0));
	now = mapped(vm);
	if (now.of_2m == base.of_2m && now.of_1g == base.of_1g)
		cannot("this KVM maps no huge pages");
	check_huge(vm, "map", base, now);
	split(vm, o, base);
	touch(vm, o, "collapse", seed_of(rounds, 2));
	check_huge(vm, "collapse", base, mapped(vm));
	vm_counters(vm, &after);
	counters_delta(&before, &after, &delta);
	result_kvm(&delta);
	vm_free(vm);
	rounds++;
}

static void defaults(struct options *o)
{
	o->backing = BACKING_THP;
}

const struct test test_page_table = {
	.name = "page-table",
	.summary = "map by huge pages, split by dirty logging, collapse again",
	.groups = TAKES_ALWAYS | TAKES_MEMORY | TAKES_ORDER,
	.defaults = defaults,
	.round = round_,
};
