/* SPDX-License-Identifier: GPL-2.0-only */
/* Inputs that write entries of tables into a small RAM: records of eight bytes, and random ones. */
#ifndef FUZZ_TABLES_H
#define FUZZ_TABLES_H

#include <string.h>

#include "fuzz-main.h"

/* One record of an input: writes 2^(repeat) entries that begin at (page, index). */
struct record {
	uint8_t page, index_low;
	uint8_t control; /* bit 0 index bit 8, bits 1-3 kind, bits 4-7 repeat */
	uint8_t target;
	uint8_t low[2], high[2];
};

/* The kinds of `control`, shifted to their place. */
enum { KIND_TABLE = 0, KIND_EVERY_OTHER = 1 << 1, KIND_FRAMES = 2 << 1, KIND_TABLES = 3 << 1 };

static inline uint64_t fuzz_entry(const struct record *r, unsigned n, unsigned pages)
{
	uint64_t low = (uint64_t)r->low[0] | (uint64_t)(r->low[1] & 0xf) << 8;
	uint64_t high = (uint64_t)r->high[0] | (uint64_t)r->high[1] << 8;
	uint64_t page = r->target % (pages + 2);

	switch (r->control >> 1 & 7) {
	case 0: /* a table, or outside */
		return page << 12 | low;
	case 1: /* every other frame */
		return n & 1 ? 0 : (high + n) << 12 | low;
	case 2: /* consecutive frames */
		return (high + n) << 12 | low;
	case 3: /* consecutive tables */
		return (page + n) % pages << 12 | low;
	case 4: /* superpages */
		return (high + n) << 21 | low | 0x80;
	case 5:
		return high << 30 | low | 0x80;
	case 6:
		return low | high << 12 | page << 24;
	default:
		return high << 48 | page << 12 | low;
	}
}

/* Writes the records of @data into the @pages pages of @t; @undo: zeros, where they have written. */
static inline void fuzz_write_tables(struct tables *t, unsigned pages, const uint8_t *data, size_t size, bool undo)
{
	struct record r;

	for (; size >= sizeof(r); data += sizeof(r), size -= sizeof(r)) {
		unsigned times;
		uint64_t *to;
		size_t at;

		memcpy(&r, data, sizeof(r));
		at = (size_t)(r.page % pages) * 512 + r.index_low + ((r.control & 1u) << 8);
		times = 1u << (r.control >> 4) % 10;
		if (times > pages * 512 - at)
			times = pages * 512 - (unsigned)at;
		to = tables_word(t, 0, at);
		for (unsigned n = 0; n < times && !undo; n++)
			to[n] = fuzz_entry(&r, n, pages);
		if (undo)
			memset(to, 0, times * sizeof(*to));
	}
}

/* Up to @count random records behind byte @n of @buf: most are near what a chain of tables has. */
static inline size_t fuzz_records(uint64_t *seed, uint8_t *buf, size_t n, size_t count, size_t room)
{
	for (; count && n + sizeof(struct record) <= room; count--, n += sizeof(struct record)) {
		uint64_t a = tables_random(seed), b = tables_random(seed);

		memcpy(buf + n, &a, sizeof(struct record));
		buf[n] %= 12;
		buf[n + 3] %= 12;
		if (b & 1)
			buf[n + 1] &= 7;
		if (b & 2)
			buf[n + 4] |= 3;
		if (b & 4)
			buf[n + 2] &= 0x3f;
		if (b & 8)
			buf[n + 5] = 0;
	}
	return n;
}

#endif
