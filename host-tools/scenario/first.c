/* SPDX-License-Identifier: GPL-2.0-only */
/* The phases of the first kernel: boot, load, workload. */
#include "scenario/run-priv.h"

#include <string.h>

#include "base/error.h"
#include "results/progress.h"

#define RX_RING 1024		/* nobody refills it after the panic: it must outlast the crash boot */
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
	say_gdb(run);
	hello = machine_wait_hello(run->m, AGENT_STAGE_FIRST, run_deadline(run, 15), error);
	if (!hello)
		return false;
	run->ev->first_hello = true;
	run->ev->first_cmdline = g_strdup(hello->cmdline);
	run_moment(run, "agent", hello->host_ns, "first", hello->uptime_ns, "agent");
	run_phase_end(run, "%s, %s", hello->release, machine_accel_name(machine_accel(run->m)));
	return true;
}

static bool modprobe(struct run *run, const char *name, GError **error)
{
	JsonObject *answer = machine_agent(run->m, run_deadline(run, 10), error, "modprobe", "name",
					   MACHINE_STR, name, NULL);

	if (answer)
		json_object_unref(answer);
	return answer != NULL;
}

static void add_device(struct run *run, uint16_t sid, const char *driver)
{
	struct evidence_device dev = { .sid = sid, .driver = g_strdup(driver), .first_translated = true };
	char bdf[16];

	dev.bdf = g_strdup(sid_text(sid, bdf));
	g_array_append_val(run->ev->devices, dev);
}

/* The distinct types of the first kernel's iommu groups, for mode-in-effect. */
static bool read_groups(struct run *run, GError **error)
{
	JsonObject *answer = machine_agent(run->m, run_deadline(run, 10), error, "devices", NULL);
	g_autoptr(GString) types = g_string_new(NULL);
	JsonArray *devices;

	if (!answer)
		return false;
	devices = json_object_has_member(answer, "devices") ?
			  json_object_get_array_member(answer, "devices") : NULL;
	for (unsigned i = 0; devices && i < json_array_get_length(devices); i++) {
		JsonNode *node = json_array_get_element(devices, i);
		const char *type = JSON_NODE_HOLDS_OBJECT(node) ?
			agent_string(json_node_get_object(node), "group_type", NULL) : NULL;

		if (type && !strstr(types->str, type))
			g_string_append_printf(types, "%s%s", types->len ? " " : "", type);
	}
	if (types->len)
		run->ev->group_types = g_strdup(types->str);
	json_object_unref(answer);
	return true;
}

static bool load_drivers(struct run *run, GError **error)
{
	const char *disk = run_disk_module(run->sc), *nic = run_nic_module(run->sc);

	if (disk) {
		run->disk = disk_dma_new(run);
		if (!modprobe(run, disk, error))
			return false;
		add_device(run, RUN_SID_DISK, disk);
	}
	if (nic) {
		JsonObject *answer;

		if (!modprobe(run, nic, error))
			return false;
		/* The carrier comes seconds later; phase_workload() waits for the frames themselves. */
		answer = machine_agent(run->m, run_deadline(run, 15), error, "net-up", "rx_ring",
				       MACHINE_INT, (int64_t)RX_RING, "wait_ms", MACHINE_INT,
				       (int64_t)0, NULL);
		if (!answer)
			return false;
		json_object_unref(answer);
		add_device(run, RUN_SID_NIC, nic);
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
	answer = machine_agent(run->m, run_deadline(run, 10), error, "canary", "hex", MACHINE_STR,
			       hex->str, NULL);
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

	answer = machine_agent(run->m, run_deadline(run, 30), error, "kexec-load", "mode", MACHINE_STR,
			       mode, "cmdline", MACHINE_STR, run->plan->crash_cmdline, "checksum",
			       MACHINE_BOOL, (int)run->sc->crash.checksum, NULL);
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
	    !load_crash_kernel(run, error))
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

	if (run_has_nic_dma(run->sc) && (!in || injector_counters(in)->written < 3))
		return false;
	return !run_has_disk_dma(run->sc) || disk_dma_inflight(run->disk) >= READERS / 2;
}

bool phase_workload(struct run *run, GError **error)
{
	run_phase(run, "workload");
	if (run_has_disk_dma(run->sc)) {
		JsonObject *answer;

		if (!machine_disk_throttle(run->m, DMA_DISK_BPS, error))
			return false;
		answer = machine_agent(run->m, run_deadline(run, 10), error, "disk-load", "jobs",
				       MACHINE_INT, (int64_t)READERS, "bs", MACHINE_INT,
				       (int64_t)READ_BYTES, NULL);
		if (!answer)
			return false;
		json_object_unref(answer);
	}
	if (run_has_nic_dma(run->sc) && machine_injector(run->m))
		injector_start(machine_injector(run->m), DMA_FRAMES_PER_SECOND, true);
	if (!machine_wait(run->m, busy, run, run_deadline(run, 10), "DMA in flight", error))
		return false;
	run_phase_end(run, "%u disk reads in flight, %.0f frames/s",
		      run->disk ? disk_dma_inflight(run->disk) : 0,
		      run_has_nic_dma(run->sc) ? DMA_FRAMES_PER_SECOND : 0.0);
	return true;
}
