/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A spare slot comes and goes (or moves) while every vCPU writes to its slice without a pause.
 * Afterwards every page must hold what its last write left there, and the spare slot must be where
 * it was put last.
 */
#include "tests.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static unsigned int rounds;

/* What page i of a slice holds after `done` writes of payload_load. */
static uint64_t last_seed(uint64_t i, uint64_t pages, uint64_t done, uint64_t populated, uint64_t load)
{
	uint64_t full = done / pages;

	if (i < done % pages)
		return load + full;
	return full ? load + full - 1 : populated;
}

static void check_load(struct perf_vm *vm, uint64_t populated, uint64_t load)
{
	uint64_t have, want, total = 0;

	for (unsigned int v = 0; v < vm->cfg.geo.vcpus; v++) {
		struct slice s = slice_of(&vm->cfg.geo, v);
		uint64_t done = vm->vcpu[v].answer.done;

		total += done;
		if (done < s.pages)
			fail("vCPU %u wrote %llu pages only, while the slots changed", v, (unsigned long long)done);
		if (spoilt("load-value"))
			vm->mem.mem[s.first * PAGE_4K] ^= 1;
		/* Of overlapping slices nobody knows who wrote last. */
		for (uint64_t i = 0; i < s.pages && !vm->cfg.geo.overlap; i++) {
			uint64_t page = s.first + i;

			memcpy(&have, vm->mem.mem + page * PAGE_4K, sizeof(have));
			want = TEST_GVA + page * PAGE_4K + last_seed(i, s.pages, done, populated, load);
			if (have != want)
				fail("page %llu holds %#llx, the last write was %#llx", (unsigned long long)page,
				     (unsigned long long)have, (unsigned long long)want);
		}
	}
	result_count("load_writes", total);
}

/* Until every vCPU has written its last page once: from then on it is under load. */
static void wait_for_load(struct perf_vm *vm, uint64_t load)
{
	struct timespec pause = { 0, 200000 };

	for (unsigned int v = 0; v < vm->cfg.geo.vcpus; v++) {
		struct slice s = slice_of(&vm->cfg.geo, v);
		uint64_t page = s.first + s.pages - 1;
		volatile uint64_t *word = (volatile uint64_t *)(vm->mem.mem + page * PAGE_4K);

		while (*word < TEST_GVA + page * PAGE_4K + load)
			nanosleep(&pause, NULL);
	}
}

/*
 * On a single CPU the load takes what time is left over: a change would otherwise wait for the
 * vCPUs' time slices, and the scheduler would be what is measured. With more CPUs they compete as
 * they are, because a load that yields to everybody's work would not come to an end on a busy
 * machine.
 */
static void make_patient(struct perf_vm *vm)
{
	struct sched_param none = { .sched_priority = 0 };

	if (sysconf(_SC_NPROCESSORS_ONLN) > 1)
		return;
	for (unsigned int v = 0; v < vm->cfg.geo.vcpus; v++)
		if (pthread_setschedparam(vm->vcpu[v].thread, SCHED_IDLE, &none))
			cannot("the vCPUs' threads cannot be made SCHED_IDLE");
}

struct spare {
	struct perf_vm *vm;
	unsigned char *mem;
	uint64_t size;
	unsigned int slot, place; /* 0 or 1 */
	struct ops {
		const char *name;
		uint64_t n, *ns;
	} add, remove, move;
};

static void ops_init(struct ops *ops, const char *name, uint64_t most)
{
	*ops = (struct ops){ .name = name, .ns = xcalloc(most, sizeof(uint64_t)) };
}

/* The time of a step is that of the change in the middle. */
static void ops_result(struct ops *ops)
{
	struct hist latency;

	hist_init(&latency);
	for (uint64_t i = 0; i < ops->n; i++)
		hist_add(&latency, ops->ns[i]);
	if (ops->n) {
		result_latency(ops->name, &latency);
		result_ns(ops->name, median_of(ops->ns, ops->n));
	}
	free(ops->ns);
}

static void change(struct spare *s, unsigned int place, uint64_t size, struct ops *ops)
{
	uint64_t start = now_ns();
	int err = vm_region(s->vm, s->slot, 0, s->vm->spare_gpa + place * PAGE_2M, size, s->mem);

	ops->ns[ops->n++] = now_ns() - start;
	if (err)
		fail("spare slot: KVM_SET_USER_MEMORY_REGION: %s", strerror(-err));
	s->place = place;
}

static void churn(struct spare *s, const struct options *o)
{
	for (uint64_t i = 0; i < o->count; i++) {
		if (o->churn == CHURN_MOVE) {
			change(s, !s->place, s->size, &s->move);
			continue;
		}
		change(s, 0, 0, &s->remove);
		change(s, 0, s->size, &s->add);
	}
}

/* A vCPU writes the spare slot's pages at the place where it is now; we find them in its memory. */
static void check_spare(struct spare *s, uint64_t seed)
{
	struct perf_vm *vm = s->vm;
	uint64_t base = SPARE_GVA + s->place * PAGE_2M, have;

	for (unsigned int v = 0; v < vm->cfg.geo.vcpus; v++)
		vm->vcpu[v].job = (struct job){ 0 };
	vm->vcpu[0].job = (struct job){
		.entry = payload_touch,
		.base = base,
		.count = s->size / PAGE_4K,
		.stride = PAGE_4K,
		.seed = seed,
		.percent = 100,
	};
	vm_run(vm);
	if (spoilt("spare-value"))
		s->mem[PAGE_4K % s->size] ^= 1;
	for (uint64_t at = 0; at < s->size; at += PAGE_4K) {
		memcpy(&have, s->mem + at, sizeof(have));
		if (have != base + at + seed)
			fail("spare slot: page %llu holds %#llx, the guest wrote %#llx",
			     (unsigned long long)(at / PAGE_4K), (unsigned long long)have,
			     (unsigned long long)(base + at + seed));
	}
}

static void measure(struct perf_vm *vm, struct spare *s, const struct options *o, uint64_t seed, uint64_t load)
{
	struct counters before, after, delta;
	uint64_t start, end;

	vm_counters(vm, &before);
	vm_stop_word(vm, 0);
	for (unsigned int v = 0; v < vm->cfg.geo.vcpus; v++) {
		vm->vcpu[v].job = slice_job(vm, v, payload_load, load);
		vm->vcpu[v].job.stop = vm->stop_gpa;
	}
	vm_start(vm);
	wait_for_load(vm, load);
	start = now_ns();
	churn(s, o);
	end = now_ns();
	vm_stop_word(vm, 1);
	vm_wait(vm);
	vm_counters(vm, &after);
	counters_delta(&before, &after, &delta);
	result_kvm(&delta);
	/* Not a time to compare: whenever the load holds what a change waits for, its slice is in.
	 */
	result_count("churn_elapsed_ns", end - start);
	check_load(vm, seed, load);
}

static void round_(const struct options *o)
{
	struct vm_config cfg = options_vm(o);
	uint64_t seed = seed_of(rounds, 0), load = seed_of(rounds, 1);
	struct spare s = { .size = o->spare };
	int err;

	rounds++;
	s.vm = vm_new(&cfg);
	s.slot = TEST_SLOT + cfg.geo.slots;
	s.mem = mmap(NULL, PAGE_2M, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (s.mem == MAP_FAILED)
		cannot("no memory for the spare slot: %s", strerror(errno));
	madvise(s.mem, PAGE_2M, MADV_NOHUGEPAGE);
	memset(s.mem, 0, PAGE_2M);
	ops_init(&s.add, "add", o->count);
	ops_init(&s.remove, "remove", o->count);
	ops_init(&s.move, "move", o->count);
	err = vm_region(s.vm, s.slot, 0, s.vm->spare_gpa, s.size, s.mem);
	if (err)
		cannot("spare slot: KVM_SET_USER_MEMORY_REGION: %s", strerror(-err));
	vm_warm(s.vm);
	make_patient(s.vm);
	for (unsigned int v = 0; v < cfg.geo.vcpus; v++)
		s.vm->vcpu[v].job = slice_job(s.vm, v, payload_touch, seed);
	vm_run(s.vm);
	measure(s.vm, &s, o, seed, load);
	result_count("changes", s.add.n + s.remove.n + s.move.n);
	ops_result(&s.add);
	ops_result(&s.remove);
	ops_result(&s.move);
	result_count("pages", cfg.geo.memory / PAGE_4K);
	check_spare(&s, seed);
	for (unsigned int v = 0; v < cfg.geo.vcpus; v++)
		s.vm->vcpu[v].job = slice_job(s.vm, v, payload_touch, seed_of(rounds, 2));
	vm_run(s.vm);
	vm_verify(s.vm, seed_of(rounds, 2));
	vm_free(s.vm);
	munmap(s.mem, PAGE_2M);
}

static void churn_defaults(struct options *o)
{
	o->count = 100;
	o->memory = 4 * MIB;
}

const struct test test_memslot_churn = {
	.name = "memslot-churn",
	.summary = "a spare slot comes and goes, or moves, under vCPUs that write all the time",
	.groups = TAKES_ALWAYS | TAKES_MEMORY | TAKES_COUNT | TAKES_CHURN,
	.defaults = churn_defaults,
	.round = round_,
};
