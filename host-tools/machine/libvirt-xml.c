/* SPDX-License-Identifier: GPL-2.0-only */
#include "machine/libvirt-xml.h"

#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "machine/cmdline.h"
#include "machine/libvirt-domain.h"
#include "machine/qemu-probe.h"
#include "machine/vmm.h"

#define MIB (UINT64_C(1) << 20)

/* One that libvirt cannot say must not be run as something else. */
static bool expressible(const struct machine_config *cfg, GError **error)
{
	if (cfg->accel != MACHINE_ACCEL_KVM && cfg->cpus > 1 && !cfg->cpu_threads)
		return vtdlab_unfit(error,
				    "machine.cpus=%u: libvirt has no word for QEMU's %s, and with a thread for each "
				    "CPU a kernel oopses now and then: use --vmm qemu",
				    cfg->cpus, machine_tcg(cfg));
	return true;
}

static const char *on_off(bool on)
{
	return on ? "on" : "off";
}

static void add_boot(GString *s, const struct machine_config *cfg)
{
	text_markup(s, "  <os>\n    <type arch='x86_64' machine='%s'>hvm</type>\n    <kernel>%s</kernel>\n",
		    cfg->domain ? cfg->domain->machine : "q35", cfg->kernel);
	if (cfg->initrd)
		text_markup(s, "    <initrd>%s</initrd>\n", cfg->initrd);
	if (cfg->cmdline && *cfg->cmdline)
		text_markup(s, "    <cmdline>%s</cmdline>\n", cfg->cmdline);
	text_markup(s, "  </os>\n");
}

/* As machine/cmdline.c has it: split irqchip, every feature, and SVM for nested guests, which TCG emulates. */
static void add_cpu(GString *s, const struct machine_config *cfg)
{
	text_markup(s, "  <features><acpi/><apic/><ioapic driver='qemu'/></features>\n");
	if (cfg->accel == MACHINE_ACCEL_KVM)
		text_markup(s, "  <cpu mode='maximum' check='none'/>\n");
	else
		text_markup(s, "  <cpu mode='maximum' check='none'>\n    <feature policy='require' name='svm'/>\n"
			       "    <feature policy='require' name='npt'/>\n  </cpu>\n");
}

static void add_iommu(GString *s, const struct machine_config *cfg)
{
	if (cfg->iommu.mode == MACHINE_IOMMU_OFF)
		return;
	text_markup(s, "    <iommu model='intel'>\n      <driver intremap='%s' caching_mode='%s'",
		    on_off(cfg->iommu.intremap), on_off(cfg->iommu.caching_mode));
	if (cfg->iommu.aw_bits)
		text_markup(s, " aw_bits='%u'", cfg->iommu.aw_bits);
	if (cfg->iommu.ats)
		text_markup(s, " iotlb='on'");
	if (cfg->domain && libvirt_domain_eim(cfg->domain, cfg->accel == MACHINE_ACCEL_KVM))
		text_markup(s, " eim='on'");
	else if (cfg->domain && cfg->domain->eim == 0)
		text_markup(s, " eim='off'");
	text_markup(s, "/>\n    </iommu>\n");
}

/*
 * QEMU runs as who asks for it, and no file of the user's changes its owner for it. A driver that is not root's runs
 * everything as its user anyway, and knows no such label.
 */
static void add_labels(GString *s, const struct machine_config *cfg)
{
	if (geteuid() && !(cfg->vmm_uri && strstr(cfg->vmm_uri, "/system")))
		return;
	text_markup(s,
		    "  <seclabel type='static' model='dac' relabel='no'>\n    <label>+%u:+%u</label>\n  </seclabel>\n",
		    (unsigned)geteuid(), (unsigned)getegid());
}

static void add_arguments(GString *s, const GPtrArray *argv, const struct machine_config *cfg)
{
	text_markup(s, "  <qemu:commandline>\n");
	for (unsigned i = 0; i < argv->len && argv->pdata[i]; i++)
		text_markup(s, "    <qemu:arg value='%s'/>\n", (const char *)argv->pdata[i]);
	text_markup(s, "    <qemu:env name='TMPDIR' value='%s'/>\n", vmm_tmpdir(cfg));
	text_markup(s, "  </qemu:commandline>\n");
}

char *libvirt_xml(const struct machine_config *cfg, const struct qemu_caps *caps, const char *name, const char *socks,
		  GError **error)
{
	g_autoptr(GPtrArray) argv = machine_command_line(cfg, MACHINE_LINE_LIBVIRT, caps, socks, error);
	g_autofree char *found = NULL;
	const char *program;
	GString *s;

	if (!argv || !expressible(cfg, error))
		return NULL;
	program = caps ? caps->path : cfg->qemu ? cfg->qemu : "qemu-system-x86_64";
	/* libvirt wants a path */
	found = g_path_is_absolute(program) ? g_strdup(program) : g_find_program_in_path(program);
	s = g_string_new(NULL);
	text_markup(s, "<domain type='%s' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>\n",
		    cfg->accel == MACHINE_ACCEL_KVM ? "kvm" : "qemu");
	text_markup(s, "  <name>%s</name>\n  <memory unit='MiB'>%" G_GUINT64_FORMAT "</memory>\n", name,
		    cfg->memory / MIB);
	text_markup(s, "  <memoryBacking><source type='memfd'/><access mode='shared'/></memoryBacking>\n");
	text_markup(s, "  <vcpu>%u</vcpu>\n", cfg->cpus);
	add_boot(s, cfg);
	add_cpu(s, cfg);
	text_markup(
		s,
		"  <on_poweroff>destroy</on_poweroff>\n  <on_reboot>%s</on_reboot>\n  <on_crash>preserve</on_crash>\n",
		cfg->allow_reboot ? "restart" : "destroy");
	text_markup(s, "  <devices>\n    <emulator>%s</emulator>\n", found ? found : program);
	/* what libvirt would put there by itself */
	if (!cfg->domain || !cfg->domain->usb)
		text_markup(s, "    <controller type='usb' model='none'/>\n");
	if (!cfg->domain || !strstr(cfg->domain->devices, "<memballoon"))
		text_markup(s, "    <memballoon model='none'/>\n");
	/* written by us, of words we know */
	g_string_append(s, cfg->domain ? cfg->domain->devices : "");
	add_iommu(s, cfg);
	text_markup(s, "  </devices>\n");
	add_labels(s, cfg);
	text_markup(s, "  <!-- its channels are sockets in %s, which must be there -->\n", socks);
	add_arguments(s, argv, cfg);
	text_markup(s, "</domain>\n");
	return g_string_free(s, FALSE);
}
