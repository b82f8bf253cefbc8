/* SPDX-License-Identifier: GPL-2.0-only */
/* From the panic to the crash kernel's agent: the jump, the root switch, the boot. */
#include "run/run-priv.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "results/progress.h"
#include "corrupt/corrupt.h"

#define LOOKS 10

/* A CPU executing inside the crash kernel's memory: purgatory or the decompressor. */
static bool in_crash_memory(struct run *run, uint64_t *rip)
{
	for (unsigned cpu = 0; cpu < run->sc->machine.cpus; cpu++)
		if (machine_guest_rip(run->m, cpu, rip, NULL) && *rip >= run->ev->crash_start &&
		    *rip <= run->ev->crash_end)
			return true;
	return false;
}

static bool jumped(void *data)
{
	struct run *run = data;
	uint64_t rip;

	if (!in_crash_memory(run, &rip))
		return machine_hello(run->m, AGENT_STAGE_CRASH) != NULL;
	run->ev->jump_ns = machine_now_ns();
	run->ev->jump_rip = rip;
	return true;
}

static bool ask_for_panic(struct run *run, GError **error)
{
	JsonObject *request;
	bool ok;

	run->ev->trigger_ns = machine_now_ns();
	run_moment(run, "trigger", run->ev->trigger_ns, "first", -1, "host");
	if (run->sc->crash.trigger == CONF_TRIGGER_NMI) {
		JsonNode *answer = machine_qmp(run->m, "inject-nmi", NULL, error);

		if (answer)
			json_node_unref(answer);
		return answer != NULL;
	}
	request = json_object_new();
	json_object_set_string_member(request, "cmd", "panic");
	json_object_set_string_member(request, "how", "sysrq");
	if (run->sc->crash.trigger == CONF_TRIGGER_CPU)
		json_object_set_int_member(request, "cpu", run->sc->crash.trigger_cpu);
	ok = machine_agent_post(run->m, request, error);
	json_object_unref(request);
	return ok;
}

/*
 * The tables at the panic are read while the guest runs: the first kernel has stopped, and the crash
 * kernel is still in its decompressor, as a second look at the CPU shows. (A stop would make QEMU finish
 * the disk's queue, that is, end the DMA in flight.)
 */
static bool capture_at_panic(struct run *run, GError **error)
{
	uint64_t rip;

	if (!run_capture(run, "panic", &run->ev->at_panic, error))
		return false;
	/* More than one look: the decompressor is in low memory for an instant, in its 32-bit trampoline. */
	for (int look = 0; look < LOOKS && !run->ev->root_switch_ns; look++) {
		if (in_crash_memory(run, &rip))
			return true;
		g_usleep(1000);
	}
	/* Too late to be sure of the moment: no snapshot is better than a wrong one. */
	progress_warn(run->plan->options->progress,
		      "the crash kernel was already past its decompressor when its tables were read");
	evidence_state_clear(&run->ev->at_panic);
	return true;
}

bool phase_panic(struct run *run, GError **error)
{
	struct evidence *ev = run->ev;

	run_phase(run, "panic");
	if (!ask_for_panic(run, error))
		return false;
	if (!machine_wait(run->m, jumped, run, run_deadline(run, 10), "the jump into the crash kernel", error))
		return false;
	if (!ev->jump_ns)
		return true;
	run_moment(run, "jump", ev->jump_ns, "crash", -1, "host");
	console_poll(machine_console(run->m));
	g_clear_pointer(&run->last_words, g_free);
	if (!capture_at_panic(run, error) || !corrupt_run(run, CONF_CORRUPT_BEFORE_COPY, error))
		return false;
	nic_dma_begin(run);
	disk_dma_begin(run);
	if (!dma_rates(run, DMA_DISK_BPS_SLOW, run_frame_rate(run->sc, DMA_FRAMES_PER_SECOND_SLOW), error))
		return false;
	run->watch = run->sc->machine.observe ? watch_new(run) : NULL;
	workload_at_panic(run);
	run_phase_end(run, "RIP %#" PRIx64 ", %zu contexts, %" PRIu64 " leaves", ev->jump_rip,
		      ev->at_panic.walk ? ev->at_panic.walk->n_contexts : 0,
		      ev->at_panic.walk ? ev->at_panic.walk->leaves : 0);
	return true;
}

static bool switched_or_up(void *data)
{
	struct run *run = data;

	return run->ev->root_switch_ns || machine_hello(run->m, AGENT_STAGE_CRASH);
}

/* How a crash kernel ended that did not come up, as far as it can be told from outside. */
static void note_failure(struct run *run, const GError *error)
{
	const char *reason = machine_shutdown_reason(run->m);
	struct evidence *ev = run->ev;
	g_autofree char *tail = NULL;

	console_poll(machine_console(run->m));
	tail = console_tail(machine_console(run->m), 2);
	g_strdelimit(tail, "\n", '|');
	if (machine_wait_ended(run->m) == MACHINE_END_SHUTDOWN) {
		ev->crash_panicked = true;
		ev->crash_failure = g_strdup_printf("it ended the machine (%s): %s", reason ? reason : "?",
						    run->last_words ? run->last_words : tail);
	} else if (machine_wait_ended(run->m) == MACHINE_END_DEADLINE) {
		ev->crash_failure = g_strdup_printf(
			"no progress: %.*s%s%s", (int)strcspn(error->message, ";"), error->message,
			run->last_words ? ": " : "; last lines: ", run->last_words ? run->last_words : tail);
	}
}

/*
 * The guest's end or silence after the jump is a verdict on the crash kernel, not a failure of the lab:
 * false without @error then. QEMU's death and interrupts are errors.
 */
static bool wait_crash(struct run *run, bool (*pred)(void *), double seconds, const char *what, GError **error)
{
	g_autoptr(GError) err = NULL;

	if (machine_wait(run->m, pred, run, run_deadline(run, seconds), what, &err))
		return true;
	note_failure(run, err);
	if (!run->ev->crash_failure)
		g_propagate_error(error, g_steal_pointer(&err));
	return false;
}

static bool crash_hello(void *data)
{
	struct run *run = data;

	return run_foreign(run) ? run->ev->crash_hello_ns != 0 : machine_hello(run->m, AGENT_STAGE_CRASH) != NULL;
}

/*
 * The tables have been copied: DMA flows faster again. A disk driver that is built in resets its device
 * moments from now, unasked, and QEMU would then block the whole machine until the throttled queue is
 * served: in that case let all of it be served now.
 */
static bool speed_up(struct run *run, GError **error)
{
	bool builtin = kernel_builtin(run->plan->crash, "BLK_DEV_NVME");

	return dma_rates(run, builtin ? 0 : DMA_DISK_BPS,
			 run->sc->devices.nic == MACHINE_NIC_VIRTIO ? DMA_FRAMES_PER_SECOND_VIRTIO_LAST :
								      DMA_FRAMES_PER_SECOND,
			 error);
}

bool phase_crash_boot(struct run *run, GError **error)
{
	const struct agent_hello *hello;

	run_phase(run, "crash-boot");
	if (run->sc->iommu.mode != MACHINE_IOMMU_OFF) {
		if (!wait_crash(run, switched_or_up, 20, "the crash kernel's root switch", error))
			return false;
		run_phase(run, "copied");
		if (run->ev->root_switch_ns && (!corrupt_run(run, CONF_CORRUPT_AFTER_COPY, error) ||
						!run_capture(run, "copied", &run->ev->copied, error)))
			return false;
		if (!speed_up(run, error))
			return false;
		if (run->ev->copied.walk)
			run_phase_end(run, "root %#" PRIx64 ", %zu contexts, %" PRIu64 " leaves", run->ev->copied.root,
				      run->ev->copied.walk->n_contexts, run->ev->copied.walk->leaves);
	}
	run_phase(run, "crash-init");
	if (!wait_crash(run, crash_hello, 20,
			run_foreign(run) ? "the start of the crash initramfs" : "the crash kernel's agent", error))
		return false;
	if (run_foreign(run)) {
		run_phase_end(run, "its /init runs");
		return true;
	}
	hello = machine_hello(run->m, AGENT_STAGE_CRASH);
	run->ev->crash_hello_ns = hello->host_ns;
	run->ev->crash_cmdline = g_strdup(hello->cmdline);
	run_moment(run, "agent", hello->host_ns, "crash", hello->uptime_ns, "agent");
	/* A kernel that copied nothing fills its new root table step by step: look when it has settled. */
	if (run->ev->translation_dropped && !run_capture(run, "copied", &run->ev->copied, error))
		return false;
	run_phase_end(run, "%s", hello->release);
	return true;
}
