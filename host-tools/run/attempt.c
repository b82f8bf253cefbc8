/* SPDX-License-Identifier: GPL-2.0-only */
/* One attempt: its phases in order. */
#include "run/phases.h"

#include "base/sid.h"
#include "observe/console-words.h"
#include "observe/guest.h"
#include "observe/snapshot.h"
#include "prepare/devices.h"
#include "results/earlier.h"
#include "results/progress.h"
#include "run/workload.h"

bool run_capture(struct run *run, const char *phase, struct evidence_state *state, GError **error)
{
	return snapshot_take(&run->at, run->iommu, phase, state, error);
}

/* After a crash kernel that did not come up there is still a verdict: its failure is in the evidence. */
static bool after_crash(struct run *run, GError **error)
{
	if (plan_foreign(run->at.plan))
		return phase_foreign(run, error);
	return phase_attach_disk(run, error) && phase_attach_nic(run, error) && phase_attach_group(run, error) &&
	       phase_dump(run, error) && phase_poweroff(run, error);
}

static void add_attach(GPtrArray *phases, const char *module, uint16_t sid)
{
	char bdf[16];

	if (module)
		g_ptr_array_add(phases, g_strdup_printf("attach:%s", sid_text(sid, bdf)));
}

/* The phases that clock_phase() will name, if nothing goes wrong; to be freed, NULL-ended. */
static GPtrArray *phases_to_come(const struct run *run)
{
	const struct scenario *sc = run->at.plan->scenario;
	GPtrArray *phases = g_ptr_array_new_with_free_func(g_free);

	g_ptr_array_add(phases, g_strdup("boot"));
	g_ptr_array_add(phases, g_strdup("load"));
	if (workload_ops_of(sc, NULL))
		g_ptr_array_add(phases, g_strdup("map"));
	g_ptr_array_add(phases, g_strdup("workload"));
	g_ptr_array_add(phases, g_strdup("panic"));
	g_ptr_array_add(phases, g_strdup("crash-boot"));
	if (sc->iommu.mode != MACHINE_IOMMU_OFF)
		g_ptr_array_add(phases, g_strdup("copied"));
	g_ptr_array_add(phases, g_strdup("crash-init"));
	if (plan_foreign(run->at.plan)) {
		g_ptr_array_add(phases, g_strdup("foreign-initrd"));
	} else {
		add_attach(phases, devices_disk_module(sc), guest_disk_sid());
		add_attach(phases, devices_nic_module(sc), guest_nic_sid(&run->at));
		add_attach(phases, guest_group_sid(sc) ? GUEST_GROUP_DRIVER : NULL, guest_group_sid(sc));
		if (sc->crash.dump != CONF_DUMP_NONE)
			g_ptr_array_add(phases, g_strdup("dump"));
		g_ptr_array_add(phases, g_strdup(sc->crash.end == CONF_END_REBOOT ? "reboot" : "poweroff"));
	}
	g_ptr_array_add(phases, NULL);
	return phases;
}

void run_expect(struct run *run, enum machine_accel accel)
{
	struct progress *progress = run->at.plan->options->progress;
	g_autoptr(GPtrArray) phases = run->whole ? phases_to_come(run) : NULL;
	struct report_environment host = { 0 };
	g_autofree double *seconds = NULL;

	if (!phases || !progress_live(progress)) {
		progress_expect(progress, NULL, NULL);
		return;
	}
	report_fill_host(&host);
	run_list_settings(run);
	seconds = earlier_seconds(run->at.rd->root,
				  &(struct earlier_like){
					  .scenario = run->report->scenario,
					  .accel = word_of(machine_accel_words, accel),
					  .host_cpu = host.host_cpu,
					  .settings = json_object_get_object_member(run->report->extra, "settings"),
				  },
				  (const char *const *)phases->pdata);
	progress_expect(progress, (const char *const *)phases->pdata, seconds);
	report_environment_clear(&host);
}

bool run_attempt(struct run *run, GError **error)
{
	GError *err = NULL;
	bool ok;

	run->whole = true;
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
