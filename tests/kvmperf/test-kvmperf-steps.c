/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Checks of kvmperf that let the vCPUs or the edu device do something in between, without a KVM: a function here does it,
 * right or wrong. As in test-kvmperf-checks.c, each is spoilt at every place.
 */
#include "kvmperf/perf_vm.h"

static void guest_runs(struct perf_vm *vm);
#define vm_run guest_runs
#define vm_verify vm_check_values

/* What is tested is static there. */
#define rounds churn_rounds
#define round_ churn_round
#define test_memslot_churn own_memslot_churn
#include "kvmperf/test-memslot-churn.c"
#undef rounds
#undef round_
#define rounds table_rounds
#define round_ table_round
#define touch table_touch
#define test_page_table own_page_table
#include "kvmperf/test-page-table.c"
#undef rounds
#undef round_
#undef touch
#define rounds tracking_rounds
#define round_ tracking_round
#define touch tracking_touch
#define test_access_tracking own_access_tracking
#include "kvmperf/test-access-tracking.c"
#undef rounds
#undef round_
#undef touch
#define rounds nested_rounds
#define round_ nested_round
#define touch nested_touch
#define test_nested own_nested
#include "kvmperf/test-nested.c"
#undef rounds
#undef round_
#undef touch
#define edu_copy device_copies
#define test_vfio_dma own_vfio_dma
#include "kvmperf/vfio.h"
#include "kvmperf/test-vfio-dma.c"

#include "checks-fixture.h"

static void (*guest)(void); /* what the vCPUs do next */

static void guest_runs(struct perf_vm *of)
{
	(void)of;
	guest();
}

/* A byte of the words of pages at @mem that the guest writes: changed afterwards; -1: none. */
static int spoilt_page = -1;

static void spoil_byte(unsigned char *mem)
{
	if (spoilt_page >= 0)
		mem[(unsigned int)spoilt_page * PAGE_4K + (unsigned int)spoilt_page % 8] ^= 0x10;
}

/* The check holds, and does not when the guest leaves any of @n pages otherwise. */
static void spoil_steps(void (*check_)(void *), void *data, int n)
{
	assert_false(fails(check_, data));
	for (spoilt_page = 0; spoilt_page < n; spoilt_page++)
		if (!fails(check_, data)) {
			print_error("page %d", spoilt_page);
			assert_true(false);
		}
	spoilt_page = -1;
}

/* ---- memslot-churn ---- */

#define LOAD (SEED + 0x100)

static void load(void *unused)
{
	(void)unused;
	check_load(&vm, SEED, LOAD);
}

/* Every vCPU wrote its slice so many times, and a few pages of it once more. */
static void write_load(uint64_t full, uint64_t more)
{
	for (unsigned int v = 0; v < CPUS; v++) {
		struct slice s = slice_of(&vm.cfg.geo, v);

		vcpus[v].answer.done = full * s.pages + more;
		for (unsigned int i = 0; i < s.pages; i++)
			*word_of((unsigned int)s.first + i) =
				TEST_GVA + (s.first + i) * PAGE_4K + LOAD + (i < more ? full : full - 1);
	}
}

static void test_load(void **state)
{
	(void)state;
	write_load(1, 0);
	spoil_pages(load, NULL, 0);
	write_load(3, 7);
	spoil_pages(load, NULL, 0);
	/* who has not written all of its slice was not under load */
	for (unsigned int v = 0; v < CPUS; v++) {
		write_load(1, 0);
		vcpus[v].answer.done--;
		*word_of((unsigned int)(slice_of(&vm.cfg.geo, v).first + vcpus[v].answer.done)) -= LOAD - SEED;
		assert_true(fails(load, NULL));
	}
}

static struct spare spare;
static unsigned int really_at; /* the place where KVM has the spare slot */

static void write_spare(void)
{
	const struct job *j = &vcpus[0].job;

	for (uint64_t i = 0; i < j->count; i++) {
		uint64_t at = j->base + i * j->stride, value = at + j->seed, off = at - SPARE_GVA - really_at * PAGE_2M;

		if (off < spare.size)
			memcpy(spare.mem + off, &value, sizeof(value));
	}
	spoil_byte(spare.mem);
}

static void in_spare(void *unused)
{
	(void)unused;
	check_spare(&spare, SEED);
}

static void test_spare(void **state)
{
	(void)state;
	spare = (struct spare){ .vm = &vm, .size = 9 * PAGE_4K };
	spare.mem = xcalloc(1, spare.size);
	guest = write_spare;
	for (spare.place = 0; spare.place < 2; spare.place++) {
		really_at = spare.place;
		spoil_steps(in_spare, NULL, 9);
		really_at = !spare.place;
		assert_true(fails(in_spare, NULL));
	}
	free(spare.mem);
}

/* ---- page-table ---- */

static struct {
	struct pages base, now;
	struct dirty_log log;
} table;

static void huge(void *unused)
{
	(void)unused;
	check_huge(&vm, "map", table.base, table.now);
}

static void in_4k(void *unused)
{
	(void)unused;
	check_split(&table.log, table.base, table.now);
}

static void test_huge(void **state)
{
	uint64_t size = vm.mem.size;

	(void)state;
	vm.mem.size = 4 * PAGE_2M;
	table.base = (struct pages){ true, 10, 3, 1 };
	table.now = (struct pages){ true, 10, 7, 1 };
	assert_false(fails(huge, NULL));
	table.now.of_2m--;
	assert_true(fails(huge, NULL));
	/* what was there before does not count, and a page of 1G is many */
	table.now.of_2m = 4;
	assert_true(fails(huge, NULL));
	vm.mem.size = PAGE_1G;
	table.now = (struct pages){ true, 10, 3, 2 };
	assert_false(fails(huge, NULL));
	vm.mem.size += PAGE_2M;
	assert_true(fails(huge, NULL));
	vm.mem.size = size;
}

static void test_split(void **state)
{
	uint64_t seen[2] = { ~0ULL, (1ULL << (PAGES - 64)) - 1 };

	(void)state;
	table.base = table.now = (struct pages){ true, 10, 3, 1 };
	table.now.of_4k += PAGES;
	table.log = (struct dirty_log){ .pages = PAGES, .seen = seen };
	assert_false(fails(in_4k, NULL));
	for (unsigned int i = 0; i < PAGES; i++) {
		seen[i / 64] ^= 1ULL << i % 64;
		assert_true(fails(in_4k, NULL));
		seen[i / 64] ^= 1ULL << i % 64;
	}
	table.now.of_4k--;
	assert_true(fails(in_4k, NULL));
	table.now.of_4k++;
	table.now.of_2m++;
	assert_true(fails(in_4k, NULL));
	table.now.of_2m--;
	table.now.of_1g++;
	assert_true(fails(in_4k, NULL));
}

/* ---- access-tracking ---- */

static struct tracker tracker;
static unsigned int left_idle; /* pages that still look idle once the guest has used them */

/* Each page has a word of the file to itself; all other bits of it say idle. */
static void use_pages(void)
{
	for (unsigned int i = left_idle; i < PAGES; i++) {
		uint64_t word = ~(1ULL << tracker.pfn[i] % 64);

		if (tracker.pfn[i])
			assert_int_equal(pwrite(tracker.idle, &word, 8, (off_t)(tracker.pfn[i] / 64 * 8)), 8);
	}
}

static void one_pass(void *unused)
{
	(void)unused;
	pass(&vm, &tracker, &options, "write", SEED, 100);
}

static void test_tracking(void **state)
{
	char name[] = "/tmp/kvmperf-idle-XXXXXX";
	uint64_t pfn[PAGES];

	(void)state;
	tracker = (struct tracker){ .idle = mkstemp(name), .pages = PAGES, .pfn = pfn };
	assert_true(tracker.idle >= 0);
	unlink(name);
	for (unsigned int i = 0; i < PAGES; i++)
		pfn[i] = (i + 1) * 64 + i * 5 % 64;
	guest = use_pages;
	/* a tenth may be left, and may be unknown */
	for (left_idle = 0; left_idle < PAGES; left_idle += PAGES / 10)
		assert_int_equal(fails(one_pass, NULL), left_idle > PAGES / 10);
	left_idle = PAGES / 10 + 1;
	assert_true(fails(one_pass, NULL));
	left_idle = 0;
	for (unsigned int i = 0; i <= PAGES / 10; i++) {
		assert_false(fails(one_pass, NULL));
		pfn[i] = 0;
	}
	assert_true(fails(one_pass, NULL));
	close(tracker.idle);
}

/* ---- nested ---- */

#define TRIPS 9u

static struct nest nest;
static enum { L3_RIGHT, L3_EXIT, L3_LESS, L3_MORE, L3_VALUE, L3_WRONGS } l3; /* what is wrong, */
static unsigned int l3_vcpu;						     /* with which vCPU */

static void run_l3(void)
{
	static uint64_t samples[PAGES + 1];

	for (unsigned int v = 0; v < CPUS; v++) {
		const struct job *j = &vcpus[v].job;
		bool wrong = v == l3_vcpu;

		for (uint64_t i = 0; i < j->count && j->entry == payload_nested_touch; i++) {
			uint64_t at = j->base + i * j->stride, value = at + j->seed;

			memcpy(vm.mem.mem + (at - TEST_GVA), &value, sizeof(value));
		}
		vcpus[v].samples = samples;
		vcpus[v].answer = (struct answer){
			.done = j->count - (wrong && l3 == L3_LESS) + (wrong && l3 == L3_MORE),
			.value = j->count + (wrong && l3 == L3_VALUE),
			.first_bad = wrong && l3 == L3_EXIT ? 0x7f : VMEXIT_VMMCALL,
			.start_ns = 100,
			.end_ns = 100000,
		};
	}
	spoil_byte(vm.mem.mem);
}

static void three_trips(void *unused)
{
	(void)unused;
	trips(&nest, &options);
}

static void l3_touches(void *unused)
{
	(void)unused;
	nested_touch(&nest, "populate", SEED);
}

static void each_l3(void (*check_)(void *), bool values)
{
	for (l3_vcpu = 0; l3_vcpu < CPUS; l3_vcpu++)
		for (l3 = L3_RIGHT; l3 < L3_WRONGS; l3++)
			assert_int_equal(fails(check_, NULL), l3 != L3_RIGHT && (values || l3 != L3_VALUE));
	l3 = L3_RIGHT;
}

static void test_l3(void **state)
{
	(void)state;
	nest = (struct nest){ .vm = &vm };
	nest.area.mem = xcalloc(CPUS * SVM_PAGES_OF_VCPU, PAGE_4K);
	options.count = TRIPS;
	options.vcpus = CPUS;
	guest = run_l3;
	each_l3(three_trips, true);
	each_l3(l3_touches, false);
	spoil_steps(l3_touches, NULL, PAGES);
	free(nest.area.mem);
}

static struct counters counted;

static void vmruns(void *unused)
{
	(void)unused;
	check_kvm(&nest, &counted, TRIPS);
}

static void test_vmruns(void **state)
{
	(void)state;
	nest = (struct nest){ .vm = &vm };
	counted.vcpus.n = 1;
	strcpy(counted.vcpus.v[0].name, "nested_run");
	for (uint64_t n = 0; n <= 2 * CPUS * TRIPS; n++) {
		counted.vcpus.v[0].value = n;
		assert_int_equal(fails(vmruns, NULL), n != CPUS * TRIPS);
	}
}

/* ---- vfio-dma ---- */

static enum { DMA_RIGHT, DMA_BLOCKED, DMA_BYTE, DMA_ENDLESS } dma;
static unsigned int dma_byte; /* that is wrong */
static uint64_t guest_reads;  /* how many values are not what they should be */

bool device_copies(struct edu *e, uint64_t from, uint64_t to)
{
	(void)e;
	if (dma == DMA_ENDLESS)
		return false;
	if (dma != DMA_BLOCKED)
		memcpy(vm.mem.mem + to, vm.mem.mem + from, EDU_TRANSFER);
	if (dma == DMA_BYTE)
		vm.mem.mem[to + dma_byte] ^= 1;
	return true;
}

/* As payload_verify does. */
static void read_back(void)
{
	const struct job *j = &vcpus[0].job;
	uint64_t have;

	assert_ptr_equal(j->entry, payload_verify);
	memcpy(&have, vm.mem.mem + (j->base - TEST_GVA), sizeof(have));
	vcpus[0].answer.value = guest_reads + (have != j->base + j->seed);
}

static struct edu edu = { .name = "edu" };

static void transfer(void *unused)
{
	(void)unused;
	dma_once(&vm, &edu, 3, 40, SEED);
}

static void blocked(void *unused)
{
	(void)unused;
	check_blocked(&vm, &edu);
}

static void copy(void *n)
{
	hold_copy(&vm, &edu, *(uint64_t *)n);
}

static void each_byte(void (*check_)(void *), void *data, unsigned int bytes)
{
	dma = DMA_BYTE;
	for (dma_byte = 0; dma_byte < bytes; dma_byte += dma_byte < 16 ? 1 : 31)
		assert_true(fails(check_, data));
	dma_byte = bytes - 1;
	assert_true(fails(check_, data));
	dma = DMA_ENDLESS;
	assert_true(fails(check_, data));
}

static void test_dma(void **state)
{
	(void)state;
	guest = read_back;
	dma = DMA_RIGHT;
	assert_false(fails(transfer, NULL));
	guest_reads = 1;
	assert_true(fails(transfer, NULL));
	guest_reads = 0;
	each_byte(transfer, NULL, EDU_TRANSFER);
	dma = DMA_BLOCKED;
	assert_true(fails(transfer, NULL));
	assert_false(fails(blocked, NULL));
	dma = DMA_RIGHT;
	assert_true(fails(blocked, NULL));
	/* what is written is what was there, but for a byte of it */
	memset(vm.mem.mem, 0xa5, EDU_TRANSFER);
	each_byte(blocked, NULL, EDU_TRANSFER);
}

static void test_hold_copy(void **state)
{
	(void)state;
	for (uint64_t n = 1; n < 5; n++) {
		dma = DMA_RIGHT;
		assert_false(fails(copy, &n));
		dma = DMA_BLOCKED;
		assert_true(fails(copy, &n));
		each_byte(copy, &n, EDU_TRANSFER - COPY_TO);
	}
}

int main(void)
{
	const struct CMUnitTest tests_[] = {
		WITH(test_load), WITH(test_spare),  WITH(test_huge), WITH(test_split),	   WITH(test_tracking),
		WITH(test_l3),	 WITH(test_vmruns), WITH(test_dma),  WITH(test_hold_copy),
	};

	return cmocka_run_group_tests(tests_, NULL, NULL);
}
