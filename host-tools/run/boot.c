/* SPDX-License-Identifier: GPL-2.0-only */
/* The phases of the first kernel: boot, load, workload. */
#include "run/phases.h"

#include "verdict/check.h"

#include <string.h>

#include "base/error.h"
#include "base/json-line.h"
#include "base/sid.h"
#include "machine/accel.h"
#include "results/progress.h"
#include "observe/console-words.h"
#include "observe/dma.h"
#include "observe/dma-disk.h"
#include "observe/dma-nic.h"
#include "observe/guest.h"
#include "observe/iommu-events.h"
#include "observe/kprobes.h"
#include "prepare/devices.h"
#include "run/workload.h"

#define RX_RING 1024 /* nobody refills it after the panic: it must outlast the crash boot */
#define READERS 64
#define READ_BYTES (128 << 10)
#define CANARY_BYTES 32
#define REFUSED 1000 /* requests of a device */

static void say_gdb(const struct run *run)
{
	const char *path = machine_gdb_path(run->at.m);

	if (path && run->at.plan->options->gdb)
		g_printerr("gdb %s -ex 'target remote %s'\n", kernel_boot_path(run->at.plan->first), path);
}

/* Not a part of what is timed as the boot of this kernel. */
static void trying_kvm(void *data)
{
	struct run *run = data;

	clock_phase(run->at.clock, "kvm");
	progress_line(run->at.plan->options->progress, ACCEL_TRYING_TEXT);
}

bool phase_boot(struct run *run, GError **error)
{
	struct machine_config cfg;
	const struct agent_hello *hello;
	g_autofree char *why = NULL;

	plan_machine(run->at.plan, run->at.rd->path, &cfg);
	/* what the checks rest on, and what of the unit the timeline shows besides */
	cfg.traces = check_traces() | TRACES(INTREMAP) | TRACES(DISK_ERRORS);
	if (!accel_resolve(&cfg, trying_kvm, run, &why, error))
		return false;
	clock_phase(run->at.clock, "boot");
	if (!restore_find(run, &cfg, error))
		return false;
	cfg.incoming = run->saved;
	run_expect(run, cfg.accel);
	run->at.m = machine_start(&cfg, error);
	if (!run->at.m)
		return false;
	/* All that observe are told of everything since power-on: a driver built in does not wait for phase_load(). */
	run->iommu = iommu_events_new(&run->at);
	run->words = console_words_new(&run->at);
	run->nic = nic_dma_new(&run->at);
	if (devices_disk_module(run->at.plan->scenario))
		run->disk = disk_dma_new(&run->at);
	run->kprobes = kprobes_new(&run->at);
	if (plan_foreign(run->at.plan))
		run->foreign = foreign_new(run);
	say_gdb(run);
	if (why)
		progress_line(run->at.plan->options->progress, "%s", why);
	if (run->saved && !restore_go(run, error))
		return false;
	hello = machine_wait_hello(run->at.m, AGENT_STAGE_FIRST, attempt_deadline(&run->at, 15), error);
	if (!hello)
		return false;
	run->at.ev->first_hello = true;
	run->at.ev->first_cmdline = g_strdup(hello->cmdline);
	clock_moment(run->at.clock, "agent", hello->host_ns, "first", hello->uptime_ns, "agent");
	clock_phase_end(run->at.clock, "%s, %s%s", hello->release,
			word_of(machine_accel_words, machine_accel(run->at.m)), run->saved ? ", restored" : "");
	return true;
}

static void add_device(struct run *run, uint16_t sid, uint16_t dma_sid, const char *driver)
{
	struct evidence_device dev = { .sid = sid,
				       .has_alias = dma_sid != sid,
				       .alias_sid = dma_sid,
				       .driver = g_strdup(driver),
				       .first_translated = true };
	char bdf[16];

	dev.bdf = g_strdup(sid_text(sid, bdf));
	g_array_append_val(run->at.ev->devices, dev);
}

/* The id that requests of a NIC at @sid carry on the bus. */
static uint16_t alias_of(const struct scenario *sc, uint16_t sid)
{
	switch (sc->devices.topology) {
	case MACHINE_TOPOLOGY_PXB_BRIDGE:
		return MACHINE_PXB_SID;
	case MACHINE_TOPOLOGY_PCIE_PCI_BRIDGE:
		return sid & 0xff00;
	default:
		return sid;
	}
}

/* Calls @fn for each PCI function that the first kernel's agent names. */
static bool each_function(struct run *run, void (*fn)(struct run *, JsonObject *, void *), void *data, GError **error)
{
	g_autoptr(JsonObject) answer = machine_agent(run->at.m, attempt_deadline(&run->at, 10), error, "devices", NULL);
	JsonArray *list = json_line_array(answer, "devices");

	for (unsigned i = 0; list && i < json_array_get_length(list); i++) {
		JsonNode *node = json_array_get_element(list, i);

		if (JSON_NODE_HOLDS_OBJECT(node))
			fn(run, json_node_get_object(node), data);
	}
	return answer != NULL;
}

/* Where the firmware of this machine has put the NIC: its bus number depends on the bridges. */
static void note_nic(struct run *run, JsonObject *function, void *data)
{
	const struct scenario *sc = run->at.plan->scenario;
	const char *wanted = sc->devices.nic == MACHINE_NIC_VIRTIO ? "virtio-pci" : devices_nic_module(sc);
	uint16_t sid, *nic = data;

	if (g_strcmp0(agent_string(function, "driver", NULL), wanted) == 0 &&
	    g_str_has_prefix(agent_string(function, "class", ""), "0x02") &&
	    sid_parse(agent_string(function, "bdf", NULL), &sid))
		*nic = sid;
}

static bool find_nic(struct run *run, uint16_t *sid, GError **error)
{
	const struct scenario *sc = run->at.plan->scenario;

	*sid = sc->devices.topology == MACHINE_TOPOLOGY_FLAT ? MACHINE_SLOT_NIC << 3 : 0;
	if (!*sid && !each_function(run, note_nic, sid, error))
		return false;
	return *sid || vtdlab_unjudged(error, "the first kernel has no NIC that %s drives", devices_nic_module(sc));
}

/* For the checks: the distinct types of the iommu groups, and which functions are bridges. */
static void note_function(struct run *run, JsonObject *function, void *data)
{
	const char *type = agent_string(function, "group_type", NULL);
	const char *class = agent_string(function, "class", "");
	struct evidence_function f = { 0 };
	GString *types = data;

	if (type && !strstr(types->str, type))
		g_string_append_printf(types, "%s%s", types->len ? " " : "", type);
	f.bridge = g_str_has_prefix(class, "0x0604") || g_str_has_prefix(class, "0x0607");
	if (*class && sid_parse(agent_string(function, "bdf", NULL), &f.sid))
		g_array_append_val(run->at.ev->functions, f);
}

static bool read_groups(struct run *run, GError **error)
{
	g_autoptr(GString) types = g_string_new(NULL);

	if (!each_function(run, note_function, types, error))
		return false;
	if (types->len)
		run->at.ev->group_types = g_strdup(types->str);
	return true;
}

/* A restored kernel may have it already, but bound to nothing. */
static bool load_driver(struct run *run, const char *module, GError **error)
{
	g_autoptr(JsonObject) answer = NULL;

	if (!guest_modprobe(&run->at, module, error))
		return false;
	if (!run->saved)
		return true;
	answer = machine_agent(run->at.m, attempt_deadline(&run->at, 10), error, "pci-bind", "name", MACHINE_STR,
			       module, NULL);
	return answer != NULL;
}

static bool load_disk(struct run *run, const char *module, GError **error)
{
	if (!load_driver(run, module, error))
		return false;
	add_device(run, guest_disk_sid(), guest_disk_sid(), module);
	return true;
}

static bool load_nic(struct run *run, const char *module, GError **error)
{
	g_autoptr(JsonObject) answer = NULL;
	uint16_t sid;

	if (!load_driver(run, module, error))
		return false;
	/* The carrier comes seconds later; phase_workload() waits for the frames themselves. */
	answer = machine_agent(run->at.m, attempt_deadline(&run->at, 15), error, "net-up", "rx_ring", MACHINE_INT,
			       (int64_t)RX_RING, "wait_ms", MACHINE_INT, (int64_t)0, NULL);
	if (!answer || !find_nic(run, &sid, error))
		return false;
	add_device(run, sid, alias_of(run->at.plan->scenario, sid), module);
	return true;
}

/* Of the functions that share edu's group: which of them the crash kernel is to use, and the first kernel does not. */
static void add_group(struct run *run)
{
	struct evidence_device *dev;
	uint16_t sid = guest_group_sid(run->at.plan->scenario);

	if (!sid)
		return;
	add_device(run, sid, sid, GUEST_GROUP_DRIVER);
	dev = evidence_device_find(run->at.ev, sid);
	dev->first_translated = false;
}

static bool load_drivers(struct run *run, GError **error)
{
	const char *disk = devices_disk_module(run->at.plan->scenario),
		   *nic = devices_nic_module(run->at.plan->scenario);

	if (run->saved && !restore_devices(run, error))
		return false;
	if ((disk && !load_disk(run, disk, error)) || (nic && !load_nic(run, nic, error)))
		return false;
	add_group(run);
	return true;
}

static bool write_canary(struct run *run, GError **error)
{
	uint8_t bytes[CANARY_BYTES];
	g_autoptr(GString) hex = g_string_new(NULL);
	g_autoptr(JsonObject) answer = NULL;

	if (run->at.plan->scenario->crash.dump == CONF_DUMP_NONE)
		return true;
	for (int i = 0; i < CANARY_BYTES; i++) {
		bytes[i] = (uint8_t)g_random_int();
		g_string_append_printf(hex, "%02x", bytes[i]);
	}
	answer = machine_agent(run->at.m, attempt_deadline(&run->at, 10), error, "canary", "hex", MACHINE_STR, hex->str,
			       NULL);
	if (!answer)
		return false;
	run->at.ev->canary_written = g_strdup(hex->str);
	run->at.ev->canary_pa = agent_hex64(answer, "pa", 0);
	return true;
}

bool phase_load(struct run *run, GError **error)
{
	clock_phase(run->at.clock, "load");
	/* before any driver: that far a snapshot goes, and a kernel that is booted is to do the same in the same order */
	if (!(run->saved ? kexec_restored(run, error) : kexec_load(run, error)))
		return false;
	run->devices_asked = true;
	if (!load_drivers(run, error))
		return false;
	run->devices_asked = false;
	if (!read_groups(run, error) || !write_canary(run, error) ||
	    !kprobes_read(run->kprobes, AGENT_STAGE_FIRST, error))
		return false;
	breakpoint_find(run);
	clock_phase_end(run->at.clock, "crash kernel %s, %s, by %s", run->at.plan->crash->release,
			run->flat ? "flat" : "as shipped",
			run->at.plan->scenario->crash.load == CONF_LOAD_KEXEC ? "kexec -p" : "kexec -s -p");
	return true;
}

/* DMA is in flight: frames have been written by the NIC, and all readers wait for the disk. */
static bool busy(void *data)
{
	struct run *run = data;
	const struct scenario *sc = run->at.plan->scenario;
	struct injector *in = machine_injector(run->at.m);

	if (!sc->machine.observe)
		return !devices_has_nic_dma(sc) || injector_counters(in)->sent >= 3;
	if (devices_has_nic_dma(sc) && (!in || !nic_dma_seen(run->nic)))
		return false;
	return !devices_has_disk_dma(sc) || disk_dma_inflight(run->disk) >= READERS * 7 / 8;
}

/*
 * A requester that the unit has refused so often, and of which nothing has come through, is not going to work: the
 * deadline, minutes under TCG, would show no more. Counted in requests, and so by the guest and not by the clock.
 */
static const struct evidence_device *refused(const struct run *run)
{
	for_each_evidence(const struct evidence_device, dev, run->at.ev->devices)
		if (evidence_first_faults(run->at.ev, dev->alias_sid) >= REFUSED)
			return dev;
	return NULL;
}

static bool busy_or_refused(void *data)
{
	return busy(data) || refused(data);
}

static bool wait_for_dma(struct run *run, GError **error)
{
	const struct evidence_device *dev;
	char bdf[16];

	if (!machine_wait(run->at.m, busy_or_refused, run, attempt_deadline(&run->at, 10), "DMA in flight", error))
		return false;
	dev = busy(run) ? NULL : refused(run);
	return !dev || vtdlab_unjudged(error, "DMA in flight waited for in vain: the IOMMU refuses what %s does as %s",
				       dev->bdf, sid_text(dev->alias_sid, bdf));
}

bool phase_workload(struct run *run, GError **error)
{
	const struct scenario *sc = run->at.plan->scenario;
	const struct workload_ops *ops = workload_ops_of(sc, NULL);
	double rate = devices_has_nic_dma(sc) ? devices_frame_rate(sc, DMA_FRAMES_PER_SECOND * dma_pace(sc)) : 0;

	/* First, as it may take minutes: what is in flight has to last until after the panic only. */
	if (!workload_run(run, error))
		return false;
	clock_phase(run->at.clock, "workload");
	if (devices_has_disk_dma(sc)) {
		g_autoptr(JsonObject) answer = NULL;

		if (!machine_disk_throttle(run->at.m, (uint64_t)(DMA_DISK_BPS * dma_pace(sc)), error))
			return false;
		answer = machine_agent(run->at.m, attempt_deadline(&run->at, 10), error, "disk-load", "jobs",
				       MACHINE_INT, (int64_t)READERS, "bs", MACHINE_INT, (int64_t)READ_BYTES, "spread",
				       MACHINE_BOOL, (int)sc->devices.dma_spread, NULL);
		if (!answer)
			return false;
	}
	if (devices_has_nic_dma(sc) && machine_injector(run->at.m)) {
		injector_ration(machine_injector(run->at.m), devices_frame_ration(sc));
		injector_start(machine_injector(run->at.m), rate, true);
	}
	run->devices_asked = true;
	if (!wait_for_dma(run, error))
		return false;
	run->devices_asked = false;
	if ((ops && ops->alive && !ops->alive(&run->at, run->iommu, error)))
		return false;
	clock_phase_end(run->at.clock, "%u disk reads in flight, %.0f frames/s",
			run->disk ? disk_dma_inflight(run->disk) : 0, rate);
	return true;
}
