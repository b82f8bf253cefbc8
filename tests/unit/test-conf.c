/* SPDX-License-Identifier: GPL-2.0-only */
/* Scenario files: defaults, every kind of value, --set, expectations, and what must be refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "base/error.h"
#include "base/paths.h"
#include "conf/scenario.h"
#include "base/words.h"

static struct scenario *load_text(const char *text, GError **error)
{
	g_autofree char *dir = g_dir_make_tmp("vtdlab-conf-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "own.conf", NULL);
	struct scenario *s;

	assert_true(g_file_set_contents(path, text, -1, NULL));
	s = scenario_load(path, error);
	g_unlink(path);
	g_rmdir(dir);
	return s;
}

/* The file must be refused, with every one of the words (NULL-ended) in the message. */
static void refused(const char *text, ...) G_GNUC_NULL_TERMINATED;
static void refused(const char *text, ...)
{
	GError *error = NULL;
	struct scenario *s = load_text(text, &error);
	const char *word;
	va_list args;

	if (s)
		fail_msg("accepted: %s", text);
	assert_true(g_error_matches(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE));
	va_start(args, text);
	while ((word = va_arg(args, const char *)))
		if (!strstr(error->message, word))
			fail_msg("no '%s' in: %s", word, error->message);
	va_end(args);
	assert_null(strchr(error->message, '\n'));
	g_error_free(error);
}

static void set_refused(const char *assignment, const char *word)
{
	struct scenario *s = scenario_new("t");
	g_autofree char *before = schema_text(&scenario_schema, s);
	GError *error = NULL;

	if (scenario_set(s, assignment, &error))
		fail_msg("accepted: %s", assignment);
	assert_true(g_error_matches(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE));
	if (!strstr(error->message, word))
		fail_msg("no '%s' in: %s", word, error->message);
	g_autofree char *after = schema_text(&scenario_schema, s);

	assert_string_equal(before, after);
	assert_null(s->sets[0]);
	g_error_free(error);
	scenario_free(s);
}

static void set(struct scenario *s, const char *assignment)
{
	GError *error = NULL;

	if (!scenario_set(s, assignment, &error))
		fail_msg("%s", error->message);
}

static void test_defaults(void **state)
{
	struct scenario *s = scenario_new("t");

	(void)state;
	assert_int_equal(s->machine.memory, 1024ULL << 20);
	assert_int_equal(s->machine.cpus, 1);
	assert_int_equal(s->machine.accel, MACHINE_ACCEL_AUTO);
	assert_int_equal(s->iommu.mode, MACHINE_IOMMU_LEGACY);
	assert_false(s->iommu.intremap);
	assert_int_equal(s->iommu.aw_bits, 0);
	assert_int_equal(s->devices.nic, MACHINE_NIC_E1000E);
	assert_int_equal(s->devices.disk, MACHINE_DISK_NVME);
	assert_int_equal(s->devices.dma, CONF_DMA_BOTH);
	assert_string_equal(s->first.kernel, "debian-6.1");
	assert_string_equal(scenario_crash_kernel(s), "debian-6.1");
	assert_int_equal(s->crash.load, CONF_LOAD_KEXEC);
	assert_int_equal(s->crash.image, CONF_IMAGE_AUTO);
	assert_false(s->crash.checksum);
	assert_int_equal(s->crash.trigger, CONF_TRIGGER_SYSRQ);
	assert_null(s->expect_fail[0]);
	assert_true(scenario_validate(s, NULL, NULL));
	scenario_free(s);
}

/* Flat, and with shortcuts, where nobody asks for the image itself or for times; what is said in so many words is done. */
static void test_crash_image(void **state)
{
	static const char *const shipped[] = { "crash.load=kexec-file", "crash.checksum=on", "crash.initrd=kdump-tools",
					       "machine.clock=virtual" };
	struct scenario *s = scenario_new("t");

	(void)state;
	assert_true(scenario_crash_flat(s));
	for (size_t i = 0; i < G_N_ELEMENTS(shipped); i++) {
		struct scenario *one = scenario_copy(s);

		assert_true(scenario_set(one, shipped[i], NULL));
		assert_false(scenario_crash_flat(one));
		assert_true(scenario_set(one, "crash.image=flat", NULL));
		assert_true(scenario_crash_flat(one));
		scenario_free(one);
	}
	assert_true(scenario_shortcuts(s));
	assert_true(scenario_set(s, "machine.clock=virtual", NULL));
	assert_false(scenario_shortcuts(s));
	assert_true(scenario_set(s, "machine.shortcuts=on", NULL));
	assert_true(scenario_shortcuts(s));
	assert_true(scenario_as_shipped(s, NULL));
	assert_true(s->crash.checksum);
	assert_false(scenario_shortcuts(s));
	assert_false(scenario_crash_flat(s));
	scenario_free(s);
}

/* Every row of the table has a default that it accepts, and says what is allowed. */
static void test_table(void **state)
{
	struct scenario *s = scenario_new("t");
	const struct schema_key *keys = scenario_schema.keys;
	size_t n = 0;

	(void)state;
	for (size_t i = 0; keys[i].section; i++, n++) {
		g_autofree char *allowed = schema_allowed(&keys[i]);
		g_autofree char *value = schema_value(&keys[i], s);
		g_autofree char *assignment = g_strdup_printf("%s.%s=%s", keys[i].section, keys[i].key, value);

		assert_string_equal(value, keys[i].def);
		assert_true(*allowed && *keys[i].help && strlen(keys[i].help) < 90);
		set(s, assignment);
		for (size_t j = 0; j < i; j++)
			assert_false(keys[i].offset == keys[j].offset);
	}
	assert_true(n > 25);
	scenario_free(s);
}

static void test_every_kind(void **state)
{
	struct scenario *s = scenario_new("t");

	(void)state;
	set(s, "machine.memory=1536M");
	assert_int_equal(s->machine.memory, 1536ULL << 20);
	set(s, "machine.memory=64g");
	assert_int_equal(s->machine.memory, 64ULL << 30);
	set(s, "machine.cpus=64");
	assert_int_equal(s->machine.cpus, 64);
	set(s, "machine.accel=kvm");
	set(s, "iommu.mode=first-level");
	assert_int_equal(s->iommu.mode, MACHINE_IOMMU_FIRST_LEVEL);
	set(s, "iommu.intremap=on");
	assert_true(s->iommu.intremap);
	set(s, "iommu.aw-bits=48");
	assert_int_equal(s->iommu.aw_bits, 48);
	set(s, "scenario.timeout-s=1.5");
	assert_true(s->timeout_s == 1.5);
	set(s, "crash.load=kexec-file");
	set(s, "crash.kernel=/boot/a kernel=x");
	assert_string_equal(scenario_crash_kernel(s), "/boot/a kernel=x");
	set(s, "scenario.expect-fail= no-faults ; dma-landed;; ");
	assert_string_equal(s->expect_fail[0], "no-faults");
	assert_string_equal(s->expect_fail[1], "dma-landed");
	assert_null(s->expect_fail[2]);
	set(s, "machine.qemu-args=-device 'edu, x'");
	assert_int_equal(g_strv_length(s->sets), 12);
	scenario_free(s);
}

static void test_append(void **state)
{
	struct scenario *s = scenario_new("t");

	(void)state;
	set(s, "crash.cmdline+=debug");
	assert_string_equal(s->crash.cmdline, "debug");
	set(s, "crash.cmdline+=iommu=a=b");
	set(s, "crash.cmdline+= --");
	assert_string_equal(s->crash.cmdline, "debug iommu=a=b --");
	set(s, "scenario.expect-fail+=no-faults");
	set(s, "scenario.expect-fail+=dma-landed");
	assert_int_equal(g_strv_length(s->expect_fail), 2);
	set(s, "scenario.expect-fail-6.1=no-faults");
	set(s, "scenario.expect-fail-6.1+=rig");
	assert_int_equal(g_strv_length(g_hash_table_lookup(s->expect_fail_when, "6.1")), 2);
	scenario_free(s);
	set_refused("iommu.mode+=legacy", "+= is for texts and lists");
}

static void test_set_refused(void **state)
{
	(void)state;
	set_refused("", "want section.key=value");
	set_refused("mode=legacy", "want section.key=value");
	set_refused("iommu.mode", "want section.key=value");
	set_refused(".mode=x", "want section.key=value");
	set_refused("=x.y", "want section.key=value");
	set_refused("iommu.mod=legacy", "nearest is iommu.mode");
	set_refused("machine.nic=none", "nearest is devices.nic");
	set_refused("iommu.mode=legcay", "did you mean legacy?");
	set_refused("iommu.mode=", "legacy, scalable, first-level, off");
	set_refused("iommu.intremap=yes", "on, off");
	set_refused("iommu.aw-bits=40", "39, 48, 57");
	set_refused("machine.memory=1024", "write 1024M or 1024G");
	set_refused("machine.memory=511M", "512M..64G");
	set_refused("machine.memory=65G", "512M..64G");
	set_refused("machine.memory=99999999999999999999G", "512M..64G");
	set_refused("machine.memory=1Gi", "512M..64G");
	set_refused("machine.memory=-1G", "512M..64G");
	set_refused("machine.memory=1048577K", "whole number of MiB");
	set_refused("machine.cpus=0", "1..64");
	set_refused("machine.cpus=65", "1..64");
	set_refused("machine.cpus=1 2", "1..64");
	set_refused("machine.cpus=+1", "1..64");
	set_refused("scenario.timeout-s=nan", "1..86400");
	set_refused("scenario.timeout-s=1e9", "1..86400");
	set_refused("scenario.timeout-s=0x10", "1..86400");
	set_refused("machine.qemu-args='x", "split into words");
	set_refused("crash.cmdline=a\nb", "control character at byte 2");
	set_refused("crash.cmdline=a\xc2\x9b"
		    "2J",
		    "control character at byte 2");
	set_refused("scenario.title=a\xe2\x80\xae"
		    "b",
		    "control character at byte 2");
	set_refused("crash.cmdline=a\xff", "not UTF-8");
	set_refused("scenario.expect-fail-six=rig", "kernel series");
	set_refused("scenario.expect-fail-6.1.3=rig", "kernel series");
}

static void test_trigger_refused(void **state)
{
	(void)state;
	set_refused("crash.trigger=cpu:", "not allowed");
	set_refused("crash.trigger=cpu:N", "not allowed");
	set_refused("crash.trigger=cpu:64", "not allowed");
}

static void test_file(void **state)
{
	GError *error = NULL;
	struct scenario *s = load_text("# a comment\n"
				       "[scenario]\ntitle = Hello \ndescription=a\\nb\n"
				       "expect-fail=iova-not-retargeted\n"
				       "expect-fail-6.12=no-faults;flushed\n"
				       "[iommu]\nmode=scalable\n[crash]\ncmdline=--\n",
				       &error);

	(void)state;
	assert_non_null(s);
	assert_string_equal(s->name, "own");
	assert_string_equal(s->title, "Hello");
	assert_string_equal(s->description, "a\nb");
	assert_int_equal(s->iommu.mode, MACHINE_IOMMU_SCALABLE);
	assert_string_equal(s->crash.cmdline, "--");

	g_autofree char *text = schema_text(&scenario_schema, s);
	struct scenario *again = load_text(text, &error);

	assert_non_null(again);
	g_autofree char *text2 = schema_text(&scenario_schema, again);

	assert_string_equal(text, text2);
	assert_string_equal(again->description, "a\nb");
	scenario_free(again);
	scenario_free(s);
}

static void test_file_refused(void **state)
{
	(void)state;
	refused("[iommu]\nmode=legacy\nmod=x\n", "own.conf:3:", "iommu.mode", NULL);
	refused("[iomu]\nmode=legacy\n", "[iomu]", "nearest is [iommu]", NULL);
	refused("[zzzzzzzzz]\n", "no such section", "list keys", NULL);
	refused("[iommu]\n\nmode=x\n", "own.conf:3:", "legacy, scalable", NULL);
	refused("[iommu]\nmode=legacy\n[machine]\ncpus=1\n[iommu]\nmode=off\n", "own.conf:6:", "line 2", NULL);
	refused("[iommu]\nmode[de]=legacy\n", "mode[de]", NULL);
	refused("[scenario]\ntitle=a\\qb\n", "own.conf:2:", NULL);
	refused("mode=legacy\n", "own.conf", NULL);
	refused("[iommu]\nrubbish\n", "own.conf", NULL);
	refused("[scenario]\ntitle=\xff\xfe\n", "UTF-8", NULL);
	refused("[devices]\ntopology=pcie-pci-brige\n", "own.conf:2:", "did you mean pcie-pci-bridge?", NULL);
	refused("[devices]\nedu=yes\n", "own.conf:2:", "on, off", NULL);
}

static void no_such(const char *name, const char *want)
{
	GError *error = NULL;

	assert_null(scenario_load(name, &error));
	assert_true(g_error_matches(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE));
	if (!strstr(error->message, want))
		fail_msg("no '%s' in: %s", want, error->message);
	g_error_free(error);
}

static void test_missing(void **state)
{
	(void)state;
	no_such("kdmup", "nearest is kdump ");
	no_such("kdump-scal", "nearest is kdump-scalable");
	no_such("qqqqqqqqqqqqqqq", "; see `vtdlab list scenarios`");
	no_such("/nonexistent/x.conf", "cannot read");
	no_such("./", "cannot read");
	no_such("", "; see `vtdlab list scenarios`");
}

static const char *const check_names[] = {
	"no-faults", "dma-landed", "dma-landed@DEVICE", "did-consistent", "flushed@DEVICE", "devices-work@DEVICE", NULL
};

static void invalid(const char *const *sets, const char *want)
{
	struct scenario *s = scenario_new("t");
	GError *error = NULL;

	for (; *sets; sets++)
		set(s, *sets);
	if (scenario_validate(s, check_names, &error))
		fail_msg("accepted; wanted: %s", want);
	assert_true(g_error_matches(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE));
	if (!strstr(error->message, want))
		fail_msg("no '%s' in: %s", want, error->message);
	g_error_free(error);
	scenario_free(s);
}
static void valid(const char *const *sets)
{
	struct scenario *s = scenario_new("t");
	GError *error = NULL;

	for (; *sets; sets++)
		set(s, *sets);
	if (!scenario_validate(s, check_names, &error))
		fail_msg("refused: %s", error->message);
	scenario_free(s);
}
#define VALID(...) valid((const char *const[]){ __VA_ARGS__, NULL })
#define INVALID(want, ...) invalid((const char *const[]){ __VA_ARGS__, NULL }, want)

static void test_validate(void **state)
{
	(void)state;
	INVALID("nearest is no-faults", "scenario.expect-fail=no-fault");
	INVALID("expect-fail-6.1: no check 'flushed'; the nearest is flushed@DEVICE",
		"scenario.expect-fail-6.1=flushed");
	VALID("scenario.expect-fail-6.1-scalable=dma-landed@nvme", "scenario.expect-fail=dma-landed@0000:00:02.0");
	INVALID("no check 'no-faults@nvme'; the nearest is no-faults", "scenario.expect-fail=no-faults@nvme");
	INVALID("no check 'dma-landed@'; the nearest is dma-landed", "scenario.expect-fail-scalable=dma-landed@");
	INVALID("rig cannot be expected", "scenario.expect-fail=no-faults;rig");
	INVALID("needs machine.cpus=1", "machine.clock=virtual", "machine.cpus=2");
	INVALID("cannot go with", "machine.clock=virtual", "machine.accel=kvm");
	INVALID("set devices.dma=disk", "devices.nic=none");
	INVALID("set devices.dma=nic", "devices.disk=none");
	INVALID("set devices.dma=none", "devices.disk=none", "devices.nic=none");
	INVALID("iommu.mode is off", "iommu.mode=off", "iommu.intremap=on");
	INVALID("iommu.mode is off", "iommu.mode=off", "iommu.caching-mode=on");
	INVALID("first.kernel is empty", "first.kernel=");
	INVALID("names a CPU that machine.cpus does not have", "crash.trigger=cpu:1");
	INVALID("where only devices.nic=virtio works", "devices.topology=pxb-bridge");
	INVALID("where only devices.nic=virtio works", "devices.topology=pxb-bridge", "devices.nic=e1000");
	INVALID("where only devices.nic=virtio works", "devices.topology=pxb-bridge", "devices.nic=none",
		"devices.dma=disk");
	INVALID("set devices.dma=nic", "devices.disk=virtio");
	INVALID("set devices.dma=both or disk", "devices.dma-spread=on", "devices.dma=nic");
	VALID("scenario.expect-fail=no-faults", "scenario.expect-fail-6.1=dma-landed");
	VALID("crash.trigger=cpu:1", "machine.cpus=2");
	VALID("crash.trigger=nmi", "crash.end=reboot", "crash.initrd=/boot/initrd");
	VALID("devices.topology=pxb-bridge", "devices.nic=virtio");
	INVALID("topology=pcie-pci-bridge puts", "devices.topology=pcie-pci-bridge");
	VALID("devices.topology=pcie-pci-bridge", "devices.nic=e1000");
	VALID("devices.topology=pcie-pci-bridge", "devices.nic=virtio");
	VALID("devices.disk=virtio", "devices.dma=nic");
}

/* One line for each way in which a workload cannot be. */
static void test_workload(void **state)
{
#define LOAD(text) "devices.edu=on", "first.workload=" text
	(void)state;
	VALID(LOAD("vfio-map pages=1"));
	VALID(LOAD("  vfio-map  pages=10000 stride=2 size=4k iova=0x20000000 "));
	VALID(LOAD("vfio-map pages=1000 size=2m"));
	VALID(LOAD("vfio-map pages=1000000 stride=2"));
	VALID("devices.edu=on");
	VALID("devices.edu=on", "devices.edu-functions=8");
	VALID("devices.edu-functions=1");
	INVALID("set devices.edu=on", "devices.edu-functions=2");
	INVALID("which crash.initrd takes out", "devices.edu=on", "devices.edu-functions=2", "crash.initrd=foreign");
	INVALID("set devices.nic=e1000e, virtio or none", "devices.edu=on", "devices.edu-functions=2",
		"devices.nic=e1000");
	INVALID("no workload 'fio'; there is vfio-map", LOAD("fio"));
	INVALID("no workload 'pages=3'", LOAD("pages=3"));
	INVALID("vfio-map needs pages=N", LOAD("vfio-map"));
	INVALID("vfio-map needs pages=N", LOAD("vfio-map stride=2"));
	INVALID("'pages=0': must be a number, 1..4000000", LOAD("vfio-map pages=0"));
	INVALID("'pages=4000001': must", LOAD("vfio-map pages=4000001"));
	INVALID("'pages=99999999999999999999999': must", LOAD("vfio-map pages=99999999999999999999999"));
	INVALID("'pages=many': must", LOAD("vfio-map pages=many"));
	INVALID("'pages=': must", LOAD("vfio-map pages="));
	INVALID("'pages=-1': must", LOAD("vfio-map pages=-1"));
	INVALID("'stride=0': must be a number, 1..65536", LOAD("vfio-map pages=1 stride=0"));
	INVALID("'stride=65537': must", LOAD("vfio-map pages=1 stride=65537"));
	INVALID("'size=3k': must be 4k or 2m", LOAD("vfio-map pages=1 size=3k"));
	INVALID("'iova=0x1001': must be the address of a page", LOAD("vfio-map pages=1 iova=0x1001"));
	INVALID("'iova=top': must", LOAD("vfio-map pages=1 iova=top"));
	INVALID("'iova=-4096': must", LOAD("vfio-map pages=1 iova=-4096"));
	INVALID("'strid=2': the options of vfio-map are", LOAD("vfio-map pages=1 strid=2"));
	INVALID("pages= is there twice", LOAD("vfio-map pages=1 pages=2"));
	INVALID("set devices.edu=on", "first.workload=vfio-map pages=1");
	INVALID("needs an IOMMU; iommu.mode is off", LOAD("vfio-map pages=1"), "iommu.mode=off");
	INVALID("go beyond IOVAs of 39 bits", LOAD("vfio-map pages=1 iova=0x8000000000"));
	INVALID("go beyond IOVAs of 39 bits", LOAD("vfio-map pages=4000000 stride=65536 size=2m"));
	VALID(LOAD("vfio-map pages=1 iova=0x8000000000"), "iommu.aw-bits=48");
	INVALID("set machine.memory=", LOAD("vfio-map pages=1000000 stride=65536"), "iommu.aw-bits=57");
	INVALID("set machine.memory=", LOAD("vfio-map pages=4000000 stride=2"));
	VALID(LOAD("vfio-map pages=4000000 stride=2"), "machine.memory=2G");
}

static void test_nested(void **state)
{
	(void)state;
	VALID(LOAD("nested memory=256M"));
	VALID(LOAD("nested memory=1M page=4k"));
	VALID(LOAD(" nested  page=2m memory=256M "));
	VALID(LOAD("nested,memory=256M,page=2m"));
	VALID(LOAD("nested memory=2M page=2m"), "iommu.mode=scalable", "iommu.intremap=on");
	INVALID("nested needs memory=SIZE", LOAD("nested"));
	INVALID("nested needs memory=SIZE", LOAD("nested page=2m"));
	INVALID("'memory=256': must be a size from 1M to 256M", LOAD("nested memory=256"));
	INVALID("'memory=0M': must be a size from 1M to 256M", LOAD("nested memory=0M"));
	INVALID("'memory=257M': must be a size from 1M to 256M, which is what edu", LOAD("nested memory=257M"));
	INVALID("'memory=1G': must", LOAD("nested memory=1G"));
	INVALID("'memory=-1M': must", LOAD("nested memory=-1M"));
	INVALID("'memory=M': must", LOAD("nested memory=M"));
	INVALID("'memory=1MM': must", LOAD("nested memory=1MM"));
	INVALID("'memory=99999999999999999999M': must", LOAD("nested memory=99999999999999999999M"));
	INVALID("memory=255M does not divide into pages of 2 MiB: use memory=256M, or page=4k",
		LOAD("nested memory=255M page=2m"));
	INVALID("'page=1g': must be 4k or 2m", LOAD("nested memory=1M page=1g"));
	INVALID("'pages=3': the options of nested are memory=SIZE page=4k|2m", LOAD("nested pages=3"));
	INVALID("memory= is there twice", LOAD("nested memory=1M memory=1M"));
	INVALID("'memory=1M': the options of vfio-map are", LOAD("vfio-map memory=1M"));
	INVALID("nested maps pages for the edu device; set devices.edu=on", "first.workload=nested memory=1M");
	INVALID("nested needs an IOMMU; iommu.mode is off", LOAD("nested memory=1M"), "iommu.mode=off");
	INVALID("for its guest; set machine.memory=769M or more", LOAD("nested memory=256M"), "machine.memory=768M");
	VALID(LOAD("nested memory=256M"), "machine.memory=769M");
	INVALID("and nested memory=SIZE page=4k|2m", LOAD("fio"));
#undef LOAD
}

static bool expects(const struct scenario *s, const char *release, enum machine_iommu_mode mode, const char *name)
{
	const struct expect_when when = { release, mode };
	g_auto(GStrv) parts = g_strsplit(name, "@", 2);

	return scenario_expects_fail(s, &when, parts[0], parts[1]);
}

static void test_expects(void **state)
{
	const enum machine_iommu_mode legacy = MACHINE_IOMMU_LEGACY, scalable = MACHINE_IOMMU_SCALABLE,
				      first_level = MACHINE_IOMMU_FIRST_LEVEL;
	struct scenario *s = scenario_new("t");

	(void)state;
	set(s, "scenario.expect-fail=a");
	set(s, "scenario.expect-fail-6.1=b");
	assert_true(expects(s, NULL, legacy, "a"));
	assert_true(expects(s, "7.3.4", legacy, "a"));
	assert_false(expects(s, NULL, legacy, "b"));
	assert_true(expects(s, "6.1", legacy, "b"));
	assert_true(expects(s, "6.1.0-49-amd64", scalable, "b"));
	assert_true(expects(s, "6.1-rc1", legacy, "b"));
	assert_false(expects(s, "6.12.107+deb12-amd64", legacy, "b"));
	assert_false(expects(s, "16.1.2", legacy, "b"));

	set(s, "scenario.expect-fail-scalable=c");
	set(s, "scenario.expect-fail-6.1-first-level=d");
	assert_true(expects(s, NULL, scalable, "c") && expects(s, "6.12.1", first_level, "c"));
	assert_false(expects(s, "6.1.1", legacy, "c") || expects(s, "6.1.1", MACHINE_IOMMU_OFF, "c"));
	assert_true(expects(s, "6.1.1", first_level, "d"));
	assert_false(expects(s, "6.1.1", scalable, "d") || expects(s, "6.12.1", first_level, "d"));

	/* a device's failure is not the check's, nor the check's a device's by name */
	set(s, "scenario.expect-fail=a;e@nvme;f@*");
	assert_true(expects(s, NULL, legacy, "e@nvme") && expects(s, NULL, legacy, "f@e1000e"));
	assert_false(expects(s, NULL, legacy, "e@e1000e") || expects(s, NULL, legacy, "e@nvm"));
	assert_false(expects(s, NULL, legacy, "e") || expects(s, NULL, legacy, "f"));
	assert_false(expects(s, NULL, legacy, "a@nvme"));
	scenario_free(s);
}

/* The bugs of mainline in scalable mode are every scenario's, until it says otherwise; that is kept with the run. */
static void test_known_bugs(void **state)
{
	struct scenario *s = scenario_load("kdump", NULL), *named = scenario_load("kdump-scalable", NULL);
	static const char *const checks[] = { "flushed@nvme", "flushed@e1000e", "devices-work@nvme", "did-consistent",
					      "iova-not-retargeted" };

	(void)state;
	set(s, "iommu.mode=scalable");
	for (unsigned i = 0; i < G_N_ELEMENTS(checks); i++) {
		assert_true(expects(s, "6.1.0-49-amd64", s->iommu.mode, checks[i]));
		assert_true(expects(named, "6.1.0-49-amd64", named->iommu.mode, checks[i]));
		assert_int_equal(expects(s, "6.12.1", s->iommu.mode, checks[i]), i > 2);
		assert_int_equal(expects(s, "6.1.1", MACHINE_IOMMU_LEGACY, checks[i]), i > 3);
	}
	assert_true(expects(s, "6.1.1", s->iommu.mode, "devices-work@e1000e"));
	assert_false(expects(s, "6.1.1", s->iommu.mode, "devices-work@virtio_net"));
	assert_false(expects(s, "6.1.1", s->iommu.mode, "flushed"));
	set(s, "scenario.expect-fail-6.1-scalable=");
	assert_false(expects(s, "6.1.1", s->iommu.mode, "flushed@nvme"));
	g_autofree char *text = schema_text(&scenario_schema, s);

	assert_non_null(strstr(text, "\nexpect-fail-6.1-scalable=\n"));
	assert_null(strstr(text, "did-consistent"));
	scenario_free(s);
	scenario_free(named);
}

/* Every scenario of the tree loads, is valid, and has a title. */
static void test_shipped(void **state)
{
	g_autofree char *dir = lab_path("scenarios", NULL);
	g_auto(GStrv) names = lab_conf_names(dir);

	(void)state;
	assert_true(g_strv_contains((const char *const *)names, "kdump"));
	assert_true(g_strv_length(names) >= 4);
	for (char **name = names; *name; name++) {
		GError *error = NULL;
		struct scenario *s = scenario_load(*name, &error);

		if (!s || !scenario_validate(s, NULL, &error))
			fail_msg("%s", error->message);
		assert_true(*s->title && strlen(s->title) <= 90);
		assert_true(*s->description);
		scenario_free(s);
	}
	g_auto(GStrv) none = lab_conf_names("/nonexistent");

	assert_null(none[0]);
}

static void test_nearest(void **state)
{
	static const char *const words[] = { "list", "run", "walk", NULL };

	(void)state;
	assert_int_equal(nearest_distance("", ""), 0);
	assert_int_equal(nearest_distance("abc", ""), 3);
	assert_int_equal(nearest_distance("kitten", "sitting"), 3);
	assert_int_equal(nearest_distance("ab", "ba"), 1);
	assert_int_equal(nearest_distance("Run", "rUN"), 0);
	assert_string_equal(nearest_word("wlak", words), "walk");
	assert_string_equal(nearest_word("lis", words), "list");
	assert_null(nearest_word("quux", words));
	assert_null(nearest_word("", words));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),	cmocka_unit_test(test_crash_image),
		cmocka_unit_test(test_table),		cmocka_unit_test(test_every_kind),
		cmocka_unit_test(test_append),		cmocka_unit_test(test_set_refused),
		cmocka_unit_test(test_trigger_refused), cmocka_unit_test(test_file),
		cmocka_unit_test(test_file_refused),	cmocka_unit_test(test_missing),
		cmocka_unit_test(test_validate),	cmocka_unit_test(test_workload),
		cmocka_unit_test(test_nested),		cmocka_unit_test(test_expects),
		cmocka_unit_test(test_known_bugs),	cmocka_unit_test(test_shipped),
		cmocka_unit_test(test_nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
