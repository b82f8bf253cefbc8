/* SPDX-License-Identifier: GPL-2.0-only */
/* The verb doctor: what this host offers, and which checks have no evidence on it. */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "base/host.h"
#include "base/json-line.h"
#include "base/paths.h"
#include "cmd/cmd.h"
#include "machine/accel.h"
#include "machine/libvirt-calls.h"
#include "machine/libvirt-conn.h"
#include "machine/qemu-probe.h"
#include "machine/trace.h"
#include "prepare/kernel.h"
#include "verdict/check.h"

#define MIB (1024.0 * 1024.0)
#define MEMORY_MIB 1600 /* a guest of 1 GiB, QEMU, the lab */
#define CACHE_MIB 1500	/* room to fetch and unpack a kernel */
#define RESULTS_MIB 100 /* a few runs */

static char **qemus;
static char *kernel_spec;
static gboolean no_kvm, as_json;
static JsonArray *lines; /* of --json */

static void say(const char *state, const char *what, const char *format, ...) G_GNUC_PRINTF(3, 4);
static void say(const char *state, const char *what, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list args;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	if (as_json) {
		JsonObject *o = json_object_new();

		json_object_set_string_member(o, "state", state);
		json_object_set_string_member(o, "what", what);
		json_object_set_string_member(o, "text", text);
		json_array_add_object_element(lines, o);
		return;
	}
	printf("%-5s %-13s %s\n", state, what, text);
	fflush(stdout);
}

/* Programs to look at: those of --qemu, else each qemu-system-x86_64 of $PATH and RHEL's place. */
static GPtrArray *find_qemus(void)
{
	GPtrArray *found = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, free, NULL);
	const char *path = g_getenv("PATH");
	g_auto(GStrv) dirs = g_strsplit(path ? path : "/usr/bin", ":", -1);

	for (char **q = qemus; q && *q; q++)
		g_ptr_array_add(found, g_strdup(*q));
	for (char **dir = dirs; !qemus && *dir; dir++) {
		g_autofree char *file = g_build_filename(*dir, "qemu-system-x86_64", NULL);
		char *real = access(file, X_OK) == 0 ? realpath(file, NULL) : NULL;

		if (real && g_hash_table_add(seen, real))
			g_ptr_array_add(found, g_strdup(file));
	}
	if (!qemus && access("/usr/libexec/qemu-kvm", X_OK) == 0)
		g_ptr_array_add(found, g_strdup("/usr/libexec/qemu-kvm"));
	return found;
}

static const char *yes(bool value)
{
	return value ? "yes" : "no";
}

static void say_modes(const struct qemu_caps *caps)
{
	say("", "",
	    "legacy yes, scalable %s, first-level %s, interrupt remapping %s, "
	    "caching-mode %s, aw-bits %s",
	    yes(qemu_has_iommu_prop(caps, "x-scalable-mode")), yes(qemu_has_iommu_prop(caps, "x-flts")),
	    yes(qemu_has_iommu_prop(caps, "intremap")), yes(qemu_has_iommu_prop(caps, "caching-mode")),
	    yes(qemu_has_iommu_prop(caps, "aw-bits")));
}

/* The checks that rest on , ", "-joined. */
static char *checks_of(unsigned group)
{
	GString *names = g_string_new(NULL);

	for (const struct check *const *c = vtdlab_checks; *c; c++)
		if ((*c)->traces & 1u << group)
			g_string_append_printf(names, "%s%s", names->len ? ", " : "", (*c)->name);
	return g_string_free(names, FALSE);
}

/* For each group of which an event is missing: what cannot be judged. */
static void say_unjudged(char **missing)
{
	unsigned lacks = 0;

	for (char **name = missing; *name; name++)
		lacks |= 1u << trace_group_of(*name);
	for (unsigned group = 0; group < TRACE_GROUPS; group++) {
		g_autofree char *checks = checks_of(group);

		if (lacks & 1u << group && *checks)
			say("warn", "", "without the trace of %s there is no evidence for %s",
			    word_of(trace_group_words, (enum trace_group)group), checks);
	}
}

static void say_traces(const struct qemu_caps *caps)
{
	g_auto(GStrv) missing = qemu_trace_missing(caps);
	guint n = g_strv_length(missing);

	if (!caps->trace_log) {
		say("warn", "", "no log trace backend: no check has its evidence (rig fails)");
		return;
	}
	if (!n) {
		say("", "", "trace: log backend works, all events there");
		return;
	}
	g_autofree char *names = g_strjoinv(", ", missing);

	say("", "", "trace: log backend works, %u event%s missing: %s", n, n == 1 ? "" : "s", names);
	say_unjudged(missing);
}

/* The first QEMU that can run a scenario, or NULL; the caller frees it. */
static char *look_at_qemus(void)
{
	g_autoptr(GPtrArray) found = find_qemus();
	char *usable = NULL;

	for (guint i = 0; i < found->len; i++) {
		g_autoptr(GError) error = NULL;
		struct qemu_caps *caps = qemu_probe(found->pdata[i], lab_cache_dir(), &error);

		if (!caps) {
			say("BAD", "QEMU", "%s", error->message);
			continue;
		}
		bool good = caps->intel_iommu && caps->trace_log;

		say(good ? "ok" : "BAD", "QEMU", "%s  %s", caps->version, caps->path);
		if (caps->intel_iommu) {
			say_modes(caps);
			say_traces(caps);
		} else {
			say("", "", "it has no intel-iommu device");
		}
		if (good && !usable)
			usable = g_strdup(caps->path);
		qemu_caps_free(caps);
	}
	if (!found->len)
		say("BAD", "QEMU", "none found; install qemu-system-x86, or give --qemu PATH");
	return usable;
}

/* Where KVM is not proved: what is known of the lab under it. */
static void say_what_kvm_showed(void)
{
	say("", "",
	    "guests run under TCG; the lab under KVM was shown on an emulated SVM, never on VMX: make check-kvm");
}

/* A guest must make progress; /dev/kvm that opens proves nothing. */
static void look_at_kvm(const char *qemu)
{
	struct machine_config cfg = { .qemu = qemu };
	struct accel_result result = { .proof = ACCEL_UNKNOWN };
	g_autoptr(GError) error = NULL;
	g_autofree char *initrd = NULL;
	struct kernel *kernel = NULL;
	const char *spec = kernel_spec ? kernel_spec : "debian-6.1";

	if (access("/dev/kvm", R_OK | W_OK) != 0) {
		say("note", "KVM", "/dev/kvm: %s", g_strerror(errno));
		say_what_kvm_showed();
		return;
	}
	if (kernel_spec || kernel_cached(spec)) {
		kernel = kernel_get(spec, NULL, "", &error);
		if (kernel)
			initrd = initramfs_make(kernel, NULL, NULL, NULL, false, NULL, &error);
		if (!initrd) {
			say("note", "KVM", "not tried: %s", error->message);
			say_what_kvm_showed();
			kernel_free(kernel);
			return;
		}
		cfg.kernel = kernel_boot_path(kernel);
		cfg.kernel_vouched = kernel->packaged;
		cfg.initrd = initrd;
	}
	if (!accel_probe_kvm(&cfg, lab_cache_dir(), NULL, NULL, &result, &error))
		say("note", "KVM", "not tried: %s", error->message);
	else
		say(result.proof == ACCEL_PROVED ? "ok" : "note", "KVM", "%s%s%s", result.reason,
		    result.cached ? " (found earlier since this host booted)" : "",
		    result.proof == ACCEL_UNKNOWN && !kernel ?
			    "; not proven without a kernel: `vtdlab doctor --kernel debian-6.1`" :
			    "");
	if (result.proof != ACCEL_PROVED)
		say_what_kvm_showed();
	accel_result_clear(&result);
	kernel_free(kernel);
}

/* What --vmm libvirt needs by itself: no daemon, but its driver. */
static void look_at_libvirt(void)
{
	g_autoptr(GError) error = NULL;
	struct libvirt_conn *conn = libvirt_open(NULL, &error);
	unsigned long v = 0;

	if (conn && virt.virConnectGetLibVersion(conn->c, &v) == 0)
		say("ok", "libvirt", "%lu.%lu.%lu, its QEMU driver works in this process: --vmm libvirt, --domain",
		    v / 1000000, v / 1000 % 1000, v % 1000);
	else
		say("note", "libvirt", "no --vmm libvirt: %s", error ? error->message : "it tells no version");
	libvirt_close(conn);
}

static void look_at_userfaultfd(void)
{
	long fd = syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);

	if (fd >= 0)
		say("ok", "userfaultfd", "for this process (user mode faults)");
	else
		say("note", "userfaultfd", "%s; no scenario of this version needs it", g_strerror(errno));
	if (fd >= 0)
		close(fd);
}

/* MiB free for this user where @path is or will be made; < 0 if that cannot be known. */
static double free_mib(const char *path)
{
	g_autofree char *dir = g_strdup(path);
	struct statvfs st;

	while (statvfs(dir, &st) != 0) {
		char *up = g_path_get_dirname(dir);
		bool top = strcmp(up, dir) == 0;

		g_free(dir);
		dir = up;
		if (top)
			return -1;
	}
	return (double)st.f_bavail * (double)st.f_frsize / MIB;
}

static void look_at_space(const char *what, const char *path, double want)
{
	double have = free_mib(path);

	if (have < 0)
		say("warn", what, "%s: %s", path, g_strerror(errno));
	else
		say(have < want ? "warn" : "ok", what, "%.1f GiB free in %s%s", have / 1024, path,
		    have < want ? ": may be too little" : "");
}

static void look_at_memory(void)
{
	double have = (double)host_memory_available() / MIB;

	if (!(have > 0))
		return;
	say(have < MEMORY_MIB ? "warn" : "ok", "memory", "%.1f GiB available%s", have / 1024,
	    have < MEMORY_MIB ? ": a run wants 1.6 GiB" : "");
}

/* Rows of `host-setup --list --for <level>` that are not there ("no  <package> ..."); NULL-ended.
 */
static char **missing_packages(const char *level)
{
	g_autofree char *script = lab_path("scripts", "host-setup", NULL);
	const char *argv[] = { script, "--for", level, "--list", NULL };
	GPtrArray *missing = g_ptr_array_new();
	g_autofree char *out = NULL;
	g_autoptr(GError) error = NULL;
	int status;

	if (!g_spawn_sync(NULL, (char **)argv, NULL, 0, NULL, NULL, &out, NULL, &status, &error) ||
	    !g_spawn_check_wait_status(status, &error))
		say("warn", "packages", "%s: %s", script, error->message);
	g_auto(GStrv) rows = g_strsplit(out ? out : "", "\n", -1);

	for (char **row = rows; *row; row++)
		if (g_str_has_prefix(*row, "no "))
			g_ptr_array_add(missing, g_strdup(g_strstrip(*row + strlen("no "))));
	g_ptr_array_add(missing, NULL);
	return (char **)g_ptr_array_free(missing, FALSE);
}

/* True if nothing is missing that a run needs. */
static bool look_at_packages(void)
{
	/* what builds it, and tests it, is of no use to a program that is installed */
	bool source = lab_is_source();
	g_auto(GStrv) run = missing_packages(source ? "run" : "installed"),
		      all = source ? missing_packages("all") : g_strdupv(run);

	for (char **row = all; *row; row++) {
		bool needed = g_strv_contains((const char *const *)run, *row);

		say(needed ? "BAD" : "note", "package", "missing: %s", *row);
	}
	if (*run)
		say("", "", "to install what runs need: %s", source ? "make setup" : "apt install");
	else if (!*all)
		say("ok", "packages", "all there");
	return !*run;
}

static void conclude(bool usable)
{
	JsonObject *o = json_object_new();
	g_autofree char *text = NULL;

	json_object_set_boolean_member(o, "usable", usable);
	json_object_set_array_member(o, "lines", lines);
	text = json_text(o, true);
	if (as_json)
		fputs(text, stdout);
	else
		puts(usable ? "\nScenarios can run here." :
			      "\nNo scenario can run here yet: see the lines marked BAD.");
	json_object_unref(o);
}

int cmd_doctor(int argc, char **argv)
{
	const GOptionEntry entries[] = {
		{ "qemu", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &qemus,
		  "look at this QEMU instead of those in PATH (may be repeated)", "PATH" },
		{ "kernel", 0, 0, G_OPTION_ARG_STRING, &kernel_spec, "prove KVM with this kernel, fetched when need be",
		  "SPEC" },
		{ "no-kvm", 0, 0, G_OPTION_ARG_NONE, &no_kvm, "do not try KVM", NULL },
		{ "json", 0, 0, G_OPTION_ARG_NONE, &as_json, "JSON: can anything be run, and a line each", NULL },
		G_OPTION_ENTRY_NULL,
	};
	int status = cmd_parse("doctor", entries, &argc, &argv);
	g_autofree char *results = lab_results(NULL);

	if (status >= 0)
		return status;
	if (argc > 1)
		return cmd_usage_error("doctor", "takes no word, got '%s'", argv[1]);
	lines = json_array_new();

	bool packages = look_at_packages();
	g_autofree char *qemu = look_at_qemus();

	if (qemu && !no_kvm)
		look_at_kvm(qemu);
	look_at_libvirt();
	look_at_userfaultfd();
	look_at_memory();
	look_at_space("cache", lab_cache_dir(), CACHE_MIB);
	look_at_space("results", results, RESULTS_MIB);
	conclude(qemu && packages);
	return qemu && packages ? VTDLAB_EXIT_OK : VTDLAB_EXIT_USAGE;
}
