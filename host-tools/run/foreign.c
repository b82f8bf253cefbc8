/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A crash initramfs without our agent: nobody in it obeys, so it is watched from outside until it ends the
 * machine. Its console tells that it came up, the tables when its drivers took the devices.
 */
#include "run/run-priv.h"

#include <string.h>

#include "base/error.h"
#include "results/progress.h"

#define WORK_S 120		     /* a dump of 1 GiB by makedumpfile takes 10 s, if nothing else runs */
#define SETTLE_NS INT64_C(200000000) /* from the change of an entry to the look at the tables */

/* kdump-config's own words. They are no evidence, and nothing of the guest's text goes into the note. */
static void note_dump(struct run *run)
{
	static const char text[] = "the crash initramfs says that it has saved the dump";

	for (unsigned i = 0; i < run->report->notes->len; i++)
		if (strcmp(run->report->notes->pdata[i], text) == 0)
			return;
	report_note(run->report, "%s", text);
}

/* elfcorehdr= tells the crash kernel from a first one that boots again. */
static void on_console(const char *line, int64_t host_ns, void *data)
{
	struct run *run = data;
	struct evidence *ev = run->ev;

	if (!ev->jump_ns)
		return;
	if (strstr(line, "ommand line:") && strstr(line, "elfcorehdr="))
		run->elfcorehdr_seen = true;
	else if (run->elfcorehdr_seen && !ev->crash_hello_ns && strstr(line, "Run /init as init process"))
		ev->crash_hello_ns = host_ns;
	else if (ev->crash_hello_ns && !ev->poweroff_ns && strstr(line, "reboot: "))
		ev->poweroff_ns = host_ns;
	else if (ev->crash_hello_ns && strstr(line, "saved vmcore in "))
		note_dump(run);
}

void foreign_follow(struct run *run)
{
	if (run_foreign(run))
		console_subscribe(machine_console(run->m), on_console, run);
}

/*
 * The tables as a device's new driver has them: once its entry has changed, or once the device does the new
 * driver's DMA though its entry never did.
 */
static void look_at_devices(struct run *run)
{
	int64_t now = machine_now_ns();

	for (unsigned i = 0; i < run->ev->devices->len; i++) {
		struct evidence_device *dev = &g_array_index(run->ev->devices, struct evidence_device, i);
		g_autofree char *phase = g_strdup_printf("attach-%s", dev->bdf);
		int64_t taken = dev->attach_ns ? dev->attach_ns : dev->first_dma_ns;

		if (!taken || dev->after.host_ns || (now - taken < SETTLE_NS && !run->ev->poweroff_ns))
			continue;
		run_capture(run, phase, &dev->after, NULL);
		dev->wanted = true;
	}
}

static bool has_ended(void *data)
{
	struct run *run = data;

	if (!machine_alive(run->m))
		return true;
	look_at_devices(run);
	if (run->ev->poweroff_ns && !run->ev->end.host_ns)
		run_capture(run, "end", &run->ev->end, NULL);
	return machine_shutdown_reason(run->m) != NULL;
}

/*
 * The kernel switches translation off in its poweroff, and its console may be read a little later than the
 * trace: a switch-off that nothing follows but the end of the machine is poweroff's own.
 */
static void own_switch_off(struct run *run)
{
	struct evidence *ev = run->ev;
	const struct evidence_event *off = NULL;

	for (unsigned i = 0; i < ev->events->len; i++) {
		const struct evidence_event *e = &g_array_index(ev->events, struct evidence_event, i);

		if (e->kind == EVENT_TRANSLATION)
			off = e->on ? NULL : e;
	}
	if (!off || !ev->poweroff_ns || off->host_ns < ev->crash_hello_ns ||
	    off->host_ns < ev->poweroff_ns - INT64_C(1000000000))
		return;
	ev->poweroff_ns = MIN(ev->poweroff_ns, off->host_ns);
	ev->translation_dropped = false;
	for (unsigned i = 0; i < ev->events->len; i++) {
		const struct evidence_event *e = &g_array_index(ev->events, struct evidence_event, i);

		ev->translation_dropped |= e->kind == EVENT_TRANSLATION && !e->on && e->host_ns >= ev->jump_ns &&
					   e->host_ns < ev->poweroff_ns;
	}
}

bool phase_foreign(struct run *run, GError **error)
{
	g_autoptr(GError) err = NULL;

	run_phase(run, "foreign-initrd");
	/* Its drivers come when they like: the account of the DMA in flight ends with the start of /init. */
	disk_dma_close(run);
	if ((run_has_nic_dma(run->sc) && !nic_dma_close(run, error)) ||
	    (run_has_disk_dma(run->sc) && !machine_disk_throttle(run->m, 0, error)))
		return false;
	if (!machine_wait(run->m, has_ended, run, run_deadline(run, WORK_S), "the end of the crash initramfs's work",
			  &err)) {
		if (machine_wait_ended(run->m) != MACHINE_END_DEADLINE) {
			g_propagate_error(error, g_steal_pointer(&err));
			return false;
		}
		report_note(run->report, "the crash initramfs did not end the machine in time");
	}
	if (!run->ev->end.host_ns)
		run_capture(run, "end", &run->ev->end, NULL);
	if (!run->ev->poweroff_ns)
		run->ev->poweroff_ns = machine_now_ns();
	own_switch_off(run);
	run_moment(run, "poweroff", run->ev->poweroff_ns, "crash", -1, "host");
	run_phase_end(run, "%s", machine_shutdown_reason(run->m) ? machine_shutdown_reason(run->m) : "no end");
	return true;
}
