/* SPDX-License-Identifier: GPL-2.0-only */
/* From a scenario to what is booted: kernels, images, command lines, the machine. */
#include "prepare/plan.h"

#include <glib/gstdio.h>
#include <string.h>

#include "base/cmdline.h"
#include "base/error.h"
#include "base/paths.h"
#include "evidence/kprobe-trace.h"
#include "machine/disk.h"
#include "machine/libvirt-domain.h"
#include "machine/qemu-probe.h"
#include "machine/vmm.h"
#include "prepare/devices.h"
#include "prepare/flat.h"
#include "prepare/shortcuts.h"
#include "conf/workload.h"

static const char *iommu_parameter(const struct scenario *sc)
{
	switch (sc->iommu.mode) {
	case MACHINE_IOMMU_OFF:
		return "intel_iommu=off";
	case MACHINE_IOMMU_LEGACY:
		return "intel_iommu=on,sm_off";
	default:
		return "intel_iommu=on,sm_on";
	}
}

/*
 * The standing part of both command lines. no_timer_check and tsc=reliable: a guest under TCG on a busy
 * host must not give up on its clocks. panic=-1: a panic without a crash kernel resets at once, and
 * QEMU's SHUTDOWN reason tells it from a hang. The crash kernel's nvme timeouts: a disk that is dead is to
 * be found dead in less than the minutes that the defaults (30 and 60 s, several times over) take.
 */
#define FIRST_OWN "crashkernel=256M"
/* An NMI that no driver claims: the kernel would only print it. */
#define FIRST_OWN_NMI " unknown_nmi_panic"
#define CRASH_OWN "nr_cpus=1 reset_devices nvme_core.io_timeout=10 nvme_core.admin_timeout=20"

bool plan_foreign(const struct plan *plan)
{
	return *plan->scenario->crash.initrd != '\0';
}

bool probes_wanted(const struct plan *plan)
{
	return !plan->options->no_probes && plan->scenario->iommu.mode != MACHINE_IOMMU_OFF;
}

static char *probes_cmdline(const struct plan *plan, const struct kernel *kernel)
{
	const struct scenario *sc = plan->scenario;
	/* what a group has mapped is told of for each of its functions */
	uint64_t ranges = scenario_edu_functions(sc) * workload_of(sc).pages;

	return probes_wanted(plan) ? probe_parameters(kernel_builtin(kernel, "INTEL_IOMMU_KDUMP"), ranges) :
				     g_strdup("");
}

/* The functions of machine.break are where the first kernel says that they are. */
static bool plan_fixed(const struct plan *plan)
{
	return plan->options->gdb || *plan->scenario->machine.break_at;
}

/* @own: what the lab itself gives this one of the two kernels; @extra: the scenario's own words, behind all others */
static char *command_line(const struct plan *plan, const struct kernel *kernel, const char *own, const char *extra)
{
	const struct scenario *sc = plan->scenario;
	g_autofree char *probes = probes_cmdline(plan, kernel);
	g_autoptr(GString) line = g_string_new("console=ttyS0,115200 no_timer_check "
					       "tsc=reliable panic=-1 ");

	g_string_append_printf(line, "%s %s", iommu_parameter(sc), own);
	if (plan->boot_words)
		g_string_append_printf(line, " %s", plan->boot_words);
	/* Times that repeat: with KASLR the same copy takes one of several times, by where the kernel lies. */
	if (plan_fixed(plan) || sc->machine.clock == MACHINE_CLOCK_VIRTUAL)
		g_string_append(line, " nokaslr");
	if (*probes)
		g_string_append_printf(line, " %s", probes);
	if (extra && *extra)
		g_string_append_printf(line, " %s", extra);
	return g_strdup(line->str);
}

char **foreign_disk(const char *image, char **args)
{
	const char *end = g_str_has_suffix(image, ".cpio") ? strrchr(image, '.') : image + strlen(image);
	g_autofree char *disk = g_strdup_printf("%.*s.disk", (int)(end - image), image);
	g_auto(GStrv) parts = g_strsplit(disk, ",", -1); /* QEMU wants a comma twice */
	g_autofree char *quoted = g_strjoinv(",,", parts);
	guint n = args ? g_strv_length(args) : 0;

	if (!g_file_test(disk, G_FILE_TEST_EXISTS))
		return args;
	args = g_renew(char *, args, n + 5);
	args[n] = g_strdup("-drive");
	args[n + 1] = g_strdup_printf("if=none,id=root0,format=raw,snapshot=on,file=%s", quoted);
	args[n + 2] = g_strdup("-device");
	args[n + 3] = g_strdup("ide-hd,drive=root0,bus=ide.0");
	args[n + 4] = NULL;
	return args;
}

char *plan_options(const struct scenario *sc)
{
	g_autofree char *devices = devices_options(sc);
	struct workload w = workload_of(sc);

	return g_strchomp(g_strdup_printf("%s %s", devices, w.kind ? w.kind->config : ""));
}

static bool plan_kernels(struct plan *plan, GError **error)
{
	const struct scenario *sc = plan->scenario;
	const char *crash = scenario_crash_kernel(sc);
	g_autofree char *require = devices_options(sc);
	g_autofree char *first = plan_options(sc);

	plan->first = kernel_get(sc->first.kernel, plan->options->modules, first, error);
	if (!plan->first)
		return false;
	if (strcmp(crash, sc->first.kernel) == 0)
		plan->crash = kernel_copy(plan->first);
	/* --modules belongs to the kernel that was given by path; another one has its own. */
	if (!plan->crash)
		plan->crash = kernel_get(crash, NULL, require, error);
	if (!plan->crash)
		return false;
	return plan->crash->bzimage ||
	       vtdlab_unfit(error, "%s: an ELF vmlinux cannot be loaded as crash kernel: give --crash-kernel a bzImage",
			    crash);
}

char *plan_crashkernel(const char *cmdline)
{
	char *plain = NULL, *high = NULL, *word;

	while (cmdline && (word = cmdline_next(&cmdline))) {
		const char *size = cmdline_is(word, "crashkernel");
		char **which = size && g_str_has_suffix(size, ",high") ? &high : &plain;

		if (size && !g_str_has_suffix(size, ",low") && !g_str_has_suffix(size, ",cma")) {
			g_free(*which);
			*which = g_strdup(size);
		}
		g_free(word);
	}
	if (!plain)
		return high;
	g_free(high);
	return plain;
}

/* Before anything is fetched for it: is the program that was named a QEMU, or is there one at all, and one that has the domain's
 * machine? libvirt has a QEMU of its own. */
static bool plan_qemu(struct plan *plan, GError **error)
{
	const struct run_options *o = plan->options;
	const struct libvirt_domain *d = o->domain;
	struct qemu_caps *caps;
	bool ok;

	if (!o->qemu && !d && o->vmm && o->vmm != &vmm_qemu)
		return true;
	plan->qemu = o->qemu ? qemu_get(o->qemu, error) : NULL;
	caps = plan->qemu || !o->qemu ? qemu_probe(plan->qemu, lab_cache_dir(), error) : NULL;
	ok = caps &&
	     (!d || qemu_has_machine(caps, d->machine) ||
	      vtdlab_refuse(error,
			    "--domain %s: machine='%.40s': QEMU %s (%s) has no such machine: write 'q35', or try "
			    "another with --qemu",
			    d->file, d->machine, caps->version, caps->path));
	qemu_caps_free(caps);
	return ok;
}

static char *first_own(const struct scenario *sc)
{
	struct workload w = workload_of(sc);
	g_autofree char *workload = w.kind && w.kind->cmdline ? w.kind->cmdline(&w) : NULL;
	g_autofree char *reserved = plan_crashkernel(sc->first.cmdline);

	return g_strconcat(reserved ? "" : FIRST_OWN, sc->crash.trigger == CONF_TRIGGER_NMI ? FIRST_OWN_NMI : "",
			   workload ? " " : "", workload, NULL);
}

const char *plan_crash_own(const char *cmdline)
{
	g_autofree char *mode = cmdline_kdump_mode(cmdline);

	return mode ? CRASH_OWN " intel_iommu=kdump_lines=64" : CRASH_OWN;
}

/* Where a function of the crash kernel lies, the first kernel says; so both must be the same one. */
static bool plan_break(const struct plan *plan, GError **error)
{
	const char *symbol;
	enum conf_break when = scenario_break(plan->scenario, &symbol);

	if (when == CONF_BREAK_NONE || when == CONF_BREAK_FIRST ||
	    strcmp(kernel_boot_path(plan->first), kernel_boot_path(plan->crash)) == 0)
		return true;
	return vtdlab_refuse(error,
			     "machine.break %s: the crash kernel must be the first one, which says where the function "
			     "is; leave out --crash-kernel, or give first:%s",
			     symbol, symbol);
}

bool plan_make(struct plan *plan, const struct scenario *sc, const struct run_options *options, GError **error)
{
	struct workload w = workload_of(sc);
	g_autofree char *own = NULL;
	bool foreign;

	memset(plan, 0, sizeof(*plan));
	plan->scenario = sc;
	plan->options = options;
	if (!plan_qemu(plan, error) || !plan_kernels(plan, error))
		return false;
	plan->first_image = sc->first.image == CONF_IMAGE_SHIPPED && plan->first->bzimage ?
				    plan->first->bzimage :
				    kernel_boot_path(plan->first);
	foreign = plan_foreign(plan);
	plan->crash_initrd = foreign ? foreign_initrd(sc->crash.initrd, plan->crash, error) :
				       initramfs_make(plan->crash, NULL, NULL, NULL, false, NULL, error);
	if (!plan->crash_initrd)
		return false;
	if (scenario_crash_flat(sc))
		plan->crash_flat = kernel_flat(plan->crash, &plan->not_flat);
	plan->first_initrd = initramfs_make(plan->first, plan->crash, plan->crash_initrd, plan->crash_flat, foreign,
					    w.kind ? w.kind->manifest : NULL, error);
	if (!plan->first_initrd)
		return false;
	if (*sc->machine.qemu_args && !g_shell_parse_argv(sc->machine.qemu_args, NULL, &plan->qemu_args, error)) {
		g_prefix_error(error, "machine.qemu-args: ");
		(*error)->domain = VTDLAB_ERROR;
		(*error)->code = VTDLAB_ERROR_USAGE;
		return false;
	}
	if (foreign)
		plan->qemu_args = foreign_disk(plan->crash_initrd, plan->qemu_args);
	if (!plan_break(plan, error))
		return false;
	if (scenario_shortcuts(sc)) {
		plan->cpu_tcg = shortcuts_words(true);
		plan->boot_words = shortcuts_words(false);
	}
	own = first_own(sc);
	plan->first_cmdline = command_line(plan, plan->first, own, sc->first.cmdline);
	plan->crash_cmdline = command_line(plan, plan->crash, plan_crash_own(sc->crash.cmdline), sc->crash.cmdline);
	if (sc->devices.disk != MACHINE_DISK_NONE) {
		plan->disk_image = g_build_filename(lab_cache_dir(), "disk-pattern.img", NULL);
		if (!disk_pattern_ensure(plan->disk_image, DISK_PATTERN_SIZE, error))
			return false;
	}
	return true;
}

void plan_clear(struct plan *plan)
{
	kernel_free(plan->first);
	kernel_free(plan->crash);
	g_free(plan->first_initrd);
	g_free(plan->crash_initrd);
	g_free(plan->crash_flat);
	g_free(plan->not_flat);
	g_free(plan->cpu_tcg);
	g_free(plan->boot_words);
	g_free(plan->qemu);
	g_free(plan->first_cmdline);
	g_free(plan->crash_cmdline);
	g_free(plan->disk_image);
	g_strfreev(plan->qemu_args);
	memset(plan, 0, sizeof(*plan));
}

void plan_machine(const struct plan *plan, const char *run_dir, struct machine_config *cfg)
{
	const struct scenario *sc = plan->scenario;

	scenario_machine(sc, cfg);
	cfg->vmm = plan->options->vmm;
	cfg->vmm_uri = plan->options->vmm_uri;
	cfg->domain = plan->options->domain;
	cfg->qemu = plan->qemu;
	cfg->cpu_tcg = plan->cpu_tcg;
	cfg->kernel = plan->first_image;
	cfg->kernel_vouched = plan->first->packaged;
	cfg->initrd = plan->first_initrd;
	cfg->cmdline = plan->first_cmdline;
	cfg->disk_image = plan->disk_image;
	cfg->extra_args = (const char *const *)plan->qemu_args;
	cfg->gdb = plan_fixed(plan);
	cfg->run_dir = run_dir;
}
