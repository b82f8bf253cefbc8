/* SPDX-License-Identifier: GPL-2.0-only */
/* QEMU's command line for each mode, what is refused, and that the printed form survives a shell.
 */
#include "machine-test.h"

#include "base/error.h"
#include "base/trace-group.h"
#include "machine/cmdline.h"
#include "machine/qemu-probe.h"

static struct machine_config base(void)
{
	return (struct machine_config){
		.qemu = "/opt/qemu",
		.accel = MACHINE_ACCEL_TCG,
		.memory = UINT64_C(1) << 30,
		.cpus = 1,
		.kernel = "/k/vmlinux",
		.initrd = "/k/rd",
		.cmdline = "console=ttyS0 a=b",
		.disk_image = "/d/pattern.img",
		.run_dir = "/r",
	};
}

static GPtrArray *line(const struct machine_config *c)
{
	GError *error = NULL;
	GPtrArray *v = machine_command_line(c, MACHINE_LINE_RUN, NULL, "/s", &error);

	assert_null(error);
	assert_non_null(v);
	assert_null(v->pdata[v->len - 1]);
	return v;
}

/* Index of `opt` followed by exactly `value`, -1 if there is none. */
static int find(const GPtrArray *v, const char *opt, const char *value)
{
	for (unsigned i = 0; i + 2 < v->len; i++)
		if (!strcmp(v->pdata[i], opt) && !strcmp(v->pdata[i + 1], value))
			return (int)i;
	return -1;
}

static bool has(const struct machine_config *c, const char *opt, const char *value)
{
	GPtrArray *v = line(c);
	bool found = find(v, opt, value) >= 0;

	g_ptr_array_unref(v);
	return found;
}

static void refused(const struct machine_config *c, const char *part)
{
	GError *error = NULL;

	assert_null(machine_command_line(c, MACHINE_LINE_RUN, NULL, NULL, &error));
	assert_true(g_error_matches(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE));
	assert_non_null(strstr(error->message, part));
	assert_null(strchr(error->message, '\n'));
	g_error_free(error);
}

static void test_default(void **state)
{
	struct machine_config c = base();
	GPtrArray *v = line(&c);

	(void)state;
	assert_string_equal(v->pdata[0], "/opt/qemu");
	assert_true(find(v, "-accel", "tcg") > 0);
	assert_true(find(v, "-object",
			 "memory-backend-file,id=ram,size=1024M,"
			 "mem-path=/proc/self/fd/3,share=on") > 0);
	assert_true(find(v, "-sandbox",
			 "on,obsolete=deny,elevateprivileges=deny,spawn=deny,"
			 "resourcecontrol=deny") > 0);
	assert_true(find(v, "-append", "console=ttyS0 a=b") > 0);
	assert_true(find(v, "-D", "/r/qemu.log") > 0);
	assert_true(find(v, "-trace", "vtd_dmar_fault") > 0);
	assert_true(has(&c, "-trace", "e1000e_rx_written_to_guest") && has(&c, "-trace", "vtd_inv_desc_iotlb_domain"));
	c.traces = TRACES(FAULTS) | TRACES(NIC_DMA);
	assert_true(has(&c, "-trace", "vtd_dmar_fault") && has(&c, "-trace", "e1000e_rx_written_to_guest"));
	assert_false(has(&c, "-trace", "vtd_inv_desc_iotlb_domain"));
	assert_true(find(v, "-action", "reboot=shutdown,shutdown=pause") > 0);
	/* a device that comes before the IOMMU does not sit behind it */
	assert_true(find(v, "-device", "intel-iommu,intremap=off") > 0);
	assert_true(find(v, "-device", "intel-iommu,intremap=off") <
		    find(v, "-device",
			 "e1000e,id=nic0,netdev=net0,mac=52:56:54:44:00:02,"
			 "romfile=,addr=1"));
	assert_true(find(v, "-device", "nvme,serial=vtdlab,id=blk0,drive=disk0,addr=2") > 0);
	g_ptr_array_unref(v);
}

static void test_iommu_modes(void **state)
{
	struct machine_config c = base();
	GPtrArray *v;

	(void)state;
	c.iommu.mode = MACHINE_IOMMU_SCALABLE;
	assert_true(has(&c, "-device", "intel-iommu,intremap=off,x-scalable-mode=on"));
	c.iommu.mode = MACHINE_IOMMU_FIRST_LEVEL;
	c.iommu.aw_bits = 48;
	assert_true(has(&c, "-device", "intel-iommu,intremap=off,x-scalable-mode=on,x-flts=on,aw-bits=48"));
	c.iommu.mode = MACHINE_IOMMU_LEGACY;
	c.iommu.aw_bits = 0;
	c.iommu.intremap = c.iommu.caching_mode = true;
	assert_true(has(&c, "-device", "intel-iommu,intremap=on,caching-mode=on"));
	c.iommu.mode = MACHINE_IOMMU_OFF;
	refused(&c, "needs an IOMMU; iommu.mode is off");
	c.iommu.intremap = c.iommu.caching_mode = false;
	c.iommu.ats = true;
	refused(&c, "needs an IOMMU; iommu.mode is off");
	c.iommu.ats = false;
	v = line(&c);
	for (unsigned i = 0; i + 1 < v->len; i++)
		assert_null(strstr(v->pdata[i], "intel-iommu"));
	g_ptr_array_unref(v);
}

static void test_ats(void **state)
{
	struct machine_config c = base();

	(void)state;
	c.iommu.ats = true;
	assert_true(has(&c, "-device", "e1000e,id=nic0,netdev=net0,mac=" MACHINE_NIC_MAC ",romfile=,addr=1"));
	c.nic = MACHINE_NIC_VIRTIO;
	c.topology = MACHINE_TOPOLOGY_ROOT_PORT;
	assert_true(has(&c, "-device", "intel-iommu,intremap=off,device-iotlb=on"));
	assert_true(has(&c, "-device", "pcie-root-port,id=port0,bus=pcie.0,chassis=1,addr=3"));
	assert_true(has(&c, "-device",
			"virtio-net-pci,iommu_platform=on,disable-legacy=on,ats=on,id=nic0,netdev=net0,"
			"mac=" MACHINE_NIC_MAC ",romfile=,bus=port0,addr=0"));
	c.iommu.ats = false;
	c.nic = MACHINE_NIC_E1000E;
	assert_true(has(&c, "-device", "e1000e,id=nic0,netdev=net0,mac=" MACHINE_NIC_MAC ",romfile=,bus=port0,addr=0"));
	c.nic = MACHINE_NIC_E1000;
	refused(&c, "behind a PCI Express port, where only devices.nic=e1000e or virtio fits");
	c.nic = MACHINE_NIC_NONE;
	refused(&c, "behind a PCI Express port, where only devices.nic=e1000e or virtio fits");
}

static void test_devices(void **state)
{
	struct machine_config c = base();

	(void)state;
	c.nic = MACHINE_NIC_VIRTIO;
	c.disk = MACHINE_DISK_VIRTIO;
	assert_true(has(&c, "-device",
			"virtio-net-pci,iommu_platform=on,disable-legacy=on,id=nic0,"
			"netdev=net0,mac=52:56:54:44:00:02,romfile=,addr=1"));
	assert_true(has(&c, "-device",
			"virtio-blk-pci,iommu_platform=on,disable-legacy=on,id=blk0,"
			"drive=disk0,addr=2"));
	c.disk = MACHINE_DISK_NVME;
	c.disk_bps = 600000;
	c.disk_image = "/d/a,b.img";
	assert_true(has(&c, "-drive",
			"if=none,id=disk0,format=raw,snapshot=on,file=/d/a,,b.img,"
			"throttling.group=disk,throttling.bps-total=600000"));
	c.disk = MACHINE_DISK_NONE;
	c.nic = MACHINE_NIC_NONE;
	c.disk_image = NULL;
	c.gdb = true;
	assert_true(has(&c, "-gdb", "unix:/s/gdb,server=on,wait=off"));
	c.extra_args = (const char *const[]){ "-device", "edu", NULL };
	assert_true(has(&c, "-device", "edu"));
	c.clock_virtual = true;
	assert_true(has(&c, "-icount", "shift=0,sleep=off"));
	assert_true(has(&c, "-seed", "1"));
}

/* The trace tells an NVMe command by its id, which only one queue makes unique. */
static void test_one_queue(void **state)
{
	struct machine_config c = base();

	(void)state;
	c.cpus = 4;
	assert_true(has(&c, "-smp", "4"));
	assert_true(has(&c, "-accel", "tcg,thread=single"));
	c.cpu_threads = true;
	assert_true(has(&c, "-accel", "tcg"));
	c.cpu_threads = false;
	assert_true(has(&c, "-device", "nvme,serial=vtdlab,max_ioqpairs=1,id=blk0,drive=disk0,addr=2"));
}

/* Behind a bridge of a second root bus: the bus of each device is named, and the bridges come first. */
static void test_pxb(void **state)
{
	struct machine_config c = base();
	GPtrArray *v;

	(void)state;
	c.topology = MACHINE_TOPOLOGY_PXB_BRIDGE;
	c.nic = MACHINE_NIC_VIRTIO;
	v = line(&c);
	assert_int_equal(MACHINE_PXB_SID, 0x80a0);
	assert_true(find(v, "-device", "pxb-pcie,id=pxb0,bus=pcie.0,bus_nr=128,addr=3") > 0);
	assert_true(find(v, "-device", "pxb-pcie,id=pxb0,bus=pcie.0,bus_nr=128,addr=3") <
		    find(v, "-device", "i82801b11-bridge,id=bridge0,bus=pxb0,addr=0x14"));
	assert_true(find(v, "-device", "i82801b11-bridge,id=bridge0,bus=pxb0,addr=0x14") <
		    find(v, "-device",
			 "virtio-net-pci,iommu_platform=on,disable-legacy=on,id=nic0,netdev=net0,"
			 "mac=52:56:54:44:00:02,romfile=,bus=bridge0,addr=2"));
	assert_true(find(v, "-device", "nvme,serial=vtdlab,id=blk0,drive=disk0,bus=pcie.0,addr=2") > 0);
	g_ptr_array_unref(v);
}

/* Behind a PCI Express bridge on the root bus. */
static void test_pci_bridge(void **state)
{
	struct machine_config c = base();
	GPtrArray *v;

	(void)state;
	c.topology = MACHINE_TOPOLOGY_PCIE_PCI_BRIDGE;
	c.nic = MACHINE_NIC_E1000;
	v = line(&c);
	assert_true(find(v, "-device", "pcie-pci-bridge,id=bridge0,bus=pcie.0,addr=3") > 0);
	assert_true(find(v, "-device", "pcie-pci-bridge,id=bridge0,bus=pcie.0,addr=3") <
		    find(v, "-device", "e1000,id=nic0,netdev=net0,mac=52:56:54:44:00:02,romfile=,bus=bridge0,addr=2"));
	g_ptr_array_unref(v);
}

static void test_edu(void **state)
{
	struct machine_config c = base();

	(void)state;
	assert_false(has(&c, "-device", "edu,id=edu0,dma_mask=0xffffffff,bus=pcie.0,addr=4"));
	c.edu_functions = 1;
	assert_true(has(&c, "-device", "edu,id=edu0,dma_mask=0xffffffff,bus=pcie.0,addr=4"));
	c.topology = MACHINE_TOPOLOGY_PXB_BRIDGE;
	c.nic = MACHINE_NIC_VIRTIO;
	assert_true(has(&c, "-device", "edu,id=edu0,dma_mask=0xffffffff,bus=pcie.0,addr=4"));
}

/* All functions of one slot, the last of which has a driver. */
static void test_functions(void **state)
{
	struct machine_config c = base();

	(void)state;
	c.edu_functions = 2;
	assert_true(has(&c, "-device", "edu,id=edu0,dma_mask=0xffffffff,multifunction=on,bus=pcie.0,addr=4"));
	assert_true(has(&c, "-device", "e1000,id=edu1,romfile=,multifunction=on,bus=pcie.0,addr=4.1"));
	c.edu_functions = 8;
	assert_true(has(&c, "-device", "edu,id=edu6,dma_mask=0xffffffff,multifunction=on,bus=pcie.0,addr=4.6"));
	assert_true(has(&c, "-device", "e1000,id=edu7,romfile=,multifunction=on,bus=pcie.0,addr=4.7"));
	assert_false(has(&c, "-device", "e1000,id=edu1,romfile=,multifunction=on,bus=pcie.0,addr=4.1"));
}

static void test_refused(void **state)
{
	struct machine_config c = base();

	(void)state;
	c.topology = MACHINE_TOPOLOGY_PXB_BRIDGE;
	refused(&c, "devices.topology=pxb-bridge puts the NIC behind");
	c.nic = MACHINE_NIC_E1000;
	refused(&c, "for an e1000 QEMU raises another interrupt");
	c.nic = MACHINE_NIC_E1000E;
	c.topology = MACHINE_TOPOLOGY_PCIE_PCI_BRIDGE;
	refused(&c, "where only devices.nic=virtio or e1000 fits");
	c.topology = 77;
	refused(&c, "devices.topology: unknown value 77");
	c = base(), c.clock_virtual = true, c.cpus = 2;
	refused(&c, "machine.clock=virtual");
	c.cpus = 1, c.accel = MACHINE_ACCEL_KVM;
	refused(&c, "cannot go with machine.accel=kvm");
	c = base(), c.memory = 1000;
	refused(&c, "machine.memory");
	c.memory = UINT64_C(1) << 60;
	refused(&c, "machine.memory");
	c = base(), c.cpus = 0;
	refused(&c, "machine.cpus");
	c = base(), c.kernel = NULL;
	refused(&c, "no kernel");
	c = base(), c.disk_image = NULL;
	refused(&c, "needs a disk image");
	c = base(), c.iommu.aw_bits = 40;
	refused(&c, "aw-bits=40");
	c = base(), c.run_dir = "/r/50%";
	refused(&c, "/r/50%");
	c = base(), c.iommu.mode = 77;
	refused(&c, "iommu.mode");
	c = base(), c.nic = 77;
	refused(&c, "nic");
}

/* A QEMU without an event is not asked for it; one without x-flts is refused by name. */
static void test_caps(void **state)
{
	struct machine_config c = base();
	struct qemu_caps caps = {
		.path = "/opt/qemu",
		.version = "7.2.22",
		.trace_log = true,
		.intel_iommu = true,
		.iommu_props = (char *[]){ "aw-bits", "x-scalable-mode", NULL },
		.trace_events = (char *[]){ "vtd_dmar_enable", "vtd_dmar_fault", NULL },
	};
	char **missing = qemu_trace_missing(&caps);
	GError *error = NULL;
	GPtrArray *v = machine_command_line(&c, MACHINE_LINE_RUN, &caps, NULL, &error);

	(void)state;
	assert_true(find(v, "-trace", "vtd_dmar_fault") > 0);
	assert_true(find(v, "-trace", "vtd_ir_enable") < 0);
	assert_true(g_strv_contains((const char *const *)missing, "vtd_ir_enable"));
	assert_false(g_strv_contains((const char *const *)missing, "vtd_dmar_fault"));
	g_strfreev(missing);
	g_ptr_array_unref(v);
	c.iommu.mode = MACHINE_IOMMU_FIRST_LEVEL;
	assert_null(machine_command_line(&c, MACHINE_LINE_RUN, &caps, NULL, &error));
	assert_non_null(strstr(error->message, "7.2.22"));
	assert_true(g_str_has_prefix(error->message, "iommu.mode=first-level needs x-flts"));
	assert_true(g_error_matches(error, VTDLAB_ERROR, VTDLAB_ERROR_UNFIT));
	g_clear_error(&error);
	c = base(), c.iommu.caching_mode = true;
	assert_null(machine_command_line(&c, MACHINE_LINE_RUN, &caps, NULL, &error));
	assert_non_null(strstr(error->message, "iommu.caching-mode=on"));
	g_clear_error(&error);
	c = base(), caps.intel_iommu = false;
	assert_null(machine_command_line(&c, MACHINE_LINE_RUN, &caps, NULL, &error));
	assert_non_null(strstr(error->message, "QEMU 7.2.22 (/opt/qemu) has no intel-iommu"));
	g_clear_error(&error);
	caps.intel_iommu = true;
	c = base(), c.edu_functions = 1;
	assert_null(machine_command_line(&c, MACHINE_LINE_RUN, &caps, NULL, &error));
	assert_non_null(strstr(error->message, "devices.edu=on: QEMU 7.2.22 (/opt/qemu) has no edu"));
	assert_true(g_error_matches(error, VTDLAB_ERROR, VTDLAB_ERROR_UNFIT));
	g_clear_error(&error);
	/* without an IOMMU, too */
	c.iommu.mode = MACHINE_IOMMU_OFF;
	assert_null(machine_command_line(&c, MACHINE_LINE_RUN, &caps, NULL, &error));
	assert_non_null(strstr(error->message, "devices.edu=on"));
	g_clear_error(&error);
	caps.edu = true;
	v = machine_command_line(&c, MACHINE_LINE_RUN, &caps, NULL, &error);
	assert_non_null(v);
	g_ptr_array_unref(v);
	caps.trace_log = false;
	missing = qemu_trace_missing(&caps);
	assert_true(g_strv_contains((const char *const *)missing, "vtd_dmar_fault"));
	g_strfreev(missing);
}

/* A real shell takes the printed form apart into the same arguments. */
static void test_pasteable(void **state)
{
	static const char *const nasty[] = { "", "a b", "it's", "$HOME `id` \"x\" \\", "-x;y&z|*?", NULL };
	struct machine_config c = base();
	char *dir = test_dir(), *script, *text, *command, *out = NULL;
	GError *error = NULL;
	GPtrArray *v;
	GString *want = g_string_new(NULL);

	(void)state;
	script = test_script(dir, "echo args", "for a; do printf '%s\\n' \"$a\"; done");
	c.qemu = script;
	c.cmdline = "console=ttyS0 dyndbg=\"file x +p\" it's";
	c.extra_args = nasty;
	v = machine_command_line(&c, MACHINE_LINE_STANDALONE, NULL, NULL, &error);
	for (unsigned i = 1; v->pdata[i]; i++)
		g_string_append_printf(want, "%s\n", (char *)v->pdata[i]);
	command = machine_command_pasteable(&c, NULL, &error);
	text = g_build_filename(dir, "command", NULL);
	assert_true(g_file_set_contents(text, command, -1, NULL));
	assert_true(
		g_spawn_sync(NULL, (char *[]){ "/bin/sh", text, NULL }, NULL, 0, NULL, NULL, &out, NULL, NULL, NULL));
	assert_string_equal(out, want->str);
	g_ptr_array_unref(v);
	g_string_free(want, TRUE);
	g_free(out);
	g_free(command);
	g_free(text);
	g_free(script);
	test_dir_remove(dir);
}

/* Words for TCG's CPU are none for a real one. */
static void test_cpu_words(void **state)
{
	struct machine_config c = base();

	(void)state;
	assert_true(has(&c, "-cpu", "max,+svm,+npt"));
	c.cpu_tcg = "-erms,-fsrm";
	assert_true(has(&c, "-cpu", "max,+svm,+npt,-erms,-fsrm"));
	c.accel = MACHINE_ACCEL_KVM;
	assert_true(has(&c, "-cpu", "max"));
}

static void test_saved_and_restored(void **state)
{
	struct machine_config c = base();
	JsonArray *late;
	JsonObject *edu;
	GPtrArray *v;

	(void)state;
	c.edu_functions = 1;
	c.cpus = 2;
	late = machine_late_devices(&c);
	assert_int_equal(json_array_get_length(late), 2);
	assert_string_equal(json_object_get_string_member(json_array_get_object_element(late, 0), "driver"), "nvme");
	assert_int_equal(json_object_get_int_member(json_array_get_object_element(late, 0), "max_ioqpairs"), 1);
	edu = json_array_get_object_element(late, 1);
	assert_true(json_object_get_int_member(edu, "dma_mask") == 0xffffffff);
	/* a number would be a slot and a function */
	assert_string_equal(json_object_get_string_member(edu, "addr"), "4");
	json_array_unref(late);

	/* the places are held, by what has no state */
	c.outgoing = true;
	v = line(&c);
	assert_true(find(v, "-device", "pci-testdev,id=place2,bus=pcie.0,addr=2") > 0);
	assert_true(find(v, "-device", "pci-testdev,id=place4,bus=pcie.0,addr=4") > 0);
	assert_true(find(v, "-device", "edu,id=edu0,dma_mask=0xffffffff,bus=pcie.0,addr=4") < 0);
	for (unsigned i = 0; i + 1 < v->len; i++)
		assert_null(strstr(v->pdata[i], "disk0"));
	assert_true(find(v, "-incoming", "defer") < 0);
	g_ptr_array_unref(v);

	/* it stands, has the disk's file, and not yet the devices */
	c.outgoing = false;
	c.incoming = true;
	v = line(&c);
	assert_true(find(v, "-incoming", "defer") > 0);
	assert_string_equal(v->pdata[v->len - 2], "-S");
	assert_true(find(v, "-drive", "if=none,id=disk0,format=raw,snapshot=on,file=/d/pattern.img") > 0);
	for (unsigned i = 0; i + 1 < v->len; i++)
		assert_false(g_str_has_prefix(v->pdata[i], "nvme,") || g_str_has_prefix(v->pdata[i], "edu,") ||
			     g_str_has_prefix(v->pdata[i], "pci-testdev,"));
	g_ptr_array_unref(v);

	c.disk = MACHINE_DISK_NONE;
	c.edu_functions = 0;
	late = machine_late_devices(&c);
	assert_int_equal(json_array_get_length(late), 0);
	json_array_unref(late);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_default),	  cmocka_unit_test(test_iommu_modes),
		cmocka_unit_test(test_devices),	  cmocka_unit_test(test_pxb),
		cmocka_unit_test(test_one_queue), cmocka_unit_test(test_pci_bridge),
		cmocka_unit_test(test_edu),	  cmocka_unit_test(test_functions),
		cmocka_unit_test(test_refused),	  cmocka_unit_test(test_caps),
		cmocka_unit_test(test_pasteable), cmocka_unit_test(test_ats),
		cmocka_unit_test(test_cpu_words), cmocka_unit_test(test_saved_and_restored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
