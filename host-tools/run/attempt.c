/* SPDX-License-Identifier: GPL-2.0-only */
/* One attempt: its phases in order, and the clock kept over them. */
#include "run/run-priv.h"

#include <string.h>

#include "results/progress.h"

/* After a crash kernel that did not come up there is still a verdict: its failure is in the evidence. */
static bool after_crash(struct run *run, GError **error)
{
	if (run_foreign(run))
		return phase_foreign(run, error);
	return phase_attach_disk(run, error) && phase_attach_nic(run, error) && phase_dump(run, error) &&
	       phase_poweroff(run, error);
}

bool run_attempt(struct run *run, GError **error)
{
	GError *err = NULL;
	bool ok;

	run->start_ns = machine_now_ns();
	ok = phase_boot(run, &err) && phase_load(run, &err) && phase_workload(run, &err) && phase_panic(run, &err) &&
	     phase_crash_boot(run, &err) && after_crash(run, &err);
	run_phase_end(run, NULL);
	if (run->m) {
		machine_poll(run->m);
		if (machine_trace(run->m))
			trace_poll(machine_trace(run->m));
	}
	if (ok || run->ev->crash_failure)
		return true;
	g_propagate_error(error, err);
	return false;
}
