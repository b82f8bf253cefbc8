/* SPDX-License-Identifier: GPL-2.0-only */
/* From the panic to the crash kernel's agent: the jump, the root switch, the boot. */
#include "run/phases.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "results/progress.h"
#include "observe/console-words.h"
#include "observe/crash-memory.h"
#include "observe/damage.h"
#include "observe/dma.h"
#include "observe/dma-disk.h"
#include "observe/dma-nic.h"
#include "observe/entries.h"
#include "prepare/devices.h"
#include "prepare/flat.h"
#include "run/workload.h"
#include "iommu/model.h"

#define LOOKS 10
#define FRAMES_AT_ONCE 4

/* A CPU executing inside the crash kernel's memory: purgatory or the decompressor. */
static bool in_crash_memory(struct run *run, uint64_t *rip)
{
	for (unsigned cpu = 0; cpu < run->at.plan->scenario->machine.cpus; cpu++)
		if (machine_guest_rip(run->at.m, cpu, rip, NULL) && evidence_owner(run->at.ev, *rip) == OWNER_CRASH)
			return true;
	return false;
}

static bool jumped(void *data)
{
	struct run *run = data;
	uint64_t rip;

	if (!in_crash_memory(run, &rip))
		return machine_hello(run->at.m, AGENT_STAGE_CRASH) != NULL;
	run->at.ev->jump_ns = machine_now_ns();
	run->at.ev->jump_rip = rip;
	return true;
}

static bool ask_for_panic(struct run *run, GError **error)
{
	const struct scenario *sc = run->at.plan->scenario;
	g_autoptr(JsonObject) request = NULL;

	run->at.ev->trigger_ns = machine_now_ns();
	clock_moment(run->at.clock, "trigger", run->at.ev->trigger_ns, "first", -1, "host");
	if (sc->crash.trigger == CONF_TRIGGER_NMI) {
		g_autoptr(JsonNode) answer = machine_qmp(run->at.m, "inject-nmi", NULL, error);

		return answer != NULL;
	}
	request = json_object_new();
	json_object_set_string_member(request, "cmd", "panic");
	json_object_set_string_member(request, "how", "sysrq");
	if (sc->crash.trigger == CONF_TRIGGER_CPU)
		json_object_set_int_member(request, "cpu", sc->crash.trigger_cpu);
	return machine_agent_post(run->at.m, request, error);
}

/*
 * The tables at the panic are read while the guest runs: the first kernel has stopped, and the crash
 * kernel is still in its decompressor, as a second look at the CPU shows. (A stop would make QEMU finish
 * the disk's queue, that is, end the DMA in flight.)
 */
static bool capture_at_panic(struct run *run, GError **error)
{
	uint64_t rip;

	if (!run_capture(run, "panic", &run->at.ev->at_panic, error))
		return false;
	/* More than one look: the decompressor is in low memory for an instant, in its 32-bit trampoline. */
	for (int look = 0; look < LOOKS && !run->at.ev->root_switch_ns; look++) {
		if (in_crash_memory(run, &rip))
			return true;
		g_usleep(1000);
	}
	/* Too late to be sure of the moment: no snapshot is better than a wrong one. */
	progress_warn(run->at.plan->options->progress,
		      "the crash kernel was already past its decompressor when its tables were read");
	evidence_state_clear(&run->at.ev->at_panic);
	return true;
}

/*
 * A flat image waits at its entry until it is told to go on (prepare/flat.h), so all that is done at the panic is done before
 * the crash kernel runs, however busy this host is. Where it waits; 0: no CPU is there yet.
 */
static uint64_t gate(struct run *run)
{
	char magic[sizeof(FLAT_GATE_MAGIC)];
	uint64_t rip, at;

	if (!in_crash_memory(run, &rip))
		return 0;
	at = (rip & ~UINT64_C(0xfff)) + FLAT_GATE;
	return machine_read_phys(run->at.m, at, magic, sizeof(magic)) == 0 &&
			       memcmp(magic, FLAT_GATE_MAGIC, sizeof(magic)) == 0 ?
		       at :
		       0;
}

static bool at_gate(void *data)
{
	return gate(data) != 0;
}

static bool open_gate(struct run *run, GError **error)
{
	uint64_t at;

	if (!run->flat)
		return true;
	at = gate(run);
	return (at && machine_write_phys(run->at.m, at + sizeof(FLAT_GATE_MAGIC), "\1", 1) == 0) ||
	       vtdlab_unjudged(error, "the flat crash kernel has left its entry before it was told to");
}

/* What the scenario's [corrupt] asks for at this moment. */
static bool damage(struct run *run, enum conf_corrupt_when when, GError **error)
{
	const char *moment = when == CONF_CORRUPT_BEFORE_COPY ? "before the copy" : "after the copy";
	g_autoptr(GString) done = g_string_new(NULL);

	if (!damage_apply(&run->at, run->iommu, when, done, error))
		return false;
	if (!done->len)
		return true;
	report_note(run->report, "damaged %s, as asked: %s", moment, done->str);
	progress_note(run->at.plan->options->progress, "damaged %s: %s", moment, done->str);
	return true;
}

/* How a crash kernel ended that did not come up, as far as it can be told from outside. */
static void note_failure(struct run *run, const GError *error)
{
	const char *reason = machine_shutdown_reason(run->at.m);
	struct evidence *ev = run->at.ev;
	const char *words;
	g_autofree char *tail = NULL;

	console_poll(machine_console(run->at.m));
	words = console_words_last(run->words);
	tail = console_tail(machine_console(run->at.m), 2);
	g_strdelimit(tail, "\n", '|');
	if (machine_wait_ended(run->at.m) == MACHINE_END_SHUTDOWN) {
		ev->crash_panicked = true;
		ev->crash_failure =
			g_strdup_printf("it ended the machine (%s): %s", reason ? reason : "?", words ? words : tail);
	} else if (machine_wait_ended(run->at.m) == MACHINE_END_DEADLINE) {
		ev->crash_failure =
			g_strdup_printf("no progress: %.*s%s%s", (int)strcspn(error->message, ";"), error->message,
					words ? ": " : "; last lines: ", words ? words : tail);
	}
}

/*
 * The guest's end or silence after the jump is a verdict on the crash kernel, not a failure of the lab:
 * false without @error then. QEMU's death and interrupts are errors.
 */
static bool wait_crash(struct run *run, bool (*pred)(void *), double seconds, const char *what, GError **error)
{
	g_autoptr(GError) err = NULL;

	if (machine_wait(run->at.m, pred, run, attempt_deadline(&run->at, seconds), what, &err))
		return true;
	note_failure(run, err);
	if (!run->at.ev->crash_failure)
		g_propagate_error(error, g_steal_pointer(&err));
	return false;
}

bool phase_panic(struct run *run, GError **error)
{
	const struct workload_ops *ops = workload_ops_of(run->at.plan->scenario, NULL);
	struct evidence *ev = run->at.ev;

	clock_phase(run->at.clock, "panic");
	breakpoint_arm(run, CONF_BREAK_FIRST);
	/* Before the trigger: on a busy host the way to the jump is long, too. */
	if (!dma_slow(&run->at, error) || !ask_for_panic(run, error) ||
	    !machine_wait(run->at.m, jumped, run, attempt_deadline(&run->at, 10), "the jump into the crash kernel",
			  error))
		return false;
	if (!ev->jump_ns)
		return true;
	breakpoint_jumped(run);
	clock_moment(run->at.clock, "jump", ev->jump_ns, "crash", -1, "host");
	console_poll(machine_console(run->at.m));
	console_words_jumped(run->words);
	if (run->flat && !wait_crash(run, at_gate, 30, "the crash kernel's entry", error))
		return false;
	if (!capture_at_panic(run, error) || !damage(run, CONF_CORRUPT_BEFORE_COPY, error))
		return false;
	breakpoint_arm(run, CONF_BREAK_CRASH);
	nic_dma_begin(run->nic);
	if (run->disk)
		disk_dma_begin(run->disk);
	if (!dma_slow(&run->at, error))
		return false;
	if (run->at.plan->scenario->machine.observe)
		run->entries = entries_new(&run->at, run->iommu);
	if (ops && ops->at_panic)
		ops->at_panic(&run->at);
	if (!open_gate(run, error))
		return false;
	clock_phase_end(run->at.clock, "RIP %#" PRIx64 ", %zu contexts, %" PRIu64 " leaves", ev->jump_rip,
			ev->at_panic.walk ? ev->at_panic.walk->n_requesters : 0,
			ev->at_panic.walk ? ev->at_panic.walk->leaves : 0);
	return true;
}

static bool switched_or_up(void *data)
{
	struct run *run = data;

	return run->at.ev->root_switch_ns || machine_hello(run->at.m, AGENT_STAGE_CRASH);
}

static bool crash_hello(void *data)
{
	struct run *run = data;

	return plan_foreign(run->at.plan) ? run->at.ev->crash_hello_ns != 0 :
					    machine_hello(run->at.m, AGENT_STAGE_CRASH) != NULL;
}

/*
 * The tables have been copied: DMA flows faster again. A disk driver that is built in resets its device
 * moments from now, unasked, and QEMU would then block the whole machine until the throttled queue is
 * served: in that case let all of it be served now.
 */
static bool speed_up(struct run *run, GError **error)
{
	bool builtin = kernel_builtin(run->at.plan->crash, "BLK_DEV_NVME");
	bool stalls = run->at.plan->scenario->devices.dma_spread && !run->at.ev->crash_hello_ns;

	return dma_rates(&run->at,
			 stalls	 ? DMA_DISK_BPS_STALLED :
			 builtin ? 0 :
				   DMA_DISK_BPS,
			 run->at.plan->scenario->devices.nic == MACHINE_NIC_VIRTIO ? DMA_FRAMES_PER_SECOND_VIRTIO_LAST :
										     DMA_FRAMES_PER_SECOND,
			 error);
}

bool phase_crash_boot(struct run *run, GError **error)
{
	const struct agent_hello *hello;
	struct evidence *ev = run->at.ev;

	clock_phase(run->at.clock, "crash-boot");
	if (run->at.plan->scenario->iommu.mode != MACHINE_IOMMU_OFF) {
		if (!wait_crash(run, switched_or_up, 20, "the crash kernel's root switch", error))
			return false;
		clock_phase(run->at.clock, "copied");
		/* At once: a crash kernel with virtio_pci built in resets the NIC soon, and this host may be slow. */
		if (ev->root_switch_ns && devices_has_nic_dma(run->at.plan->scenario) && machine_injector(run->at.m))
			injector_send(machine_injector(run->at.m), FRAMES_AT_ONCE);
		if (ev->root_switch_ns &&
		    (!damage(run, CONF_CORRUPT_AFTER_COPY, error) || !run_capture(run, "copied", &ev->copied, error)))
			return false;
		if (!speed_up(run, error))
			return false;
		if (ev->copied.walk)
			clock_phase_end(run->at.clock, "root %#" PRIx64 ", %zu contexts, %" PRIu64 " leaves",
					ev->copied.root, ev->copied.walk->n_requesters, ev->copied.walk->leaves);
	}
	clock_phase(run->at.clock, "crash-init");
	if (!wait_crash(run, crash_hello, 20,
			plan_foreign(run->at.plan) ? "the start of the crash initramfs" : "the crash kernel's agent",
			error))
		return false;
	if (plan_foreign(run->at.plan)) {
		clock_phase_end(run->at.clock, "its /init runs");
		return true;
	}
	hello = machine_hello(run->at.m, AGENT_STAGE_CRASH);
	ev->crash_hello_ns = hello->host_ns;
	ev->crash_cmdline = g_strdup(hello->cmdline);
	clock_moment(run->at.clock, "agent", hello->host_ns, "crash", hello->uptime_ns, "agent");
	if (!crash_memory_claimed(&run->at, error) ||
	    (run->at.plan->scenario->devices.dma_spread && !speed_up(run, error)))
		return false;
	/* A kernel that copied nothing fills its new root table step by step: look when it has settled. */
	if (ev->translation_dropped && !run_capture(run, "copied", &ev->copied, error))
		return false;
	clock_phase_end(run->at.clock, "%s", hello->release);
	return true;
}
