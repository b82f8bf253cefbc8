/* SPDX-License-Identifier: GPL-2.0-only */
/* Snapshots: round trip, exactly the pages reached, atomic files, and hostile files refused. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vtd-test.h"
#include "vtd/backend.h"
#include "vtd/compare.h"
#include "vtd/snapshot.h"

#define SID 0x0008

struct fixture {
	struct tables t;
	uint64_t root, pt, leaf, empty, irt;
	struct iommu_snapshot *s;
	struct vtd_walk_result *r;
	char dir[64], path[128];
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct iommu_snapshot_meta meta = { .phase = "panic", .host_ns = 1234567890123456789 };
	uint64_t regs[VTD_REGS_QWORDS] = { 0 };
	struct iommu_mem mem;
	struct iommu_error err;

	tables_init(&f->t, 64);
	f->root = tables_alloc(&f->t, 1);
	tables_alloc(&f->t, 1); /* a page that nothing refers to */
	f->pt = tables_alloc(&f->t, 1);
	f->empty = tables_alloc(&f->t, 1);
	f->irt = tables_alloc(&f->t, 1);
	tables_legacy(&f->t, f->root, SID, 0, 1, 1, f->pt);
	f->leaf = tables_map(&f->t, f->pt, 3, 1, 0x1000, 0x7000, SL_RW);
	*tables_word(&f->t, f->pt, 9) = f->empty | 3; /* a table without entries */
	*tables_word(&f->t, f->pt, 10) = UINT64_C(0xfed90000) | 3;
	*tables_word(&f->t, f->irt, 0) = 1;
	vtd_regs_set64(regs, VTD_REG_RTADDR, f->root);
	vtd_regs_set64(regs, VTD_REG_IRTA, f->irt | 7);
	vtd_regs_set32(regs, VTD_REG_GSTS, 0xc2000000);
	meta.ram = f->t.ram.layout;
	vtd_iommu.in_force(regs, &meta);
	mem = tables_mem(&f->t);
	assert_int_equal(vtd_snapshot_capture(&mem, regs, &meta, NULL, &f->s, &f->r, &err), 0);
	strcpy(f->dir, "/tmp/vtd-snapshot-test-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->path, sizeof(f->path), "%s/a.vtd", f->dir);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	unlink(f->path);
	rmdir(f->dir);
	vtd_snapshot_free(f->s);
	vtd_walk_free(f->r);
	tables_free(&f->t);
	free(f);
	return 0;
}

static char *print(const struct vtd_walk_result *r)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	vtd_walk_print(r, ~0u, out);
	fclose(out);
	return text;
}

static void exactly_the_pages_reached(void **state)
{
	struct fixture *f = *state;

	/* root, context, three levels, an empty table, the IRT (the lost pointer leads nowhere) */
	assert_int_equal(f->s->n_pages, 7);
	for (size_t i = 0; i < f->s->n_pages; i++) {
		assert_int_not_equal(f->s->pages[i].pa, f->root + 4096);
		assert_int_equal(!f->s->pages[i].data, f->s->pages[i].pa == f->empty);
		if (i)
			assert_true(f->s->pages[i].pa > f->s->pages[i - 1].pa);
	}
}

static void a_round_trip(void **state)
{
	struct fixture *f = *state;
	struct vtd_walk_result *again;
	struct iommu_snapshot *s;
	struct iommu_error err;
	struct stat st;
	char *before, *after;

	assert_int_equal(vtd_snapshot_save(f->s, f->path, &err), 0);
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(vtd_snapshot_load(f->path, &s, &err), 0);
	assert_string_equal(s->meta.phase, "panic");
	assert_int_equal(s->meta.host_ns, 1234567890123456789);
	assert_int_equal(s->meta.root, f->root);
	assert_int_equal(s->meta.irta, f->irt | 7);
	assert_int_equal(s->meta.ram.ram_size, f->t.ram.len);
	assert_false(s->meta.truncated);
	assert_memory_equal(vtd_snapshot_of(s)->regs, vtd_snapshot_of(f->s)->regs, sizeof(vtd_snapshot_of(s)->regs));
	assert_int_equal(vtd_snapshot_walk(s, NULL, &again), 0);
	before = print(f->r);
	after = print(again);
	assert_string_equal(before, after);
	free(before);
	free(after);
	vtd_walk_free(again);
	vtd_snapshot_free(s);
	/* saving again replaces it and leaves nothing else behind: teardown's rmdir would fail */
	assert_int_equal(vtd_snapshot_save(f->s, f->path, &err), 0);
}

static void saving_fails_cleanly(void **state)
{
	struct fixture *f = *state;
	struct iommu_error err;
	char path[160];

	snprintf(path, sizeof(path), "%s/missing/a.vtd", f->dir);
	assert_int_equal(vtd_snapshot_save(f->s, path, &err), -ENOENT);
	assert_non_null(strstr(err.text, path));
	assert_int_not_equal(vtd_snapshot_save(f->s, f->dir, &err), 0); /* a directory */
	assert_int_not_equal(vtd_snapshot_save(f->s, "/proc/self/a.vtd", NULL), 0);
	if (access("/dev/full", W_OK) == 0)
		assert_int_not_equal(vtd_snapshot_save(f->s, "/dev/full/x", &err), 0);
}

static void a_truncated_walk_stays_truncated(void **state)
{
	struct fixture *f = *state;
	struct vtd_walk_options o = { .max_visits = 4 };
	struct iommu_mem mem = tables_mem(&f->t);
	struct vtd_walk_result *r;
	struct iommu_snapshot *s;
	struct iommu_error err;

	assert_int_equal(vtd_snapshot_capture(&mem, vtd_snapshot_of(f->s)->regs, &f->s->meta, &o, &s, NULL, &err), 0);
	assert_true(s->meta.truncated);
	assert_int_equal(vtd_snapshot_walk(s, NULL, &r), 0);
	assert_true(r->base.truncated);
	vtd_walk_free(r);
	vtd_snapshot_free(s);
}

static void changes_are_seen_but_not_accessed_bits(void **state)
{
	struct fixture *f = *state;
	struct iommu_mem mem = tables_mem(&f->t);
	uint64_t which[2] = { 0 };

	assert_int_equal(vtd_snapshot_changed(f->s, &mem, which, 2), 0);
	*tables_word(&f->t, f->leaf, 1) |= VTD_SL_A | VTD_SL_D;
	assert_int_equal(vtd_snapshot_changed(f->s, &mem, which, 2), 0);
	*tables_word(&f->t, f->leaf, 1) ^= VTD_SL_W;
	assert_int_equal(vtd_snapshot_changed(f->s, &mem, which, 2), 1);
	assert_int_equal(which[0], f->leaf);
	*tables_word(&f->t, f->empty, 511) = 1;
	assert_int_equal(vtd_snapshot_changed(f->s, &mem, which, 2), 2);
	assert_int_equal(which[0], f->empty);
	assert_int_equal(which[1], f->leaf);
	/* a context page has no such bits */
	*tables_word(&f->t, f->root, 0) ^= VTD_SL_A;
	assert_int_equal(vtd_snapshot_changed(f->s, &mem, which, 0), 3);
}

/*
 * First-level entries have their accessed bits elsewhere; the caller's own page hook is called too.
 */
static void count_page(void *ctx, uint64_t pa, enum vtd_table_kind kind, unsigned level, const void *page)
{
	size_t *pages = ctx;

	(void)pa;
	(void)level;
	assert_non_null(page);
	*pages += kind == VTD_TABLE_FIRST_LEVEL;
}

/* The same pages at another time: it walks like them, and shows what has changed. */
static void pages_are_read_again(void **state)
{
	struct fixture *f = *state;
	struct iommu_mem mem = tables_mem(&f->t), then;
	struct iommu_snapshot none = { .n_pages = 0 }, *again, *empty;
	struct vtd_walk_result *r;
	uint64_t first = 0;

	assert_int_equal(vtd_snapshot_reread(f->s, &mem, "later", &again, NULL), 0);
	assert_string_equal(again->meta.phase, "later");
	assert_int_equal(again->n_pages, f->s->n_pages);
	for (size_t i = 0; i < again->n_pages; i++) {
		assert_int_equal(again->pages[i].pa, f->s->pages[i].pa);
		assert_int_equal(again->pages[i].kind, f->s->pages[i].kind);
	}
	then = iommu_snapshot_mem(again);
	assert_int_equal(vtd_snapshot_changed(f->s, &then, NULL, 0), 0);
	assert_int_equal(vtd_snapshot_walk(again, NULL, &r), 0);
	assert_true(r->base.leaves > 0);
	vtd_walk_free(r);
	vtd_snapshot_free(again);

	*tables_word(&f->t, f->leaf, 1) ^= VTD_SL_W;
	assert_int_equal(vtd_snapshot_reread(f->s, &mem, "later", &again, NULL), 0);
	then = iommu_snapshot_mem(again);
	assert_int_equal(vtd_snapshot_changed(f->s, &then, &first, 1), 1);
	assert_int_equal(first, f->leaf);
	vtd_snapshot_free(again);

	/* pages that are gone are left out, and nothing is known of them */
	then = iommu_snapshot_mem(&none);
	assert_int_equal(vtd_snapshot_reread(f->s, &then, "gone", &empty, NULL), 0);
	assert_int_equal(empty->n_pages, 0);
	then = iommu_snapshot_mem(empty);
	assert_int_equal(vtd_snapshot_changed(f->s, &then, NULL, 0), 0);
	vtd_snapshot_free(empty);
}

static void first_level_accessed_bits(void **state)
{
	struct fixture *f = *state;
	size_t pages = 0;
	struct vtd_walk_options o = { .on_page = count_page, .on_page_ctx = &pages };
	struct iommu_snapshot_meta meta = f->s->meta;
	struct iommu_mem mem = tables_mem(&f->t);
	uint64_t pt = tables_alloc(&f->t, 1), leaf;
	struct iommu_snapshot *s;

	meta.root = tables_alloc(&f->t, 1);
	meta.mode = VTD_TTM_SCALABLE;
	tables_pasid(&f->t, tables_scalable(&f->t, meta.root, SID, 0, 0, 0), 0, VTD_PGTT_FIRST_LEVEL, 0, 1, 0, 0, pt);
	leaf = tables_map(&f->t, pt, 4, 1, 0x1000, 0x7000, FL_RW);
	assert_int_equal(vtd_snapshot_capture(&mem, vtd_snapshot_of(f->s)->regs, &meta, &o, &s, NULL, NULL), 0);
	assert_int_equal(pages, 4);
	*tables_word(&f->t, leaf, 1) |= VTD_FL_A | VTD_FL_D | VTD_FL_EA;
	assert_int_equal(vtd_snapshot_changed(s, &mem, NULL, 0), 0);
	*tables_word(&f->t, leaf, 1) ^= VTD_FL_RW;
	assert_int_equal(vtd_snapshot_changed(s, &mem, NULL, 0), 1);
	vtd_snapshot_free(s);
}

static uint8_t *read_all(const char *path, size_t *len)
{
	FILE *in = fopen(path, "rb");
	uint8_t *buf = malloc(1 << 20);

	*len = fread(buf, 1, 1 << 20, in);
	fclose(in);
	return buf;
}

static int parse(const uint8_t *buf, size_t len)
{
	struct iommu_snapshot *s;
	struct iommu_error err = { "" };
	int ret = vtd_snapshot_parse(buf, len, &s, &err);

	if (ret) {
		assert_null(s);
		assert_int_not_equal(err.text[0], 0);
	} else {
		struct vtd_walk_result *r;

		assert_int_equal(vtd_snapshot_walk(s, NULL, &r), 0);
		vtd_walk_free(r);
		vtd_snapshot_free(s);
	}
	return ret;
}

static void damaged_files_are_refused(void **state)
{
	struct fixture *f = *state;
	uint64_t seed = 3;
	uint8_t *buf;
	size_t len;

	assert_int_equal(vtd_snapshot_save(f->s, f->path, NULL), 0);
	buf = read_all(f->path, &len);
	assert_int_equal(parse(buf, len), 0);
	for (size_t cut = 0; cut < len; cut += cut < 2000 ? 1 : 997)
		assert_int_equal(parse(buf, cut), -EINVAL);
	for (unsigned i = 0; i < 3000; i++) {
		size_t at = i < 900 ? i : tables_random(&seed) % len;
		uint8_t bit = (uint8_t)(1 << (tables_random(&seed) & 7));

		buf[at] ^= bit;
		assert_int_equal(parse(buf, len), -EINVAL);
		buf[at] ^= bit;
	}
	assert_int_equal(parse(buf, len), 0);
	free(buf);
}

/* The checksum of the format, written down a second time, to reach what lies behind it. */
static void reseal(uint8_t *buf, size_t len)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325), word;

	memset(buf + 24, 0, 8);
	for (size_t i = 0; i + 8 <= len; i += 8) {
		memcpy(&word, buf + i, 8);
		h = (h ^ word) * UINT64_C(0x100000001b3);
		h ^= h >> 32;
	}
	memcpy(buf + 24, &h, 8);
}

static void put32(uint8_t *buf, size_t at, uint32_t v)
{
	memcpy(buf + at, &v, 4);
}

static void put64(uint8_t *buf, size_t at, uint64_t v)
{
	memcpy(buf + at, &v, 8);
}

static void lies_with_a_good_checksum_are_refused(void **state)
{
	enum { INDEX = 160 + VTD_REGS_QWORDS * 8 };
	static const struct {
		size_t at;
		uint64_t value;
		bool wide;
	} lies[] = {
		{ 0, 0, false },   /* magic */
		{ 8, 2, false },   /* version */
		{ 12, 2, false },  /* flags */
		{ 16, 1, true },   /* file size */
		{ 32, 4, false },  /* mode */
		{ 36, 71, false }, /* registers */
		{ 88, 8, false },  /* pages */
		{ 88, 0xffffffff, false },
		{ 92, 5, false }, /* contents */
		{ 92, 0xffffffff, false },
		{ 96, 0x1b, false },	    /* phase: escape character */
		{ 156, 0x41414141, false }, /* phase: not terminated */
		{ INDEX, 0x1001, true },    /* address not aligned */
		{ INDEX, UINT64_C(1) << 60, true },
		{ INDEX + 16, 0x1000, true },	   /* not ascending */
		{ INDEX + 8, 7, false },	   /* kind */
		{ INDEX + 12, 1, false },	   /* contents out of order */
		{ INDEX + 12, 0xffffffff, false }, /* one content too many then */
	};
	struct fixture *f = *state;
	uint8_t *buf, *copy;
	size_t len;

	assert_int_equal(vtd_snapshot_save(f->s, f->path, NULL), 0);
	buf = read_all(f->path, &len);
	copy = malloc(len);
	reseal(buf, len);
	assert_int_equal(parse(buf, len), 0);
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		memcpy(copy, buf, len);
		if (lies[i].wide)
			put64(copy, lies[i].at, lies[i].value);
		else
			put32(copy, lies[i].at, (uint32_t)lies[i].value);
		reseal(copy, len);
		if (parse(copy, len) != -EINVAL)
			fail_msg("lie %zu was believed", i);
	}
	/* random bytes behind a good checksum: accepted or not, never a crash */
	for (uint64_t i = 0, seed = 9; i < 3000; i++) {
		memcpy(copy, buf, len);
		for (unsigned k = 0; k < 1 + i % 8; k++)
			copy[tables_random(&seed) % (i & 1 ? len : INDEX + 112)] = (uint8_t)tables_random(&seed);
		reseal(copy, len);
		parse(copy, len);
	}
	free(copy);
	free(buf);
}

static void files_that_are_none(void **state)
{
	struct fixture *f = *state;
	struct iommu_snapshot *s;
	struct iommu_error err;

	assert_int_equal(vtd_snapshot_load("/nonexistent/x.vtd", &s, &err), -ENOENT);
	assert_int_equal(vtd_snapshot_load(f->dir, &s, &err), -EINVAL);
	assert_int_equal(vtd_snapshot_load("/dev/zero", &s, &err), -EINVAL);
	assert_int_equal(vtd_snapshot_load("/proc/self/exe", &s, &err), -EINVAL);
	assert_null(s);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(exactly_the_pages_reached),
		CASE(a_round_trip),
		CASE(saving_fails_cleanly),
		CASE(a_truncated_walk_stays_truncated),
		CASE(changes_are_seen_but_not_accessed_bits),
		CASE(pages_are_read_again),
		CASE(first_level_accessed_bits),
		CASE(damaged_files_are_refused),
		CASE(lies_with_a_good_checksum_are_refused),
		CASE(files_that_are_none),
	};

	return cmocka_run_group_tests_name("vtd-snapshot", tests, NULL, NULL);
}
