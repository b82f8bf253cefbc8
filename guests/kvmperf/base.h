/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KVMPERF_BASE_H
#define KVMPERF_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define KIB (1ULL << 10)
#define MIB (1ULL << 20)
#define GIB (1ULL << 30)
#define PAGE_4K (4 * KIB)
#define PAGE_2M (2 * MIB)
#define PAGE_1G GIB
#define MAX_VCPUS 64
#define MAX_SLOTS 256

/* Exit statuses of the program. */
enum { EXIT_PASS = 0, EXIT_FAIL = 1, EXIT_CANNOT = 2 };

/* CLOCK_MONOTONIC in integer nanoseconds: the only clock of the program. */
uint64_t now_ns(void);

static inline uint64_t round_up(uint64_t value, uint64_t unit)
{
	return (value + unit - 1) / unit * unit;
}

/* "64M", "4096", "1G": 0 and the bytes, or -1. */
int parse_size(const char *text, uint64_t *bytes);
/* The shortest exact form: "64M", "10K", "4097". */
const char *size_text(uint64_t bytes, char out[24]);

/*
 * How a test ends before its end; neither returns. A test runs in a process of its own, so nothing
 * has to be undone. Any thread may call them, the first one wins. fail:   what was measured is
 * wrong: exit status 1 cannot: this kernel, machine or memory cannot do it: a skip inside a suite,
 * exit status 2 otherwise
 */
void fail(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
void cannot(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
/* Who gets the line; without one it goes to stderr. */
typedef void (*ending_fn)(int status, const char *reason);
void ending_set(ending_fn fn);

/* For the tests of the tests: KVMPERF_SPOIL names one thing to get wrong, so that its check can be
 * seen to notice. */
bool spoilt(const char *what);

void *xcalloc(size_t n, size_t size);

/* Reads a small file as text; false when it cannot be read. */
bool read_text(const char *path, char *out, size_t size);

#endif
