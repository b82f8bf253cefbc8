/* SPDX-License-Identifier: GPL-2.0-only */
/* The domain XML of a machine: what is in libvirt's own words, what is not, and what is refused. */
#include "machine-test.h"

#include <unistd.h>

#include "base/error.h"
#include "machine/libvirt-conn.h"
#include "machine/libvirt-xml.h"
#include "machine/vmm.h"

static struct machine_config config(void)
{
	return (struct machine_config){ .qemu = "/usr/bin/qemu-system-x86_64",
					.accel = MACHINE_ACCEL_TCG,
					.memory = UINT64_C(768) << 20,
					.cpus = 1,
					.kernel = "/k",
					.cmdline = "quiet",
					.disk_image = "/d",
					.run_dir = "/r" };
}

static char *xml_of(const struct machine_config *cfg)
{
	GError *error = NULL;
	char *xml = libvirt_xml(cfg, NULL, "vtdlab-7", "/socks", &error);

	if (!xml)
		fail_msg("%s", error->message);
	return xml;
}

static void has(const struct machine_config *cfg, const char *part)
{
	g_autofree char *xml = xml_of(cfg);

	if (!strstr(xml, part))
		fail_msg("no %s in\n%s", part, xml);
}

static void has_not(const struct machine_config *cfg, const char *part)
{
	g_autofree char *xml = xml_of(cfg);

	if (strstr(xml, part))
		fail_msg("there is %s in\n%s", part, xml);
}

static void test_own_words(void **state)
{
	struct machine_config cfg = config();

	(void)state;
	has(&cfg, "<domain type='qemu' ");
	has(&cfg, "<name>vtdlab-7</name>");
	has(&cfg, "<memory unit='MiB'>768</memory>");
	has(&cfg, "<kernel>/k</kernel>");
	has_not(&cfg, "<initrd>");
	has(&cfg, "<emulator>/usr/bin/qemu-system-x86_64</emulator>");
	has(&cfg, "<driver intremap='off' caching_mode='off'/>");
	/* libvirt says these: twice is wrong */
	has_not(&cfg, "value='-kernel'");
	has_not(&cfg, "value='-sandbox'");
	has_not(&cfg, "intel-iommu");
	cfg.iommu.intremap = cfg.iommu.caching_mode = true;
	cfg.iommu.aw_bits = 48;
	has(&cfg, "<driver intremap='on' caching_mode='on' aw_bits='48'/>");
	cfg.iommu.ats = true;
	cfg.nic = MACHINE_NIC_VIRTIO;
	cfg.topology = MACHINE_TOPOLOGY_ROOT_PORT;
	has(&cfg, "<driver intremap='on' caching_mode='on' aw_bits='48' iotlb='on'/>");
	cfg.iommu.ats = false;
	cfg = config();
	cfg.iommu.mode = MACHINE_IOMMU_OFF;
	has_not(&cfg, "<iommu");
	has_not(&cfg, "x-scalable-mode");
	cfg.accel = MACHINE_ACCEL_KVM;
	has(&cfg, "<domain type='kvm' ");
	has_not(&cfg, "'svm'");
	has(&cfg, "<on_reboot>destroy</on_reboot>");
	cfg.allow_reboot = true;
	has(&cfg, "<on_reboot>restart</on_reboot>");
}

static void test_passed_through(void **state)
{
	struct machine_config cfg = config();

	(void)state;
	cfg.iommu.mode = MACHINE_IOMMU_SCALABLE;
	has(&cfg, "value='intel-iommu.x-scalable-mode=on'");
	has_not(&cfg, "x-flts");
	cfg.iommu.mode = MACHINE_IOMMU_FIRST_LEVEL;
	has(&cfg, "value='intel-iommu.x-flts=on'");
	has(&cfg, "value='socket,id=qmp,path=/socks/qmp,server=on,wait=off'");
	has(&cfg, "value='file,id=console,path=/socks/console'");
	has(&cfg, "local.path=/socks/net,remote.type=unix,remote.path=/socks/host'");
	has(&cfg, "value='/r/qemu.log'");
	has_not(&cfg, "-icount");
	cfg.clock_virtual = true;
	has(&cfg, "value='shift=0,sleep=off'");
}

/* Of root's drivers and of the system's daemon only: others have no such label. */
static void test_label(void **state)
{
	struct machine_config cfg = config();

	(void)state;
	if (geteuid())
		has_not(&cfg, "<seclabel");
	else
		has(&cfg, "<label>+0:+");
	cfg.vmm_uri = "qemu:///system";
	has(&cfg, "<seclabel type='static' model='dac' relabel='no'>");
}

static void test_escaped(void **state)
{
	struct machine_config cfg = config();

	(void)state;
	cfg.kernel = "/a&b<c>'d";
	cfg.cmdline = "x=\"1<2\" y='&'";
	has(&cfg, "<kernel>/a&amp;b&lt;c&gt;&apos;d</kernel>");
	has(&cfg, "<cmdline>x=&quot;1&lt;2&quot; y=&apos;&amp;&apos;</cmdline>");
}

static void test_refused(void **state)
{
	struct machine_config cfg = config();
	g_autoptr(GError) error = NULL;

	(void)state;
	cfg.cpus = 2;
	assert_null(libvirt_xml(&cfg, NULL, "n", "/s", &error));
	assert_non_null(strstr(error->message, "machine.cpus=2: libvirt has no word for QEMU's tcg,thread=single"));
	cfg.cpu_threads = true;
	has(&cfg, "<vcpu>2</vcpu>");
}

static void uri(const char *text, const struct vmm *vmm, const char *want)
{
	g_autoptr(GError) error = NULL;
	const char *got;

	assert_ptr_equal(vmm_parse(text, &got, &error), vmm);
	if (vmm)
		assert_string_equal(got, want);
	else
		assert_true(g_error_matches(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE));
}

static void test_words(void **state)
{
	(void)state;
	uri("qemu", &vmm_qemu, "");
	uri("libvirt", &vmm_libvirt, "");
	uri("libvirt:", &vmm_libvirt, "");
	uri("libvirt:qemu:///session", &vmm_libvirt, "qemu:///session");
	uri("libvirt:qemu:///embed?root=/x", &vmm_libvirt, "qemu:///embed?root=/x");
	uri("libvirt:qemu+unix:///system?socket=/s", &vmm_libvirt, "qemu+unix:///system?socket=/s");
	/* QEMU has a guard only where the directory of the driver is known */
	uri("libvirt:qemu:///embed?", NULL, NULL);
	uri("libvirt:qemu:///embed?x=1", NULL, NULL);
	uri("libvirt:qemu:///embed?root=", NULL, NULL);
	uri("libvirt:qemu:///embed?root=a/b", NULL, NULL);
	uri("libvirt:qemu+ssh://host/system", NULL, NULL);
	uri("libvirt:qemu://host/system", NULL, NULL);
	uri("libvirt:qemu:///systemd", NULL, NULL);
	uri("libvirt:test:///default", NULL, NULL);
	uri("libvirtd", NULL, NULL);
	uri("", NULL, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_words), cmocka_unit_test(test_passed_through), cmocka_unit_test(test_escaped),
		cmocka_unit_test(test_label),	  cmocka_unit_test(test_refused),	 cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
