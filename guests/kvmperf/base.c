/* SPDX-License-Identifier: GPL-2.0-only */
/* The clock, sizes, and the ways a test ends. */
#include "base.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static ending_fn ending;

uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

int parse_size(const char *text, uint64_t *bytes)
{
	static const char units[] = "KMGT";
	const char *unit;
	uint64_t value;
	char *end;

	if (*text < '0' || *text > '9')
		return -1;
	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno)
		return -1;
	if (*end) {
		unit = strchr(units, *end >= 'a' ? *end - 'a' + 'A' : *end);
		if (!unit || !*unit || end[1])
			return -1;
		for (ptrdiff_t i = 0; i <= unit - units; i++) {
			if (value > UINT64_MAX >> 10)
				return -1;
			value <<= 10;
		}
	}
	*bytes = value;
	return 0;
}

const char *size_text(uint64_t bytes, char out[24])
{
	static const char *const units[] = { "", "K", "M", "G", "T" };
	size_t u = 0;

	while (bytes && bytes % 1024 == 0 && u + 1 < ARRAY_SIZE(units)) {
		bytes /= 1024;
		u++;
	}
	snprintf(out, 24, "%llu%s", (unsigned long long)bytes, units[u]);
	return out;
}

void ending_set(ending_fn fn)
{
	ending = fn;
}

static void __attribute__((noreturn)) end(int status, const char *format, va_list ap)
{
	static pthread_mutex_t once = PTHREAD_MUTEX_INITIALIZER;
	char line[512];

	pthread_mutex_lock(&once);
	vsnprintf(line, sizeof(line), format, ap);
	if (ending)
		ending(status, line);
	else
		fprintf(stderr, "kvmperf: %s\n", line);
	_exit(status);
}

void fail(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	end(EXIT_FAIL, format, ap);
}

void cannot(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	end(EXIT_CANNOT, format, ap);
}

bool spoilt(const char *what)
{
	const char *name = getenv("KVMPERF_SPOIL");

	return name && !strcmp(name, what);
}

void *xcalloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size);

	if (!p)
		cannot("out of memory: %zu times %zu bytes", n, size);
	/* Touched now, so that no page fault of ours falls into what is measured. */
	return memset(p, 0, n * size);
}

bool read_text(const char *path, char *out, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, out, size - 1);
	close(fd);
	if (n < 0)
		return false;
	while (n > 0 && out[n - 1] == '\n')
		n--;
	out[n] = 0;
	return true;
}
