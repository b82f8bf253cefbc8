/* SPDX-License-Identifier: GPL-2.0-only */
/* The phases of the first kernel: boot, load, workload. */
#include "run/run-priv.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/json-line.h"
#include "results/progress.h"
#include "observe/kprobes.h"

#define RX_RING 1024 /* nobody refills it after the panic: it must outlast the crash boot */
#define READERS 64
#define READ_BYTES (128 << 10)
#define CANARY_BYTES 32

static void say_gdb(const struct run *run)
{
	const char *path = machine_gdb_path(run->m);

	if (path)
		g_printerr("gdb %s -ex 'target remote %s'\n", kernel_boot_path(run->plan->first), path);
}

bool phase_boot(struct run *run, GError **error)
{
	struct machine_config cfg;
	const struct agent_hello *hello;

	run_phase(run, "boot");
	plan_machine(run->plan, run->rd->path, &cfg);
	run->m = machine_start(&cfg, error);
	if (!run->m)
		return false;
	run_follow(run);
	foreign_follow(run);
	probes_new(run);
	say_gdb(run);
	if (run->sc->machine.accel == MACHINE_ACCEL_AUTO && machine_accel_reason(run->m) &&
	    run->plan->options->progress)
		progress_line(run->plan->options->progress, "%s", machine_accel_reason(run->m));
	hello = machine_wait_hello(run->m, AGENT_STAGE_FIRST, run_deadline(run, 15), error);
	if (!hello)
		return false;
	run->ev->first_hello = true;
	run->ev->first_cmdline = g_strdup(hello->cmdline);
	run_moment(run, "agent", hello->host_ns, "first", hello->uptime_ns, "agent");
	run_phase_end(run, "%s, %s", hello->release, word_of(machine_accel_words, machine_accel(run->m)));
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
	g_array_append_val(run->ev->devices, dev);
}

/* Calls @fn for each PCI function that the first kernel's agent names. */
static bool each_function(struct run *run, void (*fn)(struct run *, JsonObject *, void *), void *data, GError **error)
{
	JsonObject *answer = machine_agent(run->m, run_deadline(run, 10), error, "devices", NULL);
	JsonArray *list = json_line_array(answer, "devices");

	for (unsigned i = 0; list && i < json_array_get_length(list); i++) {
		JsonNode *node = json_array_get_element(list, i);

		if (JSON_NODE_HOLDS_OBJECT(node))
			fn(run, json_node_get_object(node), data);
	}
	if (answer)
		json_object_unref(answer);
	return answer != NULL;
}

/* Where the firmware of this machine has put the NIC: its bus number depends on the bridges. */
static void note_nic(struct run *run, JsonObject *function, void *data)
{
	const char *driver = agent_string(function, "driver", NULL);
	uint16_t sid;

	(void)data;
	if (g_strcmp0(driver, run->sc->devices.nic == MACHINE_NIC_VIRTIO ? "virtio-pci" : run_nic_module(run->sc)) ==
		    0 &&
	    g_str_has_prefix(agent_string(function, "class", ""), "0x02") &&
	    sid_parse(agent_string(function, "bdf", NULL), &sid))
		run->nic_sid = sid;
}

static bool find_nic(struct run *run, GError **error)
{
	if (run->sc->devices.topology == MACHINE_TOPOLOGY_FLAT)
		return true;
	if (!each_function(run, note_nic, NULL, error))
		return false;
	if (run->nic_sid)
		return true;
	g_set_error(error, VTDLAB_ERROR, VTDLAB_ERROR_CANNOT_JUDGE, "the first kernel has no NIC that %s drives",
		    run_nic_module(run->sc));
	return false;
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
		g_array_append_val(run->ev->functions, f);
}

static bool read_groups(struct run *run, GError **error)
{
	g_autoptr(GString) types = g_string_new(NULL);

	if (!each_function(run, note_function, types, error))
		return false;
	if (types->len)
		run->ev->group_types = g_strdup(types->str);
	return true;
}

static bool load_drivers(struct run *run, GError **error)
{
	const char *disk = run_disk_module(run->sc), *nic = run_nic_module(run->sc);

	if (disk) {
		run->disk = disk_dma_new(run);
		if (!run_modprobe(run, disk, error))
			return false;
		add_device(run, run_disk_sid(run), run_disk_sid(run), disk);
	}
	if (nic) {
		JsonObject *answer;

		if (!run_modprobe(run, nic, error))
			return false;
		/* The carrier comes seconds later; phase_workload() waits for the frames themselves. */
		answer = machine_agent(run->m, run_deadline(run, 15), error, "net-up", "rx_ring", MACHINE_INT,
				       (int64_t)RX_RING, "wait_ms", MACHINE_INT, (int64_t)0, NULL);
		if (!answer)
			return false;
		json_object_unref(answer);
		if (!find_nic(run, error))
			return false;
		add_device(run, run_nic_sid(run), run_nic_dma_sid(run), nic);
	}
	return true;
}

static bool write_canary(struct run *run, GError **error)
{
	uint8_t bytes[CANARY_BYTES];
	g_autoptr(GString) hex = g_string_new(NULL);
	JsonObject *answer;

	if (run->sc->crash.dump == CONF_DUMP_NONE)
		return true;
	for (int i = 0; i < CANARY_BYTES; i++) {
		bytes[i] = (uint8_t)g_random_int();
		g_string_append_printf(hex, "%02x", bytes[i]);
	}
	answer = machine_agent(run->m, run_deadline(run, 10), error, "canary", "hex", MACHINE_STR, hex->str, NULL);
	if (!answer)
		return false;
	run->ev->canary_written = g_strdup(hex->str);
	run->ev->canary_pa = agent_hex64(answer, "pa", 0);
	json_object_unref(answer);
	return true;
}

static bool load_crash_kernel(struct run *run, GError **error)
{
	const char *mode = run->sc->crash.load == CONF_LOAD_KEXEC ? "kexec" : "kexec-file";
	JsonObject *answer;

	answer = machine_agent(run->m, run_deadline(run, 30), error, "kexec-load", "mode", MACHINE_STR, mode, "cmdline",
			       MACHINE_STR, run->plan->crash_cmdline, "checksum", MACHINE_BOOL,
			       (int)run->sc->crash.checksum, NULL);
	if (!answer)
		return false;
	run->ev->crash_loaded = agent_bool(answer, "loaded", false);
	json_object_unref(answer);
	if (!run->ev->crash_loaded) {
		g_set_error(error, VTDLAB_ERROR, VTDLAB_ERROR_CANNOT_JUDGE,
			    "kexec returned, but no crash kernel is loaded");
		return false;
	}
	answer = machine_agent(run->m, run_deadline(run, 10), error, "crash-range", NULL);
	if (!answer)
		return false;
	run->ev->crash_start = agent_hex64(answer, "start", 0);
	run->ev->crash_end = agent_hex64(answer, "end", 0);
	json_object_unref(answer);
	return true;
}

bool phase_load(struct run *run, GError **error)
{
	run_phase(run, "load");
	if (!load_drivers(run, error) || !read_groups(run, error) || !write_canary(run, error) ||
	    !load_crash_kernel(run, error) || !probes_read(run, AGENT_STAGE_FIRST, error))
		return false;
	run_phase_end(run, "crash kernel %s by %s", run->plan->crash->release,
		      run->sc->crash.load == CONF_LOAD_KEXEC ? "kexec -p" : "kexec -s -p");
	return true;
}

/* DMA is in flight: frames have been written by the NIC, and all readers wait for the disk. */
static bool busy(void *data)
{
	struct run *run = data;
	struct injector *in = machine_injector(run->m);

	if (!run->sc->machine.observe)
		return !run_has_nic_dma(run->sc) || injector_counters(in)->sent >= 3;

	if (run_has_nic_dma(run->sc) && (!in || !nic_dma_seen(run)))
		return false;
	return !run_has_disk_dma(run->sc) || disk_dma_inflight(run->disk) >= READERS * 7 / 8;
}

bool phase_workload(struct run *run, GError **error)
{
	/* First, as it may take minutes: what is in flight has to last until after the panic only. */
	if (!workload_run(run, error))
		return false;
	run_phase(run, "workload");
	if (run_has_disk_dma(run->sc)) {
		JsonObject *answer;

		if (!machine_disk_throttle(run->m, (uint64_t)(DMA_DISK_BPS * run_pace(run)), error))
			return false;
		answer = machine_agent(run->m, run_deadline(run, 10), error, "disk-load", "jobs", MACHINE_INT,
				       (int64_t)READERS, "bs", MACHINE_INT, (int64_t)READ_BYTES, NULL);
		if (!answer)
			return false;
		json_object_unref(answer);
	}
	if (run_has_nic_dma(run->sc) && machine_injector(run->m))
		injector_start(machine_injector(run->m), run_frame_rate(run->sc, DMA_FRAMES_PER_SECOND * run_pace(run)),
			       true);
	if (!machine_wait(run->m, busy, run, run_deadline(run, 10), "DMA in flight", error) ||
	    !workload_alive(run, error))
		return false;
	run_phase_end(run, "%u disk reads in flight, %.0f frames/s", run->disk ? disk_dma_inflight(run->disk) : 0,
		      run_has_nic_dma(run->sc) ? run_frame_rate(run->sc, DMA_FRAMES_PER_SECOND * run_pace(run)) : 0.0);
	return true;
}
