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
		fail("%s: DMA from page %llu to %llu did not bring the bytes that were there", e->name,
		     (unsigned long long)from, (unsigned long long)to);
	if (spoilt("dma-guest"))
		dst[0] ^= 1;
	/* The guest's view: the page holds the value of the other one. */
	for (unsigned int i = 0; i < vm->cfg.geo.vcpus; i++)
		vm->vcpu[i].job = (struct job){ 0 };
	vm->vcpu[0].job = (struct job){
		.entry = payload_verify,
		.base = TEST_GVA + to * PAGE_4K,
		.count = 1,
		.stride = PAGE_4K,
		.seed = seed - (to - from) * PAGE_4K,
	};
	vm_run(vm);
	if (vm->vcpu[0].answer.value)
		fail("the guest does not read what DMA brought to page %llu", (unsigned long long)to);
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

/* Neighbours are to lie apart, or the kernel would map runs of 4K pages by a superpage. */
static void scatter(struct perf_vm *vm)
{
	uint64_t pages = vm->mem.size / PAGE_4K;

	for (uint64_t first = 0; first < 2; first++)
		for (uint64_t i = first; i < pages; i += 2)
			*(volatile unsigned char *)(vm->mem.mem + i * PAGE_4K) = 0;
}

static struct perf_vm *populated_vm(const struct options *o, uint64_t seed)
{
	struct vm_config cfg = options_vm(o);
	struct perf_vm *vm;

	if (o->memory > EDU_IOVA_MAX || o->memory < 4 * PAGE_4K)
		cannot("--memory: the edu device reaches 256M, and needs 16K at least");
	vm = vm_new(&cfg);
	if (o->hold && o->backing == BACKING_ANON)
		scatter(vm);
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

/* ---- --hold: for someone who looks at the machine from outside ---- */

/* Copies go from the second half of a page to its first half, behind the word that the guest
 * writes. */
#define COPY_FROM 2048
#define COPY_TO 64
/* Odd, and far from every power of two: few copies come by many pages, whatever their size. */
#define COPY_STEP 40503

/* One line of JSON for the program that has started this one, instead of a document. */
static void say_error(int status, const char *reason)
{
	struct json j = { stdout, false };

	json_open(&j, NULL, '{');
	json_text(&j, "error", reason);
	json_close(&j, '}');
	putchar('\n');
	fflush(stdout);
	fprintf(stderr, "kvmperf: vfio-dma: %s\n", reason);
	(void)status;
}

/*
 * Where whoever watches finds the signs of life: the guest writes mark + IOVA + n to the first word
 * of every page in pass n, and edu brings the number of every other copy to the last page.
 */
static void announce(struct perf_vm *vm, const struct edu *e, uint64_t load, uint64_t map_ns)
{
	struct json j = { stdout, false };
	char text[24];

	fprintf(stderr, "kvmperf: holding %llu bytes at IOVA 0 of %s\n", (unsigned long long)vm->mem.size, e->name);
	json_open(&j, NULL, '{');
	json_text(&j, "bdf", e->name);
	json_u64(&j, "bytes", vm->mem.size);
	json_u64(&j, "page", vm->mem.unit);
	json_u64(&j, "map_ns", map_ns);
	snprintf(text, sizeof(text), "%#llx", (unsigned long long)(TEST_GVA + load));
	json_text(&j, "mark", text);
	snprintf(text, sizeof(text), "%#llx", (unsigned long long)(vm->mem.size - PAGE_4K + COPY_TO));
	json_text(&j, "copies_at", text);
	json_close(&j, '}');
	putchar('\n');
	fflush(stdout);
}

/* Copy number n is compared; each carries its number in its first word. */
static void hold_copy(struct perf_vm *vm, struct edu *e, uint64_t n)
{
	uint64_t pages = vm->mem.size / PAGE_4K, last = pages - 1;
	uint64_t from = n * COPY_STEP % last, to = n % 2 ? (from + pages / 2) % last : last;
	unsigned char *src = vm->mem.mem + from * PAGE_4K + COPY_FROM;
	unsigned char *dst = vm->mem.mem + to * PAGE_4K + COPY_TO;

	memset(src, (int)n, EDU_TRANSFER);
	memcpy(src, &n, sizeof(n));
	if (!edu_copy(e, from * PAGE_4K + COPY_FROM, to * PAGE_4K + COPY_TO))
		fail("%s: a DMA did not come to an end", e->name);
	/* The last 64 bytes of the copy are in the second half, which is a source of a later one.
	 */
	if (memcmp(src, dst, EDU_TRANSFER - COPY_TO))
		fail("%s: copy %llu brought other bytes", e->name, (unsigned long long)n);
}

static void hold_under_load(struct perf_vm *vm, struct edu *e, const struct options *o, uint64_t load, uint64_t map_ns)
{
	uint64_t end = now_ns() + o->hold * 1000000000, n = 1;

	vm_stop_word(vm, 0);
	for (unsigned int i = 0; i < vm->cfg.geo.vcpus; i++) {
		vm->vcpu[i].job = slice_job(vm, i, payload_load, load);
		vm->vcpu[i].job.stop = vm->stop_gpa;
	}
	vm_start(vm);
	for (; n <= 2 || now_ns() < end; n++) {
		hold_copy(vm, e, n);
		if (n == 2)
			announce(vm, e, load, map_ns);
	}
	vm_stop_word(vm, 1);
	vm_wait(vm);
	/* Of all rounds, because there was none. */
	for (unsigned int i = 0; i < o->repeat; i++) {
		result_round((unsigned int)o->warmup + i);
		result_count("held_copies", n - 1);
	}
}

/* Goes on with everything mapped. Someone may let the kernel panic meanwhile. */
static void hold(const struct options *o)
{
	uint64_t seed = seed_of(200, 0), load = seed_of(200, 1), map_ns;
	struct perf_vm *vm;
	struct edu e;

	if (!o->hold)
		return;
	if (o->json)
		ending_set(say_error);
	edu_open(&e, o->device);
	vm = populated_vm(o, seed);
	map_ns = vfio_map(&e, vm->mem.mem, 0, vm->mem.size);
	hold_under_load(vm, &e, o, load, map_ns);
	seed = seed_of(200, 2);
	for (unsigned int i = 0; i < vm->cfg.geo.vcpus; i++)
		vm->vcpu[i].job = slice_job(vm, i, payload_touch, seed);
	vm_run(vm);
	vm_verify(vm, seed);
	vfio_unmap(&e, 0, vm->mem.size);
	edu_close(&e);
	vm_free(vm);
}

const struct test test_vfio_dma = {
	.name = "vfio-dma",
	.summary = "the guest's memory in the IOMMU: cost of mapping, and DMA of the edu device in it",
	.groups = TAKES_ALWAYS | TAKES_MEMORY | TAKES_COUNT | TAKES_VFIO,
	.round = round_,
	.after = hold,
};
