/* SPDX-License-Identifier: GPL-2.0-only */
/* machine.snapshot: a first kernel that is booted once, and restored for each further run. docs/snapshots.md says what of. */
#include "run/phases.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "base/json-line.h"
#include "base/kept-sum.h"
#include "base/paths.h"
#include "machine/cmdline.h"
#include "machine/vmm.h"
#include "prepare/devices.h"
#include "prepare/saved.h"
#include "results/progress.h"
#include "results/version.h"

#define FORMAT 3 /* of what is kept, and of how it is come by */
#define CONSOLE "console.log"
#define TRACE "qemu.log"

/* ---- whether ---- */

/* A driver that is there before the snapshot has its queues and rings in it. */
static char *built_in(const struct plan *plan)
{
	g_autofree char *options = devices_options(plan->scenario),
			*config = g_build_filename(plan->first->dir, "config", NULL);
	g_auto(GStrv) names = g_strsplit(options, " ", -1);

	if (!g_file_test(config, G_FILE_TEST_IS_REGULAR))
		return g_strdup("the configuration of the first kernel is not known: a driver may be built in");
	for (char **name = names; *name; name++)
		if (**name && kernel_builtin(plan->first, *name))
			return g_strdup_printf(
				"CONFIG_%s is built in: its device is at work before a snapshot could be made", *name);
	return NULL;
}

/* NULL: nothing is against it. */
static char *why_boots(const struct run *run, const struct machine_config *cfg)
{
	const struct plan *plan = run->at.plan;
	const struct run_options *options = plan->options;
	const struct {
		bool boots;
		const char *why;
	} reasons[] = {
		{ options->boot, "--boot" },
		{ cfg->accel == MACHINE_ACCEL_KVM, "under KVM a boot is quick, and snapshots were not tried" },
		{ cfg->vmm && cfg->vmm != &vmm_qemu, "it is not run by vtdlab itself" },
		{ cfg->clock_virtual, "with the virtual clock times count, and a boot is a part of them" },
		{ cfg->no_trace, "with nothing observed times count, and a boot is a part of them" },
		{ cfg->edu_functions > 1, "the functions of one slot cannot be plugged in one by one after a restore" },
		{ cfg->gdb, "a person with a debugger follows it from the start" },
		{ plan->qemu_args,
		  "what more QEMU is given (machine.qemu-args, crash.initrd) may be lost in a snapshot" },
	};

	if (run->boots)
		return g_strdup(run->boots);
	for (unsigned i = 0; i < G_N_ELEMENTS(reasons); i++)
		if (reasons[i].boots)
			return g_strdup(reasons[i].why);
	return built_in(plan);
}

/* ---- what it depends on ---- */

static struct machine_config to_be_saved(const struct machine_config *cfg)
{
	struct machine_config c = *cfg;

	c.outgoing = true;
	return c;
}

static bool add_sum(GString *key, const char *what, const char *path, GError **error)
{
	g_autofree char *dir = g_build_filename(lab_cache_dir(), "hashes", NULL), *sum = kept_sum(dir, path, error);

	if (sum)
		g_string_append_printf(key, "%s %s\n", what, sum);
	return sum != NULL;
}

/* All that the saved state follows from, as text. NULL: @error. */
static char *key_of(const struct run *run, const struct machine_config *cfg, GError **error)
{
	const struct plan *plan = run->at.plan;
	const struct scenario *sc = plan->scenario;
	struct machine_config c = to_be_saved(cfg);
	struct qemu_caps *caps = qemu_probe(cfg->qemu, lab_cache_dir(), error);
	g_autoptr(GString) key = g_string_new(NULL);
	g_autoptr(GPtrArray) argv = NULL;
	g_autofree char *line = NULL;
	bool good;

	c.run_dir = NULL;
	argv = caps ? machine_command_line(&c, MACHINE_LINE_RUN, caps, NULL, error) : NULL;
	if (argv) {
		line = machine_one_line(argv);
		g_string_append_printf(key, "format %d\nlab %s\nqemu %s\n%s\n", FORMAT, vtdlab_version(),
				       caps->version_text, line);
		g_string_append_printf(key, "crash %s\nload %d checksum %d flat %d\n", plan->crash_cmdline,
				       sc->crash.load, sc->crash.checksum, plan->crash_flat != NULL);
	}
	/* the crash kernel and its images lie in the first initramfs */
	good = argv && add_sum(key, "program", caps->path, error) && add_sum(key, "kernel", cfg->kernel, error) &&
	       add_sum(key, "initrd", cfg->initrd, error);
	qemu_caps_free(caps);
	return good ? g_string_free(g_steal_pointer(&key), FALSE) : NULL;
}

/* ---- making one ---- */

static JsonArray *regs_json(const uint64_t regs[MACHINE_VTD_WORDS])
{
	JsonArray *list = json_array_new();

	for (int i = 0; i < MACHINE_VTD_WORDS; i++) {
		g_autofree char *text = g_strdup_printf("%" G_GINT64_MODIFIER "x", regs[i]);

		json_array_add_string_element(list, text);
	}
	return list;
}

static JsonObject *describe(struct run *maker, const uint64_t regs[MACHINE_VTD_WORDS])
{
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();
	g_autofree char *made = g_date_time_format(now, "%Y-%m-%dT%H:%M:%SZ");
	JsonObject *meta = json_object_new();
	JsonArray *notes = json_array_new();

	for (guint i = 0; i < maker->report->notes->len; i++)
		json_array_add_string_element(notes, maker->report->notes->pdata[i]);
	json_object_set_string_member(meta, "made", made);
	json_object_set_string_member(meta, "scenario", maker->at.plan->scenario->name);
	json_object_set_string_member(meta, "kernel", maker->at.plan->first->release);
	json_object_set_boolean_member(meta, "flat", maker->flat);
	json_object_set_array_member(meta, "notes", notes);
	json_object_set_int_member(meta, "boot_ms", (gint64)(machine_boot_s(maker->at.m) * 1000));
	json_object_set_array_member(meta, "regs", regs_json(regs));
	return meta;
}

/* What holds the places of the devices that come after the restore goes. */
static bool clear_places(struct run *maker, const struct machine_config *cfg, GError **error)
{
	JsonArray *late = machine_late_devices(cfg);
	bool good = true;

	for (unsigned i = 0; good && i < json_array_get_length(late); i++) {
		const char *slot = json_line_string(json_array_get_object_element(late, i), "addr", "?");
		g_autofree char *bdf = g_strdup_printf("0000:00:%02x.0", (unsigned)atoi(slot));
		g_autoptr(JsonObject) answer = machine_agent(maker->at.m, attempt_deadline(&maker->at, 10), error,
							     "pci-remove", "bdf", MACHINE_STR, bdf, NULL);

		good = answer;
	}
	json_array_unref(late);
	return good;
}

/* A third of what a driver takes to come up is its module. Bound to nothing, it does no DMA. */
static bool load_unbound(struct run *maker, GError **error)
{
	g_auto(GStrv) names = devices_pci_modules(maker->at.plan->scenario);
	bool good = true;

	for (char **name = names; good && *name; name++) {
		g_autoptr(JsonObject) answer =
			machine_agent(maker->at.m, attempt_deadline(&maker->at, 10), error, "modprobe", "name",
				      MACHINE_STR, *name, "bind", MACHINE_BOOL, 0, NULL);

		good = answer;
	}
	return good;
}

/* What was unpacked, read and loaded lies in memory that is free now: two fifths of the RAM that would be saved. */
static bool clear_memory(struct run *maker, GError **error)
{
	g_autoptr(JsonObject) answer =
		machine_agent(maker->at.m, attempt_deadline(&maker->at, 30), error, "memory-zero", NULL);

	return answer;
}

/* From power-on to the state that is worth keeping, and that into the files of @dir; *@meta. */
static bool boot_and_save(struct run *maker, const struct machine_config *cfg, const char *dir, uint32_t *ram_sum,
			  JsonObject **meta, GError **error)
{
	g_autofree char *ram = g_build_filename(dir, SAVED_RAM, NULL),
			*state = g_build_filename(dir, SAVED_STATE, NULL);
	bool iommu = cfg->iommu.mode != MACHINE_IOMMU_OFF, good;
	uint64_t regs[MACHINE_VTD_WORDS] = { 0 };
	const char *log = NULL;
	int fd;

	maker->at.m = machine_start(cfg, error);
	if (!maker->at.m ||
	    !machine_wait_hello(maker->at.m, AGENT_STAGE_FIRST, attempt_deadline(&maker->at, 15), error) ||
	    !kexec_load(maker, error) || !clear_places(maker, cfg, error) || !load_unbound(maker, error) ||
	    !clear_memory(maker, error))
		return false;
	fd = open(state, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return vtdlab_failed(error, "cannot create %s: %s", state, g_strerror(errno));
	good = machine_save(maker->at.m, fd, ram_sum, error);
	close(fd);
	if (!good || (iommu && !machine_vtd_regs(maker->at.m, regs, error)) ||
	    !machine_save_ram(maker->at.m, ram, error))
		return false;
	*meta = describe(maker, regs);
	machine_kill(maker->at.m);
	return machine_logs_ok(maker->at.m, &log) || vtdlab_failed(error, "%s could not be written completely", log);
}

static bool make(struct run *run, const struct machine_config *cfg, const char *key, GError **error)
{
	struct machine_config c = to_be_saved(cfg);
	struct saved_new fresh;
	JsonObject *meta = NULL;
	uint32_t ram_sum = 0;
	bool good = saved_begin(&fresh, error);

	progress_line(run->at.plan->options->progress,
		      "there is no snapshot of this first kernel yet: it is booted for one");
	if (good) {
		struct rundir rd = *run->at.rd;
		struct run *maker;

		rd.path = fresh.dir;
		c.run_dir = fresh.dir;
		maker = run_new(run->at.plan, &rd);
		good = boot_and_save(maker, &c, fresh.dir, &ram_sum, &meta, error);
		/* its logs are closed, too */
		run_free(maker);
	}
	if (good)
		good = saved_commit(&fresh, key, ram_sum, g_steal_pointer(&meta), error);
	if (meta)
		json_object_unref(meta);
	saved_end(&fresh);
	return good;
}

/* @err is why there is none, and goes, but for an interrupt. */
static bool give_up(struct run *run, GError *err, GError **error)
{
	if (g_error_matches(err, VTDLAB_ERROR, VTDLAB_ERROR_INTERRUPTED)) {
		g_propagate_error(error, err);
		return false;
	}
	run->boots = g_strdup_printf("no snapshot could be made: %.*s", (int)strcspn(err->message, "\n"), err->message);
	g_error_free(err);
	return true;
}

static void tell_wait(void *progress)
{
	progress_line(progress, "another run makes the snapshot of this first kernel: waiting for it");
}

/* Unless somebody else has made it meanwhile. */
static bool make_in_turn(struct run *run, const struct machine_config *cfg, const char *key, GError **error)
{
	int turn = saved_turn(key, tell_wait, run->at.plan->options->progress, error);
	g_autofree char *unused = NULL;
	bool good;

	if (turn < 0)
		return false;
	run->saved = saved_open(key, &unused);
	good = run->saved || make(run, cfg, key, error);
	close(turn);
	return good;
}

bool restore_find(struct run *run, const struct machine_config *cfg, GError **error)
{
	const struct plan *plan = run->at.plan;
	g_autofree char *key = NULL, *unused = NULL, *boots = NULL;
	GError *err = NULL;

	if (!plan->scenario->machine.snapshot)
		return true;
	boots = why_boots(run, cfg);
	if (boots) {
		g_free(run->boots);
		run->boots = g_steal_pointer(&boots);
		return true;
	}
	key = key_of(run, cfg, &err);
	if (!key)
		return give_up(run, err, error);
	run->saved = saved_open(key, &unused);
	if (unused)
		report_note(run->report, "a snapshot of the first kernel was not used, and removed: %s", unused);
	if (run->saved || unused) {
		run->boots = g_steal_pointer(&unused);
		return true;
	}
	if (!make_in_turn(run, cfg, key, &err))
		return give_up(run, err, error);
	if (!run->saved)
		run->saved = saved_open(key, &unused);
	if (!run->saved)
		run->boots = unused ? g_steal_pointer(&unused) : g_strdup("the snapshot has gone meanwhile");
	return true;
}

/* ---- restoring ---- */

static int open_in(const struct saved *s, const char *name)
{
	g_autofree char *path = g_build_filename(s->dir, name, NULL);

	return open(path, O_RDONLY | O_CLOEXEC);
}

/* The RAM @ram is summed once, until it is written to or the host is booted. */
static bool load_from(struct run *run, int state, int ram, GError **error)
{
	const struct saved *s = run->saved;
	g_autofree char *path = g_build_filename(s->dir, SAVED_RAM, NULL), *now = kept_stamp(ram),
			*hashes = g_build_filename(lab_cache_dir(), "hashes", NULL), *stamp = NULL;
	double boot_s = (double)json_line_int(s->meta, "boot_ms", 0) / 1000;
	uint32_t sum = saved_ram_sum(s);
	bool kept;

	if (now)
		stamp = g_strdup_printf("%s, %08" PRIx32, now, sum);
	kept = kept_good(hashes, path, stamp);
	if (!machine_restore(run->at.m, state, ram, kept ? NULL : &sum, boot_s, error))
		return false;
	if (!kept)
		kept_set_good(hashes, path, stamp);
	return true;
}

static bool load(struct run *run, GError **error)
{
	int state = open_in(run->saved, SAVED_STATE), ram = open_in(run->saved, SAVED_RAM);
	bool good = (state >= 0 && ram >= 0) || vtdlab_failed(error, "a file of it is not there");

	good = good && load_from(run, state, ram, error);
	if (state >= 0)
		close(state);
	if (ram >= 0)
		close(ram);
	return good;
}

/* The unit is read anew, and has to be as it was left. */
static bool same_unit(struct run *run, GError **error)
{
	JsonArray *saved = json_line_array(run->saved->meta, "regs");
	uint64_t regs[MACHINE_VTD_WORDS];

	if (run->at.plan->scenario->iommu.mode == MACHINE_IOMMU_OFF)
		return true;
	if (!saved || json_array_get_length(saved) != MACHINE_VTD_WORDS)
		return vtdlab_failed(error, "its description is damaged");
	if (!machine_vtd_regs(run->at.m, regs, error))
		return false;
	for (unsigned i = 0; i < MACHINE_VTD_WORDS; i++) {
		JsonNode *node = json_array_get_element(saved, i);
		const char *text = JSON_NODE_HOLDS_VALUE(node) ? json_node_get_string(node) : NULL;

		if (!text || g_ascii_strtoull(text, NULL, 16) != regs[i])
			return vtdlab_failed(error, "the IOMMU's register at 0x%x is not as it was saved", i * 8);
	}
	return true;
}

/* Who observes is told of what was seen from power-on to the snapshot, all of it now. */
static bool replay(struct run *run, GError **error)
{
	g_autofree char *console = NULL, *trace = NULL;
	gsize console_len, trace_len;

	console = saved_file(run->saved, CONSOLE, &console_len);
	trace = saved_file(run->saved, TRACE, &trace_len);
	if (!console || !trace)
		return vtdlab_failed(error, "its logs are damaged");
	run->at.restored_ns = machine_now_ns();
	console_replay(machine_console(run->at.m), console, console_len, run->at.restored_ns);
	trace_replay(machine_trace(run->at.m), trace, trace_len, run->at.restored_ns);
	return true;
}

static bool ask_hello(struct run *run, GError **error)
{
	g_autoptr(JsonObject) answer = machine_agent(run->at.m, attempt_deadline(&run->at, 10), error, "hello", NULL);

	return answer && machine_wait_hello(run->at.m, AGENT_STAGE_FIRST, attempt_deadline(&run->at, 10), error);
}

bool restore_go(struct run *run, GError **error)
{
	g_autoptr(GError) err = NULL;

	if (load(run, &err) && same_unit(run, &err) && replay(run, &err) && machine_resume(run->at.m, &err) &&
	    ask_hello(run, &err))
		return true;
	if (!g_error_matches(err, VTDLAB_ERROR, VTDLAB_ERROR_INTERRUPTED)) {
		run->unrestored = g_strdup_printf("the snapshot was not used, and removed: %.*s",
						  (int)strcspn(err->message, "\n"), err->message);
		saved_remove(run->saved);
	}
	g_propagate_error(error, g_steal_pointer(&err));
	return false;
}

bool restore_devices(struct run *run, GError **error)
{
	const struct scenario *sc = run->at.plan->scenario;
	g_autoptr(JsonObject) answer = NULL;

	/* each is where another one was when it booted (machine/cmdline.c) */
	if (sc->devices.disk == MACHINE_DISK_NONE && !sc->devices.edu)
		return true;
	answer = machine_agent(run->at.m, attempt_deadline(&run->at, 15), error, "pci-rescan", NULL);
	return answer != NULL;
}

/* ---- what is told of it ---- */

void restore_report(struct run *run)
{
	JsonObject *o;
	const char *made;

	if (!run->at.plan->scenario->machine.snapshot)
		return;
	o = json_object_new();
	json_object_set_boolean_member(o, "restored", run->saved != NULL);
	if (run->saved) {
		made = json_line_string(run->saved->meta, "made", "?");
		json_object_set_string_member(o, "snapshot", run->saved->id);
		json_object_set_string_member(o, "made", made);
		report_note(run->report, "the first kernel was restored from a snapshot of %s", made);
	} else {
		json_object_set_string_member(o, "why", run->boots ? run->boots : "?");
		report_note(run->report, "the first kernel was booted, not restored: %s",
			    run->boots ? run->boots : "?");
	}
	json_object_set_object_member(run->report->extra, "restore", o);
}
