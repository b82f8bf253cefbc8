/* SPDX-License-Identifier: GPL-2.0-only */
/* What host and guest agree on: the disk pattern and the marked frames, byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "channel.h"

/* The first outputs of the published generator for the seed 0. */
static void test_splitmix64(void **state)
{
	(void)state;
	assert_true(channel_splitmix64(0) == UINT64_C(0xe220a8397b1dcdaf));
	assert_true(channel_splitmix64(UINT64_C(0x9e3779b97f4a7c15)) == UINT64_C(0x6e789e6aa1b965f4));
}

static void test_disk_pattern(void **state)
{
	uint8_t sector[CHANNEL_SECTOR];

	(void)state;
	channel_disk_fill(sector, 0x1234);
	assert_memory_equal(sector, "\x00!BALTDV", 8);
	assert_memory_equal(sector + 8, "\x34\x12\0\0\0\0\0\0", 8);
	assert_true(channel_get_le64(sector + 16) == channel_splitmix64(0x1234 * 64 + 2));
	assert_true(channel_get_le64(sector + 504) == channel_splitmix64(0x1234 * 64 + 63));
	assert_true(channel_disk_check(sector, 0x1234));
	assert_false(channel_disk_check(sector, 0x1235));
	for (size_t i = 0; i < sizeof(sector); i++) {
		sector[i] ^= 1;
		assert_false(channel_disk_check(sector, 0x1234));
		sector[i] ^= 1;
	}
}

/* What the guest writes is told from what was there, and from what another run wrote. */
static void test_disk_written(void **state)
{
	uint8_t one[CHANNEL_SECTOR], other[CHANNEL_SECTOR];

	(void)state;
	channel_disk_fill_written(one, 9, 1);
	channel_disk_fill_written(other, 9, 2);
	assert_false(channel_disk_check(one, 9));
	for (size_t k = 2; k < 64; k++)
		assert_memory_not_equal(one + 8 * k, other + 8 * k, 8);
}

static void test_frame_layout(void **state)
{
	static const uint8_t host[6] = CHANNEL_HOST_MAC;
	const struct channel_frame f = { "RUNMAGIC", 0x01020304, CHANNEL_KIND_CANARY };
	uint8_t frame[CHANNEL_FRAME_LEN];

	(void)state;
	assert_int_equal(CHANNEL_FRAME_LEN, 270);
	channel_frame_fill(frame, host, &f);
	assert_memory_equal(frame, "\xff\xff\xff\xff\xff\xff\x52\x56\x54\x44\x00\x01\x88\xb5", 14);
	assert_memory_equal(frame + 14,
			    "RUNMAGIC\x01\x02\x03\x04"
			    "C\0\0\0",
			    16);
	for (int at = 30; at < CHANNEL_FRAME_LEN; at += 8)
		assert_memory_equal(frame + at, "\0\0\0\0\x01\x02\x03\x04", 8);
}

static void test_frame_parse(void **state)
{
	static const uint8_t mac[6] = CHANNEL_HOST_MAC;
	const struct channel_frame f = { "RUNMAGIC", 77, CHANNEL_KIND_FROM_HOST };
	uint8_t frame[CHANNEL_FRAME_LEN + 4] = { 0 };
	struct channel_frame got;

	(void)state;
	channel_frame_fill(frame, mac, &f);
	assert_int_equal(channel_frame_parse(frame, CHANNEL_FRAME_LEN, &got), CHANNEL_FRAME_GOOD);
	assert_memory_equal(got.magic, f.magic, CHANNEL_MAGIC_LEN);
	assert_int_equal(got.seq, 77);
	assert_int_equal(got.kind, 'R');
	assert_int_equal(channel_frame_parse(frame, sizeof(frame), &got), CHANNEL_FRAME_GOOD);
	for (size_t at = CHANNEL_ETH_HEADER + 13; at < CHANNEL_FRAME_LEN; at++) {
		frame[at] ^= 0x80;
		assert_int_equal(channel_frame_parse(frame, CHANNEL_FRAME_LEN, &got), CHANNEL_FRAME_BAD);
		frame[at] ^= 0x80;
	}
	for (size_t len = 0; len < CHANNEL_FRAME_LEN; len++) {
		uint8_t *cut = malloc(len + !len);

		memcpy(cut, frame, len);
		assert_int_equal(channel_frame_parse(cut, len, &got),
				 len < 27 ? CHANNEL_FRAME_FOREIGN : CHANNEL_FRAME_BAD);
		free(cut);
	}
	frame[CHANNEL_ETH_HEADER + 12] = 'X';
	assert_int_equal(channel_frame_parse(frame, CHANNEL_FRAME_LEN, &got), CHANNEL_FRAME_FOREIGN);
	channel_frame_fill(frame, mac, &f);
	frame[13] = 0;
	assert_int_equal(channel_frame_parse(frame, CHANNEL_FRAME_LEN, &got), CHANNEL_FRAME_FOREIGN);
}

static void test_dma_block(void **state)
{
	uint8_t block[CHANNEL_DMA_BYTES], other[CHANNEL_DMA_BYTES];

	(void)state;
	channel_dma_fill(block, 5);
	assert_memory_equal(block, "!UDELTDV", 8);
	assert_int_equal(channel_get_le64(block + 8), 5);
	assert_int_equal(channel_get_le64(block + 16), channel_splitmix64(5 * 128 + 2));
	assert_int_equal(channel_get_le64(block + CHANNEL_DMA_BYTES - 8), channel_splitmix64(5 * 128 + 127));
	channel_dma_fill(other, 6);
	for (size_t at = 8; at < CHANNEL_DMA_BYTES; at += 8)
		assert_true(channel_get_le64(block + at) != channel_get_le64(other + at));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_splitmix64),   cmocka_unit_test(test_disk_pattern),
		cmocka_unit_test(test_disk_written), cmocka_unit_test(test_frame_layout),
		cmocka_unit_test(test_frame_parse),  cmocka_unit_test(test_dma_block),
	};

	return cmocka_run_group_tests_name("channel", tests, NULL, NULL);
}
