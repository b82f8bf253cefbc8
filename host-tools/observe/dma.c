/* SPDX-License-Identifier: GPL-2.0-only */
#include "observe/dma.h"

#include "observe/attempt.h"
#include "prepare/devices.h"

double dma_pace(const struct scenario *sc)
{
	return sc->machine.clock == MACHINE_CLOCK_VIRTUAL ? 0.25 : 1.0;
}

bool dma_rates(struct attempt *a, uint64_t disk_bps, double frames, GError **error)
{
	const struct scenario *sc = a->plan->scenario;
	struct injector *in = machine_injector(a->m);

	if (devices_has_nic_dma(sc) && in)
		injector_start(in, frames * dma_pace(sc), true);
	return !devices_has_disk_dma(sc) ||
	       machine_disk_throttle(a->m, (uint64_t)((double)disk_bps * dma_pace(sc)), error);
}
