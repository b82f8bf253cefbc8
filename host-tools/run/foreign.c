/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A crash initramfs without our agent: nobody in it obeys, so it is watched from outside until it ends the
 * machine. Its console tells that it came up, the tables when its drivers took the devices.
 */
#include "run/phases.h"

#include <string.h>

#include "observe/dma-disk.h"
#include "observe/dma-nic.h"
#include "prepare/devices.h"

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

struct foreign {
	struct run *run;
	bool elfcorehdr_seen; /* the crash kernel has printed its command line */
};

/* elfcorehdr= tells the crash kernel from a first one that boots again. */
static void on_console(const char *line, int64_t host_ns, void *data)
{
	struct foreign *f = data;
	struct evidence *ev = f->run->at.ev;

	if (!ev->jump_ns)
		return;
	if (strstr(line, "ommand line:") && strstr(line, "elfcorehdr="))
		f->elfcorehdr_seen = true;
	else if (f->elfcorehdr_seen && !ev->crash_hello_ns && strstr(line, "Run /init as init process"))
		ev->crash_hello_ns = host_ns;
	else if (ev->crash_hello_ns && !ev->poweroff_ns && strstr(line, "reboot: "))
		ev->poweroff_ns = host_ns;
	else if (ev->crash_hello_ns && strstr(line, "saved vmcore in "))
		note_dump(f->run);
}

struct foreign *foreign_new(struct run *run)
{
	struct foreign *f = g_new0(struct foreign, 1);

	f->run = run;
	console_subscribe(machine_console(run->at.m), on_console, f);
	return f;
}

void foreign_free(struct foreign *f)
{
	g_free(f);
}

/*
 * The tables as a device's new driver has them: once its entry has changed, or once the device does the new
 * driver's DMA though its entry never did.
 */
static void look_at_devices(struct run *run)
{
	int64_t now = machine_now_ns();

	for_each_evidence(struct evidence_device, dev, run->at.ev->devices) {
		g_autofree char *phase = g_strdup_printf("attach-%s", dev->bdf);
		int64_t taken = dev->attach_ns ? dev->attach_ns : dev->first_dma_ns;

		if (!taken || dev->after.host_ns || (now - taken < SETTLE_NS && !run->at.ev->poweroff_ns))
			continue;
		run_capture(run, phase, &dev->after, NULL);
		dev->wanted = true;
	}
}

static bool has_ended(void *data)
{
	struct run *run = data;

	if (!machine_alive(run->at.m))
		return true;
	look_at_devices(run);
	if (run->at.ev->poweroff_ns && !run->at.ev->end.host_ns)
		run_capture(run, "end", &run->at.ev->end, NULL);
	return machine_shutdown_reason(run->at.m) != NULL;
}

/*
 * The kernel switches translation off in its poweroff, and its console may be read a little later than the
 * trace: a switch-off that nothing follows but the end of the machine is poweroff's own.
 */
static void own_switch_off(struct run *run)
{
	struct evidence *ev = run->at.ev;
	const struct evidence_event *off = NULL;

	for_each_evidence(const struct evidence_event, e, ev->events)
		if (e->kind == EVENT_TRANSLATION)
			off = e->on ? NULL : e;
	if (!off || !ev->poweroff_ns || off->host_ns < ev->crash_hello_ns ||
	    off->host_ns < ev->poweroff_ns - INT64_C(1000000000))
		return;
	ev->poweroff_ns = MIN(ev->poweroff_ns, off->host_ns);
	ev->translation_dropped = false;
	for_each_evidence(const struct evidence_event, e, ev->events)
		ev->translation_dropped |= e->kind == EVENT_TRANSLATION && !e->on && e->host_ns >= ev->jump_ns &&
					   e->host_ns < ev->poweroff_ns;
}

bool phase_foreign(struct run *run, GError **error)
{
	g_autoptr(GError) err = NULL;

	clock_phase(run->at.clock, "foreign-initrd");
	/* Its drivers come when they like: the account of the DMA in flight ends with the start of /init. */
	if (run->disk)
		disk_dma_close(run->disk);
	if ((devices_has_nic_dma(run->at.plan->scenario) && !nic_dma_close(run->nic, error)) ||
	    (devices_has_disk_dma(run->at.plan->scenario) && !machine_disk_throttle(run->at.m, 0, error)))
		return false;
	if (!machine_wait(run->at.m, has_ended, run, attempt_deadline(&run->at, WORK_S),
			  "the end of the crash initramfs's work", &err)) {
		if (machine_wait_ended(run->at.m) != MACHINE_END_DEADLINE) {
			g_propagate_error(error, g_steal_pointer(&err));
			return false;
		}
		report_note(run->report, "the crash initramfs did not end the machine in time");
	}
	if (!run->at.ev->end.host_ns)
		run_capture(run, "end", &run->at.ev->end, NULL);
	if (!run->at.ev->poweroff_ns)
		run->at.ev->poweroff_ns = machine_now_ns();
	own_switch_off(run);
	clock_moment(run->at.clock, "poweroff", run->at.ev->poweroff_ns, "crash", -1, "host");
	clock_phase_end(run->at.clock, "%s",
			machine_shutdown_reason(run->at.m) ? machine_shutdown_reason(run->at.m) : "no end");
	return true;
}
