/* SPDX-License-Identifier: GPL-2.0-only */
/* QEMU's edu device: a DMA engine with one buffer of its own, driven by four registers. */
#include "dma.h"
#include "channel.h"

#include <string.h>

enum {
	EDU_ID = 0x00,
	EDU_DMA_FROM = 0x80,
	EDU_DMA_TO = 0x88,
	EDU_DMA_COUNT = 0x90,
	EDU_DMA_COMMAND = 0x98,
	EDU_BUFFER = 0x40000,
};

#define EDU_ID_MASK 0xffu
#define EDU_ID_VALUE 0xedu
#define COMMAND_START UINT64_C(1)
#define COMMAND_TO_MEMORY UINT64_C(2)
#define SLEEP_MS 5
#define HANG_NS INT64_C(30000000000)

static uint64_t get_register(const struct edu *e, unsigned int at)
{
	return *(volatile uint64_t *)(e->bar + at);
}

static void put_register(const struct edu *e, unsigned int at, uint64_t value)
{
	*(volatile uint64_t *)(e->bar + at) = value;
}

void edu_open(struct edu *e, struct vfio *v)
{
	uint32_t id;
	size_t len;

	memset(e, 0, sizeof(*e));
	vfio_enable(v);
	e->bar = vfio_region(v, 0, &len);
	if (len < EDU_BUFFER)
		die("the BAR of %s has only %zu bytes", v->bdf, len);
	/* below the DMA registers only accesses of four bytes are answered */
	id = *(volatile uint32_t *)(e->bar + EDU_ID);
	if ((id & EDU_ID_MASK) != EDU_ID_VALUE)
		die("%s does not answer as edu: its id register says 0x%x", v->bdf, id);
}

static void transfer(const struct edu *e, uint64_t from, uint64_t to, uint64_t command)
{
	int64_t start = now_ns();

	put_register(e, EDU_DMA_FROM, from);
	put_register(e, EDU_DMA_TO, to);
	put_register(e, EDU_DMA_COUNT, CHANNEL_DMA_BYTES);
	put_register(e, EDU_DMA_COMMAND, command | COMMAND_START);
	while (get_register(e, EDU_DMA_COMMAND) & COMMAND_START) {
		if (now_ns() - start > HANG_NS)
			die("edu did not finish a DMA within %d s", (int)(HANG_NS / 1000000000));
		sleep_ms(SLEEP_MS);
	}
}

int edu_round(struct edu *e, const struct spot *from, const struct spot *to)
{
	e->seq++;
	memset(to->at, 0, CHANNEL_DMA_BYTES);
	channel_dma_fill(from->at, e->seq);
	transfer(e, from->iova, EDU_BUFFER, 0);
	transfer(e, EDU_BUFFER, to->iova, COMMAND_TO_MEMORY);
	e->moved++;
	if (!memcmp(from->at, to->at, CHANNEL_DMA_BYTES))
		return 0;
	e->bad++;
	return -1;
}
