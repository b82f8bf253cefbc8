/* SPDX-License-Identifier: GPL-2.0-only */
/* A user's domain XML: what is kept, what is told, what is refused; and nothing of it that reaches libvirt unread. */
#include "machine-test.h"

#include "base/error.h"
#include "machine/libvirt-domain.h"
#include "machine/libvirt-xml.h"

#define HEAD "<domain type='kvm'><name>x</name><memory>2097152</memory><vcpu>2</vcpu>"
#define OS "<os><type arch='x86_64' machine='q35'>hvm</type><boot dev='hd'/></os>"
#define IOMMU "<iommu model='intel'><driver intremap='on' caching_mode='on' aw_bits='48' eim='on' iotlb='on'/></iommu>"
#define DISK "<disk type='file' device='disk'><source file='/precious'/><target dev='vda' bus='virtio'/></disk>"
#define NIC "<interface type='network'><source network='default'/><model type='virtio'/></interface>"
#define TAIL "</devices></domain>"
#define WHOLE HEAD OS "<devices>" IOMMU DISK NIC TAIL

static struct libvirt_domain *parse(const char *xml)
{
	g_autoptr(GError) error = NULL;
	struct libvirt_domain *d = libvirt_domain_parse(xml, strlen(xml), "f", false, &error);

	if (!d)
		fail_msg("%s", error->message);
	return d;
}

static bool told(const struct libvirt_domain *d, const char *part)
{
	for (unsigned i = 0; i < d->changes->len; i++)
		if (strstr(d->changes->pdata[i], part))
			return true;
	return false;
}

static void refused(const char *xml, const char *part)
{
	g_autoptr(GError) error = NULL;

	assert_null(libvirt_domain_parse(xml, strlen(xml), "f", false, &error));
	assert_true(g_error_matches(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE));
	if (!strstr(error->message, part) || strchr(error->message, '\n'))
		fail_msg("no line with %s: %s", part, error->message);
}

static void test_kept(void **state)
{
	struct libvirt_domain *d = parse(WHOLE);

	(void)state;
	assert_int_equal(d->memory, UINT64_C(2) << 30);
	assert_int_equal(d->cpus, 2);
	assert_true(d->kvm && d->intremap && d->caching_mode);
	assert_int_equal(d->aw_bits, 48);
	assert_int_equal(d->eim, 1);
	assert_true(d->ats);
	assert_int_equal(d->nic, MACHINE_NIC_VIRTIO);
	assert_int_equal(d->disk, MACHINE_DISK_VIRTIO);
	assert_int_equal(d->mode, MACHINE_IOMMU_LEGACY);
	assert_true(told(d, "virtio disk gets iommu='on'"));
	assert_true(told(d, "virtio network card gets iommu='on'"));
	assert_true(told(d, "its image is not opened"));
	assert_false(told(d, "/precious"));
	libvirt_domain_free(d);
	d = parse(
		"<domain type='qemu' xmlns:qemu='u'><memory unit='GiB'>1</memory>"
		"<os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type></os>"
		"<devices><iommu model='intel'/></devices><qemu:commandline><qemu:arg value='-global'/>"
		"<qemu:arg value='intel-iommu.x-scalable-mode=on'/><qemu:arg value='-drive'/></qemu:commandline></domain>");
	assert_string_equal(d->machine, "pc-q35-7.2");
	assert_int_equal(d->mode, MACHINE_IOMMU_SCALABLE);
	/* TCG's interrupts are QEMU's: it remaps them if nobody says otherwise */
	assert_true(d->intremap);
	assert_true(told(d, "'-drive' of <qemu:commandline> is left out"));
	assert_true(told(d, "no disk") && told(d, "no network card"));
	libvirt_domain_free(d);
	d = parse(HEAD OS "<devices><iommu model='intel'/>" TAIL);
	assert_false(d->intremap);
	libvirt_domain_free(d);
	d = parse(HEAD OS "<features><ioapic driver='qemu'/></features><devices><iommu model='intel'/>" TAIL);
	assert_true(d->intremap);
	libvirt_domain_free(d);
}

/* Whether its machine gets eim='on', by what it runs under, and whether that is told. */
static void test_eim(void **state)
{
	static const struct {
		const char *attribute, *tcg, *kvm;
		bool told;
	} cases[] = { { "eim='on'", NULL, "eim='on'", true },
		      { "eim='off'", "eim='off'", "eim='off'", false },
		      { "", NULL, NULL, false } };

	(void)state;
	for (unsigned i = 0; i < 2 * G_N_ELEMENTS(cases); i++) {
		const char *want = i & 1 ? cases[i / 2].kvm : cases[i / 2].tcg;
		g_autofree char *text =
			g_strdup_printf(HEAD OS "<devices><iommu model='intel'><driver intremap='on' %s/>"
						"</iommu>" TAIL,
					cases[i / 2].attribute);
		struct machine_config cfg = { .accel = i & 1 ? MACHINE_ACCEL_KVM : MACHINE_ACCEL_TCG,
					      .memory = UINT64_C(2) << 30,
					      .cpus = 1,
					      .kernel = "/k",
					      .disk_image = "/d",
					      .run_dir = "/r" };
		struct libvirt_domain *d = parse(text);
		g_autoptr(GPtrArray) changes = libvirt_domain_changes(d, i & 1);
		g_autofree char *xml = NULL, *last = g_strdup(changes->pdata[changes->len - 1]);

		cfg.domain = d;
		xml = libvirt_xml(&cfg, NULL, "n", "/s", NULL);
		assert_true(want ? strstr(xml, want) != NULL : strstr(xml, "eim=") == NULL);
		assert_int_equal(strstr(last, "eim='on' is left out") != NULL, cases[i / 2].told && !(i & 1));
		libvirt_domain_free(d);
	}
}

/* What is not as the file says has a line, and what is has none. */
static void test_told(void **state)
{
	static const struct {
		const char *from, *to, *want;
	} cases[] = {
		{ "<os>", "<os firmware='efi'>", "firmware='efi' is left out" },
		{ "<boot dev='hd'/>", "<boot dev='hd'/>", "<boot> is left out" },
		{ "<vcpu>", "<vcpu current='1'>", "<vcpu>: current='1' is left out" },
		{ "<vcpu>", "<currentMemory unit='KiB'>1048576</currentMemory><vcpu>", "<currentMemory> is left out" },
		{ "<memory>2097152", "<memory unit='KB'>2000000", "<memory> is 1907 MiB" },
		{ "</os>", "</os><on_crash>destroy</on_crash>", "<on_crash> is the lab's" },
		{ " eim='on'", " dma_translation='off'", "<iommu>: dma_translation='off' is left out" },
		{ "<model type='virtio'/>", "<model type='virtio'/><driver name='vhost' queues='4'/>",
		  "queues='4' of <interface> is left out" },
		{ "<model type='virtio'/>", "<model type='virtio'/><boot order='1'/>", "<boot> is left out" },
		{ "<interface", "<rng model='virtio'><backend model='egd'/></rng><interface",
		  "its <rng> is fed from /dev/urandom" },
		{ "<interface", "<rng model='virtio'><rate bytes='1'/></rng><interface",
		  "<rate> of <rng> is libvirt's own choice" },
		{ "<interface", "<memballoon model='virtio'><address type='pci'/></memballoon><interface",
		  "<address> of <memballoon> is libvirt's own choice" },
		{ "<interface",
		  "<controller type='pci' model='pcie-root-port'><address type='pci'/></controller><interface",
		  "its root ports are at the lab's addresses" },
		{ "<interface", "<interface", "its disk and network card are on the root bus" },
		{ "<interface", "<interface", "<ioapic driver='qemu'/> is added" },
	};
	static const char *const quiet[] = { "currentMemory", "<memory>", "root ports", "on_crash",
					     "<vcpu>",	      "firmware", "<rng>" };
	struct libvirt_domain *d = parse(WHOLE);

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(quiet); i++)
		assert_false(told(d, quiet[i]));
	libvirt_domain_free(d);
	d = parse(HEAD "<currentMemory>2097152</currentMemory>" OS
		       "<features><ioapic driver='qemu'/></features><devices>" IOMMU DISK NIC TAIL);
	assert_false(told(d, "currentMemory") || told(d, "ioapic"));
	libvirt_domain_free(d);
	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_auto(GStrv) parts = g_strsplit(WHOLE, cases[i].from, 2);
		g_autofree char *xml = g_strjoinv(cases[i].to, parts);

		d = parse(xml);
		if (!parts[1] || !told(d, cases[i].want))
			fail_msg("no line with %s", cases[i].want);
		libvirt_domain_free(d);
	}
}

/* What it has besides is written anew: with addresses that are not the lab's own, and without its words. */
static void test_devices(void **state)
{
	struct machine_config cfg = { .accel = MACHINE_ACCEL_TCG,
				      .memory = UINT64_C(2) << 30,
				      .cpus = 1,
				      .kernel = "/k",
				      .disk_image = "/d",
				      .run_dir = "/r",
				      .nic = MACHINE_NIC_VIRTIO };
	struct libvirt_domain *d = parse(
		HEAD OS "<devices>" IOMMU "<controller type='pci' model='pcie-root-port'/>"
			"<controller type='usb' model='qemu-xhci'/><memballoon model='virtio'/><rng model='virtio'>"
			"<backend model='egd' type='tcp'><source host='evil'/></backend></rng><graphics type='vnc'/>"
			"<video><model type='virtio'/></video><disk device='cdrom'><target bus='sata'/></disk>" TAIL);
	g_autofree char *xml = NULL;

	(void)state;
	cfg.domain = d;
	xml = libvirt_xml(&cfg, NULL, "n", "/s", NULL);
	assert_non_null(strstr(xml, "index='3' model='pcie-root-port'"));
	assert_null(strstr(xml, "index='4'"));
	assert_non_null(strstr(xml, "slot='0x10' function='0' multifunction='on'"));
	assert_non_null(strstr(xml, "qemu-xhci"));
	assert_non_null(strstr(xml, "<memballoon model='virtio'/>"));
	/* QEMU refuses it of TCG, and that is told */
	assert_null(strstr(xml, "eim="));
	assert_null(strstr(xml, "model='none'"));
	assert_null(strstr(xml, "evil"));
	assert_true(told(d, "<graphics> is left out") && told(d, "<video> is left out"));
	assert_true(told(d, "<disk device='cdrom'> is left out") && told(d, "it has no disk"));
	libvirt_domain_free(d);
}

static void test_refused(void **state)
{
	(void)state;
	refused("", "not a domain's XML");
	refused("kdump", "not a domain's XML");
	refused("<domain type='kvm'>", "not a domain's XML");
	refused("<network/>", "<network> is no <domain>");
	refused("<domain type='xen'/>", "type='xen'");
	refused(HEAD "</domain>", "no <os>");
	refused(HEAD OS "<devices>" TAIL, "no <iommu model='intel'>");
	refused(HEAD OS "<devices>" IOMMU IOMMU TAIL, "two <iommu>");
	refused(HEAD OS "<devices><iommu model='smmuv3'/>" TAIL, "model='smmuv3'");
	refused(HEAD "<os><type arch='aarch64' machine='virt'>hvm</type></os></domain>", "arch='aarch64'");
	refused(HEAD "<os><type arch='x86_64' machine='pc-i440fx-7.2'>hvm</type></os></domain>", "pc-i440fx-7.2");
	refused("<domain type='kvm'>" OS "<devices>" IOMMU TAIL, "no <memory>");
	refused("<domain type='kvm'><memory unit='GiB'>99999999999</memory></domain>", "is no size");
	refused("<domain type='kvm'><memory unit='ell'>1</memory></domain>", "'1' ell is no size");
	refused("<domain type='kvm'><vcpu>-1</vcpu></domain>", "no number of CPUs");
	refused(HEAD OS "<devices><disk><target bus='sata'/></disk>" TAIL, "the bus 'sata'");
	refused(HEAD OS "<devices><interface><model type='rtl8139'/></interface>" TAIL, "model 'rtl8139'");
	refused(HEAD OS "<devices><iommu model='intel'><driver intremap='maybe'/></iommu>" TAIL,
		"intremap='maybe' is neither on nor off");
	refused(HEAD OS "<devices><iommu model='intel'><driver eim='1'/></iommu>" TAIL, "eim='1' is neither");
	refused(HEAD OS "<devices><iommu model='intel'><driver intremap='off' eim='on'/></iommu>" TAIL,
		"eim='on' needs intremap='on'");
	refused(HEAD OS "<devices><hostdev/>" TAIL, "<hostdev>");
	refused(HEAD OS "<devices><disk><target bus='a&#10;\xc2\x9b' /></disk>" TAIL, "the bus 'a");
}

static void test_files(void **state)
{
	g_autoptr(GError) error = NULL;

	(void)state;
	assert_null(libvirt_domain_load("/nonexistent", false, &error));
	assert_non_null(strstr(error->message, "cannot read --domain /nonexistent: No such file"));
	g_clear_error(&error);
	assert_null(libvirt_domain_load("/dev/zero", false, &error));
	assert_non_null(strstr(error->message, "more than 1 MiB is none"));
}

/* --restricted: what is left out otherwise is refused, and what is no file of the host is not. */
static void test_restricted(void **state)
{
	static const struct {
		const char *part, *want;
	} bad[] = {
		{ DISK, "<source> names /precious" },
		{ "<disk type='block' device='cdrom'><source dev='/dev/sr0'/></disk>", "<source> names /dev/sr0" },
		{ "<emulator>/evil</emulator>", "<emulator> names /evil" },
		{ "<rng model='virtio'><backend model='random'>/dev/mem</backend></rng>", "<backend> names /dev/mem" },
		{ "<hostdev/>", "<hostdev>" },
	};
	static const char *const arg =
		HEAD OS "<devices>" IOMMU "</devices>"
			"<qemu:commandline><qemu:arg value='-drive'/></qemu:commandline></domain>";
	static const char *const good = HEAD OS "<devices>" IOMMU NIC "<emulator>/usr/bin/qemu-system-x86_64</emulator>"
						"<rng model='virtio'><backend>/dev/urandom</backend></rng>" TAIL;
	struct libvirt_domain *d;

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autofree char *xml = g_strconcat(HEAD OS "<devices>" IOMMU, bad[i].part, TAIL, NULL);
		g_autoptr(GError) error = NULL;

		assert_null(libvirt_domain_parse(xml, strlen(xml), "f", true, &error));
		assert_non_null(strstr(error->message, bad[i].want));
		assert_true(g_error_matches(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE));
	}
	assert_null(libvirt_domain_parse(arg, strlen(arg), "f", true, NULL));
	libvirt_domain_free(parse(arg));
	d = libvirt_domain_parse(good, strlen(good), "f", true, NULL);
	assert_non_null(d);
	libvirt_domain_free(d);
}

/* Any prefix of a good file, and any byte of it changed, is a domain or one line. */
static void test_damaged(void **state)
{
	size_t len = strlen(WHOLE);

	(void)state;
	for (size_t i = 0; i < 2 * len; i++) {
		g_autofree char *xml = g_strndup(WHOLE, i < len ? i : len);
		g_autoptr(GError) error = NULL;
		struct libvirt_domain *d;

		if (i >= len)
			xml[i - len] ^= 1 << i % 7;
		d = libvirt_domain_parse(xml, i < len ? i : len, "f", i & 1, &error);
		assert_true(!d == !!error);
		assert_true(!error || !strchr(error->message, '\n'));
		libvirt_domain_free(d);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kept),  cmocka_unit_test(test_devices), cmocka_unit_test(test_refused),
		cmocka_unit_test(test_files), cmocka_unit_test(test_damaged), cmocka_unit_test(test_restricted),
		cmocka_unit_test(test_eim),   cmocka_unit_test(test_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
