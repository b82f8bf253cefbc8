/* SPDX-License-Identifier: GPL-2.0-only */
/* Scenarios: the table of every key one can have, and what else is asked of one. */
#include "conf/scenario.h"

#include <string.h>

#include "base/error.h"
#include "base/paths.h"

static const struct word aw_words[] = {
	{ "default", 0 }, { "39", 39 }, { "48", 48 }, { "57", 57 }, { 0 },
};
const struct word conf_dma_words[] = {
	{ "both", CONF_DMA_BOTH }, { "disk", CONF_DMA_DISK }, { "nic", CONF_DMA_NIC }, { "none", CONF_DMA_NONE }, { 0 },
};
static const struct word load_words[] = {
	{ "kexec", CONF_LOAD_KEXEC },
	{ "kexec-file", CONF_LOAD_KEXEC_FILE },
	{ 0 },
};
static const struct word shortcuts_words[] = {
	{ "auto", CONF_SHORTCUTS_AUTO },
	{ "on", CONF_SHORTCUTS_ON },
	{ "off", CONF_SHORTCUTS_OFF },
	{ 0 },
};
static const struct word image_words[] = {
	{ "auto", CONF_IMAGE_AUTO },
	{ "flat", CONF_IMAGE_FLAT },
	{ "shipped", CONF_IMAGE_SHIPPED },
	{ 0 },
};
static const struct word trigger_words[] = {
	{ "sysrq", CONF_TRIGGER_SYSRQ },
	{ "nmi", CONF_TRIGGER_NMI },
	{ "cpu:N", CONF_TRIGGER_CPU },
	{ 0 },
};
static const struct word dump_words[] = {
	{ "guest", CONF_DUMP_GUEST },
	{ "none", CONF_DUMP_NONE },
	{ 0 },
};
static const struct word end_words[] = {
	{ "poweroff", CONF_END_POWEROFF },
	{ "reboot", CONF_END_REBOOT },
	{ 0 },
};
static const struct word when_words[] = {
	{ "before-copy", CONF_CORRUPT_BEFORE_COPY },
	{ "after-copy", CONF_CORRUPT_AFTER_COPY },
	{ 0 },
};

#define MIB (1024.0 * 1024.0)
#define GIB (1024.0 * MIB)
#define AT(field) .offset = offsetof(struct scenario, field)
#define KEY(s, k, t) .section = s, .key = k, .type = t

/*
 * The bugs of mainline that come with a mode, on whichever machine; why they are there is in kdump-scalable.conf. A
 * scenario in which they do not show sets the list to something else, or to nothing.
 */
static const struct schema_ending known_bugs[] = {
	{ "scalable", "did-consistent" },
	{ "6.1-scalable", "flushed@*;devices-work@nvme;devices-work@e1000e" },
	{ 0 },
};

#define MODES "(legacy|scalable|first-level)"
static const struct schema_endings when_endings = {
	"^([0-9]+\\.[0-9]+(-" MODES ")?|" MODES ")$",
	"a kernel series, a mode, or both: 6.1, scalable, 6.1-scalable",
	known_bugs,
};

static const struct schema_key keys[] = {
	{ KEY("scenario", "title", SCHEMA_TEXT), AT(title), .def = "",
	  .help = "one line for `vtdlab list scenarios` and the report" },
	{ KEY("scenario", "description", SCHEMA_LINES), AT(description), .def = "",
	  .help = "what the scenario shows, and why" },
	{ KEY("scenario", "expect-fail", SCHEMA_LIST), AT(expect_fail), .def = "", .endings = &when_endings,
	  .second = offsetof(struct scenario, expect_fail_when),
	  .members =
		  "names of `vtdlab list checks`; CHECK@nvme or CHECK@0000:00:02.0: by that device only, CHECK@*: by any",
	  .help = "checks expected to fail, ';' between; -6.1, -scalable, -6.1-scalable add some there" },
	{ KEY("scenario", "strict-expect", SCHEMA_SWITCH), AT(strict_expect), .def = "off",
	  .help = "on: a check of expect-fail that passes is bad (exit 1): for a negative control" },
	{ KEY("scenario", "groups", SCHEMA_LIST), AT(groups), .def = "full",
	  .members = "quick, full, negative, lab, slow",
	  .help = "what `vtdlab run --group` takes it for, ';' between" },
	{ KEY("scenario", "timeout-s", SCHEMA_SECONDS), AT(timeout_s), .min = 1, .max = 86400, .def = "300",
	  .help = "limit of a whole run, seconds; longer by itself under TCG" },

	{ KEY("machine", "memory", SCHEMA_SIZE), AT(machine.memory), .min = 512 * MIB, .max = 64 * GIB, .def = "1G",
	  .help = "guest RAM, whole MiB, with M or G behind" },
	{ KEY("machine", "cpus", SCHEMA_NUMBER), AT(machine.cpus), .min = 1, .max = 64, .def = "1",
	  .help = "virtual CPUs of the first kernel" },
	{ KEY("machine", "accel", SCHEMA_WORD), AT(machine.accel), .words = machine_accel_words, .def = "auto",
	  .help = "auto takes KVM only where it is proven to run a Linux guest" },
	{ KEY("machine", "clock", SCHEMA_WORD), AT(machine.clock), .words = machine_clock_words, .def = "wall",
	  .help = "virtual counts instructions (TCG, one CPU): times repeat" },
	{ KEY("machine", "observe", SCHEMA_SWITCH), AT(machine.observe), .def = "on",
	  .help = "off: no trace, no walks, no verdict; only to measure what observing costs" },
	{ KEY("machine", "shortcuts", SCHEMA_WORD), AT(machine.shortcuts), .words = shortcuts_words, .def = "auto",
	  .help = "what `vtdlab list shortcuts` lists for CPU and kernels; auto: but with clock=virtual" },
	{ KEY("machine", "snapshot", SCHEMA_SWITCH), AT(machine.snapshot), .def = "off",
	  .help = "on: the first kernel is booted once and then restored, where that changes nothing" },
	{ KEY("machine", "break", SCHEMA_TEXT), AT(machine.break_at), .def = "",
	  .help = "a snapshot, break.vtd, when a kernel first comes to [first:|crash:|attach:]SYMBOL" },
	{ KEY("machine", "qemu-args", SCHEMA_ARGS), AT(machine.qemu_args), .def = "",
	  .help = "put at the end of QEMU's command line, split as a shell splits words" },

	{ KEY("iommu", "mode", SCHEMA_WORD), AT(iommu.mode), .words = machine_iommu_mode_words, .def = "legacy",
	  .help = "format of the translation tables; off: no IOMMU at all" },
	{ KEY("iommu", "intremap", SCHEMA_SWITCH), AT(iommu.intremap), .def = "off", .help = "interrupt remapping" },
	{ KEY("iommu", "caching-mode", SCHEMA_SWITCH), AT(iommu.caching_mode), .def = "off",
	  .help = "CAP.CM: the guest must invalidate after adding a mapping too" },
	{ KEY("iommu", "aw-bits", SCHEMA_WORD), AT(iommu.aw_bits), .words = aw_words, .def = "default",
	  .help = "width of an IOVA: 3, 4 or 5 levels of tables" },
	{ KEY("iommu", "ats", SCHEMA_SWITCH), AT(iommu.ats), .def = "off",
	  .help = "a device IOTLB, and ATS in a virtio NIC (Linux uses it behind a root port)" },

	{ KEY("devices", "nic", SCHEMA_WORD), AT(devices.nic), .words = machine_nic_words, .def = "e1000e",
	  .help = "network card behind the IOMMU" },
	{ KEY("devices", "disk", SCHEMA_WORD), AT(devices.disk), .words = machine_disk_words, .def = "nvme",
	  .help = "disk behind the IOMMU" },
	{ KEY("devices", "topology", SCHEMA_WORD), AT(devices.topology), .words = machine_topology_words, .def = "flat",
	  .help = "where the devices sit on the PCI buses" },
	{ KEY("devices", "edu", SCHEMA_SWITCH), AT(devices.edu), .def = "off",
	  .help = "QEMU's edu device, a DMA engine that first.workload drives" },
	{ KEY("devices", "edu-functions", SCHEMA_NUMBER), AT(devices.edu_functions), .min = 1,
	  .max = MACHINE_EDU_FUNCTIONS_MAX, .def = "1",
	  .help = "of edu's slot, one group; the last of several is an e1000 for the crash kernel only" },
	{ KEY("devices", "dma", SCHEMA_WORD), AT(devices.dma), .words = conf_dma_words, .def = "both",
	  .help = "devices that do DMA while the first kernel dies" },
	{ KEY("devices", "dma-spread", SCHEMA_SWITCH), AT(devices.dma_spread), .def = "off",
	  .help = "disk DMA goes all over the filled memory, CMA too, and stalls till the crash kernel is up" },

	{ KEY("first", "kernel", SCHEMA_TEXT), AT(first.kernel), .def = "debian-6.1",
	  .help = "a name of images/kernels, debian:<release>, a bzImage/vmlinux or a build tree" },
	{ KEY("first", "cmdline", SCHEMA_TEXT), AT(first.cmdline), .def = "",
	  .help = "put behind the command line that the lab gives the first kernel" },
	{ KEY("first", "image", SCHEMA_WORD), AT(first.image), .words = image_words, .def = "auto",
	  .help = "shipped: its bzImage, with KASLR; flat, auto: its vmlinux, by PVH, where it has that" },
	{ KEY("first", "workload", SCHEMA_TEXT), AT(first.workload), .def = "",
	  .help = "vfio-map pages=N stride=N size=4k|2m iova=ADDRESS, or nested memory=SIZE page=4k|2m" },

	{ KEY("crash", "kernel", SCHEMA_TEXT), AT(crash.kernel), .def = "",
	  .help = "as first.kernel; empty: the first kernel" },
	{ KEY("crash", "initrd", SCHEMA_TEXT), AT(crash.initrd), .def = "",
	  .help = "path of another initramfs (or a name of images/initramfs/foreign) instead of ours" },
	{ KEY("crash", "cmdline", SCHEMA_TEXT), AT(crash.cmdline), .def = "",
	  .help = "put at the very end of the crash kernel's command line" },
	{ KEY("crash", "load", SCHEMA_WORD), AT(crash.load), .words = load_words, .def = "kexec",
	  .help = "kexec -p, or kexec -s -p (the kernel loads and checks the image)" },
	{ KEY("crash", "image", SCHEMA_WORD), AT(crash.image), .words = image_words, .def = "auto",
	  .help = "flat: unpacked, no KASLR; auto: flat but for kexec-file, checksum, initrd, virtual clock" },
	{ KEY("crash", "checksum", SCHEMA_SWITCH), AT(crash.checksum), .def = "off",
	  .help = "SHA-256 check of the image at the panic (2 s under TCG); kexec-file always has it" },
	{ KEY("crash", "trigger", SCHEMA_WORD_N), AT(crash.trigger),
	  .second = offsetof(struct scenario, crash.trigger_cpu), .max = 63, .words = trigger_words, .def = "sysrq",
	  .help = "how the first kernel dies: sysrq-c, an NMI from outside, sysrq-c on CPU N" },
	{ KEY("crash", "dump", SCHEMA_WORD), AT(crash.dump), .words = dump_words, .def = "guest",
	  .help = "guest: the crash kernel reads the dead one through /proc/vmcore" },
	{ KEY("crash", "end", SCHEMA_WORD), AT(crash.end), .words = end_words, .def = "poweroff",
	  .help = "what the crash kernel does last" },

	{ KEY("corrupt", "when", SCHEMA_WORD), AT(corrupt.when), .words = when_words, .def = "before-copy",
	  .help = "when the host damages the tables of the dead kernel, or the copy" },
	{ KEY("corrupt", "what", SCHEMA_TEXT), AT(corrupt.what), .def = "",
	  .help = "what the host damages (zap-context, shift-pte, ...), and of whom: zap-context 00:1f.2" },
	{ 0 },
};

const struct schema scenario_schema = { "scenario", "scenarios", "vtdlab list keys", sizeof(struct scenario), keys };

/* The table writes enums as ints. */
G_STATIC_ASSERT(sizeof(enum machine_iommu_mode) == sizeof(int));
G_STATIC_ASSERT(sizeof(enum conf_trigger) == sizeof(int));

struct scenario *scenario_new(const char *name)
{
	struct scenario *s = g_new0(struct scenario, 1);

	s->name = g_strdup(name);
	s->path = g_strdup("");
	s->sets = g_new0(char *, 1);
	schema_init(&scenario_schema, s);
	return s;
}

void scenario_free(struct scenario *s)
{
	if (!s)
		return;
	schema_clear(&scenario_schema, s);
	g_strfreev(s->sets);
	g_free(s->path);
	g_free(s->name);
	g_free(s);
}

struct scenario *scenario_load(const char *name_or_path, GError **error)
{
	struct scenario *s = scenario_new("");

	g_free(s->name);
	g_free(s->path);
	if (schema_load(&scenario_schema, s, name_or_path, &s->name, &s->path, error))
		return s;
	scenario_free(s);
	return NULL;
}

struct scenario *scenario_copy(const struct scenario *s)
{
	struct scenario *copy = scenario_new(s->name);

	g_free(copy->path);
	copy->path = g_strdup(s->path);
	g_strfreev(copy->sets);
	copy->sets = g_strdupv(s->sets);
	schema_copy(&scenario_schema, s, copy);
	return copy;
}

const char *const conf_groups[] = { "quick", "full", "negative", "lab", "slow", NULL };

bool scenario_in_group(const struct scenario *s, const char *group)
{
	return g_strv_contains((const char *const *)s->groups, group);
}

char **scenario_group(const char *group, GError **error)
{
	g_autofree char *dir = lab_path(scenario_schema.folder, NULL), *all = NULL;
	g_auto(GStrv) names = lab_conf_names(dir);
	g_autoptr(GStrvBuilder) in = g_strv_builder_new();

	if (!g_strv_contains(conf_groups, group)) {
		all = g_strjoinv(", ", (char **)(void *)conf_groups);
		vtdlab_refuse(error, "there is no group '%s'; there are %s", group, all);
		return NULL;
	}
	for (char **name = names; *name; name++) {
		struct scenario *s = scenario_load(*name, error);

		if (!s)
			return NULL;
		if (scenario_in_group(s, group))
			g_strv_builder_add(in, *name);
		scenario_free(s);
	}
	return g_strv_builder_end(in);
}

bool scenario_set(struct scenario *s, const char *assignment, GError **error)
{
	guint n = g_strv_length(s->sets);

	if (!schema_assign(&scenario_schema, s, assignment, error))
		return false;
	s->sets = g_renew(char *, s->sets, n + 2);
	s->sets[n] = g_strdup(assignment);
	s->sets[n + 1] = NULL;
	return true;
}

bool scenario_set_kernel(struct scenario *s, const char *spec, GError **error)
{
	g_autofree char *first = g_strconcat("first.kernel=", spec, NULL);

	return scenario_set(s, first, error) && scenario_set(s, "crash.kernel=", error);
}

/* Is it @check, of @device? */
static bool names(char **list, const char *check, const char *device)
{
	size_t len = strlen(check);

	for (; *list; list++) {
		const char *rest = *list + len;

		if (strncmp(*list, check, len) != 0)
			continue;
		if (device ? *rest == '@' && (strcmp(rest, "@*") == 0 || strcmp(rest + 1, device) == 0) : !*rest)
			return true;
	}
	return false;
}

/* Does "6.1", "scalable" or "6.1-scalable" hold of this kernel and mode? First-level tables are in scalable mode. */
static bool holds(const char *ending, const struct expect_when *when)
{
	size_t series = g_ascii_isdigit(*ending) ? strcspn(ending, "-") : 0;
	const char *mode = ending + series + (series && ending[series]);

	if (series &&
	    (!when->release || strncmp(when->release, ending, series) != 0 || g_ascii_isdigit(when->release[series])))
		return false;
	return !*mode || strcmp(mode, word_of(machine_iommu_mode_words, (int)when->mode)) == 0 ||
	       (when->mode == MACHINE_IOMMU_FIRST_LEVEL && strcmp(mode, "scalable") == 0);
}

bool scenario_expects_fail(const struct scenario *s, const struct expect_when *when, const char *check,
			   const char *device)
{
	GHashTableIter iter;
	gpointer ending, list;

	if (names(s->expect_fail, check, device))
		return true;
	g_hash_table_iter_init(&iter, s->expect_fail_when);
	while (g_hash_table_iter_next(&iter, &ending, &list))
		if (holds(ending, when) && names(list, check, device))
			return true;
	return false;
}

const char *scenario_crash_kernel(const struct scenario *s)
{
	return *s->crash.kernel ? s->crash.kernel : s->first.kernel;
}

bool scenario_crash_flat(const struct scenario *s)
{
	if (s->crash.image != CONF_IMAGE_AUTO)
		return s->crash.image == CONF_IMAGE_FLAT;
	return s->crash.load == CONF_LOAD_KEXEC && !s->crash.checksum && !*s->crash.initrd &&
	       s->machine.clock == MACHINE_CLOCK_WALL;
}

bool scenario_shortcuts(const struct scenario *s)
{
	return s->machine.shortcuts == CONF_SHORTCUTS_ON ||
	       (s->machine.shortcuts == CONF_SHORTCUTS_AUTO && s->machine.clock == MACHINE_CLOCK_WALL);
}

enum conf_break scenario_break(const struct scenario *s, const char **symbol)
{
	static const struct word prefixes[] = {
		{ "first:", CONF_BREAK_FIRST },
		{ "crash:", CONF_BREAK_CRASH },
		{ "attach:", CONF_BREAK_ATTACH },
		{ 0 },
	};
	const char *at = s->machine.break_at;

	*symbol = at;
	for (const struct word *p = prefixes; p->word; p++)
		if (g_str_has_prefix(at, p->word)) {
			*symbol = at + strlen(p->word);
			return (enum conf_break)p->value;
		}
	return *at ? CONF_BREAK_CRASH : CONF_BREAK_NONE;
}

unsigned scenario_edu_functions(const struct scenario *s)
{
	return s->devices.edu ? s->devices.edu_functions : 0;
}

bool scenario_as_shipped(struct scenario *s, GError **error)
{
	return scenario_set(s, "first.image=shipped", error) && scenario_set(s, "crash.image=shipped", error) &&
	       scenario_set(s, "crash.checksum=on", error) && scenario_set(s, "machine.shortcuts=off", error);
}

void scenario_machine(const struct scenario *s, struct machine_config *cfg)
{
	*cfg = (struct machine_config){
		.accel = s->machine.accel,
		.memory = s->machine.memory,
		.cpus = s->machine.cpus,
		.clock_virtual = s->machine.clock == MACHINE_CLOCK_VIRTUAL,
		.iommu = { s->iommu.mode, s->iommu.intremap, s->iommu.caching_mode, s->iommu.aw_bits, s->iommu.ats },
		.nic = s->devices.nic,
		.disk = s->devices.disk,
		.topology = s->devices.topology,
		.edu_functions = scenario_edu_functions(s),
		.no_trace = !s->machine.observe,
	};
}
