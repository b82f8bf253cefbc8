// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a deep copy costs: nanoseconds and instructions for each mapped page, one page and 10^3 to
 * 10^6 pages, contiguous and every other one.
 *
 * Instructions come from the CPU's counter; where there is none (in most VMs), from valgrind, which
 * runs this program again with --once.
 */
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "fake.h"

#define LEVELS 3u

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int open_counter(void)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_HARDWARE,
					.size = sizeof(attr),
					.config = PERF_COUNT_HW_INSTRUCTIONS,
					.disabled = 1,
					.exclude_kernel = 1,
					.exclude_hv = 1 };

	return (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
}

/* A page of old memory, as cheap as it can be: the cost of the glue is not the core's. */
static const void *old_page(void *ctx, u64 pa)
{
	struct fake *f = ctx;

	return pa / 4096 < f->ram.n_pages ? f->ram.bytes + pa : NULL;
}

/* Pages and arrays cut from one piece: the cost of malloc() and of moving is not the core's. */
static char *arena, *array;
static size_t arena_next;

static void *arena_alloc(void *ctx, unsigned order, u64 *pa)
{
	(void)ctx;
	*pa = FAKE_OWN + arena_next;
	arena_next += (size_t)4096 << order;
	return arena + (*pa - FAKE_OWN);
}

static void *arena_page(void *ctx, u64 pa)
{
	(void)ctx;
	return arena + (pa - FAKE_OWN);
}

static void arena_free(void *ctx, void *page, unsigned order)
{
	(void)ctx;
	(void)page;
	(void)order;
}

static void *array_resize(void *ctx, void *old, u64 old_size, u64 size)
{
	(void)ctx;
	if (old == array || (!old && size > 1024))
		return size ? array : NULL;
	(void)old_size;
	return realloc(old, size);
}

static struct kdc_tree *copy_once(struct fake *f, uint64_t root)
{
	struct kdc_entry e = fake_entry(root, KDC_SECOND_STAGE, LEVELS);
	struct kdc_tree *t = kdc_tree_get(&f->kdc, &e, true);

	if (!t || t->error || !t->new_root) {
		fprintf(stderr, "bench-copy: no copy: %s\n", t ? t->why : "no memory");
		exit(2);
	}
	return t;
}

/* Instructions of one copy, as valgrind counts them. 0: no valgrind. */
static unsigned long long count_with_valgrind(size_t pages, size_t stride)
{
	unsigned long long n = 0;
	char command[400], line[256];
	FILE *in;

	snprintf(command, sizeof(command),
		 "valgrind --tool=callgrind --callgrind-out-file=/dev/null "
		 "--toggle-collect=kdc_tree_get /proc/%d/exe --once %zu %zu 2>&1",
		 (int)getpid(), pages, stride);
	in = popen(command, "r");
	if (!in)
		return 0;
	while (fgets(line, sizeof(line), in)) {
		const char *at = strstr(line, "Collected : ");

		if (at)
			n = strtoull(at + 12, NULL, 10);
	}
	return pclose(in) ? 0 : n;
}

static uint64_t make_tables(struct fake *f, size_t pages, size_t stride)
{
	size_t tables = pages * stride / 512 + 16;
	uint64_t root;

	fake_init(f, tables + 8);
	f->ops.old_page = old_page;
	f->ops.alloc = arena_alloc;
	f->ops.free = arena_free;
	f->ops.own_page = arena_page;
	f->ops.resize = array_resize;
	f->ops.flush = NULL;
	f->ops.now = NULL;
	arena = aligned_alloc(4096, (tables + 8) * 4096);
	array = aligned_alloc(4096, (pages * 16 * 4 + 1024 * 16) & ~(size_t)4095);
	if (!arena || !array)
		abort();
	memset(arena, 1, (tables + 8) * 4096);
	memset(array, 1, (pages * 16 * 4 + 1024 * 16) & ~(size_t)4095);
	root = tables_alloc(&f->ram, 1);
	for (size_t i = 0; i < pages; i++)
		tables_map(&f->ram, root, LEVELS, 1, i * stride * 4096, 0x40000000 + i * 4096, VTD_SL_R | VTD_SL_W);
	return root;
}

static void free_tables(struct fake *f)
{
	kdc_destroy(&f->kdc);
	tables_free(&f->ram);
	free(arena);
	free(array);
}

static void bench(size_t pages, size_t stride, int counter)
{
	unsigned long long instructions = 0;
	struct kdc_tree *t;
	double best = 1e9;
	struct fake f;
	uint64_t root = make_tables(&f, pages, stride);

	for (int k = 0; k < 5; k++) {
		double t0 = seconds(), t1;

		arena_next = 0;
		t = copy_once(&f, root);
		t1 = seconds();
		if (t1 - t0 < best)
			best = t1 - t0;
		if (t->leaves_4k != pages || t->nr_ranges != (stride == 1 ? 1 : pages))
			abort();
		kdc_tree_put(&f.kdc, t);
	}
	arena_next = 0;
	if (counter >= 0)
		ioctl(counter, PERF_EVENT_IOC_ENABLE, 0);
	t = copy_once(&f, root);
	if (counter >= 0) {
		ioctl(counter, PERF_EVENT_IOC_DISABLE, 0);
		if (read(counter, &instructions, sizeof(instructions)) != sizeof(instructions))
			instructions = 0;
		ioctl(counter, PERF_EVENT_IOC_RESET, 0);
	} else {
		instructions = count_with_valgrind(pages, stride);
	}
	printf("%-11s %8zu %7u %8u %9.2f", stride == 1 ? "contiguous" : "every-other", pages, t->tables, t->nr_ranges,
	       best * 1e9 / (double)pages);
	if (instructions)
		printf(" %12llu %9.2f\n", instructions, (double)instructions / (double)pages);
	else
		printf(" %12s %9s\n", "-", "-");
	fflush(stdout);
	free_tables(&f);
}

/* One copy and nothing else, to be counted from outside. */
static int once(size_t pages, size_t stride)
{
	struct fake f;
	uint64_t root = make_tables(&f, pages, stride);

	copy_once(&f, root);
	free_tables(&f);
	return 0;
}

int main(int argc, char **argv)
{
	int counter;

	if (argc == 4 && !strcmp(argv[1], "--once"))
		return once(strtoul(argv[2], NULL, 0), strtoul(argv[3], NULL, 0));
	counter = open_counter();
	printf("instructions: %s\n", counter >= 0 ? "the CPU's counter" : "valgrind, if installed");
	printf("%-11s %8s %7s %8s %9s %12s %9s\n", "pattern", "pages", "tables", "ranges", "ns/page", "instructions",
	       "per page");
	for (size_t stride = 1; stride <= 2; stride++)
		for (size_t pages = 1; pages <= 1000000; pages *= pages == 1 ? 1000 : 10)
			bench(pages, stride, counter);
	return 0;
}
