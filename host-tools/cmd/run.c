/* SPDX-License-Identifier: GPL-2.0-only */
/* vtdlab run: run a scenario and judge it. */
#include "cmd/cmd.h"
#include "cmd/series.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "machine/libvirt-domain.h"
#include "machine/machine.h"
#include "machine/vmm.h"
#include "results/report.h"
#include "verdict/check.h"
#include "conf/restrict.h"
#include "conf/scenario.h"
#include "run/run.h"

static struct {
	char *kernel, *crash_kernel, *reference, *modules, *qemu, *vmm, *accel, *clock, *results, *break_at, *colour,
		*domain, *group, *junit;
	char **sets;
	int repeat;
	gboolean dry_run, print_xml, keep, keep_core, gdb, no_probes, no_retry, strict_expect, as_shipped, snapshot,
		boot, quiet, verbose, restricted, keep_going, ktap, json;
} opt;

static const GOptionEntry entries[] = {
	{ "kernel", 'k', 0, G_OPTION_ARG_STRING, &opt.kernel,
	  "debian-6.1, debian:RELEASE, a bzImage, a vmlinux or a build tree", "K" },
	{ "crash-kernel", 0, 0, G_OPTION_ARG_STRING, &opt.crash_kernel,
	  "the same for the crash kernel (the first kernel's)", "K" },
	{ "reference", 0, 0, G_OPTION_ARG_STRING, &opt.reference,
	  "a good kernel, run where the first one does not come up (the newest other of the cache)", "K" },
	{ "modules", 0, 0, G_OPTION_ARG_FILENAME, &opt.modules, "modules directory of a kernel given by path", "DIR" },
	{ "qemu", 0, 0, G_OPTION_ARG_FILENAME, &opt.qemu,
	  "the QEMU to use: a name of images/qemus, such as qemu-10.0, or a program", "Q" },
	{ "vmm", 0, 0, G_OPTION_ARG_STRING, &opt.vmm, CMD_VMM_HELP, "V" },
	{ "domain", 0, 0, G_OPTION_ARG_FILENAME, &opt.domain,
	  "a domain XML of libvirt's: its machine, devices and IOMMU instead of the scenario's", "FILE" },
	{ "accel", 0, 0, G_OPTION_ARG_STRING, &opt.accel, "auto, kvm or tcg", "A" },
	{ "clock", 0, 0, G_OPTION_ARG_STRING, &opt.clock, "wall or virtual", "C" },
	{ "set", 's', 0, G_OPTION_ARG_STRING_ARRAY, &opt.sets,
	  "set a key of the scenario (+= appends); see `vtdlab list keys`", "SECTION.KEY=VALUE" },
	{ "repeat", 'n', 0, G_OPTION_ARG_INT, &opt.repeat, "run it N times, a line for each", "N" },
	{ "results", 0, 0, G_OPTION_ARG_FILENAME, &opt.results, "where run directories go", "DIR" },
	{ "dry-run", 0, 0, G_OPTION_ARG_NONE, &opt.dry_run, "print the QEMU command line, run nothing", NULL },
	{ "print-xml", 0, 0, G_OPTION_ARG_NONE, &opt.print_xml, "print the domain XML for libvirt, run nothing", NULL },
	{ "keep", 0, 0, G_OPTION_ARG_NONE, &opt.keep, "leave the VM stopped at the end until Ctrl-C", NULL },
	{ "keep-core", 0, 0, G_OPTION_ARG_NONE, &opt.keep_core, "keep the RAM at the end, for `vtdlab core`", NULL },
	{ "gdb", 0, 0, G_OPTION_ARG_NONE, &opt.gdb, "leave a gdb stub, and wait for a person", NULL },
	{ "break", 0, 0, G_OPTION_ARG_STRING, &opt.break_at,
	  "a snapshot, break.vtd, when the crash kernel first comes to this function (machine.break)", "SYMBOL" },
	{ "no-probes", 0, 0, G_OPTION_ARG_NONE, &opt.no_probes,
	  "leave the kernels without kprobes: no guest times, no reservations", NULL },
	{ "no-retry", 0, 0, G_OPTION_ARG_NONE, &opt.no_retry,
	  "one attempt only: a crash kernel that does not come up counts at once", NULL },
	{ "as-shipped", 0, 0, G_OPTION_ARG_NONE, &opt.as_shipped,
	  "no flat crash kernel and no other of `vtdlab list shortcuts`", NULL },
	{ "snapshot", 0, 0, G_OPTION_ARG_NONE, &opt.snapshot,
	  "boot the first kernel once, and restore it for each further run (machine.snapshot=on)", NULL },
	{ "boot", 0, 0, G_OPTION_ARG_NONE, &opt.boot, "boot it, whatever machine.snapshot says", NULL },
	CMD_RESTRICTED_ENTRY(&opt.restricted),
	{ "strict-expect", 0, 0, G_OPTION_ARG_NONE, &opt.strict_expect,
	  "exit 1 also where a check passes that the scenario expects to fail", NULL },
	{ "quiet", 'q', 0, G_OPTION_ARG_NONE, &opt.quiet, "no lines while it runs, and one for the result", NULL },
	{ "verbose", 'v', 0, G_OPTION_ARG_NONE, &opt.verbose,
	  "every check on the page, and plain lines even on a terminal", NULL },
	{ "group", 0, 0, G_OPTION_ARG_STRING, &opt.group,
	  "the scenarios of a group (and those named): quick, full, negative, lab or slow", "G" },
	{ "keep-going", 0, 0, G_OPTION_ARG_NONE, &opt.keep_going,
	  "of several: run the others too where one fails or is not judged", NULL },
	{ "ktap", 0, 0, G_OPTION_ARG_NONE, &opt.ktap, "KTAP on stdout: a test a run, its checks as subtests", NULL },
	{ "junit", 0, 0, G_OPTION_ARG_FILENAME, &opt.junit, "write JUnit XML, a test case a run", "FILE" },
	{ "json", 0, 0, G_OPTION_ARG_NONE, &opt.json, "run.json of each run on stdout, a line each", NULL },
	CMD_COLOUR_ENTRY(&opt.colour),
	{ 0 },
};

/* An option that is one key of the scenario. */
static bool set_key(struct scenario *s, const char *key, const char *value, GError **error)
{
	g_autofree char *assignment = value ? g_strdup_printf("%s=%s", key, value) : NULL;

	return !assignment || scenario_set(s, assignment, error);
}

static void change(const struct libvirt_domain *d, char *line)
{
	/* two scenarios have the same done to it */
	if (g_ptr_array_find_with_equal_func(d->changes, line, g_str_equal, NULL))
		g_free(line);
	else
		g_ptr_array_add(d->changes, line);
}

/* The machine of @d; what the scenario wants of it besides gives way, and that is told. */
static bool take_domain(struct scenario *s, const struct libvirt_domain *d, GError **error)
{
	g_autofree char *memory = g_strdup_printf("machine.memory=%" G_GUINT64_FORMAT "M", d->memory >> 20);
	g_autofree char *cpus = g_strdup_printf("machine.cpus=%u", d->cpus);

	/* within the lab's own bounds */
	if (!scenario_set(s, memory, error) || !scenario_set(s, cpus, error)) {
		g_prefix_error(error, "--domain %s: as ", d->file);
		return false;
	}
	if (!opt.accel && !d->kvm)
		s->machine.accel = MACHINE_ACCEL_TCG;
	if (d->cpus > 1 && s->machine.accel != MACHINE_ACCEL_KVM) {
		s->machine.cpus = 1;
		change(d, g_strdup_printf("1 CPU instead of %u: with more, libvirt's TCG makes kernels oops; "
					  "--accel kvm keeps them",
					  d->cpus));
	}
	s->iommu.mode = d->mode;
	s->iommu.intremap = d->intremap;
	s->iommu.caching_mode = d->caching_mode;
	s->iommu.aw_bits = d->aw_bits;
	s->iommu.ats = d->ats;
	s->devices.topology = MACHINE_TOPOLOGY_FLAT;
	if (d->nic != MACHINE_NIC_NONE)
		s->devices.nic = d->nic;
	if (d->disk != MACHINE_DISK_NONE)
		s->devices.disk = d->disk;
	if (d->disk != MACHINE_DISK_NONE && s->devices.dma == CONF_DMA_BOTH) {
		s->devices.dma = CONF_DMA_NIC;
		change(d,
		       g_strdup("only the network card is kept busy: a virtio disk's DMA in flight leaves no trace"));
	}
	return true;
}

static struct scenario *load(const char *name, const struct libvirt_domain *domain, GError **error)
{
	struct scenario *s = scenario_load(name, error);
	bool ok;

	if (!s)
		return NULL;
	ok = set_key(s, "first.kernel", opt.kernel, error) && set_key(s, "crash.kernel", opt.crash_kernel, error) &&
	     set_key(s, "machine.accel", opt.accel, error) && set_key(s, "machine.clock", opt.clock, error) &&
	     (!opt.as_shipped || scenario_as_shipped(s, error)) && set_key(s, "machine.break", opt.break_at, error) &&
	     set_key(s, "machine.snapshot", opt.snapshot ? "on" : NULL, error) &&
	     set_key(s, "scenario.strict-expect", opt.strict_expect ? "on" : NULL, error);
	ok = ok && (!domain || take_domain(s, domain, error));
	/* which is what machine.break asks for */
	if (ok && opt.break_at && s->devices.dma == CONF_DMA_BOTH)
		ok = scenario_set(s, "devices.dma=nic", error);
	for (char **set = opt.sets; ok && set && *set; set++)
		ok = scenario_set(s, *set, error);
	if (ok && (!opt.restricted || scenario_restricted(s, opt.kernel, opt.crash_kernel, error)))
		return s;
	scenario_free(s);
	return NULL;
}

/* Beside what is printed, which is for virsh or a shell. */
static void tell_changes(const struct scenario *s, const struct libvirt_domain *d)
{
	g_autoptr(GPtrArray) changes =
		d ? libvirt_domain_changes(d, s->machine.accel == MACHINE_ACCEL_KVM) : g_ptr_array_new();

	for (guint i = 0; i < changes->len; i++)
		fprintf(stderr, "domain: %s\n", (const char *)changes->pdata[i]);
}

static int dry_run(const struct scenario *s, const struct run_options *options)
{
	GError *error = NULL;
	g_autofree char *text = scenario_dry_run(s, options, &error);

	if (!text)
		return cmd_fail("run", error);
	puts(text);
	tell_changes(s, options->domain);
	return VTDLAB_EXIT_OK;
}

/* What only shows once all is set. */
static bool usable(const struct scenario *s, GError **error)
{
	g_auto(GStrv) names = check_expectable();

	if (!scenario_validate(s, (const char *const *)names, error))
		return false;
	return !opt.keep_core || s->crash.end != CONF_END_REBOOT ||
	       vtdlab_refuse(error,
			     "--keep-core: %s reboots its machine at the end, which overwrites the RAM; use a scenario "
			     "with crash.end=poweroff",
			     s->name);
}

/*
 * Of many, one that a setting does not fit is left out with the reason: `--group full --set machine.cpus=1` is no bad
 * command line. Of one it is.
 */
static bool add(GPtrArray *members, const char *name, const struct libvirt_domain *domain, bool many, GError **error)
{
	struct scenario *s = load(name, domain, error);
	GError *misfit = NULL;

	if (!s)
		return false;
	if (!usable(s, many && (opt.sets || opt.keep_core) ? &misfit : error) && !misfit) {
		scenario_free(s);
		return false;
	}
	series_add(members, s, misfit ? g_strdup(misfit->message) : NULL);
	g_clear_error(&misfit);
	return true;
}

/* Those named, then those of the group that were not. */
static bool add_all(GPtrArray *members, char **names, const struct libvirt_domain *domain, GError **error)
{
	g_auto(GStrv) group = opt.group ? scenario_group(opt.group, error) : NULL;
	bool many = opt.group || g_strv_length(names) > 1;

	if (opt.group && !group)
		return false;
	for (char **name = names; *name; name++)
		if (!add(members, *name, domain, many, error))
			return false;
	for (char **name = group; name && *name; name++)
		if (!g_strv_contains((const char *const *)names, *name) && !add(members, *name, domain, many, error))
			return false;
	return true;
}

/* Which options exclude each other, and what is out of range; -1: nothing is wrong. */
static int check_options(int names)
{
	if (!names && !opt.group && !opt.domain)
		return cmd_usage_error("run", "which scenario? `vtdlab list scenarios` names them");
	if (opt.repeat < 1 || opt.repeat > 100000)
		return cmd_usage_error("run", "--repeat %d: 1 to 100000", opt.repeat);
	if (opt.break_at && !*opt.break_at)
		return cmd_usage_error("run", "--break '': which function?");
	if (opt.snapshot && opt.boot)
		return cmd_usage_error("run", "--snapshot or --boot, not both");
	if (opt.ktap && opt.json)
		return cmd_usage_error("run", "--ktap or --json, not both");
	return -1;
}

static int run_members(const GPtrArray *members, struct run_options *options)
{
	const struct series_options series = {
		.name = opt.group ? opt.group : "run",
		.run = options,
		.repeat = (unsigned)opt.repeat,
		.keep_going = opt.keep_going,
		.quiet = opt.quiet,
		.verbose = opt.verbose,
		.format = opt.ktap ? SERIES_KTAP :
			  opt.json ? SERIES_JSON :
				     SERIES_TEXT,
		.junit = opt.junit,
	};
	int status = VTDLAB_EXIT_OK;

	if (!opt.dry_run && !opt.print_xml)
		return series_run(members, &series);
	for (guint i = 0; i < members->len; i++) {
		const struct series_member *m = members->pdata[i];

		status = vtdlab_exit_worse(status, m->unfit ? VTDLAB_EXIT_OK : dry_run(m->scenario, options));
	}
	return status;
}

static void take_options(struct run_options *options, bool colour)
{
	options->page = (opt.verbose ? REPORT_ALL : 0) | (colour ? REPORT_COLOUR : 0);
	options->modules = opt.modules;
	options->reference = opt.reference;
	options->qemu = opt.qemu;
	options->results = opt.results;
	options->keep = opt.keep;
	options->keep_core = opt.keep_core;
	options->gdb = opt.gdb;
	options->no_probes = opt.no_probes;
	options->no_retry = opt.no_retry;
	options->boot = opt.boot;
}

int cmd_run(int argc, char **argv)
{
	static char *standard[] = { (char *)"kdump", NULL };
	g_autoptr(GPtrArray) members = series_new();
	struct run_options options = { 0 };
	struct libvirt_domain *domain = NULL;
	GError *error = NULL;
	bool colour;
	int status;

	opt.repeat = 1;
	status = cmd_parse("run", entries, &argc, &argv);
	if (status < 0)
		status = check_options(argc - 1);
	if (status >= 0)
		return status;
	if (!cmd_colour("run", opt.colour, &colour))
		return VTDLAB_EXIT_USAGE;
	take_options(&options, colour);
	if (opt.vmm || opt.print_xml || opt.domain)
		options.vmm = vmm_parse(opt.vmm && !opt.print_xml ? opt.vmm : "libvirt", &options.vmm_uri, &error);
	if (opt.domain && !error && options.vmm != &vmm_libvirt)
		return cmd_usage_error("run", "--domain is run by libvirt: leave out --vmm %s", opt.vmm);
	if (opt.domain && !error)
		options.domain = domain = libvirt_domain_load(opt.domain, opt.restricted, &error);
	if (error || !add_all(members, argc > 1 || opt.group ? argv + 1 : standard, domain, &error)) {
		status = cmd_fail("run", error);
	} else {
		cmd_catch_signals();
		status = run_members(members, &options);
	}
	libvirt_domain_free(domain);
	return status;
}
