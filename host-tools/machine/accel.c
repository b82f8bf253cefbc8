/* SPDX-License-Identifier: GPL-2.0-only */
/* Proving KVM by a guest that comes up, and remembering the answer. */
#define _GNU_SOURCE
#include "machine/accel.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "base/paths.h"
#include "machine/machine.h"
#include "machine/private-dir.h"

#define CACHE_FORMAT 4
#define GROUP "accel"
/* a guest that prints for ever */
#define MAX_S 1200.0
/* two microseconds each */
#define SPIN_US 50000
#define SPIN_CALLS 25000.0
#define SLOWNESS_MAX 16.0

void accel_result_clear(struct accel_result *r)
{
	g_free(r->reason);
	*r = (struct accel_result){ 0 };
}

static void set(struct accel_result *r, enum accel_proof proof, const char *fmt, ...) G_GNUC_PRINTF(3, 4);

static void set(struct accel_result *r, enum accel_proof proof, const char *fmt, ...)
{
	va_list ap;

	g_free(r->reason);
	va_start(ap, fmt);
	r->reason = g_strdup_vprintf(fmt, ap);
	va_end(ap);
	r->proof = proof;
}

/* Necessary, not sufficient. */
static bool kvm_opens(struct accel_result *r)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC), version;

	if (fd < 0) {
		set(r, ACCEL_REFUTED, "KVM: cannot open /dev/kvm: %s", g_strerror(errno));
		return false;
	}
	version = ioctl(fd, KVM_GET_API_VERSION, 0);
	close(fd);
	if (version != KVM_API_VERSION) {
		set(r, ACCEL_REFUTED, "KVM: /dev/kvm does not speak API version %d", KVM_API_VERSION);
		return false;
	}
	return true;
}

/* ---- cache ---- */

static void add_file(GString *key, const char *path)
{
	struct stat st;

	if (path && stat(path, &st) == 0)
		g_string_append_printf(key, " %s:%lld:%lld.%09ld", path, (long long)st.st_size,
				       (long long)st.st_mtim.tv_sec, (long)st.st_mtim.tv_nsec);
	else
		g_string_append(key, " -");
}

/* The question that was answered: this boot of the host, this QEMU, and where the answer may be @kernel's own doing, that; what the
 * initrd holds beside the agent has no part in it. */
static char *cache_file(const char *qemu, const char *kernel, const char *cache_dir)
{
	g_autoptr(GString) key = g_string_new(NULL);
	g_autofree char *boot = NULL, *hash = NULL, *name = NULL;

	if (!g_file_get_contents("/proc/sys/kernel/random/boot_id", &boot, NULL, NULL))
		boot = g_strdup("-");
	g_string_printf(key, "%d %u %s", CACHE_FORMAT, geteuid(), g_strstrip(boot));
	add_file(key, qemu);
	add_file(key, kernel);
	hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, key->str, -1);
	name = g_strdup_printf("%.16s.conf", hash);
	return g_build_filename(cache_dir, "accel", name, NULL);
}

static bool load(const char *file, struct accel_result *r)
{
	g_autoptr(GKeyFile) k = g_key_file_new();
	g_autofree char *proof = NULL;

	if (g_key_file_load_from_file(k, file, G_KEY_FILE_NONE, NULL)) {
		proof = g_key_file_get_string(k, GROUP, "proof", NULL);
		r->reason = g_key_file_get_string(k, GROUP, "reason", NULL);
		r->took_s = g_key_file_get_double(k, GROUP, "took-s", NULL);
	}
	r->cached = r->reason && (!g_strcmp0(proof, "proved") || !g_strcmp0(proof, "refuted"));
	r->proof = g_strcmp0(proof, "proved") ? ACCEL_REFUTED : ACCEL_PROVED;
	if (!r->cached)
		accel_result_clear(r);
	return r->cached;
}

bool accel_recall(const struct machine_config *cfg, const char *qemu, const char *cache_dir, struct accel_result *r)
{
	g_autofree char *any = cache_file(qemu, NULL, cache_dir);
	g_autofree char *own = cfg->kernel ? cache_file(qemu, cfg->kernel, cache_dir) : NULL;

	return load(any, r) || (own && load(own, r));
}

void accel_remember(const struct machine_config *cfg, const char *qemu, const char *cache_dir,
		    const struct accel_result *r)
{
	bool of_all = r->proof == ACCEL_PROVED || cfg->kernel_vouched;
	g_autofree char *file = cache_file(qemu, of_all ? NULL : cfg->kernel, cache_dir);
	g_autoptr(GKeyFile) k = g_key_file_new();
	g_autofree char *dir = g_path_get_dirname(file);

	if (r->proof == ACCEL_UNKNOWN)
		return;
	g_key_file_set_string(k, GROUP, "proof", r->proof == ACCEL_PROVED ? "proved" : "refuted");
	g_key_file_set_string(k, GROUP, "reason", r->reason);
	g_key_file_set_double(k, GROUP, "took-s", r->took_s);
	if (g_mkdir_with_parents(dir, 0755) == 0)
		g_key_file_save_to_file(k, file, NULL);
}

/* ---- the trial ---- */

void accel_failed_trial(struct accel_result *r, struct machine *m, const GError *why)
{
	/* First line of an error only: the console lines are of no use in a reason. */
	g_autofree char *line = g_strndup(why->message, strcspn(why->message, "\n;")), *said = NULL;
	char *cut = strstr(line, " | ");

	if (cut)
		*cut = '\0';
	if (!m || machine_wait_ended(m) != MACHINE_END_DEADLINE || machine_guest_s(m) < ACCEL_STILL_S) {
		set(r, ACCEL_UNKNOWN, "KVM: %s", line);
		return;
	}
	said = console_tail(machine_console(m), 1);
	set(r, *said ? ACCEL_UNKNOWN : ACCEL_REFUTED, "KVM: /dev/kvm opens, but a Linux guest %s",
	    *said ? "came no further than its first lines" : "hangs before it reaches its agent");
}

/*
 * How many times as long as on hardware a system call takes here. A host that is itself emulated does not see how much of
 * its time it gets, so that its load and its clocks say nothing.
 */
static double slowness(void)
{
	int64_t until = g_get_monotonic_time() + SPIN_US;
	unsigned calls = 0;

	while (g_get_monotonic_time() < until)
		calls += syscall(SYS_getppid) >= 0;
	return CLAMP(SPIN_CALLS / MAX(calls, 1), 1, SLOWNESS_MAX);
}

/* Whichever image it is: the one of a crash kernel is the smaller one, and its agent says so. */
static bool agent_spoke(void *data)
{
	return machine_hello(data, AGENT_STAGE_FIRST) || machine_hello(data, AGENT_STAGE_CRASH);
}

/* A line on the console is progress, too, though the memory for it was taken before. */
static bool reaches_agent(struct machine *m, GError **why)
{
	g_autofree char *before = NULL, *now = console_tail(machine_console(m), 1);

	do {
		g_free(before);
		before = g_steal_pointer(&now);
		g_clear_error(why);
		if (machine_wait(m, agent_spoke, m, ACCEL_STILL_S * slowness() / machine_scale(m), "the agent", why))
			return true;
		now = console_tail(machine_console(m), 1);
	} while (machine_wait_ended(m) == MACHINE_END_DEADLINE && strcmp(now, before) != 0 &&
		 machine_guest_s(m) < MAX_S);
	return false;
}

static bool trial(const struct machine_config *cfg, const char *dir, struct accel_result *r, GError **error)
{
	struct machine_config c = {
		.qemu = cfg->qemu,
		.accel = MACHINE_ACCEL_KVM,
		.memory = UINT64_C(512) << 20,
		.cpus = 1,
		.kernel = cfg->kernel,
		.initrd = cfg->initrd,
		/* with all its lines: under a slow KVM there are minutes in which nothing else is seen of a boot */
		.cmdline = "console=ttyS0 panic=-1",
		.nic = MACHINE_NIC_NONE,
		.disk = MACHINE_DISK_NONE,
		.no_trace = true,
		.run_dir = dir,
	};
	int64_t since = g_get_monotonic_time();
	GError *why = NULL;
	struct machine *m = machine_start(&c, &why);
	bool good = true;

	if (m && reaches_agent(m, &why))
		set(r, ACCEL_PROVED, "KVM: a Linux guest reached its agent in %.1f s",
		    (double)(g_get_monotonic_time() - since) / 1e6);
	else if (g_error_matches(why, VTDLAB_ERROR, VTDLAB_ERROR_INTERRUPTED))
		good = false;
	else
		accel_failed_trial(r, m, why);
	machine_free(m);
	r->took_s = (double)(g_get_monotonic_time() - since) / 1e6;
	if (good)
		g_clear_error(&why);
	else
		g_propagate_error(error, why);
	return good;
}

bool accel_probe_kvm(const struct machine_config *cfg, const char *cache_dir, accel_trying trying, void *data,
		     struct accel_result *result, GError **error)
{
	struct qemu_caps *caps;
	char *dir = NULL;
	bool good = true;

	*result = (struct accel_result){ 0 };
	/* a program that is no QEMU says nothing about KVM */
	caps = qemu_probe(cfg->qemu, cache_dir, error);
	if (!caps)
		return false;
	if (!kvm_opens(result))
		goto out;
	if (cache_dir && accel_recall(cfg, caps->path, cache_dir, result))
		goto out;
	if (!cfg->kernel) {
		set(result, ACCEL_UNKNOWN, "KVM: /dev/kvm opens; no guest has been tried");
		goto out;
	}
	dir = private_dir_make(NULL);
	if (!dir) {
		set(result, ACCEL_UNKNOWN, "KVM: no temporary directory to try it in");
		goto out;
	}
	if (trying)
		trying(data);
	good = trial(cfg, dir, result, error);
	if (good && cache_dir)
		accel_remember(cfg, caps->path, cache_dir, result);
out:
	private_dir_remove(dir);
	qemu_caps_free(caps);
	return good;
}

bool accel_resolve(struct machine_config *cfg, accel_trying trying, void *data, char **reason, GError **error)
{
	struct accel_result r;

	*reason = NULL;
	if (cfg->accel != MACHINE_ACCEL_AUTO)
		return true;
	if (cfg->clock_virtual) {
		cfg->accel = MACHINE_ACCEL_TCG;
		*reason = g_strdup("TCG: the virtual clock counts instructions");
		return true;
	}
	if (!accel_probe_kvm(cfg, lab_cache_dir(), trying, data, &r, error))
		return false;
	cfg->accel = r.proof == ACCEL_PROVED ? MACHINE_ACCEL_KVM : MACHINE_ACCEL_TCG;
	*reason = r.proof == ACCEL_PROVED ? g_strdup(r.reason) : g_strdup_printf("TCG (%s)", r.reason);
	accel_result_clear(&r);
	return true;
}
