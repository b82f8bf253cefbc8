/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest's memory in the (virtual) IOMMU: what mapping and unmapping costs, and a device that
 * really reads what the guest wrote and writes what the guest then reads. Unmapped memory it must
 * not reach.
 */
#include "tests.h"
#include "vfio.h"

#include <string.h>

#define TRANSFERS 4

static unsigned int rounds;

/* The guest writes; edu copies page `from` to page `to`; the guest and we find the bytes there. */
static void dma_once(struct perf_vm *vm, struct edu *e, uint64_t from, uint64_t to, uint64_t seed)
{
	unsigned char *src = vm->mem.mem + from * PAGE_4K, *dst = vm->mem.mem + to * PAGE_4K;

	for (unsigned int i = 16; i < EDU_TRANSFER; i++)
		src[i] = (unsigned char)(from + i * 7);
	if (!edu_copy(e, from * PAGE_4K, to * PAGE_4K))
		fail("%s: a DMA did not come to an end", e->name);
	if (spoilt("dma-bytes"))
		dst[EDU_TRANSFER - 1] ^= 1;
	if (memcmp(src, dst, EDU_TRANSFER))
		fail("%s: DMA from page %llu to %llu did not bring the bytes that were there",
		     e->name, (unsigned long long)from, (unsigned long long)to);
	if (spoilt("dma-guest"))
		dst[0] ^= 1;
	/* The guest's view: the page holds the value of the other one. */
	for (unsigned int i = 0; i < vm->cfg.geo.vcpus; i++)
		vm->vcpu[i].job = (struct job){0};
	vm->vcpu[0].job = (struct job){
		.entry = payload_verify,
		.base = TEST_GVA + to * PAGE_4K,
		.count = 1,
		.stride = PAGE_4K,
		.seed = seed - (to - from) * PAGE_4K,
	};
	vm_run(vm);
	if (vm->vcpu[0].answer.value)
		fail("the guest does not read what DMA brought to page %llu",
		     (unsigned long long)to);
}

static void check_blocked(struct perf_vm *vm, struct edu *e)
{
	unsigned char before[EDU_TRANSFER], *dst = vm->mem.mem + vm->mem.size / 2;

	memset(dst, 0xa5, EDU_TRANSFER);
	memcpy(before, dst, EDU_TRANSFER);
	if (!edu_copy(e, 0, vm->mem.size / 2))
		fail("%s: a DMA to unmapped memory did not come to an end", e->name);
	if (spoilt("dma-blocked"))
		dst[0] ^= 1;
	if (memcmp(before, dst, EDU_TRANSFER))
		fail("%s: DMA reached memory that is no longer mapped", e->name);
	result_count("blocked", 1);
}

/* Page by page: as many as --count says, or as there are. */
static void single_pages(struct perf_vm *vm, struct edu *e, const struct options *o)
{
	uint64_t unit = vm->mem.unit, n = vm->mem.size / unit, total_map = 0, total_unmap = 0, ns;
	struct hist map, unmap;

	hist_init(&map);
	hist_init(&unmap);
	if (n > o->count)
		n = o->count;
	for (uint64_t i = 0; i < n; i++) {
		ns = vfio_map(e, vm->mem.mem + i * unit, i * unit, unit);
		hist_add(&map, ns);
		total_map += ns;
	}
	for (uint64_t i = 0; i < n; i++) {
		ns = vfio_unmap(e, i * unit, unit);
		hist_add(&unmap, ns);
		total_unmap += ns;
	}
	result_count("single_pages", n);
	result_ns("map_single", total_map);
	result_ns("unmap_single", total_unmap);
	result_latency("map_single", &map);
	result_latency("unmap_single", &unmap);
}

static struct perf_vm *populated_vm(const struct options *o, uint64_t seed)
{
	struct vm_config cfg = options_vm(o);
	struct perf_vm *vm;

	if (o->memory > EDU_IOVA_MAX || o->memory < 4 * PAGE_4K)
		cannot("--memory: the edu device reaches 256M, and needs 16K at least");
	vm = vm_new(&cfg);
	vm_warm(vm);
	for (unsigned int i = 0; i < cfg.geo.vcpus; i++)
		vm->vcpu[i].job = slice_job(vm, i, payload_touch, seed);
	vm_run(vm);
	return vm;
}

static void round_(const struct options *o)
{
	uint64_t seed = seed_of(rounds++, 0), half, step;
	struct perf_vm *vm;
	struct edu e;

	/* Holding is for someone who looks at the machine; no DMA is to be refused there. */
	if (o->hold)
		return;
	/* The device first: without one there is nothing to build. */
	edu_open(&e, o->device);
	vm = populated_vm(o, seed);
	result_count("pages", vm->mem.size / PAGE_4K);
	result_count("iommu_page_sizes", e.page_sizes);
	result_ns("map", vfio_map(&e, vm->mem.mem, 0, vm->mem.size));
	half = vm->mem.size / PAGE_4K / 2;
	step = half / TRANSFERS ? half / TRANSFERS : 1;
	for (uint64_t i = 0; i < TRANSFERS; i++)
		dma_once(vm, &e, i * step % half, half + i * step % half, seed);
	result_count("transfers", 2 * TRANSFERS);
	result_count("bytes_verified", TRANSFERS * EDU_TRANSFER);
	result_ns("unmap", vfio_unmap(&e, 0, vm->mem.size));
	check_blocked(vm, &e);
	single_pages(vm, &e, o);
	edu_close(&e);
	/* Pinning and unpinning have not moved the guest's pages. */
	for (unsigned int i = 0; i < vm->cfg.geo.vcpus; i++)
		vm->vcpu[i].job = slice_job(vm, i, payload_touch, seed_of(rounds, 1));
	vm_run(vm);
	vm_verify(vm, seed_of(rounds, 1));
	vm_free(vm);
}

/* The guest writes the first word of every page while edu copies from the second half of one page
 * to the first half of another, behind that word; the copy is compared. */
static void hold_once(struct perf_vm *vm, struct edu *e, uint64_t n, uint64_t seed)
{
	uint64_t pages = vm->mem.size / PAGE_4K, from = n % pages, to = (n + pages / 2) % pages;
	unsigned char *src = vm->mem.mem + from * PAGE_4K + 2048;
	unsigned char *dst = vm->mem.mem + to * PAGE_4K + 64;

	memset(src, (int)n + 1, 2048);
	for (unsigned int i = 0; i < vm->cfg.geo.vcpus; i++)
		vm->vcpu[i].job = slice_job(vm, i, payload_touch, seed + n);
	vm_start(vm);
	if (!edu_copy(e, from * PAGE_4K + 2048, to * PAGE_4K + 64))
		fail("%s: a DMA did not come to an end", e->name);
	vm_wait(vm);
	/* The last 64 bytes of the copy are in the second half, which is a source of a later one.
	 */
	if (memcmp(src, dst, EDU_TRANSFER - 64))
		fail("%s: copy %llu brought other bytes", e->name, (unsigned long long)n);
}

/* Goes on with everything mapped. Someone may let the kernel panic meanwhile. */
static void hold(const struct options *o)
{
	uint64_t seed = seed_of(200, 0), end, done = 0;
	struct perf_vm *vm;
	struct edu e;

	if (!o->hold)
		return;
	edu_open(&e, o->device);
	vm = populated_vm(o, seed);
	vfio_map(&e, vm->mem.mem, 0, vm->mem.size);
	fprintf(stderr, "kvmperf: holding %llu bytes at IOVA 0 of %s\n",
		(unsigned long long)vm->mem.size, e.name);
	for (end = now_ns() + o->hold * 1000000000; !done || now_ns() < end; done++)
		hold_once(vm, &e, done, seed);
	vm_verify(vm, seed + done - 1);
	vfio_unmap(&e, 0, vm->mem.size);
	edu_close(&e);
	vm_free(vm);
	/* Of all rounds, because there was none. */
	for (unsigned int i = 0; i < o->repeat; i++) {
		result_round((unsigned int)o->warmup + i);
		result_count("held_copies", done);
	}
}

const struct test test_vfio_dma = {
	.name = "vfio-dma",
	.summary =
		"the guest's memory in the IOMMU: cost of mapping, and DMA of the edu device in it",
	.groups = TAKES_ALWAYS | TAKES_MEMORY | TAKES_COUNT | TAKES_VFIO,
	.round = round_,
	.after = hold,
};
