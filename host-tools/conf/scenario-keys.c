/* SPDX-License-Identifier: GPL-2.0-only */
/* The table of every key a scenario can have. */
#include "conf/scenario.h"

#include <string.h>

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

static const struct conf_key keys[] = {
	{ KEY("scenario", "title", CONF_TEXT), AT(title), .def = "",
	  .help = "one line for `vtdlab list scenarios` and the report" },
	{ KEY("scenario", "description", CONF_TEXT), AT(description), .def = "",
	  .help = "what the scenario shows, and why" },
	{ KEY("scenario", "expect-fail", CONF_CHECKS), AT(expect_fail), .def = "",
	  .help = "checks expected to fail, with ';' between; expect-fail-6.1 adds some for 6.1.*" },
	{ KEY("scenario", "timeout-s", CONF_SECONDS), AT(timeout_s), .min = 1, .max = 86400, .def = "300",
	  .help = "limit of a whole run, seconds; longer by itself under TCG" },

	{ KEY("machine", "memory", CONF_SIZE), AT(machine.memory), .min = 512 * MIB, .max = 64 * GIB, .def = "1G",
	  .help = "guest RAM, whole MiB, with M or G behind" },
	{ KEY("machine", "cpus", CONF_NUMBER), AT(machine.cpus), .min = 1, .max = 64, .def = "1",
	  .help = "virtual CPUs of the first kernel" },
	{ KEY("machine", "accel", CONF_WORD), AT(machine.accel), .words = machine_accel_words, .def = "auto",
	  .help = "auto takes KVM only where it is proven to run a Linux guest" },
	{ KEY("machine", "clock", CONF_WORD), AT(machine.clock), .words = machine_clock_words, .def = "wall",
	  .help = "virtual counts instructions (TCG, one CPU): times repeat" },
	{ KEY("machine", "observe", CONF_SWITCH), AT(machine.observe), .def = "on",
	  .help = "off: no trace, no walks, no verdict; only to measure what observing costs" },
	{ KEY("machine", "qemu-args", CONF_TEXT), AT(machine.qemu_args), .def = "",
	  .help = "put at the end of QEMU's command line, split as a shell splits words" },

	{ KEY("iommu", "mode", CONF_WORD), AT(iommu.mode), .words = machine_iommu_mode_words, .def = "legacy",
	  .help = "format of the translation tables; off: no IOMMU at all" },
	{ KEY("iommu", "intremap", CONF_SWITCH), AT(iommu.intremap), .def = "off", .help = "interrupt remapping" },
	{ KEY("iommu", "caching-mode", CONF_SWITCH), AT(iommu.caching_mode), .def = "off",
	  .help = "CAP.CM: the guest must invalidate after adding a mapping too" },
	{ KEY("iommu", "aw-bits", CONF_CHOICE), AT(iommu.aw_bits), .words = aw_words, .def = "default",
	  .help = "width of an IOVA: 3, 4 or 5 levels of tables" },

	{ KEY("devices", "nic", CONF_WORD), AT(devices.nic), .words = machine_nic_words, .def = "e1000e",
	  .help = "network card behind the IOMMU" },
	{ KEY("devices", "disk", CONF_WORD), AT(devices.disk), .words = machine_disk_words, .def = "nvme",
	  .help = "disk behind the IOMMU" },
	{ KEY("devices", "topology", CONF_WORD), AT(devices.topology), .words = machine_topology_words, .def = "flat",
	  .help = "where the devices sit on the PCI buses" },
	{ KEY("devices", "edu", CONF_SWITCH), AT(devices.edu), .def = "off",
	  .help = "QEMU's edu device, a DMA engine that first.workload drives" },
	{ KEY("devices", "dma", CONF_WORD), AT(devices.dma), .words = conf_dma_words, .def = "both",
	  .help = "devices that do DMA while the first kernel dies" },

	{ KEY("first", "kernel", CONF_TEXT), AT(first.kernel), .def = "debian-6.1",
	  .help = "a name of images/kernels, debian:<release>, a bzImage/vmlinux or a build tree" },
	{ KEY("first", "cmdline", CONF_TEXT), AT(first.cmdline), .def = "",
	  .help = "put behind the command line that the lab gives the first kernel" },
	{ KEY("first", "workload", CONF_TEXT), AT(first.workload), .def = "",
	  .help = "vfio-map pages=N stride=N size=4k|2m iova=ADDRESS, or nested memory=SIZE page=4k|2m" },

	{ KEY("crash", "kernel", CONF_TEXT), AT(crash.kernel), .def = "",
	  .help = "as first.kernel; empty: the first kernel" },
	{ KEY("crash", "initrd", CONF_TEXT), AT(crash.initrd), .def = "",
	  .help = "path of another initramfs (or a name of images/initramfs/foreign) instead of ours" },
	{ KEY("crash", "cmdline", CONF_TEXT), AT(crash.cmdline), .def = "",
	  .help = "put at the very end of the crash kernel's command line" },
	{ KEY("crash", "load", CONF_WORD), AT(crash.load), .words = load_words, .def = "kexec",
	  .help = "kexec -p, or kexec -s -p (the kernel loads and checks the image)" },
	{ KEY("crash", "checksum", CONF_SWITCH), AT(crash.checksum), .def = "off",
	  .help = "SHA-256 check of the image at the panic (2 s under TCG); kexec-file always has "
		  "it" },
	{ KEY("crash", "trigger", CONF_TRIGGER_WORD), AT(crash.trigger), .words = trigger_words, .def = "sysrq",
	  .help = "how the first kernel dies: sysrq-c, an NMI from outside, sysrq-c on CPU N" },
	{ KEY("crash", "dump", CONF_WORD), AT(crash.dump), .words = dump_words, .def = "guest",
	  .help = "guest: the crash kernel reads the dead one through /proc/vmcore" },
	{ KEY("crash", "end", CONF_WORD), AT(crash.end), .words = end_words, .def = "poweroff",
	  .help = "what the crash kernel does last" },

	{ KEY("corrupt", "when", CONF_WORD), AT(corrupt.when), .words = when_words, .def = "before-copy",
	  .help = "when the host damages the tables of the dead kernel, or the copy" },
	{ KEY("corrupt", "what", CONF_TEXT), AT(corrupt.what), .def = "",
	  .help = "what the host damages (zap-context, shift-pte, ...), and of whom: zap-context 00:1f.2" },
};

const struct conf_key *conf_keys(size_t *n)
{
	*n = G_N_ELEMENTS(keys);
	return keys;
}
