/* SPDX-License-Identifier: GPL-2.0-only */
/* What the crash kernel does once it is up: attach each device and use it, read the dump. */
#include "run/phases.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/json-line.h"
#include "base/sid.h"
#include "observe/dma-disk.h"
#include "observe/dma-nic.h"
#include "observe/group-use.h"
#include "observe/guest.h"
#include "observe/nic-use.h"
#include "prepare/devices.h"

#define VERIFY_BYTES (256 << 10)
#define VERIFY_OFFSET (48 << 20)
#define WRITE_OFFSET (56 << 20)

/*
 * Seconds. A disk that is lost is given up by nvme in rounds of 20 s (plan.c: an I/O that is late after 10 s, then a reset);
 * one of them may mend it, which a disk then is judged by and not by the host's haste.
 */
#define DISK_S 15.0
#define DISK_LEAST_S 45.0

/* The type of the device's iommu group in the crash kernel. */
static void read_group(struct run *run, struct evidence_device *dev)
{
	g_autoptr(JsonObject) answer = machine_agent(run->at.m, attempt_deadline(&run->at, 10), NULL, "devices", NULL);
	JsonArray *devices = json_line_array(answer, "devices");

	for (unsigned i = 0; devices && i < json_array_get_length(devices); i++) {
		JsonNode *node = json_array_get_element(devices, i);
		JsonObject *o = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;

		if (o && g_strcmp0(agent_string(o, "bdf", NULL), dev->bdf) == 0)
			dev->group_type = g_strdup(agent_string(o, "group_type", NULL));
	}
}

static bool use_disk(struct attempt *a, struct evidence_device *dev, GError **error)
{
	g_autoptr(JsonObject) request = json_object_new(), answer = NULL;
	bool read_ok, write_ok;

	json_object_set_string_member(request, "cmd", "disk-verify");
	json_object_set_int_member(request, "offset", VERIFY_OFFSET);
	json_object_set_int_member(request, "len", VERIFY_BYTES);
	json_object_set_int_member(request, "write_offset", WRITE_OFFSET);
	answer = attempt_ask(a, request, DISK_S, DISK_LEAST_S, error);
	if (!answer)
		return false;
	read_ok = agent_bool(answer, "read_ok", false);
	write_ok = agent_bool(answer, "write_ok", false);
	dev->works = read_ok && write_ok;
	dev->works_detail = g_strdup_printf("%" PRId64 " KiB read %s, written %s", agent_int(answer, "bytes", 0) / 1024,
					    read_ok ? "right" : "WRONG", write_ok ? "right" : "WRONG");
	return true;
}

/* The agent itself has not come back from a device that was tried before: of what it is asked now nobody knows. */
static bool still_held_up(const struct run *run)
{
	return run->held_up && machine_agent_silent(run->at.m);
}

/* The driver's module, with the same patience: probing waits for what a driver before it has begun. */
static JsonObject *load_driver(const struct run *run, const char *module, GError **error)
{
	g_autoptr(JsonObject) request = json_object_new();

	json_object_set_string_member(request, "cmd", "modprobe");
	json_object_set_string_member(request, "name", module);
	return attempt_ask(&run->at, request, DISK_S, DISK_LEAST_S, error);
}

typedef bool (*use_fn)(struct attempt *a, struct evidence_device *dev, GError **error);
/* What the tables add to what the agent said, before it is told. */
typedef void (*settle_fn)(const struct evidence *ev, struct evidence_device *dev);

static bool attach(struct run *run, uint16_t sid, const char *module, use_fn use, settle_fn settle, GError **error)
{
	struct evidence_device *dev = evidence_device_find(run->at.ev, sid);
	g_autofree char *snapshot = NULL;
	g_autofree char *problem = NULL;
	g_autoptr(GError) err = NULL;
	g_autoptr(JsonObject) answer = NULL;
	bool held_up;

	g_return_val_if_fail(dev, true);
	dev->wanted = true;
	dev->driver_ns = machine_now_ns();
	clock_moment(run->at.clock, "driver", dev->driver_ns, "crash", -1, "host");
	answer = load_driver(run, module, &err);
	if ((!answer || !use(&run->at, dev, &err)) && !attempt_goes_on(&run->at, &err, &problem, error))
		return false;
	held_up = machine_agent_silent(run->at.m) || (problem && attempt_was_late(problem));
	if (!answer && run->held_up && held_up) {
		clock_phase_end(run->at.clock, "%s not tried: %s", module, problem);
		return true;
	}
	if (problem)
		dev->works_detail = g_steal_pointer(&problem);
	run->held_up = held_up;
	if (machine_shutdown_reason(run->at.m))
		return true;
	read_group(run, dev);
	snapshot = g_strdup_printf("attach-%s", dev->bdf);
	if (run->at.plan->scenario->iommu.mode != MACHINE_IOMMU_OFF && !run_capture(run, snapshot, &dev->after, error))
		return false;
	if (settle)
		settle(run->at.ev, dev);
	clock_phase_end(run->at.clock, "%s %s: %s", module, dev->works ? "works" : "does NOT work",
			dev->works_detail ? dev->works_detail : "its tables are not known");
	return true;
}

/* Some DMA must have been seen through the copied tables before the drivers reset their devices. */
static bool dma_after_copy(void *data)
{
	struct run *run = data;

	if (run->disk && disk_dma_inflight(run->disk) && disk_dma_after_copy(run->disk) < 2)
		return false;
	return !devices_has_nic_dma(run->at.plan->scenario) || nic_dma_after_copy(run->nic);
}

static bool wait_for_dma(struct run *run, GError **error)
{
	g_autofree char *unseen = NULL;
	g_autoptr(GError) err = NULL;

	/* dma-landed will say that it saw none; a crash kernel that has ended is the devices' matter */
	return machine_wait(run->at.m, dma_after_copy, run, 2, "DMA through the copied tables", &err) ||
	       attempt_goes_on(&run->at, &err, &unseen, error);
}

bool phase_attach_disk(struct run *run, GError **error)
{
	const char *module = devices_disk_module(run->at.plan->scenario);
	g_autofree char *phase = NULL;
	char bdf[16];

	phase = g_strdup_printf("attach:%s", sid_text(guest_disk_sid(), bdf));
	/* the wait is shown as it goes: where translation is off it takes all of its time */
	if (module)
		clock_phase(run->at.clock, phase);
	if (!wait_for_dma(run, error) || !copy_memory_read(&run->at, &run->copy_memory[0], error))
		return false;
	breakpoint_arm(run, CONF_BREAK_ATTACH);
	if (!module)
		return true;
	if (run->disk)
		disk_dma_close(run->disk);
	/* The driver resets the disk now: its queue is served at full speed from here on. */
	if (devices_has_disk_dma(run->at.plan->scenario) && !machine_disk_throttle(run->at.m, 0, error))
		return false;
	return attach(run, guest_disk_sid(), module, use_disk, NULL, error);
}

/*
 * QEMU 7's e1000e model aborts ("!msix_enabled(timer->core->owner)") when a driver switches MSI-X on while
 * the interrupt throttling of the time before is still running, which pending receive interrupts keep up.
 * Masking the device's interrupts (IMC), the driver's own first act, lets it run out; DMA is not touched.
 */
static void mask_interrupts(struct run *run)
{
	const uint64_t e1000e_imc = 0xd8, all = 0xffffffff;
	struct evidence_device *dev = evidence_device_find(run->at.ev, guest_nic_sid(&run->at));
	g_autoptr(JsonObject) answer = NULL;

	if (run->at.plan->scenario->devices.nic != MACHINE_NIC_E1000E || atoi(machine_qemu(run->at.m)->version) >= 8)
		return;
	answer = machine_agent(run->at.m, attempt_deadline(&run->at, 5), NULL, "mmio-write", "bdf", MACHINE_STR,
			       dev->bdf, "bar", MACHINE_INT, (int64_t)0, "offset", MACHINE_INT, (int64_t)e1000e_imc,
			       "value", MACHINE_INT, (int64_t)all, NULL);
	if (!answer)
		report_note(run->report, "the NIC's interrupts could not be masked: QEMU 7 may abort");
}

bool phase_attach_nic(struct run *run, GError **error)
{
	const char *module = devices_nic_module(run->at.plan->scenario);
	g_autofree char *phase = NULL;
	char bdf[16];

	if (!module)
		return true;
	phase = g_strdup_printf("attach:%s", sid_text(guest_nic_sid(&run->at), bdf));
	clock_phase(run->at.clock, phase);
	/* QEMU 7's e1000e can abort when the driver probes under traffic: the frames stop here. */
	if (devices_has_nic_dma(run->at.plan->scenario) && !nic_dma_close(run->nic, error))
		return false;
	mask_interrupts(run);
	return attach(run, guest_nic_sid(&run->at), module, nic_use, NULL, error);
}

bool phase_attach_group(struct run *run, GError **error)
{
	const struct scenario *sc = run->at.plan->scenario;
	uint16_t sid = guest_group_sid(sc);
	g_autofree char *phase = NULL;
	char bdf[16];

	if (!sid || machine_shutdown_reason(run->at.m))
		return true;
	phase = g_strdup_printf("attach:%s", sid_text(sid, bdf));
	clock_phase(run->at.clock, phase);
	return attach(run, sid, GUEST_GROUP_DRIVER, group_use, group_settle, error);
}

bool phase_dump(struct run *run, GError **error)
{
	struct evidence *ev = run->at.ev;
	g_autofree char *problem = NULL;
	g_autoptr(GError) err = NULL;
	g_autoptr(JsonObject) answer = NULL;

	if (run->at.plan->scenario->crash.dump == CONF_DUMP_NONE)
		return true;
	clock_phase(run->at.clock, "dump");
	answer = machine_agent(run->at.m, attempt_deadline(&run->at, 15), &err, "vmcore-read", "pa", MACHINE_HEX,
			       ev->canary_pa, "len", MACHINE_INT, (int64_t)(strlen(ev->canary_written) / 2), NULL);
	if (!answer) {
		if (!attempt_goes_on(&run->at, &err, &problem, error))
			return false;
		clock_phase_end(run->at.clock, "%s", problem);
		if (!still_held_up(run))
			ev->dump_error = g_steal_pointer(&problem);
		return true;
	}
	ev->canary_read = g_strdup(agent_string(answer, "hex", ""));
	clock_phase_end(run->at.clock, "canary %s",
			strcmp(ev->canary_read, ev->canary_written) == 0 ? "read back" : "DIFFERS");
	return true;
}
