/* SPDX-License-Identifier: GPL-2.0-only */
/* One attempt: its phases in order. */
#include "run/phases.h"

#include "observe/console-words.h"
#include "observe/snapshot.h"

bool run_capture(struct run *run, const char *phase, struct evidence_state *state, GError **error)
{
	return snapshot_take(&run->at, run->iommu, phase, state, error);
}

/* After a crash kernel that did not come up there is still a verdict: its failure is in the evidence. */
static bool after_crash(struct run *run, GError **error)
{
	if (plan_foreign(run->at.plan))
		return phase_foreign(run, error);
	return phase_attach_disk(run, error) && phase_attach_nic(run, error) && phase_dump(run, error) &&
	       phase_poweroff(run, error);
}

bool run_attempt(struct run *run, GError **error)
{
	GError *err = NULL;
	bool ok;

	ok = phase_boot(run, &err) && phase_load(run, &err) && phase_workload(run, &err) && phase_panic(run, &err) &&
	     phase_crash_boot(run, &err) && after_crash(run, &err);
	clock_phase_end(run->at.clock, NULL);
	if (run->at.m) {
		machine_poll(run->at.m);
		if (machine_trace(run->at.m))
			trace_poll(machine_trace(run->at.m));
	}
	if (ok || run->at.ev->crash_failure)
		return true;
	if (run->words)
		console_words_add(run->words, err);
	g_propagate_error(error, err);
	return false;
}
