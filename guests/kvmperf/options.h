/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KVMPERF_OPTIONS_H
#define KVMPERF_OPTIONS_H

#include "json.h"
#include "perf_vm.h"

#define REPEAT_MAX 100
#define ITERATIONS_MAX 16

enum uffd_mode { UFFD_NONE, UFFD_MISSING, UFFD_MINOR, UFFD_WP };
enum log_mode { LOG_GET, LOG_CLEAR, LOG_RING };
enum exit_kind { EXIT_PIO_WRITE, EXIT_PIO_READ, EXIT_MMIO_WRITE, EXIT_MMIO_READ, EXIT_CPUID, EXIT_HLT, EXIT_ALL };
enum churn_kind { CHURN_ADD_REMOVE, CHURN_MOVE };
enum nested_kind {
	NESTED_NCR3,
	NESTED_CODE_SEGMENT,
	NESTED_EXIT_CODE,
	NESTED_EVENT,
	NESTED_GIF,
	NESTED_LMA,
	NESTED_VMSAVE,
	NESTED_SHADOW,
	NESTED_INVLPGA,
	NESTED_ALL
};

/* Which options a test takes. */
enum {
	TAKES_ALWAYS = 1,
	TAKES_MEMORY = 2,
	TAKES_ORDER = 4,
	TAKES_WRITE = 8,
	TAKES_UFFD = 16,
	TAKES_LOG = 32,
	TAKES_COUNT = 64,
	TAKES_EXITS = 128,
	TAKES_CHURN = 256,
	TAKES_VFIO = 512,
	TAKES_PREFAULT = 1024,
	TAKES_NESTED = 2048,
	TAKES_CHECK = 4096,
};

/* All of 64 bits, so that one table can describe them. */
struct options {
	uint64_t json, warmup, repeat, deadline, vcpus, ring;
	uint64_t memory, backing, slots, overlap, guest_page;
	uint64_t random, percent;
	uint64_t uffd, uffd_dev, uffd_per_vcpu, delay_us;
	uint64_t log, iterations, ring_entries, initially_set, clear_pages;
	uint64_t count, exit, churn, spare, chunk, hold, l3_direct, check;
	const char *device;
};

void options_defaults(struct options *o);
/* Reads argv[0..argc) for a test that takes these groups; 0, 1 for --help, or -1 and one line. */
int options_parse(struct options *o, unsigned int groups, int argc, char **argv, char *why, size_t size);
/* What contradicts itself, whatever the machine; 0, or -1 and one line. */
int options_check(const struct options *o, char *why, size_t size);
void options_help(const struct options *defaults, unsigned int groups, FILE *f);
void options_json(const struct options *o, unsigned int groups, struct json *j);
/* "--vcpus 2 --backing thp": what is not the default. */
void options_line(const struct options *o, unsigned int groups, FILE *f);

/* The VM these options ask for. */
struct vm_config options_vm(const struct options *o);

#endif
