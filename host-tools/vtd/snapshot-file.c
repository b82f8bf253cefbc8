/* SPDX-License-Identifier: GPL-2.0-only */
/* The .vtd file format (docs/format-snapshot.md): writing it atomically, reading it sceptically. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vtd/backend.h"
#include "vtd/formats.h"
#include "vtd/snapshot.h"

/* Byte offsets in the header. All numbers are little-endian. */
enum {
	H_MAGIC = 0,	  /* 8 bytes */
	H_VERSION = 8,	  /* u32 */
	H_FLAGS = 12,	  /* u32 */
	H_FILE_SIZE = 16, /* u64 */
	H_CHECKSUM = 24,  /* u64 */
	H_TTM = 32,	  /* u32 */
	H_N_REGS = 36,	  /* u32, 64-bit words */
	H_ROOT = 40,
	H_IRTA = 48,
	H_HOST_NS = 56, /* i64 */
	H_RAM_SIZE = 64,
	H_LOW_SIZE = 72,
	H_HIGH_BASE = 80,
	H_N_PAGES = 88, /* u32 */
	H_N_DATA = 92,	/* u32, pages with content */
	H_PHASE = 96,	/* 64 bytes */
	HEADER_BYTES = 160,
	REGS_BYTES = VTD_REGS_QWORDS * 8,
	INDEX_BYTES = 16, /* per page: u64 pa, u32 kind, u32 data number or NO_DATA */
};

#define FLAG_TRUNCATED 1u
#define NO_DATA UINT32_MAX
#define MAX_FILE_BYTES (UINT64_C(4) << 30)

static const char magic[8] = { 'V', 'T', 'D', 'S', 'N', 'A', 'P', '\n' };

static void put32(uint8_t *p, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

static void put64(uint8_t *p, uint64_t v)
{
	put32(p, (uint32_t)v);
	put32(p + 4, (uint32_t)(v >> 32));
}

static uint32_t get32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint64_t get64(const uint8_t *p)
{
	return get32(p) | (uint64_t)get32(p + 4) << 32;
}

/* FNV-1a over 64-bit little-endian words; the checksum field itself counts as zero. */
static uint64_t checksum(const uint8_t *buf, size_t len)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i + 8 <= len; i += 8) {
		h ^= i == H_CHECKSUM ? 0 : get64(buf + i);
		h *= UINT64_C(0x100000001b3);
		h ^= h >> 32;
	}
	return h;
}

/* --- writing --- */

static uint8_t *encode(const struct iommu_snapshot *s, size_t *len)
{
	size_t n_data = 0, index = HEADER_BYTES + REGS_BYTES, data;
	uint8_t *buf;

	for (size_t i = 0; i < s->n_pages; i++)
		n_data += s->pages[i].data != NULL;
	data = index + s->n_pages * INDEX_BYTES;
	*len = data + n_data * IOMMU_PAGE_SIZE;
	buf = calloc(1, *len);
	if (!buf)
		return NULL;
	memcpy(buf + H_MAGIC, magic, sizeof(magic));
	put32(buf + H_VERSION, VTD_SNAPSHOT_VERSION);
	put32(buf + H_FLAGS, s->meta.truncated ? FLAG_TRUNCATED : 0);
	put64(buf + H_FILE_SIZE, *len);
	put32(buf + H_TTM, s->meta.mode);
	put32(buf + H_N_REGS, VTD_REGS_QWORDS);
	put64(buf + H_ROOT, s->meta.root);
	put64(buf + H_IRTA, s->meta.irta);
	put64(buf + H_HOST_NS, (uint64_t)s->meta.host_ns);
	put64(buf + H_RAM_SIZE, s->meta.ram.ram_size);
	put64(buf + H_LOW_SIZE, s->meta.ram.low_size);
	put64(buf + H_HIGH_BASE, s->meta.ram.high_base);
	put32(buf + H_N_PAGES, (uint32_t)s->n_pages);
	put32(buf + H_N_DATA, (uint32_t)n_data);
	for (size_t i = 0; i + 1 < IOMMU_SNAPSHOT_PHASE_MAX && s->meta.phase[i]; i++) {
		char ch = s->meta.phase[i];

		buf[H_PHASE + i] = (uint8_t)(ch >= 0x20 && ch < 0x7f ? ch : '?');
	}
	for (size_t i = 0; i < VTD_REGS_QWORDS; i++)
		put64(buf + HEADER_BYTES + 8 * i, vtd_snapshot_of(s)->regs[i]);
	n_data = 0;
	for (size_t i = 0; i < s->n_pages; i++, index += INDEX_BYTES) {
		const struct iommu_snapshot_page *p = &s->pages[i];

		put64(buf + index, p->pa);
		put32(buf + index + 8, p->kind);
		put32(buf + index + 12, p->data ? (uint32_t)n_data : NO_DATA);
		if (p->data)
			memcpy(buf + data + IOMMU_PAGE_SIZE * n_data++, p->data, IOMMU_PAGE_SIZE);
	}
	put64(buf + H_CHECKSUM, checksum(buf, *len));
	return buf;
}

/* Make the rename itself durable; a file system that cannot is not an error. */
static void sync_directory(char *path)
{
	int fd = open(dirname(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
}

/* All of @buf, on the disk: 0 or -errno. */
static int write_file(const char *path, const uint8_t *buf, size_t len)
{
	FILE *f = fopen(path, "wxe");
	int ret;

	if (!f)
		return -errno;
	ret = fwrite(buf, 1, len, f) == len && fflush(f) == 0 && fsync(fileno(f)) == 0 ? 0 : -errno;
	return fclose(f) && !ret ? -errno : ret;
}

int vtd_snapshot_save(struct iommu_snapshot *s, const char *path, struct iommu_error *err)
{
	size_t len, room = strlen(path) + sizeof(".tmp-") + 3 * sizeof(long);
	uint8_t *buf = encode(s, &len);
	char *tmp = malloc(room);
	int ret = -ENOMEM;

	if (buf && tmp) {
		s->meta.sum = get64(buf + H_CHECKSUM);
		snprintf(tmp, room, "%s.tmp-%ld", path, (long)getpid());
		unlink(tmp); /* left by a process that died and had our number */
		ret = write_file(tmp, buf, len);
		if (!ret && rename(tmp, path))
			ret = -errno;
		if (ret)
			unlink(tmp);
		else
			sync_directory(tmp);
	}
	if (ret)
		iommu_fail(err, ret, "%s: cannot write the snapshot: %s", path, strerror(-ret));
	free(tmp);
	free(buf);
	return ret;
}

/* --- reading --- */

static int bad(struct iommu_error *err, const char *what)
{
	return iommu_fail(err, -EINVAL, "not a valid VT-d snapshot: %s", what);
}

/* Everything in the header that can be judged without the rest. */
static int check_header(const uint8_t *buf, size_t len, struct iommu_error *err)
{
	uint64_t size;

	if (len < HEADER_BYTES + REGS_BYTES)
		return bad(err, "too short");
	if (memcmp(buf, magic, sizeof(magic)) != 0)
		return bad(err, "wrong magic number");
	if (get32(buf + H_VERSION) != VTD_SNAPSHOT_VERSION)
		return iommu_fail(err, -EINVAL, "VT-d snapshot of format version %u; this program reads version %u",
				  get32(buf + H_VERSION), VTD_SNAPSHOT_VERSION);
	if (get32(buf + H_FLAGS) & ~FLAG_TRUNCATED)
		return bad(err, "unknown flags");
	if (get32(buf + H_TTM) > 3)
		return bad(err, "impossible translation table mode");
	if (get32(buf + H_N_REGS) != VTD_REGS_QWORDS)
		return bad(err, "wrong number of registers");
	if (get32(buf + H_N_DATA) > get32(buf + H_N_PAGES))
		return bad(err, "more contents than pages");
	size = HEADER_BYTES + REGS_BYTES + (uint64_t)get32(buf + H_N_PAGES) * INDEX_BYTES +
	       (uint64_t)get32(buf + H_N_DATA) * IOMMU_PAGE_SIZE;
	if (get64(buf + H_FILE_SIZE) != len || size != len)
		return bad(err, "wrong size (cut short or with something appended)");
	if (buf[H_PHASE + IOMMU_SNAPSHOT_PHASE_MAX - 1])
		return bad(err, "phase name not terminated");
	for (const uint8_t *p = buf + H_PHASE; *p; p++)
		if (*p < 0x20 || *p > 0x7e)
			return bad(err, "phase name not printable");
	if (get64(buf + H_CHECKSUM) != checksum(buf, len))
		return bad(err, "wrong checksum");
	return 0;
}

/* The page index: ascending aligned addresses, contents numbered in order. */
static int read_index(struct iommu_snapshot *s, const uint8_t *index, uint32_t n_data, struct iommu_error *err)
{
	const uint8_t *blob = vtd_snapshot_of(s)->blob;
	uint64_t next_pa = 0;
	uint32_t next_data = 0;

	for (size_t i = 0; i < s->n_pages; i++, index += INDEX_BYTES) {
		uint64_t pa = get64(index);
		uint32_t kind = get32(index + 8), data = get32(index + 12);

		if (pa & ~VTD_PTE_ADDR)
			return bad(err, "page address not aligned or beyond 52 bits");
		if (pa < next_pa)
			return bad(err, "page addresses not ascending");
		if (kind > VTD_TABLE_IRT)
			return bad(err, "unknown kind of page");
		if (data != NO_DATA && (data != next_data || data >= n_data))
			return bad(err, "contents out of order");
		s->pages[i].pa = pa;
		s->pages[i].kind = (uint8_t)kind;
		if (data != NO_DATA)
			s->pages[i].data = blob + (size_t)IOMMU_PAGE_SIZE * next_data++;
		next_pa = pa + IOMMU_PAGE_SIZE;
	}
	return next_data == n_data ? 0 : bad(err, "contents that belong to no page");
}

int vtd_snapshot_parse(const void *data, size_t len, struct iommu_snapshot **out, struct iommu_error *err)
{
	const uint8_t *buf = data;
	struct iommu_snapshot *s;
	struct vtd_snapshot *whole;
	uint32_t n_data;
	int ret;

	*out = NULL;
	ret = check_header(buf, len, err);
	if (ret)
		return ret;
	n_data = get32(buf + H_N_DATA);
	whole = calloc(1, sizeof(*whole));
	if (!whole)
		return iommu_fail(err, -ENOMEM, "out of memory while reading a snapshot");
	s = &whole->base;
	s->iommu = &vtd_iommu;
	s->n_pages = get32(buf + H_N_PAGES);
	s->pages = calloc(s->n_pages ? s->n_pages : 1, sizeof(*s->pages));
	whole->blob = malloc(n_data ? (size_t)n_data * IOMMU_PAGE_SIZE : 1);
	if (!s->pages || !whole->blob) {
		vtd_snapshot_free(s);
		return iommu_fail(err, -ENOMEM, "out of memory while reading a snapshot");
	}
	s->meta.truncated = get32(buf + H_FLAGS) & FLAG_TRUNCATED;
	s->meta.mode = get32(buf + H_TTM);
	s->meta.root = get64(buf + H_ROOT);
	s->meta.irta = get64(buf + H_IRTA);
	s->meta.sum = get64(buf + H_CHECKSUM);
	s->meta.host_ns = (int64_t)get64(buf + H_HOST_NS);
	s->meta.ram.ram_size = get64(buf + H_RAM_SIZE);
	s->meta.ram.low_size = get64(buf + H_LOW_SIZE);
	s->meta.ram.high_base = get64(buf + H_HIGH_BASE);
	memcpy(s->meta.phase, buf + H_PHASE, IOMMU_SNAPSHOT_PHASE_MAX);
	for (size_t i = 0; i < VTD_REGS_QWORDS; i++)
		whole->regs[i] = get64(buf + HEADER_BYTES + 8 * i);
	memcpy(whole->blob, buf + len - (size_t)n_data * IOMMU_PAGE_SIZE, (size_t)n_data * IOMMU_PAGE_SIZE);
	ret = read_index(s, buf + HEADER_BYTES + REGS_BYTES, n_data, err);
	if (ret) {
		vtd_snapshot_free(s);
		return ret;
	}
	*out = s;
	return 0;
}

/* The whole of a regular file of sane size; *@buf is the caller's to free, whatever comes back. */
static int read_file(FILE *f, const char *path, uint8_t **buf, size_t *len, struct iommu_error *err)
{
	struct stat st;

	if (!f || fstat(fileno(f), &st))
		return iommu_fail(err, -errno, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return iommu_fail(err, -EINVAL, "%s: not a regular file", path);
	if ((uint64_t)st.st_size > MAX_FILE_BYTES)
		return iommu_fail(err, -EFBIG, "%s: too large for a VT-d snapshot", path);
	*buf = malloc((size_t)st.st_size + 1);
	if (!*buf)
		return iommu_fail(err, -ENOMEM, "%s: out of memory", path);
	*len = fread(*buf, 1, (size_t)st.st_size, f);
	return ferror(f) ? iommu_fail(err, -errno, "%s: %s", path, strerror(errno)) : 0;
}

int vtd_snapshot_load(const char *path, struct iommu_snapshot **out, struct iommu_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO is no reason to wait */
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	struct iommu_error why = { "" };
	uint8_t *buf = NULL;
	size_t len = 0;
	int ret;

	*out = NULL;
	ret = read_file(f, path, &buf, &len, err);
	if (f)
		fclose(f);
	if (!ret) {
		ret = vtd_snapshot_parse(buf, len, out, &why);
		if (ret)
			iommu_fail(err, ret, "%s: %s", path, why.text);
	}
	free(buf);
	return ret;
}
