/* SPDX-License-Identifier: GPL-2.0-only */
/* Guest RAM as a file, the q35 address map, and searching it. */
#define _GNU_SOURCE
#include "machine/ram.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/error.h"
#include "base/files.h"

#define GIB (UINT64_C(1) << 30)

uint64_t ram_q35_low(uint64_t size)
{
	return size >= UINT64_C(0xb0000000) ? 2 * GIB : size;
}

static int failed(const char *step, uint64_t size, int fd, GError **error)
{
	vtdlab_failed(error, "cannot make %" G_GUINT64_FORMAT " MiB of guest memory: %s: %s", size >> 20, step,
		      g_strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

int ram_file(uint64_t size, GError **error)
{
	int fd = memfd_create("vtdlab-ram", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return failed("memfd_create", size, fd, error);
	if (ftruncate(fd, (off_t)size) < 0)
		return failed("ftruncate", size, fd, error);
	/* QEMU cannot shrink the file under our mapping (we would die by SIGBUS). */
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) < 0)
		return failed("seal", size, fd, error);
	return fd;
}

bool ram_init(struct ram *r, int fd, uint64_t size, GError **error)
{
	void *base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);

	*r = (struct ram){ .fd = -1 };
	if (base == MAP_FAILED)
		return failed("mmap", size, fd, error) >= 0;
	madvise(base, size, MADV_DONTDUMP);
	*r = (struct ram){ .fd = fd, .base = base, .size = size, .low = ram_q35_low(size) };
	return true;
}

void ram_clear(struct ram *r)
{
	if (r->base)
		munmap(r->base, r->size);
	if (r->size && r->fd >= 0)
		close(r->fd);
	*r = (struct ram){ .fd = -1 };
}

uint64_t ram_touched(const struct ram *r)
{
	struct stat st;

	return r->fd >= 0 && fstat(r->fd, &st) == 0 ? (uint64_t)st.st_blocks * 512 : 0;
}

bool ram_offset(const struct ram *r, uint64_t pa, uint64_t len, uint64_t *offset)
{
	uint64_t high = r->size - r->low;

	if (pa < r->low && len <= r->low - pa) {
		*offset = pa;
		return true;
	}
	if (pa >= RAM_Q35_HIGH && pa - RAM_Q35_HIGH < high && len <= high - (pa - RAM_Q35_HIGH)) {
		*offset = r->low + (pa - RAM_Q35_HIGH);
		return true;
	}
	return false;
}

uint64_t ram_address(const struct ram *r, uint64_t offset)
{
	return offset < r->low ? offset : RAM_Q35_HIGH + (offset - r->low);
}

int ram_read(const struct ram *r, uint64_t pa, void *buf, uint64_t len)
{
	uint64_t at;

	if (!ram_offset(r, pa, len, &at))
		return -1;
	memcpy(buf, r->base + at, len);
	return 0;
}

int ram_write(struct ram *r, uint64_t pa, const void *buf, uint64_t len)
{
	uint64_t at;

	if (!ram_offset(r, pa, len, &at))
		return -1;
	memcpy(r->base + at, buf, len);
	return 0;
}

/* The next stretch of data in [*start, limit); false at the end. Without SEEK_DATA: all of it. */
static bool next_extent(int fd, uint64_t *start, uint64_t limit, uint64_t *end)
{
	off_t data, hole;

	if (*start >= limit)
		return false;
	data = lseek(fd, (off_t)*start, SEEK_DATA);
	if (data < 0 && errno == ENXIO)
		return false;
	if (data < 0) {
		*end = limit;
		return true;
	}
	hole = lseek(fd, data, SEEK_HOLE);
	*start = (uint64_t)data;
	*end = hole > data && (uint64_t)hole < limit ? (uint64_t)hole : limit;
	return *start < limit;
}

static bool scan_extent(const struct ram *r, uint64_t start, uint64_t end, const void *needle, size_t len,
			ram_match_fn fn, void *data, int64_t *found)
{
	const uint8_t *p = r->base + start, *stop = r->base + end;

	while ((size_t)(stop - p) >= len) {
		p = memmem(p, (size_t)(stop - p), needle, len);
		if (!p)
			return true;
		++*found;
		if (fn && !fn(ram_address(r, (uint64_t)(p - r->base)), data))
			return false;
		p++;
	}
	return true;
}

/*
 * The guest keeps writing: what memmem() found may have changed before the callback looks. A match
 * is a statement about the moment of the scan only.
 */
int64_t ram_scan(const struct ram *r, const void *needle, size_t len, ram_match_fn fn, void *data)
{
	const uint64_t borders[] = { 0, r->low, r->size };
	int64_t found = 0;
	uint64_t start, end;

	if (!len || all_zero(needle, len))
		return -1;
	for (int half = 0; half < 2; half++) {
		start = borders[half];
		while (next_extent(r->fd, &start, borders[half + 1], &end)) {
			if (!scan_extent(r, start, end, needle, len, fn, data, &found))
				return found;
			start = end;
		}
	}
	return found;
}

#define PAGE 4096

/* As pwrite(), all of it. */
static bool write_at(int fd, const uint8_t *bytes, size_t len, uint64_t at)
{
	for (ssize_t n; len; bytes += n, at += (uint64_t)n, len -= (size_t)n) {
		n = pwrite(fd, bytes, len, (off_t)at);
		if (n <= 0)
			return false;
	}
	return true;
}

/* A page that has something in it, behind those of @sum: where it lies counts. */
static uint32_t sum_page(uint32_t sum, uint64_t at, const uint8_t *page)
{
	return (uint32_t)crc32_z(crc32_z(sum, (const uint8_t *)&at, sizeof(at)), page, PAGE);
}

/*
 * Sums the pages that the file @fd, mapped at @from, has (@sum NULL: does not). Those that are not zero are written to
 * the file @to, unless that is -1: by write, which costs no page fault each.
 */
static bool each_page(int fd, const uint8_t *from, int to, uint64_t size, uint32_t *sum)
{
	uint64_t start = 0, end, run;

	if (sum)
		*sum = 0;
	for (; next_extent(fd, &start, size, &end); start = end) {
		start &= ~UINT64_C(PAGE - 1);
		run = start;
		for (uint64_t at = start; at < end; at += PAGE) {
			if (!all_zero(from + at, PAGE)) {
				if (sum)
					*sum = sum_page(*sum, at, from + at);
				continue;
			}
			if (to >= 0 && !write_at(to, from + run, at - run, run))
				return false;
			run = at + PAGE;
		}
		if (to >= 0 && run < end && !write_at(to, from + run, end - run, run))
			return false;
	}
	return true;
}

uint32_t ram_sum(const struct ram *r)
{
	uint32_t sum;

	each_page(r->fd, r->base, -1, r->size, &sum);
	return sum;
}

bool ram_fill(struct ram *r, int fd, uint32_t *sum, GError **error)
{
	struct stat st;
	void *from;
	bool good;

	if (fstat(fd, &st) < 0 || (uint64_t)st.st_size != r->size)
		return vtdlab_failed(error, "it is no RAM of %" G_GUINT64_FORMAT " MiB", r->size >> 20);
	from = mmap(NULL, r->size, PROT_READ, MAP_PRIVATE | MAP_NORESERVE, fd, 0);
	if (from == MAP_FAILED)
		return vtdlab_failed(error, "it cannot be mapped: %s", g_strerror(errno));
	good = each_page(fd, from, r->fd, r->size, sum) ||
	       vtdlab_failed(error, "the RAM cannot be written: %s", g_strerror(errno));
	munmap(from, r->size);
	return good;
}
