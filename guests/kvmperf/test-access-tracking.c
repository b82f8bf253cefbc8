/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which pages has the guest used? Every page is marked idle (/sys/kernel/mm/page_idle), the guest
 * writes or reads them, and those it used must no longer be idle. Marking does not flush TLBs, so
 * what a TLB still knows may stay idle: a tenth at most, as the counts show. Of the machine's last
 * pages, fewer than 64, the file says nothing when their number is no multiple of 64.
 */
#include "tests.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAGEMAP_PRESENT (1ULL << 63)
#define PAGEMAP_PFN ((1ULL << 55) - 1)

static unsigned int rounds;

struct tracker {
	int idle;
	uint64_t pages, *pfn; /* 0: the file does not know it */
};

/* The file's word of a page; false behind the last one that is whole. */
static bool idle_word(const struct tracker *t, uint64_t i, uint64_t *word)
{
	ssize_t n = pread(t->idle, word, sizeof(*word), (off_t)(t->pfn[i] / 64 * 8));

	if (n && n != sizeof(*word))
		fail("page_idle: cannot read page %llu: %s", (unsigned long long)i, strerror(errno));
	return n;
}

static void find_pages(struct tracker *t, const struct perf_vm *vm)
{
	uint64_t word, unknown = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	ssize_t size = (ssize_t)(t->pages * sizeof(uint64_t));

	if (fd < 0 || pread(fd, t->pfn, (size_t)size, (off_t)((uintptr_t)vm->mem.mem / PAGE_4K * 8)) != size)
		cannot("/proc/self/pagemap: %s", strerror(errno));
	close(fd);
	for (uint64_t i = 0; i < t->pages; i++) {
		if (!(t->pfn[i] & PAGEMAP_PRESENT))
			fail("page %llu is not in memory", (unsigned long long)i);
		t->pfn[i] &= PAGEMAP_PFN;
		if (!t->pfn[i])
			cannot("page frame numbers are hidden: be root");
		if (!spoilt("idle-unknown") && idle_word(t, i, &word))
			continue;
		t->pfn[i] = 0;
		unknown++;
	}
	result_count("pages_unknown", unknown);
	if (unknown >= 64)
		fail("page_idle does not know %llu of %llu pages", (unsigned long long)unknown,
		     (unsigned long long)t->pages);
}

static void mark_idle(struct tracker *t)
{
	for (uint64_t i = 0; i < t->pages; i++) {
		uint64_t bit = 1ULL << t->pfn[i] % 64;

		if (t->pfn[i] && pwrite(t->idle, &bit, sizeof(bit), (off_t)(t->pfn[i] / 64 * 8)) != sizeof(bit))
			fail("page_idle: cannot mark page %llu: %s", (unsigned long long)i, strerror(errno));
	}
}

static uint64_t count_idle(struct tracker *t)
{
	uint64_t n = 0, word;

	for (uint64_t i = 0; i < t->pages; i++) {
		if (t->pfn[i] && idle_word(t, i, &word))
			n += word >> t->pfn[i] % 64 & 1;
	}
	return n;
}

static void touch(struct perf_vm *vm, const char *name, uint64_t seed, unsigned int percent, bool random)
{
	for (unsigned int i = 0; i < vm->cfg.geo.vcpus; i++) {
		vm->vcpu[i].job = slice_job(vm, i, payload_touch, seed);
		vm->vcpu[i].job.percent = percent;
		vm->vcpu[i].job.random = random;
	}
	vm_run(vm);
	result_job(name, vm);
}

static void pass(struct perf_vm *vm, struct tracker *t, const struct options *o, const char *name, uint64_t seed,
		 unsigned int percent)
{
	char key[40];
	uint64_t idle, start = now_ns();

	mark_idle(t);
	snprintf(key, sizeof(key), "mark_%s", name);
	result_ns(key, now_ns() - start);
	/* What cannot be marked would look used afterwards. New pages may wait for their list. */
	idle = spoilt("idle-marked") ? 0 : count_idle(t);
	snprintf(key, sizeof(key), "idle_before_%s", name);
	result_count(key, idle);
	if (idle < t->pages - t->pages / 10)
		fail("before '%s' only %llu of %llu pages count as idle, though all were marked", name,
		     (unsigned long long)idle, (unsigned long long)t->pages);
	touch(vm, name, seed, percent, o->random);
	idle = count_idle(t);
	snprintf(key, sizeof(key), "still_idle_%s", name);
	result_count(key, idle);
	if (idle > t->pages / 10 || spoilt("still-idle"))
		fail("after '%s' %llu of %llu pages count as idle, though the guest used all of "
		     "them",
		     name, (unsigned long long)idle, (unsigned long long)t->pages);
}

static void round_(const struct options *o)
{
	struct vm_config cfg = options_vm(o);
	struct tracker t = { .idle = open("/sys/kernel/mm/page_idle/bitmap", O_RDWR | O_CLOEXEC) };
	struct counters before, after, delta;
	struct perf_vm *vm;
	uint64_t seed = seed_of(rounds++, 0);

	if (t.idle < 0 && errno == ENOENT)
		cannot("this kernel has no page_idle (CONFIG_IDLE_PAGE_TRACKING)");
	if (t.idle < 0)
		cannot("/sys/kernel/mm/page_idle/bitmap: %s", strerror(errno));
	vm = vm_new(&cfg);
	t.pages = cfg.geo.memory / PAGE_4K;
	t.pfn = xcalloc(t.pages, sizeof(uint64_t));
	vm_warm(vm);
	touch(vm, "populate", seed, 100, o->random);
	find_pages(&t, vm);
	result_count("pages", t.pages);
	vm_counters(vm, &before);
	pass(vm, &t, o, "write", seed_of(rounds, 1), 100);
	pass(vm, &t, o, "read", 0, 0);
	vm_counters(vm, &after);
	counters_delta(&before, &after, &delta);
	result_kvm(&delta);
	vm_verify(vm, seed_of(rounds, 1));
	vm_free(vm);
	close(t.idle);
	free(t.pfn);
}

const struct test test_access_tracking = {
	.name = "access-tracking",
	.summary = "mark all pages idle, let the guest use them, see that it shows",
	.groups = TAKES_ALWAYS | TAKES_MEMORY | TAKES_ORDER,
	.round = round_,
};
