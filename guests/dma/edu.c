/* SPDX-License-Identifier: GPL-2.0-only */
/* The edu device by its mapped registers. */
#include "dma.h"
#include "channel.h"
#include "edu.h"

#include <string.h>

#define SLEEP_MS 5
#define HANG_MS 30000

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
	struct wait wait = wait_for_ms(HANG_MS);

	put_register(e, EDU_DMA_SRC, from);
	put_register(e, EDU_DMA_DST, to);
	put_register(e, EDU_DMA_COUNT, CHANNEL_DMA_BYTES);
	put_register(e, EDU_DMA_CMD, command | EDU_CMD_START);
	while (get_register(e, EDU_DMA_CMD) & EDU_CMD_START) {
		if (!wait_goes_on(&wait))
			die("edu did not finish a DMA within %d s", HANG_MS / 1000);
		sleep_ms(SLEEP_MS);
	}
}

int edu_round(struct edu *e, const struct spot *from, const struct spot *to)
{
	e->seq++;
	memset(to->at, 0, CHANNEL_DMA_BYTES);
	channel_dma_fill(from->at, e->seq);
	transfer(e, from->iova, EDU_BUFFER, 0);
	transfer(e, EDU_BUFFER, to->iova, EDU_CMD_TO_RAM);
	e->moved++;
	if (!memcmp(from->at, to->at, CHANNEL_DMA_BYTES))
		return 0;
	e->bad++;
	return -1;
}
