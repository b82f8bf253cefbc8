/* SPDX-License-Identifier: GPL-2.0-only */
/* The q35 map on both sides of the hole, reading and writing, searching, and the disk pattern. */
#include "machine-test.h"

#include "channel.h"
#include "machine/disk.h"
#include "machine/ram.h"

#define GIB (UINT64_C(1) << 30)

static void test_low(void **state)
{
	(void)state;
	assert_true(ram_q35_low(GIB) == GIB);
	assert_true(ram_q35_low(UINT64_C(0xb0000000) - 4096) == UINT64_C(0xb0000000) - 4096);
	assert_true(ram_q35_low(UINT64_C(0xb0000000)) == 2 * GIB);
	assert_true(ram_q35_low(8 * GIB) == 2 * GIB);
}

static void test_map(void **state)
{
	/* no memory behind it: only the map is asked */
	struct ram small = { .fd = -1, .size = GIB, .low = GIB };
	struct ram big = { .fd = -1, .size = 4 * GIB, .low = 2 * GIB };
	uint64_t at;

	(void)state;
	assert_true(ram_offset(&small, 0, 4096, &at) && at == 0);
	assert_true(ram_offset(&small, GIB - 4096, 4096, &at) && at == GIB - 4096);
	assert_false(ram_offset(&small, GIB - 4096, 4097, &at));
	assert_false(ram_offset(&small, GIB, 1, &at));
	assert_false(ram_offset(&small, 4 * GIB, 1, &at));
	assert_false(ram_offset(&small, UINT64_MAX, 1, &at));
	assert_false(ram_offset(&small, 16, UINT64_MAX, &at));

	assert_true(ram_offset(&big, 2 * GIB - 1, 1, &at) && at == 2 * GIB - 1);
	assert_false(ram_offset(&big, 2 * GIB - 8, 16, &at));
	assert_false(ram_offset(&big, 2 * GIB, 1, &at));
	assert_false(ram_offset(&big, 3 * GIB, 1, &at));
	assert_false(ram_offset(&big, 4 * GIB - 1, 1, &at));
	assert_true(ram_offset(&big, 4 * GIB, 1, &at) && at == 2 * GIB);
	assert_true(ram_offset(&big, 6 * GIB - 1, 1, &at) && at == 4 * GIB - 1);
	assert_false(ram_offset(&big, 6 * GIB - 1, 2, &at));
	assert_false(ram_offset(&big, UINT64_MAX - 4095, 4096, &at));
	assert_true(ram_address(&big, 0) == 0 && ram_address(&big, 2 * GIB) == 4 * GIB);
	assert_true(ram_address(&big, 4 * GIB - 1) == 6 * GIB - 1);
}

static bool note(uint64_t pa, void *data)
{
	g_array_append_val((GArray *)data, pa);
	return ((GArray *)data)->len < 100;
}

static void test_scan(void **state)
{
	GArray *hits = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	struct ram r;
	char page[4096];

	(void)state;
	/* 4 GiB of nothing costs nothing */
	assert_true(ram_init(&r, ram_file(4 * GIB, NULL), 4 * GIB, NULL));
	assert_true(ram_touched(&r) == 0);
	assert_int_equal(ram_scan(&r, "needle!!", 8, note, hits), 0);
	assert_int_equal(ram_write(&r, 0x12345, "needle!!", 8), 0);
	/* over a page border, and above the hole */
	assert_int_equal(ram_write(&r, 0x40000ffd, "needle!!", 8), 0);
	assert_int_equal(ram_write(&r, 5 * GIB, "needle!!", 8), 0);
	/* half before and half behind the hole in the file is no match */
	assert_int_equal(ram_write(&r, 2 * GIB - 4, "need", 4), 0);
	assert_int_equal(ram_write(&r, 4 * GIB, "le!!", 4), 0);
	assert_int_equal(ram_write(&r, 3 * GIB, "needle!!", 8), -1);
	assert_int_equal(ram_scan(&r, "needle!!", 8, note, hits), 3);
	assert_true(g_array_index(hits, uint64_t, 0) == 0x12345);
	assert_true(g_array_index(hits, uint64_t, 1) == 0x40000ffd);
	assert_true(g_array_index(hits, uint64_t, 2) == 5 * GIB);
	assert_true(ram_touched(&r) < (1 << 20));
	/* overlaps are reported, the callback ends the scan, zeroes are no needle */
	memset(page, 'z', sizeof(page));
	assert_int_equal(ram_write(&r, 0x200000, page, sizeof(page)), 0);
	g_array_set_size(hits, 0);
	assert_int_equal(ram_scan(&r, "zz", 2, note, hits), 100);
	assert_true(g_array_index(hits, uint64_t, 1) == 0x200001);
	assert_int_equal(ram_scan(&r, "zz", 2, NULL, NULL), 4095);
	assert_int_equal(ram_scan(&r, "\0\0\0", 3, note, hits), -1);
	assert_int_equal(ram_scan(&r, "", 0, note, hits), -1);
	assert_int_equal(ram_read(&r, 0x200000, page, 8), 0);
	assert_memory_equal(page, "zzzzzzzz", 8);
	/* the child cannot shrink it under us */
	assert_true(ftruncate(r.fd, 4096) < 0);
	ram_clear(&r);
	ram_clear(&r);
	g_array_free(hits, TRUE);
}

/* Sectors that are not those of the pattern at byte @offset. */
static uint64_t pattern_errors(const char *data, uint64_t len, uint64_t offset)
{
	uint64_t bad = 0;

	for (uint64_t at = 0; at < len; at += CHANNEL_SECTOR)
		bad += !channel_disk_check((const uint8_t *)data + at, (offset + at) / CHANNEL_SECTOR);
	return bad;
}

static void test_disk(void **state)
{
	char *dir = test_dir(), *path = g_build_filename(dir, "disk.img", NULL), *data;
	g_autofree char *hashes = g_build_filename(dir, "hashes", NULL);
	const uint64_t size = 1 << 20;
	GError *error = NULL;
	struct stat before, after;
	gsize len;

	(void)state;
	assert_true(disk_pattern_ensure(path, size, &error));
	assert_true(g_file_get_contents(path, &data, &len, NULL));
	assert_true(len == size);
	assert_true(pattern_errors(data, len, 0) == 0);
	assert_true(pattern_errors(data, len, 512) == len / 512);
	data[5000] ^= 1;
	assert_true(pattern_errors(data, len, 0) == 1);
	/* reused as it is */
	assert_int_equal(g_stat(path, &before), 0);
	assert_true(disk_pattern_ensure(path, size, &error));
	assert_int_equal(g_stat(path, &after), 0);
	assert_true(before.st_ino == after.st_ino);
	/* looked through once, and so that it was is kept, until it is written to */
	assert_true(g_file_test(hashes, G_FILE_TEST_IS_DIR));
	/* one damaged bit anywhere, a wrong size: made anew */
	assert_true(g_file_set_contents(path, data, (gssize)len, NULL));
	assert_true(disk_pattern_ensure(path, size, &error));
	g_free(data);
	assert_true(g_file_get_contents(path, &data, &len, NULL));
	assert_true(len == size && pattern_errors(data, len, 0) == 0);
	g_free(data);
	assert_true(disk_pattern_ensure(path, 2 * size, &error));
	assert_true(g_file_get_contents(path, &data, &len, NULL));
	assert_true(len == 2 * size && pattern_errors(data, len, 0) == 0);
	g_free(data);
	assert_false(disk_pattern_ensure("/proc/no/such", size, &error));
	assert_non_null(error);
	g_clear_error(&error);
	g_free(path);
	test_dir_remove(dir);
}

#define SOME (UINT64_C(64) << 20)

/* What is filled is what was there, pages of zeros need no place, and each bit counts. */
static void test_fill(void **state)
{
	GError *error = NULL;
	char *dir = test_dir(), *path = g_build_filename(dir, "ram", NULL);
	struct ram from, to, third;
	uint32_t sum;
	int fd;

	(void)state;
	assert_true(ram_init(&from, ram_file(SOME, NULL), SOME, NULL));
	memset(from.base + 4096, 0x5a, 3 * 4096);
	memset(from.base + 8192, 0, 4096);
	from.base[SOME - 1] = 1;
	fd = open(path, O_RDWR | O_CREAT, 0600);
	assert_int_equal(ftruncate(fd, SOME), 0);
	assert_int_equal(pwrite(fd, from.base, 5 * 4096, 0), 5 * 4096);
	assert_int_equal(pwrite(fd, "\1", 1, SOME - 1), 1);

	assert_true(ram_init(&to, ram_file(SOME, NULL), SOME, NULL));
	assert_true(ram_fill(&to, fd, &sum, &error));
	/* (a look at a page gives it a place) */
	assert_true(ram_touched(&to) <= 16 * 4096);
	assert_true(sum == ram_sum(&from) && sum == ram_sum(&to));
	assert_memory_equal(to.base, from.base, SOME);
	/* unsummed, the same */
	assert_true(ram_init(&third, ram_file(SOME, NULL), SOME, NULL));
	assert_true(ram_fill(&third, fd, NULL, &error));
	assert_memory_equal(third.base, from.base, SOME);
	ram_clear(&third);

	/* a bit, a page that has moved, one that has gone */
	assert_true(ram_init(&third, ram_file(SOME, NULL), SOME, NULL));
	assert_int_equal(pwrite(fd, "\x5b", 1, 4096 + 77), 1);
	assert_true(ram_fill(&third, fd, &sum, &error));
	assert_true(sum != ram_sum(&from));
	ram_clear(&third);
	memcpy(to.base + 8192, to.base + 4096, 4096);
	memset(to.base + 4096, 0, 4096);
	assert_true(ram_sum(&to) != ram_sum(&from));
	memset(to.base + 8192, 0, 4096);
	assert_true(ram_sum(&to) != ram_sum(&from));

	assert_int_equal(ftruncate(fd, SOME - 4096), 0);
	assert_false(ram_fill(&to, fd, &sum, &error));
	assert_non_null(strstr(error->message, "no RAM of 64 MiB"));
	g_clear_error(&error);
	close(fd);
	ram_clear(&from);
	ram_clear(&to);
	g_free(path);
	test_dir_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_low),  cmocka_unit_test(test_map),  cmocka_unit_test(test_scan),
		cmocka_unit_test(test_disk), cmocka_unit_test(test_fill),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
