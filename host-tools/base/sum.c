/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/sum.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define LANES 4 /* none waits for another's multiplication */
#define BLOCK (LANES * sizeof(uint64_t))
#define PAGE 4096
#define ODD UINT64_C(0xd6e8feb86659fd93)

/* Each step can be undone, so a word that differs always shows. */
static uint64_t step(uint64_t lane, uint64_t word)
{
	lane ^= word;
	return (lane << 29 | lane >> 35) * ODD;
}

static void add_block(uint64_t lanes[LANES], const void *bytes)
{
	uint64_t words[LANES];

	memcpy(words, bytes, sizeof(words));
	for (int i = 0; i < LANES; i++)
		lanes[i] = step(lanes[i], words[i]);
}

uint64_t sum_add(uint64_t sum, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	uint8_t rest[BLOCK] = { 0 };
	uint64_t lanes[LANES];
	size_t at = 0;

	for (unsigned i = 0; i < LANES; i++)
		lanes[i] = step(sum, i);
	for (; len - at >= BLOCK; at += BLOCK)
		add_block(lanes, p + at);
	if (at < len) {
		memcpy(rest, p + at, len - at);
		add_block(lanes, rest);
	}
	sum = step(sum, len);
	for (int i = 0; i < LANES; i++)
		sum = step(sum, lanes[i]);
	return sum ^ sum >> 32;
}

uint64_t sum_page(uint64_t sum, uint64_t at, const void *page)
{
	const uint8_t *p = page;

	if (!*p && memcmp(p, p + 1, PAGE - 1) == 0)
		return sum;
	return sum_add(sum ^ at, page, PAGE);
}

bool sum_file(const char *path, uint64_t *sum)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st = { .st_size = -1 };
	void *all;

	if (fd < 0)
		return false;
	if (fstat(fd, &st) != 0 || st.st_size == 0) {
		bool empty = st.st_size == 0;

		close(fd);
		*sum = sum_add(0, "", 0);
		return empty;
	}
	all = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (all == MAP_FAILED)
		return false;
	*sum = sum_add(0, all, (size_t)st.st_size);
	munmap(all, (size_t)st.st_size);
	return true;
}
