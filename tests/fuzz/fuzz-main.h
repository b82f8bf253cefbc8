/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A main() for the fuzz targets where there is no libFuzzer: random inputs from a seed for some
 * seconds. With clang -fsanitize=fuzzer -DVTDLAB_LIBFUZZER (make fuzz) libFuzzer's own main is used and this
 * one left out; the inputs made here are then some of its mutations.
 *
 *   fuzz-X [--seconds N] [--seed S] [--iterations N] [FILE...]
 *
 * A failure prints seed and iteration; `--seed S --from I --iterations 1` repeats it. FILEs are run
 * as inputs (libFuzzer's crash files).
 */
#ifndef FUZZ_MAIN_H
#define FUZZ_MAIN_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "table-builder.h"

/* The target. Always returns 0; a finding aborts. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Fill @buf with an input made from @seed; returns its size, at most @room. */
size_t fuzz_generate(uint64_t *seed, uint8_t *buf, size_t room);

/* At most @most of the @n texts @pieces into @buf, while there is room; returns where they end. */
static inline size_t fuzz_pieces(uint64_t *seed, uint8_t *buf, size_t room, const char *const *pieces, size_t n,
				 unsigned most)
{
	size_t at = 0;

	for (uint64_t count = tables_random(seed) % most; count; count--) {
		const char *p = pieces[tables_random(seed) % n];
		size_t len = strlen(p);

		if (at + len >= room)
			break;
		memcpy(buf + at, p, len);
		at += len;
	}
	return at;
}

/* Up to three bytes of @buf from @from to @at changed. */
static inline size_t fuzz_noise(uint64_t *seed, uint8_t *buf, size_t from, size_t at)
{
	for (uint64_t n = tables_random(seed) % 4; n && at > from; n--)
		buf[from + tables_random(seed) % (at - from)] = (uint8_t)tables_random(seed);
	return at;
}

/* State what must hold. */
#define FUZZ_CHECK(what)                                                                          \
	do {                                                                                      \
		if (!(what)) {                                                                    \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #what); \
			abort();                                                                  \
		}                                                                                 \
	} while (0)

#ifdef VTDLAB_LIBFUZZER
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t room);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned seed);

/* Bytes alone hardly ever make tables or key files: now and then an input that was made is the next one. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned seed)
{
	static uint8_t made[1 << 20];
	uint64_t state = seed * UINT64_C(0x9e3779b97f4a7c15);

	if (seed % 4)
		return LLVMFuzzerMutate(data, size, room);
	size = fuzz_generate(&state, made, sizeof(made));
	size = size < room ? size : room;
	memcpy(data, made, size);
	return size;
}
#else
#include <signal.h>
#include <time.h>
#include <unistd.h>

#define FUZZ_ROOM (1u << 20)

static uint64_t fuzz_seed = 1, fuzz_iteration;

static void fuzz_tell(void)
{
	fprintf(stderr, "repeat with: --seed %llu --from %llu --iterations 1\n", (unsigned long long)fuzz_seed,
		(unsigned long long)fuzz_iteration);
}

static void fuzz_on_signal(int sig)
{
	fuzz_tell();
	signal(sig, SIG_DFL);
	raise(sig);
}

/* The sanitizers', if they are linked in. */
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static int fuzz_file(const char *path, uint8_t *buf)
{
	FILE *in = fopen(path, "rb");
	size_t size;

	if (!in) {
		perror(path);
		return 2;
	}
	size = fread(buf, 1, FUZZ_ROOM, in);
	fclose(in);
	LLVMFuzzerTestOneInput(buf, size);
	return 0;
}

static double fuzz_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	uint64_t from = 0, iterations = UINT64_MAX;
	double seconds = 5, start = fuzz_now();
	uint8_t *buf = malloc(FUZZ_ROOM);
	int i, status = 0;

	for (i = 1; i + 1 < argc && !strncmp(argv[i], "--", 2); i += 2) {
		if (!strcmp(argv[i], "--seconds"))
			seconds = atof(argv[i + 1]);
		else if (!strcmp(argv[i], "--seed"))
			fuzz_seed = strtoull(argv[i + 1], NULL, 0);
		else if (!strcmp(argv[i], "--from"))
			from = strtoull(argv[i + 1], NULL, 0);
		else if (!strcmp(argv[i], "--iterations"))
			iterations = strtoull(argv[i + 1], NULL, 0);
		else
			return 2;
	}
	if (__sanitizer_set_death_callback)
		__sanitizer_set_death_callback(fuzz_tell);
	signal(SIGABRT, fuzz_on_signal);
	if (i < argc) {
		for (; i < argc && !status; i++)
			status = fuzz_file(argv[i], buf);
		free(buf);
		return status;
	}
	for (fuzz_iteration = from; fuzz_iteration - from < iterations; fuzz_iteration++) {
		uint64_t seed = fuzz_seed * UINT64_C(0x9e3779b97f4a7c15) ^ fuzz_iteration << 20;
		size_t size;

		if (fuzz_now() - start > seconds)
			break;
		size = fuzz_generate(&seed, buf, FUZZ_ROOM);
		LLVMFuzzerTestOneInput(buf, size);
	}
	printf("%llu inputs from seed %llu in %.1f s\n", (unsigned long long)(fuzz_iteration - from),
	       (unsigned long long)fuzz_seed, fuzz_now() - start);
	free(buf);
	return 0;
}
#endif
#endif
