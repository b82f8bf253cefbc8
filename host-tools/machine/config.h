/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What one virtual machine is made of: the plain description that the scenario fills in and that
 * machine_command_line() turns into a QEMU command line.
 */
#ifndef VTDLAB_MACHINE_CONFIG_H
#define VTDLAB_MACHINE_CONFIG_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/words.h"

/* AUTO: KVM if a Linux guest was proved to run under it (machine/accel.h), else TCG. */
enum machine_accel {
	MACHINE_ACCEL_AUTO,
	MACHINE_ACCEL_KVM,
	MACHINE_ACCEL_TCG,
};

/* VIRTUAL: icount, time counts instructions; TCG and one CPU only. */
enum machine_clock {
	MACHINE_CLOCK_WALL,
	MACHINE_CLOCK_VIRTUAL,
};

enum machine_iommu_mode {
	MACHINE_IOMMU_LEGACY,
	MACHINE_IOMMU_SCALABLE,	   /* x-scalable-mode=on: second-level tables under PASIDs */
	MACHINE_IOMMU_FIRST_LEVEL, /* x-scalable-mode=on,x-flts=on: QEMU 10 and later */
	MACHINE_IOMMU_OFF,	   /* no IOMMU device at all */
};

enum machine_nic {
	MACHINE_NIC_E1000E,
	MACHINE_NIC_E1000,
	MACHINE_NIC_VIRTIO,
	MACHINE_NIC_NONE,
};

enum machine_disk {
	MACHINE_DISK_NVME,
	MACHINE_DISK_VIRTIO,
	MACHINE_DISK_NONE,
};

enum machine_topology {
	MACHINE_TOPOLOGY_FLAT,
	MACHINE_TOPOLOGY_PXB_BRIDGE,
	MACHINE_TOPOLOGY_PCIE_PCI_BRIDGE,
	MACHINE_TOPOLOGY_ROOT_PORT,
};

/* Where the devices sit on the root bus of a flat machine: devfn = MACHINE_SLOT_x << 3. */
#define MACHINE_SLOT_NIC 1
#define MACHINE_SLOT_DISK 2
/*
 * PXB_BRIDGE: the NIC is on a conventional bridge (MACHINE_SLOT_BRIDGE of a root bus of its own, numbered
 * MACHINE_PXB_BUS). Its requests carry the bridge's id, as a conventional bus has none: MACHINE_PXB_SID.
 */
#define MACHINE_SLOT_PXB 3
#define MACHINE_PXB_BUS 0x80
#define MACHINE_SLOT_BRIDGE 0x14
#define MACHINE_SLOT_BEHIND 2
#define MACHINE_PXB_SID (MACHINE_PXB_BUS << 8 | MACHINE_SLOT_BRIDGE << 3)
/*
 * PCIE_PCI_BRIDGE: the NIC is on the conventional bus of a PCI Express bridge in MACHINE_SLOT_PCI_BRIDGE; its
 * requests carry function 0 of that bus, which need not exist. The firmware numbers the bus.
 */
#define MACHINE_SLOT_PCI_BRIDGE 3
/* ROOT_PORT: the NIC is on the bus of a PCI Express root port, which the firmware numbers; its requests carry its id. */
#define MACHINE_SLOT_PORT 3
/*
 * The edu devices, on the root bus in every topology: the functions of one slot, which Linux keeps in one group as nothing
 * isolates them. The last of several is an e1000 without a network: a device with a driver, and a mask of 32 bits.
 */
#define MACHINE_SLOT_EDU 4
#define MACHINE_EDU_FUNCTIONS_MAX 8
/* The MAC address of the guest's interface. */
#define MACHINE_NIC_MAC "52:56:54:44:00:02"

struct vmm;
struct libvirt_domain;

/*
 * All strings are borrowed: they must live until machine_start() or machine_command_line() returns.
 * A zeroed struct with kernel, disk_image, run_dir, memory and cpus set is a valid legacy machine
 * with an e1000e and an NVMe disk.
 */
struct machine_config {
	const struct vmm *vmm;		     /* what runs the machine (machine/vmm.h); NULL: QEMU as our child */
	const char *vmm_uri;		     /* libvirt's; NULL or "": its driver in this process */
	const struct libvirt_domain *domain; /* libvirt: a user's own, with what these keys do not say; NULL: none */
	const char *qemu;		     /* program; NULL: qemu-system-x86_64 in $PATH */
	enum machine_accel accel;
	uint64_t memory;     /* bytes, a multiple of 1 MiB, 64 MiB .. 1 TiB */
	unsigned cpus;	     /* 1 .. 255; 1 if clock_virtual */
	bool clock_virtual;  /* icount: time counts instructions (TCG only) */
	bool cpu_threads;    /* TCG: a thread for each CPU instead of one for all */
	const char *cpu_tcg; /* more words for -cpu under TCG, "-erms,-fsrm"; NULL: none */
	const char *kernel;  /* bzImage, or ELF vmlinux with a PVH note */
	bool kernel_vouched; /* a distribution's: it boots wherever a Linux kernel does */
	const char *initrd;  /* NULL: none */
	const char *cmdline; /* kernel command line; NULL: empty */
	struct {
		enum machine_iommu_mode mode;
		bool intremap;
		bool caching_mode;
		unsigned aw_bits; /* 39, 48, 57; 0: QEMU's own default */
		bool ats;	  /* a device IOTLB, and ATS in the virtio NIC */
	} iommu;
	enum machine_nic nic;
	enum machine_disk disk;
	enum machine_topology topology;
	unsigned edu_functions;		/* of its slot; edu is a DMA engine for programs of the guest. 0: none */
	const char *disk_image;		/* raw; never written to (snapshot=on); see machine/disk.h */
	uint64_t disk_bps;		/* throttle at start, bytes/s; 0: none (see machine_disk_throttle) */
	bool allow_reboot;		/* a guest reset really resets; default: it ends the machine */
	unsigned traces;		/* TRACES() of base/trace-group.h that are wanted; 0: all that vtdlab reads */
	bool no_trace;			/* run without any trace event (measuring the harness) */
	const char *const *extra_trace; /* NULL-terminated names of more trace events, or NULL */
	const char *const *extra_args;	/* NULL-terminated, appended verbatim, or NULL */
	bool outgoing; /* is for machine_save(): other devices hold the places of those that come late */
	bool incoming; /* does not boot: stands, and waits for machine_restore() */
	bool gdb;      /* gdb stub on a unix socket: machine_gdb_path() */
	/* existing directory, made by the caller, for qemu.log, qemu.stderr, console.log, agent.jsonl,
	 * qmp.jsonl and command; no % in its path */
	const char *run_dir;
};

/* The words of these enums, in scenario files and on the command line. */
extern const struct word machine_accel_words[], machine_clock_words[], machine_iommu_mode_words[], machine_nic_words[],
	machine_disk_words[], machine_topology_words[];

/*
 * machine_config_allowed - which settings a machine can have, and have together: the only such rule, for scenarios,
 * benchmarks and machine_config_check(). Looks at numbers and enums, not at what is named by a string.
 * Errors: VTDLAB_ERROR_USAGE, one line in the words of a scenario's keys.
 */
bool machine_config_allowed(const struct machine_config *cfg, GError **error);

#endif
