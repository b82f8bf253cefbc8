/* SPDX-License-Identifier: GPL-2.0-only */
/* How fast DMA flows. */
#include "run/run-priv.h"

/*
 * The DMA of the dead kernel is in host time and must last until the copy: with the virtual clock, every
 * instruction counted, a crash kernel takes several times as long to come there.
 */
double run_pace(const struct run *run)
{
	return run->sc->machine.clock == MACHINE_CLOCK_VIRTUAL ? 0.25 : 1.0;
}

bool dma_rates(struct run *run, uint64_t disk_bps, double frames, GError **error)
{
	struct injector *in = machine_injector(run->m);

	if (run_has_nic_dma(run->sc) && in)
		injector_start(in, frames * run_pace(run), true);
	return !run_has_disk_dma(run->sc) ||
	       machine_disk_throttle(run->m, (uint64_t)((double)disk_bps * run_pace(run)), error);
}
