/* SPDX-License-Identifier: GPL-2.0-only */
/* From a machine description to QEMU's arguments. */
#include "machine/cmdline.h"

#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "machine/qemu-probe.h"
#include "machine/trace.h"

#define MIB (UINT64_C(1) << 20)

static bool machine_config_check(const struct machine_config *cfg, GError **error)
{
	if (!machine_config_allowed(cfg, error))
		return false;
	if (cfg->run_dir && strchr(cfg->run_dir, '%'))
		return vtdlab_refuse(error,
				     "%s: QEMU cannot log to a path with a %% in it: choose another "
				     "directory for the results",
				     cfg->run_dir);
	if (!cfg->kernel || !*cfg->kernel)
		return vtdlab_refuse(error, "no kernel to boot");
	if (cfg->disk != MACHINE_DISK_NONE && !(cfg->disk_image && *cfg->disk_image))
		return vtdlab_refuse(error, "devices.disk=%s needs a disk image",
				     word_of(machine_disk_words, cfg->disk));
	return true;
}

/* What this QEMU lacks is no failure of the kernel: the scenario is skipped, by name. */
static bool check_abilities(const struct machine_config *cfg, const struct qemu_caps *caps, GError **error)
{
	bool on = cfg->iommu.mode != MACHINE_IOMMU_OFF;
	const struct {
		bool wanted;
		const char *key, *prop;
	} needs[] = {
		{ cfg->iommu.mode == MACHINE_IOMMU_FIRST_LEVEL, "iommu.mode=first-level", "x-flts" },
		{ on && cfg->iommu.mode != MACHINE_IOMMU_LEGACY, "iommu.mode=scalable", "x-scalable-mode" },
		{ on && cfg->iommu.intremap, "iommu.intremap=on", "intremap" },
		{ on && cfg->iommu.caching_mode, "iommu.caching-mode=on", "caching-mode" },
		{ on && cfg->iommu.aw_bits, "iommu.aw-bits", "aw-bits" },
		{ on && cfg->iommu.ats, "iommu.ats=on", "device-iotlb" },
	};

	if (caps && cfg->edu_functions && !caps->edu)
		return vtdlab_unfit(error,
				    "devices.edu=on: QEMU %s (%s) has no edu device whose dma_mask can be "
				    "set: try another with --qemu",
				    caps->version, caps->path);
	if (!caps || !on)
		return true;
	if (!caps->intel_iommu)
		return vtdlab_unfit(error, "QEMU %s (%s) has no intel-iommu device", caps->version, caps->path);
	for (unsigned i = 0; i < G_N_ELEMENTS(needs); i++)
		if (needs[i].wanted && !qemu_has_iommu_prop(caps, needs[i].prop))
			return vtdlab_unfit(error,
					    "%s needs %s of intel-iommu, which QEMU %s (%s) lacks: "
					    "try another with --qemu",
					    needs[i].key, needs[i].prop, caps->version, caps->path);
	return true;
}

static void add(GPtrArray *v, const char *arg)
{
	g_ptr_array_add(v, g_strdup(arg));
}

static void opt(GPtrArray *v, const char *name, const char *fmt, ...) G_GNUC_PRINTF(3, 4);

static void opt(GPtrArray *v, const char *name, const char *fmt, ...)
{
	va_list ap;

	add(v, name);
	va_start(ap, fmt);
	g_ptr_array_add(v, g_strdup_vprintf(fmt, ap));
	va_end(ap);
}

/* Commas separate a QEMU option's parts; a doubled one stands for itself. */
static char *escape_commas(const char *text)
{
	g_auto(GStrv) parts = g_strsplit(text, ",", -1);

	return g_strjoinv(",,", parts);
}

const char *machine_tcg(const struct machine_config *cfg)
{
	return cfg->cpus > 1 && !cfg->cpu_threads ? "tcg,thread=single" : "tcg";
}

static void add_action(GPtrArray *v, const struct machine_config *cfg)
{
	opt(v, "-action", "reboot=%s,shutdown=pause", cfg->allow_reboot ? "reset" : "shutdown");
}

static void add_clock(GPtrArray *v, const struct machine_config *cfg)
{
	if (!cfg->clock_virtual)
		return;
	opt(v, "-icount", "shift=0,sleep=off");
	/* RDRAND and the like: a kernel that shuffles its memory otherwise does other work in each boot */
	opt(v, "-seed", "1");
}

static void add_platform(GPtrArray *v, const struct machine_config *cfg, enum machine_line form)
{
	/* The trial under KVM, or TCG: AUTO is resolved by then; a dry run shows TCG. */
	bool kvm = cfg->accel == MACHINE_ACCEL_KVM;

	add(v, "-nodefaults");
	add(v, "-no-user-config");
	opt(v, "-display", "none");
	add_action(v, cfg);
	/*
	 * One thread for all CPUs: with a thread each, TCG now and then lets a CPU run into an int3 of the
	 * kernel's own code patching ("Oops: int3" in sched_clock_cpu of a booting first kernel).
	 * A benchmark of several CPUs wants them all the same, and tries a boot again.
	 */
	opt(v, "-accel", "%s", kvm ? "kvm" : machine_tcg(cfg));
	if (kvm)
		opt(v, "-cpu", "max");
	else
		opt(v, "-cpu", "max,+svm,+npt%s%s", cfg->cpu_tcg ? "," : "", cfg->cpu_tcg ? cfg->cpu_tcg : "");
	opt(v, "-smp", "%u", cfg->cpus);
	opt(v, "-m", "%" G_GUINT64_FORMAT "M", cfg->memory / MIB);
	if (form == MACHINE_LINE_RUN)
		opt(v, "-object",
		    "memory-backend-file,id=ram,size=%" G_GUINT64_FORMAT "M,mem-path=/proc/self/fd/%d,share=on",
		    cfg->memory / MIB, MACHINE_FD_RAM);
	else
		opt(v, "-object", "memory-backend-memfd,id=ram,size=%" G_GUINT64_FORMAT "M,share=on",
		    cfg->memory / MIB);
	opt(v, "-machine", "q35,kernel-irqchip=split,memory-backend=ram,dump-guest-core=off");
	add_clock(v, cfg);
	opt(v, "-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
}

static void add_iommu(GPtrArray *v, const struct machine_config *cfg)
{
	GString *dev = g_string_new("intel-iommu");

	g_string_append_printf(dev, ",intremap=%s", cfg->iommu.intremap ? "on" : "off");
	if (cfg->iommu.caching_mode)
		g_string_append(dev, ",caching-mode=on");
	if (cfg->iommu.mode != MACHINE_IOMMU_LEGACY)
		g_string_append(dev, ",x-scalable-mode=on");
	if (cfg->iommu.mode == MACHINE_IOMMU_FIRST_LEVEL)
		g_string_append(dev, ",x-flts=on");
	if (cfg->iommu.aw_bits)
		g_string_append_printf(dev, ",aw-bits=%u", cfg->iommu.aw_bits);
	if (cfg->iommu.ats)
		g_string_append(dev, ",device-iotlb=on");
	if (cfg->iommu.mode != MACHINE_IOMMU_OFF)
		opt(v, "-device", "%s", dev->str);
	g_string_free(dev, TRUE);
}

/* A path in the directory of the sockets, fit for a QEMU option. */
static char *sock(const char *socks, const char *name)
{
	g_autofree char *path = g_build_filename(socks ? socks : ".", name, NULL);

	return escape_commas(path);
}

/* A socket that QEMU listens on, as the chardev @id. */
static void add_listener(GPtrArray *v, const char *socks, const char *id)
{
	g_autofree char *path = sock(socks, id);

	opt(v, "-chardev", "socket,id=%s,path=%s,server=on,wait=off", id, path);
}

static void add_lines(GPtrArray *v, enum machine_line form, const char *socks)
{
	if (form == MACHINE_LINE_LIBVIRT) {
		g_autofree char *console = sock(socks, MACHINE_SOCK_CONSOLE);

		add_listener(v, socks, MACHINE_SOCK_QMP);
		opt(v, "-mon", "chardev=qmp,mode=control");
		opt(v, "-chardev", "file,id=console,path=%s", console);
		opt(v, "-serial", "chardev:console");
		add_listener(v, socks, MACHINE_SOCK_AGENT);
	} else if (form == MACHINE_LINE_RUN) {
		opt(v, "-chardev", "socket,id=qmp,fd=%d", MACHINE_FD_QMP);
		opt(v, "-mon", "chardev=qmp,mode=control");
		opt(v, "-chardev", "file,id=console,path=/proc/self/fd/%d", MACHINE_FD_CONSOLE);
		opt(v, "-serial", "chardev:console");
		opt(v, "-chardev", "socket,id=agent,fd=%d", MACHINE_FD_AGENT);
	} else {
		opt(v, "-qmp", "unix:vtdlab-qmp.sock,server=on,wait=off");
		opt(v, "-serial", "stdio");
		opt(v, "-chardev", "socket,id=agent,path=vtdlab-agent.sock,server=on,wait=off");
	}
	opt(v, "-serial", "chardev:agent");
}

static void add_cable(GPtrArray *v, enum machine_line form, const char *socks)
{
	g_autofree char *net = NULL, *host = NULL;

	if (form == MACHINE_LINE_RUN) {
		opt(v, "-netdev", "dgram,id=net0,local.type=fd,local.str=%d", MACHINE_FD_NET);
		return;
	}
	net = form == MACHINE_LINE_LIBVIRT ? sock(socks, MACHINE_SOCK_NET) : g_strdup("vtdlab-net.sock");
	host = form == MACHINE_LINE_LIBVIRT ? sock(socks, MACHINE_SOCK_NET_HOST) : g_strdup("vtdlab-host.sock");
	opt(v, "-netdev", "dgram,id=net0,local.type=unix,local.path=%s,remote.type=unix,remote.path=%s", net, host);
}

static void add_nic(GPtrArray *v, const struct machine_config *cfg, enum machine_line form, const char *socks)
{
	static const char *const model[] = {
		[MACHINE_NIC_E1000E] = "e1000e",
		[MACHINE_NIC_E1000] = "e1000",
		/*
		 * No larger ring: QEMU 7.2 writes to a wrong address when an entry of a used
		 * ring crosses a page, which one of 256 entries never does.
		 */
		[MACHINE_NIC_VIRTIO] = "virtio-net-pci,iommu_platform=on,disable-legacy=on",
	};
	/* where it sits */
	static const struct {
		const char *bus;
		unsigned slot;
	} place[] = {
		[MACHINE_TOPOLOGY_FLAT] = { "", MACHINE_SLOT_NIC },
		[MACHINE_TOPOLOGY_PXB_BRIDGE] = { ",bus=bridge0", MACHINE_SLOT_BEHIND },
		[MACHINE_TOPOLOGY_PCIE_PCI_BRIDGE] = { ",bus=bridge0", MACHINE_SLOT_BEHIND },
		[MACHINE_TOPOLOGY_ROOT_PORT] = { ",bus=port0", 0 },
	};

	if (cfg->nic == MACHINE_NIC_NONE)
		return;
	if (cfg->topology == MACHINE_TOPOLOGY_PXB_BRIDGE) {
		opt(v, "-device", "pxb-pcie,id=pxb0,bus=pcie.0,bus_nr=%d,addr=%d", MACHINE_PXB_BUS, MACHINE_SLOT_PXB);
		opt(v, "-device", "i82801b11-bridge,id=bridge0,bus=pxb0,addr=%#x", MACHINE_SLOT_BRIDGE);
	} else if (cfg->topology == MACHINE_TOPOLOGY_PCIE_PCI_BRIDGE) {
		opt(v, "-device", "pcie-pci-bridge,id=bridge0,bus=pcie.0,addr=%d", MACHINE_SLOT_PCI_BRIDGE);
	} else if (cfg->topology == MACHINE_TOPOLOGY_ROOT_PORT) {
		opt(v, "-device", "pcie-root-port,id=port0,bus=pcie.0,chassis=1,addr=%d", MACHINE_SLOT_PORT);
	}
	add_cable(v, form, socks);
	opt(v, "-device", "%s%s,id=nic0,netdev=net0,mac=" MACHINE_NIC_MAC ",romfile=%s,addr=%u", model[cfg->nic],
	    cfg->iommu.ats && cfg->nic == MACHINE_NIC_VIRTIO ? ",ats=on" : "", place[cfg->topology].bus,
	    place[cfg->topology].slot);
}

/* A device for the command line (@json NULL) or for QMP (@text NULL), where types count. */
struct device {
	GString *text;
	JsonObject *json;
};

static void put(struct device *d, const char *name, const char *value)
{
	if (d->json)
		json_object_set_string_member(d->json, name, value);
	else if (strcmp(name, "driver") == 0)
		g_string_append(d->text, value);
	else
		g_string_append_printf(d->text, ",%s=%s", name, value);
}

static void put_switch(struct device *d, const char *name)
{
	if (d->json)
		json_object_set_boolean_member(d->json, name, true);
	else
		g_string_append_printf(d->text, ",%s=on", name);
}

static void put_number(struct device *d, const char *name, const char *value)
{
	if (d->json)
		json_object_set_int_member(d->json, name, (gint64)g_ascii_strtoull(value, NULL, 0));
	else
		put(d, name, value);
}

static void disk_device(const struct machine_config *cfg, struct device *d)
{
	if (cfg->disk == MACHINE_DISK_NVME) {
		put(d, "driver", "nvme");
		put(d, "serial", "vtdlab");
	} else {
		put(d, "driver", "virtio-blk-pci");
		put_switch(d, "iommu_platform");
		put(d, "disable-legacy", "on");
	}
	/* One I/O queue: the trace tells commands by their ids, which are a queue's own. */
	if (cfg->disk == MACHINE_DISK_NVME && cfg->cpus > 1)
		put_number(d, "max_ioqpairs", "1");
	put(d, "id", "blk0");
	put(d, "drive", "disk0");
	/* With a second root bus, QEMU takes that for a device that names none. */
	if (d->json || cfg->topology == MACHINE_TOPOLOGY_PXB_BRIDGE)
		put(d, "bus", "pcie.0");
	put(d, "addr", G_STRINGIFY(MACHINE_SLOT_DISK));
}

/* Function @n of @of. */
static void edu_device(struct device *d, unsigned n, unsigned of)
{
	bool last = of > 1 && n == of - 1;
	g_autofree char *id = g_strdup_printf("edu%u", n), *addr = n ? g_strdup_printf("%u.%u", MACHINE_SLOT_EDU, n) :
								       g_strdup(G_STRINGIFY(MACHINE_SLOT_EDU));

	put(d, "driver", last ? "e1000" : "edu");
	put(d, "id", id);
	if (last)
		put(d, "romfile", "");
	else
		/* Without the mask, edu drops the address bits from 28 on, and does DMA elsewhere without a word. */
		put_number(d, "dma_mask", "0xffffffff");
	if (of > 1)
		put(d, "multifunction", "on");
	put(d, "bus", "pcie.0");
	put(d, "addr", addr);
}

JsonArray *machine_late_devices(const struct machine_config *cfg)
{
	JsonArray *list = json_array_new();

	if (cfg->disk != MACHINE_DISK_NONE) {
		struct device d = { .json = json_object_new() };

		disk_device(cfg, &d);
		json_array_add_object_element(list, d.json);
	}
	if (cfg->edu_functions) {
		struct device d = { .json = json_object_new() };

		edu_device(&d, 0, 1);
		json_array_add_object_element(list, d.json);
	}
	return list;
}

/*
 * QEMU's tables name each device of the IOMMU, and a kernel leaves one alone that came later and is not in there. So one that
 * has no state of its own is there at power-on, for the guest to put away.
 */
static void add_place(GPtrArray *v, unsigned slot)
{
	opt(v, "-device", "pci-testdev,id=place%u,bus=pcie.0,addr=%u", slot, slot);
}

static void add_disk(GPtrArray *v, const struct machine_config *cfg)
{
	g_autoptr(GString) drive = g_string_new(NULL), device = g_string_new(NULL);
	g_autofree char *file = NULL;

	if (cfg->disk == MACHINE_DISK_NONE)
		return;
	if (cfg->outgoing) {
		add_place(v, MACHINE_SLOT_DISK);
		return;
	}
	file = escape_commas(cfg->disk_image);
	g_string_append_printf(drive, "if=none,id=disk0,format=raw,snapshot=on,file=%s", file);
	if (cfg->disk_bps)
		g_string_append_printf(drive, ",throttling.group=disk,throttling.bps-total=%" G_GUINT64_FORMAT,
				       cfg->disk_bps);
	opt(v, "-drive", "%s", drive->str);
	if (cfg->incoming)
		return;
	disk_device(cfg, &(struct device){ .text = device });
	opt(v, "-device", "%s", device->str);
}

static void add_edu(GPtrArray *v, const struct machine_config *cfg)
{
	if (!cfg->edu_functions || cfg->incoming)
		return;
	if (cfg->outgoing) {
		add_place(v, MACHINE_SLOT_EDU);
		return;
	}
	for (unsigned n = 0; n < cfg->edu_functions; n++) {
		g_autoptr(GString) device = g_string_new(NULL);

		edu_device(&(struct device){ .text = device }, n, cfg->edu_functions);
		opt(v, "-device", "%s", device->str);
	}
}

static void add_boot(GPtrArray *v, const struct machine_config *cfg)
{
	opt(v, "-kernel", "%s", cfg->kernel);
	if (cfg->initrd)
		opt(v, "-initrd", "%s", cfg->initrd);
	if (cfg->cmdline && *cfg->cmdline)
		opt(v, "-append", "%s", cfg->cmdline);
}

static void add_trace(GPtrArray *v, const struct machine_config *cfg, enum machine_line form,
		      const struct qemu_caps *caps)
{
	const char *const *names = trace_default_names();
	unsigned traces = cfg->traces ? cfg->traces : TRACES_ALL;

	if (!cfg->no_trace) {
		for (unsigned i = 0; names[i]; i++)
			if (traces >> trace_group_of(names[i]) & 1 && qemu_has_trace(caps, names[i]))
				opt(v, "-trace", "%s", names[i]);
		for (unsigned i = 0; cfg->extra_trace && cfg->extra_trace[i]; i++)
			opt(v, "-trace", "%s", cfg->extra_trace[i]);
	}
	opt(v, "-msg", "timestamp=on");
	if (form != MACHINE_LINE_STANDALONE && cfg->run_dir)
		opt(v, "-D", "%s/qemu.log", cfg->run_dir);
	else
		opt(v, "-D", "vtdlab-qemu.log");
}

static void add_gdb(GPtrArray *v, const struct machine_config *cfg, enum machine_line form, const char *socks)
{
	g_autofree char *path =
		form == MACHINE_LINE_STANDALONE ? g_strdup("vtdlab-gdb.sock") : sock(socks, MACHINE_SOCK_GDB);

	if (cfg->gdb)
		opt(v, "-gdb", "unix:%s,server=on,wait=off", path);
}

/* libvirt makes the IOMMU device, and has no words for these. */
static void add_iommu_globals(GPtrArray *v, const struct machine_config *cfg)
{
	enum machine_iommu_mode mode = cfg->iommu.mode;

	if (mode == MACHINE_IOMMU_SCALABLE || mode == MACHINE_IOMMU_FIRST_LEVEL)
		opt(v, "-global", "intel-iommu.x-scalable-mode=on");
	if (mode == MACHINE_IOMMU_FIRST_LEVEL)
		opt(v, "-global", "intel-iommu.x-flts=on");
}

GPtrArray *machine_command_line(const struct machine_config *cfg, enum machine_line form, const struct qemu_caps *caps,
				const char *socks, GError **error)
{
	const char *program = caps ? caps->path : cfg->qemu;
	bool whole = form != MACHINE_LINE_LIBVIRT;
	GPtrArray *v;

	if (!machine_config_check(cfg, error))
		return NULL;
	if (!check_abilities(cfg, caps, error))
		return NULL;
	v = g_ptr_array_new_with_free_func(g_free);
	if (whole) {
		add(v, program ? program : "qemu-system-x86_64");
		add_platform(v, cfg, form);
		/* before all other devices, or they would not sit behind it */
		add_iommu(v, cfg);
	} else {
		add_action(v, cfg);
		add_clock(v, cfg);
		add_iommu_globals(v, cfg);
	}
	add_lines(v, form, socks);
	add_nic(v, cfg, form, socks);
	add_disk(v, cfg);
	add_edu(v, cfg);
	if (whole)
		add_boot(v, cfg);
	add_gdb(v, cfg, form, socks);
	add_trace(v, cfg, form, caps);
	for (unsigned i = 0; cfg->extra_args && cfg->extra_args[i]; i++)
		add(v, cfg->extra_args[i]);
	if (cfg->incoming) {
		opt(v, "-incoming", "defer");
		add(v, "-S");
	}
	g_ptr_array_add(v, NULL);
	return v;
}

char *machine_one_line(const GPtrArray *argv)
{
	GString *s = g_string_new(NULL);

	for (unsigned i = 0; i < argv->len && argv->pdata[i]; i++) {
		g_autofree char *q = text_shell_word(argv->pdata[i]);

		g_string_append_printf(s, "%s%s", i ? " " : "", q);
	}
	/* stays a comment even if an argument holds a newline */
	for (char *p = s->str; *p; p++)
		if (*p == '\n')
			*p = ' ';
	return g_string_free(s, FALSE);
}

static char *machine_command_text(const GPtrArray *argv)
{
	GString *text = g_string_new(NULL);

	for (unsigned i = 0; i < argv->len && argv->pdata[i]; i++) {
		const char *arg = argv->pdata[i];
		g_autofree char *quoted = text_shell_word(arg);

		if (i)
			g_string_append(text, arg[0] == '-' ? " \\\n    " : " ");
		g_string_append(text, quoted);
	}
	return g_string_free(text, FALSE);
}

char *machine_command_pasteable(const struct machine_config *cfg, const struct qemu_caps *caps, GError **error)
{
	g_autoptr(GPtrArray) argv = machine_command_line(cfg, MACHINE_LINE_STANDALONE, caps, NULL, error);
	g_autofree char *text = NULL;

	if (!argv)
		return NULL;
	text = machine_command_text(argv);
	return g_strconcat("# The same machine for a shell. vtdlab itself runs it with RAM, QMP, both serial\n"
			   "# lines and the network on inherited descriptors; here the console is the "
			   "terminal\n"
			   "# and the others are sockets in the current directory.\n",
			   text, NULL);
}
