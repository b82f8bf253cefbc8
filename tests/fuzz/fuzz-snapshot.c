/* SPDX-License-Identifier: GPL-2.0-only */
/* Fuzzing the snapshot reader: bytes, with frame and checksum put right on request. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz-main.h"
#include "vtd/snapshot.h"

/* Offsets of docs/format-snapshot.md. */
enum { SIZE = 16, CHECKSUM = 24, N_REGS = 36, N_PAGES = 88, N_DATA = 92, INDEX = 720, PAGE = 4096 };

static void put64(uint8_t *p, uint64_t v)
{
	memcpy(p, &v, 8);
}

static void put32(uint8_t *p, uint32_t v)
{
	memcpy(p, &v, 4);
}

static void seal(uint8_t *buf, size_t len)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325), word;

	put64(buf + CHECKSUM, 0);
	for (size_t i = 0; i + 8 <= len; i += 8) {
		memcpy(&word, buf + i, 8);
		h = (h ^ word) * UINT64_C(0x100000001b3);
		h ^= h >> 32;
	}
	put64(buf + CHECKSUM, h);
}

/* Make the frame of the file right, so that the input decides on what is in it. */
static size_t frame(uint8_t *buf, size_t len)
{
	size_t pages, n_data;

	if (len < INDEX)
		return len;
	pages = buf[N_PAGES] % 16;
	if (INDEX + pages * 16 > len)
		pages = 0;
	n_data = (len - INDEX - pages * 16) / PAGE;
	if (n_data > pages)
		n_data = pages;
	len = INDEX + pages * 16 + n_data * PAGE;
	memcpy(buf, "VTDSNAP\n", 8);
	put32(buf + 8, VTD_SNAPSHOT_VERSION);
	put32(buf + 12, buf[12] & 1);
	put64(buf + SIZE, len);
	put32(buf + N_REGS, VTD_REGS_QWORDS);
	put32(buf + N_PAGES, (uint32_t)pages);
	put32(buf + N_DATA, (uint32_t)n_data);
	return len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vtd_walk_options o = { .max_runs = 3000, .max_visits = 300, .max_pasids = 200 };
	struct vtd_walk_result *r;
	struct iommu_error err = { "" };
	struct iommu_snapshot *s;
	struct iommu_mem mem;
	uint8_t *buf, how;

	if (!size)
		return 0;
	how = *data++;
	buf = malloc(size);
	memcpy(buf, data, --size);
	if (how & 1)
		size = frame(buf, size);
	if ((how & 2) && size >= 32)
		seal(buf, size);
	if (vtd_snapshot_parse(buf, size, &s, &err)) {
		FUZZ_CHECK(!s && err.text[0]);
		free(buf);
		return 0;
	}
	FUZZ_CHECK(vtd_snapshot_walk(s, &o, &r) == 0);
	FUZZ_CHECK(!s->meta.truncated || r->base.truncated);
	mem = iommu_snapshot_mem(s);
	FUZZ_CHECK(vtd_snapshot_changed(s, &mem, NULL, 0) == 0);
	vtd_walk_free(r);
	vtd_snapshot_free(s);
	free(buf);
	return 0;
}

/* A file of a few table pages, mostly well formed, then some bytes changed. */
size_t fuzz_generate(uint64_t *seed, uint8_t *buf, size_t room)
{
	uint64_t x = tables_random(seed);
	size_t pages = 1 + x % 7, n_data = 0, len;
	uint8_t *file = buf + 1;

	if (room < 1 + INDEX + 8 * (16 + PAGE))
		return 0;
	memset(buf, 0, 1 + INDEX + 8 * (16 + PAGE));
	buf[0] = x >> 8 & 7 ? 3 : (uint8_t)(x >> 11);
	file[N_PAGES] = (uint8_t)pages;
	file[32] = x >> 16 & 1;
	put64(file + 40, 0x1000);
	put64(file + 48, x >> 17 & 1 ? 0x3000 : 0);
	memcpy(file + 96, "fuzz", 5);
	for (size_t i = 0; i < pages; i++) {
		bool zero = x >> (20 + i) & 1;

		put64(file + INDEX + 16 * i, (i + 1) * PAGE);
		put32(file + INDEX + 16 * i + 8, (uint32_t)(x >> (30 + i) & 3));
		put32(file + INDEX + 16 * i + 12, zero ? UINT32_MAX : (uint32_t)n_data++);
	}
	len = INDEX + pages * 16 + n_data * PAGE;
	for (unsigned i = 0; i < 300; i++) {
		uint64_t y = tables_random(seed);

		if (n_data)
			put64(file + len - n_data * PAGE + y % (n_data * 512) * 8,
			      ((y >> 32) % 9 * PAGE) | (y >> 40 & 0x87) | 1);
	}
	for (uint64_t i = x >> 40 & 7; i > 4; i--)
		file[tables_random(seed) % len] = (uint8_t)tables_random(seed);
	return 1 + len;
}
