/* SPDX-License-Identifier: GPL-2.0-only */
#include "observe/dma.h"

#include "observe/attempt.h"
#include "prepare/devices.h"

/* of the 64 that are queued: 10 go at the slow rate, 10 at half of it, ... */
#define READS_A_STEP 10

double dma_pace(const struct scenario *sc)
{
	return sc->machine.clock == MACHINE_CLOCK_VIRTUAL ? 0.25 : 1.0;
}

static bool set_rates(struct attempt *a, uint64_t disk_bps, double frames, unsigned ration, GError **error)
{
	const struct scenario *sc = a->plan->scenario;
	struct injector *in = machine_injector(a->m);

	if (devices_has_nic_dma(sc) && in) {
		injector_ration(in, ration);
		injector_start(in, frames * dma_pace(sc), true);
	}
	return !devices_has_disk_dma(sc) || machine_disk_throttle(a->m, disk_bps, error);
}

bool dma_rates(struct attempt *a, uint64_t disk_bps, double frames, GError **error)
{
	return set_rates(a, (uint64_t)((double)disk_bps * dma_pace(a->plan->scenario)), frames, 0, error);
}

uint64_t dma_slow_bps(const struct scenario *sc, unsigned reads)
{
	if (sc->devices.dma_spread)
		return DMA_DISK_BPS_STALLED;
	return (uint64_t)(DMA_DISK_BPS_SLOW * dma_pace(sc)) >> MIN(reads / READS_A_STEP, 10);
}

bool dma_slow(struct attempt *a, GError **error)
{
	const struct scenario *sc = a->plan->scenario;

	return set_rates(a, dma_slow_bps(sc, 0), devices_frame_rate(sc, DMA_FRAMES_PER_SECOND_SLOW),
			 devices_frame_ration(sc), error);
}

void dma_found(const struct evidence *ev, uint64_t pa, struct evidence_dma *dma)
{
	enum evidence_owner owner = evidence_owner(ev, pa);

	dma->elsewhere += owner == OWNER_OTHER;
	if (owner == OWNER_CRASH && !dma->in_crash++)
		dma->in_crash_pa = pa;
}
