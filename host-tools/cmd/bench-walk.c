/* SPDX-License-Identifier: GPL-2.0-only */
/* `vtdlab bench-walk`: nanoseconds a leaf of the walker, beside a memcpy of the same pages. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/stats.h"
#include "cmd/cmd.h"
#include "evidence/iommus.h"
#include "machine/ram.h"

#define MAX_ROUNDS 99
#define LEAVES_A_TABLE 512u

/* How physical addresses follow one another: it decides how many runs come out. */
enum shape {
	SHAPE_CONTIGUOUS,    /* one run */
	SHAPE_LIKE_A_KERNEL, /* 77 runs in 1000 leaves, as a Debian 6.1 with e1000e and nvme busy
				has */
	SHAPE_SCATTERED,     /* every leaf its own run */
	N_SHAPES
};

static const char *const shape_names[] = { "contiguous", "like a kernel's", "scattered" };

/* Tables in a memory file, as a machine's RAM would be. */
struct bench {
	int fd;
	const struct iommu *iommu;
	size_t leaves, bytes, n_tables;
	struct iommu_snapshot_meta meta;
};

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* The page frame of leaf @i. */
static uint64_t frame_of(const void *ctx, size_t i)
{
	enum shape shape = *(const enum shape *)ctx;
	/* Of eight leaves in a buffer pool, three begin a new place: runs of 3, 2 and 3. */
	static const unsigned back[8] = { 0, 1, 2, 0, 1, 0, 1, 2 };
	size_t from = i;

	if (shape == SHAPE_CONTIGUOUS)
		return i + 0x100000;
	/* Four tables of five map one large region, the fifth a pool. */
	if (shape == SHAPE_LIKE_A_KERNEL && i / LEAVES_A_TABLE % 5 != 4)
		return i + 0x100000;
	if (shape == SHAPE_LIKE_A_KERNEL)
		from = i - back[i % 8];
	/* An odd multiplier permutes the frames below 2^27. */
	return ((from * 0x2545f491) & 0x7ffffff) + (i - from);
}

/* A new memory file with tables of this shape: 0 or -errno. */
static int build(struct bench *b, enum shape shape)
{
	uint64_t *ram;

	b->n_tables = b->iommu->lay_out(NULL, b->leaves, NULL, NULL, &b->meta);
	b->bytes = (1 + b->n_tables) * IOMMU_PAGE_SIZE;
	b->fd = memfd_create("vtdlab-bench", MFD_CLOEXEC);
	if (b->fd < 0)
		return -errno;
	if (ftruncate(b->fd, (off_t)b->bytes))
		return -errno;
	ram = mmap(NULL, b->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, b->fd, 0);
	if (ram == MAP_FAILED)
		return -errno;
	b->iommu->lay_out(ram, b->leaves, frame_of, &shape, &b->meta);
	munmap(ram, b->bytes);
	return 0;
}

/* One walk, mapping and unmapping included: nanoseconds, or -1. */
static double time_walk(const struct bench *b, size_t *runs, int *err)
{
	struct iommu_walk *w = NULL;
	struct iommu_ram ram = { .len = b->bytes, .layout = { b->bytes, ram_q35_low(b->bytes), RAM_Q35_HIGH } };
	struct iommu_mem mem = iommu_ram_mem(&ram);
	double start = now_ns(), took;
	void *map = mmap(NULL, b->bytes, PROT_READ, MAP_SHARED, b->fd, 0);

	if (map == MAP_FAILED) {
		*err = -errno;
		return -1;
	}
	ram.base = map;
	*err = b->iommu->walk_memory(&mem, &b->meta, &w);
	munmap(map, b->bytes);
	took = now_ns() - start;
	if (!*err && (w->leaves != b->leaves || w->n_defects || w->truncated))
		*err = -EPROTO;
	if (!*err)
		*runs = w->n_runs;
	iommu_walk_free(w);
	return *err ? -1 : took;
}

/* The same pages copied one by one into a page buffer, mapping included. */
static double time_copy(const struct bench *b, int *err)
{
	uint64_t page[512];
	volatile uint64_t sink = 0;
	double start = now_ns();
	uint8_t *map = mmap(NULL, b->bytes, PROT_READ, MAP_SHARED, b->fd, 0);

	if (map == MAP_FAILED) {
		*err = -errno;
		return -1;
	}
	for (size_t i = 1; i <= b->n_tables; i++) {
		memcpy(page, map + i * 4096, 4096);
		__asm__ volatile("" : : "r"(page) : "memory");
		sink ^= page[i & 511];
	}
	munmap(map, b->bytes);
	(void)sink;
	return now_ns() - start;
}

/* One line of the table: 0 or -errno. */
static int measure(struct bench *b, enum shape shape, int rounds)
{
	double walks[MAX_ROUNDS], copies[MAX_ROUNDS], walk, copy, leaves = (double)b->leaves;
	size_t runs = 0;
	int err = build(b, shape);

	/* Round -1 warms caches and the allocator up; walk and copy alternate. */
	for (int i = -1; i < rounds && !err; i++) {
		walk = time_walk(b, &runs, &err);
		copy = err ? 0 : time_copy(b, &err);
		if (i >= 0) {
			walks[i] = walk;
			copies[i] = copy;
		}
	}
	if (b->fd >= 0)
		close(b->fd);
	if (err)
		return err;
	walk = stats_median(walks, (unsigned)rounds);
	copy = stats_median(copies, (unsigned)rounds);
	printf("%-16s %9zu %9zu %10.2f %10.2f %10.2f %9.1f\n", shape_names[shape], b->n_tables, runs, walk / leaves,
	       walks[0] / leaves, copy / leaves, walk / copy);
	return 0;
}

int cmd_bench_walk(int argc, char **argv)
{
	int leaves = 1000000, rounds = 9, status;
	unsigned mode;
	const struct iommu *iommu = iommu_of_mode(NULL, &mode);
	const GOptionEntry entries[] = {
		{ "leaves", 0, 0, G_OPTION_ARG_INT, &leaves, "leaf entries (default 1000000)", "N" },
		{ "rounds", 0, 0, G_OPTION_ARG_INT, &rounds, "repetitions (default 9)", "N" },
		G_OPTION_ENTRY_NULL,
	};

	status = cmd_parse("bench-walk", entries, &argc, &argv);
	if (status >= 0)
		return status;
	if (argc != 1)
		return cmd_usage_error("bench-walk", "unexpected argument '%s'", argv[1]);
	if (leaves < 1 || leaves > 100000000)
		return cmd_usage_error("bench-walk", "--leaves: %d is not between 1 and 100000000", leaves);
	if (rounds < 1 || rounds > MAX_ROUNDS)
		return cmd_usage_error("bench-walk", "--rounds: %d is not between 1 and %d", rounds, MAX_ROUNDS);
	printf("%d leaves of 4 KiB, 4 levels, medians of %d, mapping of the file included\n"
	       "%-16s %9s %9s %10s %10s %10s %9s\n",
	       leaves, rounds, "physical pages", "tables", "runs", "ns/leaf", "best", "memcpy ns", "ratio");
	for (unsigned s = 0; s < N_SHAPES; s++) {
		struct bench b = { .iommu = iommu, .fd = -1, .leaves = (size_t)leaves };
		int err = measure(&b, (enum shape)s, rounds);

		if (err) {
			fprintf(stderr, "vtdlab bench-walk: %s\n",
				err == -EPROTO ? "the walk counted wrongly" : g_strerror(-err));
			return VTDLAB_EXIT_CANNOT_JUDGE;
		}
	}
	return VTDLAB_EXIT_OK;
}
