/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The checks of kvmperf without a KVM: memory, answers, logs and exits are made up, and each is spoilt at every place, not
 * only at one that a weaker check would still read. The clocks are held against others.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

/* What is tested is static there. */
#define rounds dirty_rounds
#define round_ dirty_round
#define test_dirty_log own_dirty_log
#include "kvmperf/test-dirty-log.c"
#undef rounds
#undef round_
#define rounds paging_rounds
#define round_ paging_round
#define test_demand_paging own_demand_paging
#include "kvmperf/test-demand-paging.c"
#undef rounds
#undef round_
#define round_ exits_round
#define test_exits own_exits
#include "kvmperf/test-exits.c"

#include "checks-fixture.h"

/* ---- clocks ---- */

static uint64_t monotonic(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void test_now(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 100; i++) {
		uint64_t before = monotonic(), now = now_ns(), after = monotonic();

		assert_true(before <= now && now <= after);
	}
}

static void test_elapsed(void **state)
{
	(void)state;
	vcpus[0].job.entry = vcpus[1].job.entry = payload_touch;
	vcpus[0].answer.start_ns = 1000;
	vcpus[0].answer.end_ns = 5000;
	vcpus[1].answer.start_ns = 2000;
	vcpus[1].answer.end_ns = 9000;
	assert_int_equal(vm_elapsed(&vm), 8000);
	/* who rests has no times */
	vcpus[1].job.entry = NULL;
	assert_int_equal(vm_elapsed(&vm), 4000);
}

static void samples_(void *data)
{
	vm_samples(&vm, data);
}

/* 1000 and 3000 cycles of a counter of 2 GHz. */
static void test_samples(void **state)
{
	uint64_t times[] = { 5, 1005, 4005 }, each[] = { 1000, 3000 };
	struct hist h;

	(void)state;
	for (unsigned int random = 0; random < 2; random++) {
		hist_init(&h);
		vcpus[0].job =
			(struct job){ .entry = payload_touch, .percent = 100, .sampled = true, .random = random };
		vcpus[0].samples = random ? each : times;
		vcpus[0].answer = (struct answer){ .done = 2, .start_ns = 100, .end_ns = 2150 };
		vm_samples(&vm, &h);
		assert_int_equal(h.count, 2);
		assert_int_equal(h.min, 500);
		assert_int_equal(h.sum, 2000);
		/* what the guest measured does not fit into half of the time */
		vcpus[0].answer.end_ns = 1000;
		assert_true(fails(samples_, &h));
		vcpus[0].answer.end_ns = 2150;
		vm.tsc_khz /= 10;
		assert_true(fails(samples_, &h));
		vm.tsc_khz *= 10;
	}
}

static void test_clock_pair(void **state)
{
	const struct timespec pause = { 0, 2000000 };
	struct clock_pair a = { 100000, 1000, 100200 }, b = { 2100100, 1001000, 2100300 }, c = b;
	uint64_t hz;

	(void)state;
	assert_true(clocks_agree(&a, &b, 2000000));
	assert_false(clocks_agree(&a, &b, 20000000));
	assert_false(clocks_agree(&a, &b, 200000));
	assert_false(clocks_agree(&a, &b, 2200000));
	assert_false(clocks_agree(&a, &b, 1800000));
	/* a reading that was interrupted for long proves less, and nothing wrong */
	c.after = b.after + 2000000;
	assert_true(clocks_agree(&a, &c, 2000000));
	assert_true(clocks_agree(&a, &c, 3000000));
	/* the real clocks: whatever the frequency is, it is not ten times that */
	a = clock_pair();
	nanosleep(&pause, NULL);
	b = clock_pair();
	assert_true(a.before <= a.after && a.ns < b.ns);
	hz = (b.before - a.after) * 1000000 / (b.ns - a.ns);
	assert_true(clocks_agree(&a, &b, hz));
	c = b;
	c.ns = a.ns + (b.ns - a.ns) / 10;
	c.after = c.before;
	assert_false(clocks_agree(&a, &c, hz));
}

/* ---- memory ---- */

static void values(void *unused)
{
	(void)unused;
	vm_check_values(&vm, SEED);
}

static void test_values(void **state)
{
	(void)state;
	spoil_pages(values, NULL, 0);
}

static void answers(void *unused)
{
	(void)unused;
	vm_check_answers(&vm);
}

static void test_answers(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < CPUS; i++)
		vcpus[i].job.count = vcpus[i].answer.done = 9;
	assert_false(fails(answers, NULL));
	for (unsigned int i = 0; i < CPUS; i++) {
		for (unsigned int k = 0; k < 3; k++) {
			vcpus[i].answer.value = k == 0;
			vcpus[i].answer.done = k == 1 ? 8 : k == 2 ? 10 : 9;
			assert_true(fails(answers, NULL));
		}
		vcpus[i].answer.done = 9;
	}
}

static void backing(void *unused)
{
	(void)unused;
	vm_check_backing(&vm);
}

/* These 280 KiB hold no huge page, whatever this machine has. */
static void test_backing(void **state)
{
	(void)state;
	assert_int_equal(ends(backing, NULL), EXIT_PASS);
	vm.mem.kind = BACKING_THP;
	assert_int_equal(ends(backing, NULL), EXIT_CANNOT);
	vm.served = 1;
	assert_int_equal(ends(backing, NULL), EXIT_PASS);
	vm.mem.kind = BACKING_ANON;
}

/* ---- dirty log ---- */

static struct state dirty;
static uint64_t wanted[2], seen[2], last[PAGES];

static void dirty_bits(void *all)
{
	check_dirty(&dirty, 0, all);
}

static void dirty_values(void *unused)
{
	(void)unused;
	check_values(&dirty, SEED, last);
}

static void dirty_begin_(void)
{
	dirty = (struct state){ .vm = &vm, .o = &options, .want = wanted };
	dirty.log = (struct dirty_log){ .vm = &vm, .pages = PAGES, .seen = seen };
	for (unsigned int i = 0; i < PAGES; i++) {
		if (i % 3)
			wanted[i / 64] |= 1ULL << i % 64;
		else /* not written in this pass */
			*word_of(i) -= 1;
		last[i] = SEED - 1;
	}
	memcpy(seen, wanted, sizeof(seen));
}

static void test_dirty_bits(void **state)
{
	(void)state;
	memset(wanted, 0, sizeof(wanted));
	dirty_begin_();
	assert_false(fails(dirty_bits, NULL));
	for (unsigned int i = 0; i < PAGES; i++) {
		seen[i / 64] ^= 1ULL << i % 64;
		if (!fails(dirty_bits, NULL)) {
			print_error("page %u", i);
			assert_true(false);
		}
		/* in huge pages neighbours may be dirty, but nothing may be missing */
		vm.cfg.backing = BACKING_THP;
		assert_int_equal(fails(dirty_bits, NULL), i % 3 != 0);
		vm.cfg.backing = BACKING_ANON;
		seen[i / 64] ^= 1ULL << i % 64;
	}
	/* with all of them set from the start */
	assert_true(fails(dirty_bits, &dirty));
}

static void test_dirty_values(void **state)
{
	(void)state;
	memset(wanted, 0, sizeof(wanted));
	dirty_begin_();
	spoil_pages(dirty_values, NULL, 0);
}

/* ---- userfaultfd ---- */

static void uffd(void *totals)
{
	check_uffd(&vm, totals);
}

static void marks(void *unused)
{
	(void)unused;
	check_marks(&vm);
}

static void test_uffd(void **state)
{
	const struct {
		int events, served, raced;
		bool fails, fails_overlap;
	} cases[] = {
		{ 0, 0, 0, false, false }, { 0, -1, 0, true, true }, { 1, 0, 0, true, true },
		{ -1, -1, 0, true, true }, { 1, 1, 0, true, false }, { 0, -1, 1, true, false },
		{ 1, 0, 1, true, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct uffd_totals t = { .events = PAGES + (uint64_t)cases[i].events,
					 .served = PAGES + (uint64_t)cases[i].served,
					 .raced = (uint64_t)cases[i].raced };

		hist_init(&t.latency);
		vm.cfg.geo.overlap = false;
		assert_int_equal(fails(uffd, &t), cases[i].fails);
		vm.cfg.geo.overlap = true;
		assert_int_equal(fails(uffd, &t), cases[i].fails_overlap);
	}
	for (unsigned int i = 0; i < PAGES; i++)
		word_of(i)[1] = UFFD_MARK;
	spoil_pages(marks, NULL, sizeof(uint64_t));
}

/* ---- exits ---- */

static struct {
	struct kvm_run run;
	uint32_t data;
} page;

static void one_exit(void *unused)
{
	(void)unused;
	if (!on_exit_(&vcpus[0]))
		fail("not expected here");
}

/* The sixth exit of its kind, as KVM tells of it. */
static void set_exit(enum exit_kind *kind)
{
	bool pio = *kind == EXIT_PIO_WRITE || *kind == EXIT_PIO_READ;

	memset(&page, 0, sizeof(page));
	vm.context = kind;
	vcpus[0].run = &page.run;
	vcpus[0].answer.exits = 6;
	page.run.exit_reason = *kind == EXIT_HLT ? KVM_EXIT_HLT : pio ? KVM_EXIT_IO : KVM_EXIT_MMIO;
	if (pio) {
		page.run.io.port = PAYLOAD_PORT_DATA;
		page.run.io.size = 4;
		page.run.io.count = 1;
		page.run.io.direction = *kind == EXIT_PIO_WRITE;
		page.run.io.data_offset = (uint64_t)((char *)&page.data - (char *)&page);
		page.data = 5;
	} else if (*kind != EXIT_HLT) {
		page.run.mmio.phys_addr = MMIO_GPA;
		page.run.mmio.len = 4;
		page.run.mmio.is_write = *kind == EXIT_MMIO_WRITE;
		page.run.mmio.data[0] = 5;
	}
}

static void spoil_exit(enum exit_kind *kind, void *field, size_t size)
{
	set_exit(kind);
	((unsigned char *)field)[size - 1] ^= 1;
	if (!fails(one_exit, NULL)) {
		print_error("%s: offset %zu", kinds[*kind].name, (size_t)((char *)field - (char *)&page));
		assert_true(false);
	}
}

static void test_exit(void **state)
{
	static enum exit_kind all[] = { EXIT_PIO_WRITE, EXIT_PIO_READ, EXIT_MMIO_WRITE, EXIT_MMIO_READ, EXIT_HLT };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		enum exit_kind kind = all[i];
		bool pio = i < 2;

		set_exit(&kind);
		assert_false(fails(one_exit, NULL));
		spoil_exit(&kind, &page.run.exit_reason, 1);
		if (kind == EXIT_HLT)
			continue;
		if (pio) {
			spoil_exit(&kind, &page.run.io.port, 2);
			spoil_exit(&kind, &page.run.io.size, 1);
			spoil_exit(&kind, &page.run.io.count, 1);
			spoil_exit(&kind, &page.run.io.direction, 1);
		} else {
			spoil_exit(&kind, &page.run.mmio.phys_addr, 8);
			spoil_exit(&kind, &page.run.mmio.len, 1);
			spoil_exit(&kind, &page.run.mmio.is_write, 1);
		}
		for (size_t byte = 1; byte <= 4 && (kind == EXIT_PIO_WRITE || kind == EXIT_MMIO_WRITE); byte++)
			spoil_exit(&kind, pio ? (void *)&page.data : page.run.mmio.data, byte);
		/* what the guest reads is the number of the exit */
		if (kind == EXIT_PIO_READ || kind == EXIT_MMIO_READ) {
			uint32_t value;

			set_exit(&kind);
			page.data = 0;
			page.run.mmio.data[0] ^= pio ? 0 : 0xff;
			assert_true(on_exit_(&vcpus[0]));
			memcpy(&value, pio ? (void *)&page.data : page.run.mmio.data, sizeof(value));
			assert_int_equal(value, 5);
		}
	}
}

static void exit_sums(void *kind)
{
	static struct counters none;

	check(&vm, &options, *(enum exit_kind *)kind, &none);
}

static void test_exit_sums(void **state)
{
	static enum exit_kind all[] = { EXIT_PIO_WRITE, EXIT_PIO_READ, EXIT_MMIO_READ, EXIT_CPUID };

	(void)state;
	options.count = 9;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		bool reads = all[i] == EXIT_PIO_READ || all[i] == EXIT_MMIO_READ;

		for (unsigned int k = 0; k < CPUS; k++)
			vcpus[k].answer =
				(struct answer){ .done = 9, .exits = all[i] == EXIT_CPUID ? 0 : 9, .value = 36 };
		assert_false(fails(exit_sums, &all[i]));
		for (unsigned int k = 0; k < CPUS; k++) {
			vcpus[k].answer.done--;
			assert_true(fails(exit_sums, &all[i]));
			vcpus[k].answer.done++;
			vcpus[k].answer.exits++;
			assert_true(fails(exit_sums, &all[i]));
			vcpus[k].answer.exits--;
			vcpus[k].answer.value++;
			assert_int_equal(fails(exit_sums, &all[i]), reads);
			vcpus[k].answer.value--;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests_[] = {
		WITH(test_now),	   WITH(test_elapsed), WITH(test_samples),    WITH(test_clock_pair),
		WITH(test_values), WITH(test_answers), WITH(test_dirty_bits), WITH(test_dirty_values),
		WITH(test_uffd),   WITH(test_exit),    WITH(test_exit_sums),  WITH(test_backing),
	};

	return cmocka_run_group_tests(tests_, NULL, NULL);
}
