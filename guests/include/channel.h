/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the host and the agent in the guest must agree on: the channel's limits, the data pattern
 * on the disk, and the layout of the marked frames. Plain C, static inline, no libc calls beyond
 * memcpy: the one header that guests and host tools share.
 */
#ifndef VTDLAB_CHANNEL_H
#define VTDLAB_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * The channel: JSON, one object a line, over the second UART, polled by the guest.
 *
 *   guest  {"hello":1,"stage":"first"|"crash","release":..,"cmdline":..,"uptime_ns":..,"pid":1}
 *   host   {"id":N,"cmd":"name",...}
 *   guest  {"id":N,"ok":true,"t_ns":..,...}  or  {"id":N,"ok":false,"t_ns":..,"error":"one line"}
 *
 * One command at a time, answered once. A line that was no command is answered with "id":null.
 * Bytes before the first '{' of a line, and lines without one, are noise (a kernel that probes its
 * UARTs) and are to be skipped. Addresses are strings "0x..", byte strings lowercase hex.
 */
#define CHANNEL_VERSION 1

/** Longest line the host may send, the '\n' included, in bytes. */
#define CHANNEL_HOST_LINE_MAX 4096
/** Longest line the guest may send, the '\n' included, in bytes. */
#define CHANNEL_GUEST_LINE_MAX 65536

/** First I/O port of the UART of the channel (COM2). */
#define CHANNEL_UART_PORT 0x2f8

#define CHANNEL_STAGE_FIRST "first"
#define CHANNEL_STAGE_CRASH "crash"

/** splitmix64: the well-known 64-bit mixer; @x is the state before the step. */
static inline uint64_t channel_splitmix64(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

static inline void channel_put_le64(uint8_t *p, uint64_t v)
{
	for (int i = 0; i < 8; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

static inline uint64_t channel_get_le64(const uint8_t *p)
{
	uint64_t v = 0;

	for (int i = 7; i >= 0; i--)
		v = v << 8 | p[i];
	return v;
}

static inline void channel_put_be64(uint8_t *p, uint64_t v)
{
	for (int i = 0; i < 8; i++)
		p[i] = (uint8_t)(v >> (56 - 8 * i));
}

static inline uint64_t channel_get_be64(const uint8_t *p)
{
	uint64_t v = 0;

	for (int i = 0; i < 8; i++)
		v = v << 8 | p[i];
	return v;
}

static inline void channel_put_be32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static inline uint32_t channel_get_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/*
 * The disk. Each 512-byte sector of the image is 64 little-endian words: word 0 the magic, word 1
 * the LBA, word k (2..63) splitmix64(LBA * 64 + k). A sector that the guest wrote has the other
 * magic and a salt in its words, so that finding the old data there is never taken for success.
 */
#define CHANNEL_SECTOR 512
#define CHANNEL_DISK_MAGIC UINT64_C(0x5644544c41422100)
#define CHANNEL_DISK_MAGIC_WRITTEN UINT64_C(0x5644544c41422157)

/** Word @k (0..63) of sector @lba of the image. */
static inline uint64_t channel_disk_word(uint64_t lba, unsigned int k)
{
	if (k == 0)
		return CHANNEL_DISK_MAGIC;
	return k == 1 ? lba : channel_splitmix64(lba * 64 + k);
}

/** Fill @buf (CHANNEL_SECTOR bytes) with what the image holds at @lba. */
static inline void channel_disk_fill(uint8_t *buf, uint64_t lba)
{
	for (unsigned int k = 0; k < 64; k++)
		channel_put_le64(buf + 8 * k, channel_disk_word(lba, k));
}

/** Does @buf (CHANNEL_SECTOR bytes) hold what the image holds at @lba? */
static inline bool channel_disk_check(const uint8_t *buf, uint64_t lba)
{
	for (unsigned int k = 0; k < 64; k++)
		if (channel_get_le64(buf + 8 * k) != channel_disk_word(lba, k))
			return false;
	return true;
}

/** Fill @buf (CHANNEL_SECTOR bytes) with what the guest writes at @lba in a run with @salt. */
static inline void channel_disk_fill_written(uint8_t *buf, uint64_t lba, uint64_t salt)
{
	channel_put_le64(buf, CHANNEL_DISK_MAGIC_WRITTEN);
	channel_put_le64(buf + 8, lba);
	channel_put_le64(buf + 16, salt);
	for (unsigned int k = 3; k < 64; k++)
		channel_put_le64(buf + 8 * k, channel_splitmix64((lba * 64 + k) ^ salt));
}

/*
 * What the edu device moves: CHANNEL_DMA_BYTES, 128 little-endian words: word 0 the magic, word 1 the
 * number of the transfer, word k (2..127) splitmix64(number * 128 + k).
 */
#define CHANNEL_DMA_BYTES 1024
#define CHANNEL_DMA_MAGIC UINT64_C(0x5644544c45445521)

/** Fill @buf (CHANNEL_DMA_BYTES bytes) with transfer number @seq. */
static inline void channel_dma_fill(uint8_t *buf, uint64_t seq)
{
	channel_put_le64(buf, CHANNEL_DMA_MAGIC);
	channel_put_le64(buf + 8, seq);
	for (unsigned int k = 2; k < CHANNEL_DMA_BYTES / 8; k++)
		channel_put_le64(buf + 8 * k, channel_splitmix64(seq * 128 + k));
}

/*
 * Marked frames. An Ethernet header (14 bytes), then 256 bytes of payload:
 *
 *   0   8 bytes  magic of the run, random
 *   8   u32 be   sequence number
 *   12  1 byte   kind: 'C' canary (host to guest, the DMA in flight), 'T' guest to host and
 *                'R' host to guest (net-exchange)
 *   13  3 bytes  zero
 *   16  30 times u64 be: the sequence number, so that a part of a frame in RAM still names it
 */
#define CHANNEL_ETHERTYPE 0x88b5
#define CHANNEL_ETH_HEADER 14
#define CHANNEL_MAGIC_LEN 8
#define CHANNEL_PAYLOAD_LEN 256
#define CHANNEL_FRAME_LEN (CHANNEL_ETH_HEADER + CHANNEL_PAYLOAD_LEN)

#define CHANNEL_KIND_CANARY 'C'
#define CHANNEL_KIND_FROM_GUEST 'T'
#define CHANNEL_KIND_FROM_HOST 'R'

/** Source address of the frames that the host sends. */
#define CHANNEL_HOST_MAC                           \
	{                                          \
		0x52, 0x56, 0x54, 0x44, 0x00, 0x01 \
	}

/** What a marked frame says. */
struct channel_frame {
	uint8_t magic[CHANNEL_MAGIC_LEN];
	uint32_t seq;
	char kind;
};

/** Write the payload of @f (CHANNEL_PAYLOAD_LEN bytes) to @payload. */
static inline void channel_payload_fill(uint8_t *payload, const struct channel_frame *f)
{
	memcpy(payload, f->magic, CHANNEL_MAGIC_LEN);
	channel_put_be32(payload + 8, f->seq);
	payload[12] = (uint8_t)f->kind;
	memset(payload + 13, 0, 3);
	for (int at = 16; at < CHANNEL_PAYLOAD_LEN; at += 8)
		channel_put_be64(payload + at, f->seq);
}

/** Write the whole broadcast frame of @f from address @src (6 bytes): CHANNEL_FRAME_LEN bytes. */
static inline void channel_frame_fill(uint8_t *frame, const uint8_t *src, const struct channel_frame *f)
{
	memset(frame, 0xff, 6);
	memcpy(frame + 6, src, 6);
	frame[12] = CHANNEL_ETHERTYPE >> 8;
	frame[13] = CHANNEL_ETHERTYPE & 0xff;
	channel_payload_fill(frame + CHANNEL_ETH_HEADER, f);
}

enum channel_frame_state {
	CHANNEL_FRAME_FOREIGN, /* not ours: another ethertype, too short, unknown kind */
	CHANNEL_FRAME_BAD,     /* ours by its header, with a damaged body */
	CHANNEL_FRAME_GOOD,
};

/**
 * Read @len bytes of an Ethernet frame into @f (set unless FOREIGN). Whether the magic is the
 * run's is for the caller to say. Longer frames are accepted: the rest is not looked at.
 */
static inline enum channel_frame_state channel_frame_parse(const uint8_t *frame, size_t len, struct channel_frame *f)
{
	const uint8_t *p = frame + CHANNEL_ETH_HEADER;

	if (len < CHANNEL_ETH_HEADER + 13 || frame[12] != CHANNEL_ETHERTYPE >> 8 ||
	    frame[13] != (CHANNEL_ETHERTYPE & 0xff))
		return CHANNEL_FRAME_FOREIGN;
	if (p[12] != CHANNEL_KIND_CANARY && p[12] != CHANNEL_KIND_FROM_GUEST && p[12] != CHANNEL_KIND_FROM_HOST)
		return CHANNEL_FRAME_FOREIGN;
	memcpy(f->magic, p, CHANNEL_MAGIC_LEN);
	f->seq = channel_get_be32(p + 8);
	f->kind = (char)p[12];
	if (len < CHANNEL_FRAME_LEN || p[13] || p[14] || p[15])
		return CHANNEL_FRAME_BAD;
	for (int at = 16; at < CHANNEL_PAYLOAD_LEN; at += 8)
		if (channel_get_be64(p + at) != f->seq)
			return CHANNEL_FRAME_BAD;
	return CHANNEL_FRAME_GOOD;
}

#endif
