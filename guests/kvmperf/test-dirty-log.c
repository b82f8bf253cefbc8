/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Dirty logging under writes: populate, switch the log on, then some times: write a fraction of the
 * pages, collect, clear. What was collected must be exactly what was written, page by page.
 */
#include "dirty.h"
#include "tests.h"

#include <stdlib.h>
#include <string.h>

static unsigned int rounds;

struct state {
	struct perf_vm *vm;
	const struct options *o;
	struct dirty_log log;
	uint64_t *want; /* a bit for each page that was written */
};

/* Names of the steps: "dirty_1", "get_1", "clear_1", ... */
static const char *step(const char *what, unsigned int iteration)
{
	static char name[40];

	snprintf(name, sizeof(name), "%s_%u", what, iteration + 1);
	return name;
}

static uint64_t touch(struct state *s, uint64_t seed, unsigned int percent, struct hist *latency)
{
	uint64_t written = 0;

	for (unsigned int i = 0; i < s->vm->cfg.geo.vcpus; i++) {
		struct job *j = &s->vm->vcpu[i].job;

		*j = slice_job(s->vm, i, payload_touch, seed);
		j->percent = percent;
		j->sampled = latency;
		j->random = s->o->random;
	}
	vm_run(s->vm);
	for (unsigned int i = 0; i < s->vm->cfg.geo.vcpus; i++)
		written += s->vm->vcpu[i].answer.value;
	if (latency)
		vm_samples(s->vm, latency);
	return written;
}

static void want(struct state *s, unsigned int percent)
{
	uint64_t pages = s->log.pages;

	memset(s->want, 0, (pages + 63) / 64 * sizeof(uint64_t));
	for (unsigned int v = 0; v < s->vm->cfg.geo.vcpus; v++) {
		struct slice part = slice_of(&s->vm->cfg.geo, v);

		for (uint64_t i = 0; i < part.pages; i++)
			if (page_is_written(i, percent))
				s->want[(part.first + i) / 64] |= 1ULL << (part.first + i) % 64;
	}
}

/* Every page's value: of this pass where it was written, of the one before elsewhere. */
static void check_values(struct state *s, uint64_t seed, uint64_t *last)
{
	uint64_t have;

	if (spoilt("dirty-value"))
		s->vm->mem.mem[0] ^= 1;
	for (uint64_t i = 0; i < s->log.pages; i++) {
		if (s->want[i / 64] >> i % 64 & 1)
			last[i] = seed;
		memcpy(&have, s->vm->mem.mem + i * PAGE_4K, sizeof(have));
		if (have != TEST_GVA + i * PAGE_4K + last[i])
			fail("page %llu holds %#llx, the guest wrote %#llx", (unsigned long long)i,
			     (unsigned long long)have, (unsigned long long)(TEST_GVA + i * PAGE_4K + last[i]));
	}
}

/*
 * A page written and not in the log is an error everywhere. One in the log and not written is an
 * error too, but for memory that KVM may map by huge pages: splitting one may map its neighbours
 * writable, which counts as dirty.
 */
static void check_dirty(struct state *s, unsigned int iteration, bool all)
{
	bool exact = s->vm->cfg.backing == BACKING_ANON || s->vm->cfg.backing == BACKING_SHMEM ||
		     s->vm->cfg.backing == BACKING_MEMFD;
	uint64_t dirty = 0, missing = 0, extra = 0;

	if (spoilt("dirty-missing"))
		s->log.seen[0] &= ~1ULL;
	if (spoilt("dirty-extra"))
		s->log.seen[0] |= 2;
	for (uint64_t i = 0; i < s->log.pages; i++) {
		bool have = s->log.seen[i / 64] >> i % 64 & 1;
		bool wanted = all || (s->want[i / 64] >> i % 64 & 1);

		dirty += have;
		missing += wanted && !have;
		extra += have && !wanted;
	}
	result_count(step("pages_dirty", iteration), dirty);
	result_count(step("pages_extra", iteration), extra);
	if (missing || (extra && exact))
		fail("pass %u: %llu pages written are not in the log, %llu in the log were not "
		     "written",
		     iteration + 1, (unsigned long long)missing, (unsigned long long)extra);
}

static void iterate(struct state *s, unsigned int i, uint64_t seed, uint64_t *last, struct hist *latency)
{
	unsigned int percent = (unsigned int)s->o->percent;
	uint64_t full = 0, written, expected = 0;

	for (unsigned int v = 0; v < s->vm->cfg.geo.vcpus; v++)
		expected += pages_written(slice_of(&s->vm->cfg.geo, v).pages, percent);
	expected += spoilt("dirty-written");
	dirty_begin(&s->log);
	written = touch(s, seed, percent, latency);
	result_job(step("dirty", i), s->vm);
	result_count(step("pages_written", i), written);
	if (written != expected)
		fail("pass %u: the guest wrote %llu pages instead of %llu", i + 1, (unsigned long long)written,
		     (unsigned long long)expected);
	dirty_collect(&s->log);
	result_ns(step("get", i), s->log.get_ns);
	if (s->log.mode != LOG_GET)
		result_ns(step("clear", i), s->log.clear_ns);
	for (unsigned int v = 0; v < s->vm->cfg.geo.vcpus; v++)
		full += s->vm->vcpu[v].answer.ring_full;
	if (s->log.mode == LOG_RING) {
		result_count(step("ring_full", i), full);
		result_count(step("ring_entries", i), s->log.entries);
	}
	want(s, percent);
	check_dirty(s, i, s->o->initially_set && !i);
	check_values(s, seed, last);
}

#define TOGGLES 5

/*
 * Switches the log off; the shortest of some times. The kernel has two ways through this call, some 2,650 instructions of
 * the calling thread apart, and takes one or the other as it happens: a median would be of one in this boot and of the
 * other in the next.
 */
static uint64_t disable(struct perf_vm *vm)
{
	uint64_t best = UINT64_MAX;

	for (unsigned int i = 0; i < TOGGLES; i++) {
		uint64_t start, ns;

		if (i)
			vm_slots_flags(vm, KVM_MEM_LOG_DIRTY_PAGES);
		start = now_ns();
		vm_slots_flags(vm, 0);
		ns = now_ns() - start;
		if (ns < best)
			best = ns;
	}
	return best;
}

static void round_(const struct options *o)
{
	struct vm_config cfg = options_vm(o);
	struct state s = { .o = o };
	struct counters before, after, delta;
	struct hist latency;
	uint64_t start, seed = seed_of(rounds++, 0), *last;

	dirty_config(&cfg, o);
	s.vm = vm_new(&cfg);
	dirty_open(&s.log, s.vm, o);
	s.want = xcalloc((s.log.pages + 63) / 64, sizeof(uint64_t));
	last = xcalloc(s.log.pages, sizeof(uint64_t));
	vm_warm(s.vm);
	touch(&s, seed, 100, NULL);
	result_job("populate", s.vm);
	result_count("pages", s.log.pages);
	for (uint64_t i = 0; i < s.log.pages; i++)
		last[i] = seed;
	vm_counters(s.vm, &before);
	start = now_ns();
	vm_slots_flags(s.vm, KVM_MEM_LOG_DIRTY_PAGES);
	result_ns("enable", now_ns() - start);
	hist_init(&latency);
	for (unsigned int i = 0; i < o->iterations; i++)
		iterate(&s, i, seed_of(rounds - 1, i + 1), last, &latency);
	vm_counters(s.vm, &after);
	result_ns("disable", disable(s.vm));
	counters_delta(&before, &after, &delta);
	result_kvm(&delta);
	result_latency("touch", &latency);
	/* And once more with the log off: nothing is lost by that. */
	touch(&s, seed_of(rounds - 1, 100), 100, NULL);
	vm_verify(s.vm, seed_of(rounds - 1, 100));
	dirty_close(&s.log);
	vm_free(s.vm);
	free(s.want);
	free(last);
}

const struct test test_dirty_log = {
	.name = "dirty-log",
	.summary = "writes under dirty logging, by bitmap, bitmap with manual clearing, or ring",
	.groups = TAKES_ALWAYS | TAKES_MEMORY | TAKES_ORDER | TAKES_WRITE | TAKES_LOG,
	.round = round_,
};
