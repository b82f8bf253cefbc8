/* SPDX-License-Identifier: GPL-2.0-only */
/* How a run ends: the last look at the tables, and the crash kernel's poweroff or warm reset. */
#include "run/phases.h"

#include <string.h>

#include "observe/entries.h"
#include "observe/kmemleak.h"
#include "observe/kprobes.h"
#include "observe/oracles.h"

static bool is_down(void *data)
{
	struct run *run = data;

	return machine_shutdown_reason(run->at.m) || !machine_alive(run->at.m);
}

static void ask_agent(struct run *run, const char *what)
{
	g_autoptr(JsonObject) request = json_object_new();

	run->at.ev->poweroff_ns = machine_now_ns();
	clock_moment(run->at.clock, what, run->at.ev->poweroff_ns, "crash", -1, "host");
	json_object_set_string_member(request, "cmd", what);
	machine_agent_post(run->at.m, request, NULL);
}

static bool power_off(struct run *run, GError **error)
{
	g_autoptr(GError) err = NULL;

	ask_agent(run, "poweroff");
	/* The evidence is complete: a poweroff that hangs is said, but changes no verdict. */
	if (!machine_wait(run->at.m, is_down, run, attempt_deadline(&run->at, 10), "poweroff", &err)) {
		if (machine_wait_ended(run->at.m) == MACHINE_END_INTERRUPTED) {
			g_propagate_error(error, g_steal_pointer(&err));
			return false;
		}
		report_note(run->report, "the crash kernel did not power off in time");
	}
	clock_phase_end(run->at.clock, "%s",
			machine_shutdown_reason(run->at.m) ? machine_shutdown_reason(run->at.m) : "no answer");
	return true;
}

/* ---- the warm reset ---- */

/* The first kernel boots a second time: its agent says hello again. */
static void on_object(JsonObject *object, int64_t host_ns, void *data)
{
	struct run *run = data;

	if (run->at.ev->poweroff_ns && !run->at.ev->again_hello_ns && agent_int(object, "hello", 0) > 0 &&
	    strcmp(agent_string(object, "stage", ""), "first") == 0)
		run->at.ev->again_hello_ns = host_ns;
}

static bool is_up_again(void *data)
{
	return ((struct run *)data)->at.ev->again_hello_ns != 0;
}

/* Until now a reset ended the machine, which tells a panic of the crash kernel; now it is wanted. */
static bool allow_reset(struct run *run, GError **error)
{
	JsonObject *args = json_object_new();
	g_autoptr(JsonNode) answer = NULL;

	json_object_set_string_member(args, "reboot", "reset");
	answer = machine_qmp(run->at.m, "set-action", args, error);
	return answer != NULL;
}

static bool reboot(struct run *run, GError **error)
{
	g_autoptr(GError) err = NULL;
	struct evidence *ev = run->at.ev;

	kprobes_detach(run->kprobes);
	agent_subscribe(machine_agent_channel(run->at.m), on_object, run);
	if (!allow_reset(run, error))
		return false;
	g_clear_pointer(&run->entries, entries_free);
	ask_agent(run, "reboot");
	if (machine_wait(run->at.m, is_up_again, run, attempt_deadline(&run->at, 20),
			 "the first kernel's agent after the reset", &err)) {
		clock_moment(run->at.clock, "agent-again", ev->again_hello_ns, "first", -1, "agent");
		clock_phase_end(run->at.clock, "up again after %.1f s",
				(double)(ev->again_hello_ns - ev->poweroff_ns) / 1e9);
		return true;
	}
	if (machine_wait_ended(run->at.m) == MACHINE_END_INTERRUPTED ||
	    machine_wait_ended(run->at.m) == MACHINE_END_DIED) {
		g_propagate_error(error, g_steal_pointer(&err));
		return false;
	}
	ev->again_failure = g_strndup(err->message, strcspn(err->message, ";\n"));
	clock_phase_end(run->at.clock, "%s", ev->again_failure);
	return true;
}

bool phase_poweroff(struct run *run, GError **error)
{
	const struct scenario *sc = run->at.plan->scenario;
	bool again = sc->crash.end == CONF_END_REBOOT;

	clock_phase(run->at.clock, again ? "reboot" : "poweroff");
	if (!kprobes_read(run->kprobes, AGENT_STAGE_CRASH, error) || !oracles_read(&run->at, error) ||
	    !copy_memory_read(&run->at, &run->copy_memory[1], error) ||
	    (sc->iommu.mode != MACHINE_IOMMU_OFF && !run_capture(run, "end", &run->at.ev->end, error)))
		return false;
	if (!kmemleak_scan(&run->at, error))
		return false;
	breakpoint_end(run);
	if (run->at.plan->options->keep)
		return true;
	return again ? reboot(run, error) : power_off(run, error);
}
